"""Brings a database to the shape that this release expects."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

from sqlalchemy import Connection, StaticPool, create_engine, inspect, text

from leadbridge.errors import StoreError

__all__ = ["HEAD", "migrate"]

HEAD = "0009"
"""The newest migration; a test compares it with the folder."""


_LOCK = 0x1EADB81D6E
"""Any number that nobody else in the database locks."""


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("select version_num from alembic_version")).scalar()
    return found


def migrate(connection: Connection) -> None:
    """Runs the migrations that are missing; a database that is up to date costs one look.

    Raises:
        StoreError: the database was written by a newer leadbridge.
    """
    current = _current(connection)
    if current != HEAD and connection.dialect.name == "postgresql":
        # Of workers that begin at the same time, one migrates; SQLite has one writer anyway.
        connection.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
        current = _current(connection)
    if current == HEAD:
        return
    if current is not None and current > HEAD:
        raise StoreError(
            f"this database has schema {current}, this leadbridge knows {HEAD}: upgrade leadbridge, "
            "or use the database that belongs to this version"
        )
    if current is None and connection.dialect.name == "sqlite" and connection.engine.url.database is None:
        for statement in _made_at_once():
            connection.exec_driver_sql(statement)
    else:
        _upgrade(connection)


@cache
def _made_at_once() -> tuple[str, ...]:
    """The statements that make of an empty SQLite what all migrations make of it.

    A database in memory lives as long as a test does, and is never older than this release.
    """
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.begin() as connection:
            _upgrade(connection)
        with engine.connect() as connection:
            _begin, *statements, _commit = connection.connection.driver_connection.iterdump()  # type: ignore[union-attr]  # sqlite3's
            return tuple(statements)
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    with as_file(files("leadbridge.store") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
