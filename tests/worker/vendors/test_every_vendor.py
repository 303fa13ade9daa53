"""What holds for every system that is found. A new one adds its Example here."""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.vendors.scripted import Clock, Script, answer, make
from worker.events import Event, Kind, parse
from worker.exchange import Answer
from worker.outcomes import Accepted, OnUnclear, Refused, TryLater, Unclear
from worker.vendor import System, VendorSettings
from worker.vendors import systems


@dataclass(frozen=True)
class Example:
    """A vendor of the system.

    Attributes:
        secrets: the values in `settings` that nobody may see.
        token_answers: what it is answered when it asks for what signing needs.
        signs_time: its signature is another one a minute later.
    """

    settings: Mapping[str, object]
    secrets: tuple[str, ...]
    token_answers: tuple[Answer, ...] = field(default=())
    signs_time: bool = False


EXAMPLES = {
    "charging_station": Example(
        {
            "base_url": "https://vendor.example",
            "operator_id": "395815801",
            "secret": "hush-secret",
            "risk_url": "https://vendor.example/risk",
        },
        secrets=("hush-secret",),
        token_answers=(answer({"status": 200, "message": "", "data": "hush-token"}),),
        signs_time=True,
    ),
    "parkpot": Example(
        {
            "base_url": "https://vendor.example",
            "port_name": "acme",
            "park_id": "3302122004",
            "key": "hush-key",
        },
        secrets=("hush-key",),
    ),
    "pile_admin": Example(
        {
            "base_url": "https://vendor.example",
            "username": "admin",
            "password": "hush-password",
            "piles": {"C-0": 7},
        },
        secrets=("hush-password",),
        token_answers=(answer({"code": 200, "msg": "登录成功", "token": "hush-token"}),),
    ),
    "wanzhuang": Example(
        {
            "base_url": "https://vendor.example",
            "app_id": "app-1",
            "app_secret": "hush-secret",
            "devices": ["18000001"],
            "operator_id": "395815801",
            "poll_s": 60,
        },
        secrets=("hush-secret",),
        signs_time=True,
    ),
    "sgm_info4": Example(
        {
            "base_url": "https://vendor.example",
            "app_id": "0lsQoWek",
            "client_cert": __file__,
            "client_key": __file__,
            "idp_user_id": "idp-1",
            "access_token": "hush-access",
            "brand_id": "1",
        },
        secrets=("hush-access",),
        token_answers=(
            answer({"resultCode": "0000", "dataSet": {"appKey": "hush-app-key-" + "0" * 32}}),
        ),
        signs_time=True,
    ),
}
EVENTS: Mapping[Kind, Mapping[str, object]] = {
    Kind.CONNECTOR_STATUS: {
        "operatorId": "o",
        "connectorId": "C-1",
        "status": 255,
        "updateTime": "2024-05-01 09:00:00",
        "preNum": "P-1",
    },
    Kind.CHARGE_RECORD: {
        "orderNo": "A-1",
        "startTime": "2024-05-01 09:00:00",
        "endTime": "2024-05-01 10:00:00",
        "stationId": "S-1",
        "connectorId": "C-1",
        "plateNo": "浙B12345",
        "totalMoney": "0.1",
        "preNum": "P-1",
    },
    Kind.SAFETY_WARNING: {
        "warningId": "W-1",
        "riskLevel": "high",
        "occurredAt": "2024-05-01 09:00:00",
        "connectorId": "C-1",
    },
}
NAMES = sorted(systems())


def vendor(name: str, clock: Clock | None = None) -> System[VendorSettings]:
    return make(name, EXAMPLES[name].settings, clock)


def pairs() -> list[tuple[str, Kind]]:
    return [(name, kind) for name in NAMES for kind in systems()[name].takes]


def pack(system: System[VendorSettings], kind: Kind) -> list[Event]:
    """As many events as one request may carry, no two of one connector or order."""
    changes = [
        {"connectorId": f"C-{n}", "orderNo": f"A-{n}"} for n in range(system.takes[kind].pack)
    ]
    return [parse(kind, {**EVENTS[kind], **change}) for change in changes]


every_system = pytest.mark.parametrize("name", NAMES)
every_kind = pytest.mark.parametrize(("name", "kind"), pairs())


