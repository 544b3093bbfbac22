"""The tables of a snapshot in PostgreSQL: temporary tables of a connection, or tables in a schema."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from leadbridge.analytics.engine import TABLES, connect, quoted, rows_of, text_of
from leadbridge.analytics.portable import with_parameters, with_tables
from leadbridge.analytics.storage import files_of, reading
from leadbridge.errors import AdapterMissing, DataError

__all__ = ["PostgresTables"]

_TYPES = {"DOUBLE": "double precision", "VARCHAR": "text"}


class PostgresTables:
    """Runs portable queries over a connection of psycopg; transactions are those of its owner."""

    def __init__(self, connection: Any, directory: Path, schema: str | None, *, load: bool) -> None:
        try:
            from psycopg import ClientCursor
        except ImportError:
            raise AdapterMissing("PostgreSQL needs its driver: pip install 'leadbridge[postgres]'") from None
        # Literals are written by the client: a server that has to guess the type of a lone parameter guesses wrong.
        self._cursor = ClientCursor
        self._connection = connection
        self._temporary: list[str] = []
        prefix = f"{quoted(schema)}." if schema is not None else f"pg_temp.leadbridge_{uuid4().hex[:12]}_"
        self._names = {table: f"{prefix}{table}" for table in TABLES}
        if schema is None or load:
            with connection.transaction():
                if schema is not None:
                    connection.execute(f"create schema if not exists {quoted(schema)}")
                self._load(directory)
            self._temporary = [] if schema is not None else list(self._names.values())
        else:
            self._check(schema)

    def sql(self, query: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        named = with_tables(query, lambda table: self._names.get(table, table)).replace("%", "%%")
        with self._cursor(self._connection) as cursor:
            cursor.execute(with_parameters(named, lambda name: f"%({name})s"), dict(values))
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()]

    def close(self) -> None:
        for name in self._temporary:
            self._connection.execute(f"drop table if exists {name}")
        self._temporary.clear()

    def _load(self, directory: Path) -> None:
        """Through a CSV file: the fastest way out of one engine and into the other."""
        with TemporaryDirectory() as scratch, connect() as engine:
            for table, name in self._names.items():
                rows = f"select * from {reading(files_of(directory, table))}"
                columns = ", ".join(
                    f"{quoted(row['column_name'])} {_TYPES.get(row['column_type'], row['column_type'])}"
                    for row in rows_of(engine, f"describe {rows}")
                )
                self._connection.execute(f"drop table if exists {name}")
                kind = "temporary table" if name.startswith("pg_temp.") else "table"
                self._connection.execute(f"create {kind} {name.removeprefix('pg_temp.')} ({columns})")
                file = Path(scratch) / f"{table}.csv"
                engine.execute(f"copy ({rows}) to {text_of(str(file))} (format csv, header false)")
                with (
                    self._connection.cursor() as cursor,
                    cursor.copy(f"copy {name} from stdin (format csv)") as copy,
                    file.open("rb") as text,
                ):
                    while chunk := text.read(1 << 20):
                        copy.write(chunk)
                file.unlink()
                self._connection.execute(f"analyze {name}")

    def _check(self, schema: str) -> None:
        query = "select table_name, column_name from information_schema.columns where table_schema = $schema"
        there: dict[str, set[str]] = {}
        for row in self.sql(query, {"schema": schema}):
            there.setdefault(row["table_name"], set()).add(row["column_name"])
        for table, columns in TABLES.items():
            if table not in there:
                raise DataError(f"{schema} has no table {table}: write the tables of a snapshot there with load=True")
            lacking = [column for column in columns if column not in there[table]]
            if lacking:
                raise DataError(f"{schema}.{table} has no column {lacking[0]}: write the tables anew with load=True")


def _plain(value: Any) -> Any:
    """Numbers as Python's own: PostgreSQL divides and rounds in decimals."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value.as_tuple().exponent == 0 else float(value)
