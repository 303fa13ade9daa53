import gzip
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue

import pytest
import requests

from worker import line
from worker.exchange import Answer, Http, NoAnswer

Play = Callable[[socket.socket], object]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Server:
    """Listens on loopback; does with each request what the play says."""

    listener: socket.socket
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    play: Play = lambda connection: connection.sendall(OK)
    over: threading.Event = field(default_factory=threading.Event)
    gone: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/x"

    def run(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while request := _request(connection):
                self.gone.clear()
                self.requests.append(request)
                self.play(connection)
        self.gone.set()


def _request(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        more = connection.recv(65_536)
        if not more:
            return b""
        got += more
    return got


@pytest.fixture
def server() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield server
        server.over.set()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def http(**changes: object) -> Http:
    return Http(**{"timeout_s": 5, "connect_timeout_s": 5, "max_bytes": 1000} | changes)


def get(url: str, **changes: object) -> Answer:
    return http(**changes).send(requests.Request("GET", url))


def no_answer(url: str, **changes: object) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        get(url, **changes)
    return caught.value


def test_an_answer_has_its_status_headers_and_body(server: Server) -> None:
    server.play = lambda c: c.sendall(
        b'HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 9\r\n\r\n{"a": 1}\n'
    )
    answer = get(server.url)
    assert (answer.status, answer.headers["retry-after"]) == (503, "7")
    assert answer.json() == {"a": 1}
    assert not answer.cut


def test_a_body_that_is_not_json_is_none_and_its_text_can_still_be_read() -> None:
    assert Answer(200, body=b"\xffok").json() is None
    assert Answer(200, body=b"[" * 100_000).json() is None
    assert Answer(200, body=b"\xffok").text() == "\ufffdok"


def test_a_refused_connection_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = no_answer(f"http://127.0.0.1:{port}/")
    assert not error.sent
    assert "refused" in str(error)


def test_an_unknown_host_was_not_sent() -> None:
    assert not no_answer("http://nobody.invalid/").sent


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 20"])
def test_a_connection_that_breaks_before_an_answer_may_have_been_sent(
    server: Server, before: bytes
) -> None:
    def breaks(connection: socket.socket) -> None:
        connection.sendall(before)
        connection.shutdown(socket.SHUT_RDWR)

    server.play = breaks
    assert no_answer(server.url).sent


def test_a_reset_after_the_request_may_have_been_sent(server: Server) -> None:
    def resets(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        connection.close()

    server.play = resets
    assert no_answer(server.url).sent
    assert server.connections == 1


def test_an_answer_that_breaks_off_is_no_answer(server: Server) -> None:
    def breaks(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort")
        connection.shutdown(socket.SHUT_RDWR)

    server.play = breaks
    assert no_answer(server.url).sent


@pytest.mark.parametrize(
    "odd",
    [
        b"what?\r\n\r\n",
        b"HTTP/1.1 banana\r\n\r\n",
        b"HTTP/9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_what_was_answered_oddly_may_have_been_taken(server: Server, odd: bytes) -> None:
    one = http()
    server.play = lambda connection: connection.sendall(odd)
    with pytest.raises(NoAnswer) as caught:
        one.send(requests.Request("GET", server.url))
    assert caught.value.sent
    server.play = lambda connection: connection.sendall(OK)
    assert one.send(requests.Request("GET", server.url)).body == b"ok"
    assert server.connections == 2


def test_what_could_not_begin_in_time_was_not_sent(server: Server) -> None:
    one = http()
    one.send(requests.Request("GET", server.url), begin_by=time.monotonic() + 60)
    with pytest.raises(NoAnswer) as caught:
        one.send(requests.Request("GET", server.url), begin_by=time.monotonic() - 1)
    assert not caught.value.sent
    assert len(server.requests) == 1


def test_silence_past_the_time_limit_may_have_been_sent(server: Server) -> None:
    server.play = lambda _: server.over.wait()
    error = no_answer(server.url, timeout_s=0.1)
    assert error.sent
    assert "time limit" in str(error)
    assert server.connections == 1


def test_a_body_that_drips_past_the_time_limit_is_no_answer(server: Server) -> None:
    """Each byte comes in time; the whole does not. The clock moves with every look at it."""
    now = [0.0]

    def clock() -> float:
        now[0] += 1
        return now[0]

    def drips(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not server.over.wait(0.005):
            connection.sendall(b".")

    server.play = drips
    error = no_answer(server.url, timeout_s=5, clock=clock)
    assert error.sent
    assert "too long" in str(error)


def test_headers_that_drip_past_the_time_limit_are_no_answer(server: Server) -> None:
    """The server drips for ten times the time limit, unless we hang up on it."""
    end: Queue[str] = Queue()

    def drips(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        try:
            for _ in range(40):
                connection.sendall(b"X-Slow: 1\r\n")
                server.over.wait(0.05)
            connection.sendall(b"Content-Length: 2\r\n\r\nok")
        except OSError:
            end.put("hung up on")
        else:
            end.put("heard to the end")

    server.play = drips
    assert no_answer(server.url, timeout_s=0.2).sent
    assert end.get(timeout=10) == "hung up on"


def test_a_body_is_read_up_to_the_cap(server: Server) -> None:
    server.play = lambda c: c.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000
    )
    answer = get(server.url, max_bytes=10)
    assert (answer.body, answer.cut) == (b"x" * 10, True)
    assert not get(server.url, max_bytes=5000).cut


def test_a_body_that_swells_is_read_up_to_the_cap(server: Server) -> None:
    bomb = gzip.compress(bytes(200_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    server.play = lambda connection: connection.sendall(head + bomb)
    tracemalloc.start()
    answer = get(server.url, max_bytes=1000)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(answer.body), answer.cut) == (1000, True)
    assert most_bytes < 20_000_000


def test_after_a_cut_answer_the_next_request_reads_its_own(server: Server) -> None:
    def long(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000)

    one = http(max_bytes=10)
    server.play = long
    assert one.send(requests.Request("GET", server.url)).cut
    server.play = lambda connection: connection.sendall(OK)
    assert one.send(requests.Request("GET", server.url)).body == b"ok"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(server: Server, status: int) -> None:
    there = b"Location: " + server.url.encode()
    server.play = lambda c: c.sendall(
        b"HTTP/1.1 %d Away\r\n%s\r\nContent-Length: 0\r\n\r\n" % (status, there)
    )
    assert get(server.url).status == status
    assert len(server.requests) == 1


def test_proxies_and_passwords_of_the_environment_are_ignored(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    monkeypatch.setenv("no_proxy", "")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert get(server.url).body == b"ok"
    assert b"authorization" not in server.requests[0].lower()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_nothing_is_sent_twice_whatever_the_answer(server: Server, status: int) -> None:
    server.play = lambda c: c.sendall(
        b"HTTP/1.1 %d No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n" % status
    )
    assert get(server.url).status == status
    assert len(server.requests) == 1


def test_a_connection_that_was_ended_meanwhile_is_not_used(server: Server) -> None:
    """Most servers end what is idle; a request on it would be lost, and Unclear."""

    def ends(connection: socket.socket) -> None:
        connection.sendall(OK)
        connection.shutdown(socket.SHUT_RDWR)

    one = http()
    server.play = ends
    for _ in range(3):
        assert one.send(requests.Request("GET", server.url)).body == b"ok"
        server.gone.wait(5)
    assert (server.connections, len(server.requests)) == (3, 3)


def test_a_connection_that_was_idle_for_long_is_not_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = http()
    for idle_s, connections in ((60.0, 1), (60.0, 1), (-1.0, 2)):
        monkeypatch.setattr(line, "IDLE_S", idle_s)
        one.send(requests.Request("GET", server.url))
        assert server.connections == connections


def test_a_connection_is_used_again_and_each_thread_has_its_own(server: Server) -> None:
    one = http()
    for _ in range(3):
        one.send(requests.Request("GET", server.url))
    assert server.connections == 1
    thread = threading.Thread(target=one.send, args=(requests.Request("GET", server.url),))
    thread.start()
    thread.join()
    assert (server.connections, len(server.requests)) == (2, 4)


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key, by openssl."""
    folder = tmp_path_factory.mktemp("papers")
    command = [
        "openssl",
        "req",
        "-x509",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=x",
        "-newkey",
        "rsa:2048",
    ]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture
def secure(papers: Path) -> Iterator[str]:
    """The address of a TLS server that answers nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(papers / "cert.pem", papers / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with suppress(OSError):
                    connection, _ = server.accept()
                    with suppress(OSError), context.wrap_socket(connection, server_side=True) as it:
                        it.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        over.set()
        socket.create_connection(server.getsockname()).close()
        thread.join(10)


def test_a_certificate_that_is_not_trusted_means_that_nothing_was_sent(secure: str) -> None:
    error = no_answer(secure)
    assert not error.sent
    assert "not trusted" in str(error)


def test_a_handshake_that_never_ends_means_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = no_answer(
            f"https://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.1, connect_timeout_s=0.1
        )
    assert not error.sent


def test_a_client_certificate_that_is_gone_means_that_nothing_was_sent(
    secure: str, papers: Path
) -> None:
    gone = (str(papers / "gone.pem"), str(papers / "key.pem"))
    http = Http(timeout_s=5, connect_timeout_s=5, max_bytes=100, cert=gone)
    with pytest.raises(NoAnswer) as caught:
        http.send(requests.Request("GET", secure))
    assert not caught.value.sent


@pytest.mark.parametrize("where", [b"/\xc4\xe3\xba\xc3", b"http://[::1", b"http://elsewhere/"])
def test_a_redirect_is_an_answer_wherever_it_points(server: Server, where: bytes) -> None:
    body = b"Content-Length: 2\r\n\r\nok"
    server.play = lambda connection: connection.sendall(
        b"HTTP/1.1 302 Found\r\nLocation: " + where + b"\r\n" + body
    )
    http = Http(timeout_s=5, connect_timeout_s=5, max_bytes=100)
    assert http.send(requests.Request("GET", server.url)).status == 302
    assert server.connections == 1


def test_the_body_of_a_redirect_is_read_up_to_the_cap(server: Server) -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 100000\r\n\r\n"
    server.play = lambda connection: connection.sendall(head + b"x" * 100_000)
    http = Http(timeout_s=5, connect_timeout_s=5, max_bytes=100)
    answer = http.send(requests.Request("GET", server.url))
    assert (len(answer.body), answer.cut) == (100, True)
