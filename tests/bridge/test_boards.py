"""Recycled leads and feedback through the front door: recorded in the ledger, shown on boards, counted by metrics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from leadbridge import Bridge
from leadbridge.agreement import Agreement, offer
from leadbridge.clock import ManualClock
from leadbridge.domain.feedback import NO_LEAD, acknowledge, act, raise_feedback, tell
from leadbridge.domain.lead import Lead
from leadbridge.errors import ConfigError
from leadbridge.memory import MemoryAdapter
from leadbridge.store import Store

EXAMPLE = Agreement.preset("example")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def bridge(clock: ManualClock) -> Iterator[Bridge]:
    with Bridge(EXAMPLE, {"hubspot": MemoryAdapter("left", clock=clock)}, Store("sqlite://"), clock=clock) as made:
        yield made


def lead(name: str) -> Lead:
    fields = {"email": f"{name}@acme.example", "company": "Acme", "title": "Head", "source": "webinar"}
    return Lead.from_fields(name, {**fields, "stage": "marketing_qualified"})


def test_a_recycled_lead_is_due_again_when_its_rest_is_over(bridge: Bridge, clock: ManualClock) -> None:
    bridge.record(offer(lead("L1"), agreement=EXAMPLE, clock=clock).recycle("evaluating"))
    bridge.record(offer(lead("L2"), agreement=EXAMPLE, clock=clock).recycle("no_budget"))
    clock.advance(60 * DAY)
    board = bridge.due_again()
    assert [(one.lead, one.state) for one in board] == [("L1", "due"), ("L2", "resting")]
    assert bridge.due_again(at=START + DAY).due == ()


def test_feedback_about_no_lead_is_kept_and_counts_as_no_lead(bridge: Bridge, clock: ManualClock) -> None:
    terms = EXAMPLE.feedback
    said = raise_feedback(
        NO_LEAD, "message", at=clock.now(), by="sales", about="one_view", to="marketing", channel="crm", terms=terms
    )
    assert (bridge.record(said), bridge.record(said)) == (1, 0)
    assert bridge.ledger.leads() == []
    assert list(bridge.ledger.histories()) == []
    assert len(bridge.ledger.facts()) == len(list(bridge.ledger.histories(unattached=True))) == 1
    assert len(bridge.clocks()) == 0
    assert bridge.due_again().due == ()
    with pytest.raises(ConfigError, match="no lead is known by this"):
        bridge.ledger.find(NO_LEAD)


def test_feedback_goes_its_steps_over_the_bridge(bridge: Bridge, clock: ManualClock) -> None:
    said = raise_feedback(NO_LEAD, "content_request", at=clock.now(), by="sales", about="price-sheet", to="marketing")
    bridge.record(said)
    (owed,) = (each for each in bridge.feedback().owed if each.feedback)
    assert (owed.what, owed.by, owed.due_at) == ("acknowledge", "marketing", START + 2 * DAY)
    for step in (acknowledge, lambda it, at, by: act(it, "made it", at=at, by=by, asset="price-list"), tell):
        clock.advance(DAY)
        (thread,) = bridge.feedback().threads
        bridge.record(step(thread, at=clock.now(), by="marketing"))
    (thread,) = bridge.feedback().threads
    assert (thread.state, thread.asset) == ("told", "price-list")
    assert bridge.feedback().open == ()
    assert [each.state for each in bridge.feedback(at=START + DAY).threads] == ["acknowledged"]
    assert [each.expected for each in bridge.feedback().owed] == ["what_lands"]


def test_the_snapshot_holds_feedback_beside_the_leads(bridge: Bridge, clock: ManualClock) -> None:
    bridge.record(offer(lead("L1"), agreement=EXAMPLE, clock=clock).recycle("evaluating"))
    bridge.record(raise_feedback(NO_LEAD, "message", at=clock.now(), by="sales", about="one_view", to="marketing"))
    bridge.record(raise_feedback("L1", "lead", at=clock.now(), by="sales", to="marketing", reason="wrong_role"))
    with bridge.snapshot() as snapshot:
        assert snapshot.count("leads") == 1
        rows = snapshot.sql("select lead_id, subject from feedback order by subject")
        assert rows == [{"lead_id": "L1", "subject": "lead"}, {"lead_id": None, "subject": "message"}]
        loop = snapshot.metrics.feedback_loop()
        assert loop.computable
        assert (loop.n, loop.value) == (2, 0.0)
