"""What a lead's facts leave behind: stage entries, hand-offs, touches, opportunities, feedback, as values to read.

:mod:`leadbridge.domain.history` builds them; everything here is frozen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from leadbridge.domain import facts as f
from leadbridge.domain.package import Completeness

__all__ = [
    "Answer",
    "Assignment",
    "BuyingEntry",
    "FeedbackTrail",
    "HandoffTrail",
    "OpportunityTrail",
    "Passage",
    "StageEntry",
    "StatusEntry",
    "Touch",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEntry:
    """The lead entered a stage; ``left_at`` is when it entered the next one. ``inferred`` entries were jumped over."""

    stage: str
    entered_at: datetime
    left_at: datetime | None
    passage: int
    inferred: bool = False
    reason: str | None = None
    precision: Literal["instant", "day"] = "instant"


@dataclass(frozen=True, slots=True)
class Passage:
    """One trip through the funnel, counted from 1. Entries stand in order of time."""

    number: int
    entries: tuple[StageEntry, ...]

    @property
    def stage(self) -> str:
        """The stage entered last."""
        return self.entries[-1].stage

    def entered(self, stage: str) -> datetime | None:
        """When the passage first entered a stage; ``None`` when it never did."""
        return next((entry.entered_at for entry in self.entries if entry.stage == stage), None)


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """The rep's working status from an instant on."""

    status: str
    since: datetime


@dataclass(frozen=True, slots=True)
class BuyingEntry:
    """The buyer's stage from an instant on; ``inferred`` means that a rule saw it and no CRM field said so."""

    buying_stage: str
    since: datetime
    evidence: str
    inferred: bool


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who held the hand-off from an instant on; an empty owner when it was taken back and nobody holds it."""

    owner: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiving function said; a later answer replaces an earlier one."""

    decision: f.Decision
    reason: str | None
    given_at: datetime
    by: str
    due_at: datetime | None
    attempts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffTrail:
    """What became of one offer: offered, routed, assigned (again and again), answered or expired."""

    id: str
    passage: int
    from_function: str
    to_function: str
    offered_at: datetime | None = None
    expires_at: datetime | None = None
    package: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    promised: int | None = None
    queue: str = ""
    routed_at: datetime | None = None
    assignments: tuple[Assignment, ...] = ()
    answers: tuple[Answer, ...] = ()
    expired_at: datetime | None = None

    @property
    def completeness(self) -> Completeness | None:
        """How well the duty to inform was done when it was offered; ``None`` when nothing was promised, or counted."""
        return Completeness(self.promised, self.missing) if self.promised else None

    @property
    def state(self) -> Literal["offered", "routed", "assigned", "decided", "expired"]:
        """How far it came."""
        if self.answers:
            return "decided"
        if self.expired_at is not None:
            return "expired"
        if self.owner:
            return "assigned"
        return "offered" if self.routed_at is None else "routed"

    @property
    def owner(self) -> str:
        """Who holds it now; empty when nobody does."""
        return self.assignments[-1].owner if self.assignments else ""

    @property
    def answer(self) -> Answer | None:
        """The answer that holds: the latest."""
        return self.answers[-1] if self.answers else None

    @property
    def decided_at(self) -> datetime | None:
        """When it was first answered."""
        return self.answers[0].given_at if self.answers else None


@dataclass(frozen=True, slots=True)
class Touch:
    """An interaction and where the lead stood at that moment."""

    fact: f.Interacted
    passage: int
    stage: str | None
    buying_stage: str | None


@dataclass(frozen=True, slots=True)
class OpportunityTrail:
    """An opportunity of the lead; one that was won or lost has a ``closed_at``."""

    id: str
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: Literal["open", "won", "lost"] = "open"
    amount: float | None = None
    reason: str | None = None
    precision: Literal["instant", "day"] = "instant"


@dataclass(frozen=True, slots=True)
class FeedbackTrail:
    """A piece of feedback: raised, acknowledged, acted on, told back.

    ``about`` names the message, asset or definition, ``by`` is who raised it, ``to_function`` whom it is for, ``asset``
    what a content request led to.
    """

    id: str
    subject: str = ""
    raised_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acted_at: datetime | None = None
    told_at: datetime | None = None
    about: str = ""
    channel: str = ""
    by: str = ""
    to_function: str = ""
    reason: str | None = None
    action: str = ""
    asset: str | None = None
