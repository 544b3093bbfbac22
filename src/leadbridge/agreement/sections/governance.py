"""Who stands for the agreement, what is aimed at, how often it is looked at, what a lost lead is assumed to cost."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from leadbridge.domain.model import Frozen, Id, Span

__all__ = ["Assumptions", "Incentive", "KpiTarget", "Outcome", "Period", "Review", "Signature"]


class Signature(Frozen):
    """Somebody stands for the agreement."""

    role: Id
    name: str = Field(min_length=1, repr=False)
    on: date


class KpiTarget(Frozen):
    """What both functions want a metric to be, and who looks after it. Without an owner it is shared."""

    metric: Id
    at_least: float | None = None
    at_most: float | None = None
    owner: Id | None = None
    note: str = ""


class Period(Frozen):
    """A part of the plan that both functions made together: targets for some weeks or months."""

    id: Id
    starts: date
    ends: date
    targets: tuple[KpiTarget, ...] = Field(min_length=1)


class Incentive(Frozen):
    """What several functions are held accountable for together."""

    id: Id
    functions: tuple[Id, ...] = Field(min_length=1)
    metrics: tuple[Id, ...] = Field(min_length=1)
    note: str = ""


class Outcome(Frozen):
    """What kind of sale the functions drive towards: shared words for what is often meant differently."""

    id: Id
    label: str = ""
    offering: str | None = Field(None, pattern="^(product|solution)$")
    revenue: str | None = Field(None, pattern="^(one_time|recurring)$")
    motion: str | None = Field(None, pattern="^(acquisition|development)$")
    functions: tuple[Id, ...] = ()


class Review(Frozen):
    """A meeting with a rhythm: what is looked at, by whom, how often."""

    id: Id
    every: Span
    functions: tuple[Id, ...] = Field(min_length=1)
    agenda: tuple[str, ...] = ()


class Assumptions(Frozen):
    """What a lead without follow-up is assumed to have cost, for the figure of waste.

    Attributes:
        hours_per_lead: hours of work to win one qualified lead.
        cost_per_lead: money spent to win one qualified lead.
        win_rate: share of followed-up qualified leads that are won, from 0 to 1.
        deal_value: average value of a won opportunity.
        source: where these figures come from.
    """

    hours_per_lead: float | None = Field(None, ge=0)
    cost_per_lead: float | None = Field(None, ge=0)
    win_rate: float | None = Field(None, ge=0, le=1)
    deal_value: float | None = Field(None, ge=0)
    source: str = ""
