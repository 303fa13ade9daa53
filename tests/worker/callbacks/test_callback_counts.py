"""Each call is counted by what it was answered, under names that no caller can make."""

import pytest

from tests.worker.callbacks.platform_caller import Platform, failure
from tests.worker.desk import Desk, away
from tests.worker.test_metrics import more
from worker.metrics import NOBODY

OF = {"vendor": "city", "callback": "report-failure"}


@pytest.fixture
def desk(embedded_desk: Desk) -> Desk:
    return embedded_desk


def test_a_call_is_counted_by_its_outcome_and_timed(desk: Desk, platform: Platform) -> None:
    outcomes = ("taken", "repeated", "refused", "not-kept", "failed")
    counts = [more("callbacks_total", **OF, outcome=outcome) for outcome in outcomes]
    timed = more("callback_duration_seconds_count", **OF)
    headers = platform.headers()
    platform.post("report-failure", failure(), headers)
    platform.post("report-failure", failure(), headers)
    platform.post("report-failure", failure(), {})
    with away(desk.engine, lambda statement: "INSERT" in statement):
        platform.post("report-failure", failure())
    assert [count() for count in counts] == [1, 1, 1, 1, 0]
    assert timed() == 4


def test_what_a_caller_makes_up_is_counted_under_one_name(platform: Platform) -> None:
    strange = more("callbacks_total", vendor=NOBODY, callback=NOBODY, outcome="refused")
    known = more("callbacks_total", vendor="city", callback=NOBODY, outcome="refused")
    for n in range(3):
        platform.call("GET", f"nobody-{n}/cell-risk", {})
        platform.call("POST", f"city/made-up-{n}", {})
    assert (strange(), known()) == (3, 3)
