"""Rules of engagement: who works with a company already, by what happened to all of its leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from leadbridge.domain.handoff.dealing import Held
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.lead import Lead
from leadbridge.domain.matching import CompanyIndex, company_hosts
from leadbridge.domain.trails import HandoffTrail

__all__ = ["company_key", "held_by", "latest", "working"]

_STILL_WITH_IT = ("accept", "recycle")


def company_key(lead: Lead, companies: CompanyIndex, known: str | None = None) -> str | None:
    """What the leads of one company have in common: the company's id, else its domain; ``None`` when that is unknown.

    Where no company is on record, a lead whose website and address have different domains is of no company.

    Args:
        lead: as it stands.
        companies: those on record; may be empty.
        known: the id of the company that the lead was recognised as one of before.
    """
    if known is not None:
        return f"company {known}"
    match = companies.match(lead)
    if match.company is not None:
        return f"company {match.company.id}"
    hosts = company_hosts(lead, companies.shared) if match.how == "none" else ()
    return f"domain {hosts[0]}" if len(hosts) == 1 else None


def working(histories: Iterable[LeadHistory], keys: Mapping[str, str | None]) -> dict[str, Held]:
    """Who works with each company: the owner of one of its leads, whoever was at work last.

    Somebody works with a company when they have a lead of it, accepted one, or followed one up before it was recycled;
    not when they rejected or disqualified it, let the offer expire, or when it was taken back.

    Args:
        histories: of all leads, in any order.
        keys: the company of each lead, by :func:`company_key`.
    """
    found: dict[str, Held] = {}
    for history in histories:
        key = keys.get(history.lead)
        for trail in history.handoffs if key is not None else ():
            held = held_by(history, trail)
            if held is not None and key is not None:
                found[key] = latest(held, found.get(key))
    return found


def latest(held: Held, other: Held | None) -> Held:
    """Whoever was at work later; of two at the same instant, the first by id, so that the order never matters."""
    if other is None or held.since is None or other.since is None:
        return held if other is None or held.since is None else other
    if held.since != other.since:
        return held if held.since > other.since else other
    return min(held, other, key=lambda each: each.owner)


def held_by(history: LeadHistory, trail: HandoffTrail, until: datetime | None = None) -> Held | None:
    """Who works with a lead's company because of one hand-off; ``until`` leaves out what was said after an instant."""
    answer = trail.answer
    if not trail.owner or (answer is not None and answer.decision not in _STILL_WITH_IT):
        return None
    if answer is None and trail.expired_at is not None:
        return None
    since = trail.assignments[-1].since
    talks: list[datetime] = [
        touch.fact.occurred_at
        for touch in history.touches
        if touch.fact.nature == "person_to_person"
        and touch.fact.function == trail.to_function
        and touch.fact.occurred_at >= since
        and (until is None or touch.fact.occurred_at <= until)
    ]
    return Held(trail.owner, max([since, *talks, *([answer.given_at] if answer is not None else [])]))
