"""`chargerelay call` against the vendors that the sandbox plays."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.sandbox.callers import Control, listening_url
from tests.worker.cli.conftest import Run

ROOT = Path(__file__).parents[3]
VENDORS = """
[vendors.city-platform]
system = "charging_station"
base_url = "{url}/city-platform"
private_address = true
operator_id = "395815801"
secret = "{secret}"
risk_url = "{url}/city-platform/risk"

[vendors.mall-garage]
system = "parkpot"
base_url = "{url}/mall-garage"
private_address = true
port_name = "acme"
park_id = "3302122004"
key = "sandbox-key"
timeout_s = 0.5
"""
URL = "https://relay.example/failed"
RECORD = {
    "orderNo": "A-1",
    "plateNo": "浙B12345",
    "startTime": "2024-05-01 09:00:00",
    "endTime": "2024-05-01 10:00:00",
    "stationId": "S-1",
    "stationName": "Station",
    "deviceId": "D-1",
    "deviceName": "Device",
    "power": "12.30",
}


@pytest.fixture(scope="module")
def played() -> Iterator[str]:
    """The URL of a sandbox."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield listening_url(process)
    process.terminate()
    process.communicate()


@pytest.fixture
def city(played: str) -> Iterator[Control]:
    """The control of the city platform."""
    control = Control(played, "city-platform")
    yield control
    control.clean()


@pytest.fixture
def garage(played: str) -> Iterator[Control]:
    """The control of the parking gate."""
    control = Control(played, "mall-garage")
    yield control
    control.clean()


@pytest.fixture
def vendors(clean: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, played: str) -> Path:
    """The commands know both vendors."""
    path = tmp_path / "vendors.toml"
    path.write_text(VENDORS.format(url=played, secret="sandbox-secret"), encoding="utf-8")
    monkeypatch.setenv("RELAY_VENDORS_FILE", str(path))
    return path


usefixtures = pytest.mark.usefixtures


@usefixtures("vendors", "with_broker")
def test_a_call_is_signed_sent_and_its_answer_explained(run: Run, city: Control) -> None:
    ended = run("call", "city-platform", "set-report-failure-url", "-a", f"url={URL}")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("accepted: 请求成功! (code 200)\n")
    assert city.keys() == ["reportFailure"]


@usefixtures("vendors", "with_broker", "city")
def test_what_it_brings_is_shown_and_as_json_it_is_an_array_of_objects(run: Run) -> None:
    arguments = ("call", "city-platform", "list-stations", "-a", "pageSize=5")
    assert '"totalRecord": 0' in run(*arguments).out
    (row,) = json.loads(run(*arguments, "--json").out)
    assert row == {
        "vendor": "city-platform",
        "operation": "list-stations",
        "outcome": "accepted",
        "code": "200",
        "reason": "请求成功!",
        "data": {"totalRecord": 0, "totalPage": 0, "pageList": []},
    }


@usefixtures("vendors", "with_broker")
def test_a_token_that_ran_out_is_renewed_within_the_call(run: Run, city: Control) -> None:
    arguments = ("call", "city-platform", "list-cells")
    assert run(*arguments).code == 0
    city.fault("expired_token", times=1)
    assert run(*arguments).code == 0


@usefixtures("vendors", "with_broker", "city")
def test_a_token_is_fetched_and_not_shown(run: Run, redis: Redis) -> None:
    run("call", "city-platform", "list-cells")
    token = redis.get("relay:token:city-platform")
    assert isinstance(token, bytes)
    ended = run("call", "city-platform", "fetch-token", "--show")
    assert ended.code == 0
    assert '"token": "*** (32 characters)"' in ended.out
    (row,) = json.loads(run("call", "city-platform", "fetch-token", "--raw", "--json").out)
    assert len(json.loads(row["answer"])["data"]) == 32


