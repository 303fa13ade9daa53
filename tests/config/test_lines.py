"""What stands in the log, in both of its forms, whoever has written it."""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import logs
from config.lines import formatter
from config.logs import mask, never_show

FORMS = ("console", "json")
Printed = Callable[[], str]


@pytest.fixture
def configured() -> Iterator[Callable[[str], io.StringIO]]:
    """What loggers configured by us print; the root logger is as it was afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level

    def configure(form: str) -> io.StringIO:
        logs.configure("info", form)
        stream = io.StringIO()
        for handler in root.handlers:
            assert isinstance(handler, logging.StreamHandler)
            handler.setStream(stream)
        return stream

    yield configure
    root.handlers[:] = before
    root.setLevel(level)


@pytest.fixture(params=FORMS)
def printed(request: pytest.FixtureRequest, configured: Callable[[str], io.StringIO]) -> Printed:
    return configured(request.param).getvalue


@pytest.fixture
def console(configured: Callable[[str], io.StringIO]) -> Printed:
    return configured("console").getvalue


@pytest.fixture
def lines(configured: Callable[[str], io.StringIO]) -> Callable[[], list[dict[str, Any]]]:
    """What was printed as JSON: an object on each line, and nothing else."""
    stream = configured("json")
    return lambda: [json.loads(line) for line in stream.getvalue().removesuffix("\n").split("\n")]


def test_a_record_is_one_line_with_its_time_in_utc_level_and_logger(console: Printed) -> None:
    logging.getLogger("worker.x").info("took %d items", 3)
    line = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO worker\.x took 3 items\n"
    assert re.fullmatch(line, console())


def test_what_a_record_brings_stands_behind_its_sentence(console: Printed) -> None:
    fields = {"vendor": "city", "reason": 'he said "no"', "reports": [1, 2], "code": None, "n": 0}
    logging.getLogger("worker.x").info("attempt", extra={"fields": fields})
    said = console().partition("worker.x ")[2]
    assert said == 'attempt vendor=city reason="he said \\"no\\"" reports=[1,2] n=0\n'


def test_as_json_a_record_is_an_object_on_one_line(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    log = logging.getLogger("worker.x")
    log.warning(
        "took %d\nitems", 3, extra={"fields": {"queue": "记录", "ids": (1,), "of": {"a": 1}}}
    )
    log.error("it failed", exc_info=ValueError("so"))
    first, second = lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.pop("timestamp"))
    assert first == {
        "level": "warning",
        "logger": "worker.x",
        "event": "took 3\nitems",
        "queue": "记录",
        "ids": [1],
        "of": {"a": 1},
    }
    assert second["exception"] == "ValueError: so"


def test_no_field_takes_the_place_of_what_is_known_of_a_record(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    given = {"event": "x", "level": "x", "logger": "x", "timestamp": "x", "_record": "x", "name": 1}
    logging.getLogger("worker.x").info("so", extra={"fields": given})
    logging.getLogger("foreign").info("too", extra={"fields": "no mapping"})
    first, second = lines()
    assert (first["event"], first["level"], first["logger"]) == ("so", "info", "worker.x")
    assert first["timestamp"].endswith("Z")
    assert second["event"] == "too"


def test_a_level_that_is_too_low_prints_nothing(printed: Printed) -> None:
    logging.getLogger("worker.x").debug("details")
    assert printed() == ""


def test_secrets_among_the_arguments_are_masked(printed: Printed) -> None:
    logging.getLogger("worker.x").warning(
        "%s does not answer: %s", "redis://:HIDDEN@h", "token=HIDDEN"
    )
    assert "HIDDEN" not in printed()
    assert "***" in printed()


def test_secrets_in_an_exceptions_traceback_are_masked(printed: Printed) -> None:
    error = ValueError('cannot read token=HIDDEN of {"sign": "HIDDEN"}')
    logging.getLogger("worker.x").error("it failed", exc_info=error, stack_info=True)
    assert "it failed" in printed()
    assert "ValueError" in printed()
    assert "HIDDEN" not in printed().replace("HIDDEN of", "")


def test_plate_numbers_are_masked_in_logs(printed: Printed) -> None:
    """Not in attempts, which a person reads to see what was sent."""
    logging.getLogger("worker.x").error(
        "%s",
        {"plateNo": "沪A12345"},
        exc_info=ValueError("浙B12345"),
        extra={"fields": {"subjects": ["沪A12345"], "plateNo": "X12345"}},
    )
    assert "沪A***45" in printed()
    assert "12345" not in printed()
    assert mask('{"plateNo": "沪A12345"}') == '{"plateNo": "沪A12345"}'


def test_what_has_a_telling_name_is_masked_whatever_it_is(printed: Printed) -> None:
    fields = {
        "token": "HID DEN",
        "password": 12345,
        "of": {"appSecret": ["HIDDEN", 12345], "sign": 1.2345},
        "car": {"plate_no": "HIDDEN"},
        "authorization": b"HIDDEN",
    }
    logging.getLogger("worker.x").info("so", extra={"fields": fields})
    assert not re.search("HID|DEN|2345", printed())


def test_what_no_json_can_hold_is_written_as_text(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    deep: list[object] = []
    for _ in range(50):
        deep = [deep]
    fields = {"a": float("nan"), "b": "\ud800", "c": object, "d": deep, 5: 1.5}
    logging.getLogger("worker.x").info("so", extra={"fields": fields})
    assert (lines()[0]["a"], lines()[0]["b"]) == ("nan", "\ud800")


def test_what_libraries_log_and_warn_of_comes_out_in_the_same_form(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    for name in ("celery.worker", "uvicorn.error", "sqlalchemy.engine", "py.warnings"):
        logging.getLogger(name).error("%s: token=%s", name, "HIDDEN", extra={"color_message": "no"})
    assert [line["logger"] for line in lines()] == [line["event"].split(":")[0] for line in lines()]
    assert {len(line) for line in lines()} == {4}
    assert "HIDDEN" not in str(lines())


def test_a_secret_that_is_known_from_now_on_is_hidden_where_it_was_not_before() -> None:
    assert logs.hide("so HIDDEN is") == "so HIDDEN is"
    never_show("city", ["HIDDEN"])
    assert logs.hide("so HIDDEN is") == "so *** is"
    never_show("city", [])


# Neither stars, the signs of JSON nor a number can make one by chance.
SECRETS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="*"), min_size=4, max_size=20
).map(lambda text: f"Zq{text}")
ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


def beside(secret: str) -> st.SearchStrategy[object]:
    """Anything a field can hold, with the secret in midst of it."""
    whole = st.builds(lambda a, b: f"{a}{secret}{b}", st.text(), st.text())
    keys = st.text() | whole
    return st.recursive(
        ATOMS | whole,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
        max_leaves=8,
    )


def texts(value: object) -> Iterator[str]:
    """Every text of a JSON value, names too."""
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from texts(one)
        case dict():
            for name, one in value.items():
                yield name
                yield from texts(one)


@settings(deadline=None, max_examples=300)
@given(st.data(), SECRETS)
def test_no_secret_is_in_a_finished_line_and_json_stays_json(data: st.DataObject, s: str) -> None:
    fields = data.draw(st.dictionaries(st.text(), beside(s), max_size=4))
    message = data.draw(st.text())
    record = logging.LogRecord("worker.x", 20, "", 1, "%s %s", (f"{message}{s}", s), None)
    record.__dict__["fields"] = fields
    record.exc_info = (ValueError, ValueError(s), None)
    never_show("one", [s])
    try:
        for form in FORMS:
            line = formatter(form, logs.hide).format(record)
            assert s not in line
            if form == "json":
                assert "\n" not in line
                assert not [text for text in texts(json.loads(line)) if s in text]
    finally:
        never_show("one", [])
