"""Where a vendor's name leads is seen when it is connected to; nothing is sent inside unasked."""

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from config.settings import Settings
from tests.journey.test_every_operation import VENDORS
from tests.sandbox import certificates
from tests.worker.vendors.scripted import make
from tests.worker.vendors.test_every_vendor import EXAMPLES, pack
from worker.calling import Caller
from worker.exchange import Answer, Http, NoAnswer
from worker.outcomes import TryLater, Unclear
from worker.pace import Pace
from worker.sender import Sender, line_to
from worker.vendor import System
from worker.vendors import systems

ROOT = Path(__file__).parents[2]
NAME = "vendor.example"
OUTSIDE = "93.184.216.34"
ELSEWHERE = "2606:2800:220:1::1"
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
SETTINGS = Settings(_env_file=None)


@dataclass
class Internet:
    """A name server of our own, and a way from addresses to what listens on loopback.

    Attributes:
        says: what it says of a name, one answer after the other; the last one stays.
        leads: the loopback ports that addresses lead to.
        asked: the names that it was asked for.
    """

    says: dict[str, list[list[str]]] = field(default_factory=dict)
    leads: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def getaddrinfo(self, host: str, port: int, *_: object, **__: object) -> list[Any]:
        if host in self.leads:
            where = ("127.0.0.1", self.leads[host])
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", where)]
        self.asked.append(host)
        answers = self.says.get(host, [[host]])
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]


@dataclass
class Host:
    """Listens on loopback, answers everything, and counts who comes."""

    listener: socket.socket
    context: ssl.SSLContext | None = None
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def run(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                with connection, suppress(OSError):
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        if self.context is None:
            self.requests.append(connection.recv(65_536))
            connection.sendall(OK)
            return
        with self.context.wrap_socket(connection, server_side=True) as secure:
            self.requests.append(secure.recv(65_536))
            secure.sendall(OK)


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    internet = Internet()
    monkeypatch.setattr(socket, "getaddrinfo", internet.getaddrinfo)
    return internet


@pytest.fixture
def host() -> Iterator[Host]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = Host(listener)
        thread = threading.Thread(target=host.run, daemon=True)
        thread.start()
        yield host
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def get(host: Host, scheme: str = "http", **changes: object) -> Answer:
    http = Http(timeout_s=5, connect_timeout_s=5, max_bytes=100, **{"public_only": True} | changes)
    return http.send(requests.Request("GET", f"{scheme}://{NAME}:{host.port}/x"))


def refusal(host: Host, scheme: str = "http") -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        get(host, scheme)
    return caught.value


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "::ffff:10.0.0.1"]
)
def test_a_name_that_leads_inside_is_not_even_connected_to(
    internet: Internet, host: Host, scheme: str, address: str
) -> None:
    internet.says[NAME] = [[address]]
    error = refusal(host, scheme)
    assert (error.sent, error.forbidden) == (False, True)
    assert str(error) == (
        f"{NAME} is at {address}, which is not a public address: nothing was sent; "
        "if the vendor is there, set private_address = true in its table"
    )
    assert host.connections == 0


def test_one_address_inside_among_others_is_enough(internet: Internet, host: Host) -> None:
    internet.says[NAME] = [[OUTSIDE, "127.0.0.1"]]
    internet.leads[OUTSIDE] = host.port
    assert refusal(host).forbidden
    assert host.connections == 0


def test_with_the_setting_it_is_reached(internet: Internet, host: Host) -> None:
    internet.says[NAME] = [["127.0.0.1"]]
    assert get(host, public_only=False).body == b"ok"


def test_a_name_that_leads_outside_is_reached_under_its_name(
    internet: Internet, host: Host
) -> None:
    internet.says[NAME] = [[OUTSIDE]]
    internet.leads[OUTSIDE] = host.port
    assert get(host).body == b"ok"
    assert f"Host: {NAME}:{host.port}".encode() in host.requests[0]


def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to(
    internet: Internet, host: Host
) -> None:
    """A name server that says something else the second time is not asked a second time."""
    internet.says[NAME] = [[OUTSIDE], ["127.0.0.1"]]
    internet.leads[OUTSIDE] = host.port
    assert get(host).body == b"ok"
    assert internet.asked == [NAME]