@usefixtures("vendors", "with_broker", "city")
def test_a_refusal_is_shown_with_its_reason(run: Run) -> None:
    ended = run("call", "city-platform", "create-station", "-a", "stationId=S-1")
    assert ended.code == 1
    assert ended.out.startswith("refused: equipmentOwnerId不能为空 (code 400)")


@usefixtures("vendors")
def test_what_was_sent_is_shown_before_its_signature(run: Run, garage: Control) -> None:
    ended = run("call", "mall-garage", "push-record", "--with", json.dumps(RECORD), "--show")
    assert f"POST {garage.base_url}/mall-garage/parkpot-service/chargePile" in ended.out
    assert '"orderNo": "A-1"' in ended.out
    assert "HTTP 200" in ended.out
    assert "sandbox-key" not in ended.out


@usefixtures("vendors")
def test_an_answer_that_does_not_come_is_unclear(run: Run, garage: Control) -> None:
    garage.fault("hang", times=1)
    arguments = ("call", "mall-garage", "push-record", "--with", json.dumps(RECORD))
    ended = run(*arguments)
    assert ended.code == 1
    assert ended.out == "unclear: no answer within the time limit\n"
    assert ended.err == ""
    assert run(*arguments).out == "accepted: accepted (code 0)\n"


@usefixtures("vendors", "with_broker")
def test_a_call_that_may_have_arrived_is_not_to_be_repeated_blindly(
    run: Run, city: Control
) -> None:
    run("call", "city-platform", "list-cells")
    city.fault("garbage", times=1)
    record = {
        "startChargeSeq": "395815801202405010900004013",
        "cellId": "C-1",
        "startDatetime": "2024-05-01 09:00:00",
        "endDatetime": "2024-05-01 10:00:00",
        "totalPower": 12.3,
        "totalElecMoney": 9.84,
        "totalServiceMoney": 0,
        "stopReason": 0,
        "averagePower": 6.15,
    }
    ended = run("call", "city-platform", "report-record", "--with", json.dumps(record))
    assert ended.code == 1
    assert ended.out.startswith("unclear: ")
    assert "look at the vendor before calling it again" in ended.err


def test_a_vendor_that_is_not_there_is_tried_later(run: Run, vendors: Path) -> None:
    nobody = VENDORS.format(url="http://127.0.0.1:9", secret="x")
    vendors.write_text(nobody, encoding="utf-8")
    ended = run("call", "mall-garage", "push-record", "--with", json.dumps(RECORD))
    assert (ended.code, ended.out) == (1, "try-later: the connection was refused\n")


@usefixtures("with_broker", "city")
def test_a_wrong_secret_is_explained(run: Run, vendors: Path) -> None:
    vendors.write_text(vendors.read_text("utf-8").replace("sandbox-secret", "wrong"), "utf-8")
    ended = run("call", "city-platform", "list-cells")
    assert ended.code == 1
    assert "platform refuses our credentials" in ended.out


