from pathlib import Path

import pytest

from config import secret_files, settings
from config.settings import Settings, SettingsError
from worker.broker import connect

HARD = "p@:/?#;%ä"
QUOTED = "p%40%3A%2F%3F%23%3B%25%C3%A4"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of secrets, and nothing else of this machine."""
    for field in Settings.model_fields:
        monkeypatch.delenv(f"RELAY_{field.upper()}", raising=False)
    made = tmp_path / "secrets"
    made.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RELAY_SECRETS_DIR", str(made))
    return made


def fault() -> str:
    with pytest.raises(SettingsError) as caught:
        settings.load()
    return str(caught.value)


def test_every_setting_may_stand_in_a_file(folder: Path) -> None:
    (folder / "relay_sweep_s").write_text("4\n")
    (folder / "RELAY_STATUS_RETRY_S").write_text("1,2\n")
    (folder / "relay_broker_password").write_text("HIDDEN\n")
    (folder / "relay_broker_url").write_text("redis://host/1")
    loaded = settings.load()
    assert (loaded.sweep_s, loaded.status_retry_s) == (4, (1, 2))
    assert loaded.broker == "redis://:HIDDEN@host/1"
    assert loaded.broker_shown == "redis://host/1"
    assert "HIDDEN" not in repr(loaded) + str(loaded)


def test_the_environment_and_a_dot_env_file_outweigh_a_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("relay_sweep_s", "relay_burst_tries"):
        (folder / name).write_text("7")
    Path(".env").write_text("RELAY_SWEEP_S=4\n")
    monkeypatch.setenv("RELAY_BURST_TRIES", "2")
    loaded = settings.load()
    assert (loaded.sweep_s, loaded.burst_tries) == (4, 2)


def test_where_there_is_no_directory_nobody_is_warned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_SECRETS_DIR", "/nowhere/at/all")
    assert settings.load().broker_password.get_secret_value() == ""


def test_an_empty_file_is_a_fault_and_not_a_door_without_a_password(folder: Path) -> None:
    (folder / "relay_journal_password").write_text("\n")
    assert fault() == f"{folder}/relay_journal_password is empty"


def test_a_file_that_cannot_be_read_is_one_sentence(folder: Path) -> None:
    (folder / "relay_journal_password").write_bytes(b"\xff")
    assert fault() == f"{folder}/relay_journal_password cannot be read: not UTF-8"


def test_what_is_no_file_or_leads_elsewhere_is_not_passed_over(folder: Path) -> None:
    """Docker makes a directory of what it is to mount and cannot find."""
    (folder / "relay_journal_password").mkdir()
    assert "found a directory instead" in fault()
    (folder / "relay_journal_password").rmdir()
    (folder.parent / "another").write_text("HIDDEN")
    (folder / "relay_journal_password").symlink_to(folder.parent / "another")
    assert "resolves outside of" in fault()
    assert "HIDDEN" not in fault()


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("redis://host:7/1", f"redis://:{QUOTED}@host:7/1"),
        (
            "rediss://relay@host?ssl_cert_reqs=none",
            f"rediss://relay:{QUOTED}@host?ssl_cert_reqs=none",
        ),
        (f"redis://:{QUOTED}@host/0", f"redis://:{QUOTED}@host/0"),
        (
            "sentinel://one;sentinel://two:7/3",
            f"sentinel://:{QUOTED}@one:26379/3;sentinel://:{QUOTED}@two:7/3",
        ),
        ("sentinel://relay:@one", f"sentinel://relay:{QUOTED}@one:26379/0"),
    ],
)
def test_a_password_is_put_into_the_brokers_address(
    monkeypatch: pytest.MonkeyPatch, url: str, whole: str
) -> None:
    monkeypatch.setenv("RELAY_BROKER_URL", url)
    monkeypatch.setenv("RELAY_BROKER_PASSWORD", HARD)
    loaded = settings.load()
    assert loaded.broker == whole
    with connect(loaded.broker) as client:
        pool = client.connection_pool
        assert pool.connection_kwargs["password"] == HARD


def test_a_password_is_put_into_the_journals_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "RELAY_JOURNAL_URL", "postgresql+psycopg://relay@db:5432/relay?sslmode=require"
    )
    monkeypatch.setenv("RELAY_JOURNAL_PASSWORD", HARD)
    whole = f"postgresql+psycopg://relay:{QUOTED}@db:5432/relay?sslmode=require"
    assert settings.load().journal == whole


@pytest.mark.parametrize(
    ("name", "url", "said"),
    [
        ("BROKER", "redis://:HIDDEN-1@host", "RELAY_BROKER_URL holds another one"),
        ("BROKER", "sentinel://:HIDDEN-1@host", "RELAY_BROKER_URL holds another one"),
        ("BROKER", "", "RELAY_BROKER_URL names no server that could ask for it"),
        ("JOURNAL", "postgresql://u:HIDDEN-1@h/d", "RELAY_JOURNAL_URL holds another one"),
        ("JOURNAL", "sqlite:///a", "RELAY_JOURNAL_URL names no server that could ask for it"),
    ],
)
def test_a_password_that_belongs_to_no_address_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str, said: str
) -> None:
    monkeypatch.setenv(f"RELAY_{name}_URL", url)
    monkeypatch.setenv(f"RELAY_{name}_PASSWORD", "HIDDEN-2")
    assert fault() == f"RELAY_{name}_PASSWORD: {said}"


def test_what_the_vendors_file_names_is_found_in_the_environment_first_then_in_files(
    folder: Path,
) -> None:
    def found(name: str) -> str | None:
        return secret_files.of_vendor(name, {"GIVEN": "1"}, folder)

    (folder / "vendors").mkdir()
    for path in ("GIVEN", "own", "vendors/OWN", "vendors/lower"):
        (folder / path).write_text(f"{path}\n")
    (folder / "EMPTY").write_text("\n")
    assert [found(name) for name in ("GIVEN", "OWN", "LOWER")] == [
        "1",
        "vendors/OWN",
        "vendors/lower",
    ]
    assert [found(name) for name in ("own", "EMPTY", "NOBODY")] == ["own", None, None]
