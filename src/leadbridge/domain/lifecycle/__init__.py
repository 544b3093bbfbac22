"""The joint axis of a lead: stages, legal moves, passages, published frameworks and how they translate."""

from __future__ import annotations

from leadbridge.domain.lifecycle.crosswalks import Crosswalk, CrosswalkRow, How, crosswalk
from leadbridge.domain.lifecycle.lifecycle import Lifecycle, Step, Translation
from leadbridge.domain.lifecycle.stages import CORRECTION, DETOURS, SPINE, Detour, Entry, Stage, find_faults

__all__ = [
    "CORRECTION",
    "DETOURS",
    "SPINE",
    "Crosswalk",
    "CrosswalkRow",
    "Detour",
    "Entry",
    "How",
    "Lifecycle",
    "Stage",
    "Step",
    "Translation",
    "crosswalk",
    "find_faults",
]
