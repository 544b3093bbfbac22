"""The history of one lead, folded from its facts: passages, hand-offs, interactions, opportunities, feedback, consent.

Facts may come late and in any order: they are put in order of when they happened, then of when they were learned, and
what is left equal is ordered by meaning (an offer comes before its answer). The same facts always give the same
history. A stage that was seen replaces the inferred entry of it, and an interaction that is told twice counts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from leadbridge.clock import to_us
from leadbridge.domain import facts as f
from leadbridge.domain.explain import lines
from leadbridge.domain.fact_codec import encode
from leadbridge.domain.lifecycle.lifecycle import SPINE
from leadbridge.domain.trails import (
    Answer,
    Assignment,
    BuyingEntry,
    FeedbackTrail,
    HandoffTrail,
    OpportunityTrail,
    Passage,
    StageEntry,
    StatusEntry,
    Touch,
)

__all__ = [
    "Answer",
    "Assignment",
    "BuyingEntry",
    "FeedbackTrail",
    "HandoffTrail",
    "LeadHistory",
    "OpportunityTrail",
    "Passage",
    "StageEntry",
    "StatusEntry",
    "Touch",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadHistory:
    """All that is known of one lead, as of its facts. Build it with :meth:`fold`."""

    lead: str
    facts: tuple[f.Fact, ...] = field(repr=False)
    captured_at: datetime | None
    capture_precision: Literal["instant", "day"]
    source: str | None
    passages: tuple[Passage, ...]
    statuses: tuple[StatusEntry, ...]
    buying_stages: tuple[BuyingEntry, ...]
    handoffs: tuple[HandoffTrail, ...]
    touches: tuple[Touch, ...]
    opportunities: tuple[OpportunityTrail, ...]
    feedback: tuple[FeedbackTrail, ...]
    opted_out: Mapping[str, datetime]

    @classmethod
    def fold(cls, facts: Iterable[f.Fact]) -> LeadHistory:
        """The history that the facts of one lead tell, in whatever order they come.

        Raises:
            ValueError: for no facts at all, or facts of several leads.
        """
        ordered = _in_order(facts)
        leads = {fact.lead for fact in ordered}
        if len(leads) != 1:
            raise ValueError(f"a history needs facts of one lead, not of {len(leads)}: group them by lead first")
        fold = _Fold()
        for fact in ordered:
            fold.add(fact)
        return cls(
            lead=ordered[0].lead,
            facts=ordered,
            captured_at=fold.captured.occurred_at if fold.captured else None,
            capture_precision=fold.captured.precision if fold.captured else "instant",
            source=fold.captured.source if fold.captured else None,
            passages=fold.passages(),
            statuses=tuple(fold.statuses),
            # Of what was entered at one instant, what a person saw holds against what a rule concluded.
            buying_stages=tuple(sorted(fold.buying, key=lambda entry: (entry.since, not entry.inferred))),
            handoffs=tuple(HandoffTrail(id=id, **values) for id, values in fold.handoffs.items()),
            touches=tuple(fold.touches),
            opportunities=tuple(OpportunityTrail(id=id, **values) for id, values in fold.opportunities.items()),
            feedback=tuple(FeedbackTrail(id=id, **values) for id, values in fold.feedback.items()),
            opted_out=dict(fold.opted_out),
        )

    @property
    def passage(self) -> Passage | None:
        """The present trip through the funnel."""
        return self.passages[-1] if self.passages else None

    @property
    def sourced_by(self) -> str | None:
        """The function whose lead it is, such as marketing, sales or partner; ``None`` when no fact says it."""
        return next((fact.function for fact in self.facts if isinstance(fact, f.LeadCaptured)), None)

    @property
    def company(self) -> str | None:
        """The id of the company that the lead was recognised as one of; what a person chose holds against a match."""
        matches = [fact for fact in self.facts if isinstance(fact, f.CompanyMatched)]
        chosen = [fact for fact in matches if fact.how == "person"]
        return (chosen or matches)[-1].company if matches else None

    @property
    def stage(self) -> str | None:
        """The lifecycle stage now."""
        return self.passages[-1].stage if self.passages else None

    @property
    def status(self) -> str | None:
        """The rep's working status now."""
        return self.statuses[-1].status if self.statuses else None

    @property
    def buying_stage(self) -> str | None:
        """Where the buyer stands now."""
        return self.buying_stages[-1].buying_stage if self.buying_stages else None

    @property
    def handoff(self) -> HandoffTrail | None:
        """The hand-off offered last."""
        return self.handoffs[-1] if self.handoffs else None

    def explain(self, also: Iterable[tuple[datetime, str]] = ()) -> list[str]:
        """The chain of facts in plain words, one line each, without personal data.

        ``also`` adds lines of one's own by their instant, such as :meth:`SLAClock.lines`.
        """
        return lines(self.facts, also)


