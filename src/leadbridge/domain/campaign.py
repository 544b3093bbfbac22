"""Campaigns: planned efforts that both functions agree on, named by one pattern, with sign-off before they begin."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from leadbridge.domain.model import Frozen, Id

__all__ = ["Campaign", "CampaignInput", "CampaignTarget", "Naming"]


class CampaignTarget(Frozen):
    """A figure that the campaign aims at; ``stage`` counts leads that enter it, ``metric`` names a metric."""

    stage: str | None = None
    metric: Id | None = None
    at_least: float


class CampaignInput(Frozen):
    """What another function brought in when the campaign was planned, and whether it signed it off."""

    function: Id
    by: str = Field("", repr=False)
    on: date
    said: str = ""
    signed_off: bool = False


class Campaign(Frozen):
    """One campaign: who owns it, when it runs, what a lead of it is, and what success looks like.

    Attributes:
        name: what it is called in the CRMs, by the agreed pattern.
        owners: function to the person or team that answers for it.
        definition: what counts as a qualified lead of this campaign.
        sla: the policy that holds for its leads.
        outcome: the kind of sale that it drives towards.
        inputs: what other functions brought in at inception.
    """

    id: Id
    label: str = ""
    name: str = ""
    owner: str | None = None
    owners: dict[Id, str] = Field(default_factory=dict)
    starts: date | None = None
    ends: date | None = None
    success: str = ""
    definition: str | None = None
    sla: str | None = None
    outcome: str | None = None
    targets: tuple[CampaignTarget, ...] = ()
    inputs: tuple[CampaignInput, ...] = ()
    needs_sign_off_of: tuple[Id, ...] = ()


class Naming(Frozen):
    """How campaigns are named, so that everybody reads a name alike.

    Attributes:
        pattern: parts in braces with anything between them, such as ``{year}-{region}-{topic}``.
        parts: the allowed values of a part; a part that is not listed takes any letters and digits.
    """

    pattern: str
    parts: dict[Id, tuple[str, ...]] = Field(default_factory=dict)