@usefixtures("vendors")
def test_without_the_broker_a_call_that_needs_a_token_says_so(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_BROKER_URL", "redis://127.0.0.1:9/0")
    ended = run("call", "city-platform", "list-cells")
    assert ended.code == 1
    assert ended.err.startswith("chargerelay: the broker at redis://127.0.0.1:9/0 does not answer")
    assert ended.err.count("\n") == 1
    assert run("call", "mall-garage", "push-record", "--with", json.dumps(RECORD)).code == 0


@usefixtures("clean")
def test_without_a_vendors_file_it_says_what_to_set(run: Run) -> None:
    ended = run("call", "city-platform", "list-cells")
    assert ended.code == 1
    assert "set RELAY_VENDORS_FILE" in ended.err


@usefixtures("vendors")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cty-platform"], "no vendor is called cty-platform; did you mean city-platform"),
        (["city-platform", "list-cell"], "has no operation list-cell; did you mean list-cells"),
        (["city-platform", "list-cells", "-a", "pagesize=5"], "did you mean pageSize"),
        (["city-platform", "list-cells", "-a", "pageSize"], "-a pageSize: expected name=value"),
        (["city-platform", "list-cells", "-a", "pageSize=many"], "pageSize: expected a valid int"),
        (["city-platform", "list-cells", "--with", "{"], "--with: not JSON"),
        (["city-platform", "list-cells", "--with", "[]"], "--with: expected a JSON object"),
        (["city-platform", "list-cells", "--with", "@none.json"], "none.json cannot be read"),
        (["city-platform", "delete-cell"], "cellId is missing: 充电设备接口编码"),
        (["city-platform", "fetch-token", "-a", "x=1"], "x is no argument of it: it takes none"),
        (["city-platform", "list-cells", "--follow"], "list-cells begins nothing"),
        (
            ["city-platform", "report-statuses", "-a", 'items=[{"cellid": "C-1"}]'],
            "items.0.cellid is no argument of it; did you mean cellId",
        ),
        (
            ["city-platform", "report-statuses", "-a", 'items=[{"cellId": "C-1"}]'],
            "items.0.equipmentId is missing: 所属充电设施ID, text",
        ),
    ],
)
def test_what_is_asked_wrongly_is_answered_with_one_sentence(
    run: Run, arguments: list[str], said: str
) -> None:
    ended = run("call", *arguments)
    assert ended.code == 1
    assert ended.out == ""
    assert said in ended.err
    assert ended.err.count("\n") == 1


@usefixtures("vendors")
def test_every_fault_of_the_arguments_is_named_at_once(run: Run) -> None:
    given = '{"cellId": "C-1", "cellType": 9, "colour": "red"}'
    ended = run("call", "city-platform", "create-cell", "--with", given)
    for said in ("cellType: expected 1, 2, 3, 4 or 5, got '9'", "colour is no", "fireControl is"):
        assert said in ended.err


@usefixtures("vendors", "with_broker", "city")
def test_arguments_come_from_a_file_or_stdin_and_a_pair_takes_precedence(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "page.json"
    path.write_text('{"pageSize": 500, "pageIndex": 1}', encoding="utf-8")
    arguments = ("call", "city-platform", "list-records", "--with")
    assert run(*arguments, f"@{path}").code == 1
    assert run(*arguments, f"@{path}", "-a", "pageSize=5").code == 0
    assert run(*arguments, "-", stdin=b'{"pageSize": 7}').code == 0


@usefixtures("vendors")
def test_what_can_be_called_is_listed(run: Run) -> None:
    out = run("call", "city-platform").out
    assert "create-cell" in out
    assert "充电口管理 / 提交一个充电口信息" in out.replace("\n", "")
    rows: list[dict[str, Any]] = json.loads(run("call", "city-platform", "--json").out)
    assert {"create-station", "fetch-token"} <= {row["operation"] for row in rows}
    assert all(row["known"] for row in rows)


@usefixtures("vendors")
def test_an_operation_is_described(run: Run) -> None:
    ended = run("call", "city-platform", "create-cell", "--describe")
    assert ended.code == 0
    assert "request: POST /platform/management/cell" in ended.out
    assert "known: the document, in full" in ended.out
    assert "(required)" in ended.out
    rows = json.loads(run("call", "city-platform", "create-cell", "--describe", "--json").out)
    by_name = {row["name"]: row for row in rows}
    assert by_name["cellType"]["expected"] == "1, 2, 3, 4 or 5"
    assert by_name["operatorId"]["required"] is False
    assert "it takes no arguments" in run("call", "city-platform", "fetch-token", "--describe").out


@usefixtures("with_vendors")
def test_it_is_described_without_the_secrets(run: Run) -> None:
    assert run("call", "city-garage", "push-record", "--describe").code == 0
    ended = run("call", "city-garage", "push-record", "--with", json.dumps(RECORD))
    assert "the environment has no GARAGE_KEY" in ended.err
