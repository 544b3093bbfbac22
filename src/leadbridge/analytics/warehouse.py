"""The metrics of a snapshot on an engine of the customer's: the same files, run by Spark or PostgreSQL.

>>> snapshot.on(spark).metrics.funnel(by="source")
>>> with snapshot.on(connection, schema="leadbridge", load=True) as there:
...     there.scorecard()
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from leadbridge.analytics.measures import Metrics
from leadbridge.analytics.meta import Meta
from leadbridge.analytics.scorecard import Scorecard
from leadbridge.analytics.warehouse_postgres import PostgresTables
from leadbridge.analytics.warehouse_spark import SparkTables
from leadbridge.errors import ConfigError

__all__ = ["Warehouse", "warehouse"]


class Tables(Protocol):
    """The tables of a snapshot where some engine has them."""

    def sql(self, query: str, values: Mapping[str, Any]) -> list[dict[str, Any]]: ...
    def close(self) -> None: ...


class Warehouse:
    """A snapshot whose tables stand in another engine; it answers as :class:`Snapshot` does.

    What was made for it there (temporary tables and views) goes when it is closed; a schema stays.
    """

    def __init__(self, meta: Meta, tables: Tables) -> None:
        self.meta = meta
        self._tables = tables

    @property
    def metrics(self) -> Metrics:
        """The metrics, each a method."""
        return Metrics(self)

    def scorecard(self) -> Scorecard:
        """The few numbers that both functions look at together."""
        return Scorecard.of(self.metrics)

    def sql(self, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Runs a query of one's own on the tables, with parameters as ``$name``; one mapping a row.

        The query names tables as a snapshot does (``leads``, ``entries``, ...) and keeps to what the engine knows.
        """
        return self._tables.sql(query, values or {})

    def close(self) -> None:
        """Takes away what was made for it; the connection or session is its owner's."""
        self._tables.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Warehouse: {type(self._tables).__name__.removesuffix('Tables')}, {self.meta.under}>"


def warehouse(directory: Path, meta: Meta, engine: object, schema: str | None, *, load: bool) -> Warehouse:
    """A snapshot on another engine, see :meth:`leadbridge.Snapshot.on`."""
    if load and schema is None:
        raise ConfigError("load=True needs to know where to: name a schema, for example schema='leadbridge'")
    module = type(engine).__module__.partition(".")[0]
    if module == "pyspark":
        return Warehouse(meta, SparkTables(engine, directory, schema, load=load))
    if module == "sqlalchemy":
        # The connection of the driver is all that is needed: it knows how to write literals, and how to copy.
        engine = getattr(getattr(engine, "connection", None), "driver_connection", None)
        module = type(engine).__module__.partition(".")[0]
    if module != "psycopg" or not hasattr(engine, "cursor"):
        raise ConfigError(
            f"{type(engine).__name__} is no engine that metrics run on: give a SparkSession, a connection of psycopg, "
            "or one of SQLAlchemy over psycopg (engine.connect()); for other engines, leadbridge metrics export writes "
            "models of dbt"
        )
    return Warehouse(meta, PostgresTables(engine, directory, schema, load=load))
