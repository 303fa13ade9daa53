"""What the platform calls at us: signed, of our time, and of one meaning."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from tests.worker.vendors.city import city
from tests.worker.vendors.scripted import Clock
from worker.callback import Called, Refusal
from worker.signing import hmac_sha256_base64
from worker.vendors.charging_station.auth import OperatorAuth
from worker.vendors.charging_station.callbacks import CALLBACKS
from worker.wire import read_json

DOCUMENT_TIME = datetime(2022, 2, 28, 5, 45, 4, tzinfo=UTC)  # 13:45:04 in Shanghai
# printf 'datetime: 2022-02-28 13:45:04\noperatorid: 395815801\ntoken: 8d3c9a' |
#   openssl dgst -sha256 -hmac s3cret-key -binary | base64
RAW = "oArvvuEO/JDN676mGSR5GWAAgo1TtdwV2dcMKM8/Tnw="
# … | openssl dgst -sha256 -hmac s3cret-key -hex | sed 's/.*= //' | tr -d '\n' | base64 -w0
HEX = "YTAwYWVmYmVlMTBlZmM5MGNkZWJiZWE2MTkyNDc5MTk2MDAwODI4ZDUzYjVkYzE1ZDlkNzBjMjhjZjNmNGU3Yw=="
SIGNED = {
    "datetime": "2022-02-28 13:45:04",
    "operatorid": "395815801",
    "token": "8d3c9a",
    "signature": RAW,
}


def called(
    *,
    body: bytes = b"{}",
    query: Mapping[str, str] | None = None,
    at: datetime = DOCUMENT_TIME,
    clock_s: float = 300,
    **headers: str | None,
) -> Called:
    """A call with the document's golden headers, but for what a test changes."""
    given = {name: value for name, value in (SIGNED | headers).items() if value is not None}
    fields = query or (read_json(body) if body else {})
    assert isinstance(fields, Mapping)
    return Called("report-failure", query or {}, given, fields, body, at, clock_s)


def signed_at(moment: datetime, **settings: object) -> dict[str, str]:
    """The headers that the platform sends at that time, with the secret of these settings."""
    system = city(None, **settings)
    headers = OperatorAuth(system.settings, Clock(moment), "8d3c9a").headers()
    return {name.lower(): value for name, value in headers.items()}


def admit(call: Called, name: str = "report-failure", **settings: object) -> str | None:
    return CALLBACKS[name].admit(city(None, **settings), call)


def refused(call: Called, **settings: object) -> str:
    with pytest.raises(Refusal) as caught:
        admit(call, **settings)
    assert caught.value.http_status == 401
    return caught.value.reason


@pytest.mark.parametrize("name", CALLBACKS)
@pytest.mark.parametrize(("encoding", "signature"), [("raw", RAW), ("hex", HEX)])
def test_a_call_that_the_platform_signed_is_admitted(
    name: str, encoding: str, signature: str
) -> None:
    assert admit(called(signature=signature), name, signature_encoding=encoding)


@pytest.mark.parametrize(("encoding", "signature"), [("raw", HEX), ("hex", RAW)])
def test_a_signature_in_the_other_encoding_is_refused(encoding: str, signature: str) -> None:
    said = refused(called(signature=signature), signature_encoding=encoding)
    assert said.startswith("签名有误")


@pytest.mark.parametrize("header", SIGNED)
@pytest.mark.parametrize("value", [None, "", "x"])
def test_a_call_with_a_missing_or_another_header_is_refused(header: str, value: str | None) -> None:
    assert refused(called(**{header: value})).startswith("签名有误")


@pytest.mark.parametrize("signature", [RAW.lower(), RAW + "\n", f" {RAW}", "签名", RAW[:-1]])
def test_a_signature_that_is_nearly_right_is_refused(signature: str) -> None:
    assert refused(called(signature=signature)).startswith("签名有误")


