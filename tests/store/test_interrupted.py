"""A migration that is killed between any two statements is as if it had not begun, and works when tried again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.engine import Engine

from leadbridge.store import Store
from leadbridge.store.migrate import written_out
from leadbridge.store.schema import metadata


@pytest.fixture(scope="module")
def server(new_database: Callable[[], str]) -> str:
    return new_database().replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture(params=["sqlite", "sqlite step by step", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[int], str]:
    """The address of a new database for each attempt; with a table of its own, SQLite runs all migrations on it."""
    if request.param == "sqlite":
        return lambda number: f"sqlite:///{tmp_path / f'{number}.db'}"
    if request.param == "sqlite step by step":

        def with_a_table(number: int) -> str:
            with closing(sqlite3.connect(tmp_path / f"{number}.db")) as own:
                own.execute("create table own (id integer)")
            return f"sqlite:///{tmp_path / f'{number}.db'}"

        return with_a_table
    server = request.getfixturevalue("server")

    def emptied(_: int) -> str:
        engine = create_engine(server)
        with engine.begin() as connection:
            connection.execute(text("drop schema public cascade"))
            connection.execute(text("create schema public"))
        engine.dispose()
        return str(server)

    return emptied


def statements(address: str, stop: int) -> int:
    """Opens a database and is killed before a statement; how many there were."""
    seen = 0

    def count(_: Any, __: Any, statement: str, *___: Any) -> None:
        nonlocal seen
        if statement.lstrip().upper().startswith(("CREATE", "ALTER", "INSERT", "UPDATE", "DROP")):
            seen += 1
            if seen == stop:
                raise KeyboardInterrupt

    event.listen(Engine, "before_cursor_execute", count)
    try:
        Store(address).close()
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return seen


def test_a_migration_killed_between_two_statements_begins_anew(fresh: Callable[[int], str]) -> None:
    total = statements(fresh(0), 0)
    assert total > 30
    for stop in (1, 2, *range(3, total, 7), total):
        address = fresh(stop)
        with pytest.raises(KeyboardInterrupt):
            statements(address, stop)
        engine = create_engine(address)
        assert inspect(engine).get_table_names() in ([], ["own"])
        Store(address).close()
        with engine.begin() as connection:
            connection.execute(text("drop table if exists own"))
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        engine.dispose()


def test_a_database_made_at_once_is_what_all_migrations_make() -> None:
    kept = files("leadbridge.store").joinpath("made_at_once.sql").read_text("utf-8")
    assert kept == written_out(), "a migration was added: write what written_out() says into made_at_once.sql"
