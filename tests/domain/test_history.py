"""Histories are folds: the same facts give the same history, whatever the order in which they came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.domain import facts as f
from leadbridge.domain.fact_codec import FACT_TYPES
from leadbridge.domain.history import LeadHistory

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def when(minutes: float) -> datetime:
    return MONDAY + timedelta(minutes=minutes)


def fact(cls: type[f.Fact], minutes: float, **values: Any) -> f.Fact:
    return cls(**{"lead": "L1", "occurred_at": when(minutes), "recorded_at": when(minutes + 1), **values})


STORY: tuple[f.Fact, ...] = (
    fact(f.LeadCaptured, 0, source="webinar"),
    fact(f.Interacted, 1, interaction="i1", nature="content", asset="guide", channel="web"),
    fact(f.StageEntered, 2, stage="engaged", inferred=True),
    fact(f.StageEntered, 2, stage="marketing_qualified", system="hs"),
    fact(f.BuyingStageEntered, 2, buying_stage="exploring", evidence="two_assets", inferred=True),
    fact(f.HandoffOffered, 2, handoff="h1", package=("email",), missing=("phone",), expires_at=when(480)),
    fact(f.HandoffRouted, 3, handoff="h1", queue="inbound"),
    fact(f.HandoffAssigned, 10, handoff="h1", owner="005A"),
    fact(f.HandoffAssigned, 60, handoff="h1", owner="005B"),
    fact(f.StatusChanged, 70, status="attempting"),
    fact(f.Interacted, 75, interaction="i2", nature="person_to_person", function="sales", direction="outbound"),
    fact(f.HandoffDecided, 100, handoff="h1", decision="reject", reason="wrong_industry", actor="005B", system="sf"),
    fact(f.StageEntered, 100, stage="rejected", reason="wrong_industry"),
    fact(f.WriteApplied, 101, intent="w1", written=("decision", "reason"), system="hs"),
    fact(f.StageEntered, 500, stage="marketing_qualified", passage=2),
    fact(f.HandoffOffered, 500, handoff="h2"),
    fact(f.HandoffDecided, 510, handoff="h2", decision="accept", actor="005B"),
    fact(f.StageEntered, 510, stage="sales_accepted", passage=2),
    fact(f.OpportunityOpened, 600, opportunity="o1", amount=1000.0),
    fact(f.OpportunityWon, 900, opportunity="o1", amount=1200.0),
    fact(f.StageEntered, 900, stage="won", passage=2),
    fact(f.FeedbackRaised, 901, feedback="b1", subject="message"),
    fact(f.FeedbackActed, 950, feedback="b1", action="changed"),
    fact(f.ConsentWithdrawn, 990),
)


def test_the_story_of_a_lead_is_told_by_its_facts() -> None:
    history = LeadHistory.fold(STORY)
    assert (history.lead, history.source, history.captured_at) == ("L1", "webinar", MONDAY)
    assert [[entry.stage for entry in trip.entries] for trip in history.passages] == [
        ["captured", "engaged", "marketing_qualified", "rejected"],
        ["marketing_qualified", "sales_accepted", "won"],
    ]
    first = history.passages[0].entries
    assert [entry.inferred for entry in first] == [False, True, False, False]
    assert first[0].left_at == when(2)
    assert first[3].left_at == when(500), "left when the next passage began"
    assert history.passages[1].entries[-1].left_at is None
    assert (history.stage, history.status, history.buying_stage) == ("won", "attempting", "exploring")
    one, two = history.handoffs
    assert (one.state, one.queue, [held.owner for held in one.assignments]) == ("decided", "inbound", ["005A", "005B"])
    assert one.answer is not None
    assert (one.answer.decision, one.answer.reason, one.answer.by) == ("reject", "wrong_industry", "005B")
    assert (one.passage, two.passage, one.missing) == (1, 2, ("phone",))
    assert [(touch.stage, touch.buying_stage) for touch in history.touches] == [
        (None, None),
        ("marketing_qualified", "exploring"),
    ]
    assert (history.opportunities[0].outcome, history.opportunities[0].amount) == ("won", 1200.0)
    assert history.feedback[0].acted_at == when(950)
    assert history.opted_out == {"email": when(990)}


@given(st.permutations(STORY))
@settings(max_examples=60, deadline=None)
def test_the_order_of_arrival_never_shows(shuffled: Sequence[f.Fact]) -> None:
    assert LeadHistory.fold(shuffled) == LeadHistory.fold(STORY)


def test_a_stage_that_was_seen_late_replaces_the_one_that_was_inferred() -> None:
    late = fact(f.StageEntered, 1.5, stage="engaged", recorded_at=when(5000))
    entries = LeadHistory.fold([*STORY, late]).passages[0].entries
    assert [(entry.stage, entry.inferred) for entry in entries[:3]] == [
        ("captured", False),
        ("engaged", False),
        ("marketing_qualified", False),
    ]
    assert entries[1].entered_at == when(1.5)


def test_what_is_told_twice_counts_once() -> None:
    twice = [*STORY, fact(f.Interacted, 75, interaction="i2", nature="person_to_person", recorded_at=when(2000))]
    assert len(LeadHistory.fold(twice).touches) == 2
    again = [*STORY, fact(f.StageEntered, 400, stage="rejected"), fact(f.StatusChanged, 80, status="attempting")]
    assert LeadHistory.fold(again).passages == LeadHistory.fold(STORY).passages
    assert len(LeadHistory.fold(again).statuses) == 1


def test_a_hand_off_says_how_far_it_came() -> None:
    def state(*more: f.Fact) -> str:
        history = LeadHistory.fold([fact(f.HandoffOffered, 0, handoff="h"), *more])
        assert history.handoff is not None
        return history.handoff.state

    routed = fact(f.HandoffRouted, 1, handoff="h", queue="q")
    assigned = fact(f.HandoffAssigned, 2, handoff="h", owner="o")
    assert [state(), state(routed), state(routed, assigned)] == ["offered", "routed", "assigned"]
    assert state(routed, fact(f.HandoffExpired, 3, handoff="h")) == "expired"
    assert state(routed, fact(f.HandoffDecided, 3, handoff="h", decision="accept")) == "decided"


def test_a_later_answer_replaces_an_earlier_one_and_the_first_answer_time_stays() -> None:
    trail = LeadHistory.fold(
        [
            fact(f.HandoffOffered, 0, handoff="h"),
            fact(f.HandoffDecided, 5, handoff="h", decision="accept"),
            fact(f.HandoffDecided, 90, handoff="h", decision="recycle", reason="no_budget", due_at=when(9000)),
        ]
    ).handoffs[0]
    assert trail.answer is not None
    assert (trail.answer.decision, trail.decided_at) == ("recycle", when(5))


def test_the_explanation_is_the_chain_of_facts_in_plain_words() -> None:
    lines = LeadHistory.fold(STORY).explain(also=[(when(480), "SLA due")])
    assert len(lines) == len(STORY) + 1
    assert lines[0] == "2026-03-02 09:00 UTC  captured, source webinar"
    assert "2026-03-02 09:02 UTC  offered to sales, without phone, answer due 2026-03-02 17:00 UTC" in lines
    assert "2026-03-02 10:40 UTC  rejected, reason wrong_industry by 005B in sf" in lines
    assert "2026-03-02 10:41 UTC  written to hs: decision, reason" in lines
    assert "2026-03-02 09:02 UTC  entered engaged (jumped over, not seen)" in lines
    assert "2026-03-02 17:20 UTC  entered marketing_qualified (passage 2)" in lines
    assert lines.index("2026-03-02 17:00 UTC  SLA due") < lines.index("2026-03-02 17:20 UTC  offered to sales")


def test_every_fact_type_has_words() -> None:
    samples: dict[str, dict[str, Any]] = {
        "HandoffExpired": {"handoff": "h"},
        "HandoffReclaimed": {"handoff": "h", "owner": "005", "why": "untouched", "queue": "pool"},
        "LeadEnriched": {"enriched": ("industry",), "provider": "registry"},
        "CompanyMatched": {"company": "c-1", "how": "domain"},
        "OpportunityLost": {"opportunity": "o", "reason": "price"},
        "ConsentGiven": {"evidence": "form 7"},
        "LeadLinked": {"kind": "contact", "record": "77", "how": "email"},
        "RecordMoved": {"record": "00Q", "to": "003", "why": "converted"},
        "WriteRefused": {"intent": "w", "refused": ("email",), "reason": "the CRM has another", "system": "sf"},
        "ConflictSettled": {"field": "phone", "winner": "sf", "rule": "precedence"},
        "FeedbackAcknowledged": {"feedback": "b"},
        "FeedbackTold": {"feedback": "b"},
        "SLAEscalated": {"handoff": "h", "policy": "p", "target": "t", "turn": 1, "tier": "due", "to": "mia"},
    }
    told = [*STORY, *(fact(FACT_TYPES[name], 1, **values) for name, values in samples.items())]
    assert {type(one).__name__ for one in told} == set(FACT_TYPES), "a new fact type needs words and a sample"
    for line in LeadHistory.fold(told).explain():
        assert not any(name in line for name in FACT_TYPES), line


def test_a_date_stays_a_date_in_the_explanation() -> None:
    captured = fact(f.LeadCaptured, 0, precision="day", occurred_at=datetime(2026, 3, 2, tzinfo=UTC))
    history = LeadHistory.fold([captured])
    assert history.explain() == ["2026-03-02  captured, source not given"]
    assert history.passages[0].entries[0].precision == "day"


def test_facts_of_several_leads_make_no_history() -> None:
    with pytest.raises(ValueError, match="not of 2"):
        LeadHistory.fold([STORY[0], fact(f.LeadCaptured, 0, lead="L2")])
    with pytest.raises(ValueError, match="not of 0"):
        LeadHistory.fold([])
