"""``lifecycle``, ``buying_stages`` and ``lead_statuses``: the three axes, never mixed."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from leadbridge.domain.buying import BuyingStage, EvidenceRule, Play
from leadbridge.domain.lifecycle import Detour, Entry, Stage
from leadbridge.domain.model import Frozen, Id, by_id

__all__ = ["BuyingTerms", "LeadStatus", "LifecycleTerms"]


class LifecycleTerms(Frozen):
    """Either a preset, or the stages with a success path and detours; ``entries`` may be added to both."""

    preset: str | None = None
    stages: tuple[Annotated[Stage, BeforeValidator(by_id)], ...] = ()
    success_path: tuple[str, ...] = ()
    detours: dict[str, Detour] = Field(default_factory=dict)
    entries: dict[Id, Entry] = Field(default_factory=dict)


class BuyingTerms(Frozen):
    """Either a preset, or the stages. By a stage's id, ``evidence`` adds rules and ``plays`` what is done there."""

    preset: str | None = None
    stages: tuple[Annotated[BuyingStage, BeforeValidator(by_id)], ...] = ()
    evidence: dict[str, tuple[EvidenceRule, ...]] = Field(default_factory=dict)
    plays: dict[str, tuple[Play, ...]] = Field(default_factory=dict)


class LeadStatus(Frozen):
    """What the rep is doing."""

    id: Id
    label: str = ""
