"""What a published framework is, and how its rows are written down in this folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

from leadbridge.domain.lifecycle.lifecycle import Lifecycle
from leadbridge.domain.lifecycle.stages import Detour, Entry, Stage

__all__ = ["DETOUR_ROWS", "Framework", "Row", "build"]

Row: TypeAlias = tuple[str, Literal["inventory", "gate", "sla"], str, str]
"""A stage: id, kind, label as published, the canonical stage that it stands for."""

DETOUR_ROWS: tuple[Row, ...] = (
    ("rejected", "sla", "Rejected", "rejected"),
    ("recycled", "inventory", "Recycled", "recycled"),
    ("disqualified", "gate", "Disqualified", "disqualified"),
    ("ineligible", "gate", "Ineligible", "ineligible"),
    ("lost", "gate", "Lost", "lost"),
)
"""The canonical detours, for the frameworks that have them all."""


@dataclass(frozen=True, slots=True)
class Framework:
    """A stage framework that somebody published.

    Attributes:
        id: its name as a preset.
        title: what its publisher calls it.
        source: where the names of its stages were seen, and what is our reading.
        year: when it was published; ``None`` for what a product keeps changing.
        lifecycle: its stages, success path, detours and ways in.
    """

    id: str
    title: str
    source: str
    year: int | None
    lifecycle: Lifecycle

    @property
    def unverified(self) -> tuple[str, ...]:
        """The stages whose names no publication was checked for: compare them with yours before relying on them."""
        return tuple(stage.id for stage in self.lifecycle.stages if not stage.verified)


def build(
    rows: tuple[Row, ...],
    path: str,
    detours: Mapping[str, tuple[str, str]],
    *,
    entries: Mapping[str, tuple[str, str, str]] | None = None,
    max_age: Mapping[str, timedelta] | None = None,
    unverified: Collection[str] = (),
) -> Lifecycle:
    """A lifecycle from rows.

    Args:
        path: the success path, stages separated by spaces.
        detours: by stage, where it is entered from and where it returns to, stages separated by spaces.
        entries: by name, the function that brings leads, the stage that they enter at, and what the way in is called.
        max_age: how long a stage may last, where published.
        unverified: stages whose names were not seen in a publication.
    """
    ages = max_age or {}
    return Lifecycle(
        stages=tuple(
            Stage(
                id=id,
                kind=kind,
                label=label,
                max_age=ages.get(id),
                spine=None if spine == id else spine,
                verified=id not in unverified,
            )
            for id, kind, label, spine in rows
        ),
        success_path=tuple(path.split()),
        detours={name: Detour(from_=tuple(a.split()), returns=tuple(b.split())) for name, (a, b) in detours.items()},
        entries={
            name: Entry(function=function, at=at, label=label)
            for name, (function, at, label) in (entries or {}).items()
        },
    )
