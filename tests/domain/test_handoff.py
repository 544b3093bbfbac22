"""Hand-offs return facts, keep the five decisions apart, and are answered once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.agreement.presets import reason_preset
from leadbridge.clock import ManualClock
from leadbridge.domain.facts import (
    Decision,
    HandoffAssigned,
    HandoffDecided,
    HandoffExpired,
    HandoffOffered,
    HandoffRouted,
    StageEntered,
)
from leadbridge.domain.handoff import Facts, Handoff, Terms, offered
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.reasons import Reasons
from leadbridge.errors import IllegalMove

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
STAGES: dict[Decision, str] = {
    "accept": "sales_accepted",
    "reject": "rejected",
    "recycle": "recycled",
    "disqualify": "disqualified",
    "ineligible": "ineligible",
}
TERMS = Terms(Reasons(reason_preset("canonical")), STAGES)


def handoff(**more: Any) -> Handoff:
    return Handoff(**{"id": "h1", "lead": "L1", "terms": TERMS, "offered_at": START, "now": lambda: START, **more})


def test_a_hand_off_that_nobody_recorded_yet_tells_its_whole_story() -> None:
    fresh = handoff()
    fresh = handoff(facts=(offered(fresh, recorded_at=START),))
    kinds = [type(fact) for fact in fresh.reject("wrong_industry")]
    assert kinds == [HandoffOffered, HandoffDecided, StageEntered]
    recorded = fresh.after(fresh.facts)
    assert [type(fact) for fact in recorded.reject("wrong_industry")] == [HandoffDecided, StageEntered]


ANSWERS: dict[Decision, Callable[[Handoff], Facts]] = {
    "accept": lambda it: it.accept(),
    "reject": lambda it: it.reject("wrong_industry"),
    "recycle": lambda it: it.recycle("no_response"),
    "disqualify": lambda it: it.disqualify("competitor"),
    "ineligible": lambda it: it.mark_ineligible("do_not_contact"),
}


@pytest.mark.parametrize("decision", list(ANSWERS))
def test_each_decision_is_a_thing_of_its_own_with_a_stage_of_its_own(decision: Decision) -> None:
    decided, entered = ANSWERS[decision](handoff(passage=2, agreement=3))
    assert isinstance(decided, HandoffDecided)
    assert isinstance(entered, StageEntered)
    assert decided.decision == decision
    assert (entered.stage, entered.passage, entered.reason) == (STAGES[decision], 2, decided.reason)
    assert (decided.due_at is not None) == (decision == "recycle")
    assert (decided.agreement, decided.lead, decided.cause) == (3, "L1", "handoff h1")


@pytest.mark.parametrize("first", list(ANSWERS))
@pytest.mark.parametrize("second", list(ANSWERS))
def test_an_offer_is_answered_once(first: Decision, second: Decision) -> None:
    answered = handoff().after(ANSWERS[first](handoff()))
    assert answered.state == "decided"
    with pytest.raises(IllegalMove, match=rf"answered already \({first}\)"):
        ANSWERS[second](answered)
    with pytest.raises(IllegalMove):
        answered.assign("rep-17")
    with pytest.raises(IllegalMove):
        answered.route("queue-1")


def test_routing_and_assigning_lead_to_a_person_and_a_second_person_is_a_transfer() -> None:
    offer = handoff()
    routed = offer.after(offer.route("queue-1"))
    assigned = routed.after(routed.assign("rep-17"))
    transferred = assigned.after(assigned.assign("rep-18"))
    assert (routed.state, routed.queue) == ("routed", "queue-1")
    assert (assigned.state, assigned.owner) == ("assigned", "rep-17")
    assert (transferred.state, transferred.owner) == ("assigned", "rep-18")
    (decided, _) = transferred.accept()
    assert decided.actor == "rep-18"
    assert isinstance(offer.route("q")[0], HandoffRouted)
    assert isinstance(offer.assign("q")[0], HandoffAssigned)


def test_a_refused_step_changes_nothing_and_lists_what_is_allowed() -> None:
    with pytest.raises(IllegalMove, match="reasons to reject: wrong_owner, wrong_territory"):
        handoff().reject("no_response")
    with pytest.raises(IllegalMove, match="did you mean wrong_role"):
        handoff().reject("wrong_rol")
    with pytest.raises(IllegalMove, match="give note="):
        handoff().disqualify("other")
    decided, _ = handoff().disqualify("other", "moved to Mars")
    assert isinstance(decided, HandoffDecided)
    assert decided.has_note
    assert "Mars" not in repr(decided)


def test_a_recycled_lead_rests_as_long_as_its_reason_says_or_as_a_person_does() -> None:
    def due(facts: Facts) -> datetime | None:
        (decided,) = (fact for fact in facts if isinstance(fact, HandoffDecided))
        return decided.due_at

    assert due(handoff().recycle("no_response")) == START + timedelta(days=90)
    assert due(handoff().recycle("bad_timing", due=date(2026, 9, 1))) == datetime(2026, 9, 1, tzinfo=UTC)
    short = Terms(TERMS.reasons, STAGES, default_cool_off=timedelta(days=7))
    bare = Reasons(reason.model_copy(update={"cool_off": None}) for reason in TERMS.reasons.values())
    assert due(handoff(terms=Terms(bare, STAGES, timedelta(days=7))).recycle("no_response")) == START + timedelta(
        days=7
    )
    assert short.default_cool_off == timedelta(days=7)
    with pytest.raises(IllegalMove, match="still to come"):
        handoff().recycle("no_response", due=date(2026, 1, 1))
    with pytest.raises(ValueError, match="time zone"):
        handoff().recycle("no_response", due=datetime(2026, 9, 1))  # noqa: DTZ001  # that is the point


def test_an_offer_runs_out_only_when_it_does() -> None:
    clock = ManualClock(START)
    offer = handoff(expires_at=START + timedelta(days=1), now=clock.now)
    with pytest.raises(IllegalMove, match="not run out yet"):
        offer.expire()
    clock.advance(timedelta(days=1))
    (fact,) = offer.expire()
    assert isinstance(fact, HandoffExpired)
    assert offer.after([fact]).state == "expired"
    with pytest.raises(IllegalMove, match="offer has run out"):
        offer.after([fact]).accept()
    with pytest.raises(IllegalMove, match="does not run out"):
        handoff().expire()


def test_a_time_can_be_given_and_is_needed_without_a_clock() -> None:
    offer = handoff(now=None)
    with pytest.raises(IllegalMove, match="when did this happen"):
        offer.accept()
    later = START + timedelta(hours=1)
    assert {fact.occurred_at for fact in offer.accept(at=later)} == {later}
    with pytest.raises(IllegalMove, match="before the offer"):
        offer.accept(at=START - timedelta(seconds=1))
    with pytest.raises(ValueError, match="time zone"):
        offer.accept(at=datetime(2026, 3, 2))  # noqa: DTZ001  # that is the point


def test_facts_of_another_hand_off_change_nothing() -> None:
    other = handoff(id="h2")
    assert handoff().after(other.accept()) == handoff()


@given(st.lists(st.sampled_from(["route", "assign", *ANSWERS]), max_size=6))
def test_the_fold_of_the_facts_agrees_with_the_hand_off(steps: list[str]) -> None:
    clock = ManualClock(START)
    offer = handoff(now=clock.now)
    story: list[Any] = [offered(offer, recorded_at=START)]
    for step in steps:
        clock.advance(timedelta(minutes=1))
        if offer.state == "decided" or (offer.state == "assigned" and step == "route"):
            break
        moves: dict[str, Any] = {"route": lambda it: it.route("q"), "assign": lambda it: it.assign("rep")}
        act = moves[step] if step in moves else ANSWERS[step]  # type: ignore[index]  # a step is a move or a decision
        facts = act(offer)
        story += facts
        offer = offer.after(facts)
    trail = LeadHistory.fold(story).handoff
    assert trail is not None
    assert trail.state == offer.state
