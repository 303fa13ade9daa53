import pytest
import requests

from tests.worker.console.conftest import LI, WANG, Browser, Serve

PAGES = (
    "/",
    "/lanes",
    "/history.json",
    "/find?term=A-1",
    "/story/1",
    "/report/1",
    "/decide",
    "/replay?state=refused",
    "/act/pause?vendor=city",
    "/report-row/list",
    "/attempt-row/details/1",
    "/audit-row/list",
)


@pytest.fixture
def journal_url(sqlite_url: str) -> str:
    """Nothing here is the database's affair."""
    return sqlite_url


def where(answer: requests.Response) -> str:
    return answer.url.partition("/console")[2]


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_sees_nothing_but_the_login(stranger: Browser, page: str) -> None:
    answer = stranger.get(page)
    assert where(answer) == "/login"
    assert "A-1" not in answer.text
    assert "city" not in answer.text


@pytest.mark.parametrize("act", ["/act/pause", "/act/put-back", "/replay"])
def test_a_stranger_does_nothing(stranger: Browser, act: str) -> None:
    answer = stranger.post(act, vendor="city", row="1", state="refused")
    assert where(answer) == "/login"


def test_the_address_leads_there_as_it_is_printed(stranger: Browser) -> None:
    assert where(stranger.get("")) == "/login"
    stranger.log_in()
    assert where(stranger.get("")) == "/lanes"


def test_a_person_gets_to_the_page_that_was_asked_for(stranger: Browser) -> None:
    stranger.get("/find?term=A-1")
    assert where(stranger.log_in()) == "/find?term=A-1"
    stranger.get("/logout")
    assert where(stranger.log_in()) == "/lanes"


def test_a_page_is_asked_for_by_a_person_and_not_by_its_script(stranger: Browser) -> None:
    stranger.get("/find?term=A-1")
    stranger.get("/history.json")
    assert where(stranger.log_in()) == "/find?term=A-1"


@pytest.mark.parametrize(
    "wrong", ["li:correct hors", "li:", "nobody:correct horse", "wang:correct horse", ":", "li:é"]
)
def test_a_wrong_password_opens_nothing(stranger: Browser, wrong: str) -> None:
    answer = stranger.log_in(wrong)
    assert answer.status_code == 400
    assert "Invalid credentials" in answer.text
    assert where(stranger.get("/lanes")) == "/login"


def test_who_guesses_waits(stranger: Browser) -> None:
    for _ in range(5):
        assert stranger.log_in("li:wrong").status_code == 400
    answer = stranger.log_in(LI)
    assert answer.status_code == 429
    assert "try again in a minute" in answer.text
    assert where(stranger.get("/lanes")) == "/login"


def test_who_gets_it_right_in_between_does_not_wait(stranger: Browser) -> None:
    for _ in range(3):
        for _ in range(4):
            stranger.log_in("li:wrong")
        assert stranger.log_in().status_code == 200


def test_who_logs_out_is_out(li: Browser) -> None:
    li.get("/logout")
    assert where(li.get("/lanes")) == "/login"


def test_a_cookie_ends_with_its_password(li: Browser, serve: Serve) -> None:
    """Also one of another person: the key is made of all of them."""
    changed = serve(console_logins=f"li:another password,{WANG}")
    changed.session.cookies.update(li.session.cookies)
    assert where(changed.get("/lanes")) == "/login"


def test_a_cookie_holds_for_every_server_of_a_deployment(li: Browser, serve: Serve) -> None:
    other = serve()
    other.session.cookies.update(li.session.cookies)
    assert where(other.get("/lanes")) == "/lanes"


def test_the_cookie_is_for_the_console_only_and_not_for_scripts(stranger: Browser) -> None:
    stranger.log_in()
    (cookie,) = stranger.session.cookies
    assert (cookie.name, cookie.path) == ("relay_console", "/console")
    assert cookie.has_nonstandard_attr("httponly")
    assert cookie.get_nonstandard_attr("samesite") == "lax"
    assert not cookie.secure


def test_behind_tls_the_cookie_travels_over_tls_only(serve: Serve) -> None:
    browser = serve(callbacks_url="https://relay.example")
    said = browser.get("/lanes", allow_redirects=False).headers["Set-Cookie"]
    assert "secure" in said


def test_where_nobody_may_log_in_there_is_no_console(serve: Serve) -> None:
    assert serve(console_logins="").get("/login").status_code == 404
