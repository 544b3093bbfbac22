"""The YAML document of an agreement as a model: every section and nothing else.

Names that end in ``_terms`` are a section as it was written; what it comes to is a property of
:class:`leadbridge.agreement.schema.Agreement`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field

from leadbridge.agreement.crosswalk import KindCrosswalk
from leadbridge.agreement.policies import SyncRules
from leadbridge.agreement.sections.definitions import Definition
from leadbridge.agreement.sections.feedback import FeedbackTerms
from leadbridge.agreement.sections.governance import (
    Assumptions,
    Incentive,
    KpiTarget,
    Outcome,
    Period,
    Review,
    Signature,
)
from leadbridge.agreement.sections.handoff import HandoffTerms
from leadbridge.agreement.sections.lifecycle import BuyingTerms, LeadStatus, LifecycleTerms
from leadbridge.agreement.sections.market import TargetMarket
from leadbridge.agreement.sections.messaging import Asset, Message, ValueProposition
from leadbridge.agreement.sections.reasons import ReasonTerms, Recycling
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.campaign import Campaign, Naming
from leadbridge.domain.criteria import FieldType
from leadbridge.domain.criteria.scores import Score
from leadbridge.domain.handoff.routing import Routing
from leadbridge.domain.model import Frozen, Id, by_id
from leadbridge.domain.sla import Person, SLAPolicy

__all__ = ["LEAD_STATUSES", "Document"]

LEAD_STATUSES = ("new", "open", "in_progress", "attempting", "connected", "open_deal", "unqualified", "bad_timing")
"""The lead statuses of an agreement that lists none: both vendors' own words for what a rep is doing."""


class Document(Frozen):
    """What marketing and sales wrote down."""

    model_config = ConfigDict(title="leadbridge agreement")

    name: str = Field(alias="agreement", min_length=1, description="What this agreement is called")
    version: int = Field(ge=1, description="Counts up with every change that both functions agreed on")
    effective: date = Field(description="First day on which it holds")
    until: date | None = Field(None, description="First day on which it no longer holds")
    language: str = Field("en", description="Language in which it is written, such as en, de or ja")
    signatures: tuple[Signature, ...] = Field((), description="Who stands for it, in which role, since when")
    required_signatures: tuple[Id, ...] = Field((), description="Roles that have to sign")
    attributes: dict[Id, FieldType] = Field(
        default_factory=dict, description="Further fields of a lead, with their types"
    )
    lifecycle_terms: LifecycleTerms = Field(LifecycleTerms(preset="spine"), alias="lifecycle")
    buying_terms: BuyingTerms = Field(BuyingTerms(preset="siriusdecisions"), alias="buying_stages")
    lead_statuses: tuple[Annotated[LeadStatus, BeforeValidator(by_id)], ...] = tuple(
        LeadStatus(id=name) for name in LEAD_STATUSES
    )
    definitions: dict[Id, Definition] = Field(default_factory=dict, description="What words such as sales-ready mean")
    scores: dict[Id, Score] = Field(default_factory=dict, description="Points for fit and for interest, by name")
    target_market: TargetMarket = TargetMarket()
    value_propositions: tuple[ValueProposition, ...] = ()
    messages: tuple[Message, ...] = ()
    assets: tuple[Asset, ...] = ()
    campaign_names: Naming | None = Field(None, description="The pattern of the names of campaigns")
    campaigns: tuple[Annotated[Campaign, BeforeValidator(by_id)], ...] = ()
    outcomes: tuple[Outcome, ...] = Field((), description="The kinds of sale that the functions drive towards")
    handoff: HandoffTerms = HandoffTerms()
    routing: Routing = Field(Routing(), description="Which queue or person an offer reaches")
    slas: tuple[SLAPolicy, ...] = Field((), description="What each function promises the other, in time")
    people: dict[Id, Person] = Field(
        default_factory=dict, description="Zone, days off and manager of owners, by their id in the CRM"
    )
    calendars: dict[Id, BusinessCalendar] = Field(default_factory=dict, description="Opening hours, by name")
    reason_terms: ReasonTerms = Field(ReasonTerms(), alias="reasons")
    recycling: Recycling = Recycling()
    feedback: FeedbackTerms = Field(
        FeedbackTerms(), description="Which feedback is welcome, expected, and heard by when"
    )
    sync: SyncRules = SyncRules()
    targets: tuple[KpiTarget, ...] = Field((), description="What both functions want the metrics to be")
    plan: tuple[Period, ...] = Field((), description="The targets of each period, planned together")
    incentives: tuple[Incentive, ...] = Field((), description="What functions are held accountable for together")
    reviews: tuple[Review, ...] = Field((), description="The rhythm in which both look at the figures")
    assumptions: Assumptions = Field(Assumptions(), description="What a lead without follow-up is assumed to cost")
    crosswalks: dict[str, dict[str, KindCrosswalk]] = Field(
        default_factory=dict, description="What kinds, fields and values mean, by system and kind"
    )
