"""Feedback is raised, acknowledged, acted on and told back, one by one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadbridge.domain.explain import sentence
from leadbridge.domain.fact_codec import decode, encode
from leadbridge.domain.facts import Fact, FeedbackActed
from leadbridge.domain.feedback import NO_LEAD, Thread, acknowledge, act, raise_feedback, tell, threads
from leadbridge.domain.feedback.terms import FeedbackTerms
from leadbridge.domain.history import LeadHistory
from leadbridge.errors import IllegalMove

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def raised() -> tuple[list[Fact], Thread]:
    fact = raise_feedback("L1", "message", at=START, by="sales", about="one_view", reason="wrong_product")
    return [fact], next(iter(threads([fact]).values()))


def test_feedback_goes_its_four_steps() -> None:
    facts, thread = raised()
    assert (thread.state, thread.about, thread.raised_by) == ("raised", "one_view", "sales")
    steps: tuple[Callable[[Any, datetime], Any], ...] = (
        lambda it, at: acknowledge(it, at=at, by="marketing"),
        lambda it, at: act(it, "new wording is out", at=at, by="marketing"),
        lambda it, at: tell(it, at=at, by="marketing"),
    )
    for hours, step in enumerate(steps, start=1):
        facts.append(step(thread, START + timedelta(hours=hours)))
        thread = threads(facts)[thread.id]
    assert (thread.state, thread.action, thread.told_at) == ("told", "new wording is out", START + timedelta(hours=3))


def test_no_step_is_left_out_or_taken_twice() -> None:
    facts, thread = raised()
    with pytest.raises(IllegalMove, match="cannot tell about feedback that is raised"):
        tell(thread, at=START, by="marketing")
    with pytest.raises(IllegalMove, match="raised, acknowledged, acted, told"):
        act(thread, "done", at=START, by="marketing")
    facts.append(acknowledge(thread, at=START, by="marketing"))
    thread = threads(facts)[thread.id]
    with pytest.raises(IllegalMove):
        acknowledge(thread, at=START, by="marketing")
    with pytest.raises(IllegalMove, match="say what was done"):
        act(thread, " ", at=START, by="marketing")


def test_the_same_words_at_the_same_time_are_the_same_feedback() -> None:
    assert raised()[1].id == raised()[1].id
    (other,) = threads([raise_feedback("L2", "message", at=START, by="sales")])
    assert raised()[1].id != other


# -- content requests, channels, addressees ----------------------------------------------------------------------------


def requested() -> tuple[list[Fact], Thread]:
    fact = raise_feedback(
        NO_LEAD,
        "content_request",
        at=START,
        by="sales",
        about="price-comparison",
        to="marketing",
        channel="weekly_call",
    )
    return [fact], next(iter(threads([fact]).values()))


def test_a_content_request_is_answered_with_the_asset_that_it_led_to() -> None:
    facts, thread = requested()
    facts.append(acknowledge(thread, at=START + timedelta(hours=1), by="marketing"))
    made = act(
        threads(facts)[thread.id], "made it", at=START + timedelta(days=3), by="marketing", asset="comparison-sheet"
    )
    thread = threads([*facts, made])[thread.id]
    assert (thread.state, thread.asset, thread.about) == ("acted", "comparison-sheet", "price-comparison")
    assert sentence(made) == "feedback acted on: made it, asset comparison-sheet by marketing"
    assert sentence(facts[0]) == "feedback on content_request price-comparison for marketing, over weekly_call by sales"


def test_a_content_request_says_what_is_wanted_and_feedback_on_a_lead_which_lead() -> None:
    with pytest.raises(IllegalMove, match="say what is asked for"):
        raise_feedback("L1", "content_request", at=START, by="sales", about=" ")
    with pytest.raises(IllegalMove, match="needs the lead"):
        raise_feedback(NO_LEAD, "lead", at=START, by="sales")


def test_the_contract_says_on_what_and_how_feedback_is_given() -> None:
    terms = FeedbackTerms.model_validate({"channels": ["crm", "weekly_call"], "welcome": ["message"]})
    assert raise_feedback("L1", "message", at=START, by="sales", channel="crm", terms=terms).channel == "crm"
    with pytest.raises(IllegalMove, match="unknown channel weekly-call: did you mean weekly_call"):
        raise_feedback("L1", "message", at=START, by="sales", channel="weekly-call", terms=terms)
    with pytest.raises(IllegalMove, match="feedback on asset is not agreed on; welcome is feedback on message"):
        raise_feedback("L1", "asset", at=START, by="sales", terms=terms)
    assert (
        raise_feedback("L1", "asset", at=START, by="sales", channel="pigeon", terms=FeedbackTerms()).channel == "pigeon"
    )


def test_no_step_comes_before_the_one_before_it() -> None:
    _, thread = raised()
    with pytest.raises(IllegalMove, match="give a later at="):
        acknowledge(thread, at=START - timedelta(seconds=1), by="marketing")


def test_steps_at_one_instant_stand_in_their_order_however_they_come() -> None:
    facts, thread = raised()
    facts.append(acknowledge(thread, at=START, by="marketing"))
    facts.append(act(threads(facts)[thread.id], "done", at=START, by="marketing"))
    facts.append(tell(threads(facts)[thread.id], at=START, by="marketing"))
    assert threads(reversed(facts))[thread.id] == threads(facts)[thread.id]
    assert threads(reversed(facts))[thread.id].state == "told"


def test_the_history_of_a_lead_holds_all_that_was_said() -> None:
    facts, thread = requested()
    facts.append(acknowledge(thread, at=START + timedelta(hours=1), by="marketing"))
    made = act(threads(facts)[thread.id], "made it", at=START + timedelta(days=3), by="marketing", asset="sheet")
    (trail,) = LeadHistory.fold([*facts, made]).feedback
    assert (trail.about, trail.channel, trail.by, trail.to_function) == (
        "price-comparison",
        "weekly_call",
        "sales",
        "marketing",
    )
    assert (trail.action, trail.asset, trail.told_at) == ("made it", "sheet", None)


def test_an_act_that_was_recorded_before_assets_were_named_is_still_read() -> None:
    facts, thread = raised()
    facts.append(acknowledge(thread, at=START, by="marketing"))
    made = act(threads(facts)[thread.id], "done", at=START, by="marketing")
    envelope = {"lead": made.lead, "occurred_at": START, "recorded_at": START, "actor": "marketing"}
    body = {name: value for name, value in encode(made).items() if name != "asset"}
    assert decode("FeedbackActed", 1, envelope, body) == made
    assert isinstance(made, FeedbackActed)
