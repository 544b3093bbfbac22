"""What both functions plan to do in each buying stage, beside what they did: stages in which somebody is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from leadbridge.domain.buying.stages import UNKNOWN_STAGE, BuyingStage, Coverage, Play
from leadbridge.domain.show import html_table

__all__ = ["LivedPlay", "PlannedCoverage", "planned_coverage"]


@dataclass(frozen=True, slots=True)
class LivedPlay:
    """One cell of the plan beside life: how many plays a function has in a stage, and how many interactions it had."""

    stage: str
    function: str
    planned: int
    interactions: int

    @property
    def verdict(self) -> Literal["lived", "not lived", "not planned", "absent"]:
        """``not lived``: planned, never done. ``not planned``: done without a plan. ``absent``: neither."""
        if self.planned:
            return "lived" if self.interactions else "not lived"
        return "not planned" if self.interactions else "absent"


@dataclass(frozen=True, slots=True)
class PlannedCoverage:
    """Stage × function: the plays that the agreement holds for each function in each buying stage."""

    stages: tuple[str, ...]
    functions: tuple[str, ...]
    plays: Mapping[tuple[str, str], tuple[Play, ...]] = field(default_factory=dict)

    def of(self, stage: str, function: str) -> tuple[Play, ...]:
        """What one function does in one stage; empty when the agreement says nothing."""
        return self.plays.get((stage, function), ())

    @property
    def gaps(self) -> tuple[tuple[str, str], ...]:
        """The (stage, function) pairs in which a function has nothing to do: both belong in every stage."""
        return tuple(
            (stage, function) for stage in self.stages for function in self.functions if not self.of(stage, function)
        )

    def rows(self) -> list[tuple[str, ...]]:
        """One row a stage: its name, then in words what each function does there."""
        return [(stage, *(self._words(stage, function) for function in self.functions)) for stage in self.stages]

    def beside(self, lived: Coverage) -> tuple[LivedPlay, ...]:
        """The plan beside what happened (see :func:`leadbridge.domain.buying.coverage`), one cell a pair.

        Stages and functions that only one of the two knows are there as well; interactions in no known stage are not.
        """
        stages = dict.fromkeys((*self.stages, *(stage for stage in lived.stages if stage != UNKNOWN_STAGE)))
        functions = dict.fromkeys((*self.functions, *lived.functions))
        return tuple(
            LivedPlay(stage, function, len(self.of(stage, function)), lived.count(stage, function))
            for stage in stages
            for function in functions
        )

    def _words(self, stage: str, function: str) -> str:
        return "; ".join(play.does or _offers(play) for play in self.of(stage, function))

    def _repr_html_(self) -> str:
        return html_table("Plays by buying stage and function", ("buying stage", *self.functions), self.rows())


def planned_coverage(stages: Sequence[BuyingStage], functions: Sequence[str]) -> PlannedCoverage:
    """The plays of buying stages by stage and function; functions that only a play names get a column, too."""
    plays: dict[tuple[str, str], list[Play]] = {}
    for stage, play in _plays(stages):
        plays.setdefault((stage, play.function), []).append(play)
    names = dict.fromkeys((*functions, *(function for _, function in plays)))
    found = {key: tuple(several) for key, several in plays.items()}
    return PlannedCoverage(tuple(stage.id for stage in stages), tuple(names), found)


def _plays(stages: Sequence[BuyingStage]) -> Iterator[tuple[str, Play]]:
    for stage in stages:
        for play in stage.plays:
            yield stage.id, play


def _offers(play: Play) -> str:
    return f"offers {', '.join((*play.assets, *play.messages)) or 'nothing in particular'}"
