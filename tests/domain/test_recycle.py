"""Recycled leads come back when their rest is over, and not too often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from leadbridge.domain.handoff.recycle import due_at, is_ping_pong, may_return

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def test_without_a_reason_the_agreed_rest_counts() -> None:
    assert due_at(None, START, timedelta(days=90)) == day(90)


def test_a_lead_returns_as_often_as_agreed_and_to_and_fro_is_seen() -> None:
    assert may_return(2, max_passages=3)
    assert not may_return(3, max_passages=3)
    assert [is_ping_pong(passages) for passages in (1, 2, 3, 4)] == [False, False, True, True]
