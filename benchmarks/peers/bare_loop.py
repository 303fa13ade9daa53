"""The limit of an intake: nothing but the atomic move and the bulk insert."""

import json
import os
import sqlite3
import sys

from redis import Redis

MOVE = """
local items = {}
for i = 1, 500 do
  local item = redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'RIGHT')
  if not item then break end
  items[#items + 1] = item
end
return items
"""
QUEUE = "charge-record"
HELD = "charge-record:processing:bare"


def run(redis: Redis, path: str, size: int) -> None:
    """Move and insert until so many rows are there."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE event (order_no TEXT PRIMARY KEY, body TEXT)")
    move = redis.register_script(MOVE)
    done = 0
    while done < size:
        items = move(keys=[QUEUE, HELD])
        database.execute("BEGIN IMMEDIATE")
        rows = [(json.loads(item)["orderNo"], item) for item in items]
        database.executemany("INSERT INTO event VALUES (?, ?) ON CONFLICT DO NOTHING", rows)
        database.execute("COMMIT")
        redis.delete(HELD)
        done += len(items)
    database.close()


if __name__ == "__main__":
    client = Redis.from_url(os.environ["BENCH_BROKER_URL"])
    run(client, os.environ["BENCH_DATABASE"], int(sys.argv[1]))
