"""A Redis stream's consumer group with a pool of threads: what one writes without a framework."""

import json
import os
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import requests
from redis import Redis
from redis.exceptions import ResponseError

from benchmarks.peers import gate
from benchmarks.peers.given import offered, record

STREAM, GROUP, NAME = "records", "gate", "one"
THREADS = 32
TRIES = 5


def work(redis: Redis) -> None:
    """Read, push and acknowledge until it is ended; twice as many are in hand as push."""
    try:
        redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    except ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise
    flying: set[Future[None]] = set()
    with ThreadPoolExecutor(THREADS) as pool:
        while True:
            room = 2 * THREADS - len(flying)
            read: Any = redis.xreadgroup(GROUP, NAME, {STREAM: ">"}, count=room, block=1000)
            for _, entries in read or ():
                for entry, fields in entries:
                    flying.add(pool.submit(_push, redis, entry, fields))
            if flying:
                done, flying = wait(flying, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()


def _push(redis: Redis, entry: bytes, fields: dict[bytes, bytes]) -> None:
    """What fails five times stays pending, for XAUTOCLAIM."""
    event = json.loads(fields[b"event"])
    for tried in range(1, TRIES + 1):
        try:
            gate.push_once(event)
        except requests.RequestException:
            time.sleep(tried)
        else:
            redis.xack(STREAM, GROUP, entry)
            return


if __name__ == "__main__":
    client = Redis.from_url(os.environ["BENCH_BROKER_URL"])
    if sys.argv[1:]:
        for number in offered(sys.argv[1:]):
            client.xadd(STREAM, {"event": json.dumps(record(number))})
    else:
        work(client)
