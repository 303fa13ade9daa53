"""Whether a lane may send now: paused by hand, breaker open, or asked to wait."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, bindparam, select, update

from worker.events import Kind
from worker.journal import tables
from worker.journal.engine import insert, reading, writing


@dataclass(frozen=True, slots=True)
class Gate:
    """What holds a lane up.

    Attributes:
        shut: why nothing may be sent, or None.
        until: when it opens by itself; None when only a person opens it, or when it is open.
        probing: the breaker lets single requests through, to see whether the vendor is well.
        breaker_step: how often the breaker has opened in a row; 0 when it is closed.
    """

    shut: str | None = None
    until: datetime | None = None
    probing: bool = False
    breaker_step: int = 0


OF_VENDOR = select(tables.vendor_state).where(
    tables.vendor_state.c.vendor == bindparam("of_vendor")
)
OF_LANE = select(tables.lane_state.c.not_before, tables.lane_state.c.why).where(
    tables.lane_state.c.vendor == bindparam("of_vendor"),
    tables.lane_state.c.kind == bindparam("of_kind"),
)


def look(engine: Engine, vendor: str, kind: Kind, *, urgent: bool, now: datetime) -> Gate:
    """The gate of a lane. An urgent lane passes an open breaker, one request at a time."""
    with reading(engine) as connection:
        of_vendor = connection.execute(OF_VENDOR, {"of_vendor": vendor}).first()
        of_lane = connection.execute(OF_LANE, {"of_vendor": vendor, "of_kind": kind.value}).first()
    step = of_vendor.breaker_step if of_vendor is not None else 0
    if of_vendor is not None and of_vendor.paused_at is not None:
        return Gate(shut=f"paused: {of_vendor.paused_why or 'by hand'}", breaker_step=step)
    if of_lane is not None and of_lane.not_before is not None and of_lane.not_before > now:
        return Gate(shut=of_lane.why, until=of_lane.not_before, breaker_step=step)
    if of_vendor is None or step == 0:
        return Gate()
    if of_vendor.breaker_until > now and not urgent:
        return Gate(
            shut=f"breaker open: {of_vendor.breaker_why}",
            until=of_vendor.breaker_until,
            breaker_step=step,
        )
    return Gate(probing=True, breaker_step=step)


def open_breaker(engine: Engine, vendor: str, *, step: int, until: datetime, why: str) -> None:
    """Let nothing through until then; `step` counts the openings in a row, from 1."""
    values = {"breaker_step": step, "breaker_until": until, "breaker_why": why}
    with writing(engine) as connection:
        statement = insert(connection, tables.vendor_state).values(vendor=vendor, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["vendor"], set_=values))


def close_breaker(engine: Engine, vendor: str) -> None:
    """The vendor is well again."""
    with writing(engine) as connection:
        connection.execute(
            update(tables.vendor_state)
            .where(tables.vendor_state.c.vendor == vendor)
            .values(breaker_step=0, breaker_until=None, breaker_why=None)
        )


def pause(engine: Engine, vendor: str, *, why: str | None, now: datetime) -> None:
    """Send nothing to the vendor until it is resumed; its reports wait, they do not fail."""
    values = {"paused_at": now, "paused_why": why}
    with writing(engine) as connection:
        statement = insert(connection, tables.vendor_state).values(
            vendor=vendor, breaker_step=0, **values
        )
        connection.execute(statement.on_conflict_do_update(index_elements=["vendor"], set_=values))


def resume(engine: Engine, vendor: str) -> bool:
    """Send again; also forgets the vendor's breaker and waits. False if it was not paused."""
    state = tables.vendor_state.c
    with writing(engine) as connection:
        paused = connection.execute(
            select(state.vendor).where(state.vendor == vendor, state.paused_at.is_not(None))
        ).first()
        connection.execute(
            update(tables.vendor_state)
            .where(state.vendor == vendor)
            .values(
                paused_at=None,
                paused_why=None,
                breaker_step=0,
                breaker_until=None,
                breaker_why=None,
            )
        )
        connection.execute(
            update(tables.lane_state)
            .where(tables.lane_state.c.vendor == vendor)
            .values(not_before=None, why=None)
        )
    return paused is not None


def known(engine: Engine) -> set[str]:
    """The vendors of which something was ever written: paused, or failing."""
    with reading(engine) as connection:
        return set(connection.execute(select(tables.vendor_state.c.vendor)).scalars())
