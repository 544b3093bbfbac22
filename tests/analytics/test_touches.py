"""A touch is one thing everywhere: a lead that is untouched for its SLA clock is untouched for the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from leadbridge.agreement import Agreement
from leadbridge.analytics import NotComputable, Result
from leadbridge.analytics.result import Answer
from leadbridge.domain import facts as f
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla import SLAClock, SLAPolicy, clocks
from tests.analytics.stories import NOW, START, Story, fact, lead, take

HOURS = {"1 hour": 1, "4 hours": 4, "1 day": 24, "2 days": 48, "7 days": 168}
POLICY = SLAPolicy.model_validate(
    {"id": "sales", "targets": [{"id": "touch", "starts": "offered", "stops": ["touched"], "within": "1 day"}]}
)
ASSUMED = Agreement.loads("agreement: Waste\nversion: 1\neffective: 2026-01-01\nassumptions: {hours_per_lead: 1}\n")


def clock_of(story: Story, hours: float) -> SLAClock:
    """The clock of the one hand-off of a lead, so many hours after START."""
    (clock,) = clocks(LeadHistory.fold(story), [POLICY], {}, START + timedelta(hours=hours))
    return clock


def talk(name: str, hours: float, number: int = 0, **more: Any) -> f.Fact:
    values = {"nature": "person_to_person", "function": "sales", "direction": "outbound"} | more
    return fact(f.Interacted, name, hours, interaction=f"{name}-{number}-{hours}", **values)


LEADS = 150
"""In one snapshot: what a metric costs is what a query costs, whatever the number of leads."""


def rows(answer: Answer) -> list[Mapping[str, Any]]:
    assert isinstance(answer, Result), str(answer)
    return list(answer.rows)


def stories(random: Random) -> dict[str, tuple[int, Story]]:
    """When each lead was offered, and its story; its source is its own name, so that metrics tell of it alone."""
    made: dict[str, tuple[int, Story]] = {}
    for number in range(LEADS):
        name, offered = f"L{number}", random.randrange(21)
        decision = random.choice((None, None, "accept", "reject", "recycle"))
        story = lead(name, name, offered=offered, answer=None if decision is None else (offered + 30.0, decision, None))
        for place in range(random.randrange(4)):
            near = offered + random.choice((-2, -1, 0, 1, 2, 4, 5, 24, 25, 48, 168, 169, random.randrange(300)))
            more = {
                "nature": random.choice(("content", "person_to_person")),
                "function": random.choice(("marketing", "sales")),
                "direction": random.choice(("inbound", "outbound")),
                "channel": random.choice(("", "phone", "email", "note")),
            }
            story.append(talk(name, max(near, 0), place, **more))
        made[name] = offered, story
    return made


@pytest.mark.parametrize("seed", [1, 2])
def test_a_lead_that_is_untouched_for_its_clock_is_untouched_for_the_metrics(seed: int) -> None:
    made = stories(Random(seed))
    seen = [*lead("seen", None, offered=0), fact(f.StageEntered, "seen", 0, stage="engaged"), talk("seen", 1)]
    with take([*seen, *(one for _, story in made.values() for one in story)]) as snapshot:
        metrics = snapshot.metrics
        untouched = {(row["source"], row["after"]): row["untouched"] for row in rows(metrics.untouched("source"))}
        ignored = {
            after: {row["source"]: row["untouched"] for row in rows(metrics.ignored_rate("source", horizon=after))}
            for after in HOURS
        }
        waited = {row["source"] for row in rows(metrics.speed_to_lead("source")) if row["touched"]}
        human = {row["source"]: row["n"] for row in rows(metrics.delay_split("source")) if row["part"] == "human"}
    for name, (offered, story) in made.items():
        for after, hours in HOURS.items():
            clock = clock_of(story, offered + hours)
            kept = clock.state in ("met", "met_late")
            assert untouched[name, after] == ignored[after][name]
            # Whoever was touched after a refusal was touched, but the promise had ended.
            assert untouched[name, after] == (not kept) or clock.ended_by in ("reject", "recycle"), (name, after)
            assert not (kept and untouched[name, after]), (name, after)
        last = clock_of(story, (NOW - START) / timedelta(hours=1))
        assert (name in waited) == (last.state in ("met", "met_late")), name
        touches = [one for one in story if isinstance(one, f.Interacted) and one.function == "sales"]
        since = [one for one in touches if one.occurred_at >= START + timedelta(hours=offered)]
        assert bool(human[name]) == any(one.nature == "person_to_person" for one in since), name


@pytest.mark.parametrize(
    ("what", "touched"),
    [
        ({}, True),
        ({"direction": "inbound"}, True),
        ({"nature": "content", "asset": "deck"}, False),
        ({"function": "marketing"}, False),
    ],
)
def test_a_touch_is_a_talk_of_the_function_that_received_the_lead(what: dict[str, Any], touched: bool) -> None:
    story = [*lead("a", "one", offered=1), talk("a", 2, **what)]
    assert (clock_of(story, 30).state == "met") == touched
    with take([*story, *lead("seen", "other", offered=0), talk("seen", 1)], agreement=ASSUMED) as snapshot:
        ignored = {
            row["source"]: row["ignored"] for row in rows(snapshot.metrics.ignored_rate("source", horizon="1 day"))
        }
        parts = rows(snapshot.metrics.waste("source", horizon="1 day"))
        lost = {row["source"]: row["amount"] for row in parts if row["part"] == "leads"}
    assert (ignored["one"], lost["one"]) == (not touched, not touched)


def test_where_the_receiver_only_ever_sent_content_nobody_knows_who_was_touched() -> None:
    with take([*lead("a", "web", offered=1), talk("a", 2, nature="content")]) as snapshot:
        answer = snapshot.metrics.ignored_rate()
    assert isinstance(answer, NotComputable)
    assert "that nobody wrote down" in answer.reason