def test_every_connection_looks_anew(internet: Internet, host: Host) -> None:
    internet.says[NAME] = [[OUTSIDE], ["127.0.0.1"]]
    internet.leads[OUTSIDE] = host.port
    http = Http(timeout_s=5, connect_timeout_s=5, max_bytes=100, public_only=True)
    request = requests.Request("GET", f"http://{NAME}:{host.port}/x")
    http.send(request)
    with pytest.raises(NoAnswer) as caught:
        http.send(request)
    assert caught.value.forbidden
    assert host.connections == 1


def test_an_address_that_refuses_is_followed_by_the_next(internet: Internet, host: Host) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        closed = nobody.getsockname()[1]
    internet.says[NAME] = [[OUTSIDE, ELSEWHERE]]
    internet.leads = {OUTSIDE: closed, ELSEWHERE: host.port}
    assert get(host).body == b"ok"
    internet.says[NAME] = [[OUTSIDE]]
    assert str(refusal(host)) == "the connection was refused"


@pytest.mark.parametrize("fault", [socket.gaierror("unknown"), UnicodeError("label too long")])
def test_a_name_that_nobody_knows_was_not_sent_to(
    monkeypatch: pytest.MonkeyPatch, host: Host, fault: Exception
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = refusal(host)
    assert (error.sent, error.forbidden, str(error)) == (
        False,
        False,
        "the host's name is not known",
    )


def test_over_tls_the_certificate_is_checked_against_the_name(
    internet: Internet, host: Host, tmp_path: Path
) -> None:
    paper = certificates.make(tmp_path, "server", f"DNS:{NAME}")
    host.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    host.context.load_cert_chain(*paper.pair)
    internet.says[NAME] = [[OUTSIDE]]
    internet.leads[OUTSIDE] = host.port
    assert get(host, "https", ca_file=str(paper.cert)).body == b"ok"
    stranger = certificates.make(tmp_path, "stranger")
    host.context.load_cert_chain(*stranger.pair)
    with pytest.raises(NoAnswer, match="not trusted"):
        get(host, "https", ca_file=str(stranger.cert))


def _call_all(sender: Sender, system: System[Any]) -> None:
    """Every operation of the document, as a person calls it."""
    (vendor,) = (one for one in VENDORS.values() if one.table["system"] == system.name)
    for name, given in vendor.calls:
        arguments = system.operations[name].arguments.model_validate(given)
        outcome = Caller(system, sender).call(name, arguments).reply.outcome
        assert isinstance(outcome, TryLater)
        assert "private_address = true" in outcome.reason


@pytest.mark.parametrize("name", sorted(systems()))
@pytest.mark.parametrize("inside", ["10.0.0.1", "::1"])
def test_no_system_sends_anything_inside(internet: Internet, name: str, inside: str) -> None:
    """Its token, its reports of every kind, its look-ups and its calls."""
    internet.says[NAME] = [[inside]]
    system = make(name, EXAMPLES[name].settings)
    sender = Sender(
        system,
        line_to(system, SETTINGS),
        Pace(None, clock=lambda: 0.0, sleep=lambda _: None),
        clock=system.clock,
        keep_bytes=100,
    )
    for kind, takes in system.takes.items():
        events = pack(system, kind)[:1]
        outcome, attempts = sender.tell(kind, events, (1,))
        assert isinstance(outcome, TryLater)
        assert outcome.whole_lane
        assert "private_address = true" in outcome.reason
        assert all(one.http_status is None for one in attempts)
        if takes.look_up:
            (found,), _ = sender.look_up(events, (1,))
            assert isinstance(found, Unclear)
    _call_all(sender, system)
    assert set(internet.asked) == {NAME}


def test_nothing_but_the_line_to_a_vendor_opens_connections() -> None:
    """Nobody sends past the check. `callbacks check` asks our own address."""
    opens = re.compile(r"\bHttp\(|requests\.(Session|get|head|post|put|delete|request)\(|urlopen")
    found = {
        str(path.relative_to(ROOT))
        for folder in ("worker", "tasks", "config")
        for path in (ROOT / folder).rglob("*.py")
        if opens.search(path.read_text("utf-8"))
    }
    assert not any("verify=False" in (ROOT / path).read_text("utf-8") for path in found)
    assert found == {"worker/sender.py", "worker/cli/callbacks.py"}
