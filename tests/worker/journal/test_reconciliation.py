from datetime import date

import pytest
from sqlalchemy import Engine

from tests.worker.desk import CITY, RECORD, Desk
from tests.worker.given import record
from worker.journal import reconciliation as journal
from worker.journal.reconciliation import Difference, What
from worker.journal.reconciliation_tables import difference, reconciliation

DAY = date(2024, 5, 1)


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def test_reports_come_once_and_in_batches_though_all_ended_in_one_second(desk: Desk) -> None:
    desk.accept(*(record(number) for number in range(7)))
    batches = [
        [told.event.subject for told in batch]
        for batch in journal.told(desk.engine, CITY, RECORD, *journal.bounds(DAY), batch=3)
    ]
    assert [len(batch) for batch in batches] == [3, 3, 1]
    assert sorted(one for batch in batches for one in batch) == [
        f"A-{number}" for number in range(7)
    ]


def test_only_reports_that_came_later_are_asked_for(desk: Desk) -> None:
    desk.accept(*(record(number) for number in range(3)))
    (batch,) = journal.told(desk.engine, CITY, RECORD, *journal.bounds(DAY), after=2)
    assert [told.report_id for told in batch] == [3]


def test_one_that_is_given_up_names_nothing(desk: Desk) -> None:
    first = journal.begin(desk.engine, CITY, RECORD, DAY, desk.now)
    other = journal.begin(desk.engine, "other", RECORD, DAY, desk.now)
    for opened in (first, other):
        journal.name(desk.engine, opened, [Difference(What.MISSING, "A-1")])
    journal.give_up(desk.engine, first, "the page has an unknown shape", desk.now)
    assert [row.reconciliation_id for row in desk.all(difference)] == [other]
    assert [row.state for row in desk.all(reconciliation)] == ["incomplete", "running"]
