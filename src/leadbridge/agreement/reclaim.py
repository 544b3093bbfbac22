"""Taking leads back under an agreement: those that nobody touched, and those of somebody who leaves. Pure reading.

Both return facts that are to be recorded when it is done. A lead that goes back to a queue keeps its promises: the
clock of whoever had it ends there, and time goes on for the function until somebody has it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leadbridge.agreement.offer import terms_of
from leadbridge.agreement.schema import Agreement
from leadbridge.domain.facts import HandoffDecided, HandoffReclaimed, StageEntered
from leadbridge.domain.handoff import Facts, Terms
from leadbridge.domain.handoff.recycle import due_at
from leadbridge.domain.handoff.routing import OwnerLeaves
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.trails import HandoffTrail

__all__ = ["Leaving", "leave", "reclaims"]

_GONE = ("reject", "recycle", "disqualify", "ineligible")


def reclaims(histories: Iterable[LeadHistory], *, agreement: Agreement, at: datetime) -> Facts:
    """The offers that go back to a queue because nobody touched them for ``routing.reclaim.after``.

    Untouched means: since it was assigned to its present owner there was no answer, no talk with the receiving function
    and no change of the lead status. Nothing is taken back when the agreement says nothing about it, and what was taken
    back already is not taken back again.

    Args:
        histories: of any leads.
        agreement: after how long, and to which queue.
        at: the present instant.
    """
    terms = agreement.routing.reclaim
    if terms is None:
        return ()
    return tuple(
        HandoffReclaimed(
            handoff=trail.id, owner=trail.owner, why="untouched", queue=terms.to, **_envelope(history, agreement, at)
        )
        for history in histories
        for trail in history.handoffs
        if trail.state == "assigned"
        and at - trail.assignments[-1].since >= terms.after
        and not _touched(history, trail)
    )


@dataclass(frozen=True, slots=True)
class Leaving:
    """What becomes of the leads of somebody who leaves.

    Attributes:
        owner: who leaves.
        facts: to be recorded.
        back: leads that go to a queue.
        recycled: leads that rest and are offered again later.
        stay: leads about whose stage the agreement says nothing; somebody has to look after them.
    """

    owner: str
    facts: Facts = field(repr=False)
    back: tuple[str, ...]
    recycled: tuple[str, ...]
    stay: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.owner} leaves. To a queue: {len(self.back)}, recycled: {len(self.recycled)}, "
            f"without an agreed way: {len(self.stay)}"
        )


def leave(owner: str, histories: Iterable[LeadHistory], *, agreement: Agreement, at: datetime) -> Leaving:
    """What becomes of the leads of an owner who leaves, stage by stage, by ``routing.owner_leaves``.

    A lead is theirs while they are the owner of its latest hand-off, unless they refused it, recycled it or let it
    expire. To a queue, an answer that was given stays given. Recycled, the reason counts for how long. Such a table,
    stage by stage, is public practice in GitLab's handbook.

    Args:
        owner: the id of the owner.
        histories: of any leads.
        agreement: what becomes of leads in which stage.
        at: the instant from which on they are gone.
    """
    rows = {row.stage: row for row in agreement.routing.owner_leaves}
    terms = terms_of(agreement)
    facts: list[Facts] = []
    back: list[str] = []
    recycled: list[str] = []
    stay: list[str] = []
    for history in sorted(histories, key=lambda history: history.lead):
        trail = history.handoff
        if trail is None or trail.owner != owner or trail.state == "expired":
            continue
        if trail.answer is not None and trail.answer.decision in _GONE:
            continue
        row = rows.get(history.stage or "")
        if row is None or (row.queue is None and row.recycle is None):
            stay.append(history.lead)
            continue
        taken = HandoffReclaimed(
            handoff=trail.id,
            owner=owner,
            why="owner_left",
            queue=row.queue or "",
            **_envelope(history, agreement, at),
        )
        (recycled if row.recycle else back).append(history.lead)
        facts.append((*_recycled(history, trail, row, terms, _envelope(history, agreement, at)), taken))
    told = tuple(fact for each in facts for fact in each)
    return Leaving(owner, told, tuple(back), tuple(recycled), tuple(stay))


def _recycled(
    history: LeadHistory, trail: HandoffTrail, row: OwnerLeaves, terms: Terms, envelope: dict[str, Any]
) -> Facts:
    """The decision to recycle a lead, and the stage that follows; nothing for one that goes to a queue."""
    if row.recycle is None:
        return ()
    reason = terms.reasons.check("recycle", row.recycle)
    rests_until = due_at(reason, envelope["occurred_at"], terms.default_cool_off)
    decided = HandoffDecided(handoff=trail.id, decision="recycle", reason=row.recycle, due_at=rests_until, **envelope)
    stage = terms.stages.get("recycle")
    if stage is None:
        return (decided,)
    passage = history.passage.number if history.passage is not None else trail.passage
    return (decided, StageEntered(stage=stage, passage=passage, reason=row.recycle, **envelope))


def _touched(history: LeadHistory, trail: HandoffTrail) -> bool:
    since = trail.assignments[-1].since
    return any(entry.since > since for entry in history.statuses) or any(
        touch.fact.occurred_at >= since
        and touch.fact.nature == "person_to_person"
        and touch.fact.function == trail.to_function
        for touch in history.touches
    )


def _envelope(history: LeadHistory, agreement: Agreement, at: datetime) -> dict[str, Any]:
    return {
        "lead": history.lead,
        "occurred_at": at,
        "recorded_at": at,
        "actor": "leadbridge",
        "cause": "routing of the agreement",
        "agreement": agreement.version,
    }
