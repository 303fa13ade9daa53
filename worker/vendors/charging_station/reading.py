"""What the platform has of our records: whether one is there, and all of a day."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from worker.copies import Copy, NotRead, Span
from worker.events import ChargeRecord
from worker.exchange import Answer
from worker.outcomes import Absent, Accepted, Outcome, Unclear
from worker.vendors.charging_station import payloads
from worker.vendors.charging_station.pages import Ask, Pages
from worker.vendors.charging_station.records import Record

LOOK_UP = timedelta(seconds=20)
LOOK_UP_PAGES, LOOK_UP_PAGES_IN_ORDER = 50, 500
# A look-up does not know how many were told since; it is asked a minute after the telling.
LOOK_UP_TOLD = 1000
READ_BACK_PAGES = 20_000
HERE = Accepted("found at the vendor")


def look_up(
    records: Sequence[ChargeRecord],
    operator_id: str,
    ask: Ask,
    clock: Callable[[], datetime],
) -> Sequence[Outcome | Absent]:
    """Read the pages until all records are found, or until they must have come.

    Unclear for all that is not surely absent: after TryLater a record would be sent unseen.
    """
    keys = [(payloads.start_charge_seq(r, operator_id), payloads.cell_id(r)) for r in records]
    found = [False] * len(keys)
    ended = [record.end_time for record in records]
    span = Span(min(ended), max(ended), LOOK_UP_TOLD)
    ask_in_time = _until(clock() + LOOK_UP, clock, ask)
    pages = Pages(
        ask_in_time, span, most=LOOK_UP_PAGES, most_in_order=LOOK_UP_PAGES_IN_ORDER
    ).read()
    rest: Outcome | Absent = Absent()
    try:
        for page in pages:
            found = [there or page.holds(*key) for there, key in zip(found, keys, strict=True)]
            if all(found):
                break
    except NotRead as error:
        rest = Unclear(f"not looked up: {error.reason}", error.code)
    return [HERE if there else rest for there in found]


def read_back(span: Span, ask: Ask) -> Iterator[Sequence[Copy]]:
    """All that the platform has of the span, with what else is on the pages that are read.

    Raises:
        NotRead: the pages could not be read whole.
    """
    pages = Pages(ask, span, most=READ_BACK_PAGES, most_in_order=READ_BACK_PAGES)
    for page in pages.read():
        yield [_shown(record) for record in page.records]


def copy_of(record: ChargeRecord, operator_id: str) -> Copy:
    """The record as it was told."""
    told = payloads.item(record, operator_id)
    elec, service = Decimal(str(told["totalElecMoney"])), Decimal(str(told["totalServiceMoney"]))
    return Copy(
        key=f"{told['startChargeSeq']}/{told['cellId']}",
        occurred_at=record.end_time,
        kwh=Decimal(str(told["totalPower"])),
        yuan=elec + service,
    )


def _shown(record: Record) -> Copy:
    if record.cell_id is None:
        raise NotRead("the page has records without a cellId")
    return Copy(f"{record.seq}/{record.cell_id}", record.ended_at, record.kwh, record.yuan)


def _until(ends_at: datetime, clock: Callable[[], datetime], ask: Ask) -> Ask:
    def asked(number: int) -> Answer:
        if clock() > ends_at:
            raise NotRead(f"there was no time for more than {LOOK_UP.seconds} s of pages")
        return ask(number)

    return asked
