"""Rows in a journal, made as the intake makes them, and read back."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Table, insert, select, update

from config.settings import Settings
from worker.events import Kind, parse
from worker.journal import accept as intake
from worker.journal import tables
from worker.journal.accept import Accepted, Arrival, Unread
from worker.policies import policies
from worker.wire import write_json

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
POLICIES = policies(Settings(_env_file=None))

Item = dict[str, Any]


def record(order: str, **more: object) -> Item:
    return {
        "orderNo": order,
        "startTime": "2026-03-01 10:00:00",
        "endTime": "2026-03-01 11:00:00",
        "stationId": "S-001",
        "connectorId": "C-1",
        **more,
    }


def status(connector: str, value: int, minute: int = 0) -> Item:
    return {
        "operatorId": "395815801",
        "connectorId": connector,
        "status": value,
        "updateTime": f"2026-03-01 11:{minute:02}:00",
    }


def warning(name: str, **more: object) -> Item:
    return {"warningId": name, "riskLevel": "high", "occurredAt": "2026-03-01 11:00:00", **more}


def take_in(
    engine: Engine,
    kind: Kind,
    items: Sequence[Item],
    *,
    vendors: Sequence[str] = ("city",),
    unread: Sequence[Unread] = (),
    now: datetime = NOW,
) -> Accepted:
    arrivals = [Arrival(parse(kind, item), write_json(item)) for item in items]
    return intake.accept(
        engine,
        uuid.uuid4().hex,
        kind,
        arrivals,
        unread,
        policies=POLICIES,
        route=lambda _event: vendors,
        now=now,
    )


def set_reports(engine: Engine, where: Item, **values: object) -> None:
    """Put the reports whose columns equal `where` into another state."""
    statement = update(tables.report).where(
        *(tables.report.c[name] == value for name, value in where.items())
    )
    with engine.begin() as connection:
        assert connection.execute(statement.values(**values)).rowcount


def put(engine: Engine, table: Table, **values: object) -> Any:  # noqa: ANN401 a key is what it is
    with engine.begin() as connection:
        inserted = connection.execute(insert(table).values(**values)).inserted_primary_key
    assert inserted is not None
    return inserted[0]


def attempt(engine: Engine, report_ids: Sequence[int], **values: object) -> int:
    given = {
        "vendor": "city",
        "kind": "charge-record",
        "started_at": NOW,
        "duration_ms": 20,
        "method": "POST",
        "url": "https://platform.example/push",
        "http_status": 200,
        "outcome": "refused",
        "reason": "no such station",
        "reports": len(report_ids),
        "request": "{}",
        "answer": "{}",
    }
    attempt_id: int = put(engine, tables.attempt, **(given | values))
    with engine.begin() as connection:
        links = [{"attempt_id": attempt_id, "report_id": one} for one in report_ids]
        connection.execute(insert(tables.attempt_report), links)
    return attempt_id


def all_of(engine: Engine, table: Table) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        rows = connection.execute(select(table).order_by(*table.primary_key)).mappings()
        return [dict(row) for row in rows]


def states(engine: Engine) -> dict[tuple[str, int], str]:
    """The state of each report, by vendor and event."""
    return {(r["vendor"], r["event_id"]): r["state"] for r in all_of(engine, tables.report)}


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
