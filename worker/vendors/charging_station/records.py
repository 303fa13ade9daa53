"""One page of 分页查询多个充电记录信息列表, as it is answered: kWh, yuan, Asia/Shanghai."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from worker.copies import NotRead
from worker.exchange import Answer
from worker.fields import parse_moment
from worker.outcomes import Accepted
from worker.vendors.charging_station import answers

PAGE_NAMES = ("list", "records", "pageList", "rows")
TOTAL_NAMES = ("total", "totalRecord", "totalCount")
END_NAMES = ("endDatetime", "endDateTime")
DIGITS = 20


@dataclass(frozen=True, slots=True)
class Record:
    """A record that the platform has.

    Attributes:
        cell_id: tells orders of one second apart; None where it is not shown.
        ended_at: None if it is not shown, or in no known form.
        kwh: None where it is not shown.
        yuan: both fees; None where one is not shown.
    """

    seq: str
    cell_id: str | None
    ended_at: datetime | None
    kwh: Decimal | None
    yuan: Decimal | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `total` counts the records of all pages; None where it is not shown."""

    records: Sequence[Record]
    total: int | None

    @property
    def size(self) -> int:
        """How many records are on it."""
        return len(self.records)

    @property
    def times(self) -> list[datetime | None]:
        """When its records ended, in its order."""
        return [record.ended_at for record in self.records]

    def holds(self, seq: str, cell_id: str) -> bool:
        """Whether the record is on it."""
        return any(r.seq == seq and r.cell_id in (cell_id, None) for r in self.records)


def read(answer: Answer) -> Page:
    """The page that an answer brings.

    Raises:
        NotRead: it brings none that could be understood whole.
    """
    said = answers.meaning(answer)
    if not isinstance(said, Accepted):
        raise NotRead(said.reason, said.code)
    given = answers.content(answer)
    names = given if isinstance(given, dict) else {"list": given}
    listed = next((names[name] for name in PAGE_NAMES if name in names), None)
    if not isinstance(listed, list):
        raise NotRead("the page has an unknown shape", said.code)
    items = [item for item in listed if isinstance(item, dict) and item.get("startChargeSeq")]
    if len(items) < len(listed):
        raise NotRead("the page has records without a startChargeSeq", said.code)
    total = next((names[name] for name in TOTAL_NAMES if name in names), None)
    return Page([_record(item) for item in items], answers.whole(total))


def _record(item: Mapping[str, object]) -> Record:
    elec, service = _amount(item.get("totalElecMoney")), _amount(item.get("totalServiceMoney"))
    cell_id = item.get("cellId")
    return Record(
        seq=str(item["startChargeSeq"]),
        cell_id=str(cell_id) if isinstance(cell_id, str | int) and cell_id != "" else None,
        ended_at=_moment(next((item[name] for name in END_NAMES if name in item), None)),
        kwh=_amount(item.get("totalPower")),
        yuan=None if elec is None or service is None else elec + service,
    )


def _moment(value: object) -> datetime | None:
    try:
        return parse_moment(value)
    except ValueError:
        return None


def _amount(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value).strip())
    except ArithmeticError:
        return None
    return amount if amount.is_finite() and abs(amount.adjusted()) < DIGITS else None
