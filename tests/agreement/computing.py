"""Everything that an agreement computes, done once for invented leads: what is accepted has to work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from leadbridge.agreement import Agreement, clocks, html, lint, markdown, offer
from leadbridge.clock import ManualClock
from leadbridge.domain import facts as f
from leadbridge.domain.facts import DECISIONS
from leadbridge.domain.interaction import Interaction
from leadbridge.domain.lead import Lead
from leadbridge.domain.lifecycle import Lifecycle
from leadbridge.errors import IllegalMove

__all__ = ["NOW", "compute"]

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""A Monday."""

SPINE = Lifecycle.preset("spine")

FULL = {
    "email": "ada@acme.example",
    "first_name": "Ada",
    "last_name": "Example",
    "company": "Acme",
    "title": "CFO",
    "phone": "+44 20 7946 0000",
    "website": "https://www.acme.example",
    "country": "GB",
    "region": "London",
    "industry": "software",
    "employees": 120,
    "source": "webinar",
    "campaign": "spring",
    "captured_at": "2026-02-01T10:00:00Z",
    "score": 70,
    "opted_out": False,
}


def compute(agreement: Agreement) -> None:
    """Asks for everything."""
    lifecycle = agreement.lifecycle
    for stage in (None, *lifecycle.ids):
        lifecycle.allowed(stage)
        lifecycle.reached(stage)
    for stage in lifecycle.ids:
        lifecycle.translate(stage, SPINE)
        lifecycle.steps(None, stage)
    for reason in agreement.reasons.values():
        agreement.reasons.check(reason.allowed_decisions[0], reason.code, note="as agreed")
    touches = [
        Interaction(
            id=f"t{number}",
            lead="L1",
            at=NOW - timedelta(days=number),
            nature="content" if number % 2 else "person_to_person",
            function=agreement.functions[number % 2],
            asset=asset.id,
            answers={"next_step": "offer"},
        )
        for number, asset in enumerate(agreement.assets)
    ]
    for fields in ({}, {"email": "x@example.com"}, {**FULL, **dict.fromkeys(agreement.attributes, "7")}):
        for name in agreement.definitions:
            str(agreement.readiness(fields, name, touches, at=NOW))
            agreement.readiness(fields, name, at=NOW)._repr_html_()
        agreement.includes(fields, touches, at=NOW)
        agreement.buying_entries(touches, fields=fields, at=NOW)
    for field in (*FULL, *agreement.attributes):
        agreement.policy_for(field, agreement.handoff.at)
    facts = _story(agreement)
    clocks(facts, agreement=agreement, at=NOW + timedelta(days=20))
    clocks(facts[:-1], agreement=agreement, at=NOW + timedelta(hours=3))
    agreement.standing(NOW.date())
    for page in (markdown(agreement), html(agreement)):
        page.encode()
    lint(agreement)
    repr(agreement)


def _story(agreement: Agreement) -> list[f.Fact]:
    """A lead that is captured, offered, assigned, called and refused."""
    stages = agreement.lifecycle.success_path
    asked = [*agreement.handoff.package.required, *(name for g in agreement.handoff.package.one_of for name in g)]
    extra = {name: "x" for name in asked if name not in FULL and name not in ("stage", "opted_out")}
    lead = Lead.from_fields("L1", {**FULL, **extra, "stage": agreement.handoff.at})
    envelope = {"lead": "L1", "occurred_at": NOW - timedelta(days=2), "recorded_at": NOW - timedelta(days=2)}
    story: list[f.Fact] = [f.LeadCaptured(**envelope, source="webinar")]  # type: ignore[arg-type]  # one mixed envelope
    story += [f.StageEntered(**envelope, stage=stage) for stage in stages[:2]]  # type: ignore[arg-type]  # the same
    try:
        handoff = offer(lead, agreement=agreement, at=NOW, clock=ManualClock(NOW))
    except IllegalMove:
        return story
    story += handoff.facts
    handoff = handoff.after(handoff.facts)
    story += handoff.assign("ann", at=NOW + timedelta(hours=1))
    for decision in DECISIONS:
        for reason in agreement.reasons.explaining(decision)[:1]:
            answer = {"reject": handoff.reject, "recycle": handoff.recycle, "disqualify": handoff.disqualify}
            if decision in answer:
                story = [*story[:-3], *story[-3:], *answer[decision](reason, "a note", at=NOW + timedelta(hours=2))]
                return story
    return story
