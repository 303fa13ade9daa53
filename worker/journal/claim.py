"""Leasing the due reports of a lane: committed as `sending` before any byte leaves."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, bindparam, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from worker.events import Event, Kind, parse
from worker.journal import tables
from worker.journal.engine import writing
from worker.journal.states import State
from worker.wire import NotAnEvent, read_json


@dataclass(frozen=True, slots=True)
class Claim:
    """A leased report with its event.

    Attributes:
        look_up: it may have arrived before; look it up at the vendor instead of sending it.
        vendor_ref: it failed at the vendor, which wants it again under this id; None: it did not.
        tries: failed tries so far.
        event_id: the event's, in the journal.
    """

    report_id: int
    event: Event
    subject: str
    tries: int
    lease_owner: str
    lease_until: datetime
    look_up: bool
    vendor_ref: str | None = None
    event_id: int = 0


class Unsure(Exception):
    """The journal broke off, in the commit perhaps: these may be leased, and were not sent."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        super().__init__(f"{len(claims)} reports may be leased")
        self.claims = claims


def _due() -> Select[*tuple[Any, ...]]:
    columns = tables.report.c
    in_flight = tables.one_of_subject(tables.is_sending).is_not(None)
    return (
        select(
            columns.id,
            columns.event_id,
            columns.state,
            columns.subject,
            columns.tries,
            columns.vendor_ref,
            tables.event.c.body,
        )
        .join(tables.event, tables.event.c.id == columns.event_id)
        .where(
            columns.vendor == bindparam("of_vendor"),
            columns.kind == bindparam("of_kind"),
            tables.is_waiting(),
            columns.due_at <= bindparam("now"),
            or_(columns.worth_until.is_(None), columns.worth_until > bindparam("now")),
            or_(columns.latest_wins == 0, ~in_flight),
        )
        .order_by(columns.due_at, columns.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=tables.report)
    )


# Made once: making a statement and its cache key takes longer than running it.
DUE = _due()
LEASE = (
    update(tables.report)
    .where(tables.report.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        state=State.SENDING.value,
        lease_owner=bindparam("holder"),
        lease_until=bindparam("until"),
    )
)


def claim(
    engine: Engine,
    vendor: str,
    kind: Kind,
    *,
    owner: str,
    now: datetime,
    lease_until: datetime,
    limit: int,
) -> Sequence[Claim]:
    """Lease up to `limit` due reports of the lane, those due first first.

    Of one connector nothing is leased while another of its reports is in flight.

    Raises:
        Unsure: caused by what the journal said.
    """
    # A lease taken anew is another lease, even by the same process: settling the old one is void.
    owner = f"{owner}:{uuid.uuid4().hex}"
    claims: list[Claim] = []
    try:
        with writing(engine) as connection:
            due = {"of_vendor": vendor, "of_kind": kind.value, "now": now, "most": limit}
            for row in connection.execute(DUE, due).all():
                try:
                    event = parse(kind, read_json(row.body))
                except NotAnEvent as error:
                    _refuse(connection, row.id, f"the journal's copy cannot be read: {error}", now)
                    continue
                claims.append(
                    Claim(
                        report_id=row.id,
                        event=event,
                        subject=row.subject,
                        tries=row.tries,
                        lease_owner=owner,
                        lease_until=lease_until,
                        look_up=row.state == State.UNCLEAR,
                        vendor_ref=row.vendor_ref,
                        event_id=row.event_id,
                    )
                )
            if claims:
                ids = [claim.report_id for claim in claims]
                connection.execute(LEASE, {"ids": ids, "holder": owner, "until": lease_until})
    except SQLAlchemyError as error:
        raise Unsure(claims) from error
    return claims


def _refuse(connection: Connection, report_id: int, reason: str, now: datetime) -> None:
    connection.execute(
        update(tables.report)
        .where(tables.report.c.id == report_id)
        .values(state=State.REFUSED, reason=reason, settled_at=now)
    )
