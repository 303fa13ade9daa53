"""What the schema of a kind allows is read as such an event, and what is read it allows."""

import datetime
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import config
from config.settings import Settings
from tests.worker.contracts.generated import events
from tests.worker.given import GIVEN
from worker.contracts.schemas import TRACED, schema
from worker.events import MODELS, Kind, parse
from worker.wire import NotAnEvent, read_json, write_json

SCHEMAS = {kind: schema(kind) for kind in Kind}
ALLOWING = {kind: Draft202012Validator(stated) for kind, stated in SCHEMAS.items()}
SAMPLES = (Path(config.__file__).parent / "samples.jsonl").read_text("utf-8").splitlines()
UNKNOWN = {"gunTemperature", "kind"}
STATUS, RECORD, WARNING = Kind.CONNECTOR_STATUS, Kind.CHARGE_RECORD, Kind.SAFETY_WARNING


BOUNDED = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.generate],  # what is read names the field at fault; shrinking takes minutes
}


def read(kind: Kind, given: object) -> str | None:
    """Why the intake refuses it; None if it does not."""
    try:
        parse(kind, read_json(write_json(given)))
    except NotAnEvent as fault:
        return str(fault)
    return None


def allowed(kind: Kind, given: object) -> bool:
    return ALLOWING[kind].is_valid(read_json(write_json(given)))


def nearly() -> st.SearchStrategy[object]:
    """Anything, and good values with a character too much."""
    good = st.sampled_from(["395815801", "12.30", "2024-05-01 09:30:00", "高", "high", "3", "true"])
    spoilt = st.builds(
        lambda text, at, more: text[:at] + more + text[at:], good, st.integers(0, 20), st.text()
    )
    numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    return st.one_of(spoilt, numbers, st.text(), st.booleans(), st.none(), st.lists(numbers))


def in_the_calendar(given: Mapping[str, Any]) -> bool:
    """Whether the days of its times exist, which no schema can say."""
    for value in given.values():
        day = (
            re.match(r" *(20\d\d-\d\d-\d\d)[Tt ]", value, re.ASCII)
            if isinstance(value, str)
            else None
        )
        try:
            datetime.date.fromisoformat(day[1]) if day else None
        except ValueError:
            return False
    return True


@pytest.mark.parametrize("kind", Kind)
def test_the_schema_is_one_and_describes_every_field(kind: Kind) -> None:
    Draft202012Validator.check_schema(SCHEMAS[kind])
    names = set(GIVEN[kind]).union(*(e for k, e in ACCEPTED if k is kind))
    assert names - UNKNOWN <= SCHEMAS[kind]["properties"].keys()
    assert len(SCHEMAS[kind]["properties"]) >= len(MODELS[kind].model_fields)
    for name, stated in SCHEMAS[kind]["properties"].items():
        assert stated["description"].endswith("."), name
    for name, stated in SCHEMAS[kind]["$defs"].items():
        assert stated["description"].endswith("."), name


@pytest.mark.parametrize("kind", Kind)
def test_every_example_of_the_schema_is_read(kind: Kind) -> None:
    [example] = SCHEMAS[kind]["examples"]
    assert read(kind, example) is None
    assert allowed(kind, example)
    for name in SCHEMAS[kind]["properties"].keys() - TRACED.keys():
        stated = SCHEMAS[kind]["properties"][name]
        reference = stated.get("$ref") or stated["anyOf"][0]["$ref"]
        spelling = SCHEMAS[kind]["$defs"][reference.rpartition("/")[2]]
        for value in spelling["examples"]:
            changed = example | {name: value}
            assert read(kind, changed) is None, (name, value)
            assert allowed(kind, changed), (name, value)


@pytest.mark.parametrize("kind", Kind)
def test_what_the_schema_allows_is_read(kind: Kind) -> None:
    @settings(max_examples=150, **BOUNDED)  # type: ignore[arg-type]
    @given(events(SCHEMAS[kind]).filter(in_the_calendar))
    def check(event: dict[str, Any]) -> None:
        assert allowed(kind, event)
        assert read(kind, event) is None

    check()


@pytest.mark.parametrize("kind", Kind)
def test_whatever_stands_in_a_field_what_the_schema_allows_is_read(kind: Kind) -> None:
    @settings(max_examples=200, **BOUNDED)  # type: ignore[arg-type]
    @given(st.sampled_from(sorted(SCHEMAS[kind]["properties"])), nearly())
    def check(name: str, value: object) -> None:
        event = GIVEN[kind] | {name: value}
        if in_the_calendar(event) and allowed(kind, event):
            assert read(kind, event) is None

    check()


@pytest.mark.parametrize("kind", Kind)
def test_the_schema_allows_every_sample_and_what_tests_give(kind: Kind) -> None:
    samples = [json.loads(line) for line in SAMPLES]
    of_kind = [event for event in samples if event.pop("kind") == kind]
    assert of_kind
    assert all(allowed(kind, event) for event in [*of_kind, GIVEN[kind]])


