"""What became of a failed report stands in the log."""

import pytest
from sqlalchemy import Engine

from tests.worker.desk import CITY, STATUS, Desk
from tests.worker.failing import fail, failed, handle, report
from tests.worker.given import status
from worker.journal import tables
from worker.outcomes import Accepted


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def test_what_became_of_a_failed_report_is_said_with_what_it_is_found_by(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.accept(status())
    desk.settle(desk.claim(STATUS), Accepted())
    fail(desk, status().event)
    with caplog.at_level("INFO", "worker.journal.failures"):
        handle(desk)
    (line,) = caplog.records
    (event_row,) = desk.all(tables.event)
    assert line.message == "a failed report: replayed"
    assert vars(line)["fields"] == {
        "vendor": CITY,
        "failed_report": failed(desk)[0].id,
        "vendor_ref": "R-1",
        "state": "replayed",
        "reason": "reported again under the vendor's id",
        "reports": [report(desk).id],
        "events": [event_row.id],
        "subjects": [event_row.subject],
    }