def test_a_call_signed_with_another_secret_is_refused() -> None:
    headers = signed_at(DOCUMENT_TIME, secret="another-key")
    assert refused(called(**headers)).startswith("签名有误")


def test_a_call_that_carries_no_headers_at_all_is_refused() -> None:
    assert refused(called(**dict.fromkeys(SIGNED))).startswith("签名有误")


def test_a_call_to_another_operator_with_our_secret_is_refused() -> None:
    headers = signed_at(DOCUMENT_TIME, operator_id="999999999")
    assert refused(called(**headers)).startswith("运营商id有误")


@pytest.mark.parametrize("apart_s", [-300, -1, 0, 1, 300])
def test_a_call_within_five_minutes_is_of_our_time(apart_s: int) -> None:
    assert admit(called(at=DOCUMENT_TIME + timedelta(seconds=apart_s)))


@pytest.mark.parametrize("apart_s", [-301, -300.001, 300.001, 301, 8 * 3600, 86_400])
def test_a_call_more_than_five_minutes_apart_is_refused(apart_s: float) -> None:
    said = refused(called(at=DOCUMENT_TIME + timedelta(seconds=apart_s)))
    assert said == f"Datetime超时: {abs(apart_s):.0f} s from our clock"


def test_how_far_a_clock_may_be_off_is_a_setting() -> None:
    late = DOCUMENT_TIME + timedelta(seconds=31)
    assert admit(called(at=late, clock_s=31))
    assert refused(called(at=late, clock_s=30)).startswith("Datetime超时")


@pytest.mark.parametrize(
    "text", ["now", "1646027104", "2022-02-28T13:45:04", "28.02.2022 13:45", "2022-02-30 13:45:04"]
)
def test_a_time_that_cannot_be_read_is_refused_also_when_it_is_signed(text: str) -> None:
    lines = f"datetime: {text}\noperatorid: 395815801\ntoken: 8d3c9a"
    signature = hmac_sha256_base64(lines, "s3cret-key")
    said = refused(called(datetime=text, signature=signature))
    assert said == "Datetime有误: expected yyyy-MM-dd HH:mm:ss in Asia/Shanghai"


def test_the_same_call_proves_itself_alike_whenever_it_comes() -> None:
    query = {"cellId": "C-1", "operatorId": "395815801"}
    turned = dict(reversed(query.items()))
    later = DOCUMENT_TIME + timedelta(seconds=9)
    assert admit(called(query=query)) == admit(called(query=turned, at=later))


@pytest.mark.parametrize(
    "other",
    [
        called(body=b'{"requestId": "R-1"}'),
        called(body=b'{"requestId": "R-2"}'),
        called(body=b'{"requestId": ["R-1"]}'),
        called(query={"cellId": "C-1"}),
        called(query={"cellId": "C-2"}),
        called(query={"cellId": "C-1", "updateDatetime": ""}),
        called(**signed_at(DOCUMENT_TIME + timedelta(seconds=1))),
    ],
    ids=lambda call: f"{call.body!r} {call.query} {call.headers['datetime'][-2:]}",
)
def test_other_arguments_or_another_second_are_another_call(other: Called) -> None:
    others = [called(), called(body=b'{"requestId": null}'), called(query={"cellId": "C-3"})]
    assert admit(other) not in [admit(call) for call in others]
    assert admit(other) == admit(other)


def test_two_queries_that_read_alike_are_two_calls() -> None:
    queries: list[dict[str, str]] = [{"a": "1", "b": "2"}, {"a": "1&b=2"}, {"a": "1", "b": "2,"}]
    assert len({admit(called(query=query)) for query in queries}) == len(queries)


def test_one_body_written_in_two_ways_is_one_call() -> None:
    ways = [b'{"a":1,"b":[2.50,"x"]}', b'{ "b": [2.50, "\\u0078"], "a": 1 }']
    assert len({admit(called(body=body)) for body in ways}) == 1
