"""A vendor's own calls leave nothing behind and read no more than they show."""

import asyncio
import socket

from sandbox.outgoing import Callback, Outgoing, Reply, Request
from sandbox.received import Received
from sandbox.server import serve_until
from sandbox.vendors import play
from tests.sandbox.receiver import receiver


def never(reply: Reply) -> bool:
    return False


def test_calls_in_the_background_end_with_the_server() -> None:
    async def tasks_left(silent_url: str) -> int:
        stop = asyncio.Event()
        vendors = play({"cloud": {"system": "wanzhuang"}})
        serving = asyncio.create_task(
            serve_until(stop, vendors, "127.0.0.1", 0, lambda url: stop.set())
        )
        await stop.wait()
        callback = Callback("any", lambda: Request("GET", silent_url), never)
        vendors["cloud"].system.outgoing.tell(callback)
        await serving
        return len(asyncio.all_tasks()) - 1

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert asyncio.run(tasks_left(url)) == 0


def test_a_long_answer_is_read_up_to_what_can_be_shown() -> None:
    outgoing = Outgoing(Received())
    with receiver("") as operator:
        operator.answer_next((200, "x" * 200_000))
        callback = Callback("any", lambda: Request("GET", operator.url), never)
        reply = asyncio.run(outgoing.call(callback))
    assert reply == Reply(200, "x" * 65_536)


def test_a_url_that_cannot_be_called_is_an_answer_without_status() -> None:
    outgoing = Outgoing(Received())
    for url in ("http://", "http://[::1", "http://a b/", "http://localhost:99999/"):
        callback = Callback("any", lambda url=url: Request("GET", url), never)
        reply = asyncio.run(outgoing.call(callback))
        assert reply.status is None
