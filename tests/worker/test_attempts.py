"""The line of each attempt: what it says, and that it costs nothing where nobody reads it."""

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.worker.desk import CITY, RECORD, Desk
from tests.worker.given import record
from tests.worker.talker import BAD, BROKEN, REFUSED, Line
from tests.worker.test_delivery import Lane
from worker.attempts import MOST_NAMED
from worker.exchange import Answer
from worker.journal import tables

PAGE = Path(__file__).parents[2] / "docs" / "logs.md"


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def fields(told: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(r)["fields"] for r in told.records if r.message == "attempt"]


def test_an_attempt_is_one_line_that_names_what_it_carried(
    desk: Desk, told: pytest.LogCaptureFixture
) -> None:
    desk.accept(record(1), record(2))
    Lane(desk, Line(), pack=2).drain()
    (line,) = fields(told)
    assert isinstance(line.pop("duration_ms"), int)
    events = [row.id for row in desk.all(tables.event)]
    assert line == {
        "vendor": CITY,
        "kind": RECORD,
        "outcome": "accepted",
        "http_status": 200,
        "code": None,
        "method": "POST",
        "count": 2,
        "reports": [row.id for row in desk.all(tables.report)],
        "events": events,
        "subjects": ["A-1", "A-2"],
        "reason": "ok",
    }


def test_the_page_of_logs_names_every_field_of_the_line(
    desk: Desk, told: pytest.LogCaptureFixture
) -> None:
    desk.accept(record(1))
    Lane(desk, Line()).drain()
    (row,) = re.findall(r"^\| `attempt` \| INFO \|(.*)\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert re.findall(r"`(\w+)`", row) == list(fields(told)[0])


def test_every_attempt_has_its_line_whatever_came_of_it(
    desk: Desk, told: pytest.LogCaptureFixture
) -> None:
    desk.accept(*(record(n) for n in range(1, 5)))
    line = Line(BAD, BROKEN, Answer(401), Answer(401), REFUSED)
    Lane(desk, line).drain()
    said = [(x["subjects"], x["outcome"], x["http_status"]) for x in fields(told)]
    assert sorted(said, key=str) == [
        (["A-1"], "refused", 400),
        (["A-2"], "try-later", 500),
        (["A-3"], "refused", 401),
        (["A-3"], "try-later", 401),
        (["A-4"], "try-later", None),
    ]
    assert len(said) == len(desk.all(tables.attempt))


def test_a_list_that_is_halved_names_in_each_line_what_it_carried(
    desk: Desk, told: pytest.LogCaptureFixture
) -> None:
    desk.accept(record(1), record(2), record(3))
    Lane(desk, Line(says=lambda s: BAD if "A-2" in s else Answer(200)), pack=3).drain()
    subjects = [line["subjects"] for line in fields(told)]
    assert subjects == [["A-1", "A-2", "A-3"], ["A-1"], ["A-2", "A-3"], ["A-2"], ["A-3"]]


def test_of_a_large_pack_the_first_are_named_and_all_are_counted(
    desk: Desk, told: pytest.LogCaptureFixture
) -> None:
    desk.accept(*(record(n) for n in range(MOST_NAMED + 1)))
    Lane(desk, Line(), pack=500).drain()
    (line,) = fields(told)
    assert line["count"] == MOST_NAMED + 1
    assert {len(line[name]) for name in ("reports", "events", "subjects")} == {MOST_NAMED}


def test_what_cannot_be_told_is_named(desk: Desk, told: pytest.LogCaptureFixture) -> None:
    desk.accept(record(1))
    lane = Lane(desk, Line())
    lane.talker.unspeakable = {"A-1"}
    lane.drain()
    (line,) = [r for r in told.records if r.levelno == logging.ERROR]
    assert vars(line)["fields"]["subjects"] == ["A-1"]


def test_nothing_is_made_of_an_attempt_that_nobody_reads(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    desk.accept(record(1))
    Lane(desk, Line()).drain()
    assert fields(caplog) == []
