"""SOQL as the simulated org reads it: what it takes, what it refuses and why, and that it reads what it prints."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.clock import ManualClock
from leadbridge.errors import BadRequest
from leadbridge_salesforce import soql
from leadbridge_salesforce.simulator.demo import furnish, provide
from leadbridge_salesforce.simulator.fields import FieldDef, custom
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Refusal
from leadbridge_salesforce.simulator.soql_ast import (
    Child,
    Column,
    Compare,
    Field,
    Function,
    Joined,
    Literal,
    Member,
    Negated,
    Order,
    Query,
    SoqlError,
)
from leadbridge_salesforce.simulator.soql_parser import parse
from leadbridge_salesforce.simulator.soql_print import printed
from leadbridge_salesforce.simulator.soql_run import run

ROOT = "/services/data/v68.0"
HERE = Path(__file__).parent


def cases(name: str) -> list[Any]:
    groups = yaml.safe_load((HERE / name).read_text("utf-8"))
    return [pytest.param(each, group, id=each) for group in groups for each in group["statements"]]


ACCEPTED = cases("soql_accepted.yaml")
REFUSED = cases("soql_refused.yaml")


@pytest.fixture(scope="module")
def org() -> Org:
    found = Org(ManualClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC)))
    furnish(found)
    provide(found)
    found.add_field("Lead", custom("Interests__c", "multipicklist", values=("A", "B", "C")))
    found.add_field("Lead", custom("Secret__c", "string", visible=False))
    found.add_field("Lead", FieldDef("Partner__c", "reference", length=18, reference_to=("Account",)))
    account = found.insert("Account", {"Name": "Acme"})["Id"]
    found.insert("Contact", {"LastName": "Ada", "AccountId": account})
    found.insert("Opportunity", {"Name": "Deal", "AccountId": account, "StageName": "Qualification", "Amount": 9.0})
    found.insert("Lead", {"LastName": "Bob", "Company": "Acme", "NumberOfEmployees": 5, "Interests__c": "A;B"})
    found.insert("Lead", {"LastName": "Cy", "Company": "Best", "Email": "cy@best.example", "Partner__c": account})
    return found


def test_there_are_at_least_250_cases_and_none_twice() -> None:
    statements = [case.values[0] for case in (*ACCEPTED, *REFUSED)]
    assert len(statements) >= 250
    assert len(statements) == len(set(statements))


@pytest.mark.parametrize(("statement", "group"), ACCEPTED)
def test_it_takes_what_salesforce_takes(org: Org, statement: str, group: dict[str, Any]) -> None:
    found = run(org, statement, everything=False, root=ROOT)
    assert group["because"]
    assert found.total >= 0
    assert found.query.counts or found.total == len(found.records)


@pytest.mark.parametrize(("statement", "group"), REFUSED)
def test_it_refuses_what_salesforce_refuses(org: Org, statement: str, group: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as caught:
        run(org, statement, everything=False, root=ROOT)
    assert group["because"]
    assert (caught.value.status, caught.value.code) == (400, group["code"])
    assert group.get("says", "") in caught.value.message


@pytest.mark.parametrize("statement", [case.values[0] for case in ACCEPTED])
def test_what_is_parsed_and_printed_parses_to_the_same(statement: str) -> None:
    once = parse(statement)
    assert parse(printed(once)) == once
    assert printed(parse(printed(once))) == printed(once)


def test_a_refusal_shows_the_place(org: Org) -> None:
    with pytest.raises(Refusal) as caught:
        run(org, "SELECT Id,\n  Shoe\nFROM Lead", everything=False, root=ROOT)
    assert caught.value.message.startswith(
        "\n  Shoe\n  ^\nERROR at Row:2:Column:3\nNo such column 'Shoe' on entity 'Lead'."
    )


def test_statements_have_an_end(org: Org) -> None:
    with pytest.raises(Refusal) as caught:
        run(org, f"SELECT Id FROM Lead WHERE LastName = '{'x' * 4001}'", everything=False, root=ROOT)
    assert caught.value.code == "MALFORMED_QUERY"
    with pytest.raises(Refusal) as caught:
        run(org, f"SELECT Id FROM Lead{' ' * 100_000}", everything=False, root=ROOT)
    assert "100,000" in caught.value.message
    with pytest.raises(Refusal) as caught:
        run(org, f"SELECT Id FROM Lead WHERE {'(' * 9999}Id = null{')' * 9999}", everything=False, root=ROOT)
    assert caught.value.code == "QUERY_TOO_COMPLICATED"


def test_fields_as_a_function_came_with_version_51(org: Org) -> None:
    with pytest.raises(Refusal) as caught:
        run(org, "SELECT FIELDS(STANDARD) FROM Lead", everything=False, root="/services/data/v50.0")
    assert caught.value.code == "UNSUPPORTED_API_VERSION"


def parsed_or_refused(text: str) -> Query | SoqlError:
    try:
        return parse(text)
    except SoqlError as error:
        return error


# -- laws ----------------------------------------------------------------------------------------------------------

WORDS = frozenset(
    {"from", "where", "with", "group", "having", "order", "limit", "offset", "for", "update", "using", "all"}
)
WORDS |= {"null", "true", "false", "in", "like", "includes", "excludes", "and", "or", "asc", "desc", "nulls", "count"}
WORDS |= {"as", "not", "select", "typeof", "fields"}
PIECES = ["SELECT", "Id", "FROM", "Lead", "WHERE", "(", ")", ",", "=", "'a'", "\\", "'", "AND", "NOT", "IN"]
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,6}", fullmatch=True).filter(lambda name: name.lower() not in WORDS)
FIELDS = st.lists(NAMES, min_size=1, max_size=3).map(".".join).map(Field)
AGGREGATED = st.builds(Function, st.sampled_from(["COUNT", "SUM", "MAX", "CALENDAR_YEAR", "TOLABEL"]), FIELDS)
EXPRESSIONS = FIELDS | AGGREGATED
TEXTS = st.builds(Literal, st.just("string"), st.text(max_size=20))
LITERALS = st.one_of(
    TEXTS,
    st.builds(Literal, st.just("number"), st.integers(-(10**12), 10**12)),
    st.builds(Literal, st.just("number"), st.floats(-1e12, 1e12, allow_nan=False)),
    st.builds(Literal, st.just("date"), st.dates().map(str)),
    st.builds(Literal, st.just("bool"), st.booleans()),
    st.just(Literal("null", None)),
    st.builds(
        Literal, st.just("word"), st.sampled_from(["TODAY", "LAST_N_DAYS:7", "N_MONTHS_AGO:2", "THIS_FISCAL_YEAR"])
    ),
)
PATTERNS = st.text(alphabet="ab%_", max_size=8) | st.sampled_from([r"\%", r"a\_b", r"\\_", r"it\'s%"])
COMPARISONS = st.one_of(
    st.builds(Compare, EXPRESSIONS, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), st.tuples(LITERALS)),
    st.builds(
        Compare,
        EXPRESSIONS,
        st.sampled_from(["IN", "NOT IN", "INCLUDES", "EXCLUDES"]),
        st.lists(LITERALS, min_size=1, max_size=3).map(tuple),
    ),
    st.builds(Compare, EXPRESSIONS, st.just("LIKE"), st.tuples(st.builds(Literal, st.just("pattern"), PATTERNS))),
    st.builds(Member, FIELDS, st.booleans(), st.builds(Query, st.tuples(st.builds(Column, FIELDS)), NAMES)),
)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds(Negated, inner),
        st.builds(Joined, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
ORDERS = st.lists(st.builds(Order, EXPRESSIONS, st.booleans(), st.booleans()), max_size=2).map(tuple)
COLUMNS = st.lists(st.builds(Column, EXPRESSIONS, st.none() | NAMES), min_size=1, max_size=3).map(tuple)
QUERIES = st.builds(
    Query,
    COLUMNS,
    NAMES,
    st.none() | NAMES,
    st.none() | CONDITIONS,
    st.lists(EXPRESSIONS, max_size=2).map(tuple),
    st.none() | CONDITIONS,
    ORDERS,
    st.none() | st.integers(0, 10**6),
    st.integers(0, 2000),
)


@settings(max_examples=150)
@given(QUERIES, st.none() | QUERIES)
def test_any_statement_is_what_its_print_parses_to(query: Query, child: Query | None) -> None:
    if child is not None:
        query = replace(query, columns=(*query.columns, Child(child)))
    assert parse(printed(query)) == query


@settings(max_examples=300)
@given(st.text(max_size=80) | st.lists(st.sampled_from(PIECES)).map(" ".join))
def test_any_text_is_either_parsed_or_refused_at_a_place_within_it(text: str) -> None:
    found = parsed_or_refused(text)
    if isinstance(found, SoqlError):
        assert 0 <= found.at <= len(text)
        assert found.message in found.placed(text)
    else:
        assert parse(printed(found)) == found


# -- what the adapter writes ---------------------------------------------------------------------------------------


@given(st.text(max_size=60))
def test_any_text_comes_through_a_string_literal_unchanged(text: str) -> None:
    where = parse(soql.select(["Id"], "Lead", where=[f"LastName = {soql.quote(text)}"])).where
    assert where == Compare(Field("LastName"), "=", (Literal("string", text.replace("\0", "")),))


@pytest.mark.parametrize("name", ["Id FROM User--", "", "1abc", "Last Name", "Löhne", "Id,Name", "a.b.c"])
def test_a_name_that_is_no_name_is_refused_before_it_is_sent(name: str) -> None:
    with pytest.raises(BadRequest) as caught:
        soql.select([name], "Lead")
    assert not name or name not in str(caught.value)


def test_unquoted_values_cannot_break_out() -> None:
    with pytest.raises(BadRequest):
        soql.one_of("CreatedDate", ["2026-01-01T00:00:00Z) OR (Id != ''"], quoted=False)


@given(st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_written_without_exponents(number: float) -> None:
    where = parse(f"SELECT Id FROM Lead WHERE AnnualRevenue = {soql.literal(number)}").where
    assert isinstance(where, Compare)
    assert float(str(where.values[0].value)) == float(number)


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(BadRequest):
        soql.literal(float("nan"))


@given(st.lists(st.text(min_size=1, max_size=300), max_size=80), st.integers(1, 50))
def test_chunks_keep_every_value_in_order_and_stay_small(values: list[str], most: int) -> None:
    parts = list(soql.chunks(values, most=most))
    assert [value for part in parts for value in part] == values
    assert all(0 < len(part) <= most for part in parts)


def test_the_condition_behind_a_record_is_understood_by_the_grammar() -> None:
    condition = soql.after("2026-01-01T00:00:00.000Z", "00Q000000000001AAA")
    parse(soql.select(["Id"], "Lead", where=[condition, "SystemModstamp < 2026-01-02T00:00:00.000Z"]))
