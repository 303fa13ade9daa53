"""How much room things take: rows of the journal, with their indexes, and items in the broker.

`python -m benchmarks.sizes` writes events, claims them and settles them as a worker does, and looks
at the tables then. No part of `make bench`: it compares nothing.
"""

import json
import random
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from redis import Redis
from rich.console import Console
from sqlalchemy import Engine

from benchmarks.asking import Asked
from benchmarks.ground import Ground
from benchmarks.processes import ROOT
from benchmarks.relay import IN_FLIGHT, city, gate
from benchmarks.shelf import POSTGRES, SQLITE, Shelf
from config.settings import Settings
from worker.events import Kind, parse
from worker.journal.accept import Arrival, accept
from worker.journal.claim import claim
from worker.journal.engine import open_journal
from worker.journal.settle import Attempt, Told, settle
from worker.outcomes import Accepted, OnUnclear
from worker.packing import packs
from worker.policies import policies
from worker.roster import AnySystem
from worker.tokens import Tokens
from worker.vendors import systems
from worker.wire import kept, write_json

EVENTS, ROUNDS, BATCH = 50_000, 10, 500
SIZE = "SELECT pg_total_relation_size('{}')"
CHURN = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = '{}'"
TABLES = ("event", "report", "attempt", "attempt_report", "connector", "intake_batch")
VENDORS = {Kind.CHARGE_RECORD: gate, Kind.CONNECTOR_STATUS: city}
ANSWERS = {
    Kind.CHARGE_RECORD: '{"result":0,"description":"成功"}',
    Kind.CONNECTOR_STATUS: '{"status":200,"message":"上报成功","data":null}',
}
console = Console(width=110, highlight=False)


