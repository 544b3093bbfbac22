"""The board of leads that came back: due, resting, returned, offered again, spent, and to and fro."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.agreement.presets import reason_preset
from leadbridge.domain.facts import (
    Decision,
    Fact,
    HandoffDecided,
    HandoffExpired,
    HandoffOffered,
    LeadCaptured,
    StageEntered,
)
from leadbridge.domain.handoff.recycle import Recycling
from leadbridge.domain.handoff.recycling import RecyclingBoard, recycling, times_recycled
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.lifecycle import Lifecycle
from leadbridge.domain.model import parse_span
from leadbridge.domain.reasons import Reasons

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
TERMS = Recycling()
REASONS = Reasons(reason_preset("canonical"))


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def story(lead: str, *trips: tuple[float, float, Decision | None, str | None, float | None]) -> LeadHistory:
    """Offers with their answers: (offered on, answered on, decision or None for expired, reason, due on)."""
    facts: list[Fact] = [LeadCaptured(lead=lead, occurred_at=day(-1), recorded_at=day(-1))]
    lifecycle, stage, passage = Lifecycle.preset("spine"), "captured", 1
    for number, (offered, answered, decision, reason, due) in enumerate(trips, start=1):
        for step in lifecycle.steps(stage, "marketing_qualified", passage=passage, reason="again"):
            passage = step.passage
            entered: dict[str, Any] = {"stage": step.stage, "passage": step.passage, "inferred": step.inferred}
            facts.append(StageEntered(lead=lead, occurred_at=day(offered), recorded_at=day(offered), **entered))
        name = f"{lead}-{number}"
        facts.append(HandoffOffered(lead=lead, occurred_at=day(offered), recorded_at=day(offered), handoff=name))
        stage = "marketing_qualified"
        when: dict[str, Any] = {"lead": lead, "occurred_at": day(answered), "recorded_at": day(answered)}
        if decision is None:
            facts.append(HandoffExpired(handoff=name, **when))
            continue
        rest = day(due) if due is not None else None
        facts.append(HandoffDecided(handoff=name, decision=decision, reason=reason, due_at=rest, **when))
        stage = {"recycle": "recycled", "reject": "rejected", "disqualify": "disqualified"}.get(decision, stage)
        facts.append(StageEntered(stage=stage, passage=passage, **when))
    return LeadHistory.fold(facts)


def board(*histories: LeadHistory, at: float = 100, terms: Recycling = TERMS) -> RecyclingBoard:
    return recycling(histories, terms, day(at), reasons=REASONS)


def test_a_recycled_lead_is_due_when_its_rest_is_over() -> None:
    lead = story("L1", (0, 2, "recycle", "bad_timing", 30))
    (resting,), (due,) = board(lead, at=29.9), board(lead, at=30)
    assert (resting.state, due.state) == ("resting", "due")
    assert (due.reason, due.since, due.due_at, due.passage, due.recycled) == (
        "bad_timing",
        day(2),
        day(30),
        1,
        {"bad_timing": 1},
    )


def test_the_longest_waiting_stands_first() -> None:
    leads = [story(f"L{n}", (0, 1, "recycle", "bad_timing", due)) for n, due in enumerate((40, 20, 30, 200))]
    assert [one.lead for one in board(*leads).due] == ["L1", "L2", "L0"]
    assert [one.lead for one in board(*leads)] == ["L1", "L2", "L0", "L3"]


def test_without_a_day_the_rest_of_the_reason_counts_and_then_that_of_the_agreement() -> None:
    (by_reason,) = board(story("L1", (0, 0, "recycle", "evaluating", None)))
    (unknown,) = board(story("L2", (0, 0, "recycle", "no_such_code", None)))
    (blank,) = board(story("L3", (0, 0, "recycle", None, None)))
    assert (by_reason.due_at, unknown.due_at, blank.due_at) == (day(60), day(90), day(90))


def test_coming_back_is_a_new_passage_and_is_counted_by_reason() -> None:
    lead = story(
        "L1",
        (0, 1, "recycle", "bad_timing", 10),
        (12, 13, "recycle", "no_budget", 20),
    )
    assert [trip.number for trip in lead.passages] == [1, 2]
    (one,) = board(lead, at=30)
    assert (one.passage, one.times, one.recycled) == (2, 2, {"bad_timing": 1, "no_budget": 1})
    assert times_recycled(lead, day(5)) == {"bad_timing": 1}
    assert board(lead, at=30).by_reason() == {"bad_timing": 1, "no_budget": 1}


def test_an_offer_after_the_rest_is_over_is_not_early_and_one_before_it_is() -> None:
    ready = story("L1", (0, 1, "recycle", "bad_timing", 10), (12, 200, "accept", None, None))
    early = story("L2", (0, 1, "recycle", "bad_timing", 10), (9, 200, "accept", None, None))
    both = board(ready, early, at=15)
    assert [(one.lead, one.state, one.early) for one in both] == [("L1", "offered", False), ("L2", "offered", True)]
    assert [one.lead for one in both.early] == ["L2"]


def test_a_lead_that_made_all_its_passages_is_spent() -> None:
    trips = [(n * 20, n * 20 + 1, "recycle", "bad_timing", n * 20 + 10) for n in range(3)]
    lead = story("L1", *trips)  # type: ignore[arg-type]  # a literal in a comprehension
    (one,) = board(lead)
    assert (one.state, one.passage) == ("spent", 3)
    assert [one.state for one in board(lead, terms=Recycling(max_passages=4))] == ["due"]


def test_three_passages_are_to_and_fro_and_two_are_not() -> None:
    twice = story("L1", (0, 1, "recycle", "bad_timing", 5), (6, 7, "recycle", "bad_timing", 9))
    thrice = story("L2", (0, 1, "reject", "wrong_role", None), (2, 3, None, None, None), (4, 5, "reject", "spam", None))
    found = board(twice, thrice, terms=Recycling(max_passages=9))
    assert [one.lead for one in found.ping_pong] == ["L2"]
    assert (found.ping_pong[0].state, found.ping_pong[0].returns, found.ping_pong[0].times) == ("returned", 3, 0)
    assert [one.lead for one in board(twice, thrice, terms=Recycling(max_passages=9, ping_pong=2)).ping_pong] == [
        "L1",
        "L2",
    ]


@pytest.mark.parametrize("decision", ["accept", "disqualify", "ineligible"])
def test_who_was_taken_or_is_out_is_not_on_the_board(decision: Decision) -> None:
    lead = story("L1", (0, 1, "recycle", "bad_timing", 5), (6, 7, decision, None, None))
    assert list(board(lead)) == []
    assert [one.state for one in board(lead, at=6.5)] == ["offered"]


def test_who_never_came_back_is_not_on_the_board() -> None:
    assert list(board(story("L1"), story("L2", (0, 500, "recycle", "bad_timing", 600)))) == []


def test_the_board_shows_itself_without_persons() -> None:
    found = board(
        story("L1", (0, 1, "recycle", "bad_timing", 10)),
        story("L2", (0, 1, "recycle", "no_budget", 300)),
        terms=Recycling(max_passages=5),
    )
    assert str(found).startswith("1 due again, 1 resting, 0 spent, 0 to and fro")
    assert "due: L1, since 90 d, passage 1, bad_timing" in str(found)
    assert "1 due again" in repr(found)
    assert "bad_timing" in found._repr_html_()
    assert found.to_dict()["due"][0]["due_at"] == "2026-03-12T09:00:00.000Z"
    assert found[0].lead == "L1"
    assert isinstance(found[:1], RecyclingBoard)


def test_a_board_of_nobody_is_empty() -> None:
    assert str(board()) == "0 due again, 0 resting, 0 spent, 0 to and fro"


@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.sampled_from(["recycle", "reject", None]), st.integers(0, 60)), max_size=6
    ),
    st.integers(0, 400),
)
def test_a_lead_is_in_one_state_and_never_due_before_its_day(
    trips: list[tuple[int, Decision | None, int]], at: int
) -> None:
    begin, told = 0, []
    for length, decision, rest in trips:
        told.append((begin, begin + 1, decision, "bad_timing", begin + 1 + rest))
        begin += 1 + length
    found = recycling([story("L1", *told)], Recycling(max_passages=4), day(at))
    for one in found:
        assert one.since <= day(at)
        assert one.times <= one.returns
        assert one.state != "due" or (one.due_at is not None and one.due_at <= day(at))
        assert one.state != "resting" or (one.due_at is not None and one.due_at > day(at))
        assert (one.state == "spent") <= (one.passage >= 4)
        assert one.ping_pong == (max(one.passage, one.returns) >= 3)


def test_the_terms_have_sensible_defaults() -> None:
    assert (TERMS.max_passages, TERMS.default_cool_off, TERMS.ping_pong) == (3, parse_span("90 days"), 3)
