"""The callback server as tests run it: a real one, on a free loopback port, in a thread."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import requests
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine

from config.settings import Settings
from tests.worker.callbacks.platform_caller import Platform
from tests.worker.desk import Desk
from tests.worker.vendors.city import city
from tests.worker.vendors.cloud import cloud
from worker.callbacks.app import create_app
from worker.callbacks.door import Door
from worker.vendor import System

PATIENCE_S = 30
MOST_AT_ONCE = 100


CLOUD_TOKEN = "Hush-token_of-the-URL"


def make_vendors() -> Mapping[str, System[Any]]:
    """`city`, which speaks charging_station, and `cloud`, which speaks wanzhuang."""
    vendors: dict[str, System[Any]] = {
        "city": city(),
        "cloud": cloud(callback_token=CLOUD_TOKEN),
    }
    for name, system in vendors.items():
        system.vendor = name
    return vendors


def make_door(engine: Engine, clock: Callable[[], datetime], **settings: object) -> Door:
    """The door of both vendors, at a time that the test sets."""
    given = Settings(_env_file=None, **settings)  # type: ignore[arg-type]
    return Door(engine, make_vendors(), given, clock=clock)


@contextmanager
def called_by_platform(
    desk: Desk, publish: Callable[[], object] = lambda: None, **settings: object
) -> Iterator[Platform]:
    """Who calls a server on the journal and by the clock of a desk."""
    door = make_door(desk.engine, desk.clock, **settings)
    with serving(door, publish) as port, requests.Session() as session:
        yield Platform(port, desk.clock, session)


@contextmanager
def serving(door: Door, publish: Callable[[], object] = lambda: None) -> Iterator[int]:
    """The port of the server, for as long as the block lasts."""
    with serving_app(create_app(door, publish, lambda: None)) as port:
        yield port


@contextmanager
def serving_app(app: FastAPI) -> Iterator[int]:
    """The port of any application, likewise."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        limit_concurrency=MOST_AT_ONCE,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    # With its protocol named, or asyncio would leave Nagle's algorithm on: 40 ms an answer.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    end = time.monotonic() + PATIENCE_S
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < end, "the server does not start"
        time.sleep(0.005)
