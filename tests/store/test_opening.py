"""Opening a database: its shape, its rights, and what is said when it cannot be used."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

import leadbridge.store
from leadbridge.errors import ConfigError, StoreBusy, StoreError
from leadbridge.store import Store
from leadbridge.store.migrate import HEAD
from leadbridge.store.schema import metadata

VERSIONS = Path(leadbridge.store.__file__).parent / "migrations" / "versions"


def test_a_fresh_database_is_what_the_tables_say(path: Path) -> None:
    Store(f"sqlite:///{path}").close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_a_database_in_memory_is_made_at_once_and_is_what_the_migrations_make(path: Path) -> None:
    made = []
    for address in (f"sqlite:///{path}", "sqlite://", "sqlite://"):
        store = Store(address)
        with store.transaction() as tx:
            raw = tx._connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            made.append(sorted(raw.iterdump()))
        store.close()
    assert made[0] == made[1] == made[2]
    assert any(HEAD in line for line in made[0])


def test_the_newest_migration_is_the_one_this_release_expects() -> None:
    assert max(file.name.partition("_")[0] for file in VERSIONS.glob("*.py")) == HEAD


def test_a_database_that_is_up_to_date_is_left_alone(path: Path) -> None:
    Store(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as before:
        version = before.execute("pragma schema_version").fetchone()
    Store(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as after:
        assert after.execute("pragma schema_version").fetchone() == version


def test_a_database_of_a_newer_release_is_refused_with_a_sentence(path: Path) -> None:
    Store(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("update alembic_version set version_num = '9999'")
        other.commit()
    with pytest.raises(StoreError, match=r"has schema 9999, this leadbridge knows \d+: upgrade leadbridge"):
        Store(f"sqlite:///{path}")


def test_a_migration_that_is_interrupted_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with closing(sqlite3.connect(path)) as connection:
        # What is not empty gets its tables migration by migration.
        connection.execute("create table own (id integer)")
    monkeypatch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", power_cut)
    with pytest.raises(KeyboardInterrupt):
        Store(f"sqlite:///{path}")
    monkeypatch.undo()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("select name from sqlite_master").fetchall() == [("own",)]
    Store(f"sqlite:///{path}").close()


def test_only_its_owner_can_read_the_database(path: Path) -> None:
    mask = os.umask(0o000)
    try:
        store = Store(f"sqlite:///{path}")
        with store.transaction() as tx:
            tx.save_cursor("left", "person", "7", "h")
            files = list(path.parent.iterdir())
    finally:
        os.umask(mask)
    assert len(files) > 1
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    store.close()


def test_a_store_can_be_closed_twice_and_opened_again(path: Path) -> None:
    store = Store(f"sqlite:///{path}")
    with store.transaction() as tx:
        tx.save_cursor("left", "person", "7", "h")
    store.close()
    store.close()
    again = Store(f"sqlite:///{path}")
    assert again.cursor("left", "person", "h") == "7"
    again.close()


@pytest.mark.parametrize(
    "address",
    ["", "leadbridge.db", "not a url", "unheard-of://somewhere", "postgresql://ada:hid:den/x@db:abc/y"],
)
def test_what_is_no_database_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(ConfigError, match=r"write for example sqlite:///leadbridge\.db") as caught:
        Store(address)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "hid" not in str(caught.value)


def test_a_database_without_a_driver_says_what_to_install() -> None:
    with pytest.raises(ConfigError, match=r'pip install "leadbridge\[postgres\]"'):
        Store("mysql://ada@db.example/leads")


def test_a_folder_that_does_not_exist_has_to_be_made_first(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"make .*nowhere first"):
        Store(f"sqlite:///{tmp_path / 'nowhere' / 'bridge.db'}")


def test_a_path_that_cannot_be_opened_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Is a directory"):
        Store(f"sqlite:///{tmp_path}")


def test_a_file_that_is_no_database_is_a_store_error_and_stays_as_it_is(path: Path) -> None:
    path.write_text("ada@buyer.example, " * 100)
    with pytest.raises(StoreError) as caught:
        Store(f"sqlite:///{path}")
    assert "ada@" not in str(caught.value)
    assert path.read_text().startswith("ada@")


def test_a_database_that_somebody_else_writes_is_busy_for_writing_and_can_be_read(path: Path) -> None:
    store = Store(f"sqlite:///{path}")
    with store._engine.connect() as connection:
        connection.exec_driver_sql("pragma busy_timeout = 0")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(StoreBusy, match="another process"), store.transaction():
            raise AssertionError("nobody gets here")
        assert store.facts() == []
    with store.transaction() as tx:
        tx.save_cursor("left", "person", "7", "")
    assert store.cursor("left", "person", "") == "7"
    store.close()


def test_a_store_shows_where_it_is_and_no_password(path: Path) -> None:
    store = Store(f"sqlite:///{path}")
    assert repr(store) == f"Store('sqlite:///{path}')"
    store.close()
