"""The few numbers that marketing and sales look at together, each with its definition or why it is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadbridge.analytics.result import Answer, Result
from leadbridge.domain.show import html_table

if TYPE_CHECKING:
    from leadbridge.analytics.measures import Metrics

__all__ = ["ScoreLine", "Scorecard"]


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One number: its name for people, what it is, and the answer behind it."""

    name: str
    answer: Answer

    @property
    def definition(self) -> str:
        """The number in words."""
        return self.answer.definition

    @property
    def text(self) -> str:
        """The number as people read it, with its n; or the reason why there is none."""
        return _shown(self.answer) if isinstance(self.answer, Result) else str(self.answer)

    def to_dict(self) -> dict[str, Any]:
        """The line as JSON values."""
        return {"name": self.name, "text": self.text, **self.answer.to_dict()}


class Scorecard(Sequence[ScoreLine]):
    """Lines in a fixed order: conversion, time, acceptance, promises, reasons."""

    def __init__(self, lines: Sequence[ScoreLine], agreement: str = "") -> None:
        self._lines = tuple(lines)
        self.agreement = agreement

    @classmethod
    def of(cls, metrics: Metrics) -> Scorecard:
        """The scorecard of a snapshot's metrics."""
        path = metrics.path
        first, last = (path[0], path[-1]) if len(path) > 1 else ("captured", "won")
        lines = [ScoreLine(f"{first} → {last}", metrics.funnel())]
        if len(path) > 1:
            lines.append(ScoreLine(f"days {first} → {last}", metrics.stage_duration(first, last)))
        lines += [
            ScoreLine("acceptance rate", metrics.acceptance_rate()),
            ScoreLine("SLA attainment", metrics.sla_attainment()),
            ScoreLine("refusals with a reason", metrics.reason_mix()),
        ]
        return cls(lines, metrics.agreement)

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, index: Any) -> Any:
        return self._lines[index]

    def __iter__(self) -> Iterator[ScoreLine]:
        return iter(self._lines)

    def __str__(self) -> str:
        width = max((len(line.name) for line in self), default=0)
        return "\n".join(f"{line.name:<{width}}  {line.text}" for line in self)

    __repr__ = __str__

    def to_dicts(self) -> list[dict[str, Any]]:
        """The lines as JSON values."""
        return [line.to_dict() for line in self]

    def _repr_html_(self) -> str:
        rows = ((line.name, line.text, line.definition) for line in self)
        return html_table(f"Scorecard, {self.agreement}", ("number", "value", "definition"), rows)


def _shown(result: Result) -> str:
    if result.metric == "stage_duration":
        row = result.rows[0]
        quartiles = " / ".join(f"{row[name]:g}" for name in ("p25", "p50", "p75", "p90"))
        left_out = row["impossible"]
        impossible = f", {left_out:,} impossible left out" if left_out else ""
        return f"p25/p50/p75/p90 {quartiles} {result.parameters['unit']}, n = {result.n:,}{impossible}"
    if result.metric == "funnel":
        return f"{result.rows[-1]['reached']:,} of {result.n:,} = {result.value:.3%}"
    return f"{result.value:.1%} of {result.n:,}"
