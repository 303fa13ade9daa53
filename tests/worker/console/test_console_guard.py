import pytest

from tests.worker.console.conftest import Browser, Serve
from worker.console.guard import MOST_BYTES


@pytest.fixture
def journal_url(sqlite_url: str) -> str:
    """Nothing here is the database's affair."""
    return sqlite_url


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://[", "http://x:y", "//evil.example"]
)
def test_a_form_of_another_site_is_refused(li: Browser, origin: str) -> None:
    assert li.post("/act/pause", origin, vendor="city").status_code == 403
    assert "paused" not in li.page("/lanes")


def test_nobody_is_logged_in_by_another_site(stranger: Browser) -> None:
    form = {"username": "li", "password": "correct horse"}
    assert stranger.post("/login", "https://evil.example", **form).status_code == 403


def test_a_proxy_may_hide_the_name_that_browsers_know(serve: Serve) -> None:
    browser = serve(callbacks_url="http://relay.example")
    form = {"username": "li", "password": "correct horse"}
    assert browser.post("/login", "http://relay.example", **form).status_code == 200
    assert browser.post("/login", "http://relay.example:81", **form).status_code == 403


def test_an_address_is_known_however_the_settings_write_it(serve: Serve) -> None:
    browser = serve(callbacks_url="https://Relay.Example:443")
    form = {"username": "li", "password": "correct horse"}
    assert browser.post("/login", "https://relay.example", **form).status_code == 200
    assert browser.post("/login", "https://relay.example:444", **form).status_code == 403


@pytest.mark.parametrize("page", ["/login", "/act/pause"])
def test_a_form_of_parts_is_not_read(li: Browser, page: str) -> None:
    """Its parts may name any encoding, and say in it what no journal can hold."""
    body = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    answer = li.session.post(
        f"{li.base}/console{page}",
        data=body % (b"vendor", b"city")
        + body % (b"username", b"li")
        + body % (b"password", rb"\ud800")
        + body % (b"why", rb"\ud800")
        + b"--x--\r\n",
        headers={
            "Origin": li.base,
            "Content-Type": "multipart/form-data; boundary=x; charset=unicode_escape",
        },
        timeout=30,
    )
    assert answer.status_code == 415


def test_a_large_form_is_not_read(stranger: Browser) -> None:
    answer = stranger.post("/login", username="x" * MOST_BYTES)
    assert answer.status_code == 413


def test_a_form_of_no_said_length_is_not_read(stranger: Browser) -> None:
    answer = stranger.session.post(
        f"{stranger.base}/console/login",
        data=iter([b"username=li"]),
        headers={"Origin": stranger.base},
        timeout=30,
    )
    assert answer.status_code == 413


def test_every_page_keeps_scripts_and_frames_of_others_out(li: Browser) -> None:
    for page in ("/lanes", "/login", "/no-such-page", "/static/console.js"):
        headers = li.get(page).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_no_page_is_kept_by_a_cache_but_its_styles_may_be(li: Browser) -> None:
    assert li.get("/lanes").headers["Cache-Control"] == "no-store"
    assert "Cache-Control" not in li.get("/static/console.css").headers


def test_no_page_has_a_script_of_its_own(li: Browser) -> None:
    for page in ("/lanes", "/find", "/decide", "/replay", "/report-row/list"):
        assert "<script>" not in li.page(page)
        assert " onclick" not in li.page(page)
