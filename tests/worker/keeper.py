"""A vendor that reads back what it has, and a reconciler beside a journal at a time tests set."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import fakeredis
import requests
from sqlalchemy import select

from config.settings import Settings
from tests.worker.desk import CITY, RECORD, Desk
from tests.worker.given import record
from tests.worker.vendors.scripted import answer
from worker.copies import Copy, Span
from worker.events import ChargeRecord, Event, Kind
from worker.exchange import Answer
from worker.fields import SHANGHAI
from worker.journal import reconciliation as journal
from worker.journal.reconciliation_tables import difference, reconciliation
from worker.outcomes import Accepted, Outcome
from worker.reconciling import Ended, Reconciler
from worker.roster import Roster
from worker.tokens import Tokens
from worker.vendor import Send, System, Takes, VendorSettings

DAY = date(2024, 5, 1)
NEXT_DAY = datetime(2024, 5, 2, 1, 0, tzinfo=SHANGHAI)


class Keeper(System[VendorSettings]):
    """Has what `copies` holds, in pages of two; each page is a request."""

    name = "keeper"
    document = "-"
    settings_type = VendorSettings
    takes: ClassVar[Mapping[Kind, Takes]] = {RECORD: Takes(pack=30)}
    reads_back: ClassVar[frozenset[Kind]] = frozenset({RECORD})

    def __init__(self, vendor: str = CITY) -> None:
        settings = VendorSettings(base_url="https://keeper.example")
        super().__init__(vendor, settings, Tokens(fakeredis.FakeRedis()))
        self.copies: list[Copy] = []
        self.fault: Exception | None = None
        self.meanwhile: Callable[[], object] = lambda: None
        self.spans: list[Span] = []

    def request(self, events: Sequence[Event]) -> requests.Request:
        raise NotImplementedError

    def read(self, answer: Answer, kind: Kind) -> Outcome:
        return Accepted()

    def copy_of(self, event: Event) -> Copy:
        assert isinstance(event, ChargeRecord)
        return Copy(f"key-{event.order_no}", event.end_time, event.power, event.total_money)

    def read_back(self, kind: Kind, span: Span, send: Send) -> Iterator[Sequence[Copy]]:
        self.spans.append(span)
        first = 0
        while first == 0 or first < len(self.copies):
            send(requests.Request("GET", self.settings.url))
            yield self.copies[first : first + 2]
            self.meanwhile()
            first += 2
        if self.fault is not None:
            raise self.fault


@dataclass
class Office:
    """One journal, one broker, and a vendor that has all that it accepted."""

    desk: Desk
    folder: Path
    keeper: Keeper = field(default_factory=Keeper)
    broker: fakeredis.FakeServer = field(default_factory=fakeredis.FakeServer)
    stopping: threading.Event = field(default_factory=threading.Event)
    sent: list[requests.Request] = field(default_factory=list)

    def deliver(self, *numbers: int, **changes: object) -> None:
        """Take records in and have the vendor accept them."""
        given = [record(number, **{"power": "1.50"} | changes) for number in numbers]
        self.desk.accept(*given)
        self.desk.settle(self.desk.claim(RECORD), Accepted())
        self.keeper.copies += [self.keeper.copy_of(one.event) for one in given]

    def lose(self, *numbers: int) -> None:
        lost = {f"key-A-{number}" for number in numbers}
        self.keeper.copies = [copy for copy in self.keeper.copies if copy.key not in lost]

    def change(self, number: int, **amounts: Any) -> None:  # noqa: ANN401 fields of a Copy
        self.keeper.copies = [
            replace(copy, **amounts) if copy.key == f"key-A-{number}" else copy
            for copy in self.keeper.copies
        ]

    def reconciler(self) -> Reconciler:
        return Reconciler(
            Settings(_env_file=None, data_dir=self.folder),
            self.desk.engine,
            self.redis,
            stopping=self.stopping,
            line=lambda system, settings: self,  # type: ignore[arg-type, return-value]
            clock=self.desk.clock,
        )

    @property
    def redis(self) -> fakeredis.FakeRedis:
        return fakeredis.FakeRedis(server=self.broker)

    def send(self, request: requests.Request, auth: object = None, **_: object) -> Answer:
        self.sent.append(request)
        return answer("well")

    def reconcile(self, day: date = DAY) -> Ended:
        return self.reconciler().reconcile(self.keeper, RECORD, day)

    def by_the_clock(self) -> None:
        self.reconciler().reconcile_due(Roster({CITY: self.keeper}))

    def forward_to(self, moment: datetime) -> None:
        self.desk.now = moment

    def rows(self) -> list[Any]:
        return self.desk.all(reconciliation)

    def found(self, reconciliation_id: int | None = None) -> list[tuple[str, str]]:
        """What each difference is, and of what; of the last reconciliation."""
        last = reconciliation_id or self.rows()[-1].id
        query = select(difference).where(difference.c.reconciliation_id == last)
        return [(row.what, row.subject) for row in self.desk.rows(query.order_by(difference.c.id))]


def shanghai(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of May 2024."""
    return datetime(2024, 5, day, hour, minute, tzinfo=SHANGHAI)


def begins(day: date) -> datetime:
    return journal.bounds(day)[0]


MINUTE = timedelta(minutes=1)
