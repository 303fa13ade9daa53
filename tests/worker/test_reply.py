import pytest

from worker.reply import OddReply, Reply

HEAD = b"HTTP/1.1 200 OK\r\n"


def heard(*parts: bytes, most_bytes: int = 1000) -> Reply:
    reply = Reply(most_bytes)
    for part in parts:
        reply.take(part)
    return reply


def seen(reply: Reply) -> tuple[int, bytes, bool, bool]:
    return reply.status, bytes(reply.body), reply.over, reply.lasting


WHOLE = {
    "with its length": HEAD + b"Content-Length: 2\r\n\r\nok",
    "in chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;x=y\r\nk\r\n0\r\n\r\n",
    "with lines that end in LF alone": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "without a word for its status": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
    "after a bidding to go on": b"HTTP/1.1 100 Continue\r\nX: 1\r\n\r\n"
    + HEAD
    + b"Content-Length: 2\r\n\r\nok",
    "with words in UTF-8": "HTTP/1.1 200 成功\r\nX: 成功\r\nContent-Length: 2\r\n\r\nok".encode(),
}


@pytest.mark.parametrize("name", WHOLE)
def test_an_answer_is_read_whole_however_it_is_cut_up(name: str) -> None:
    raw = WHOLE[name]
    for reply in (heard(raw), heard(*(raw[i : i + 1] for i in range(len(raw))))):
        assert seen(reply) == (200, b"ok", True, True)
    assert not heard(raw[:-1]).over


def test_headers_are_as_they_were_written() -> None:
    reply = heard(b"HTTP/1.1 100 Continue\r\nX: 1\r\n\r\n" + HEAD + b"a: 1\r\nA:  2 \r\n\r\n")
    assert reply.headers == [("a", "1"), ("A", "2")]


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_is_over_with_its_head(status: int) -> None:
    assert seen(heard(b"HTTP/1.1 %d No\r\n\r\n" % status)) == (status, b"", True, True)


@pytest.mark.parametrize("measured", [b"Content-Length: 2", b"Transfer-Encoding: chunked", b"X: 1"])
def test_an_answer_to_head_is_over_whatever_length_it_names(measured: bytes) -> None:
    reply = Reply(1000, head_only=True)
    reply.take(HEAD + measured + b"\r\n\r\n")
    assert seen(reply) == (200, b"", True, False)


@pytest.mark.parametrize("first", [HEAD, b"HTTP/1.0 200 OK\r\n"])
def test_a_body_without_a_length_lasts_until_the_end(first: bytes) -> None:
    reply = heard(first + b"\r\no", b"k")
    assert not reply.over
    reply.take(b"")
    assert seen(reply) == (200, b"ok", True, False)


@pytest.mark.parametrize(
    "part",
    [
        b"",
        b"HTTP/1.1 20",
        HEAD,
        HEAD + b"Content-Length: 3\r\n\r\nok",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
    ],
)
def test_an_end_that_comes_too_early_is_a_broken_connection(part: bytes) -> None:
    reply = heard(part) if part else heard()
    with pytest.raises(ConnectionError):
        reply.take(b"")


def test_a_connection_that_is_to_end_carries_no_other_request() -> None:
    assert not heard(HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\nok").lasting
    assert not heard(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok").lasting


@pytest.mark.parametrize("more", [b"HTTP/1.1 200 OK\r\n", b"x", b"\x00\xff"])
def test_what_follows_unasked_is_nobodys_and_ends_the_connection(more: bytes) -> None:
    assert seen(heard(HEAD + b"Content-Length: 2\r\n\r\nok" + more)) == (200, b"ok", True, False)


def test_another_protocol_is_an_answer_and_ends_the_connection() -> None:
    head = b"HTTP/1.1 101 Now\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
    for more in (b"", b"\x00"):
        assert seen(heard(head + more)) == (101, b"", True, False)


def test_no_more_is_kept_than_the_cap_and_what_came_with_it() -> None:
    reply = heard(HEAD + b"Content-Length: 99\r\n\r\n", b"x" * 10, b"x", most_bytes=10)
    assert (len(reply.body), reply.over, reply.cut, reply.lasting) == (11, True, True, False)
    assert not heard(HEAD + b"Content-Length: 10\r\n\r\n" + b"x" * 10, most_bytes=10).cut


@pytest.mark.parametrize(
    "odd",
    [
        b"what?\r\n\r\n",
        HEAD + b"Content-Length: -2\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n",
        HEAD + b"X: " + b"x" * 70_000,
    ],
)
def test_what_is_no_answer_is_told_apart(odd: bytes) -> None:
    with pytest.raises(OddReply):
        heard(odd)
