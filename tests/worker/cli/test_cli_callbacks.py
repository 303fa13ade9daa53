"""`chargerelay callbacks register`, `check`, `remove` and `log` at the sandbox's city platform."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.callers import Control, listening_url
from tests.worker.cli.conftest import Run
from worker.callback import Meaning
from worker.journal import callbacks as journal
from worker.journal.callbacks import Fate, Trace
from worker.journal.engine import open_journal

ROOT = Path(__file__).parents[3]
NAMES = ["report-failure", "charging-meta-info", "cell-risk"]
VENDORS = """
[vendors.city-platform]
system = "charging_station"
base_url = "{url}/city-platform"
private_address = true
operator_id = "395815801"
secret = "{secret}"

[vendors.pile-cloud]
system = "wanzhuang"
base_url = "{url}/pile-cloud"
private_address = true
app_id = "app-1"
app_secret = "HIDDEN"
operator_id = "395815801"
callback_token = "HIDDEN-TOKEN-16-LETTERS"

[vendors.mall-garage]
system = "parkpot"
base_url = "{url}/mall-garage"
private_address = true
port_name = "acme"
park_id = "3302122004"
key = "HIDDEN"
"""


class Answers(BaseHTTPRequestHandler):
    """What stands where we say that our callback server is."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


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
def here(clean: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Our own address, which answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("RELAY_CALLBACKS_URL", f"{url}/")
    yield url
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def relay(
    run: Run,
    here: str,
    played: str,
    city: Control,
    with_journal: str,
    with_broker: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Everything that the commands need."""
    write_vendors(tmp_path, played, "sandbox-secret")
    monkeypatch.setenv("RELAY_VENDORS_FILE", str(tmp_path / "vendors.toml"))
    return run


def write_vendors(folder: Path, url: str, secret: str) -> None:
    (folder / "vendors.toml").write_text(VENDORS.format(url=url, secret=secret))


def rows(run: Run, *command: str, code: int = 0) -> list[dict[str, Any]]:
    ended = run(*command, "--json")
    assert ended.code == code, ended
    found: list[dict[str, Any]] = json.loads(ended.out)
    return found


def told(city: Control) -> dict[str, str]:
    items = city.call("GET", "received").json()["items"]
    return {i["body"]["callback"]: i["body"]["url"] for i in items if i["kind"] == "callback-url"}


def test_a_vendor_is_told_the_address_of_each_callback(
    relay: Run, city: Control, here: str
) -> None:
    done = rows(relay, "callbacks", "register", "city-platform")
    assert [(row["callback"], row["outcome"]) for row in done] == [(n, "accepted") for n in NAMES]
    own = f"{here}/callbacks/city-platform"
    assert told(city) == {
        "reportFailure": f"{own}/report-failure",
        "getChargingMetaInfo": f"{own}/charging-meta-info",
        "notifyCellRisk": f"{own}/cell-risk",
    }
    assert [row["state"] for row in rows(relay, "callbacks", "check", "city-platform")] == [
        "as told"
    ] * 3


def test_another_address_than_the_one_that_was_told_is_shown(
    relay: Run, monkeypatch: pytest.MonkeyPatch, here: str
) -> None:
    never = rows(relay, "callbacks", "check", "city-platform", code=1)
    assert [row["state"] for row in never] == ["not told"] * 3
    relay("callbacks", "register", "city-platform")
    monkeypatch.setenv("RELAY_CALLBACKS_URL", here.replace("127.0.0.1", "localhost"))
    moved = rows(relay, "callbacks", "check", "city-platform", code=1)
    assert [row["state"] for row in moved] == ["another"] * 3
    assert here in moved[0]["told"]


def test_an_address_of_ours_that_does_not_answer_is_said(
    relay: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_CALLBACKS_URL", "http://127.0.0.1:1")
    relay("callbacks", "register", "city-platform")
    ended = relay("callbacks", "check", "city-platform")
    assert ended.code == 1
    assert "http://127.0.0.1:1/readyz does not answer from here" in ended.err


def test_what_the_vendors_calls_can_take_back_is_taken_back(relay: Run, city: Control) -> None:
    relay("callbacks", "register", "city-platform")
    done = rows(relay, "callbacks", "remove", "city-platform")
    assert [row["outcome"] for row in done] == ["accepted", "accepted", "by hand"]
    assert told(city)["reportFailure"] == told(city)["getChargingMetaInfo"] == ""
    states = [row["state"] for row in rows(relay, "callbacks", "check", "city-platform", code=1)]
    assert states == ["not told", "not told", "as told"]


def test_what_the_vendor_refuses_is_not_remembered(relay: Run, played: str, tmp_path: Path) -> None:
    write_vendors(tmp_path, played, "wrong")
    ended = relay("callbacks", "register", "city-platform")
    assert ended.code == 1
    assert "签名" in ended.out
    assert rows(relay, "callbacks", "check", "city-platform", code=1)[0]["state"] == "not told"


def test_a_vendor_without_a_call_for_it_is_told_by_hand(relay: Run, here: str) -> None:
    ended = relay("callbacks", "register", "pile-cloud")
    assert ended.code == 1
    assert f"give the vendor the address {here}/callbacks/pile-cloud/TOKEN by hand" in ended.err
    assert "HIDDEN" not in ended.err + ended.out
    states = {row["state"] for row in rows(relay, "callbacks", "check", "pile-cloud")}
    assert states == {"by hand"}


def test_a_vendor_that_calls_nothing_is_said(relay: Run) -> None:
    ended = relay("callbacks", "register", "mall-garage")
    assert (ended.code, ended.err) == (1, "chargerelay: mall-garage (parkpot) calls nothing\n")


def test_who_told_a_vendor_is_kept(relay: Run) -> None:
    relay("callbacks", "register", "city-platform", "--by", "ana")
    relay("callbacks", "remove", "city-platform", "--by", "bo")
    audit = rows(relay, "audit")
    assert [(row["who"], row["act"]) for row in audit] == [
        ("bo", "callbacks remove"),
        ("ana", "callbacks register"),
    ]
    assert json.loads(audit[1]["asked"]) == {"vendor": "city-platform"}
    assert json.loads(audit[1]["result"]) == dict.fromkeys(NAMES, "accepted")


def test_the_calls_of_vendors_are_listed_newest_first(relay: Run, with_journal: str) -> None:
    engine = open_journal(with_journal)
    now = datetime.now(UTC)
    journal.keep(engine, Trace("city-platform", "cell-risk", now, "{}"), Meaning("W-1"), [], now)
    refused = Trace("city-platform", "report-failure", now, "{}")
    journal.note(engine, refused, Fate.REFUSED, 401, "signed by nobody")
    engine.dispose()
    assert [row["reason"] for row in rows(relay, "callbacks", "log")] == [
        "signed by nobody",
        "taken",
    ]
    taken = rows(relay, "callbacks", "log", "--outcome", "taken", "--vendor", "city-platform")
    assert [row["subject"] for row in taken] == ["W-1"]
    assert rows(relay, "callbacks", "log", "--subject", "W-2") == []
    assert "report-failure" in relay("callbacks", "log").out
