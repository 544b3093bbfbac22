"""Offering a lead: the information duty is checked, and a hand-off comes back that knows the agreement's reasons."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from leadbridge.agreement.check.handoff import receivers
from leadbridge.agreement.schema import Agreement
from leadbridge.agreement.versions import Agreements
from leadbridge.clock import Clock, SystemClock, to_us
from leadbridge.domain.facts import Decision
from leadbridge.domain.handoff import Handoff, Terms, offered
from leadbridge.domain.lead import Lead
from leadbridge.domain.lifecycle import Lifecycle
from leadbridge.domain.model import did_you_mean
from leadbridge.errors import ConfigError, IllegalMove, IncompletePackage

__all__ = ["STAGE_OF_DECISION", "decision_meant", "offer", "terms_of"]

STAGE_OF_DECISION: dict[Decision, str] = {
    "accept": "sales_accepted",
    "reject": "rejected",
    "recycle": "recycled",
    "disqualify": "disqualified",
    "ineligible": "ineligible",
}
"""The canonical stage that a decision leads to; each agreement may call it otherwise."""


def decision_meant(agreement: Agreement, code: str, *, followed_up: bool) -> Decision:
    """Which decision a CRM that only says "closed" means: reject before follow-up began, else what the reason says.

    Args:
        agreement: knows which decisions a reason allows.
        code: of the reason.
        followed_up: whether the receiving function had begun to work on the lead.

    Raises:
        IllegalMove: for an unknown code, with the nearest one.
    """
    decisions = [d for d in agreement.reason(code).allowed_decisions if d in STAGE_OF_DECISION and d != "accept"]
    if followed_up:
        decisions = [d for d in decisions if d != "reject"] or decisions
    return decisions[0] if decisions else "disqualify"


def terms_of(agreement: Agreement) -> Terms:
    """What an agreement says about answering an offer."""
    stages: dict[Decision, str] = {}
    for decision, canonical in STAGE_OF_DECISION.items():
        stage = agreement.lifecycle.find(canonical)
        if stage is not None:
            stages[decision] = stage
    return Terms(agreement.reasons, stages, agreement.recycling.default_cool_off)


def offer(
    lead: Lead,
    *,
    agreement: Agreement | Agreements,
    to: str | None = None,
    at: datetime | None = None,
    passage: int = 1,
    clock: Clock | None = None,
) -> Handoff:
    """Offers a lead to the receiving function, with the information that the agreement promises.

    Nothing is stored: the hand-off and its methods return facts, which a bridge records.

    Args:
        lead: with the fields of the package that the agreement has for its source and the receiving function.
        agreement: what was promised; of several versions, the one in force when the lead is offered.
        to: the receiving function; that of the agreement's hand-off when not given.
        at: when it is offered; now when not given.
        passage: which trip through the funnel this is.
        clock: tells the time to this function and to the hand-off; the system's when not given.

    Raises:
        IncompletePackage: when promised information is missing; names the fields, and of groups the choice such as
            ``phone or email``, in the order of the agreement.
        ConfigError: when the agreement does not know the receiving function, or it is the one that offers.
        IllegalMove: when the lead has opted out, already stands beyond the stage of the hand-off, or has made as many
            passages as are agreed on.
    """
    tell: Callable[[], datetime] = (clock or SystemClock()).now
    when = at if at is not None else tell()
    if when.tzinfo is None:
        raise ValueError("an instant needs a time zone, for example tzinfo=UTC")
    agreement = Agreements.of(agreement).judging(when)
    terms, fields = agreement.handoff, lead.fields()
    receiver = _receiver(agreement, to)
    package = agreement.package_for(lead.source, receiver)
    told = package.contents(fields)
    if told.missing:
        raise IncompletePackage(told.missing)
    _may_be_offered(lead, agreement.lifecycle, terms.at)
    if passage > agreement.recycling.max_passages:
        raise IllegalMove(
            f"the lead has made {passage - 1} passages, and {agreement.recycling.max_passages} are agreed on: it is "
            "not offered again; disqualify it, or raise recycling.max_passages in the agreement"
        )
    seed = f"{lead.id}\x1f{terms.from_}\x1f{receiver}\x1f{to_us(when)}"
    handoff = Handoff(
        id=f"handoff-{hashlib.sha256(seed.encode()).hexdigest()[:16]}",
        lead=lead.id,
        terms=terms_of(agreement),
        from_function=terms.from_,
        to_function=receiver,
        agreement=agreement.version,
        package=told.present,
        promised=package.promised,
        offered_at=when,
        expires_at=when + terms.expires_after if terms.expires_after is not None else None,
        passage=passage,
        now=tell,
    )
    return replace(handoff, facts=(offered(handoff, recorded_at=max(when, tell())),))


def _receiver(agreement: Agreement, to: str | None) -> str:
    if to is None:
        return agreement.handoff.to
    if to == agreement.handoff.from_:
        raise ConfigError(f"{to} cannot offer a lead to itself: name the receiving function")
    known = receivers(agreement)
    if to not in known:
        raise ConfigError(f"unknown function {to}: {did_you_mean(to, known)}")
    return to


def _may_be_offered(lead: Lead, lifecycle: Lifecycle, at: str) -> None:
    if lead.opted_out:
        raise IllegalMove("this person has opted out: the lead cannot be offered")
    rank, limit = (lifecycle.rank(lead.stage) if lead.stage is not None else None), lifecycle.rank(at)
    if rank is not None and limit is not None and rank > limit:
        raise IllegalMove(f"the lead is {lead.stage} already, which comes after {at}: there is nothing to offer")
