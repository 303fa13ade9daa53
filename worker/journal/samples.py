"""Finding an event from what a vendor says of it: its connector and its time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, Row, Select, func, literal_column, select

from worker.callback import About
from worker.events import ChargeRecord, ConnectorStatus, Event, Kind, parse
from worker.journal import tables
from worker.wire import NotAnEvent, read_json

Found = Row[int, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """An event and its report to the vendor that speaks of it."""

    report_id: int
    event: Event


def find(connection: Connection, vendor: str, about: About) -> Sample | None:
    """The newest event of that connector and second which the vendor is told; None without."""
    of_connector = about.kind is Kind.CONNECTOR_STATUS
    query = _statuses(about) if of_connector else _records(about, connection.dialect.name)
    event = tables.event.c
    query = query.where(tables.report.c.vendor == vendor)
    query = query.order_by(event.occurred_at.desc(), event.id.desc())
    for sample in _read(about.kind, connection.execute(query).all()):
        if _is_it(sample.event, about):
            return sample
    return None


def place(connection: Connection, connector_id: str) -> Mapping[str, str]:
    """Where a connector stands by its newest status: operatorId, stationId, equipmentId.

    Empty where it is not known or not readable, or where two operators have one of that name.
    """
    connector, event = tables.connector.c, tables.event.c
    query = (
        select(event.body)
        .join(tables.connector, connector.event_id == event.id)
        .where(connector.connector_id == connector_id)
        .limit(2)
    )
    bodies = connection.execute(query).scalars().all()
    if len(bodies) != 1:
        return {}
    try:
        status = parse(Kind.CONNECTOR_STATUS, read_json(bodies[0]))
    except NotAnEvent:
        return {}
    known = {
        "operatorId": status.operator_id,
        "stationId": status.station_id,
        "equipmentId": getattr(status, "equipment_id", None),
    }
    return {name: value for name, value in known.items() if value is not None}


def _statuses(about: About) -> Select[int, str]:
    connector, event = tables.connector.c, tables.event.c
    # No join: SQLite would read all statuses and look for the connector of each.
    of_that_name = select(connector.subject).where(connector.connector_id == about.connector_id)
    return _in_that_second(about).where(
        event.kind == Kind.CONNECTOR_STATUS.value, event.subject.in_(of_that_name)
    )


def _records(about: About, dialect: str) -> Select[int, str]:
    # Written as the partial index writes it.
    is_record = tables.event.c.kind == literal_column("'charge-record'")
    if dialect == "sqlite":
        # It takes an equality for rare, and would read all records by their kind.
        return _in_that_second(about).where(func.likely(is_record))
    return _in_that_second(about).where(is_record)


def _in_that_second(about: About) -> Select[int, str]:
    event = tables.event.c
    return (
        select(tables.report.c.id, event.body)
        .join(tables.event, event.id == tables.report.c.event_id)
        .where(
            event.occurred_at >= about.occurred_at,
            event.occurred_at < about.occurred_at + timedelta(seconds=1),
        )
    )


def _read(kind: Kind, rows: Sequence[Found]) -> Iterator[Sample]:
    for report_id, body in rows:
        try:
            yield Sample(report_id, parse(kind, read_json(body)))
        except NotAnEvent:
            continue


def _is_it(event: Event, about: About) -> bool:
    match event:
        case ConnectorStatus():
            return about.status is None or int(event.status) == about.status
        case ChargeRecord():
            return (event.connector_id or event.device_id) == about.connector_id
        case _:
            return False
