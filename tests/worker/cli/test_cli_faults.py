from importlib import metadata
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.worker.cli.conftest import Run
from worker.cli import COMMANDS
from worker.journal import migrate

NEED_THE_JOURNAL = (
    ("reports",),
    ("events",),
    ("attempts",),
    ("rejects",),
    ("conflicts",),
    ("lanes",),
    ("pause", "city"),
    ("replay", "--all"),
)


def one_sentence(text: str) -> bool:
    return text.startswith("chargerelay: ") and text.count("\n") == 1 and "Traceback" not in text


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_every_command_explains_itself_with_an_example(run: Run, command: object) -> None:
    name = command.__name__.replace("_", "-")  # type: ignore[attr-defined]
    ended = run(name, "--help")
    assert ended.code == 0
    assert f"Example: chargerelay {name}" in ended.out


@pytest.mark.parametrize("name", ["register", "check", "remove", "log"])
def test_every_command_of_callbacks_explains_itself_with_an_example(run: Run, name: str) -> None:
    ended = run("callbacks", name, "--help")
    assert ended.code == 0
    assert f"chargerelay callbacks {name}" in ended.out.partition("Example: ")[2]


def test_the_version_is_said(run: Run) -> None:
    ended = run("--version")
    assert ended.code == 0
    assert ended.out.startswith("chargerelay 0.")


def test_the_version_is_said_in_an_image_that_holds_no_package(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = run("--version").out

    def none(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", none)
    assert run("--version").out == installed


@pytest.mark.parametrize("command", NEED_THE_JOURNAL, ids=lambda command: command[0])
def test_looking_at_a_journal_that_is_not_there_makes_none(
    run: Run, monkeypatch: pytest.MonkeyPatch, with_vendors: Path, command: tuple[str, ...]
) -> None:
    ended = run(*command)
    assert ended.code == 1
    assert one_sentence(ended.err)
    assert "run `chargerelay migrate`" in ended.err
    assert not Path("var").exists()


def test_a_journal_without_tables_is_to_be_migrated(
    run: Run, engine: Engine, with_journal: str
) -> None:
    migrate.downgrade(engine, "base")
    ended = run("reports")
    assert ended.err == "chargerelay: the journal has no tables yet: run `chargerelay migrate`\n"
    assert "from nothing to" in " ".join(run("migrate").out.split())
    assert "is up to date" in run("migrate").out
    assert run("reports").code == 0


def test_a_journal_of_a_newer_program_is_left_alone(
    run: Run, engine: Engine, with_journal: str
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    ended = run("migrate")
    assert ended.code == 1
    assert "is at version 9999, which is newer than this program" in ended.err
    assert run("reports").err.endswith("newer than this program: update this program\n")


@pytest.mark.parametrize(
    ("name", "value", "command", "said"),
    [
        ("JOURNAL_URL", "nonsense", "reports", "RELAY_JOURNAL_URL is not an address"),
        ("JOURNAL_URL", "mysql://here/x", "events", "RELAY_JOURNAL_URL names mysql"),
        ("JOURNAL_URL", "postgresql://u:HIDDEN@127.0.0.1:1/x", "lanes", "does not answer"),
        ("BROKER_URL", "amqp://127.0.0.1", "publish", "RELAY_BROKER_URL is not an address"),
        ("BROKER_URL", "redis://:HIDDEN@127.0.0.1:1/0", "publish", "does not answer"),
        ("SWEEP_S", "often", "reports", "RELAY_SWEEP_S: "),
        ("VENDORS_FILE", "none.toml", "vendors", "none.toml: cannot be read"),
    ],
)
def test_what_is_wrong_with_the_deployment_is_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, command: str, said: str
) -> None:
    monkeypatch.setenv(f"RELAY_{name}", value)
    ended = run(command, *(["-"] if command == "publish" else []))
    assert ended.code == 1
    assert said in ended.err
    assert "HIDDEN" not in ended.err
    assert one_sentence(ended.err.splitlines(keepends=True)[-1])


@pytest.mark.usefixtures("with_sqlite")
def test_what_needs_only_the_journal_works_without_broker_and_vendors(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_BROKER_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("RELAY_VENDORS_FILE", "none.toml")
    for command in (*NEED_THE_JOURNAL[:6], NEED_THE_JOURNAL[-1]):
        assert run(*command).code == 0
