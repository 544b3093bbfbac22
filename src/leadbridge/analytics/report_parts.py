"""What a report is made of: sections with numbers, tables and lists of definitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from leadbridge.analytics.cells import cell, heading
from leadbridge.analytics.metric import metric
from leadbridge.analytics.reconciliation import Reconciliation
from leadbridge.analytics.result import Answer, Result, spoken

__all__ = ["Bridge", "Card", "Cards", "Definition", "Figure", "Grid", "Part", "Section"]

_MOST = 40
"""Rows of a table on the page; a curve has hundreds."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table that stands for itself. ``note`` says what it lacks; empty when it is whole."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The table as JSON values."""
        rows = [dict(zip(self.head, row, strict=True)) for row in self.rows]
        return {"caption": self.caption, "rows": rows, "note": self.note}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its rows, and whether a picture is drawn of them.

    ``about`` is what it is called on the page; ``name`` is the anchor of it, unlike all others there. ``said`` is what
    its value is a value of, as in "won, of all that were captured".
    """

    name: str
    about: str
    said: str
    answer: Answer
    drawn: bool = False

    @property
    def headline(self) -> str:
        """The number as a sentence; or the reason why there is none."""
        answer = self.answer
        if not isinstance(answer, Result):
            return f"{str(answer)[:1].upper()}{str(answer)[1:]}."
        value = cell(answer.value_name, answer.value)
        if answer.value_name in ("median", "p50"):
            value = f"median {value} {answer.parameters['unit']}"
        elif "median" in answer.parameters:
            value = f"median {answer.parameters['median']}"
        if answer.interval is not None and None not in answer.interval:
            low, high = (cell(answer.value_name, float(end or 0)) for end in answer.interval)
            value += f" ({low} to {high})"
        return f"{value}{' ' if self.said else ''}{self.said}, n = {answer.n:,}"

    def grid(self, answer: Result) -> Grid:
        """The rows of its answer as a table."""
        columns = [column for column in answer.columns if column != "step"]
        rows = spoken(answer)
        kept = rows if len(rows) <= _MOST else [rows[round(at * (len(rows) - 1) / (_MOST - 1))] for at in range(_MOST)]
        note = "" if len(kept) == len(rows) else f"{len(kept)} of {len(rows):,} rows, from the first to the last"
        texts = tuple(tuple(cell(column, row[column]) for column in columns) for row in kept)
        by = f" by {heading(answer.by)}" if answer.by else ""
        return Grid(f"{answer.title}{by}", tuple(heading(column) for column in columns), texts, note)

    def to_dict(self) -> dict[str, Any]:
        """The number as JSON values."""
        return {"name": self.name, "about": self.about, **self.answer.to_dict()}


@dataclass(frozen=True, slots=True)
class Card:
    """A line of the scorecard: ``state`` is reached, missed, or empty where there is no target or no number."""

    name: str
    part: str
    value: str
    target: str
    state: str
    metric: str


@dataclass(frozen=True, slots=True)
class Cards:
    """The scorecard."""

    cards: tuple[Card, ...]

    def to_dict(self) -> dict[str, Any]:
        """The lines as JSON values."""
        names = ("name", "part", "value", "target", "state", "metric")
        return {"cards": [{name: getattr(card, name) for name in names} for card in self.cards]}


@dataclass(frozen=True, slots=True)
class Bridge:
    """The counts of two CRMs and the causes between them; the records behind it stay out of a report."""

    name: str
    found: Reconciliation

    @property
    def about(self) -> str:
        """What it is called on the page."""
        return f"{self.found.what.replace('_', ' ').capitalize()} in both"

    @property
    def headline(self) -> str:
        """Both counts as a sentence."""
        one = self.found
        return (
            f"{one.left} counts {one.left_count:,}, {one.right} {one.right_count:,}; {one.agreed:,} are counted in both"
        )

    def grid(self) -> Grid:
        """The bridge as a table."""
        caption = f"{self.found.what.replace('_', ' ')}: from {self.found.left} to {self.found.right}"
        return Grid(caption, ("count or cause", "records", "meaning", "what to do"), tuple(self.found.table))

    def to_dict(self) -> dict[str, Any]:
        """The bridge as JSON values, without the records."""
        return {name: value for name, value in self.found.to_dict().items() if name != "rows"}


Part: TypeAlias = Bridge | Cards | Figure | Grid


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, the question that it answers, and what stands under it."""

    name: str
    title: str
    question: str
    parts: tuple[Part, ...]

    def to_dict(self) -> dict[str, Any]:
        """The section as JSON values."""
        return {
            "name": self.name,
            "title": self.title,
            "question": self.question,
            "parts": [part.to_dict() for part in self.parts],
        }


@dataclass(frozen=True, slots=True)
class Definition:
    """What a number means, in the words of its file."""

    name: str
    title: str
    definition: str
    basis: str
    grain: str
    denominators: Mapping[str, str]

    @classmethod
    def of(cls, name: str) -> Definition:
        """The definition of a metric."""
        one = metric(name)
        return cls(one.name, one.title, one.definition, one.basis, one.grain, one.denominators)

    def to_dict(self) -> dict[str, Any]:
        """The definition as JSON values."""
        names = ("name", "title", "definition", "basis", "grain")
        return {**{name: getattr(self, name) for name in names}, "denominators": dict(self.denominators)}
