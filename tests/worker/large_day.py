"""A day of very many records: filled into a journal, and reconciled in a process of its own.

    python -m tests.worker.large_day JOURNAL_URL COUNT FOLDER

prints as JSON how it ended, and the most memory the process ever had. The platform is played by a
function that has every record but one in a hundred, and keeps none of them in memory.
"""

import json
import resource
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import fakeredis
import requests
from sqlalchemy import Engine

from config.settings import Settings
from tests.worker.desk import CITY
from tests.worker.vendors.scripted import answer, make
from worker.events import Kind, parse
from worker.exchange import Answer
from worker.fields import SHANGHAI
from worker.journal import tables
from worker.journal.engine import open_journal, writing
from worker.reconciling import Reconciler
from worker.wire import write_json

DAY = date(2024, 5, 1)
BEGINS = datetime(2024, 5, 1, tzinfo=SHANGHAI)
NOW = BEGINS + timedelta(days=1, hours=2)
LOST = 37  # of each hundred
KIND = Kind.CHARGE_RECORD.value
SETTINGS = {"base_url": "https://platform.example", "operator_id": "395815801", "secret": "s"}
BATCH = 5000


def is_lost(number: int) -> bool:
    return number % 100 == LOST


def seq(number: int) -> str:
    return f"395815801{number:018d}"


def ended(number: int, count: int) -> datetime:
    return BEGINS + timedelta(seconds=86_400 * number // count)


def fill(engine: Engine, count: int) -> None:
    """As if `count` records of the day had been told and accepted."""
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        with writing(engine) as connection:
            connection.execute(tables.event.insert(), [_event(n, count) for n in numbers])
            connection.execute(tables.report.insert(), [_report(n, count) for n in numbers])


def _event(number: int, count: int) -> dict[str, object]:
    at = ended(number, count)
    content = {
        "orderNo": f"ORDER-{number}",
        "startChargeSeq": seq(number),
        "stationId": "S-1",
        "connectorId": "C-1",
        "startTime": (at - timedelta(hours=1)).isoformat(),
        "endTime": at.isoformat(),
        "power": "12.30",
        "elecMoney": "9.84",
        "serviceMoney": "2.46",
    }
    event = parse(Kind.CHARGE_RECORD, content)
    return {
        "id": number + 1,
        "kind": KIND,
        "identity": event.identity,
        "subject": event.subject,
        "occurred_at": at,
        "received_at": at,
        "body": write_json(content),
        "duplicates": 0,
    }


def _report(number: int, count: int) -> dict[str, object]:
    at = ended(number, count)
    return {
        "id": number + 1,
        "event_id": number + 1,
        "vendor": CITY,
        "kind": KIND,
        "subject": f"ORDER-{number}",
        "latest_wins": 0,
        "occurred_at": at,
        "state": "accepted",
        "due_at": at,
        "tries": 0,
        "created_at": at,
        "settled_at": at,
    }


class Platform:
    """Lists its records from new to old.

    Attributes:
        told_again: what it lost first and was then told, by number; how often.
        pages: how many it was asked for.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.told_again: dict[int, int] = {}
        self.pages = 0

    def send(self, request: requests.Request, auth: object = None, **_: object) -> Answer:
        if "operatorAPIToken" in str(request.url):
            return answer({"status": 200, "message": "", "data": "token"})
        if request.method == "POST":
            return self._take(json.loads(str(request.data.decode())))
        self.pages += 1
        index, size = request.params["pageIndex"], request.params["pageSize"]
        shown = [self._row(n) for n in self._numbers((index - 1) * size, size)]
        content = {"list": shown, "total": self._total()}
        return answer({"status": 200, "message": "", "data": content})

    def _total(self) -> int:
        return self.count if self.told_again else self.count - self.count // 100

    def _numbers(self, skip: int, size: int) -> Iterator[int]:
        for place in range(skip, min(skip + size, self._total())):
            if self.told_again:
                yield self.count - 1 - place
                continue
            hundred, rest = divmod(place, 99)
            yield self.count - 1 - (hundred * 100 + rest + (rest >= 99 - LOST))

    def _row(self, number: int) -> dict[str, object]:
        return {
            "startChargeSeq": seq(number),
            "cellId": "C-1",
            "endDatetime": f"{ended(number, self.count):%Y-%m-%d %H:%M:%S}",
            "totalPower": 12.3,
            "totalElecMoney": 9.84,
            "totalServiceMoney": 2.46,
        }

    def _take(self, items: list[dict[str, Any]] | dict[str, Any]) -> Answer:
        for item in items if isinstance(items, list) else [items]:
            number = int(item["startChargeSeq"][9:])
            self.told_again[number] = self.told_again.get(number, 0) + 1
        return answer({"status": 200, "message": "", "data": "ok"})


def reconcile(engine: Engine, platform: Platform, folder: Path, now: datetime = NOW) -> str:
    """Returns how it ended."""
    system = make("charging_station", SETTINGS, lambda: now)
    system.vendor = CITY
    reconciler = Reconciler(
        Settings(_env_file=None, data_dir=folder),
        engine,
        fakeredis.FakeRedis(server=fakeredis.FakeServer()),
        line=lambda system, settings: platform,  # type: ignore[arg-type, return-value]
        clock=lambda: now.astimezone(UTC),
    )
    return reconciler.reconcile(system, Kind.CHARGE_RECORD, DAY).state


def peak_mb() -> float:
    """The most memory this process ever had."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    lines = status.read_text().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    url, count, folder = sys.argv[1:]
    platform, engine = Platform(int(count)), open_journal(url)
    before_mb = peak_mb()
    state = reconcile(engine, platform, Path(folder))
    shown = {"state": state, "pages": platform.pages}
    print(json.dumps(shown | {"before_mb": before_mb, "peak_mb": peak_mb()}))  # noqa: T201


if __name__ == "__main__":
    main()
