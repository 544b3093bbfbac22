"""Scores: additive points for fit and for interest, with decay, as data, explained point by point.

>>> Score(points=[Point(id="size", when="company.employees between 50 and 5000", points=30)])

A score is a name that criteria can use: ``score.fit >= 50``. A score that a system outside computes is as good: it is
the field ``lead.score``, or any attribute that the agreement declares as a number.

All sums are exact: points are whole numbers, and decay halves an interaction for every full period of its age and
forgets it after ten (see :mod:`leadbridge.domain.criteria.names`). So a score does not depend on the order of
anything, and SQL comes to the same number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from leadbridge.domain.criteria.closures import Closure, FieldType
from leadbridge.domain.criteria.names import WINDOW_KINDS
from leadbridge.domain.criteria.rules import Rule
from leadbridge.domain.model import Frozen, Id, Span, did_you_mean, listing
from leadbridge.domain.show import html_table, mask

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["Point", "PointEvidence", "Score", "ScoreCard", "ScoreTotal", "compile_score", "evaluate"]

_DAY = timedelta(days=1)
_MOST = 1_000_000


class Point(Frozen):
    """One entry of a score: ``points`` once when the criterion ``when`` is true, or for ``each`` interaction of a kind.

    ``within`` counts only interactions of the last days, ``halves_every`` halves one for every full period of its age;
    both are whole days. ``at_most`` limits what the entry adds, or takes away when its points are negative.
    """

    id: Id
    when: str | None = None
    each: str | None = None
    points: int = Field(ge=-_MOST, le=_MOST)
    within: Span | None = None
    halves_every: Span | None = None
    at_most: int | None = Field(None, ge=0, le=_MOST)
    why: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.when is None) == (self.each is None):
            raise ValueError("a point is given for a criterion or for interactions; give exactly one of when and each")
        if self.when is not None and (self.within, self.halves_every, self.at_most) != (None, None, None):
            raise ValueError("within, halves_every and at_most go with each; a criterion gives its points once")
        if self.each is not None and self.each not in WINDOW_KINDS:
            raise ValueError(f"unknown kind of interaction {self.each}; {did_you_mean(self.each, WINDOW_KINDS)}")
        if self.within is not None and self.halves_every is not None:
            raise ValueError("within and halves_every exclude each other; decay forgets by itself, so remove within")
        for span in (self.within, self.halves_every):
            if span is not None and (span % _DAY or not _DAY <= span <= 9999 * _DAY):
                raise ValueError("this is no number of whole days; write such as 30 days, from 1 to 9999")
        return self

    @property
    def condition(self) -> str:
        """What it looks at: its criterion, or the name of the window that it counts."""
        if self.when is not None:
            return self.when
        if self.within is not None:
            return f"last_{self.within // _DAY}d.{self.each}"
        return f"halved_{self.halves_every // _DAY}d.{self.each}" if self.halves_every else f"ever.{self.each}"


class Score(Frozen):
    """A sum of points; ``at_most`` limits it."""

    label: str = ""
    owner: Id | None = None
    points: tuple[Point, ...] = Field(min_length=1)
    at_most: int | None = Field(None, ge=0)


class PointEvidence(NamedTuple):
    """What one entry of a score came to: what it added, and the values that it looked at."""

    point: str
    outcome: Literal["met", "failed", "unknown"]
    contribution: float
    what: str
    values: Mapping[str, object]
    missing: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"PointEvidence({self.point!r}, {self.outcome!r}, {self.contribution:g}, missing={self.missing!r})"

    def __str__(self) -> str:
        if self.outcome == "unknown":
            return f"{0:+g}  {self.point}: unknown, because {_are(self.missing)} missing ({self.what})"
        seen = ", ".join(f"{name} is {mask(name, value)}" for name, value in self.values.items() if value is not None)
        return f"{self.contribution:+g}  {self.point}: {self.what}{f' ({seen})' if seen else ''}"


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """The score of one lead, explained.

    Attributes:
        score: its name.
        total: the sum; ``None`` when every entry is unknown. An unknown entry beside known ones counts 0.
        points: one entry for each of the score's, in the order of the agreement.
        missing: what would settle the unknown entries.
        limited: whether the score's ``at_most`` cut the sum.
    """

    score: str
    total: float | None
    points: tuple[PointEvidence, ...] = field(repr=False)
    missing: tuple[str, ...]
    limited: bool = False

    def __str__(self) -> str:
        return "\n".join([self._headline(), *(f"  {entry}" for entry in self.points)])

    def _repr_html_(self) -> str:
        rows = [
            (
                entry.point,
                entry.outcome,
                f"{entry.contribution:+g}",
                entry.what,
                ", ".join(f"{name} = {mask(name, value)}" for name, value in entry.values.items() if value is not None)
                or (f"missing: {listing(entry.missing)}" if entry.missing else ""),
            )
            for entry in self.points
        ]
        return html_table(self._headline(), ("point", "outcome", "points", "what", "evidence"), rows)

    def _headline(self) -> str:
        if self.total is None:
            return f"{self.score}: cannot be said yet, because {_are(self.missing)} missing"
        unknown = sum(1 for entry in self.points if entry.outcome == "unknown")
        notes = [*(["the most it can be"] if self.limited else []), *([f"{unknown} unknown"] if unknown else [])]
        return f"{self.score}: {self.total:g}{f' ({listing(notes)})' if notes else ''}"


@dataclass(frozen=True)
class ScoreTotal:
    """``score.<name>`` as a name for criteria: the sum, unknown when every entry is.

    Attributes:
        rules: for each entry its criterion, compiled; of one that counts interactions, that there are counts.
    """

    score: Score
    rules: tuple[Rule, ...]
    type: FieldType = "number"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.names))

    @property
    def read(self) -> frozenset[str]:
        return frozenset().union(*(rule.read for rule in self.rules))

    def closure(self) -> Closure:
        parts = [_contribution(point, rule) for point, rule in zip(self.score.points, self.rules, strict=True)]
        most = self.score.at_most

        def total(values: Mapping[str, object]) -> float | None:
            known = [value for part in parts if (value := part(values)) is not None]
            return None if not known else sum(known) if most is None else min(sum(known), float(most))

        return total

    def sql(self) -> exp.Expression:
        from sqlglot import exp

        from leadbridge.domain.criteria.sql import column, number, tree_of

        values: list[exp.Expression] = []
        unknown: list[exp.Expression] = []
        for point, rule in zip(self.score.points, self.rules, strict=True):
            if point.each is None:
                value: exp.Expression = exp.Case().when(tree_of(rule), number(point.points)).else_(number(0))
                unknown.append(exp.Is(this=exp.Paren(this=tree_of(rule)), expression=exp.Null()))
            else:
                counted = column(point.condition, "number")
                value = exp.Mul(this=counted, expression=number(point.points))
                if point.at_most is not None:
                    bound = number(point.at_most if point.points >= 0 else -point.at_most)
                    beyond = (exp.GT if point.points >= 0 else exp.LT)(this=value, expression=bound)
                    value = exp.Case().when(beyond, bound.copy()).else_(value.copy())
                value = exp.Coalesce(this=value, expressions=[number(0)])
                unknown.append(exp.Is(this=counted.copy(), expression=exp.Null()))
            values.append(value)
        total = reduce(lambda a, b: exp.Add(this=a, expression=b), values)
        nothing = reduce(lambda a, b: exp.And(this=a, expression=b), unknown)
        found = exp.Case().when(nothing, exp.Null())
        if self.score.at_most is not None:
            bound = number(self.score.at_most)
            found = found.when(exp.GT(this=exp.Paren(this=total.copy()), expression=bound), bound.copy())
        return found.else_(total)


def compile_score(score: Score, compiled: Callable[[str], Rule]) -> ScoreTotal:
    """A score with its criteria compiled.

    Args:
        compiled: compiles a criterion over the names that a score may use: the profile and the target market.

    Raises:
        CriteriaError: for a criterion that cannot be compiled.
    """
    return ScoreTotal(
        score,
        tuple(compiled(point.condition if point.each is None else f"{point.condition} >= 0") for point in score.points),
    )


def evaluate(name: str, compiled: ScoreTotal, values: Mapping[str, object]) -> ScoreCard:
    """The score of one lead, explained.

    Args:
        name: what the score is called.
        compiled: see :func:`compile_score`.
        values: the lead's profile with the names of ``compiled.names``, see :func:`leadbridge.domain.criteria.profile`.
    """
    entries: list[PointEvidence] = []
    missing: dict[str, None] = {}
    for point, rule in zip(compiled.score.points, compiled.rules, strict=True):
        value = _contribution(point, rule)(values)
        what = point.why or point.condition
        if value is None:
            lacking = rule.lacking(values)
            missing.update(dict.fromkeys(lacking))
            entries.append(PointEvidence(point.id, "unknown", 0.0, what, rule.seen(values), lacking))
        else:
            met = rule.evaluate(values) is True if point.each is None else value != 0
            entries.append(PointEvidence(point.id, "met" if met else "failed", value, what, rule.seen(values)))
    total = compiled.closure()(values)
    limited = total is not None and total != sum(entry.contribution for entry in entries)
    return ScoreCard(name, total, tuple(entries), tuple(missing), limited)


def _contribution(point: Point, rule: Rule) -> Callable[[Mapping[str, object]], float | None]:
    """What an entry adds to the score, ``None`` when that is unknown."""
    points = float(point.points)
    if point.each is None:
        judge = rule.evaluate

        def once(values: Mapping[str, object]) -> float | None:
            met = judge(values)
            return None if met is None else points if met else 0.0

        return once
    (window,) = rule.names
    most = float("inf") if point.at_most is None else float(point.at_most)

    def counted(values: Mapping[str, object]) -> float | None:
        count = values.get(window)
        if not isinstance(count, (int, float)):
            return None
        return max(-most, min(most, float(count) * points))

    return counted


def _are(names: tuple[str, ...]) -> str:
    return f"{listing(names)} {'is' if len(names) == 1 else 'are'}"
