"""Facts in plain words: one sentence each, with times, and nothing about a person that a fact does not hold."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from leadbridge.domain import facts as f
from leadbridge.domain.model import listing

__all__ = ["lines", "moment", "sentence"]

_ANSWERS = {
    "accept": "accepted",
    "reject": "rejected",
    "recycle": "recycled",
    "disqualify": "disqualified",
    "ineligible": "marked ineligible",
}


_TAKEN_BACK = {"untouched": "nobody followed up", "owner_left": "the owner has left", "recalled": "recalled"}
_TIERS = {"warning": "is due soon", "due": "is due", "breach": "is broken"}
_LINKED = {
    "key": "recognised by its leadbridge id",
    "email": "recognised by its email",
    "external_id": "recognised by its external id",
    "new": "first seen",
    "created": "record made",
    "person": "linked by a person",
}


def moment(instant: datetime, precision: str = "instant") -> str:
    """An instant for people, in UTC to the minute; the date alone when only the day is known."""
    utc = instant.astimezone(UTC)
    return f"{utc:%Y-%m-%d}" if precision == "day" else f"{utc:%Y-%m-%d %H:%M} UTC"


def lines(facts: Iterable[f.Fact], also: Iterable[tuple[datetime, str]] = ()) -> list[str]:
    """One line a fact, in the order given, with further dated texts put in where they belong."""
    dated = [(fact.occurred_at, f"{moment(fact.occurred_at, fact.precision)}  {sentence(fact)}") for fact in facts]
    dated += [(when, f"{moment(when)}  {text}") for when, text in also]
    return [text for _, text in sorted(dated, key=lambda line: line[0])]


def sentence(fact: f.Fact) -> str:
    """What a fact says, who did it, where it was seen, and why."""
    parts = [_what(fact)]
    if fact.actor:
        parts.append(f"by {fact.actor}")
    if fact.system and not isinstance(fact, (f.WriteApplied, f.WriteRefused)):
        parts.append(f"in {fact.system}")
    if fact.cause:
        parts.append(f"({fact.cause})")
    return " ".join(parts)


def _what(fact: f.Fact) -> str:
    match fact:
        case f.LeadCaptured():
            return f"captured, source {'not given' if fact.source is None else fact.source}"
        case f.StageEntered():
            return _stage(fact)
        case f.StatusChanged():
            return f"status {fact.status}"
        case f.BuyingStageEntered():
            evidence = f", evidence {fact.evidence}" if fact.evidence else ""
            return f"buyer at {fact.buying_stage}{' (inferred)' if fact.inferred else ''}{evidence}"
        case f.Interacted():
            about = (
                f"{f', asset {fact.asset}' if fact.asset else ''}{f', message {fact.message}' if fact.message else ''}"
            )
            nature = "talked" if fact.nature == "person_to_person" else "read"
            return f"{nature} ({fact.direction}, {fact.function}{f', {fact.channel}' if fact.channel else ''}){about}"
        case f.OpportunityOpened() | f.OpportunityWon():
            worth = f", worth {fact.amount:g}" if fact.amount is not None else ""
            return f"opportunity {fact.opportunity} {'won' if isinstance(fact, f.OpportunityWon) else 'opened'}{worth}"
        case f.OpportunityLost():
            return f"opportunity {fact.opportunity} lost{_reason(fact.reason)}"
        case f.ConsentWithdrawn():
            return f"opted out of {fact.channel}"
        case f.ConsentGiven():
            return f"agreed to {fact.channel} again (evidence: {fact.evidence}; approved by {fact.actor})"
        case _:
            return _handoff(fact) or _record(fact) or _feedback(fact)


def _reason(reason: str | None) -> str:
    return f", reason {reason}" if reason else ", no reason given"


def _stage(fact: f.StageEntered) -> str:
    trip = f" (passage {fact.passage})" if fact.passage > 1 else ""
    skipped = " (jumped over, not seen)" if fact.inferred else ""
    return f"entered {fact.stage}{trip}{skipped}{f', reason {fact.reason}' if fact.reason else ''}"


def _handoff(fact: f.Fact) -> str:
    match fact:
        case f.HandoffOffered():
            missing = f", without {listing(fact.missing)}" if fact.missing else ""
            answer = f", answer due {moment(fact.expires_at)}" if fact.expires_at else ""
            return f"offered to {fact.to_function}{missing}{answer}"
        case f.HandoffRouted():
            return f"routed to queue {fact.queue}{f', rule {fact.rule}' if fact.rule else ''}"
        case f.HandoffAssigned():
            return f"assigned to {fact.owner}{f', rule {fact.rule}' if fact.rule else ''}"
        case f.HandoffReclaimed():
            where = f", back to queue {fact.queue}" if fact.queue else ""
            return f"taken back from {fact.owner}: {_TAKEN_BACK[fact.why]}{where}"
        case f.HandoffDecided():
            back = f", to be offered again {moment(fact.due_at)}" if fact.due_at else ""
            reason = "" if fact.decision == "accept" and not fact.reason else _reason(fact.reason)
            return f"{_ANSWERS[fact.decision]}{reason}{' (with a note)' if fact.has_note else ''}{back}"
        case f.HandoffExpired():
            return "the offer expired: nobody answered in time"
        case f.SLAEscalated():
            why = _TIERS.get(fact.tier, f"is due since {fact.tier.removeprefix('+')}")
            return f"{fact.policy}.{fact.target} {why}: {fact.to} told"
    return ""


def _record(fact: f.Fact) -> str:
    match fact:
        case f.LeadLinked():
            return f"{_LINKED.get(fact.how, 'recognised')}: {fact.kind} {fact.record}"
        case f.LeadEnriched():
            return f"{listing(fact.enriched)} filled in from {fact.provider}"
        case f.CompanyMatched():
            return f"belongs to company {fact.company}, recognised by {fact.how}"
        case f.RecordMoved():
            return f"record {fact.record} {fact.why}{f', now {fact.to}' if fact.to else ''}"
        case f.WriteApplied():
            return f"written to {fact.system or 'the CRM'}: {listing(fact.written)}"
        case f.WriteRefused():
            return f"not written to {fact.system or 'the CRM'}: {listing(fact.refused)}, {fact.reason}"
        case f.ConflictSettled():
            return f"both sides changed {fact.field}: {fact.winner} won by {fact.rule}"
    return ""


def _feedback(fact: f.Fact) -> str:
    match fact:
        case f.FeedbackRaised():
            about = f" {fact.about}" if fact.about else ""
            way = f", over {fact.channel}" if fact.channel else ""
            reason = f", reason {fact.reason}" if fact.reason else ""
            to = f" for {fact.to_function}" if fact.to_function else ""
            return f"feedback on {fact.subject}{about}{to}{reason}{way}"
        case f.FeedbackAcknowledged():
            return "feedback read"
        case f.FeedbackActed():
            made = f", asset {fact.asset}" if fact.asset else ""
            return f"feedback acted on{f': {fact.action}' if fact.action else ''}{made}"
        case f.FeedbackTold():
            return "told what came of the feedback"
    return type(fact).__name__
