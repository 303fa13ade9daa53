"""The console as a browser meets it: a real server, a real journal and a real broker."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from fastapi import FastAPI
from redis import Redis
from sqlalchemy import Engine

from config.settings import Settings
from tests.worker.callbacks.served import serving_app
from tests.worker.desk import Desk
from worker.console import site
from worker.deployment import Deployment

VENDORS = """
[vendors.city]
system = "parkpot"
base_url = "https://city.example"
port_name = "acme"
park_id = "1"
key = "hush-hush"
"""
LI, WANG = "li:correct horse", "wang:battery staple"


@dataclass
class Browser:
    """A person's browser, which keeps cookies and says where its forms come from."""

    base: str
    session: requests.Session

    def get(self, path: str, **options: object) -> requests.Response:
        return self.session.get(f"{self.base}/console{path}", timeout=30, **options)  # type: ignore[arg-type]

    def post(self, path: str, _origin: str | None = None, **form: object) -> requests.Response:
        headers = {"Origin": self.base if _origin is None else _origin}
        url = f"{self.base}/console{path}"
        return self.session.post(url, data=form, headers=headers, timeout=30)

    def log_in(self, login: str = LI) -> requests.Response:
        name, _, password = login.partition(":")
        return self.post("/login", username=name, password=password)

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text


Serve = Callable[..., Browser]


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


@pytest.fixture
def still() -> list[str]:
    """What stands still; tests append to it."""
    return []


@pytest.fixture
def serve(journal_url: str, valkey_url: str, tmp_path: Path, still: list[str]) -> Iterator[Serve]:
    """Serves a console and gives a browser of it; every one is ended with the test."""
    (tmp_path / "vendors.toml").write_text(VENDORS)
    opened = []

    def serve(**changes: object) -> Browser:
        given = {
            "journal_url": journal_url,
            "broker_url": valkey_url,
            "vendors_file": tmp_path / "vendors.toml",
            "console_logins": f"{LI},{WANG}",
            **changes,
        }
        parts = Deployment(Settings(_env_file=None, **given))  # type: ignore[arg-type]
        app = FastAPI()
        site.mount(app, parts, lambda: still)
        server = serving_app(app)
        browser = Browser(f"http://127.0.0.1:{server.__enter__()}", requests.Session())
        opened.append((browser, server, parts))
        return browser

    yield serve
    for browser, server, parts in opened:
        browser.session.close()
        server.__exit__(None, None, None)
        parts.engine.dispose()
        parts.redis.close()


@pytest.fixture
def stranger(serve: Serve) -> Browser:
    """Nobody has logged in."""
    return serve()


@pytest.fixture
def li(stranger: Browser) -> Browser:
    """Li has."""
    stranger.log_in()
    return stranger


@pytest.fixture
def queue(valkey_url: str) -> Iterator[Redis]:
    with Redis.from_url(valkey_url) as client:
        yield client
