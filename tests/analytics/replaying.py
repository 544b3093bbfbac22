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
STOPS += ["stage:marketing_qualified", "stage:sales_accepted", "informed", "asked", "raised"]
STARTS = ["offered", "informed", "routed", "assigned", "decided", "captured", "touched", "stage:engaged", "asked"]
STARTS += ["raised"]
LACKING: dict[str, Any] = {"promised": 2, "missing": ("phone or email", "title")}
ALONE = {"asked": "answered", "raised": "acknowledged"}
KEY = ("lead_id", "policy", "target", "handoff_id", "subject", "passage", "turn", "agreement")
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
def talks(draw: st.DrawFn, lead: str, made: st.SearchStrategy[int]) -> Story:
    """What was said about one lead: enrichment, feedback, interactions with questions."""

    def told(cls: type[f.Fact], hours: float, **values: Any) -> f.Fact:
        return fact(cls, lead, hours, agreement=draw(made), **values)

    found: Story = []
    for names in draw(st.lists(st.sampled_from([("phone",), ("title", "email"), ("title",)]), max_size=2)):
        found.append(told(f.LeadEnriched, draw(HOURS), enriched=names, provider="books"))
    for number in range(draw(st.integers(0, 2))):
        said = {"feedback": f"{lead}-said-{number}", "to_function": draw(st.sampled_from(["sales", "marketing"]))}
        if draw(st.integers(0, 4)):
            found.append(told(f.FeedbackRaised, draw(HOURS), subject="lead", **said))
        if draw(st.booleans()):
            found.append(told(f.FeedbackAcknowledged, draw(HOURS), feedback=said["feedback"]))
    for hours in draw(st.lists(HOURS, max_size=6)):
        talk = {
            "nature": draw(st.sampled_from(["person_to_person", "person_to_person", "content"])),
            "function": draw(st.sampled_from(["sales", "sales", "marketing"])),
            "direction": draw(st.sampled_from(["inbound", "outbound"])),
            "channel": draw(st.sampled_from(["", "phone", "phone", "email", "note"])),
            "asked": draw(st.sampled_from([(), (), ("price",), ("price", "terms")])),
        }
        found.append(told(f.Interacted, hours, interaction=f"{lead}-{len(found)}", **talk))
    return found


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
            given: dict[str, Any] = draw(st.sampled_from([{}, {"promised": 2}, LACKING]))
            whose = {"from_function": draw(st.sampled_from(["marketing", "marketing", "sales"])), "to_function": to}
            found.append(told(f.HandoffOffered, draw(HOURS), handoff=name, **whose, **given))
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
    found += draw(talks(lead, made))
    # Statuses stand off the grid of the other facts, so that no clock stops at the instant at which it would pause.
    for hours in draw(st.lists(HOURS, max_size=4, unique=True)):
        status = draw(st.sampled_from(["waiting", "open", "connected", "on_hold"]))
        found.append(told(f.StatusChanged, hours + 0.1, status=status))
    if not draw(st.integers(0, 3)):
        found.append(told(f.OpportunityWon, draw(HOURS), opportunity=f"{lead}-deal"))
    return found


@st.composite
def fields(draw: st.DrawFn) -> dict[str, object]:
    """What is known of a lead."""
    known = {"country": draw(st.sampled_from(["GB", "US", None])), "employees": draw(st.sampled_from([5, 500, None]))}
    return {**known, "email": draw(st.sampled_from(["someone@example.com", None]))}


@st.composite
def targets(draw: st.DrawFn, number: int) -> dict[str, Any]:
    starts = draw(st.sampled_from(STARTS))
    events = [stop for stop in STOPS if stop != starts] + 8 * [ALONE[name] for name in ALONE if name == starts]
    cadence = draw(st.sampled_from([None, None, {"touches": 1}, {"touches": 2}, {"touches": 2, "channels": 2}]))
    stops = draw(st.lists(st.sampled_from(events), min_size=0 if cadence else 1, max_size=3, unique=True))
    others = st.sampled_from(sorted({*events} - {*stops}))
    within = ["3h", "2 days", "4 business hours", "1 business day", "2 business days", "0.5 business days", "30m"]
    rests = [[], [], ["waiting"], ["waiting", "on_hold"], ["stage:engaged"], ["owner_away"], ["owner_away", "waiting"]]
    return {
        "id": f"t{number}",
        "starts": starts,
        "stops": stops,
        "cadence": cadence,
        "within": draw(st.sampled_from(within)),
        "grace": draw(st.sampled_from([None, None, "1h", "2 business hours", "1 business day"])),
        "calendar": draw(st.sampled_from(["office", "nights"])),
        "paused_while": draw(st.sampled_from(rests)),
        "cancels": draw(st.lists(others, max_size=2, unique=True)) if draw(st.booleans()) else [],
        "resets": draw(st.lists(others, max_size=2, unique=True)) if draw(st.booleans()) else [],
        "escalate": draw(st.sampled_from([[], [{"at": "breach", "to": "manager"}]])),
    }


@st.composite
def policies(draw: st.DrawFn, number: int, when: str | None, group: str | None) -> dict[str, Any]:
    return {
        "id": f"p{number}",
        "duty_of": draw(st.sampled_from(["sales", "sales", "marketing"])),
        "calendar": "office",
        "when": when,
        "group": group,
        "zone_of": draw(st.sampled_from(["team", "team", "assignee"])),
        "on_transfer": draw(st.sampled_from(["restart", "continue", "inherit"])),
        "targets": [draw(targets(number)) for number in range(draw(st.integers(1, 2)))],
    }


@st.composite
def agreements(draw: st.DrawFn, version: int, effective: str) -> Agreement:
    condition = draw(st.sampled_from(["lead.country = 'GB'", "company.employees > 100", "lead.email is not null"]))
    group = draw(st.sampled_from([None, "one"]))
    segments: list[tuple[str | None, str | None]] = [(condition, group)] if draw(st.booleans()) else []
    away = {"zone": "Asia/Kathmandu", "away": [{"from": "2026-03-03", "to": "2026-03-04"}]}
    people = {"ann": away, "bob": {"zone": "America/New_York"}}
    return Agreement.model_validate(
        {
            "agreement": "Random",
            "version": version,
            "effective": effective,
            "slas": [draw(policies(number, *which)) for number, which in enumerate([*segments, (None, group)])],
            "people": draw(st.sampled_from([{}, people])),
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
