"""A metric is one text of SQL: DuckDB, PostgreSQL and Spark give the same rows for it, broken down and whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from leadbridge.analytics import Result, Snapshot, metrics
from leadbridge.analytics.measures import Metrics
from leadbridge.analytics.meta import Meta
from tests.analytics.crowd import crowd
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

BY_TEAM = ("acceptance_rate", "follow_up_depth", "promises_by_week")
"""Metrics that are broken down by a dimension that stands in the agreement and not in their file."""

Rows = list[dict[str, Any]]


class Asked(NamedTuple):
    """A query of a metric, its parameters, and the rows that DuckDB gives for it."""

    metric: str
    query: str
    values: Mapping[str, Any]
    rows: Rows


class Listening:
    """A snapshot that writes down what metrics ask it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.asked: list[tuple[str, Mapping[str, Any], Rows]] = []

    @property
    def meta(self) -> Meta:
        return self.snapshot.meta

    def sql(self, query: str, values: Mapping[str, Any] | None = None) -> Rows:
        rows = self.snapshot.sql(query, values)
        self.asked.append((query, values or {}, rows))
        return rows


@pytest.fixture(scope="module")
def snapshot() -> Iterator[Snapshot]:
    with crowd() as made:
        yield made


@pytest.fixture(scope="module")
def asked(snapshot: Snapshot) -> list[Asked]:
    """All metrics, each as a whole and broken down, where it can be."""
    found: list[Asked] = []
    for name, one in metrics().items():
        for by in (None, "team" if name in BY_TEAM else next(iter(one.dimensions), None)):
            source = Listening(snapshot)
            answer = getattr(Metrics(source), name)(by=by, **ARGUMENTS.get(name, {}))
            assert isinstance(answer, Result), str(answer)
            found += [Asked(name, *asked) for asked in source.asked]
    return found


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Whether a number is whole or floating is the engine's own business."""
    return {
        name: float(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for name, value in row.items()
    }


def near(row: Mapping[str, Any]) -> dict[str, Any]:
    """What went through a logarithm or a division is the same to the 12th digit."""
    return {name: pytest.approx(value, rel=1e-12) if isinstance(value, float) else value for name, value in row.items()}


def agree(one: Asked, rows: Rows) -> None:
    """The same rows in the same order."""
    assert len(rows) == len(one.rows) > 0, one.metric
    for expected, found in zip(map(plain, one.rows), map(plain, rows), strict=True):
        assert found == near(expected), one.metric


def test_every_metric_is_asked(asked: list[Asked]) -> None:
    assert {one.metric for one in asked} == set(metrics())
    assert all(one.rows for one in asked)


def test_postgresql_gives_the_rows_of_duckdb(snapshot: Snapshot, asked: list[Asked], postgres: Any) -> None:
    with snapshot.on(postgres) as there:
        for one in asked:
            agree(one, there.sql(one.query, one.values))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
def test_spark_gives_the_rows_of_duckdb(snapshot: Snapshot, asked: list[Asked], spark: Any) -> None:
    with snapshot.on(spark) as there:
        # Broken down where it can be: the same text but for one expression. A median asks for its values as well.
        for one in {(one.metric, "as value, count" in one.query): one for one in asked}.values():
            agree(one, there.sql(one.query, one.values))
