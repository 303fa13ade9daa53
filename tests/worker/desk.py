"""One journal as tests work with it: what arrives, is claimed and is told, at a time they set."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy
from sqlalchemy import Engine, Executable, event, select
from sqlalchemy.exc import OperationalError

from config.settings import Settings
from tests.worker.given import NOON
from worker.events import Event, Kind
from worker.journal import accept as intake
from worker.journal import claim as claiming
from worker.journal import settle as settling
from worker.journal import sweep, tables
from worker.journal.accept import Accepted, Arrival, Unread
from worker.journal.claim import Claim
from worker.journal.engine import passing, writing
from worker.journal.settle import Attempt, Told
from worker.outcomes import OnUnclear, Outcome
from worker.policies import policies

CITY = "city"
SETTINGS = Settings(_env_file=None)
POLICIES = policies(SETTINGS)
STATUS, RECORD, WARNING = Kind.CONNECTOR_STATUS, Kind.CHARGE_RECORD, Kind.SAFETY_WARNING
LEASE_S = 90.0


class Steady(random.Random):
    """Dice without jitter."""

    def uniform(self, a: float, b: float) -> float:
        return a


@dataclass
class Desk:
    """Everything is told to one vendor, unless `route` says otherwise."""

    engine: Engine
    now: datetime = NOON
    route: Callable[[Event], Sequence[str]] = lambda _: [CITY]
    tell_all: frozenset[str] = frozenset()
    batches: Iterable[int] = field(default_factory=count)

    def clock(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def accept(
        self,
        *arrivals: Arrival,
        batch: str | None = None,
        unread: Sequence[Unread] = (),
        queue: Kind = RECORD,
    ) -> Accepted:
        """As the loop does it: a lost race is tried again."""
        batch = batch or f"batch-{next(iter(self.batches))}"
        for left in reversed(range(5)):
            try:
                return intake.accept(
                    self.engine,
                    batch,
                    queue,
                    arrivals,
                    unread,
                    policies=POLICIES,
                    route=self.route,
                    now=self.now,
                    tell_all=self.tell_all,
                )
            except sqlalchemy.exc.DBAPIError as error:
                if not left or not passing(error):
                    raise
        raise AssertionError("unreachable")

    def claim(
        self, kind: Kind, vendor: str = CITY, *, owner: str = "me", limit: int = 100
    ) -> Sequence[Claim]:
        lease_until = self.now + timedelta(seconds=LEASE_S)
        return claiming.claim(
            self.engine,
            vendor,
            kind,
            owner=owner,
            now=self.now,
            lease_until=lease_until,
            limit=limit,
        )

    def settle(
        self,
        claims: Iterable[Claim],
        outcome: Outcome | None,
        *attempts: Attempt,
        rule: OnUnclear = OnUnclear.RESEND,
        wait_s: float = 60,
        not_before: tuple[datetime, str] | None = None,
    ) -> None:
        settling.settle(
            self.engine,
            CITY,
            RECORD.value,
            [Told(claim, outcome, wait_s) for claim in claims],
            attempts,
            on_unclear=rule,
            now=self.now,
            not_before=not_before,
        )

    def end_leases(self, rule: OnUnclear = OnUnclear.RESEND, wait_s: float = 60) -> int:
        rules = {(CITY, kind): rule for kind in Kind}
        return sweep.end_leases(self.engine, rules, self.now, wait_s)

    def end_worth(self) -> int:
        return sweep.end_worth(self.engine, POLICIES, self.now)

    def rows(self, query: Executable) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(query))

    def all(self, table: sqlalchemy.Table) -> list[Any]:
        """Every row, oldest first where rows have a number."""
        order = table.c.id if "id" in table.c else next(iter(table.c))
        return self.rows(select(table).order_by(order))

    def states(self) -> dict[int, str]:
        return {row.id: row.state for row in self.all(tables.report)}

    def told(self) -> list[tuple[str, str]]:
        """Each report's event and state, in the order of arrival."""
        query = select(tables.event.c.identity, tables.report.c.state)
        query = query.join(tables.event, tables.event.c.id == tables.report.c.event_id)
        return [tuple(row) for row in self.rows(query.order_by(tables.report.c.id))]

    def empty(self) -> None:
        with writing(self.engine) as connection:
            for table in reversed(tables.report.metadata.sorted_tables):
                connection.execute(table.delete())


@contextmanager
def away(engine: Engine, meant: Callable[[str], bool]) -> Iterator[None]:
    """Let the statements that are meant fail as they do when the database has gone."""

    def refuse(_c: object, _k: object, statement: str, parameters: object, *_: object) -> None:
        if meant(statement):
            raise OperationalError(statement, parameters, Exception("the server has gone away"))

    event.listen(engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", refuse)


def attempt(*report_ids: int, outcome: Outcome) -> Attempt:
    return Attempt(
        started_at=NOON,
        duration_ms=12,
        method="POST",
        url="https://platform.example/x",
        http_status=200,
        outcome=outcome,
        request="{}",
        answer="{}",
        report_ids=report_ids,
    )