def given(kind: Kind, begin: datetime) -> Iterator[list[dict[str, Any]]]:
    """Rounds of events like the samples: orders of their own, connectors that come again."""
    lines = (ROOT / "config" / "samples.jsonl").read_text("utf-8").splitlines()
    like = next(e for e in map(json.loads, lines) if e.pop("kind") == kind)
    for turn in range(ROUNDS):
        at = f"{begin + timedelta(minutes=turn):%Y-%m-%d %H:%M:%S}"
        numbers = range(EVENTS // ROUNDS)
        if kind is Kind.CHARGE_RECORD:
            yield [like | {"orderNo": f"2026112{turn:04}{n:09}"} for n in numbers]
        else:
            yield [like | measures(n, turn) | {"updateTime": at} for n in numbers]


def measures(number: int, turn: int) -> dict[str, Any]:
    """What differs from one connector to the next, so that lists do not shrink too well."""
    dice = random.Random(number * ROUNDS + turn)
    spread = {"voltage": (370, 390), "current": (0, 32), "power": (0, 12), "quantity": (0, 60)}
    figures = {name: f"{dice.uniform(*span):.2f}" for name, span in spread.items()}
    return {"connectorId": f"C-{number:08}", "equipmentId": f"E-{number // 2:07}"} | figures


def write(engine: Engine, kind: Kind) -> int:
    """All of a kind, each told by a request of its vendor's system; the mean body's bytes."""
    settings, told_bytes = Settings(), 0
    begin = datetime(2026, 11, 20, 9, tzinfo=UTC)
    table = VENDORS[kind](Asked(9))
    vendor = systems()[str(table.pop("system"))]
    system = vendor("vendor", vendor.settings_type.model_validate(table), Tokens(Redis()))
    for turn, events in enumerate(given(kind, begin)):
        arrivals = [Arrival(parse(kind, event), write_json(event)) for event in events]
        told_bytes += sum(len(arrival.body.encode()) for arrival in arrivals)
        for start in range(0, len(arrivals), BATCH):
            accept(
                engine,
                f"{turn:012x}{start:020x}",
                kind,
                arrivals[start : start + BATCH],
                [],
                policies=policies(settings),
                route=lambda _: ["vendor"],
                now=begin,
            )
        while tell(engine, system, kind, begin, settings.body_keep_bytes):
            pass
    return told_bytes // EVENTS


def tell(engine: Engine, system: AnySystem, kind: Kind, now: datetime, keep_bytes: int) -> bool:
    """One claim and its settling, without a network between them."""
    pack = system.takes[kind].pack
    lease_until = now + timedelta(seconds=90)
    claims = claim(
        engine,
        "vendor",
        kind,
        owner="a-host-of-ours:4711",
        now=now,
        lease_until=lease_until,
        limit=IN_FLIGHT * pack,
    )
    attempts = []
    for together in packs(claims, pack):
        request = system.request([one.event for one in together])
        body = request.data.decode() if request.data else str(request.json)
        attempts.append(
            Attempt(
                started_at=now,
                duration_ms=20,
                method="POST",
                url=str(request.url),
                http_status=200,
                outcome=Accepted("成功", "200"),
                request=kept(body, keep_bytes),
                answer=ANSWERS[kind],
                report_ids=tuple(one.report_id for one in together),
            )
        )
    if claims:
        told = [Told(one, Accepted("成功", "200")) for one in claims]
        settle(engine, "vendor", kind, told, attempts, on_unclear=OnUnclear.RESEND, now=now)
    return bool(claims)


def in_postgres(shelf: Shelf, url: str) -> Iterator[Sequence[str]]:
    """Of each table: rows, bytes a row as left and packed, updates a row, those of them HOT."""
    name = url.rpartition("/")[2].partition("?")[0]
    with shelf.postgres.connect(name) as connection:

        def one(query: str) -> tuple[Any, ...]:
            return cast(tuple[Any, ...], connection.execute(query.encode()).fetchone())

        for table in TABLES:
            (rows,), (left,) = one(f"SELECT count(*) FROM {table}"), one(SIZE.format(table))
            updates, hot = one(CHURN.format(table))
            connection.execute(f"VACUUM FULL {table}".encode())
            (packed,) = one(SIZE.format(table))
            if rows:
                share = f"{updates / rows:.1f}, {hot / max(updates, 1):.0%} HOT"
                yield table, f"{rows:,}", f"{left / rows:,.0f}", f"{packed / rows:,.0f}", share


def in_sqlite(url: str) -> Iterator[Sequence[str]]:
    """Of each table: rows and bytes a row; its file holds no dead rows."""
    path = Path(url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for table in TABLES:
            rows = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            query = "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master"
            size = connection.execute(f"{query} WHERE tbl_name = ?)", [table]).fetchone()[0]
            if rows:
                yield table, f"{rows:,}", f"{size / rows:,.0f}", "", ""


def waiting(shelf: Shelf) -> Iterator[str]:
    """Bytes of the broker's memory for each item that waits."""
    for kind in VENDORS:
        with Ground(shelf) as ground:
            events = [e for some in given(kind, datetime.now(UTC)) for e in some]
            before = memory(ground.redis)
            items = [json.dumps(event) for event in events]
            ground.push(kind, items)
            bytes_each = (memory(ground.redis) - before) / len(items)
            yield f"{kind}: {bytes_each:.0f} bytes for an item of {len(items[0])}"


def memory(redis: Redis) -> int:
    """What the broker says it uses."""
    return int(cast(Mapping[str, int], redis.info("memory"))["used_memory"])


def main() -> None:
    """Print it all."""
    with Shelf() as shelf:
        for line in waiting(shelf):
            console.print(f"waiting, {line}")
        for database in (SQLITE, POSTGRES):
            for kind in VENDORS:
                url = shelf.journal(database)
                engine = open_journal(url)
                body = write(engine, kind)
                engine.dispose()
                console.print(f"{database}, {kind}, bodies of {body} bytes:")
                found = in_postgres(shelf, url) if database == POSTGRES else in_sqlite(url)
                for table, rows, left, packed, churn in found:
                    console.print(f"  {table:15}{rows:>8} rows {left:>6} bytes {packed:>6} {churn}")


if __name__ == "__main__":
    main()
