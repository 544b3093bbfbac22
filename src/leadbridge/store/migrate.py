"""Brings a database to the shape that this release expects."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

from sqlalchemy import Connection, StaticPool, create_engine, inspect, text

from leadbridge.errors import StoreError

__all__ = ["HEAD", "migrate", "written_out"]

HEAD = "0009"
"""The newest migration; a test compares it with the folder."""


_BETWEEN = "\n\n"
"""Stands between two statements, and in none."""

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
    if connection.dialect.name == "sqlite" and not inspect(connection).get_table_names():
        for statement in _made_at_once():
            connection.exec_driver_sql(statement)
    else:
        _upgrade(connection)


@cache
def _made_at_once() -> tuple[str, ...]:
    """The statements that make of an empty SQLite what all migrations make of it, in a fiftieth of the time."""
    return tuple(files("leadbridge.store").joinpath("made_at_once.sql").read_text("utf-8").rstrip().split(_BETWEEN))


def written_out() -> str:
    """What ``made_at_once.sql`` has to hold; a test compares the two, and whoever adds a migration writes it anew."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.begin() as connection:
            _upgrade(connection)
            made = connection.exec_driver_sql(
                "select sql from sqlite_master where sql is not null and name not like 'sqlite_%' "
                "order by type desc, name"
            ).scalars()
            statements = [*made, f"INSERT INTO alembic_version VALUES('{HEAD}')"]
    finally:
        engine.dispose()
    return "\n".join(line.rstrip() for line in _BETWEEN.join(statements).splitlines()) + "\n"


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    with as_file(files("leadbridge.store") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
