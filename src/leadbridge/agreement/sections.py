"""The sections of an agreement, one model each, in the words of the YAML document."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from leadbridge.domain.buying import BuyingStage, EvidenceRule
from leadbridge.domain.criteria import Criterion
from leadbridge.domain.lifecycle import Detour, Stage
from leadbridge.domain.model import Frozen, Id, Span, parse_span
from leadbridge.domain.reasons import Category, Outcome, Reason

__all__ = [
    "Asset",
    "BuyingTerms",
    "Definition",
    "HandoffTerms",
    "KpiTarget",
    "LeadStatus",
    "LifecycleTerms",
    "Message",
    "Package",
    "ReasonOverride",
    "ReasonTerms",
    "Recycling",
    "Role",
    "Signature",
    "TargetMarket",
    "ValueProposition",
    "by_id",
]


def by_id(value: object) -> object:
    """An entry that is written as its mere id."""
    return {"id": value} if isinstance(value, str) else value


class Signature(Frozen):
    """Somebody stands for the agreement."""

    role: Id
    name: str = Field(min_length=1, repr=False)
    on: date


class LifecycleTerms(Frozen):
    """Either a preset, or the stages with a success path and detours."""

    preset: str | None = None
    stages: tuple[Annotated[Stage, BeforeValidator(by_id)], ...] = ()
    success_path: tuple[str, ...] = ()
    detours: dict[str, Detour] = Field(default_factory=dict)


class BuyingTerms(Frozen):
    """Either a preset, or the stages; ``evidence`` adds rules to a stage by its id."""

    preset: str | None = None
    stages: tuple[Annotated[BuyingStage, BeforeValidator(by_id)], ...] = ()
    evidence: dict[str, tuple[EvidenceRule, ...]] = Field(default_factory=dict)


class LeadStatus(Frozen):
    """What the rep is doing."""

    id: Id
    label: str = ""


class Definition(Frozen):
    """What a word such as "sales ready" means: all criteria are met."""

    label: str = ""
    owner: Id | None = None
    criteria: tuple[Criterion, ...] = Field(min_length=1)


class Role(Frozen):
    """Somebody who makes or influences the decision to buy. ``titles`` are examples of job titles."""

    id: Id
    label: str = ""
    titles: tuple[str, ...] = ()


class TargetMarket(Frozen):
    """Which companies make the best prospects, and which people in them."""

    companies: tuple[Criterion, ...] = ()
    roles: tuple[Annotated[Role, BeforeValidator(by_id)], ...] = ()


class ValueProposition(Frozen):
    """What the buyer gains. ``roles`` are buying roles of the target market."""

    id: Id
    text: str = Field(min_length=1)
    roles: tuple[str, ...] = ()


class Message(Frozen):
    """One thing that both functions say in the same words."""

    id: Id
    text: str = Field(min_length=1)
    value_proposition: str | None = None
    buying_stages: tuple[str, ...] = ()


class Asset(Frozen):
    """A piece of content that buyers read or see: a white paper, a webinar, a presentation."""

    id: Id
    type: Id
    title: str = ""
    owner: Id | None = None
    message: str | None = None
    buying_stages: tuple[str, ...] = ()


class Package(Frozen):
    """What one function promises to tell the other about a lead: canonical field names."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


class HandoffTerms(Frozen):
    """When and how a lead is offered.

    Attributes:
        at: the stage in which a lead is offered.
        definition: the definition that it has to meet.
        expires_after: an offer that nobody answers for so long has run out.
    """

    from_: Id = Field("marketing", alias="from")
    to: Id = "sales"
    at: str = "marketing_qualified"
    definition: str | None = None
    package: Package = Package()
    expires_after: Span | None = None


class ReasonOverride(Frozen):
    """What is different for one reason of the preset; what is not named stays."""

    category: Category | None = None
    allowed_decisions: tuple[Outcome, ...] | None = Field(None, min_length=1)
    remedy_owner: Id | None = None
    default_action: str | None = Field(None, min_length=1)
    cool_off: Span | None = None
    needs_note: bool | None = None
    label: str | None = None

    def applied_to(self, reason: Reason) -> Reason:
        """The reason with what is named here."""
        changes: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        return reason.model_copy(update=changes)


class ReasonTerms(Frozen):
    """The reasons: a preset (or none), more of them, changed ones, and ones that are not used."""

    preset: str | None = "canonical"
    add: tuple[Reason, ...] = ()
    override: dict[str, ReasonOverride] = Field(default_factory=dict)
    remove: tuple[str, ...] = ()


class Recycling(Frozen):
    """How leads come back: after which rest, and how often."""

    max_passages: int = Field(3, ge=1)
    default_cool_off: Span = parse_span("90 days")  # type: ignore[assignment]  # a timedelta, by its own parser


class KpiTarget(Frozen):
    """What both functions want a metric to be, and who looks after it."""

    metric: Id
    at_least: float | None = None
    at_most: float | None = None
    owner: Id | None = None
    note: str = ""
