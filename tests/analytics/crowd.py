"""A crowd of leads to which everything happens that metrics count: so that every metric has something to say."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from leadbridge.agreement import Agreement
from leadbridge.analytics import Snapshot
from leadbridge.analytics.agreed import LeadStanding
from leadbridge.domain import facts as f
from tests.analytics.stories import Story, fact, take

__all__ = ["AGREEMENT", "crowd", "everybody"]

AGREEMENT = Agreement.loads("""
agreement: Crowd
version: 1
effective: 2026-01-01
buying_stages: {stages: [education, solution, selection]}
value_propositions: [{id: faster, text: Faster}, {id: cheaper, text: Cheaper}]
messages: [{id: one_view, text: One view, value_proposition: faster}, {id: no_waste, text: No waste}]
assets:
  - {id: report, type: report, owner: marketing, message: one_view}
  - {id: guide, type: guide, message: no_waste}
  - {id: my-slides, type: presentation, made_by: sales}
assumptions: {hours_per_lead: 2.5, win_rate: 0.2, deal_value: 10000, source: sales plan 2026}
reasons: {override: {no_response: {needs_attempts: 3}}}
routing:
  queues:
    - {id: north, members: [{id: ann}, {id: cat}]}
    - {id: south, members: [{id: bob}, {id: cat}]}
  rules: [{id: all, kind: default, queue: north}]
