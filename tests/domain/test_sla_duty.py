"""What marketing owes, as clocks: information at the offer, answers to questions, feedback that is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from leadbridge.domain import facts as f
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla import SLAClock, SLAPolicy, clocks
from tests.domain.told import START, assigned, call, decided, fact, offered


def run(facts: list[f.Fact], now: float, **target: Any) -> list[SLAClock]:
    rules = {"id": "p", "duty_of": "marketing", "targets": [{"id": "t", "within": "2 hours", **target}]}
    return list(clocks(LeadHistory.fold(facts), [SLAPolicy.model_validate(rules)], {}, START + timedelta(hours=now)))


INFORM: dict[str, Any] = {"starts": "offered", "stops": "informed"}


def enriched(hours: float, *names: str) -> f.Fact:
    return fact(f.LeadEnriched, hours, enriched=names, provider="registry")


def test_an_offer_that_says_everything_keeps_the_promise_at_once() -> None:
    (clock,) = run([offered(0, promised=3)], 5, **INFORM)
    assert (clock.state, clock.ended_by, clock.elapsed, clock.duty_of) == ("met", "informed", timedelta(0), "marketing")


def test_what_was_missing_and_came_later_is_told_late() -> None:
    gap = offered(0, promised=3, missing=("title", "phone or email"))
    assert [clock.state for clock in run([gap], 1, **INFORM)] == ["running"]
    assert [clock.state for clock in run([gap, enriched(1, "title")], 5, **INFORM)] == ["breached"]
    (soon,) = run([gap, enriched(1, "title", "email")], 5, **INFORM)
    assert (soon.state, soon.stopped_at) == ("met", START + timedelta(hours=1))
    (late,) = run([gap, enriched(1, "title"), enriched(4, "phone")], 5, **INFORM)
    assert (late.state, late.overdue) == ("met_late", timedelta(hours=2))


def test_nobody_is_accused_where_nobody_counted() -> None:
    assert run([offered(0)], 5, **INFORM) == []
    assert [clock.state for clock in run([offered(0, promised=0)], 5, **INFORM)] == ["met"]


def test_informing_is_the_duty_of_the_giver_and_ends_with_a_refusal() -> None:
    back = offered(0, from_function="sales", to_function="marketing", promised=1)
    assert run([back], 5, **INFORM) == []
    gap = offered(0, promised=1, missing=("title",))
    assert [clock.state for clock in run([gap, decided(1, "reject")], 5, **INFORM)] == ["cancelled"]
    assert [clock.owner for clock in run([gap, assigned(0.5)], 1, **INFORM)] == [""], "ann is of sales"


def asked(hours: float, **values: Any) -> f.Fact:
    told = {"interaction": f"q{hours}", "nature": "content", "direction": "inbound", "asked": ("price",), **values}
    return fact(f.Interacted, hours, **told)


def test_every_question_of_the_buyer_has_its_own_clock() -> None:
    answer = call(3.5, function="marketing", nature="content", channel="email")
    sales = call(1.2)
    first, second = run([offered(0), asked(1), sales, asked(3), answer], 9, starts="asked", stops="answered")
    assert (first.subject, first.state, first.stopped_at) == ("q1", "met_late", START + timedelta(hours=3.5))
    assert (second.subject, second.state, second.ended_by) == ("q3", "met", "answered")
    assert run([offered(0), call(1)], 9, starts="asked", stops="answered") == []
    (waiting,) = run([asked(1)], 2, starts="asked", stops="answered")
    assert (waiting.state, waiting.handoff) == ("running", None)


def test_feedback_about_the_lead_is_to_be_read_in_time() -> None:
    said = fact(f.FeedbackRaised, 1, feedback="f1", subject="lead", to_function="marketing")
    other = fact(f.FeedbackRaised, 1, feedback="f2", subject="lead", to_function="sales")
    rules = {"starts": "raised", "stops": "acknowledged"}
    (clock,) = run([said, other], 9, **rules)
    assert (clock.subject, clock.state) == ("f1", "breached")
    (clock,) = run([said, fact(f.FeedbackAcknowledged, 2, feedback="f1")], 9, **rules)
    assert (clock.state, clock.stopped_at) == ("met", START + timedelta(hours=2))
