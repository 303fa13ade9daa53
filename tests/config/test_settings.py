from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from config import settings
from config.settings import Settings, SettingsError

Put = Callable[..., None]


@pytest.fixture(autouse=True)
def _nothing_but_what_a_test_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither this machine's environment nor a .env file of the repository."""
    for field in Settings.model_fields:
        monkeypatch.delenv(f"RELAY_{field.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> Put:
    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"RELAY_{name}", value)

    return put


def fault() -> str:
    with pytest.raises(SettingsError) as caught:
        settings.load()
    return str(caught.value)


def test_every_setting_has_a_default_that_works_and_a_sentence() -> None:
    settings.load()
    silent = [name for name, field in Settings.model_fields.items() if not field.description]
    assert silent == []


def test_numbers_and_paths_come_from_the_environment(env: Put) -> None:
    env(INTAKE_BATCH_ITEMS="7", VENDORS_FILE="a/vendors.toml", STATUS_WORTH_S="60.5")
    loaded = settings.load()
    assert loaded.intake_batch_items == 7
    assert loaded.vendors_file == Path("a/vendors.toml")
    assert loaded.status_worth_s == 60.5


def test_a_dot_env_file_is_read_and_the_environment_outweighs_it(env: Put) -> None:
    Path(".env").write_text("RELAY_SWEEP_S=4\nRELAY_BURST_TRIES=9\n")
    env(BURST_TRIES="2")
    loaded = settings.load()
    assert (loaded.sweep_s, loaded.burst_tries) == (4, 2)


@pytest.mark.parametrize("text", ["1,2,3.5", " 1 , 2 ,3.5 ", "1,2,,3.5,"])
def test_a_schedule_is_numbers_between_commas(env: Put, text: str) -> None:
    env(STATUS_RETRY_S=text)
    assert settings.load().status_retry_s == (1, 2, 3.5)


def test_kinds_are_names_between_commas_and_may_be_none(env: Put) -> None:
    env(INTAKE_KINDS="charge-record, safety-warning")
    assert settings.load().intake_kinds == ("charge-record", "safety-warning")
    env(INTAKE_KINDS="")
    assert settings.load().intake_kinds == ()


def test_a_schedule_without_a_number_is_refused(env: Put) -> None:
    env(RECORD_RETRY_S=" , ")
    assert fault().startswith("RELAY_RECORD_RETRY_S: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SWEEP_S", "0"),
        ("SWEEP_S", "soon"),
        ("LEASE_S", "-1"),
        ("LEASE_S", "nan"),
        ("EMBEDDED_PORT", "65536"),
        ("BREAKER_FAILURE_RATE", "1.1"),
        ("INTAKE_BATCH_ITEMS", "0"),
        ("REJECT_KEEP_BYTES", "1.5"),
        ("KEEP_RECORD_DAYS", "0"),
    ],
)
def test_a_bad_value_is_one_sentence_that_names_its_variable(
    env: Put, name: str, value: str
) -> None:
    env(**{name: value})
    message = fault()
    assert message.startswith(f"RELAY_{name}: ")
    assert "\n" not in message


def test_a_bad_wait_of_a_schedule_names_a_variable_that_exists(env: Put) -> None:
    env(STATUS_RETRY_S="5,soon")
    assert fault().startswith("RELAY_STATUS_RETRY_S: ")


@pytest.mark.parametrize(("name", "value"), [("LOG_LEVEL", "LOUD"), ("INTAKE_KINDS", "cars")])
def test_a_word_that_means_nothing_is_refused_here_not_at_its_use(
    env: Put, name: str, value: str
) -> None:
    env(**{name: value})
    assert f"RELAY_{name}" in fault()


@pytest.mark.parametrize("name", ["LEASE_S", "HEARTBEAT_TTL_S", "STATUS_WORTH_S", "STATUS_RETRY_S"])
def test_a_time_without_an_end_is_refused(env: Put, name: str) -> None:
    env(**{name: "inf"})
    assert f"RELAY_{name}" in fault()


def test_all_bad_values_are_named_at_once(env: Put) -> None:
    env(SWEEP_S="0", BURST_TRIES="x")
    message = fault()
    assert "RELAY_SWEEP_S: " in message
    assert "RELAY_BURST_TRIES: " in message


def test_a_lease_must_outlive_the_longest_burst(env: Put) -> None:
    env(LEASE_S="70")
    assert "RELAY_LEASE_S is 70 s" in fault()
    assert "RELAY_REQUEST_TIMEOUT_S = 10 s" in fault()
    env(LEASE_S="70.1")
    assert settings.load().lease_s == 70.1


def test_a_longer_request_timeout_needs_a_longer_lease(env: Put) -> None:
    env(REQUEST_TIMEOUT_S="30")
    assert "RELAY_LEASE_S is 90 s" in fault()
    env(LEASE_S="200")
    assert settings.load().request_timeout_s == 30