ACCEPTED = [
    (STATUS, {"status": " 3 "}),
    (STATUS, {"status": "003"}),
    (STATUS, {"status": "255", "lockStatus": "10", "errorCode": 2008}),
    (STATUS, {"updateTime": " 2024-05-01 09:30:00 "}),
    (STATUS, {"updateTime": "2024-05-01t01:30:00z"}),
    (STATUS, {"updateTime": "2024-04-30T20:30:00.000-05:00"}),
    (STATUS, {"voltage": "380.5", "current": -0.30000000000000004, "power": None, "quantity": ""}),
    (STATUS, {"voltage": 1e-9, "current": 99_999_999_999, "power": "-99999999999.99999999"}),
    (STATUS, {"errorCode": 999_999}),
    (STATUS, {"connectorId": "x" * 128}),
    (STATUS, {"operatorId": 395815801, "connectorId": " C 1 "}),
    (RECORD, {"orderNo": 7}),
    (RECORD, {"orderNo": 0}),
    (RECORD, {"orderNo": "a/b"}),
    (RECORD, {"orderNo": "单号-1"}),
    (RECORD, {"totalMoney": " 12.3 ", "elecMoney": 12, "seviceMoney": "1.50"}),
    (RECORD, {"connectorId": None, "deviceId": "D-1"}),
    (RECORD, {"connectorId": "", "deviceId": 18000001}),
    (RECORD, {"plateNo": "", "startType": 2, "stopReason": "用户停止"}),
    (RECORD, {"plateNo": "x" * 512}),
    (RECORD, {"gunTemperature": [{"t": 1}], "kind": "charge-record"}),
    (WARNING, {"riskLevel": "高"}),
    (WARNING, {"riskLevel": "中风险"}),
    (WARNING, {"riskLevel": " 低 "}),
    (WARNING, {"riskLevel": "HIGH"}),
    (WARNING, {"cleared": True}),
    (WARNING, {"cleared": 1}),
    (WARNING, {"cleared": "False"}),
    (WARNING, {"cleared": ""}),
]


@pytest.mark.parametrize(("kind", "changes"), ACCEPTED)
def test_what_is_read_the_schema_allows(kind: Kind, changes: dict[str, object]) -> None:
    assert read(kind, GIVEN[kind] | changes) is None
    assert allowed(kind, GIVEN[kind] | changes)


REFUSED = [
    (STATUS, {"status": 7}),
    (STATUS, {"status": -1}),
    (STATUS, {"status": "256"}),
    (STATUS, {"status": True}),
    (STATUS, {"status": 3.5}),
    (STATUS, {"status": None}),
    (STATUS, {"operatorId": None}),
    (STATUS, {"connectorId": ""}),
    (STATUS, {"updateTime": "2024-05-01T09:30:00"}),
    (STATUS, {"updateTime": "2024-05-01"}),
    (STATUS, {"updateTime": "2024-05-01 24:00:00"}),
    (STATUS, {"updateTime": "2024-05-01T00:00:00+99:00"}),
    (STATUS, {"updateTime": "２０２４-05-01 00:00:00"}),
    (STATUS, {"updateTime": "1999-12-31 23:59:59"}),
    (STATUS, {"updateTime": "2100-01-01T00:00:00Z"}),
    (STATUS, {"updateTime": 1714521600}),
    (STATUS, {"lockStatus": True}),
    (STATUS, {"lockStatus": -1}),
    (STATUS, {"doorStatus": "1000"}),
    (STATUS, {"errorCode": 1_000_000}),
    (STATUS, {"voltage": "Infinity"}),
    (STATUS, {"voltage": 10**15}),
    (RECORD, {"orderNo": None}),
    (RECORD, {"orderNo": True}),
    (RECORD, {"orderNo": 1.5}),
    (RECORD, {"orderNo": "a\x00b"}),
    (RECORD, {"orderNo": "a\nb"}),
    (RECORD, {"orderNo": "\x7f"}),
    (RECORD, {"orderNo": "  "}),
    (RECORD, {"orderNo": "x" * 129}),
    (RECORD, {"orderNo": [1]}),
    (RECORD, {"orderNo": {}}),
    (RECORD, {"totalMoney": "NaN"}),
    (RECORD, {"totalMoney": True}),
    (RECORD, {"totalMoney": "12,3"}),
    (RECORD, {"totalMoney": "1" * 21}),
    (RECORD, {"totalMoney": []}),
    (RECORD, {"seviceMoney": "free"}),
    (RECORD, {"plateNo": "x" * 513}),
    (RECORD, {"plateNo": True}),
    (RECORD, {"stationId": None}),
    (RECORD, {"connectorId": None}),
    (RECORD, {"connectorId": "", "deviceId": None}),
    (RECORD, {"connectorId": " ", "deviceId": "D-1"}),
    (WARNING, {"riskLevel": "严重"}),
    (WARNING, {"riskLevel": 1}),
    (WARNING, {"riskLevel": None}),
    (WARNING, {"occurredAt": "soon"}),
    (WARNING, {"cleared": "perhaps"}),
    (WARNING, {"cleared": 2}),
]


@pytest.mark.parametrize(("kind", "changes"), REFUSED)
def test_what_is_wrong_both_refuse(kind: Kind, changes: dict[str, object]) -> None:
    assert read(kind, GIVEN[kind] | changes) is not None
    assert not allowed(kind, GIVEN[kind] | changes)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("given", [None, 1, "x", [], {}])
def test_what_is_no_event_at_all_both_refuse(kind: Kind, given: object) -> None:
    assert read(kind, given) is not None
    assert not allowed(kind, given)


def test_a_day_that_does_not_exist_only_the_intake_refuses_and_the_schema_says_so() -> None:
    given = GIVEN[STATUS] | {"updateTime": "2024-02-30 00:00:00"}
    assert read(STATUS, given) is not None
    assert allowed(STATUS, given)
    assert "30 February" in SCHEMAS[STATUS]["$defs"]["moment"]["description"]


def test_the_future_of_which_the_schema_speaks_is_the_settings() -> None:
    assert Settings.model_fields["status_future_s"].default == 600
    assert "ten minutes" in SCHEMAS[STATUS]["description"]
