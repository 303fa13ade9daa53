from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect
from sqlmodel import SQLModel

from tests.worker.desk import Desk
from tests.worker.given import record
from worker.events import Kind
from worker.journal import engine as journal
from worker.journal import migrate, tables
from worker.journal.engine import JournalError, writing
from worker.outcomes import Accepted


def test_the_migrated_tables_are_those_of_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_migrated_indexes_have_the_conditions_of_the_models(engine: Engine) -> None:
    """Alembic compares no conditions; a partial index without its own would forbid too much."""
    found = {
        index["name"]: _condition(index, engine.dialect.name)
        for table in inspect(engine).get_table_names()
        for index in inspect(engine).get_indexes(table)
        if not str(index["name"]).startswith("sqlite_")
    }
    for table in SQLModel.metadata.sorted_tables:
        for index in table.indexes:
            where = index.dialect_options[engine.dialect.name]["where"]
            assert _plain(found[index.name]) == _plain(where), index.name


def test_going_back_to_nothing_and_up_again_gives_the_same_tables(engine: Engine) -> None:
    before = set(inspect(engine).get_table_names())
    migrate.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    assert migrate.revision(engine) is None
    migrate.upgrade(engine)
    assert set(inspect(engine).get_table_names()) == before
    assert Desk(engine).accept(record()).events == 1


def test_a_journal_that_is_up_to_date_stays_as_it_is(engine: Engine) -> None:
    desk = Desk(engine)
    desk.accept(record())
    assert migrate.missing(engine) is None
    migrate.upgrade(engine)
    assert len(desk.all(tables.event)) == 1


def test_what_is_missing_is_said(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert migrate.missing(engine) == "is at version 9999, which is newer than this program"
    assert migrate.remedy(engine) == "update this program"
    with writing(engine) as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
    assert migrate.missing(engine) == "has no tables yet"


def test_every_foreign_key_of_a_child_is_indexed(engine: Engine) -> None:
    """Pruning deletes parents; without an index each would read all the children."""
    seen = inspect(engine)
    for table in seen.get_table_names():
        firsts = {tuple(i["column_names"])[:1] for i in seen.get_indexes(table)}
        firsts |= {tuple(u["column_names"])[:1] for u in seen.get_unique_constraints(table)}
        firsts.add(tuple(seen.get_pk_constraint(table)["constrained_columns"])[:1])
        for key in seen.get_foreign_keys(table):
            assert tuple(key["constrained_columns"]) in firsts, table


def test_a_child_without_its_parent_is_refused(engine: Engine) -> None:
    orphan = tables.attempt_report.insert().values(attempt_id=1, report_id=1)
    with engine.begin() as connection, pytest.raises(sqlalchemy.exc.IntegrityError):
        connection.execute(orphan)


def test_a_journal_in_a_folder_that_is_not_there_yet_is_made(tmp_path: Path) -> None:
    engine = journal.open_journal(f"sqlite:///{tmp_path / 'a%20b' / 'c' / 'journal.sqlite3'}")
    migrate.upgrade(engine)
    assert migrate.missing(engine) is None
    engine.dispose()


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://u:HIDDEN@h/x", "sqlite://", "sqlite:///:memory:", "://HIDDEN"]
)
def test_an_address_we_cannot_use_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(JournalError, match="RELAY_JOURNAL_URL") as caught:
        journal.open_journal(url)
    assert "HIDDEN" not in str(caught.value)


def test_an_unwritable_place_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="directory cannot be made"):
        journal.open_journal(f"sqlite:///{tmp_path / 'file' / 'journal.sqlite3'}")


def test_sqlite_keeps_what_was_committed_and_lets_readers_pass_a_writer(sqlite_url: str) -> None:
    engine = journal.open_journal(sqlite_url)
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with writing(engine), journal.reading(engine) as connection:
        assert connection.execute(sqlalchemy.select(tables.event)).all() == []
    engine.dispose()


def _condition(index: object, dialect: str) -> object:
    return index["dialect_options"].get(f"{dialect}_where")  # type: ignore[index]


def _plain(condition: object) -> str:
    """One spelling for what PostgreSQL writes back in its own words."""
    text = "" if condition is None else str(condition)
    for noise in ("::text", "::character varying", "[]", "(", ")", " "):
        text = text.replace(noise, "")
    return text.replace("=ANYARRAY[", "IN").replace("]", "").lower()


def test_a_connector_of_the_first_version_gets_its_own_id(engine: Engine) -> None:
    migrate.downgrade(engine, "0001")
    with writing(engine) as connection:
        connection.exec_driver_sql(
            "INSERT INTO connector (subject, status, occurred_at, event_id) "
            "VALUES ('op%2F1/C%2F3%2507', 3, '2026-11-20 10:00:00', 1)".replace(
                "%", "%" if engine.dialect.name == "sqlite" else "%%"
            )
        )
    migrate.upgrade(engine)
    assert [row.connector_id for row in Desk(engine).all(tables.connector)] == ["C/3%07"]


def test_a_journal_of_the_first_version_goes_on_where_it_was(engine: Engine) -> None:
    desk = Desk(engine)
    desk.accept(record(orderNo="told"))
    desk.settle(desk.claim(Kind.CHARGE_RECORD), Accepted())
    desk.accept(record(orderNo="waits"))
    before = [[tuple(row) for row in desk.all(table)] for table in (tables.event, tables.report)]
    migrate.downgrade(engine, "0001")
    migrate.upgrade(engine)
    after = [[tuple(row) for row in desk.all(table)] for table in (tables.event, tables.report)]
    assert after == before
    assert desk.accept(record(orderNo="told"), record(orderNo="waits")).duplicates == 2
    assert len(desk.claim(Kind.CHARGE_RECORD)) == 1
