"""Random histories and policies for the replay, and the clocks of both ways in a form that can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from leadbridge.agreement import Agreement, Agreements
from leadbridge.analytics.replay import Replay
from leadbridge.clock import to_us
from leadbridge.domain import facts as f
from tests.analytics.stories import START, Story, fact

HOURS = st.integers(min_value=0, max_value=120).map(lambda half: half / 2)
OWNERS = st.sampled_from(["ann", "bob", "cy"])
STOPS = ["captured", "offered", "routed", "assigned", "touched", "connected", "decided", "won"]
STOPS += ["stage:marketing_qualified", "stage:sales_accepted"]
KEY = ("lead_id", "policy", "target", "handoff_id", "passage", "turn", "agreement")
SEEN = (
    "state",
    "owner",
    "started_us",
    "due_us",
    "stopped_us",
    "elapsed_us",
    "ended_by",
    "agreement",
    "duty_of",
    "within",
)

NOW = START + timedelta(hours=70, minutes=7)


@st.composite
def random_story(draw: st.DrawFn, lead: str, versions: tuple[int, ...]) -> Story:
    """One lead: up to two passages and three hand-offs, with touches, statuses, deals, in any order of time."""
    made = st.sampled_from(versions)

    def told(cls: type[f.Fact], hours: float, **values: Any) -> f.Fact:
        return fact(cls, lead, hours, agreement=draw(made), **values)

    found: Story = [told(f.LeadCaptured, draw(HOURS))]
    stages = ["engaged", "marketing_qualified", "sales_accepted", "won", "recycled", "disqualified"]
    for passage in range(1, draw(st.integers(1, 3))):
        for stage in draw(st.lists(st.sampled_from(stages), max_size=4)):
            found.append(told(f.StageEntered, draw(HOURS), stage=stage, passage=passage))
    for number in range(draw(st.integers(0, 3))):
        name = f"{lead}-{number}"
        to = draw(st.sampled_from(["sales", "sales", "partner"]))
        if draw(st.integers(0, 5)):
            found.append(told(f.HandoffOffered, draw(HOURS), handoff=name, to_function=to))
        if draw(st.booleans()):
            found.append(told(f.HandoffRouted, draw(HOURS), handoff=name, queue="q"))
        for hours in draw(st.lists(HOURS, max_size=3)):
            found.append(told(f.HandoffAssigned, hours, handoff=name, owner=draw(OWNERS)))
        if not draw(st.integers(0, 4)):
            found.append(told(f.HandoffReclaimed, draw(HOURS), handoff=name, owner="ann", why="idle", queue="q"))
        for decision in draw(st.lists(st.sampled_from(["accept", "reject", "recycle"]), max_size=2)):
            found.append(told(f.HandoffDecided, draw(HOURS), handoff=name, decision=decision))
        if not draw(st.integers(0, 4)):
            found.append(told(f.HandoffExpired, draw(HOURS), handoff=name))
    for hours in draw(st.lists(HOURS, max_size=4)):
        talk = {
            "nature": draw(st.sampled_from(["person_to_person", "person_to_person", "content"])),
            "function": draw(st.sampled_from(["sales", "sales", "marketing"])),
            "direction": draw(st.sampled_from(["inbound", "outbound"])),
        }
        found.append(told(f.Interacted, hours, interaction=f"{lead}-{len(found)}", **talk))
    # Statuses stand off the grid of the other facts, so that no clock stops at the instant at which it would pause.
    for hours in draw(st.lists(HOURS, max_size=4, unique=True)):
        status = draw(st.sampled_from(["waiting", "open", "connected", "on_hold"]))
        found.append(told(f.StatusChanged, hours + 0.1, status=status))
    if not draw(st.integers(0, 3)):
        found.append(told(f.OpportunityWon, draw(HOURS), opportunity=f"{lead}-deal"))
    return found


@st.composite
def targets(draw: st.DrawFn, number: int) -> dict[str, Any]:
    starts = draw(st.sampled_from(["offered", "routed", "assigned", "decided", "captured", "touched", "stage:engaged"]))
    stops = draw(
        st.lists(st.sampled_from([stop for stop in STOPS if stop != starts]), min_size=1, max_size=3, unique=True)
    )
    within = ["3h", "2 days", "4 business hours", "1 business day", "2 business days", "0.5 business days", "30m"]
    return {
        "id": f"t{number}",
        "starts": starts,
        "stops": stops,
        "within": draw(st.sampled_from(within)),
        "calendar": draw(st.sampled_from(["office", "nights"])),
        "paused_while": draw(st.sampled_from([[], [], ["waiting"], ["waiting", "on_hold"]])),
    }


@st.composite
def agreements(draw: st.DrawFn, version: int, effective: str) -> Agreement:
    policy = {
        "id": "sales",
        "duty_of": draw(st.sampled_from(["sales", "sales", "marketing"])),
        "calendar": "office",
        "on_transfer": draw(st.sampled_from(["restart", "continue", "inherit"])),
        "targets": [draw(targets(number)) for number in range(draw(st.integers(1, 2)))],
    }
    return Agreement.model_validate(
        {
            "agreement": "Random",
            "version": version,
            "effective": effective,
            "slas": [policy],
            "calendars": {
                "office": {
                    "zone": "Europe/London",
                    "hours": {"mon-thu": ["09:00-12:30", "13:30-17:30"], "fri": ["09:00-15:00"]},
                },
                "nights": {"zone": "America/New_York", "hours": {"daily": ["22:00-03:00"]}},
            },
        }
    )


@st.composite
def series(draw: st.DrawFn) -> Agreements:
    """One version, or two of which the second begins on the third day."""
    first = draw(agreements(1, "2026-01-01"))
    return Agreements([first, draw(agreements(2, "2026-03-04"))] if draw(st.booleans()) else [first])


def standing(replayed: Replay) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The clocks by what they are about."""
    found = {tuple(row[name] for name in KEY): tuple(row[name] for name in SEEN) for row in replayed.clocks()}
    assert len(found) == len(replayed), "two clocks are about the same"
    return found


def of_leads(many: Iterable[Story]) -> Story:
    return [one for story in many for one in story if to_us(one.occurred_at) <= to_us(NOW)]
