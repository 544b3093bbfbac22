"""A snapshot on an engine of one's own: where its tables stand, what is lacking there, and what is left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy

from leadbridge.analytics import Result, Snapshot
from leadbridge.analytics.portable import with_tables
from leadbridge.errors import ConfigError, DataError
from tests.analytics.crowd import crowd


@pytest.fixture(scope="module")
def snapshot() -> Iterator[Snapshot]:
    with crowd() as made:
        yield made


def left_behind(connection: Any) -> list[str]:
    rows = connection.execute("select tablename from pg_tables where tablename like 'leadbridge%'").fetchall()
    return [row[0] for row in rows]


def test_postgresql_answers_with_definition_and_all(snapshot: Snapshot, postgres: Any) -> None:
    with snapshot.on(postgres) as there:
        answer, expected = there.metrics.funnel(by="source"), snapshot.metrics.funnel(by="source")
        assert isinstance(answer, Result)
        assert isinstance(expected, Result)
        assert (answer.definition, answer.n, answer.excluded) == (expected.definition, expected.n, expected.excluded)
        assert answer.rows == expected.rows
        assert [line.text for line in there.scorecard()] == [line.text for line in snapshot.scorecard()]
        assert len(left_behind(postgres)) > 10
        assert repr(there) == "<Warehouse: Postgres, under Crowd, version 1, not signed>"
    assert left_behind(postgres) == []


def test_text_with_quotes_percent_and_blanks_arrives_as_it_is(snapshot: Snapshot, postgres: Any) -> None:
    words = "select $word as word, '100%' as share, count(*) as n from leads where source = $source or $none is null"
    with snapshot.on(postgres) as there:
        rows = there.sql(words, {"word": "it's $5 \\ 50%", "source": "web", "none": None})
        blanks = "select count(*) as n, count(source) as known, count(company) as companies from leads"
        assert there.sql(blanks) == snapshot.sql(blanks)
    assert rows == [{"word": "it's $5 \\ 50%", "share": "100%", "n": snapshot.count("leads")}]


def test_tables_of_a_schema_are_written_once_and_read_by_others(
    snapshot: Snapshot, new_database: Callable[[], str]
) -> None:
    engine = sqlalchemy.create_engine(new_database().replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection, snapshot.on(connection, schema="crm data", load=True) as there:
        loaded = there.metrics.acceptance_rate()
    with engine.connect() as connection, snapshot.on(connection, schema="crm data") as there:
        assert there.metrics.acceptance_rate() == loaded == snapshot.metrics.acceptance_rate()
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute('alter table "crm data".leads drop column role')
        with pytest.raises(DataError, match="no column role"):
            snapshot.on(connection, schema="crm data")
        with pytest.raises(DataError, match="elsewhere has no table leads: write the tables"):
            snapshot.on(connection, schema="elsewhere")
    engine.dispose()


@pytest.mark.parametrize("engine", [None, "spark", SimpleNamespace(cursor=None), sqlalchemy.create_engine("sqlite://")])
def test_what_is_no_engine_is_answered_with_those_there_are(snapshot: Snapshot, engine: object) -> None:
    with pytest.raises(ConfigError, match=r"SparkSession.*psycopg.*metrics export"):
        snapshot.on(engine)


def test_loading_needs_a_schema(snapshot: Snapshot) -> None:
    with pytest.raises(ConfigError, match="name a schema"):
        snapshot.on(object(), load=True)


def test_only_tables_are_called_otherwise_and_not_the_steps_of_a_query() -> None:
    query = "with answers as (select * from handoffs h) select a.leads from answers a join leads on leads.x = a.x"
    renamed = with_tables(query, lambda table: f"s.{table}")
    assert renamed == query.replace("from handoffs", "from s.handoffs").replace("join leads", "join s.leads")
