"""The sandbox starts, says so, stops, and explains why when it cannot."""

import signal
import socket
from pathlib import Path

import pytest
import requests

from tests.sandbox.callers import Control, Garage, SandboxWith, StartSandbox, listening_url
from tests.sandbox.pile_cloud import Application


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_cleanly_and_silently(
    start_sandbox: StartSandbox, name: signal.Signals
) -> None:
    process = start_sandbox("--port", "0")
    listening_url(process)
    process.send_signal(name)
    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == 0


def test_a_signal_stops_it_while_a_request_hangs(start_sandbox: StartSandbox) -> None:
    process = start_sandbox("--port", "0")
    url = listening_url(process)
    control = Control(url, "mall-garage")
    control.fault("hang")
    with pytest.raises(requests.exceptions.ReadTimeout):
        Garage(f"{url}/mall-garage", control).post({}, timeout_s=0.1)
    process.terminate()
    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == 0


def test_a_caller_that_hangs_up_while_sending_is_no_trouble(start_sandbox: StartSandbox) -> None:
    process = start_sandbox("--port", "0")
    url = listening_url(process)
    control = Control(url, "mall-garage")
    address = ("127.0.0.1", int(url.rpartition(":")[2]))
    path = "/mall-garage/parkpot-service/chargePile/chargingRecord"
    with socket.create_connection(address) as connection:
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{{".encode()
        )
        control.wait_for("requests", 1)
    control.wait_for("in_flight", 0)
    assert control.keys() == []
    process.terminate()
    assert process.communicate(timeout=10) == ("", "")


@pytest.mark.parametrize("answered", [True, False])
def test_a_signal_stops_it_while_it_calls_back(start_sandbox: StartSandbox, answered: bool) -> None:
    process = start_sandbox("--port", "0")
    url = listening_url(process)
    cloud = Application(f"{url}/pile-cloud", Control(url, "pile-cloud"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told = {"url": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        cloud.control.call("POST", "callback-url", json=told)
        cloud.start()
        connection, _ = silent.accept()
        if answered:
            connection.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
            cloud.control.wait_for("callbacks_refused", 1)
        process.terminate()
        assert process.communicate(timeout=10) == ("", "")
        connection.close()
    assert process.returncode == 0
    cloud.session.close()
    cloud.control.session.close()


def test_a_port_that_is_taken_is_explained_in_one_sentence(start_sandbox: StartSandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start_sandbox("--port", str(port))
        _, complaint = process.communicate(timeout=10)
    sentence = f"port {port} on 127.0.0.1 is already in use; choose another with --port"
    assert complaint == f"sandbox: {sentence}\n"
    assert process.returncode == 1


def test_two_vendors_of_one_system_are_kept_apart(
    sandbox_with: SandboxWith,
) -> None:
    url = sandbox_with({"north": {"system": "parkpot"}, "south": {"system": "parkpot"}})
    north = Garage(f"{url}/north", Control(url, "north"))
    south = Garage(f"{url}/south", Control(url, "south"))
    north.tell(orderNo="A")
    assert south.tell(orderNo="A") == {"result": 0}
    assert south.control.counters()["repeated_items"] == 0


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ("{", "is not JSON"),
        ("[]", '"vendors"'),
        ('{"vendors": {"a": {"system": "x"}}}', "vendor a: system must be one of"),
        ('{"vendors": {"a/b": {"system": "parkpot"}}}', "vendor 'a/b': a name is"),
        ('{"vendors": {"a": {"system": "parkpot", "kay": ""}}}', "unknown settings kay"),
        ('{"vendors": {"a": {"system": "parkpot", "key": 5}}}', "key must be text"),
        (
            '{"vendors": {"a": {"system": "charging_station", "signature_encoding": "x"}}}',
            "signature_encoding must be raw or hex",
        ),
        (
            '{"vendors": {"a": {"system": "charging_station", "token_lifetime_s": "x"}}}',
            "token_lifetime_s must be a number",
        ),
    ],
)
def test_a_wrong_config_is_explained_in_one_sentence(
    start_sandbox: StartSandbox, tmp_path: Path, config: str, complaint: str
) -> None:
    file = tmp_path / "vendors.json"
    file.write_text(config, encoding="utf-8")
    process = start_sandbox("--port", "0", "--config", str(file))
    _, told = process.communicate(timeout=10)
    assert complaint in told
    assert told.count("\n") == 1
    assert process.returncode == 1


def test_a_config_that_is_not_there_is_explained(
    start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    process = start_sandbox("--config", str(tmp_path / "nowhere.json"))
    _, told = process.communicate(timeout=10)
    assert "nowhere.json cannot be read: No such file" in told