def test_systems_are_found() -> None:
    assert {"charging_station", "parkpot"} <= set(NAMES)
    assert set(NAMES) <= set(EXAMPLES), "a system has no Example"


@every_system
def test_a_system_is_named_after_its_module(name: str) -> None:
    system = systems()[name]
    assert system.name == name
    assert system.__module__ == f"worker.vendors.{name}"


@every_system
def test_a_system_says_what_it_speaks(name: str) -> None:
    system = systems()[name]
    text = inspect.getmodule(system).__doc__ or ""
    assert system.document
    assert f"document {system.document}" in text
    assert "Signature" in text
    assert not inspect.isabstract(system)
    assert issubclass(system.settings_type, VendorSettings)


@every_system
def test_every_setting_is_described(name: str) -> None:
    fields = systems()[name].settings_type.model_fields
    assert [key for key, field in fields.items() if not field.description] == []


@every_kind
def test_every_kind_has_a_pack_and_a_rule(name: str, kind: Kind) -> None:
    system = vendor(name)
    assert system.takes[kind].pack >= 1
    rule = system.unclear_rule(kind)
    assert isinstance(rule, OnUnclear)
    assert rule is not OnUnclear.VERIFY or type(system).look_up is not System.look_up


@every_system
def test_a_secret_is_never_shown(name: str) -> None:
    system, http = vendor(name), Script(list(EXAMPLES[name].token_answers))
    auth = system.auth(http)  # type: ignore[arg-type]
    told = system.settings
    shown = [told, told.model_dump(), told.model_dump_json(), system, auth]
    for secret in (*EXAMPLES[name].secrets, "hush"):
        assert not any(secret in text for thing in shown for text in (repr(thing), str(thing)))


@every_kind
def test_a_request_is_json_within_the_pack(name: str, kind: Kind) -> None:
    system = vendor(name)
    for events in (pack(system, kind), pack(system, kind)[:1]):
        assert all(system.wants(event) for event in events)
        prepared = system.request(events).prepare()
        assert prepared.url is not None
        assert prepared.url.startswith("https://vendor.example/")
        if prepared.body is None:
            assert "?" in prepared.url
            continue
        assert prepared.headers["Content-Type"].startswith("application/json")
        assert json.loads(prepared.body) is not None


@every_kind
def test_a_request_is_the_same_for_the_same_events(name: str, kind: Kind) -> None:
    clock = Clock()
    system = vendor(name, clock)
    before = system.request(pack(system, kind)).prepare()
    clock.forward(days=1)
    after = vendor(name, clock).request(pack(system, kind)).prepare()
    assert (before.url, before.body) == (after.url, after.body)


@pytest.mark.parametrize("name", [name for name in NAMES if systems()[name].takes])
def test_a_signature_over_the_time_is_made_anew_for_every_try(name: str) -> None:
    clock = Clock()
    system, http = vendor(name, clock), Script(list(EXAMPLES[name].token_answers))
    auth = system.auth(http)  # type: ignore[arg-type]
    http.answers = [answer(), answer()]
    kind = next(iter(system.takes))
    for _ in range(2):
        http.send(system.request(pack(system, kind)[:1]), auth)
        clock.forward(minutes=1)
    first, second = [{**r.headers, "url": r.url, "body": r.body} for r in http.sent[-2:]]
    assert (first != second) is EXAMPLES[name].signs_time


@every_kind
@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_vendor_that_is_down_is_tried_again(name: str, kind: Kind, status: int) -> None:
    for body in (b"", b"<html>down</html>", b"{}", b"null"):
        assert isinstance(vendor(name).read(answer(body, status), kind), TryLater)


@every_kind
@pytest.mark.parametrize("header", ["Retry_After", "retry_after"])
def test_a_throttle_is_obeyed_by_the_whole_lane(name: str, kind: Kind, header: str) -> None:
    outcome = vendor(name).read(answer(b"", 429, **{header: "17"}), kind)
    assert isinstance(outcome, TryLater)
    assert (outcome.after_s, outcome.whole_lane) == (17.0, True)


