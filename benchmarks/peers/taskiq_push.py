"""A taskiq task that pushes one record with aiohttp; a stream keeps it until it is done."""

import asyncio
import os
import sys

import aiohttp
from redis.asyncio import Redis
from taskiq import SimpleRetryMiddleware, TaskiqEvents, TaskiqState
from taskiq_redis import RedisStreamBroker

from benchmarks.peers.gate import REMEMBERED_S, TIMEOUT_S
from benchmarks.peers.given import offered, record
from benchmarks.peers.signing import signed

URL = os.environ.get("BENCH_URL", "")
broker = RedisStreamBroker(os.environ["BENCH_BROKER_URL"]).with_middlewares(
    SimpleRetryMiddleware(default_retry_count=1000)
)


@broker.on_event(TaskiqEvents.WORKER_STARTUP)  # type: ignore[untyped-decorator]
async def _open(state: TaskiqState) -> None:
    state.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
    state.redis = Redis.from_url(os.environ["BENCH_BROKER_URL"])


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN)  # type: ignore[untyped-decorator]
async def _close(state: TaskiqState) -> None:
    await state.session.close()
    await state.redis.aclose()


@broker.task(task_name="peer.push", retry_on_error=True)  # type: ignore[untyped-decorator]
async def push(event: dict[str, str]) -> None:
    """Tell the gate about one record, once."""
    state, key = broker.state, f"pushed:{event['orderNo']}"
    if not await state.redis.set(key, 1, nx=True, ex=REMEMBERED_S):
        return
    try:
        await _tell(state.session, event)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        await state.redis.delete(key)
        raise


async def _tell(session: aiohttp.ClientSession, event: dict[str, str]) -> None:
    async with session.post(URL, json=signed(event)) as answer:
        answer.raise_for_status()
        if (await answer.json())["result"] != 0:
            raise ValueError(await answer.text())


async def _publish() -> None:
    await broker.startup()
    for number in offered(sys.argv[1:]):
        await push.kiq(record(number))
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(_publish())
