"""Every played system has bad days, not only the ones that are told records."""

import time
from collections.abc import Iterator

import pytest
import requests

from tests.sandbox.callers import Control, SandboxWith

CUT = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
CALLS = {
    "car-maker": "/info4gw/apigateway/info4-map/sgmMap/createOrder",
    "own-piles": "/admin/charge/status/set",
    "pile-cloud": "/open/charge/start",
}


class Caller:
    """Whoever calls a vendor, right or wrong."""

    def __init__(self, url: str, vendor: str) -> None:
        self.url = f"{url}/{vendor}{CALLS[vendor]}"
        self.control = Control(url, vendor)
        self.session = requests.Session()

    def post(self, timeout_s: float = 10) -> requests.Response:
        return self.session.post(self.url, json={}, timeout=timeout_s)


@pytest.fixture(params=CALLS)
def caller(default_sandbox: str, request: pytest.FixtureRequest) -> Iterator[Caller]:
    made = Caller(default_sandbox, request.param)
    yield made
    made.control.clean()
    made.session.close()


def test_latency_comes_before_the_true_answer(caller: Caller) -> None:
    caller.control.fault("latency", ms=1)
    assert caller.post().status_code == 200
    assert caller.control.counters()["faulted"] == 1


def test_an_http_status_names_its_wait(caller: Caller) -> None:
    caller.control.fault("http_status", status=503, retry_after_s=2)
    answer = caller.post()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


@pytest.mark.parametrize("after", [False, True])
def test_a_reset_cuts_the_connection(caller: Caller, after: bool) -> None:
    caller.control.fault("reset", after=after)
    with pytest.raises(CUT):
        caller.post()
    assert caller.control.counters()["refused"] == after


def test_a_hang_ends_when_it_is_over(caller: Caller) -> None:
    caller.control.fault("hang", seconds=0.05)
    with pytest.raises(CUT):
        caller.post()


def test_garbage_is_no_json(caller: Caller) -> None:
    caller.control.fault("garbage")
    with pytest.raises(ValueError, match="Expecting value"):
        caller.post().json()


def test_an_ordered_answer_is_given_as_it_is(caller: Caller) -> None:
    caller.control.fault("answer", body={"any": ["thing"]}, times=1)
    assert caller.post().json() == {"any": ["thing"]}
    assert caller.post().json() != {"any": ["thing"]}


def test_an_ordered_answer_needs_a_body(caller: Caller) -> None:
    answer = caller.control.call("POST", "faults", json={"kind": "answer"})
    assert answer.json() == {"message": "answer needs body: any JSON but null"}


def test_a_system_without_tokens_has_none_that_expire(default_sandbox: str) -> None:
    control = Control(default_sandbox, "pile-cloud")
    answer = control.call("POST", "faults", json={"kind": "expired_token"})
    assert answer.json() == {"message": "wanzhuang has no tokens that could expire"}
    control.session.close()


def test_a_token_of_a_pile_admin_ends_with_its_lifetime(sandbox_with: SandboxWith) -> None:
    url = sandbox_with({"short": {"system": "pile_admin", "token_lifetime_s": 0.001}})
    account = {"username": "admin", "password": "sandbox-password"}
    token = requests.post(f"{url}/short/a/login", json=account, timeout=10).json()["token"]
    time.sleep(0.05)
    asked = {"token": token}
    answer = requests.get(f"{url}/short/admin/charge/status/get", params=asked, timeout=10)
    assert answer.json() == {"code": -1, "msg": "token无效或已过期"}


def test_a_control_call_that_a_system_does_not_know_names_its_own(default_sandbox: str) -> None:
    control = Control(default_sandbox, "own-piles")
    answer = control.call("POST", "ports", json={})
    assert answer.status_code == 404
    assert "POST pile_login" in answer.json()["message"]
    control.session.close()
