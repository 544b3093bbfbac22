"""Small histories with numbers that can be checked by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from leadbridge.analytics import Snapshot
from leadbridge.domain import facts as f
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla import SLAPolicy, clocks

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday."""

NOW = START + timedelta(days=30)

Story: TypeAlias = list[f.Fact]


def fact(cls: type[f.Fact], lead: str, hours: float, **values: Any) -> f.Fact:
    moment = START + timedelta(hours=hours)
    return cls(**{"lead": lead, "occurred_at": moment, "recorded_at": moment, **values})


POLICY = SLAPolicy.model_validate(
    {
        "id": "sales",
        "calendar": "office",
        "targets": [{"id": "touch", "starts": "assigned", "stops": "touched", "within": "4 business hours"}],
    }
)
CALENDARS = {"office": BusinessCalendar(hours={"mon-fri": ("09:00-17:00",)})}


def lead(
    name: str,
    source: str | None,
    *,
    offered: float | None = None,
    owner: str = "ann",
    touched: float | None = None,
    answer: tuple[float, str, str | None] | None = None,
    won: float | None = None,
    captured: float = 0,
) -> Story:
    """One lead: captured, perhaps qualified and offered, touched, answered, won (hours after START)."""
    story = [fact(f.LeadCaptured, name, captured, source=source)]
    story.append(fact(f.Interacted, name, captured, interaction=f"{name}-read", nature="content", asset="guide"))
    if offered is not None:
        story.append(fact(f.StageEntered, name, offered, stage="engaged", inferred=True))
        story.append(fact(f.StageEntered, name, offered, stage="marketing_qualified"))
        story.append(fact(f.BuyingStageEntered, name, offered, buying_stage="exploring"))
        story.append(fact(f.HandoffOffered, name, offered, handoff=f"{name}-1"))
        story.append(fact(f.HandoffAssigned, name, offered, handoff=f"{name}-1", owner=owner))
    if touched is not None:
        call = {"interaction": f"{name}-call", "nature": "person_to_person", "function": "sales", "channel": "phone"}
        story.append(fact(f.Interacted, name, touched, **call))
    if answer is not None:
        hours, decision, reason = answer
        story.append(fact(f.HandoffDecided, name, hours, handoff=f"{name}-1", decision=decision, reason=reason))
        if decision == "accept":
            story.append(fact(f.StageEntered, name, hours, stage="sales_accepted"))
    if won is not None:
        jumped = ("sales_qualified", "opportunity")
        story.extend(fact(f.StageEntered, name, won, stage=stage, inferred=True) for stage in jumped)
        story.append(fact(f.StageEntered, name, won, stage="won"))
        story.append(fact(f.OpportunityWon, name, won, opportunity=f"{name}-deal", amount=100.0))
    return story


def small_funnel() -> Story:
    """Eight leads: 6 offered, 3 accepted, 1 rejected, 1 recycled, 1 undecided; 2 won after 48 h and 96 h."""
    return [
        *lead("a", "web", offered=1, touched=2, answer=(3, "accept", None), won=48),
        *lead("b", "web", offered=1, touched=4, answer=(5, "accept", None), won=96),
        *lead("c", "web", offered=1, touched=30, answer=(31, "accept", None), owner="bob"),
        *lead("d", "fair", offered=2, touched=3, answer=(4, "reject", "wrong_industry"), owner="bob"),
        *lead("e", "fair", offered=2, touched=3, answer=(4, "recycle", None), owner="bob"),
        *lead("f", "unknown", offered=2, owner="bob"),
        *lead("g", None),
        *lead("h", "unknown"),
    ]


def take(story: Story, now: datetime = NOW, **values: Any) -> Snapshot:
    by_lead: dict[str, Story] = {}
    for one in story:
        by_lead.setdefault(one.lead, []).append(one)
    running = [
        clock for facts in by_lead.values() for clock in clocks(LeadHistory.fold(facts), [POLICY], CALENDARS, now)
    ]
    return Snapshot.from_facts(story, clocks=running, now=now, **values)
