"""The tables of a snapshot in Spark: its files as temporary views, or tables in a schema."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from leadbridge.analytics.engine import TABLES
from leadbridge.analytics.portable import with_parameters, with_tables
from leadbridge.analytics.storage import files_of
from leadbridge.errors import DataError

__all__ = ["SparkTables"]


class SparkTables:
    """Runs portable queries in a Spark session."""

    def __init__(self, session: Any, directory: Path, schema: str | None, *, load: bool) -> None:
        self._session = session
        self._views: list[str] = []
        prefix = f"{schema}." if schema is not None else f"leadbridge_{uuid4().hex[:12]}_"
        self._names = {table: f"{prefix}{table}" for table in TABLES}
        if schema is None:
            for table, name in self._names.items():
                self._read(directory, table).createOrReplaceTempView(name)
                self._views.append(name)
            return
        if load:
            session.sql(f"create schema if not exists {schema}")
            for table, name in self._names.items():
                self._read(directory, table).write.mode("overwrite").saveAsTable(name)
        self._check(schema)

    def sql(self, query: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        named = with_parameters(
            with_tables(query, lambda table: self._names.get(table, table)), lambda name: f":{name}"
        )
        return [row.asDict() for row in self._session.sql(named, args=dict(values)).collect()]

    def close(self) -> None:
        for name in self._views:
            self._session.catalog.dropTempView(name)
        self._views.clear()

    def _read(self, directory: Path, table: str) -> Any:
        files = [str(file.resolve()) for file in files_of(directory, table)]
        return self._session.read.option("mergeSchema", "true").parquet(*files)

    def _check(self, schema: str) -> None:
        for table, name in self._names.items():
            if not self._session.catalog.tableExists(name):
                raise DataError(f"{schema} has no table {table}: write the tables of a snapshot there with load=True")
            lacking = [column for column in TABLES[table] if column not in self._session.table(name).columns]
            if lacking:
                raise DataError(f"{name} has no column {lacking[0]}: write the tables there anew with load=True")
