"""An arq job that pushes one record with httpx; arq keeps a job until it is done."""

import asyncio
import os
import sys
from typing import Any, ClassVar

import httpx
from arq import Retry, create_pool
from arq.connections import RedisSettings

from benchmarks.peers.given import offered, record
from benchmarks.peers.signing import signed

REMEMBERED_S = 86_400
TIMEOUT_S = 10
IN_FLIGHT = 64
URL = os.environ.get("BENCH_URL", "")
REDIS = RedisSettings.from_dsn(os.environ["BENCH_BROKER_URL"])
Context = dict[str, Any]


async def push(context: Context, event: dict[str, str]) -> None:
    """Tell the gate about one record, once."""
    key = f"pushed:{event['orderNo']}"
    if not await context["redis"].set(key, 1, nx=True, ex=REMEMBERED_S):
        return
    try:
        await _tell(context["http"], event)
    except httpx.HTTPError as error:
        await context["redis"].delete(key)
        raise Retry(defer=context["job_try"] * 2) from error


async def _tell(http: httpx.AsyncClient, event: dict[str, str]) -> None:
    answer = await http.post(URL, json=signed(event))
    answer.raise_for_status()
    if answer.json()["result"] != 0:
        raise httpx.HTTPError(answer.text)


async def _open(context: Context) -> None:
    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    context["http"] = httpx.AsyncClient(timeout=TIMEOUT_S, limits=limits, trust_env=False)


async def _close(context: Context) -> None:
    await context["http"].aclose()


class WorkerSettings:
    """What `arq` reads."""

    functions: ClassVar = [push]
    redis_settings = REDIS
    on_startup = _open
    on_shutdown = _close
    max_jobs = IN_FLIGHT
    max_tries = 1000
    keep_result = 0
    poll_delay = 0.05


async def _publish() -> None:
    pool = await create_pool(REDIS)
    for number in offered(sys.argv[1:]):
        await pool.enqueue_job("push", record(number))
    await pool.aclose()


if __name__ == "__main__":
    asyncio.run(_publish())
