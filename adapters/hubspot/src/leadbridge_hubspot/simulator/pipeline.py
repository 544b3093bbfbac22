"""What a pipeline is: stages in their order, as accounts have them from the start."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from leadbridge_hubspot.simulator.catalogue import DEAL_STAGES, LEAD_STAGES

__all__ = ["Pipeline", "Stage", "deal_metadata", "standard_pipelines"]


@dataclass(slots=True)
class Stage:
    """One stage; all values of ``metadata`` are texts, also numbers and switches."""

    id: str
    label: str
    metadata: dict[str, str] = field(default_factory=dict)

    def shown(self, place: int) -> dict[str, Any]:
        """As the pipelines API shows it."""
        return {
            "id": self.id,
            "label": self.label,
            "displayOrder": place,
            "metadata": self.metadata,
            "archived": False,
            **_MADE,
        }


@dataclass(slots=True)
class Pipeline:
    """Stages in their order."""

    id: str
    label: str
    stages: list[Stage] = field(default_factory=list)

    def shown(self, place: int) -> dict[str, Any]:
        """As the pipelines API shows it."""
        return {
            "id": self.id,
            "label": self.label,
            "displayOrder": place,
            "stages": [each.shown(number) for number, each in enumerate(self.stages)],
            "archived": False,
            **_MADE,
        }


_MADE = {"createdAt": "1970-01-01T00:00:00Z", "updatedAt": "1970-01-01T00:00:00Z"}


def standard_pipelines(kind: str) -> list[Pipeline]:
    """The pipelines of a new account. Those of the lifecycle are worked out from the property's options."""
    if kind == "deal":
        stages = [Stage(id, label, deal_metadata(chance)) for id, (label, chance) in DEAL_STAGES.items()]
        return [Pipeline("default", "Sales Pipeline", stages)]
    if kind == "lead":
        stages = [
            Stage(id, label, {"isClosed": str(state in ("QUALIFIED", "UNQUALIFIED")).lower(), "leadState": state})
            for id, (label, state) in LEAD_STAGES.items()
        ]
        return [Pipeline("lead-pipeline-id", "Lead Pipeline", stages)]
    return []


def deal_metadata(chance: str) -> dict[str, str]:
    """What a deal's stage says beside its name."""
    return {"probability": chance, "isClosed": str(chance in ("0.0", "1.0")).lower()}