@every_kind
def test_a_throttle_until_a_date_is_obeyed(name: str, kind: Kind) -> None:
    until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    outcome = vendor(name).read(answer(b"", 429, Retry_After=until), kind)
    assert isinstance(outcome, TryLater)
    assert outcome.after_s


@every_kind
@pytest.mark.parametrize(
    "nonsense",
    ["", "soon", "-1", "1e9", "Mon, 99 Foo 2024", "Mon, 01 Jan 2024 00:00:00 +99999999999", "²"],
)
def test_a_throttle_without_a_readable_end_is_still_one(
    name: str, kind: Kind, nonsense: str
) -> None:
    outcome = vendor(name).read(answer(b"", 429, Retry_After=nonsense), kind)
    assert isinstance(outcome, TryLater)
    assert outcome.whole_lane


@every_kind
@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_not_followed_and_tried_again(name: str, kind: Kind, status: int) -> None:
    assert isinstance(vendor(name).read(answer(b"", status), kind), TryLater)


@every_kind
@pytest.mark.parametrize("body", [b"", b'{"result":0}', b'{"status":0}', b'{"resultCode":"0000"}'])
def test_what_only_bids_us_wait_is_unclear_whatever_it_says(
    name: str, kind: Kind, body: bytes
) -> None:
    assert isinstance(vendor(name).read(answer(body, 101), kind), Unclear)


@every_kind
@pytest.mark.parametrize("status", [200, 201, 204])
def test_an_empty_or_huge_or_broken_answer_is_unclear(name: str, kind: Kind, status: int) -> None:
    huge = Answer(status, {}, b" " * 262_144, cut=True)
    cases = [huge, *(answer(body, status) for body in (b"", b"\x00\xff<html>", b"[]", b"0", b"ok"))]
    for case in cases:
        assert isinstance(vendor(name).read(case, kind), Unclear)


CODES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
FIELDS = st.sampled_from(["status", "result", "Result", "code", "resultCode", "data", "message"])
JSON = st.recursive(
    CODES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(FIELDS | st.text(), inner, max_size=4)
    ),
    max_leaves=8,
)
BODIES = st.binary(max_size=64) | JSON.map(lambda value: json.dumps(value).encode())
HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "Date"]), st.text(max_size=40), max_size=2
)


@every_kind
@settings(deadline=None, database=None)
@given(status=st.integers(100, 599), body=BODIES, headers=HEADERS, cut=st.booleans())
def test_any_answer_can_be_read(
    name: str, kind: Kind, status: int, body: bytes, headers: dict[str, str], cut: bool
) -> None:
    outcome = vendor(name).read(Answer(status, headers, body, cut), kind)
    assert isinstance(outcome, Accepted | Refused | TryLater | Unclear)
    if isinstance(outcome, Accepted):
        assert 200 <= status < 300
        assert not cut


@every_kind
@pytest.mark.parametrize(
    "make_code", [lambda code: code, str, lambda code: [code], lambda code: {"code": code}]
)
def test_a_code_that_is_in_no_document_is_never_accepted(
    name: str, kind: Kind, make_code: Callable[[int], object]
) -> None:
    for code in (-99, 7, 299, 777, 12345, 10**20):
        coded = make_code(code)
        for told in ({"status": coded}, {"result": coded}, {"code": coded}, {"resultCode": coded}):
            body = told | {"message": "成功", "description": "成功", "data": "成功"}
            assert not isinstance(vendor(name).read(answer(body), kind), Accepted)


@every_kind
def test_an_error_status_is_never_accepted(name: str, kind: Kind) -> None:
    system = vendor(name)
    for body in ({"status": 200, "result": 0, "code": 200, "resultCode": "0000"}, b"", b"ok"):
        for status in range(300, 600):
            assert not isinstance(system.read(answer(body, status), kind), Accepted)


@every_kind
def test_a_nested_answer_is_read(name: str, kind: Kind) -> None:
    for nested in (b"[" * 100_000, b'{"status":' * 900 + b"1" + b"}" * 900):
        assert not isinstance(vendor(name).read(answer(nested), kind), Accepted)
    told = b'{"status":-1,"result":1,"message":' + b"[" * 900 + b"]" * 900 + b"}"
    assert not isinstance(vendor(name).read(answer(told), kind), Accepted)
