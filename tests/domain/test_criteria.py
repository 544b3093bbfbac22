"""Criteria against SQLite as the reference for three-valued logic, and the words for what cannot be compiled."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.domain.criteria import (
    PROFILE_TYPES,
    CriteriaError,
    Criterion,
    Rule,
    Verdict,
    compile_rule,
    judge,
    profile,
)
from leadbridge.domain.interaction import Interaction

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NUMBERS = ("lead.score", "company.employees", "last_30d.content")
TEXTS = ("lead.country", "lead.title", "company.industry")
FLAGS = ("lead.opted_out",)

words = st.sampled_from(["de", "DE", "retail", "it's", "", "ü"])
number_literals = st.integers(-5, 5)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def numeric() -> st.SearchStrategy[str]:
    leaf = st.one_of(st.sampled_from(NUMBERS), number_literals.map(str))
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
            inner.map(lambda text: f"(- {text})"),
        ),
        max_leaves=4,
    )


def textual() -> st.SearchStrategy[str]:
    leaf = st.one_of(st.sampled_from(TEXTS), words.map(quoted))
    return st.one_of(leaf, st.sampled_from(TEXTS).map(lambda name: f"lower({name})"))


OPERATORS = st.sampled_from(["=", "<>", "!=", "<", "<=", ">", ">="])


def conditions() -> st.SearchStrategy[str]:
    listed = st.lists(number_literals.map(str), min_size=1, max_size=3).map(", ".join)
    said = st.lists(words.map(quoted), min_size=1, max_size=3).map(", ".join)
    leaf = st.one_of(
        st.tuples(numeric(), OPERATORS, numeric()).map(" ".join),
        st.tuples(textual(), OPERATORS, textual()).map(" ".join),
        st.tuples(numeric(), numeric(), numeric()).map(lambda t: f"{t[0]} between {t[1]} and {t[2]}"),
        st.tuples(st.sampled_from(NUMBERS), st.sampled_from(["in", "not in"]), listed).map(
            lambda t: f"{t[0]} {t[1]} ({t[2]})"
        ),
        st.tuples(st.sampled_from(TEXTS), st.sampled_from(["in", "not in"]), said).map(
            lambda t: f"{t[0]} {t[1]} ({t[2]})"
        ),
        st.tuples(st.sampled_from([*NUMBERS, *TEXTS, *FLAGS]), st.sampled_from(["is null", "is not null"])).map(
            " ".join
        ),
        st.sampled_from(["lead.opted_out", "lead.opted_out = true", "lead.opted_out <> false", "true", "false"]),
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
            inner.map(lambda text: f"not ({text})"),
        ),
        max_leaves=5,
    )


def compiled(text: str) -> Rule | None:
    """The rule, or nothing for what the generator happened to make impossible; all else is well formed."""
    try:
        return compile_rule(text)
    except CriteriaError as error:
        if any(word in error.message for word in ("can never be true", "fixed value", "is never '")):
            return None
        raise


values = st.fixed_dictionaries(
    {
        **{name: st.one_of(st.none(), st.integers(-5, 5)) for name in NUMBERS},
        **{name: st.one_of(st.none(), words) for name in TEXTS},
        **{name: st.one_of(st.none(), st.booleans()) for name in FLAGS},
    }
)


@pytest.fixture(scope="module")
def reference() -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(":memory:")
    database.execute("create table lead (score, country text, title text, opted_out)")
    database.execute("create table company (employees, industry text)")
    database.execute("create table last_30d (content)")
    yield database
    database.close()


@settings(max_examples=400)
@given(text=conditions(), row=values)
def test_a_criterion_comes_to_what_a_database_says(
    reference: sqlite3.Connection, text: str, row: dict[str, object]
) -> None:
    for table, columns in (
        ("lead", ("score", "country", "title", "opted_out")),
        ("company", ("employees", "industry")),
        ("last_30d", ("content",)),
    ):
        reference.execute(f"delete from {table}")
        marks = ", ".join("?" * len(columns))
        reference.execute(f"insert into {table} values ({marks})", [row[f"{table}.{name}"] for name in columns])
    (expected,) = reference.execute(f"select ({text}) from lead, company, last_30d").fetchone()
    rule = compiled(text)
    if rule is None:
        return
    assert rule.evaluate(row) is (None if expected is None else bool(expected))


@given(text=conditions(), row=values)
def test_what_a_rule_does_not_name_cannot_change_it(text: str, row: dict[str, object]) -> None:
    rule = compiled(text)
    if rule is None:
        return
    only = {name: value for name, value in row.items() if name in rule.fields}
    assert rule.evaluate(only) is rule.evaluate({**row, "lead.email": "x@acme.example"})


@given(text=conditions(), row=values)
def test_a_rule_survives_pickling(text: str, row: dict[str, object]) -> None:
    rule = compiled(text)
    if rule is None:
        return
    again = pickle.loads(pickle.dumps(rule))
    assert again == rule
    assert again.evaluate(row) is rule.evaluate(row)


@given(st.text(alphabet="ab.'()=<> 13_+-*,;\"\n", max_size=30))
def test_any_text_is_a_rule_or_one_clear_error(text: str) -> None:
    try:
        rule = compile_rule(text)
    except CriteriaError as error:
        said = (error.message, error.remedy)
    else:
        said = (rule.text, "compiled")
    assert all(said)


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("company.employes > 3", "unknown field company.employes", "did you mean company.employees?"),
        ("scor > 3", "unknown field lead.scor", "did you mean lead.score?"),
        ("last_30d.contents > 1", "unknown kind of interaction contents", "did you mean content?"),
        ("last_0d.content > 1", "unknown field last_0d.content", "use one of"),
        ("score > '3'", "cannot be compared", "numbers stand without quotes"),
        ("title = 3", "cannot be compared", "text in 'single quotes'"),
        ("score + title > 3", "title is text", "use a number there"),
        ("lower(score) = 'a'", "score is a number", "use text there"),
        ("score", "no condition", "compare it with something"),
        ("score and true", "no condition", "compare it with something"),
        ("score = null", "nothing equals null", "is null"),
        ("score is true", "not part of the language", "= true"),
        ("opted_out > false", "orders true and false", "= or <>"),
        ("score between 9 and 1", "can never be true", "between 1 and 9"),
        ("score in ()", "needs a list", "in ('one', 'two')"),
        ("score in (select 1)", "needs a list", "in ('one', 'two')"),
        ("captured_at > 'soon'", "'soon' is no date", "2026-01-31"),
        ("title like 'a%'", "not part of the language", "use and, or, not"),
        ("score / 2 > 1", "not part of the language", "use and, or, not"),
        ("select 1", "no condition", "write a condition"),
        ("score > 1; drop table lead", "no condition", "check parentheses"),
        ("score > 1) or (true", "no condition", "write a condition"),
        ("score > 1 from lead", "no condition", "check parentheses"),
        ("", "empty", "write a condition"),
        ("score > 1 or " * 400 + "true", "longer than", "split it"),
        ("(" * 900 + "score > 1" + ")" * 900, "nested too deeply", "split it"),
        ("not " * 900 + "opted_out", "nested too deeply", "split it"),
    ],
)
def test_a_rule_that_cannot_be_compiled_says_why_and_the_way_out(text: str, message: str, remedy: str) -> None:
    with pytest.raises(CriteriaError) as caught:
        compile_rule(text)
    assert message in caught.value.message
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "lowered"),
    [("İSTANBUL", "istanbul"), ("ΑΣ", "ασ"), ("STRAẞE", "straße"), ("ÉCOLE", "école"), ("😀A", "😀a")],
)
def test_letters_are_lowered_one_by_one(text: str, lowered: str) -> None:
    rule = compile_rule(f"lower(title) = '{lowered}'")
    assert rule.evaluate({"lead.title": text}) is True


def test_names_do_not_care_for_case_but_attributes_keep_theirs() -> None:
    types = {**PROFILE_TYPES, "lead.Budget": "number"}
    for text in ("Lead.Budget > 3", "budget > 3", "LEAD.BUDGET > 3"):
        assert compile_rule(text, types).names == ("lead.Budget",)


def test_numbers_beyond_what_is_exact_and_naive_times_are_unknown() -> None:
    number = compile_rule("score <> 1")
    assert [number.evaluate({"lead.score": value}) for value in (2**53, 2**53 + 1, -1e300, float("inf"))] == [
        True,
        None,
        None,
        None,
    ]
    instant = compile_rule("captured_at > '2026-01-01'")
    assert instant.evaluate({"lead.captured_at": datetime(2026, 2, 1)}) is None  # noqa: DTZ001  # the bad case


def test_a_rule_says_itself_as_sql() -> None:
    rule = compile_rule("company.employees >= 50 and lower(title) <> 'it''s' or captured_at < '1970-01-02'")
    assert rule.sql() == (
        "((\"company_employees\" >= 50.0e0) AND (LOWER(\"lead_title\") <> 'it''s')) "
        'OR ("lead_captured_at_us" < 86400000000)'
    )
    assert "`company_employees` >= 50.0e0" in rule.sql("spark")
    with pytest.raises(CriteriaError, match="unknown dialect"):
        rule.sql("klingon")


def test_a_rule_knows_which_values_it_reads_and_which_only_have_to_be_there() -> None:
    rule = compile_rule("email is not null and lower(phone) is null and first_name <> 'x' and country is null")
    assert rule.read == {"lead.first_name"}
    assert compile_rule("email is null or email = 'x'").read == {"lead.email"}


def test_a_literal_that_a_closed_list_does_not_have_is_refused() -> None:
    allowed = {"lead.stage": frozenset({"engaged", "won"})}
    with pytest.raises(CriteriaError, match=r"lead\.stage is never 'engagd' → did you mean engaged"):
        compile_rule("stage in ('won', 'engagd')", allowed=allowed)
    with pytest.raises(CriteriaError, match="never 'Won'"):
        compile_rule("'Won' = lead.stage", allowed=allowed)
    assert compile_rule("stage <> 'won'", allowed=allowed).evaluate({"lead.stage": "engaged"}) is True


def test_instants_are_compared_with_dates_in_text() -> None:
    rule = compile_rule("captured_at between '2026-01-01' and '2026-02-01T12:00:00Z'")
    assert rule.evaluate({"lead.captured_at": datetime(2026, 2, 1, 11, tzinfo=UTC)}) is True
    assert rule.evaluate({"lead.captured_at": datetime(2026, 2, 1, 13, tzinfo=UTC)}) is False
    assert rule.evaluate({}) is None


def test_a_value_of_the_wrong_type_is_unknown_and_stops_nothing() -> None:
    rule = compile_rule("company.employees >= 50")
    assert rule.evaluate({"company.employees": "about fifty"}) is None
    assert rule.evaluate({"company.employees": True}) is None
    assert rule.evaluate({"company.employees": float("nan")}) is None


def touch(days_ago: float, nature: str = "content", direction: str = "inbound") -> Interaction:
    return Interaction.model_validate(
        {"at": NOW - timedelta(days=days_ago), "nature": nature, "direction": direction, "channel": "web"}
    )


def test_windows_count_interactions_by_nature_and_direction() -> None:
    touches = [touch(1), touch(29.9), touch(30), touch(2, "person_to_person", "outbound"), touch(-1)]
    wanted = ["last_30d.content", "last_30d.person_to_person", "last_30d.any", "last_7d.outbound"]
    found = profile({}, touches, wanted=wanted, at=NOW)
    assert found == {
        "last_30d.content": 2,
        "last_30d.person_to_person": 1,
        "last_30d.any": 3,
        "last_7d.outbound": 1,
    }


def test_interactions_that_nobody_gave_are_unknown_and_none_at_all_is_zero() -> None:
    rule = compile_rule("last_30d.content < 1")
    assert rule.evaluate(profile({}, None, wanted=rule.names, at=NOW)) is None
    assert rule.evaluate(profile({}, [], wanted=rule.names, at=NOW)) is True


def test_the_profile_reads_text_of_a_crm_as_the_type_of_its_field() -> None:
    fields = {
        "employees": "250",
        "opted_out": "false",
        "captured_at": "2026-01-31",
        "website": "https://www.Acme.example/about",
        "country": " ",
        "score": "high",
    }
    wanted = [
        "company.employees",
        "lead.opted_out",
        "lead.captured_at",
        "company.domain",
        "lead.country",
        "lead.score",
    ]
    assert profile(fields, wanted=wanted) == {
        "company.employees": 250,
        "lead.opted_out": False,
        "lead.captured_at": datetime(2026, 1, 31, tzinfo=UTC),
        "company.domain": "acme.example",
        "lead.country": None,
        "lead.score": None,
    }


def judged(row: dict[str, object], *texts: str) -> Verdict:
    criteria = [Criterion(id=f"c{number}", when=text, why="") for number, text in enumerate(texts)]
    return judge("ready", [(criterion, compile_rule(criterion.when)) for criterion in criteria], row)


def test_a_verdict_says_what_was_met_what_failed_and_what_is_missing() -> None:
    row = {"company.employees": 20, "lead.email": "ada@acme.example"}
    verdict = judged(row, "email is not null", "company.employees > 50", "lead.score > 3 and lead.country = 'DE'")
    assert verdict.ok is False
    assert str(verdict) == (
        "ready: no\n"
        "  met: c0: email is not null (lead.email is a…@acme.example)\n"
        "  failed: c1: company.employees > 50 (company.employees is 20)\n"
        "  unknown, because lead.score, lead.country are missing: c2: lead.score > 3 and lead.country = 'DE'"
    )
    html = verdict._repr_html_()
    assert "ada@" not in html
    assert "ada@" not in repr(verdict)
    assert "missing: lead.score" in html


def test_a_verdict_is_open_while_nothing_failed_and_something_is_unknown() -> None:
    verdict = judged({"company.employees": 60}, "company.employees > 50", "score > 3")
    assert verdict.ok is None
    assert verdict.missing == ("lead.score",)
    assert judged({"lead.score": 4}, "score > 3").ok is True


def test_evidence_escapes_what_people_wrote() -> None:
    html = judged({"lead.title": "<script>"}, "title = 'x'")._repr_html_()
    assert "<script>" not in html
