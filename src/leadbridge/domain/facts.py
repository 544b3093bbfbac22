"""The fact types: what happened to a lead, in the past tense, frozen and versioned.

A fact carries two times. ``occurred_at`` is when it happened in the business, ``recorded_at`` when leadbridge learned
of it; facts may arrive late and out of order, and every state is a fold over them ordered by ``occurred_at``. Facts
hold no names or addresses of persons: a lead is its leadbridge id, an owner is its id in a CRM. ``precision`` is
``day`` when the source knew only the date (then ``occurred_at`` is that day's midnight in UTC).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

from leadbridge.clock import from_us, to_us

__all__ = [
    "FACT_TYPES",
    "BuyingStageEntered",
    "ConflictSettled",
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
    "HandoffRouted",
    "Interacted",
    "LeadCaptured",
    "LeadLinked",
    "OpportunityLost",
    "OpportunityOpened",
    "OpportunityWon",
    "RecordMoved",
    "StageEntered",
    "StatusChanged",
    "WriteApplied",
    "WriteRefused",
    "decode",
    "encode",
]

Decision = Literal["accept", "reject", "recycle", "disqualify", "ineligible"]
"""What the receiving function says to an offer. Five different things, never one "unqualified"."""


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
    """One function offered the lead to another. ``package``: promised fields that were there, ``missing``: others."""

    handoff: str
    from_function: str = "marketing"
    to_function: str = "sales"
    package: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffRouted(Fact):
    """The offer reached a queue."""

    handoff: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffAssigned(Fact):
    """The offer reached a person. A second assignment is a transfer."""

    handoff: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffDecided(Fact):
    """The receiving function answered. ``due_at`` is when a recycled lead may be offered again."""

    handoff: str
    decision: Decision
    reason: str | None = None
    has_note: bool = False
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffExpired(Fact):
    """Nobody answered in the agreed time."""

    handoff: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interacted(Fact):
    """Buyer and seller touched. ``nature`` tells reading from talking; the function is a dimension, never a wall."""

    interaction: str
    nature: Literal["content", "person_to_person"]
    channel: str = ""
    direction: Literal["inbound", "outbound"] = "inbound"
    function: str = "marketing"
    asset: str | None = None
    message: str | None = None
    buying_stage: str | None = None


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
    """Somebody told the other function something. ``subject`` is what it is about: lead, message, asset, definition."""

    feedback: str
    subject: str
    about: str = ""
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackAcknowledged(Fact):
    """The other function has read the feedback."""

    feedback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackActed(Fact):
    """Something was changed because of the feedback."""

    feedback: str
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackTold(Fact):
    """Whoever gave the feedback was told what came of it."""

    feedback: str


FACT_TYPES: Mapping[str, type[Fact]] = {cls.__name__: cls for cls in Fact.__subclasses__()}
"""Every fact type by the name under which the ledger stores it."""

_ENVELOPE = {field.name for field in fields(Fact)}


def _instants(cls: type[Fact]) -> frozenset[str]:
    return frozenset(field.name for field in fields(cls) if "datetime" in str(field.type))


def _tuples(cls: type[Fact]) -> frozenset[str]:
    return frozenset(field.name for field in fields(cls) if str(field.type).startswith("tuple"))


_INSTANTS = {name: _instants(cls) - _ENVELOPE for name, cls in FACT_TYPES.items()}
_TUPLES = {name: _tuples(cls) for name, cls in FACT_TYPES.items()}
_BODY = {
    name: tuple(field.name for field in fields(cls) if field.name not in _ENVELOPE) for name, cls in FACT_TYPES.items()
}
DECISIONS: tuple[str, ...] = get_args(Decision)


def encode(fact: Fact) -> dict[str, Any]:
    """The body of a fact (what its type adds to the envelope) as JSON values; instants are microseconds since 1970."""
    name = type(fact).__name__
    instants = _INSTANTS[name]
    body: dict[str, Any] = {}
    for key in _BODY[name]:
        value = getattr(fact, key)
        if value is not None:
            body[key] = to_us(value) if key in instants else list(value) if isinstance(value, tuple) else value
    return body


def decode(name: str, version: int, envelope: Mapping[str, Any], body: Mapping[str, Any]) -> Fact:
    """The fact that :func:`encode` wrote.

    Raises:
        ValueError: for a type or version that this release does not know, so that nothing is misread silently.
    """
    cls = FACT_TYPES.get(name)
    if cls is None or version > cls.version:
        raise ValueError(f"fact {name} v{version} was written by a newer leadbridge: upgrade to read it")
    values: dict[str, Any] = dict(body)
    for key in _INSTANTS[name]:
        if key in values:
            values[key] = from_us(values[key])
    for key in _TUPLES[name]:
        if key in values:
            values[key] = tuple(values[key])
    return cls(**envelope, **values)
