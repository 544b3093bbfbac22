"""The joint axis: lifecycle stages with a success path and detours, legal moves, skipped stages, passages.

Three axes describe a lead and are never mixed: the lifecycle stage (what marketing and sales agreed on), the buying
stage (where the buyer stands) and the lead status (what the rep is doing).

Stage kinds follow Marketo's revenue cycle modeler: an ``inventory`` stage may hold a lead for any time, a ``gate`` is a
check without a time of its own, an ``sla`` stage promises a decision within some time. Frameworks (MQL, SAL, SQL, ...)
are presets over one spine, see :mod:`leadbridge.domain.frameworks`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, model_validator

from leadbridge.domain.model import Frozen, Id, Span, did_you_mean, listing
from leadbridge.errors import ConfigError, IllegalMove, Problem

__all__ = ["CORRECTION", "DETOURS", "SPINE", "Detour", "Lifecycle", "Stage", "Step", "Translation", "find_faults"]

SPINE = ("captured", "engaged", "marketing_qualified", "sales_accepted", "sales_qualified", "opportunity", "won")
"""The canonical success path that every framework is translated through."""

DETOURS = ("rejected", "recycled", "disqualified", "ineligible", "lost")
"""The canonical ways off the success path."""

CORRECTION = "correct"
"""The reason of a backward move that repairs a mistake: it does not start a new passage."""


class Stage(Frozen):
    """One stage. ``spine`` names the canonical stage that it stands for, when its own name is another."""

    id: Id
    kind: Literal["inventory", "gate", "sla"] = "inventory"
    label: str = ""
    max_age: Span | None = None
    spine: str | None = None

    @property
    def canonical(self) -> str | None:
        """The spine stage or canonical detour that this stage stands for; ``None`` when it stands for none."""
        if self.spine is not None:
            return self.spine
        return self.id if self.id in SPINE or self.id in DETOURS else None


class Detour(Frozen):
    """How a stage off the success path is entered and left. No ``from``: from every stage of the path but the last."""

    from_: tuple[Id, ...] = Field((), alias="from")
    returns: tuple[Id, ...] = Field((), alias="return")


@dataclass(frozen=True, slots=True)
class Step:
    """One stage entry that a move brings: ``inferred`` marks stages that were jumped over."""

    stage: str
    passage: int
    inferred: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Translation:
    """A stage in another framework. ``stages`` are all that stand for it, ``lost`` says what the translation loses."""

    stages: tuple[str, ...]
    lost: str = ""


def find_faults(stages: Sequence[Stage], success_path: Sequence[str], detours: Mapping[str, Detour]) -> list[Problem]:
    """Everything that keeps these parts from being a lifecycle, each with its path and the way out."""
    ids = [stage.id for stage in stages]
    known = list(dict.fromkeys(ids))
    faults: list[Problem] = []
    for index, name in enumerate(ids):
        if name in ids[:index]:
            faults.append(Problem(f"stage {name} is listed twice", "remove one of them", f"stages.{index}"))
        spine = stages[index].spine
        if spine is not None and spine not in SPINE and spine not in DETOURS:
            remedy = did_you_mean(spine, (*SPINE, *DETOURS))
            faults.append(Problem(f"unknown spine stage {spine}", remedy, f"stages.{index}.spine"))
    if len(success_path) < 2:
        faults.append(
            Problem(
                "the success path needs at least two stages", "list the stages a won lead goes through", "success_path"
            )
        )
    for index, name in enumerate(success_path):
        where = f"success_path.{index}"
        if name not in known:
            faults.append(Problem(f"unknown stage {name}", did_you_mean(name, known), where))
        elif name in success_path[:index]:
            message = f"the success path is cyclic: it comes back to {name}"
            faults.append(Problem(message, "name each stage once; a way back is a detour with return", where))
    for name, detour in detours.items():
        where = f"detours.{name}"
        if name not in known:
            faults.append(Problem(f"unknown stage {name}", did_you_mean(name, known), where))
        elif name in success_path:
            faults.append(Problem(f"{name} is both on the success path and a detour", "keep one of the two", where))
        for part, names in (("from", detour.from_), ("return", detour.returns)):
            for index, other in enumerate(names):
                if other not in known:
                    faults.append(
                        Problem(f"unknown stage {other}", did_you_mean(other, known), f"{where}.{part}.{index}")
                    )
    for index, name in enumerate(ids):
        # A misspelt name makes its stage unreachable, too: say only what has to be corrected.
        if not faults and name not in success_path and name not in detours:
            remedy = "add it to success_path, or to detours, or remove it"
            faults.append(Problem(f"no lead can ever reach stage {name}", remedy, f"stages.{index}"))
    return faults


class Lifecycle(Frozen):
    """The stages of a lead, the path to success, and the detours.

    Raises:
        ValueError: (as a validation error) when the parts do not fit together.
    """

    stages: tuple[Stage, ...]
    success_path: tuple[str, ...]
    detours: dict[str, Detour] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        faults = find_faults(self.stages, self.success_path, self.detours)
        if faults:
            raise ValueError("; ".join(str(fault) for fault in faults))
        return self

    @classmethod
    def preset(cls, name: str) -> Lifecycle:
        """A framework by name, see :data:`leadbridge.domain.frameworks.FRAMEWORKS`.

        Raises:
            ConfigError: for an unknown name.
        """
        from leadbridge.domain.frameworks import FRAMEWORKS

        if name not in FRAMEWORKS:
            raise ConfigError(f"unknown lifecycle preset {name}: {did_you_mean(name, FRAMEWORKS)}")
        return FRAMEWORKS[name]

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
        for names in (self.success_path, self.ids):
            for name in names:
                if self.stage(name).canonical == canonical:
                    return name
        return None

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

    def skipped(self, current: str | None, to: str) -> tuple[str, ...]:
        """The stages of the success path that a forward move jumps over; empty for any other move."""
        if not self.is_forward(current, to):
            return ()
        start = 0 if current is None else self.success_path.index(current) + 1
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

    def steps(self, current: str | None, to: str, *, passage: int = 1, reason: str | None = None) -> tuple[Step, ...]:
        """All stage entries of one move: skipped stages first, flagged as inferred, then the stage itself.

        Raises:
            IllegalMove: see :meth:`check_move`.
        """
        self.check_move(current, to, reason=reason)
        if current == to:
            return ()
        number = self.passage_after(passage, current, to, reason=reason)
        passed = tuple(Step(name, number, inferred=True) for name in self.skipped(current, to))
        return (*passed, Step(to, number, reason=reason))

    def translate(self, stage: str, to: Lifecycle) -> Translation:
        """What a stage of this lifecycle is called in another one, through the spine, and what gets lost."""
        canonical = self.stage(stage).canonical
        if canonical is None:
            return Translation((), f"{stage} stands for no stage of the spine")
        same = tuple(other.id for other in to.stages if other.canonical == canonical)
        siblings = [other.id for other in self.stages if other.canonical == canonical and other.id != stage]
        if same:
            lost = f"{listing([stage, *siblings])} become one" if siblings and len(same) == 1 else ""
            return Translation(same, lost)
        if canonical in SPINE:
            for name in reversed(SPINE[: SPINE.index(canonical)]):
                found = to.find(name)
                if found is not None:
                    return Translation(
                        (found,), f"{canonical} is unknown there; {found} is the nearest stage before it"
                    )
        return Translation((), f"{canonical} is unknown there")