# What is equal in both times is ordered by meaning, so that the order of arrival never shows.
_RANK = {
    cls: rank
    for rank, cls in enumerate(
        (
            f.LeadCaptured,
            f.LeadLinked,
            f.LeadEnriched,
            f.CompanyMatched,
            f.RecordMoved,
            f.StageEntered,
            f.StatusChanged,
            f.BuyingStageEntered,
            f.HandoffOffered,
            f.HandoffRouted,
            f.HandoffAssigned,
            f.HandoffReclaimed,
            f.Interacted,
            f.HandoffDecided,
            f.HandoffExpired,
            f.OpportunityOpened,
            f.OpportunityWon,
            f.OpportunityLost,
            f.FeedbackRaised,
            f.FeedbackAcknowledged,
            f.FeedbackActed,
            f.FeedbackTold,
            f.SLAEscalated,
            f.ConsentWithdrawn,
            f.ConsentGiven,
            f.ConflictSettled,
            f.WriteApplied,
            f.WriteRefused,
        )
    )
}
_OFFERED_FROM = SPINE.index("marketing_qualified")


def _order(fact: f.Fact) -> tuple[object, ...]:
    rank, passage, inferred, step = _RANK.get(type(fact), len(_RANK)), 0, 0, 0
    if isinstance(fact, f.StageEntered):
        # Stages are jumped over before the one that is reached; those after the offer follow from its answer.
        step = SPINE.index(fact.stage) if fact.stage in SPINE else len(SPINE)
        passage, inferred = fact.passage, int(not fact.inferred)
        rank = rank if step <= _OFFERED_FROM else _RANK[f.HandoffExpired]
    return (to_us(fact.occurred_at), to_us(fact.recorded_at), rank, passage, step, inferred)


def _content(fact: f.Fact) -> tuple[str, str]:
    envelope = (fact.actor, fact.system, fact.cause, fact.agreement, fact.precision)
    return type(fact).__name__, repr((envelope, sorted(encode(fact).items())))


def _in_order(facts: Iterable[f.Fact]) -> tuple[f.Fact, ...]:
    ordered: list[f.Fact] = []
    for _, equal in groupby(sorted(facts, key=_order), key=_order):
        group = list(equal)
        # Comparing contents is slow and seldom needed, so it is left for facts that nothing else tells apart.
        ordered.extend(group if len(group) == 1 else sorted(group, key=_content))
    return tuple(ordered)


def _captured(fact: f.LeadCaptured) -> f.StageEntered:
    return f.StageEntered(
        lead=fact.lead,
        occurred_at=fact.occurred_at,
        recorded_at=fact.recorded_at,
        precision=fact.precision,
        stage="captured",
    )


def _entry(fact: f.StageEntered, left_at: datetime | None) -> StageEntry:
    return StageEntry(
        stage=fact.stage,
        entered_at=fact.occurred_at,
        left_at=left_at,
        passage=fact.passage,
        inferred=fact.inferred,
        reason=fact.reason,
        precision=fact.precision,
    )


