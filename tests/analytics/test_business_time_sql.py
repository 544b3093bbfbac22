"""Business time in SQL gives the numbers of the calendars themselves, on every engine and from one text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.analytics.business_time import SLOTS, STEPS, BusinessTimeSQL
from leadbridge.clock import from_us, to_us
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.errors import ConfigError
from tests.domain.wall_clock import at, calendars, moments

MICROSECOND = timedelta(microseconds=1)
FIRST, LAST = at("2011-12-01"), at("2014-06-01")
CALENDARS = {
    name: BusinessCalendar.model_validate(values)
    for name, values in {
        "london": {"zone": "Europe/London", "hours": {"mon-fri": ["09:00-17:30"]}, "holidays": "GB-ENG"},
        "new york": {"zone": "America/New_York", "hours": {"mon-fri": ["08:30-12:00", "13:00-17:00"]}},
        "o'hare": {"zone": "America/Chicago", "hours": {"daily": ["22:00-06:00"]}},
        "apia": {"zone": "Pacific/Apia", "hours": {"thu-sat": ["09:00-17:00"]}},
        "kathmandu": {"zone": "Asia/Kathmandu", "hours": {"sun-fri": ["10:00-17:00"]}},
        "lord howe": {"zone": "Australia/Lord_Howe", "hours": {"daily": ["00:30-03:15"]}},
        "always": {"hours": "always"},
        "closed": {"versions": [{"from": "2013-01-01", "hours": {}}]},
    }.items()
}
BUSINESS_TIME = BusinessTimeSQL.of(CALENDARS, FIRST, LAST)
ROWS = 4_000
ELAPSED = f"select id, elapsed_us from ({BUSINESS_TIME.elapsed('cases')}) q order by id"
DUE = f"select id, due_us from ({BUSINESS_TIME.due('cases')}) q order by id"
Row = tuple[int, int | None]


def cases() -> list[tuple[int, str, int | None, int | None, int]]:
    random = np.random.default_rng(5)
    ends_before = to_us(at("2014-05-01"))
    starts = random.integers(to_us(FIRST), ends_before, ROWS)
    starts[::3] -= starts[::3] % 900_000_000
    starts = np.maximum(starts, to_us(FIRST))
    ends = np.minimum(starts + random.integers(-(10**12), 10**13, ROWS), ends_before)
    ends = np.maximum(ends, to_us(FIRST))
    lasting = random.integers(0, 30 * 3_600_000_000, ROWS)
    lasting[::5] = 0
    lasting[1::5] -= lasting[1::5] % 900_000_000
    names = list(CALENDARS)
    found: list[tuple[int, str, int | None, int | None, int]] = []
    for row in range(ROWS):
        start, end = int(starts[row]), int(ends[row])
        missing = row % 97 == 0, row % 89 == 0
        calendar = names[row % len(names)]
        found.append((row, calendar, None if missing[0] else start, None if missing[1] else end, int(lasting[row])))
    return found


CASES = cases()


def expected() -> tuple[list[Row], list[Row]]:
    """What the calendars answer: open time, and due times up to the end of the tables."""
    elapsed: list[Row] = []
    due: list[Row] = []
    for row, name, start, end, lasting in CASES:
        calendar = CALENDARS[name]
        known = start is not None and end is not None
        spent = calendar.elapsed(from_us(start), from_us(end)) // MICROSECOND if known else None
        elapsed.append((row, spent))
        try:
            when = None if start is None else to_us(calendar.due(from_us(start), lasting * MICROSECOND))
        except ConfigError:
            when = None
        due.append((row, when))
    return elapsed, due


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        BUSINESS_TIME.load(connection)
        names = ("id", "calendar", "start_us", "end_us", "duration_us")
        connection.register("raw", pyarrow.table(dict(zip(names, map(list, zip(*CASES, strict=True)), strict=True))))
        connection.execute("create table cases as select * from raw")
        yield connection


def test_duckdb_gives_the_numbers_of_the_calendars(duck: duckdb.DuckDBPyConnection) -> None:
    elapsed, due = expected()
    assert duck.execute(ELAPSED).fetchall() == elapsed
    assert duck.execute(DUE).fetchall() == due


@given(calendars(may_end=True), st.data())
@settings(max_examples=15)
def test_sql_agrees_with_any_calendar(made: tuple[BusinessCalendar, datetime], data: st.DataObject) -> None:
    calendar, first = made
    pairs = data.draw(st.lists(st.tuples(moments(first, 8), moments(first, 8)), min_size=1, max_size=20))
    expected = [calendar.elapsed(*pair) // MICROSECOND for pair in pairs]
    lasting = [max(took, 0) * MICROSECOND for took in expected]
    due = [to_us(calendar.due(start, amount)) for (start, _), amount in zip(pairs, lasting, strict=True)]
    business_time = BusinessTimeSQL.of({"one": calendar}, first, first + timedelta(days=8))
    values = ", ".join(
        f"({row}, 'one', {to_us(start)}::bigint, {to_us(end)}::bigint, {max(took, 0)}::bigint)"
        for row, ((start, end), took) in enumerate(zip(pairs, expected, strict=True))
    )
    relation = f"(select * from (values {values}) v(id, calendar, start_us, end_us, duration_us))"
    with duckdb.connect() as connection:
        business_time.load(connection)
        elapsed = connection.execute(f"select elapsed_us from ({business_time.elapsed(relation)}) q order by id")
        assert [found for (found,) in elapsed.fetchall()] == expected
        found = connection.execute(f"select due_us from ({business_time.due(relation)}) q order by id").fetchall()
        assert [row for (row,) in found] == due


def test_postgresql_gives_the_numbers_of_the_calendars(postgres: Any) -> None:
    elapsed, due = expected()
    with postgres.cursor() as cursor:
        cursor.execute(
            "create table cases (id bigint, calendar varchar(80), start_us bigint, end_us bigint, duration_us bigint)"
        )
        with cursor.copy("copy cases from stdin") as copy:
            for case in CASES:
                copy.write_row(case)
        for table in (SLOTS, STEPS):
            cursor.execute(BUSINESS_TIME.ddl(table))
            with cursor.copy(f"copy {table} from stdin") as copy:
                for row in BUSINESS_TIME.rows(table):
                    copy.write_row(row)
        cursor.execute("analyze")
        assert cursor.execute(ELAPSED).fetchall() == elapsed
        assert cursor.execute(DUE).fetchall() == due


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_spark_gives_the_numbers_of_the_calendars(duck: duckdb.DuckDBPyConnection, spark: Any, tmp_path: Path) -> None:
    elapsed, due = expected()
    for table in ("cases", SLOTS, STEPS):
        file = (tmp_path / f"{table}.parquet").as_posix()
        duck.execute(f"copy {table} to '{file}' (format parquet)")
        spark.read.parquet(file).createOrReplaceTempView(table)
    assert [tuple(row) for row in spark.sql(ELAPSED).collect()] == elapsed
    assert [tuple(row) for row in spark.sql(DUE).collect()] == due


def test_all_rows_may_share_a_calendar_that_is_named_in_the_query(duck: duckdb.DuckDBPyConnection) -> None:
    relation = "(select id, start_us as s, end_us as e from cases where calendar = 'o''hare')"
    query = BUSINESS_TIME.elapsed(relation, start="s", end="e", calendar="o'hare")
    found = duck.execute(f"select id, elapsed_us from ({query}) q order by id").fetchall()
    names = {case[0] for case in CASES if case[1] == "o'hare"}
    assert found == [row for row in expected()[0] if row[0] in names]


def test_instants_beyond_the_tables_have_no_answer_instead_of_a_wrong_one(duck: duckdb.DuckDBPyConnection) -> None:
    beyond = to_us(LAST) + 2 * 86_400_000_000
    relation = f"(select cast({to_us(FIRST)} as bigint) as start_us, cast({beyond} as bigint) as end_us)"
    (row,) = duck.execute(BUSINESS_TIME.elapsed(relation, calendar="london")).fetchall()
    assert row[-1] is None


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ConfigError, match="name at least one"):
        BusinessTimeSQL.of({}, FIRST, LAST)
    with pytest.raises(ConfigError, match="in order"):
        BusinessTimeSQL.of(CALENDARS, LAST, FIRST)
    with pytest.raises(ConfigError, match="less than 140 years"):
        BusinessTimeSQL.of({"always": CALENDARS["always"]}, at("1800-01-01"), LAST)
    with pytest.raises(ConfigError, match="use one of london"):
        BUSINESS_TIME.due("cases", calendar="paris")
    with pytest.raises(ConfigError, match="not a plain column name"):
        BUSINESS_TIME.elapsed("cases", start="a; drop table leads")
