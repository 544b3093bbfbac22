"""Offering a lead: the information duty, and a hand-off that needs nothing but the agreement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadbridge.agreement import Agreement, offer
from leadbridge.clock import ManualClock
from leadbridge.domain.fact_codec import decode, encode
from leadbridge.domain.facts import HandoffDecided, HandoffOffered, StageEntered
from leadbridge.domain.lead import Lead
from leadbridge.errors import IllegalMove, IncompletePackage

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
EXAMPLE = Agreement.preset("example")


def lead(**more: Any) -> Lead:
    fields = {
        "email": "ada@acme.example",
        "company": "Acme",
        "title": "Head of Operations",
        "source": "webinar",
        "country": "GB",
        "stage": "marketing_qualified",
    }
    return Lead.from_fields("L1", {**fields, **more})


def test_an_offer_is_answered_in_two_lines() -> None:
    handoff = offer(lead(), agreement=EXAMPLE)
    offered, decided, entered = handoff.reject("wrong_industry")
    assert isinstance(offered, HandoffOffered)
    assert isinstance(decided, HandoffDecided)
    assert isinstance(entered, StageEntered)
    assert (decided.handoff, decided.reason, decided.agreement) == (handoff.id, "wrong_industry", 1)
    assert entered.stage == "rejected"
    assert offered.occurred_at <= decided.occurred_at


def test_missing_information_is_named_in_the_order_of_the_agreement() -> None:
    with pytest.raises(IncompletePackage) as caught:
        offer(lead(source=" ", email=None), agreement=EXAMPLE)
    assert caught.value.missing == ("email", "source")


def test_the_offer_says_which_promised_information_comes_with_it() -> None:
    handoff = offer(lead(), agreement=EXAMPLE, at=START, clock=ManualClock(START))
    assert handoff.package == ("email", "company", "title", "source", "country")
    assert handoff.expires_at == START + timedelta(days=10)
    (fact,) = handoff.facts
    assert isinstance(fact, HandoffOffered)
    assert (fact.from_function, fact.to_function, fact.missing) == ("marketing", "sales", ())
    envelope = {"lead": fact.lead, "occurred_at": START, "recorded_at": START, "actor": "marketing", "agreement": 1}
    assert decode("HandoffOffered", 1, envelope, encode(fact)) == fact


def test_the_hand_off_keeps_the_clock_that_it_was_offered_with() -> None:
    clock = ManualClock(START)
    handoff = offer(lead(), agreement=EXAMPLE, clock=clock)
    clock.advance(timedelta(hours=3))
    assert handoff.accept()[-1].occurred_at == START + timedelta(hours=3)


def test_the_same_offer_has_the_same_id_and_another_one_has_not() -> None:
    clock = ManualClock(START)
    first, again = (offer(lead(), agreement=EXAMPLE, clock=clock) for _ in range(2))
    assert first.id == again.id
    assert offer(lead(), agreement=EXAMPLE, at=START + timedelta(days=1), clock=clock).id != first.id


def test_who_opted_out_or_is_further_on_is_not_offered() -> None:
    with pytest.raises(IllegalMove, match="opted out"):
        offer(lead(opted_out=True), agreement=EXAMPLE)
    with pytest.raises(IllegalMove, match="opportunity already"):
        offer(lead(stage="opportunity"), agreement=EXAMPLE)
    with pytest.raises(ValueError, match="time zone"):
        offer(lead(), agreement=EXAMPLE, at=datetime(2026, 3, 2))  # noqa: DTZ001  # that is the point
    assert offer(lead(stage="recycled"), agreement=EXAMPLE, passage=2).passage == 2


def test_stages_are_called_as_the_agreement_calls_them() -> None:
    agreement = Agreement.loads(
        "agreement: Test\nversion: 7\neffective: 2026-01-01\n"
        "lifecycle: {preset: demand_waterfall_2012}\nhandoff: {at: tql}\n"
    )
    handoff = offer(lead(stage="tql"), agreement=agreement)
    assert [fact.stage for fact in handoff.accept() if isinstance(fact, StageEntered)] == ["sal"]
    assert handoff.agreement == 7


def test_nothing_of_the_person_stands_in_a_hand_off_or_its_facts() -> None:
    handoff = offer(lead(last_name="Winter"), agreement=EXAMPLE)
    shown = repr(handoff) + repr(handoff.disqualify("other", "Winter is a competitor"))
    assert "ada@" not in shown
    assert "Winter" not in shown
