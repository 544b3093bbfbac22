"""Conditions that no lead can meet, or that say nothing about one, are refused when they are read; others are not."""

from __future__ import annotations

import pytest

from leadbridge.domain.criteria import CriteriaError, compile_rule


@pytest.mark.parametrize(
    "text",
    [
        "score > 5 and score < 3",
        "score > 3 and email is not null and (score <= 3)",
        "score = 3 and score = 4",
        "score in (1, 2) and score > 2",
        "score between 1 and 3 and score > 3",
        "not (score < 5 or score > 4)",
        "score is null and score > 3",
        "score <> score",
        "title = 'a' and title = 'b'",
        "title > 'b' and title < 'a'",
        "opted_out and not opted_out",
        "opted_out = true and opted_out = false",
        "captured_at > '2026-02-01' and captured_at < '2026-01-01'",
        "last_30d.content < 0",
        "last_30d.content = 2.5",
        "last_30d.content in (-1, 0.5)",
        "last_30d.content > 2 and last_30d.content < 3",
        "ever.any = -1",
        "-1 >= halved_7d.any",
        "email is not null or (score > 5 and score < 3)",
    ],
)
def test_a_condition_that_no_lead_can_meet_is_refused(text: str) -> None:
    with pytest.raises(CriteriaError) as caught:
        compile_rule(text)
    assert "can never be true" in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "score > 3 or score < 3",
        "score >= 3 and score <= 3",
        "score > 2 and score < 3",
        "halved_7d.any = 2.5",
        "last_30d.content in (-1, 1)",
        "last_30d.content > 2 and last_30d.content < 4 and last_30d.content <> 5",
        "score in (1, 1, 1) and score <> 2",
        "title > 'a' and title < 'b'",
        "score > 5 and company.employees < 3",
        "not (score > 5 and company.employees < 3)",
        "opted_out or not opted_out",
        "lower(title) = 'ceo' and title = 'CEO'",
    ],
)
def test_a_condition_that_some_lead_meets_is_not_refused(text: str) -> None:
    assert compile_rule(text)


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("3 > 5", "compares two fixed values", "compare a field"),
        ("'a' = lower('A')", "compares two fixed values", "compare a field"),
        ("3 in (1, 3)", "no field", "field in"),
        ("lower(title) = 'CEO'", "never 'CEO'", "write 'ceo'"),
        ("score > 1e16", "too large", "up to 9007199254740992"),
        (" * ".join(["score"] * 25) + " > 1", "too large to compute", "multiply fewer"),
        ("halved_30d.contents > 1", "unknown kind of interaction", "did you mean content?"),
        ("score between symmetric 9 and 1", "not part of the language", "use and, or, not"),
    ],
)
def test_what_says_nothing_about_a_lead_is_refused(text: str, message: str, remedy: str) -> None:
    with pytest.raises(CriteriaError) as caught:
        compile_rule(text)
    assert message in caught.value.message
    assert remedy in caught.value.remedy