def test_a_vendors_own_timeout_is_held_against_the_lease() -> None:
    loaded = settings.load()
    loaded.check_lease(13, "timeout_s")
    with pytest.raises(ValueError, match="timeout_s = 14 s"):
        loaded.check_lease(14, "timeout_s")


def test_a_heartbeat_must_come_twice_in_its_time_to_live(env: Put) -> None:
    env(HEARTBEAT_S="3", HEARTBEAT_TTL_S="5.9")
    assert "RELAY_HEARTBEAT_TTL_S" in fault()
    env(HEARTBEAT_TTL_S="6")
    assert settings.load().heartbeat_ttl_s == 6


def test_addresses_have_embedded_defaults(env: Put) -> None:
    env(EMBEDDED_PORT="7400", DATA_DIR="there")
    loaded = settings.load()
    assert loaded.broker == "redis://127.0.0.1:7400/0"
    assert loaded.journal == "sqlite:///there/journal.sqlite3"
    env(BROKER_URL="redis://r/1", JOURNAL_URL="postgresql+psycopg://p/j")
    loaded = settings.load()
    assert (loaded.broker, loaded.journal) == ("redis://r/1", "postgresql+psycopg://p/j")


def test_settings_do_not_change_once_they_are_read() -> None:
    loaded = settings.load()
    with pytest.raises(ValueError, match="frozen"):
        loaded.sweep_s = 5


def test_passwords_in_addresses_are_shown_by_neither_repr_nor_a_fault(env: Put) -> None:
    env(BROKER_URL="redis://:HIDDEN@host/0", JOURNAL_URL="postgresql+psycopg://relay:HIDDEN@host/x")
    loaded = settings.load()
    assert "HIDDEN" in loaded.broker
    assert "HIDDEN" in loaded.journal
    assert "HIDDEN" not in repr(loaded) + str(loaded)
    env(LEASE_S="1", CALLBACKS_URL="HIDDEN")
    assert "HIDDEN" not in fault()
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert "HIDDEN" not in str(caught.value)


def test_a_broker_may_stand_behind_sentinels(env: Put) -> None:
    env(BROKER_URL="sentinel://:HIDDEN@one;sentinel://two:7/3", BROKER_SENTINEL_PASSWORD="HIDDEN")
    loaded = settings.load()
    assert loaded.broker == "sentinel://:HIDDEN@one:26379/3;sentinel://:HIDDEN@two:7/3"
    assert loaded.broker_shown == "sentinel://one:26379;sentinel://two:7/3 (master mymaster)"
    assert "HIDDEN" not in repr(loaded) + str(loaded)
    env(BROKER_MASTER="events")
    assert settings.load().broker_shown.endswith(" (master events)")


def test_an_address_of_sentinels_that_cannot_be_read_is_one_sentence(env: Put) -> None:
    env(BROKER_URL="sentinel://:HIDDEN@one;two")
    assert fault().startswith("RELAY_BROKER_URL: sentinel 2 is not written as sentinel://HOST:PORT")
    assert "HIDDEN" not in fault()
    env(BROKER_URL="sentinel://one", BROKER_MASTER="")
    assert fault().startswith("RELAY_BROKER_MASTER: ")


@pytest.mark.parametrize("login", ["looker", "looker:", ":HIDDEN", "a:HIDDEN,b", "a:HIDDEN,"])
def test_a_login_of_flower_is_names_with_their_passwords(env: Put, login: str) -> None:
    env(FLOWER_LOGIN=login)
    assert fault().startswith("RELAY_FLOWER_LOGIN: expected NAME:PASSWORD")
    env(FLOWER_LOGIN="a:HIDDEN,b:HIDDEN:2")
    assert "HIDDEN" not in repr(settings.load())


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://host/1", "redis://host/1"),
        ("redis://relay:HID@DEN@host:7/1", "redis://host:7/1"),
        ("", "redis://127.0.0.1:7379/0"),
    ],
)
def test_a_brokers_address_is_printed_without_its_login(env: Put, url: str, shown: str) -> None:
    env(BROKER_URL=url)
    assert settings.load().broker_shown == shown


def test_the_consoles_people_have_long_passwords_of_their_own(env: Put) -> None:
    env(CONSOLE_LOGINS="li:correct horse, wang:battery:staple")
    loaded = settings.load()
    assert loaded.console_people == {"li": "correct horse", "wang": "battery:staple"}
    assert "horse" not in repr(loaded)


@pytest.mark.parametrize("logins", ["li", "li:", ":correct horse", "li:short HIDDEN,", "li:HIDDEN"])
def test_a_login_that_would_be_none_or_is_weak_is_refused(env: Put, logins: str) -> None:
    env(CONSOLE_LOGINS=logins)
    assert fault().startswith("RELAY_CONSOLE_LOGINS: ")
    assert "HIDDEN" not in fault()


def test_a_name_of_the_console_stands_there_once(env: Put) -> None:
    env(CONSOLE_LOGINS="li:correct horse,li:battery staple")
    assert fault() == "RELAY_CONSOLE_LOGINS: li stands there twice"
