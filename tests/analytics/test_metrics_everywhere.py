"""A metric is one text of SQL: DuckDB, PostgreSQL and Spark give the same rows for it, broken down and whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from leadbridge.analytics import Result, Snapshot, metrics
from leadbridge.analytics.engine import TABLES
from leadbridge.analytics.measures import Metrics
from leadbridge.analytics.meta import Meta
from tests.analytics.crowd import crowd
from tests.analytics.engines import postgres, spark
from tests.analytics.stories import START

ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "stage_duration": {"from_stage": "marketing_qualified", "to_stage": "sales_accepted"},
    "ignored_rate": {"horizon": "3 days"},
    "waste": {"horizon": "3 days"},
    "follow_up_depth": {"horizon": "7 days"},
    "funnel": {"horizon": "20 days"},
    "resonance": {"horizon": "10 days"},
    "stage_conversion": {"from_stage": "marketing_qualified", "to_stage": "sales_accepted", "horizon": "20 days"},
    "stage_survival": {"from_stage": "marketing_qualified", "to_stage": "sales_accepted", "unit": "hours"},
    "stage_flow": {"since": START + timedelta(days=5), "until": START + timedelta(days=15)},
    "cadence_adherence": {"touches": 1, "horizon": "7 days"},
    "recycled_reconversion": {"horizon": "10 days"},
    "request_fill_rate": {"horizon": "10 days"},
}
"""What metrics are asked with where nothing is usual, or the usual would leave most of the crowd out."""

_PARAMETER = re.compile(r"\$([a-z_]+)")

Row = tuple[Any, ...]


class Asked(NamedTuple):
    """A query without parameters, and the rows that DuckDB gives for it."""

    metric: str
    sql: str
    rows: list[Row]


class Listening:
    """A snapshot that writes down what metrics ask it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.asked: list[tuple[str, list[Row]]] = []

    @property
    def meta(self) -> Meta:
        return self.snapshot.meta

    def sql(self, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        rows = self.snapshot.sql(query, values)
        known = values or {}
        literal = _PARAMETER.sub(lambda found: literally(known[found[1]]), query)
        self.asked.append((literal, [tuple(row.values()) for row in rows]))
        return rows


def literally(value: Any) -> str:
    """A parameter as a literal that every engine reads alike."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return f"{value!r}e0" if isinstance(value, float) else str(value)


@pytest.fixture(scope="module")
def snapshot() -> Iterator[Snapshot]:
    with crowd() as made:
        yield made


@pytest.fixture(scope="module")
def asked(snapshot: Snapshot) -> list[Asked]:
    """All metrics, each as a whole and broken down, where it can be."""
    found: list[Asked] = []
    for name, one in metrics().items():
        for by in (None, next(iter(one.dimensions), None)):
            source = Listening(snapshot)
            answer = getattr(Metrics(source), name)(by=by, **ARGUMENTS.get(name, {}))
            assert isinstance(answer, Result), str(answer)
            found += [Asked(name, sql, rows) for sql, rows in source.asked]
    return found


def rounded(rows: Sequence[Sequence[Any]]) -> list[Row]:
    """The rows with plain numbers; whether a number is whole, decimal or floating is the engine's own business."""
    return [tuple(float(value) if isinstance(value, Decimal | int) else value for value in row) for row in rows]


def agree(one: Asked, rows: Sequence[Sequence[Any]]) -> None:
    """The same rows in the same order; what went through a logarithm or a division, to the 12th digit."""
    mine, other = rounded(one.rows), rounded(rows)
    assert len(mine) == len(other) > 0, one.metric
    for expected, found in zip(mine, other, strict=True):
        for left, right in zip(expected, found, strict=True):
            close = isinstance(left, float) and isinstance(right, float)
            assert right == (pytest.approx(left, rel=1e-12) if close else left), (one.metric, expected, found)


def test_every_metric_is_asked(asked: list[Asked]) -> None:
    assert {one.metric for one in asked} == set(metrics())
    assert all(one.rows for one in asked)


def test_postgresql_gives_the_rows_of_duckdb(snapshot: Snapshot, asked: list[Asked]) -> None:
    with postgres() as connection, connection.cursor() as cursor:
        for table, columns in TABLES.items():
            types = ", ".join(
                f'"{name}" {kind.replace("DOUBLE", "DOUBLE PRECISION")}' for name, kind in columns.items()
            )
            cursor.execute(f'create table "{table}" ({types})')
            names = ", ".join(f'"{name}"' for name in columns)
            with cursor.copy(f'copy "{table}" from stdin') as copy:
                for row in snapshot.sql(f'select {names} from "{table}"'):
                    copy.write_row(tuple(row.values()))
        cursor.execute("analyze")
        for one in asked:
            agree(one, cursor.execute(one.sql).fetchall())


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
def test_spark_gives_the_rows_of_duckdb(snapshot: Snapshot, asked: list[Asked]) -> None:
    with spark() as session:
        for table in TABLES:
            # One part, so that nothing has to be sent from one to another.
            file = str(snapshot.directory / f"{table}.parquet")
            session.read.parquet(file).coalesce(1).cache().createOrReplaceTempView(table)
        # Broken down where it can be: the same text but for one expression.
        for one in {one.metric: one for one in asked}.values():
            agree(one, session.sql(one.sql).collect())