""")

LEADS = 60
SOURCES = ("web", "fair", "unknown", None)
ANSWERS = (
    ("accept", None), ("accept", None), ("reject", "wrong_industry"), ("reject", "duplicate"),
    ("recycle", "no_response"), ("recycle", "no_budget"), ("disqualify", "no_response"), ("reject", None),
)  # fmt: skip
FIRST = ("education", "solution", "selection")
HORIZON = 24 * 28


def crowd(seed: int = 7) -> Snapshot:
    """A snapshot of everybody, with clocks, standings, assets, reasons and feedback."""
    story, stands = everybody(seed)
    random = Random(seed)
    views = {"said": [row for number, name in enumerate(stands) for row in _said(random, name, number % 4)]}
    return take(story, agreement=AGREEMENT, standings=stands, views=views)


def everybody(seed: int, leads: int = LEADS) -> tuple[Story, dict[str, LeadStanding]]:
    """What happened to everybody, and how each stands."""
    random = Random(seed)
    names = [f"lead{number:02}" for number in range(leads)]
    stands = {
        name: LeadStanding(
            in_target=random.choice((True, False, None)),
            role=random.choice(("buyer", "user", None)),
            ready=random.choice((True, False, None)),
        )
        for name in names
    }
    story = [one for name in names for one in _one(random, name)]
    return story + [one for number in range(9) for one in _early(number)], stands


def _said(random: Random, name: str, systems: int) -> Iterator[dict[str, Any]]:
    """In which stage some of three systems show a lead; one of them has two records of it."""
    for system in ("hs", "sf", "sf", "x")[: systems + 1 if systems else 0]:
        stage = random.choice(("engaged", "won", None))
        row = {"lead_id": name, "connection": system, "record": f"{name}-{random.random()}", "axis": "stage"}
        yield {
            **row,
            "value": stage,
            "since_us": random.choice((None, random.randrange(10**15))),
            "precision": "instant",
        }


def _early(number: int) -> Iterator[f.Fact]:
    """A lead of the months before, of which nothing is known but when it was qualified."""
    hours = -24.0 * 9 * number - 24
    yield fact(f.LeadCaptured, f"early{number}", hours, source=SOURCES[number % 2])
    yield fact(f.StageEntered, f"early{number}", hours + 1, stage="marketing_qualified")


def _one(random: Random, name: str) -> Iterator[f.Fact]:
    when = random.uniform(0, 24 * 12)
    by = random.choice(("marketing", "marketing", "sales"))
    yield fact(f.LeadCaptured, name, when, source=random.choice(SOURCES), function=by)
    if random.random() < 0.5:
        yield fact(f.CompanyMatched, name, when, company=f"firm{random.randrange(9)}", how="domain")
    yield from _interactions(random, name, when)
    passage = 1
    for buying_stage in FIRST[: random.randrange(4)]:
        yield fact(f.BuyingStageEntered, name, when + random.uniform(0, 200), buying_stage=buying_stage)
    while when < HORIZON and random.random() < 0.9:
        when += random.uniform(0, 48)
        if random.random() < 0.8:
            yield fact(f.StageEntered, name, when, stage="engaged", passage=passage)
        when += random.choice((0.0, random.uniform(0, 30)))
        yield fact(f.StageEntered, name, when, stage="marketing_qualified", passage=passage)
        back, when, facts = _handed_over(random, name, when, passage)
        yield from facts
        if not back:
            return
        passage += 1


def _handed_over(random: Random, name: str, when: float, passage: int) -> tuple[bool, float, Story]:
    """One hand-off, whether the lead came back from it, and when it was over."""
    handoff: dict[str, Any] = {"handoff": f"{name}-{passage}"}
    missing = ("phone", "title")[: random.randrange(3)]
    said = {"promised": 5, "missing": missing} if random.random() < 0.8 else {}
    story: Story = [fact(f.HandoffOffered, name, when, **handoff, **said)]
    if random.random() < 0.5:
        when += random.uniform(0, 3)
        story.append(fact(f.HandoffRouted, name, when, queue="emea", **handoff))
    for _ in range(random.choice((0, 1, 1, 2))):
        when += random.uniform(0, 5)
        story.append(fact(f.HandoffAssigned, name, when, owner=random.choice(("ann", "bob", "cat")), **handoff))
    if random.random() < 0.2:
        story.append(fact(f.HandoffExpired, name, when + 90, **handoff))
        return False, when, story
    if random.random() < 0.2:
        return False, when, story
    when += random.uniform(0, 100)
    decision, reason = random.choice(ANSWERS)
    attempts = random.choice((None, 2, 8)) if reason == "no_response" else None
    story.append(fact(f.HandoffDecided, name, when, decision=decision, reason=reason, attempts=attempts, **handoff))
    if decision == "recycle":
        story.append(fact(f.StageEntered, name, when, stage="recycled", passage=passage, reason=reason))
        return True, when + 24, story
    if decision == "accept":
        story += _sold(random, name, when, passage)
    return False, when, story


def _sold(random: Random, name: str, when: float, passage: int) -> Story:
    deal: dict[str, Any] = {"opportunity": f"deal-{name}"}
    story: Story = [fact(f.StageEntered, name, when, stage="sales_accepted", passage=passage)]
    if random.random() < 0.3:
        return story
    story += [
        fact(f.StageEntered, name, when + 20, stage="sales_qualified", passage=passage),
        fact(f.StageEntered, name, when + 30, stage="opportunity", passage=passage, inferred=True),
        fact(f.OpportunityOpened, name, when + 30, **deal),
    ]
    if random.random() < 0.3:
        return story
    if random.random() < 0.4:
        story.append(fact(f.OpportunityLost, name, when + 60, reason="price", **deal))
    else:
        story.append(fact(f.OpportunityWon, name, when + 70, amount=random.choice((None, 99.5, 2000.0)), **deal))
        story.append(fact(f.StageEntered, name, when + 70, stage="won", passage=passage))
    return story


def _interactions(random: Random, name: str, since: float) -> Iterator[f.Fact]:
    for number in range(random.randrange(9)):
        yield fact(
            f.Interacted,
            name,
            since + random.uniform(0, 24 * 9),
            interaction=f"{name}-{number}",
            nature=random.choice(("content", "person_to_person")),
            function=random.choice(("marketing", "sales")),
            direction=random.choice(("inbound", "outbound")),
            channel=random.choice(("", "phone", "email")),
            asset=random.choice((None, "report", "guide", "my-slides", "a-blog-post")),
            message=random.choice((None, "one_view")),
            buying_stage=random.choice((None, *FIRST)),
        )
    if random.random() < 0.4:
        asks = {"feedback": f"{name}-ask", "subject": "content_request", "to_function": "marketing", "channel": "form"}
        yield fact(f.FeedbackRaised, name, since + 5, **asks)
        if random.random() < 0.6:
            made = random.choice((None, "report"))
            yield fact(f.FeedbackActed, name, since + random.uniform(20, 400), feedback=f"{name}-ask", asset=made)
    if random.random() < 0.4:
        said = {"feedback": f"{name}-said"}
        about = {"subject": "lead", "channel": random.choice(("call", "form")), "to_function": "marketing"}
        yield fact(f.FeedbackRaised, name, since + 10, **said, **about)
        steps = (f.FeedbackAcknowledged, f.FeedbackActed, f.FeedbackTold)
        for hours, step in enumerate(steps[: random.randrange(4)], start=12):
            yield fact(step, name, since + hours, **said)
