"""What statements find, held against another engine: the same rows in sqlite, the same conditions as SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.clock import ManualClock
from leadbridge_salesforce.simulator.demo import furnish
from leadbridge_salesforce.simulator.fields import custom
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.soql_ast import Column as Selected
from leadbridge_salesforce.simulator.soql_ast import (
    Compare,
    Condition,
    Field,
    Joined,
    Literal,
    Negated,
    Order,
    Query,
)
from leadbridge_salesforce.simulator.soql_dates import range_of, wire_instant
from leadbridge_salesforce.simulator.soql_print import printed
from leadbridge_salesforce.simulator.soql_run import run

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ROOT = "/services/data/v68.0"
TYPES = {
    "LastName": "text",
    "Company": "text",
    "NumberOfEmployees": "integer",
    "AnnualRevenue": "real",
    "DoNotCall": "bool",
}

TEXTS = st.none() | st.text(alphabet="aAbB%_'\\", min_size=1, max_size=3)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "LastName": TEXTS,
            "Company": TEXTS,
            "NumberOfEmployees": st.none() | st.integers(-2, 3),
            "AnnualRevenue": st.none() | st.sampled_from([-1.5, 0.0, 1.0, 2.25]),
            "DoNotCall": st.booleans(),
        }
    ),
    max_size=12,
)


def literals(field: str) -> st.SearchStrategy[Literal]:
    kind = TYPES[field]
    if kind == "bool":
        return st.builds(Literal, st.just("bool"), st.booleans())
    null = st.just(Literal("null", None))
    if kind == "text":
        return null | st.builds(Literal, st.just("string"), st.text(alphabet="aAbB%_'\\", max_size=3))
    return null | st.builds(Literal, st.just("number"), st.integers(-2, 3) | st.sampled_from([-1.5, 0.5, 2.25]))


@st.composite
def comparisons(draw: st.DrawFn) -> Compare:
    field = draw(st.sampled_from(sorted(TYPES)))
    kind = TYPES[field]
    signs = ["=", "!=", "IN", "NOT IN"] + ([] if kind == "bool" else ["<", "<=", ">", ">="])
    sign = draw(st.sampled_from(signs + (["LIKE"] if kind == "text" else [])))
    if sign == "LIKE":
        part = st.sampled_from(["a", "B", "%", "_", "\\%", "\\_", "\\\\", "\\'"])
        return Compare(Field(field), sign, (Literal("pattern", "".join(draw(st.lists(part, min_size=1, max_size=4)))),))
    most = 3 if "IN" in sign else 1
    return Compare(Field(field), sign, tuple(draw(st.lists(literals(field), min_size=1, max_size=most))))


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.builds(Negated, inner),
        st.builds(Joined, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=5,
)


def sql(condition: Condition, given: list[Any]) -> str:
    """The condition in SQL, in which nothing is unknown: what compares with NULL is false."""
    match condition:
        case Joined(word, parts):
            return "(" + f" {word} ".join(sql(part, given) for part in parts) + ")"
        case Negated(part):
            return f"(NOT {sql(part, given)})"
        case Compare(Field(name), sign, values):
            column = f"{name} COLLATE NOCASE" if TYPES[name] == "text" else name
            if sign == "LIKE":
                # sqlite unescapes before it matches, so only the escapes of signs that are no wildcards go.
                given.append(str(values[0].value).replace("\\'", "'"))
                return f"COALESCE({name} LIKE ? ESCAPE '\\', 0)"
            found = [None if literal.value == "" else literal.value for literal in values]
            given += found
            if sign in ("=", "IN"):
                return "(" + " OR ".join(f"{column} IS ?" for _ in found) + ")"
            if sign in ("!=", "NOT IN"):
                return "(" + " AND ".join(f"{column} IS NOT ?" for _ in found) + ")"
            return f"COALESCE({column} {sign} ?, 0)"
    raise AssertionError(condition)


@pytest.fixture(scope="module")
def org() -> Org:
    return Org(ManualClock(NOW))


@pytest.fixture(scope="module")
def other() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    columns = ", ".join(f"{name} {kind}" for name, kind in TYPES.items())
    connection.execute(f"CREATE TABLE lead (id TEXT, {columns})")
    yield connection
    connection.close()


@settings(max_examples=400)
@given(rows=ROWS, condition=CONDITIONS, by=st.sampled_from(sorted(TYPES)), descending=st.booleans(), last=st.booleans())
def test_conditions_and_orders_mean_what_they_mean_elsewhere(
    org: Org,
    other: sqlite3.Connection,
    rows: list[dict[str, Any]],
    condition: Condition,
    by: str,
    descending: bool,
    last: bool,
) -> None:
    org.begin()
    other.execute("DELETE FROM lead")
    for row in rows:
        key = org.insert("Lead", dict(row))["Id"]
        other.execute(f"INSERT INTO lead VALUES (?{', ?' * len(TYPES)})", (key, *(row[name] for name in TYPES)))
    order = (Order(Field(by), descending, last), Order(Field("Id")))
    statement = printed(Query((Selected(Field("Id")),), "Lead", where=condition, order=order))
    found = [record["Id"] for record in run(org, statement, everything=False, root=ROOT).records]
    given: list[Any] = []
    place = f"{by} COLLATE NOCASE" if TYPES[by] == "text" else by
    way = f"{'DESC' if descending else 'ASC'} NULLS {'LAST' if last else 'FIRST'}"
    expected = other.execute(f"SELECT id FROM lead WHERE {sql(condition, given)} ORDER BY {place} {way}, id", given)
    assert found == [key for (key,) in expected.fetchall()]


@settings(max_examples=200)
@given(rows=ROWS, by=st.sampled_from(["LastName", "NumberOfEmployees", "DoNotCall"]))
def test_groups_hold_what_they_hold_elsewhere(
    org: Org, other: sqlite3.Connection, rows: list[dict[str, Any]], by: str
) -> None:
    org.begin()
    other.execute("DELETE FROM lead")
    for row in rows:
        org.insert("Lead", dict(row))
        other.execute(f"INSERT INTO lead VALUES (''{', ?' * len(TYPES)})", tuple(row[name] for name in TYPES))
    sums = "COUNT(Company) a, SUM(NumberOfEmployees) b, MIN(AnnualRevenue) c, MAX(NumberOfEmployees) d"
    statement = f"SELECT {by} k, COUNT(Id) n, {sums} FROM Lead GROUP BY {by} ORDER BY {by} NULLS FIRST"
    found = run(org, statement, everything=False, root=ROOT).records
    folded = f"{by} COLLATE NOCASE" if TYPES[by] == "text" else by
    # SQL's alias for a column is the same word.
    expected = other.execute(
        f"SELECT COUNT(*), {sums}, COUNT(DISTINCT Company COLLATE NOCASE) FROM lead GROUP BY {folded} "
        f"ORDER BY {folded} NULLS FIRST"
    ).fetchall()
    assert [tuple(record[name] for name in "nabcd") for record in found] == [each[:5] for each in expected]
    assert all(record["attributes"] == {"type": "AggregateResult"} for record in found)


@settings(max_examples=200)
@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.integers(1, 40))
def test_ranges_of_dates_join_without_a_gap(today: date, number: int) -> None:
    day = timedelta(days=1)
    for unit in ("WEEK", "MONTH", "QUARTER", "YEAR"):
        last, this, following = (range_of(f"{which}_{unit}", today) for which in ("LAST", "THIS", "NEXT"))
        assert last[1] == this[0] <= today < this[1] == following[0]
        assert range_of(f"LAST_N_{unit}S:{number}", today)[1] == this[0]
        assert range_of(f"NEXT_N_{unit}S:{number}", today)[0] == this[1]
        assert range_of(f"N_{unit}S_AGO:1", today) == last == range_of(f"LAST_N_{unit}S:1", today)
        if unit != "WEEK":
            assert this[0].day == 1
    assert range_of("THIS_WEEK", today)[0].isoweekday() == 7
    assert range_of("LAST_90_DAYS", today) == (today - 90 * day, today + day)
    assert range_of(f"LAST_N_DAYS:{number}", today) == (today - number * day, today + day)
    assert range_of(f"NEXT_N_DAYS:{number}", today) == (today + day, today + (number + 1) * day)
    assert range_of(f"N_DAYS_AGO:{number}", today) == (today - number * day, today - (number - 1) * day)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("= TODAY", [0]),
        ("!= TODAY", [-400, -40, -7, -1, 1, 40]),
        ("> TODAY", [1, 40]),
        (">= TODAY", [0, 1, 40]),
        ("< TODAY", [-400, -40, -7, -1]),
        ("<= YESTERDAY", [-400, -40, -7, -1]),
        ("= LAST_N_DAYS:7", [-7, -1, 0]),
        ("= LAST_WEEK", [-7]),
        ("= THIS_WEEK", [-1, 0, 1]),
        ("= THIS_MONTH", [-1, 0, 1]),
        ("= NEXT_QUARTER", [40]),
        ("= LAST_YEAR", [-400]),
        ("= N_YEARS_AGO:1", [-400]),
        ("< LAST_YEAR", []),
        ("< THIS_YEAR", [-400]),
        ("IN (TODAY, TOMORROW)", [0, 1]),
        ("= LAST_N_DAYS:99999", [-400, -40, -7, -1, 0]),
    ],
)
@pytest.mark.parametrize("kind", ["date", "datetime"])
def test_date_literals_cover_whole_days(kind: str, condition: str, expected: list[int]) -> None:
    org = Org(ManualClock(NOW))
    field = "ActivityDate" if kind == "date" else "StartDateTime"
    days = {}
    for days_off in (-400, -40, -7, -1, 0, 1, 40):
        moment = NOW + timedelta(days=days_off)
        value = moment.date().isoformat() if kind == "date" else wire_instant(moment)
        days[org.insert("Event", {field: value})["Id"]] = days_off
    found = run(org, f"SELECT Id FROM Event WHERE {field} {condition} ORDER BY {field}", everything=False, root=ROOT)
    assert [days[record["Id"]] for record in found.records] == expected


def test_picklists_sort_in_the_order_in_which_they_were_set_up(org: Org) -> None:
    org.begin()
    furnish(org)
    for rating in ("Cold", "warm", "Hot", None, "Odd"):
        org.insert("Lead", {"LastName": "x", "Rating": rating})
    found = run(org, "SELECT Rating FROM Lead ORDER BY Rating", everything=False, root=ROOT).records
    assert [record["Rating"] for record in found] == [None, "Hot", "warm", "Cold", "Odd"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("INCLUDES ('A')", ["A", "A;B"]),
        ("INCLUDES ('A;B', 'c')", ["A;B", "C"]),
        ("EXCLUDES ('A')", [None, "C"]),
        ("EXCLUDES ('A;B')", [None, "A", "C"]),
        ("= 'a;b'", ["A;B"]),
    ],
)
def test_several_choices_are_included_or_excluded(condition: str, expected: list[str | None]) -> None:
    org = Org(ManualClock(NOW))
    org.add_field("Lead", custom("Interests__c", "multipicklist", values=("A", "B", "C")))
    for choices in (None, "A", "A;B", "C"):
        org.insert("Lead", {"LastName": "x", "Interests__c": choices})
    statement = f"SELECT Interests__c FROM Lead WHERE Interests__c {condition} ORDER BY Id"
    assert [each["Interests__c"] for each in run(org, statement, everything=False, root=ROOT).records] == expected


def test_bounds_beside_or_do_not_hide_what_the_other_side_finds() -> None:
    clock = ManualClock(NOW)
    org = Org(clock)
    stamps = []
    for _ in range(4):
        clock.advance(timedelta(minutes=1))
        stamps.append(org.insert("Lead", {"LastName": "x"})["SystemModstamp"])
    order = "ORDER BY SystemModstamp, Id"
    for condition, expected in (
        (f"SystemModstamp >= {stamps[2]} OR SystemModstamp > {stamps[0]}", 3),
        (f"SystemModstamp >= {stamps[2]} OR LastName = 'x'", 4),
        (f"SystemModstamp >= {stamps[2]} AND SystemModstamp > {stamps[0]}", 2),
        (f"SystemModstamp = {stamps[1]}", 1),
        ("SystemModstamp >= TODAY", 4),
    ):
        statement = f"SELECT Id FROM Lead WHERE {condition} {order}"
        assert run(org, statement, everything=False, root=ROOT).total == expected


def test_groups_are_cut_by_limit_and_offset() -> None:
    org = Org(ManualClock(NOW))
    for name in "abcd":
        org.insert("Lead", {"LastName": name})
    statement = "SELECT LastName, COUNT(Id) FROM Lead GROUP BY LastName ORDER BY LastName LIMIT 2 OFFSET 1"
    assert [each["LastName"] for each in run(org, statement, everything=False, root=ROOT).records] == ["b", "c"]
