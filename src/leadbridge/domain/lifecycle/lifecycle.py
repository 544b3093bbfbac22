"""The joint axis: lifecycle stages with a success path and detours, legal moves, skipped stages, passages.

Three axes describe a lead and are never mixed: the lifecycle stage (what marketing and sales agreed on), the buying
stage (where the buyer stands) and the lead status (what the rep is doing).

Frameworks (MQL, SAL, SQL, ...) are presets over one spine, see :mod:`leadbridge.domain.lifecycle.frameworks`; what the
stages of one are called in another is told by :mod:`leadbridge.domain.lifecycle.crosswalks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, model_validator

from leadbridge.domain.lifecycle.stages import CORRECTION, DETOURS, SPINE, Detour, Entry, Stage, find_faults
from leadbridge.domain.model import Frozen, Id, did_you_mean, listing
from leadbridge.errors import ConfigError, IllegalMove

__all__ = [
    "CORRECTION",
    "DETOURS",
    "SPINE",
    "Detour",
    "Entry",
    "Lifecycle",
    "Stage",
    "Step",
    "Translation",
    "find_faults",
]


@dataclass(frozen=True, slots=True)
class Step:
    """One stage entry that a move brings: ``inferred`` marks stages that were jumped over."""

    stage: str
    passage: int
    inferred: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Translation:
    """A stage in another framework.

    Attributes:
        stages: all that stand for it there, the one to write first.
        lost: what the translation loses, in words; empty exactly when it is ``exact``.
        how: ``exact`` is one stage for one; ``merged`` is one for several of ours; ``split`` is several for one, or
            several for several; ``nearest`` is the last stage there that comes before it; ``none`` is no stage at all.
    """

    stages: tuple[str, ...]
    lost: str = ""
    how: Literal["exact", "merged", "split", "nearest", "none"] = "exact"


class Lifecycle(Frozen):
    """The stages of a lead, the path to success, the detours, and who brings leads in at which stage.

    Raises:
        ValueError: (as a validation error) when the parts do not fit together.
    """

    stages: tuple[Stage, ...]
    success_path: tuple[str, ...]
    detours: dict[str, Detour] = Field(default_factory=dict)
    entries: dict[Id, Entry] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        faults = find_faults(self.stages, self.success_path, self.detours, self.entries)
        if faults:
            raise ValueError("; ".join(str(fault) for fault in faults))
        return self

    @classmethod
    def preset(cls, name: str) -> Lifecycle:
        """A framework by name, see :data:`leadbridge.domain.lifecycle.frameworks.FRAMEWORKS`.

        Raises:
            ConfigError: for an unknown name.
        """
        from leadbridge.domain.lifecycle.frameworks import framework

        return framework(name).lifecycle

    @property
    def ids(self) -> tuple[str, ...]:
        """All stage names in the order of the agreement."""
        return tuple(stage.id for stage in self.stages)

    def stage(self, name: str) -> Stage:
        """The stage of this name.

        Raises:
            ConfigError: for a name that the lifecycle does not have, with the nearest one.
        """
        for stage in self.stages:
            if stage.id == name:
                return stage
        raise ConfigError(f"unknown stage {name}: {did_you_mean(name, self.ids)}")

    def find(self, canonical: str) -> str | None:
        """The first stage that stands for a canonical one, preferring the success path; ``None`` when none does."""
        return next(iter(self._standing_for(canonical)), None)

    def rank(self, stage: str) -> int | None:
        """The place on the success path, from 0; ``None`` for a detour."""
        self.stage(stage)
        return self.success_path.index(stage) if stage in self.success_path else None

    def is_detour(self, stage: str) -> bool:
        """Whether a stage lies off the success path."""
        return self.rank(stage) is None

    def reached(self, stage: str | None) -> int:
        """How far on the success path a lead in this stage has come at least: -1 for none.

        A detour counts as the earliest stage that it can be entered from.
        """
        if stage is None:
            return -1
        rank = self.rank(stage)
        if rank is not None:
            return rank
        ranks = [rank for name in self.detours[stage].from_ if (rank := self.rank(name)) is not None]
        return min(ranks, default=0)

    def is_forward(self, current: str | None, to: str) -> bool:
        """Whether a move goes up the success path. Detours are neither forward nor backward: ``False``."""
        target = self.rank(to)
        if current is None:
            return target is not None
        rank = self.rank(current)
        return rank is not None and target is not None and target > rank

    def comes_back(self, detour: str, to: str, *, handoff: str) -> bool:
        """Whether a lead in a detour has come back to the success path: further on than where the detour sends it.

        Args:
            to: the stage that a record shows now.
            handoff: the stage at which leads are offered; reaching it again always counts.
        """
        returns = [rank for name in self.detours[detour].returns if (rank := self.rank(name)) is not None]
        rank, offered = self.rank(to), self.rank(handoff)
        floor = min([*returns, offered if offered is not None else len(self.success_path)])
        return rank is not None and (rank > floor or rank == offered)

    def allowed(self, current: str | None) -> tuple[str, ...]:
        """The stages that may follow without a special reason: forward, into a detour, or back from a detour.

        A new lead (``None``) may enter anywhere: salespeople bring leads of their own.
        """
        if current is None:
            return self.ids
        rank = self.rank(current)
        if rank is None:
            return self.detours[current].returns
        ahead = self.success_path[rank + 1 :]
        last = rank == len(self.success_path) - 1
        aside = [
            name for name, detour in self.detours.items() if (current in detour.from_ if detour.from_ else not last)
        ]
        return (*ahead, *aside)

    def check_move(self, current: str | None, to: str, *, reason: str | None = None) -> None:
        """Passes when a lead may move from one stage to another; every other move needs an explicit reason.

        Raises:
            IllegalMove: with the stages that are allowed.
            ConfigError: for an unknown stage.
        """
        self.stage(to)
        if current == to or to in self.allowed(current) or reason:
            return
        assert current is not None
        raise IllegalMove(
            f"from {current} a lead moves to {listing(self.allowed(current))} without a special reason; "
            f"to move it to {to}, give a reason ({CORRECTION} to repair a mistake)"
        )

    def entry_for(self, function: str | None, to: str) -> Entry | None:
        """The way in by which a new lead of a function comes to a stage: its last one that is not beyond the stage."""
        rank = self.rank(to)
        ways = [entry for entry in self.entries.values() if entry.function == function]
        passed = [entry for entry in ways if rank is not None and self.success_path.index(entry.at) <= rank]
        return max(passed, key=lambda entry: self.success_path.index(entry.at), default=None)

    def skipped(self, current: str | None, to: str, *, function: str | None = None) -> tuple[str, ...]:
        """The stages of the success path that a forward move jumps over; empty for any other move.

        Args:
            function: who brought the lead. What lies before its entry, see :meth:`entry_for`, is not jumped over by
                a lead that is new, or has only been captured so far: every lead is, and it qualifies for nothing.
        """
        if not self.is_forward(current, to):
            return ()
        start = 0 if current is None else self.success_path.index(current) + 1
        if current is None or self.stage(current).canonical == SPINE[0]:
            entry = self.entry_for(function, to)
            start = max(start, self.success_path.index(entry.at) if entry is not None else 0)
        return self.success_path[start : self.success_path.index(to)]

    def passage_after(self, passage: int, current: str | None, to: str, *, reason: str | None = None) -> int:
        """Which trip through the funnel a lead is on after a move.

        Coming back to the success path from a detour, and going backward, start a new one. A correction does not.
        """
        if current is None or current == to or reason == CORRECTION:
            return passage
        target = self.rank(to)
        if target is None:
            return passage
        rank = self.rank(current)
        return passage + 1 if rank is None or target < rank else passage

    def steps(
        self,
        current: str | None,
        to: str,
        *,
        passage: int = 1,
        reason: str | None = None,
        function: str | None = None,
    ) -> tuple[Step, ...]:
        """All stage entries of one move: skipped stages first, flagged as inferred, then the stage itself.

        Args:
            function: who brought the lead, for the stages that a lead of theirs never passes, see :meth:`skipped`.

        Raises:
            IllegalMove: see :meth:`check_move`.
        """
        self.check_move(current, to, reason=reason)
        if current == to:
            return ()
        number = self.passage_after(passage, current, to, reason=reason)
        passed = tuple(Step(name, number, inferred=True) for name in self.skipped(current, to, function=function))
        return (*passed, Step(to, number, reason=reason))

    def translate(self, stage: str, to: Lifecycle) -> Translation:
        """What a stage of this lifecycle is called in another one, through the spine, and what gets lost."""
        canonical = self.stage(stage).canonical
        if self.stages == to.stages:
            return Translation((stage,))
        if canonical is None:
            return Translation((), f"{stage} stands for no stage of the spine", "none")
        ours, same = self._standing_for(canonical), to._standing_for(canonical)
        if not same:
            return _nearest(canonical, to)
        if len(ours) == len(same) == 1:
            return Translation(same)
        several = (stage, *(name for name in ours if name != stage))
        lost = [f"{listing(several)} become one"] if len(ours) > 1 else []
        if len(same) > 1:
            lost.append(f"it may be any of {listing(same)}" if lost else f"{stage} may be any of {listing(same)}")
        return Translation(same, "; ".join(lost), "merged" if len(same) == 1 else "split")

    def _standing_for(self, canonical: str) -> tuple[str, ...]:
        """The stages that stand for a canonical one: those on the success path first."""
        standing = [stage.id for stage in self.stages if stage.canonical == canonical]
        if len(standing) < 2:
            return tuple(standing)
        on_path = [name for name in self.success_path if name in standing]
        return (*on_path, *(name for name in standing if name not in on_path))


def _nearest(canonical: str, to: Lifecycle) -> Translation:
    if canonical not in SPINE:
        return Translation((), f"{canonical} is unknown there", "none")
    for name in reversed(SPINE[: SPINE.index(canonical)]):
        found = [each for each in to.success_path if to.stage(each).canonical == name]
        if found:
            # The last of them: an earlier one would make a success path turn around in translation.
            words = f"{canonical} is unknown there; {found[-1]} is the nearest stage before it"
            return Translation((found[-1],), words, "nearest")
    return Translation((), f"{canonical} is unknown there, and so is all that comes before it", "none")
