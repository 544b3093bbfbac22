"""Metrics that are survival curves: for how long something is still so, with those that have not ended counted, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from leadbridge.analytics.intervals import Interval, greenwood
from leadbridge.analytics.measuring import Measuring, Unit, Whole
from leadbridge.analytics.metric import Metric
from leadbridge.analytics.result import Answer, Result

__all__ = ["CurveMeasures"]

_HALF = 0.5 + 1e-9


class CurveMeasures(Measuring):
    """What metrics share whose rows are a curve with ``waited``, ``at_risk``, ``still_waiting`` and ``median``."""

    def _curve(
        self, one: Metric, by: str | None, values: Mapping[str, Any], ended: str, unit: Unit, empty: str
    ) -> Answer:
        """Asks for a curve; ``value`` is its median or, where that is not reached, the share that is left at its end.

        Args:
            one: the metric.
            by: what it is broken down by.
            values: of its parameters.
            ended: the column of those that ended.
            unit: in which time is told.
            empty: the reason when there is no curve.
        """
        seen: list[list[dict[str, Any]]] = []

        def whole(rows: list[dict[str, Any]]) -> Whole:
            seen.append(rows)
            last = rows[-1]
            value = last["still_waiting"] if last["median"] is None else last["median"]
            interval = _median_interval(rows, ended) if self._intervals and last["median"] is not None else None
            return Whole(
                value, rows[0]["at_risk"], {}, censored=sum(row["censored"] for row in rows), interval=interval
            )

        answer = self._answer(one, by, values, whole, empty, {"unit": unit})
        if not isinstance(answer, Result) or seen[0][-1]["median"] is not None:
            return answer
        left = f"not reached: {answer.value:.1%} still waited after {seen[0][-1]['waited']:,.0f} {unit}"
        return replace(answer, value_name="still_waiting", parameters={**answer.parameters, "median": left})


def _median_interval(curve: Sequence[Mapping[str, Any]], ended: str) -> Interval:
    """Between which times the curve comes down to a half (Brookmeyer and Crowley); no bound where it does not."""
    ends = greenwood([row["at_risk"] for row in curve], [row[ended] for row in curve])
    found: list[float | None] = []
    for side in (0, 1):
        down = (row["waited"] for row, end in zip(curve, ends, strict=True) if (end[side] or 0.0) <= _HALF)
        found.append(next(down, None))
    return found[0], found[1]
