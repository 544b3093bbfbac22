"""Recycled leads come back when their rest is over, and not too often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from leadbridge.domain.facts import Decision, HandoffDecided, HandoffOffered
from leadbridge.domain.handoff.recycle import due_again, due_at, is_ping_pong, may_return

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def decided(lead: str, on: int, decision: Decision = "recycle", due: int | None = None) -> HandoffDecided:
    return HandoffDecided(
        lead=lead,
        occurred_at=day(on),
        recorded_at=day(on),
        handoff=f"{lead}:{on}",
        decision=decision,
        reason="bad_timing",
        due_at=day(due) if due is not None else None,
    )


def offered(lead: str, on: int) -> HandoffOffered:
    return HandoffOffered(lead=lead, occurred_at=day(on), recorded_at=day(on), handoff=f"{lead}:{on}")


def test_who_is_due_again_is_listed_longest_waiting_first() -> None:
    facts = [decided("L1", 0, due=30), decided("L2", 1, due=20), decided("L3", 2, due=60)]
    assert [entry.lead for entry in due_again(facts, at=day(30))] == ["L2", "L1"]
    assert due_again(facts, at=day(19)) == ()


def test_a_lead_that_was_offered_again_or_is_out_is_not_due() -> None:
    facts = [decided("L1", 0, due=5), offered("L1", 6), decided("L2", 0, due=5), decided("L2", 1, "disqualify")]
    assert due_again(reversed(facts), at=day(30)) == ()


def test_a_lead_that_came_back_and_was_recycled_again_rests_again() -> None:
    facts = [decided("L1", 0, due=5), offered("L1", 6), decided("L1", 7, due=50)]
    assert due_again(facts, at=day(30)) == ()
    assert len(due_again(facts, at=day(50))) == 1


def test_without_a_reason_the_agreed_rest_counts() -> None:
    assert due_at(None, START, timedelta(days=90)) == day(90)


def test_a_lead_returns_as_often_as_agreed_and_to_and_fro_is_seen() -> None:
    assert may_return(2, max_passages=3)
    assert not may_return(3, max_passages=3)
    assert [is_ping_pong(passages) for passages in (1, 2, 3, 4)] == [False, False, True, True]
