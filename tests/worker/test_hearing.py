"""The charges of which a vendor told us the beginning and, for whatever reason, never the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import fakeredis
import pytest
import requests
from sqlalchemy import Engine

from config.settings import Settings
from tests.worker.desk import RECORD, Desk
from tests.worker.keeper import DAY, shanghai
from tests.worker.vendors.scripted import answer, make
from worker.exchange import Answer, NoAnswer
from worker.hearing import CannotTakeIn, take_in, take_in_all
from worker.journal import callbacks
from worker.journal.callback_tables import callback, callback_event
from worker.journal.callbacks import Trace
from worker.journal.reconciliation import Standing
from worker.journal.reconciliation_tables import difference, reconciliation
from worker.reconciling import Ended, Reconciler, last_day, reconciled
from worker.roster import Roster
from worker.vendor import System

SETTINGS = {
    "base_url": "https://cloud.example",
    "app_id": "app-1",
    "app_secret": "hush",
    "operator_id": "395815801",
}


def start(charge: str) -> dict[str, object]:
    return {"state": "0", "device_num": "18000001", "device_port": "1", "charge_id": charge}


def finish(charge: str, **more: object) -> dict[str, object]:
    port = {"device_num": "18000001", "device_port": "1", "charge_id": charge}
    return {**port, "pay_used": "150", "end_time": "2024-05-01 20:00:00", **more}


@dataclass
class Office:
    """A cloud with a log, and a journal of what it told us."""

    desk: Desk
    folder: Path
    log: dict[str, object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fault: NoAnswer | None = None

    def clock(self) -> datetime:
        return self.desk.now

    @property
    def cloud(self) -> System[Any]:
        return make("wanzhuang", SETTINGS, self.clock)

    def hear(self, name: str, fields: Mapping[str, object], at: datetime) -> None:
        """As the callback server takes it."""
        take_in(self.desk.engine, self.cloud, name, fields, at)

    def send(self, request: requests.Request, auth: object = None, **_: object) -> Answer:
        charge = request.params["charge_id"]
        self.asked.append(charge)
        if self.fault is not None:
            raise self.fault
        req = self.log.get(charge)
        rows = [] if req is None else [{"type": "finish_order", "req": req}]
        return answer({"code": 1, "message": "success", "data": rows})

    def reconciler(self) -> Reconciler:
        return Reconciler(
            Settings(_env_file=None, data_dir=self.folder),
            self.desk.engine,
            fakeredis.FakeRedis(server=fakeredis.FakeServer()),
            line=lambda system, settings: self,  # type: ignore[arg-type, return-value]
            clock=self.clock,
        )

    def reconcile(self) -> Ended:
        return self.reconciler().reconcile(self.cloud, RECORD, DAY)

    def brought(self) -> list[str]:
        """The orders of the records that callbacks brought."""
        rows = self.desk.all(callback_event)
        return [row.identity for row in rows if row.kind == RECORD]

    def found(self) -> list[str]:
        return [row.subject for row in self.desk.all(difference)]


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Office:
    """Of three charges that began, one ended to our knowledge and another by the log alone."""
    office = Office(Desk(engine, now=shanghai(3, 2)), tmp_path)
    for charge, minute in (("C1", 0), ("C2", 1), ("C3", 2)):
        office.hear("start-power", start(charge), shanghai(1, 18, minute))
    office.hear("finish-order", finish("C1"), shanghai(1, 20))
    office.log = {"C1": finish("C1"), "C2": finish("C2")}
    return office


def test_an_end_that_the_log_has_and_we_have_not_is_unknown_to_us(office: Office) -> None:
    assert office.reconcile().state is Standing.COMPLETE
    assert office.found() == ["C2"]
    assert office.asked == ["C2", "C3"], "what was heard is not asked for"
    (row,) = office.desk.all(reconciliation)
    assert (row.ours, row.theirs, row.missing, row.unknown) == (1, 2, 0, 1)
    assert (row.ours_kwh, row.theirs_yuan) == (None, None)


def test_taken_in_it_is_as_if_the_call_had_come_and_only_once(office: Office) -> None:
    reconciliation_id = office.reconcile().reconciliation_id
    before = office.brought()
    for expected in ((1, []), (0, [])):
        done = take_in_all(office.desk.engine, office.cloud, reconciliation_id, office.desk.now)
        assert done == expected
    assert office.brought() == [*before, "C2"]
    office.reconcile()
    assert office.found() == ["C2"], "it is heard of by now"
    office.hear("finish-order", office.log["C2"], office.desk.now)  # type: ignore[arg-type]
    assert office.brought() == [*before, "C2"]


def test_a_log_that_cannot_be_read_names_nothing(office: Office) -> None:
    office.log["C3"] = 12
    assert office.reconcile().state is Standing.INCOMPLETE
    assert office.found() == []
    del office.log["C3"]
    office.fault = NoAnswer("no answer within the time limit", sent=True)
    assert office.reconcile().reason == "no answer within the time limit"


def test_only_charges_that_began_that_day_are_asked_for(office: Office) -> None:
    office.hear("start-power", start("C0"), shanghai(1, 0) - timedelta(seconds=1))
    office.hear("start-power", start("C9"), shanghai(2, 0))
    office.reconcile()
    assert office.asked == ["C2", "C3"]


def test_a_start_that_was_refused_began_nothing(office: Office) -> None:
    trace = Trace("vendor-1", "start-power", shanghai(1, 12), "{}")
    callbacks.note(office.desk.engine, trace, callbacks.Fate.REFUSED, 401, "no")
    office.reconcile()
    assert office.asked == ["C2", "C3"]
    assert len(office.desk.all(callback)) == 5


def test_an_end_that_makes_no_event_is_left_and_said(office: Office) -> None:
    office.log["C2"] = {"charge_id": "C2"}
    reconciliation_id = office.reconcile().reconciliation_id
    engine, cloud, now = office.desk.engine, office.cloud, office.desk.now
    taken, (fault,) = take_in_all(engine, cloud, reconciliation_id, now)
    assert taken == 0
    assert fault.startswith("C2: the finish-order in the vendor's log makes no event")
    assert office.desk.all(difference)[0].replayed_at is None
    with pytest.raises(CannotTakeIn):
        take_in(engine, cloud, "finish-order", {}, now)


def test_a_day_is_looked_at_once_its_charges_are_over(office: Office) -> None:
    assert reconciled(office.cloud) == [RECORD]
    assert last_day(office.cloud, shanghai(3, 1), 3600) == DAY
    assert last_day(office.cloud, shanghai(3, 0, 59), 3600) < DAY
    office.reconciler().reconcile_due(Roster({"vendor-1": office.cloud}))
    assert [row.day for row in office.desk.all(reconciliation)] == [f"{DAY}"]
