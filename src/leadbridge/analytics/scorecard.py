"""The few numbers that marketing and sales look at together, each with its definition or why it is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from leadbridge.analytics.metric import metrics as known
from leadbridge.analytics.result import Answer, Result
from leadbridge.domain.show import html_table

if TYPE_CHECKING:
    from leadbridge.analytics.measures import Metrics

__all__ = ["PARTS", "ScoreLine", "Scorecard"]

PARTS = ("lead management", "value propositions", "target market", "messages and content")
"""The four things that marketing and sales have to agree on."""

_BOUNDS = (("at_least", "at least"), ("at_most", "at most"))


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One number: its name for people, the answer behind it, the agreed targets, and the part of alignment it is about.

    ``part`` is one of :data:`PARTS`, or empty for a further target.
    """

    name: str
    answer: Answer
    targets: tuple[Mapping[str, Any], ...] = ()
    part: str = ""

    @property
    def definition(self) -> str:
        """The number in words."""
        return self.answer.definition

    @property
    def text(self) -> str:
        """The number as people read it, with its n; or the reason why there is none."""
        return _shown(self.answer) if isinstance(self.answer, Result) else str(self.answer)

    @property
    def target(self) -> str:
        """What both functions want the number to be, who looks after it, in which period; empty without a target."""
        return "; ".join(_wanted(target) for target in self.targets)

    @property
    def reached(self) -> bool | None:
        """Whether every target is reached; ``None`` without a target, or without a number."""
        if not self.targets or not isinstance(self.answer, Result):
            return None
        value = self.answer.value
        return all(
            (target["at_least"] is None or value >= target["at_least"])
            and (target["at_most"] is None or value <= target["at_most"])
            for target in self.targets
        )

    def to_dict(self) -> dict[str, Any]:
        """The line as JSON values."""
        return {
            "name": self.name,
            "part": self.part,
            "text": self.text,
            "targets": [dict(target) for target in self.targets],
            "reached": self.reached,
            **self.answer.to_dict(),
        }


class Scorecard(Sequence[ScoreLine]):
    """Lines in a fixed order: the four parts of alignment, then whatever else has a target.

    The parts are lead management (conversion, time, acceptance, promises, reasons, information), value propositions,
    target market, and messages with their content.
    """

    def __init__(self, lines: Sequence[ScoreLine], agreement: str = "") -> None:
        self._lines = tuple(lines)
        self.agreement = agreement

    @classmethod
    def of(cls, metrics: Metrics) -> Scorecard:
        """The scorecard of a snapshot's metrics."""
        path = metrics.path
        first, last = (path[0], path[-1]) if len(path) > 1 else ("captured", "won")
        targets: dict[str, tuple[Mapping[str, Any], ...]] = {}
        for target in metrics.targets:
            targets[target["metric"]] = (*targets.get(target["metric"], ()), target)

        management, value, market, messages = PARTS

        def line(name: str, metric: str, answer: Answer, part: str = management) -> ScoreLine:
            return ScoreLine(name, answer, targets.pop(metric, ()), part)

        lines = [line(f"{first} → {last}", "funnel", metrics.funnel())]
        if len(path) > 1:
            lines.append(line(f"days {first} → {last}", "stage_duration", metrics.stage_duration(first, last)))
        lines += [
            line("acceptance rate", "acceptance_rate", metrics.acceptance_rate()),
            line("SLA attainment", "sla_attainment", metrics.sla_attainment()),
            line("refusals with a reason", "reason_mix", metrics.reason_mix()),
            line("information at the offer", "information_completeness", metrics.information_completeness()),
            line("value propositions that buyers met", "proposition_reach", metrics.proposition_reach(), value),
            line("refused as not wanted", "definitional_rejection", metrics.definitional_rejection(), market),
            line("content that sales uses", "content_usage", metrics.content_usage(), messages),
        ]
        for name in [name for name in targets if name in known()]:
            ask = getattr(metrics, name, None)
            if ask is not None and _needs_nothing(ask):
                lines.append(line(name.replace("_", " "), name, ask(), ""))
        return cls(lines, metrics.agreement)

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, index: Any) -> Any:
        return self._lines[index]

    def __iter__(self) -> Iterator[ScoreLine]:
        return iter(self._lines)

    def __str__(self) -> str:
        width = max((len(line.name) for line in self), default=0)
        lines = [
            f"{line.name:<{width}}  {line.text}" + (f"  (target: {line.target})" if line.target else "")
            for line in self
        ]
        return "\n".join([*lines, *([self.agreement] if self.agreement else [])])

    __repr__ = __str__

    def to_dicts(self) -> list[dict[str, Any]]:
        """The lines as JSON values."""
        return [line.to_dict() for line in self]

    def _repr_html_(self) -> str:
        rows = ((line.part, line.name, line.text, line.target, line.definition) for line in self)
        head = ("about", "number", "value", "target", "definition")
        return html_table(f"Scorecard, {self.agreement}", head, rows)


def _needs_nothing(ask: Callable[..., Answer]) -> bool:
    return all(each.default is not Parameter.empty for each in signature(ask).parameters.values())


def _wanted(target: Mapping[str, Any]) -> str:
    bounds = [f"{words} {target[name]:g}" for name, words in _BOUNDS if target[name] is not None]
    who = [target["owner"] or "shared", *([target["period"]] if target["period"] else [])]
    return f"{' and '.join(bounds)} ({', '.join(who)})"


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
