"""What is published in a cell, and the book of it: the side of the equation that we know."""

import json
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from redis import Redis
from redis.exceptions import OutOfMemoryError, RedisError

RECORD, STATUS, WARNING = "charge-record", "connector-status", "safety-warning"
OPERATOR = "395815801"
UNREADABLE = (b"\x80\xff\x00", b"{not json", b"42", b"", b"[[[[", b'{"orderNo": "\\ud800"}')


@dataclass(frozen=True, slots=True)
class Item:
    """What is pushed: raw, with the events that are in it.

    Attributes:
        counts: events and unreadable parts in it.
        orders: the orderNos that have to arrive once it is pushed.
        warnings: the connectors of its warnings, likewise.
        reading: connector and time of its status.
    """

    kind: str
    raw: bytes
    counts: int = 1
    orders: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    reading: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """How much a cell publishes: events, and of each how many more are odd."""

    records: int
    connectors: int
    readings: int
    warnings: int
    odd: float = 0.1


SMALL = Size(records=36, connectors=12, readings=4, warnings=4)
LARGE = Size(records=900, connectors=60, readings=10, warnings=24)


@dataclass
class Book:
    """What was published: counts by kind, and each identity."""

    published: Counter[str] = field(default_factory=Counter)
    uncertain: Counter[str] = field(default_factory=Counter)
    """Pushes of which the broker's answer was lost: they may be there or not."""
    aside: Counter[str] = field(default_factory=Counter)
    """Events that came another way, and are for none of our vendors."""
    orders: set[str] = field(default_factory=set)
    warnings: set[str] = field(default_factory=set)
    newest: dict[str, str] = field(default_factory=dict)
    """By connector, the newest time published."""

    def enter(self, items: list[Item]) -> None:
        """These were acknowledged by the broker."""
        for item in items:
            self.published[item.kind] += item.counts
            self.orders |= set(item.orders)
            self.warnings |= set(item.warnings)
            if item.reading is not None:
                connector, at = item.reading
                self.newest[connector] = max(at, self.newest.get(connector, ""))

    @property
    def events(self) -> int:
        """All that was published."""
        return sum(self.published.values())


class Producer:
    """Publishes as any language would, straight to the broker, and keeps the book."""

    def __init__(self, redis: Redis, seed: int) -> None:
        self.book = Book()
        self._redis = redis
        self._dice = random.Random(seed)
        self._orders = 0
        self._seconds = 0
        self._warnings = 0
        self._began = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)

    def publish(self, size: Size) -> None:
        """A mixed load: events, some of them twice, some with other content, some unreadable."""
        self.push(self.mixed(size))

    def mixed(self, size: Size) -> list[Item]:
        """The items of such a load."""
        items = [_record(record) for record in self.records(size.records)]
        odd = self._odd(items, size) if size.odd else []
        return [*items, *odd, *self._readings(size), *self._risks(size)]

    def push(self, items: list[Item]) -> None:
        """Push in batches.

        Raises:
            RedisError: a batch got no answer, or was refused; whether it is there is uncertain.
        """
        by_kind: defaultdict[str, list[Item]] = defaultdict(list)
        for item in items:
            by_kind[item.kind].append(item)
        for kind, of_kind in by_kind.items():
            for start in range(0, len(of_kind), 200):
                self._push(kind, of_kind[start : start + 200])

    def _push(self, kind: str, items: list[Item]) -> None:
        try:
            self._redis.lpush(kind, *(item.raw for item in items))
        except OutOfMemoryError:
            raise
        except RedisError:
            self.book.uncertain[kind] += sum(item.counts for item in items)
            raise
        self.book.enter(items)

    def records(self, count: int) -> list[dict[str, object]]:
        """New charge records, each with a startChargeSeq that names its orderNo."""
        made = []
        for _ in range(count):
            self._orders += 1
            started = self._began + timedelta(seconds=self._orders % 3000)
            made.append(
                {
                    "orderNo": f"ORDER-{self._orders:06d}",
                    "operatorId": OPERATOR,
                    "stationId": "S-001",
                    "connectorId": f"C-{self._orders % 50:03d}",
                    "deviceId": "D-1",
                    "plateNo": "沪A12345",
                    "startTime": shanghai(started),
                    "endTime": shanghai(started + timedelta(hours=1)),
                    "power": "12.30",
                    "totalMoney": "15.00",
                    "startChargeSeq": charge_seq(self._orders),
                }
            )
        return made

    def _odd(self, items: list[Item], size: Size) -> list[Item]:
        """Duplicates, conflicts, unreadable items and an array, of the records given."""
        some = self._dice.sample(items, max(2, int(len(items) * size.odd)))
        again = [item for item in some if self._dice.random() < 0.7]
        odd = [*again, *(_other(item) for item in some[:2])]
        odd += [Item(RECORD, raw) for raw in UNREADABLE]
        pair = self.records(2)
        orders = tuple(str(record["orderNo"]) for record in pair)
        odd.append(Item(RECORD, json.dumps([*pair, {"orderNo": 5}]).encode(), 3, orders))
        self._dice.shuffle(odd)
        return odd

    def _readings(self, size: Size) -> list[Item]:
        """Every connector's statuses, not in the order of their times."""
        made = []
        for _ in range(size.readings):
            self._seconds += 1
            at = shanghai(self._began + timedelta(seconds=self._seconds))
            for number in range(size.connectors):
                made.append(_reading(f"C-{number:03d}", at, self._seconds % 5))
        self._dice.shuffle(made)
        return made

    def _risks(self, size: Size) -> list[Item]:
        made = []
        for _ in range(size.warnings):
            self._warnings += 1
            made.append(_risk(self._warnings, shanghai(self._began)))
        return made


def _record(record: dict[str, object]) -> Item:
    return Item(RECORD, write(record), orders=(str(record["orderNo"]),))


def _risk(number: int, at: str) -> Item:
    connector = f"W-{number:04d}"
    warning = {
        "warningId": f"RISK-{number:04d}",
        "riskLevel": "high",
        "riskReason": "温度过高",
        "occurredAt": at,
        "operatorId": OPERATOR,
        "stationId": "S-001",
        "connectorId": connector,
    }
    return Item(WARNING, write(warning), warnings=(connector,))


def _reading(connector: str, at: str, state: int) -> Item:
    status = {
        "operatorId": OPERATOR,
        "stationId": "S-001",
        "equipmentId": "E-1",
        "connectorId": connector,
        "status": state,
        "updateTime": at,
    }
    return Item(STATUS, write(status), reading=(connector, at))


def _other(item: Item) -> Item:
    """The same order with other content."""
    return replace(item, raw=write(json.loads(item.raw) | {"totalMoney": "99.00"}))


def write(event: dict[str, object]) -> bytes:
    """As most producers would."""
    return json.dumps(event, ensure_ascii=False).encode()


def charge_seq(order: int) -> str:
    """27 characters, as document 000 wants them."""
    return f"{OPERATOR}{order:018d}"


def order_of(seq: str) -> str:
    """The orderNo that such a startChargeSeq stands for."""
    return f"ORDER-{int(seq.removeprefix(OPERATOR)):06d}"


def shanghai(moment: datetime) -> str:
    """As the producers write times."""
    return moment.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")
