"""The buyer's axis: stages and their evidence, what each function does in them, the buying group."""

from __future__ import annotations

from leadbridge.domain.buying.stages import (
    UNKNOWN_STAGE,
    BuyingStage,
    Coverage,
    EvidenceRule,
    Play,
    StageEntry,
    coverage,
    current,
    infer,
)

__all__ = [
    "UNKNOWN_STAGE",
    "BuyingStage",
    "Coverage",
    "EvidenceRule",
    "Play",
    "StageEntry",
    "coverage",
    "current",
    "infer",
]