class _Fold:
    """The state while facts are added in order."""

    def __init__(self) -> None:
        self.captured: f.LeadCaptured | None = None
        self.entries: list[f.StageEntered] = []
        self.statuses: list[StatusEntry] = []
        self.buying: list[BuyingEntry] = []
        self.handoffs: dict[str, dict[str, Any]] = {}
        self.touches: list[Touch] = []
        self.interactions: set[str] = set()
        self.opportunities: dict[str, dict[str, Any]] = {}
        self.feedback: dict[str, dict[str, Any]] = {}
        self.opted_out: dict[str, datetime] = {}

    def add(self, fact: f.Fact) -> None:
        """Takes the next fact in order of time."""
        when = fact.occurred_at
        match fact:
            case f.LeadCaptured():
                self.captured = self.captured or fact
            case f.StageEntered():
                self.entries.append(fact)
            case f.StatusChanged():
                if not self.statuses or self.statuses[-1].status != fact.status:
                    self.statuses.append(StatusEntry(fact.status, when))
            case f.BuyingStageEntered():
                self.buying.append(BuyingEntry(fact.buying_stage, when, fact.evidence, fact.inferred))
            case f.Interacted():
                if fact.interaction and fact.interaction in self.interactions:
                    return
                self.interactions.add(fact.interaction)
                stage = self.entries[-1].stage if self.entries else None
                buying = fact.buying_stage or (self.buying[-1].buying_stage if self.buying else None)
                self.touches.append(Touch(fact, self._passage(), stage, buying))
            case f.OpportunityOpened() | f.OpportunityWon() | f.OpportunityLost():
                self._opportunity(fact)
            case f.FeedbackRaised() | f.FeedbackAcknowledged() | f.FeedbackActed() | f.FeedbackTold():
                self._feedback(fact)
            case f.ConsentWithdrawn():
                self.opted_out.setdefault(fact.channel, when)
            case f.ConsentGiven():
                self.opted_out.pop(fact.channel, None)
            case f.SLAEscalated():
                pass  # about a hand-off, but no part of it
            case _:
                self._handoff(fact)

    def passages(self) -> tuple[Passage, ...]:
        """Stage entries by passage, each left when the next one was entered."""
        seen = {(entry.passage, entry.stage) for entry in self.entries if not entry.inferred}
        entered = [entry for entry in self.entries if not entry.inferred or (entry.passage, entry.stage) not in seen]
        if self.captured and not any(entry.stage == "captured" for entry in entered):
            entered.insert(0, _captured(self.captured))
        entered.sort(key=lambda entry: entry.passage)
        grouped: dict[int, list[StageEntry]] = {}
        for number, entry in enumerate(entered):
            left = entered[number + 1].occurred_at if number + 1 < len(entered) else None
            entries = grouped.setdefault(entry.passage, [])
            if not entries or entries[-1].stage != entry.stage:
                entries.append(_entry(entry, left))
            else:
                entries[-1] = replace(entries[-1], left_at=left)
        return tuple(Passage(number, tuple(entries)) for number, entries in grouped.items())

    def _passage(self) -> int:
        return max((entry.passage for entry in self.entries), default=1)

    def _handoff(self, fact: f.Fact) -> None:
        name = getattr(fact, "handoff", None)
        if not isinstance(name, str):
            return
        new = {"passage": self._passage(), "from_function": "marketing", "to_function": "sales"}
        trail = self.handoffs.setdefault(name, new)
        match fact:
            case f.HandoffOffered():
                trail.setdefault("offered_at", fact.occurred_at)
                trail.update(from_function=fact.from_function, to_function=fact.to_function, package=fact.package)
                trail.update(missing=fact.missing, promised=fact.promised, expires_at=fact.expires_at)
            case f.HandoffRouted():
                trail.setdefault("routed_at", fact.occurred_at)
                trail["queue"] = fact.queue
            case f.HandoffAssigned():
                chain = trail.get("assignments", ())
                if not chain or chain[-1].owner != fact.owner:
                    trail["assignments"] = (*chain, Assignment(fact.owner, fact.occurred_at))
            case f.HandoffReclaimed():
                trail["assignments"] = (*trail.get("assignments", ()), Assignment("", fact.occurred_at))
                trail["queue"] = fact.queue or trail.get("queue", "")
                trail.setdefault("routed_at", fact.occurred_at)
            case f.HandoffDecided():
                answer = Answer(fact.decision, fact.reason, fact.occurred_at, fact.actor, fact.due_at, fact.attempts)
                trail["answers"] = (*trail.get("answers", ()), answer)
            case f.HandoffExpired():
                trail.setdefault("expired_at", fact.occurred_at)

    def _opportunity(self, fact: f.OpportunityOpened | f.OpportunityWon | f.OpportunityLost) -> None:
        trail = self.opportunities.setdefault(fact.opportunity, {})
        if isinstance(fact, f.OpportunityOpened):
            trail.setdefault("opened_at", fact.occurred_at)
        else:
            won = isinstance(fact, f.OpportunityWon)
            trail.update(closed_at=fact.occurred_at, outcome="won" if won else "lost", precision=fact.precision)
        if isinstance(fact, f.OpportunityLost):
            trail["reason"] = fact.reason
        elif fact.amount is not None:
            trail["amount"] = fact.amount

    def _feedback(self, fact: f.FeedbackRaised | f.FeedbackAcknowledged | f.FeedbackActed | f.FeedbackTold) -> None:
        trail = self.feedback.setdefault(fact.feedback, {})
        if isinstance(fact, f.FeedbackRaised):
            told = {"channel": fact.channel, "by": fact.actor, "to_function": fact.to_function, "reason": fact.reason}
            trail.update(subject=fact.subject, about=fact.about, **told)
        elif isinstance(fact, f.FeedbackActed):
            trail.update(action=fact.action, asset=fact.asset)
        step = {
            f.FeedbackRaised: "raised_at",
            f.FeedbackAcknowledged: "acknowledged_at",
            f.FeedbackActed: "acted_at",
            f.FeedbackTold: "told_at",
        }[type(fact)]
        trail.setdefault(step, fact.occurred_at)
