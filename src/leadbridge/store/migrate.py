"""Brings a database to the shape that this release expects."""

from __future__ import annotations

from importlib.resources import as_file, files

from sqlalchemy import Connection, inspect, text

from leadbridge.errors import StoreError

__all__ = ["HEAD", "migrate"]

HEAD = "0009"
"""The newest migration; a test compares it with the folder."""


def migrate(connection: Connection) -> None:
    """Runs the migrations that are missing; a database that is up to date costs one look.

    Raises:
        StoreError: the database was written by a newer leadbridge.
    """
    current: str | None = None
    if inspect(connection).has_table("alembic_version"):
        current = connection.execute(text("select version_num from alembic_version")).scalar()
    if current == HEAD:
        return
    if current is not None and current > HEAD:
        raise StoreError(
            f"this database has schema {current}, this leadbridge knows {HEAD}: upgrade leadbridge, "
            "or use the database that belongs to this version"
        )
    from alembic import command
    from alembic.config import Config

    with as_file(files("leadbridge.store") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
