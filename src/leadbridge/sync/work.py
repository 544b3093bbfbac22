"""Pieces of sales work about a lead, such as HubSpot's Lead object: what they answer, and how far sales has come.

Such a record is no second person. It names the person, and what it says is told of that person's lead: once, because
the lead goes on while its old pieces of work keep saying what was decided with them.
"""

from __future__ import annotations

from leadbridge.agreement.crosswalk import BY_REASON
from leadbridge.domain import facts as f
from leadbridge.sync.case import Related
from leadbridge.sync.teller import Teller, text

__all__ = ["answers", "progress"]


def answers(teller: Teller, related: Related) -> bool:
    """Whether a piece of work says an answer that was not told yet, and that is not older than the one in force."""
    decision, reason = text(related.values.get("decision")), text(related.values.get("reason"))
    if related.kind.stands_for != "work" or related.record.state != "live" or decision is None:
        return False
    answered = [fact for fact in teller.case.facts if isinstance(fact, f.HandoffDecided)]
    if answered and answered[-1].occurred_at > related.record.modified_at:
        return False
    for fact in reversed(teller.case.facts):
        if not _of(related, fact):
            continue
        if isinstance(fact, f.HandoffDecided):
            same = fact.decision != "accept" if decision == BY_REASON else fact.decision == decision
            return not (same and fact.reason == reason)
        if isinstance(fact, f.StageEntered):
            # Without an offer there was nothing to answer, and the lead only moved.
            return teller.standing.handoff is not None or fact.reason != reason
    return True


def progress(teller: Teller, related: Related) -> None:
    """The status that a piece of work has come to: told once."""
    status = text(related.values.get("status"))
    if related.kind.stands_for != "work" or related.record.state != "live" or status is None:
        return
    told = [fact for fact in teller.case.facts if isinstance(fact, f.StatusChanged) and _of(related, fact)]
    if not (told and told[-1].status == status) and status != teller.standing.status:
        teller.tell(f.StatusChanged, related.record.modified_at, related, status=status)


def _of(related: Related, fact: f.Fact) -> bool:
    """Whether a fact was seen in this record."""
    ref = related.record.ref
    return fact.system == related.connection and fact.cause == f"{ref.kind} {ref.id}"
