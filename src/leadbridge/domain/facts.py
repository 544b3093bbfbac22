"""The fact types: what happened to a lead, in the past tense, frozen and versioned.

A fact carries two times. ``occurred_at`` is when it happened in the business, ``recorded_at`` when leadbridge learned
of it; facts may arrive late and out of order, and every state is a fold over them ordered by ``occurred_at``. Facts
hold no names or addresses of persons: a lead is its leadbridge id, an owner is its id in a CRM. ``precision`` is
``day`` when the source knew only the date (then ``occurred_at`` is that day's midnight in UTC).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, get_args

from leadbridge.frozen import quick

__all__ = [
    "DECISIONS",
    "BuyingStageEntered",
    "CompanyMatched",
    "ConflictSettled",
    "ConsentGiven",
    "ConsentWithdrawn",
    "Decision",
    "Fact",
    "FeedbackAcknowledged",
    "FeedbackActed",
    "FeedbackRaised",
    "FeedbackTold",
    "HandoffAssigned",
    "HandoffDecided",
    "HandoffExpired",
    "HandoffOffered",
    "HandoffReclaimed",
    "HandoffRouted",
    "Interacted",
    "LeadCaptured",
    "LeadEnriched",
    "LeadLinked",
    "OpportunityLost",
    "OpportunityOpened",
    "OpportunityWon",
    "RecordMoved",
    "SLAEscalated",
    "StageEntered",
    "StatusChanged",
    "WriteApplied",
    "WriteRefused",
]

Decision = Literal["accept", "reject", "recycle", "disqualify", "ineligible"]
"""What the receiving function says to an offer. Five different things, never one "unqualified"."""

DECISIONS: tuple[str, ...] = get_args(Decision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What all facts share.

    ``actor`` is who did it (an owner id, ``marketing``, ``leadbridge``), ``system`` the connection it was seen in,
    ``cause`` what led to it (a record version, another fact, a command), ``agreement`` the version in force when it
    happened.
    """

    version: ClassVar[int] = 1

    lead: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str = ""
    system: str = ""
    cause: str = ""
    agreement: int = 0
    precision: Literal["instant", "day"] = "instant"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadCaptured(Fact):
    """The lead came into being. ``source`` is its origin as given: ``None`` is blank, ``"unknown"`` is a value."""

    source: str | None = None
    function: str = "marketing"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEntered(Fact):
    """The lead entered a lifecycle stage. ``inferred`` marks a stage that was skipped over, not seen.

    ``passage`` counts trips through the funnel from 1. ``reason`` explains a move off the success path.
    """

    stage: str
    passage: int = 1
    inferred: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged(Fact):
    """The rep's working status of the lead changed."""

    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyingStageEntered(Fact):
    """The buyer moved; ``evidence`` names the agreed rule that saw it, ``inferred`` that no CRM field said so."""

    buying_stage: str
    evidence: str = ""
    inferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffOffered(Fact):
    """One function offered the lead to another. ``package``: promised fields that were there, ``missing``: others.

    ``promised`` counts the pieces of information that were due by the agreement of that day: required fields, and
    groups as one each; ``None`` when nobody counted.
    """

    handoff: str
    from_function: str = "marketing"
    to_function: str = "sales"
    package: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    expires_at: datetime | None = None
    promised: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffRouted(Fact):
    """The offer reached a queue; ``rule`` names the agreed rule that sent it there."""

    handoff: str
    queue: str
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffAssigned(Fact):
    """The offer reached a person. A second assignment is a transfer. ``rule`` names the agreed rule that chose them."""

    handoff: str
    owner: str
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffReclaimed(Fact):
    """The offer was taken back from a person, who left it untouched or left the company, and waits in a queue again."""

    handoff: str
    owner: str
    why: Literal["untouched", "owner_left", "recalled"]
    queue: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffDecided(Fact):
    """The receiving function answered. ``due_at`` is when a recycled lead may be offered again.

    ``attempts`` counts how often it had tried to reach the buyer by then; ``None`` when nobody counted.
    """

    handoff: str
    decision: Decision
    reason: str | None = None
    has_note: bool = False
    due_at: datetime | None = None
    attempts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffExpired(Fact):
    """Nobody answered in the agreed time."""

    handoff: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interacted(Fact):
    """Buyer and seller touched. ``nature`` tells reading from talking; the function is a dimension, never a wall.

    ``asked`` are the questions of the buyer and ``answers`` pairs of an agreed question and its coded answer: what was
    said in free words stays in the CRM.
    """

    interaction: str
    nature: Literal["content", "person_to_person"]
    channel: str = ""
    direction: Literal["inbound", "outbound"] = "inbound"
    function: str = "marketing"
    asset: str | None = None
    message: str | None = None
    buying_stage: str | None = None
    campaign: str | None = None
    asked: tuple[str, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadEnriched(Fact):
    """Information about the lead came from elsewhere than the buyer: which fields, and from which provider."""

    enriched: tuple[str, ...]
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyMatched(Fact):
    """The lead was recognised as one of a company: ``how`` is domain, name or person."""

    company: str
    how: Literal["domain", "name", "person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpportunityOpened(Fact):
    """An opportunity was opened that this lead belongs to."""

    opportunity: str
    amount: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpportunityWon(Fact):
    """An opportunity of this lead was won."""

    opportunity: str
    amount: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpportunityLost(Fact):
    """An opportunity of this lead was lost."""

    opportunity: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn(Fact):
    """The person opted out. Never undone by a sync."""

    channel: str = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven(Fact):
    """The person agreed again after opting out, at ``occurred_at``: only ever told by a person, who saw the evidence.

    ``evidence`` says where the proof is kept (the number of a form or a ticket), not what it says. ``actor`` approved.
    """

    channel: str = "email"
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadLinked(Fact):
    """A record was recognised as this lead: ``how`` is key, external_id, email, new, created or person."""

    kind: str
    record: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMoved(Fact):
    """The lead's record was converted, merged or deleted; ``to`` is the record that stands for the lead now."""

    record: str
    why: Literal["converted", "merged", "deleted"]
    to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteApplied(Fact):
    """leadbridge wrote fields to a CRM. Values are not part of the fact."""

    intent: str
    written: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRefused(Fact):
    """A CRM, or the agreement, refused a write; the fields wait in quarantine with this reason."""

    intent: str
    refused: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictSettled(Fact):
    """Both sides changed a field. The losing value is kept in the store and can be put back."""

    field: str
    winner: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRaised(Fact):
    """Somebody told the other function something. ``about`` names the message, the asset or the definition.

    ``subject`` is lead, message, asset, definition or content_request; ``channel`` one of the agreed ways.
    """

    feedback: str
    subject: str
    about: str = ""
    reason: str | None = None
    channel: str = ""
    to_function: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackAcknowledged(Fact):
    """The other function has read the feedback."""

    feedback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackActed(Fact):
    """Something was changed because of the feedback; ``asset`` is the one that a content request led to."""

    feedback: str
    action: str = ""
    asset: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackTold(Fact):
    """Whoever gave the feedback was told what came of it."""

    feedback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SLAEscalated(Fact):
    """Somebody was told that a promise is about to break, or broke: ``tier`` is the moment, ``to`` who was told.

    ``handoff`` (or, without one, ``passage`` and ``subject``), ``policy``, ``target``, ``turn`` and ``resets`` say
    which clock it was.
    """

    handoff: str
    policy: str
    target: str
    turn: int
    tier: str
    to: str
    passage: int = 1
    subject: str = ""
    resets: int = 0


# A ledger is read by the million.
for _kind in [each for each in globals().values() if isinstance(each, type) and issubclass(each, Fact)]:
    quick(_kind)
