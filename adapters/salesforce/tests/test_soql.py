"""SOQL text: what we write is what Salesforce reads, whatever the values hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.errors import BadRequest
from leadbridge_salesforce import soql
from leadbridge_salesforce.simulator.soql_parser import Compare, Malformed, parse


@given(st.text(max_size=60))
def test_any_text_comes_through_a_string_literal_unchanged(text: str) -> None:
    statement = soql.select(["Id"], "Lead", where=[f"LastName = {soql.quote(text)}"])
    where = parse(statement).where
    assert isinstance(where, Compare)
    assert where.values[0].value == text.replace("\0", "")


@pytest.mark.parametrize("name", ["Id FROM User--", "", "1abc", "Last Name", "Löhne", "Id,Name", "a.b.c"])
def test_a_name_that_is_no_name_is_refused_before_it_is_sent(name: str) -> None:
    with pytest.raises(BadRequest) as caught:
        soql.select([name], "Lead")
    assert not name or name not in str(caught.value)


def test_unquoted_values_cannot_break_out() -> None:
    with pytest.raises(BadRequest):
        soql.one_of("CreatedDate", ["2026-01-01T00:00:00Z) OR (Id != ''"], quoted=False)


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(BadRequest):
        soql.literal(float("nan"))


@given(st.lists(st.text(min_size=1, max_size=300), max_size=80), st.integers(1, 50))
def test_chunks_keep_every_value_in_order_and_stay_small(values: list[str], most: int) -> None:
    parts = list(soql.chunks(values, most=most))
    assert [value for part in parts for value in part] == values
    assert all(0 < len(part) <= most for part in parts)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT Id FROM Lead WHERE LastName = 'a\\qb'",
        "SELECT Id FROM Lead WHERE LastName = 'a' AND Email = 'b' OR Email = 'c'",
        "SELECT Id FROM Lead WHERE NOT LastName = 'a' AND Email = 'b'",
        "SELECT Id FROM Lead WHERE Id IN ()",
        "SELECT Id FROM Lead WHERE LastName = 'a",
        "SELECT FROM Lead",
        "SELECT Id Lead",
        "SELECT Id FROM Lead LIMIT 'x'",
    ],
)
def test_the_simulator_refuses_what_salesforce_refuses(statement: str) -> None:
    with pytest.raises(Malformed):
        parse(statement)


def test_the_condition_behind_a_record_is_understood_by_the_grammar() -> None:
    condition = soql.after("2026-01-01T00:00:00.000Z", "00Q000000000001AAA")
    parse(soql.select(["Id"], "Lead", where=[condition, "SystemModstamp < 2026-01-02T00:00:00.000Z"]))
