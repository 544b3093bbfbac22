"""Two periods or two groups side by side, with a test that fits what is compared.

Rates have Fisher's exact test and Newcombe's interval for the difference, curves of waiting the log-rank test, medians
the rank test of Mann and Whitney with a bootstrap interval. A difference that is not due to chance may still be small,
and need not have the cause that comes to mind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from leadbridge.analytics.certainty import FEW
from leadbridge.analytics.intervals import Interval, Spread, newcombe, percentiles, shown
from leadbridge.analytics.significance import fisher, log_rank, mann_whitney
from leadbridge.domain.model import did_you_mean
from leadbridge.domain.show import html_table
from leadbridge.errors import DataError

if TYPE_CHECKING:
    from leadbridge.analytics.result import Result

__all__ = ["Contrast", "contrast"]

Row: TypeAlias = Mapping[str, Any]

_OFTEN = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """What was compared, by which test, and what it says.

    ``first`` and ``second`` are the values, ``difference`` is the second minus the first, ``interval`` covers the true
    difference in 95 of 100 samples, ``p`` is how often chance alone makes a difference at least as large.
    """

    metric: str
    column: str
    test: str
    first: float | None
    second: float | None
    n: tuple[int, int]
    difference: float | None
    interval: Interval
    p: float
    warnings: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether chance alone would make such a difference in fewer than 5 of 100 cases."""
        return self.p < _OFTEN

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        found = {name: getattr(self, name) for name in ("metric", "column", "test", "first", "second", "difference")}
        return {**found, "n": list(self.n), "interval": list(self.interval), "p": self.p, "warnings": [*self.warnings]}

    def __str__(self) -> str:
        sides = " and ".join(
            f"{'not reached' if value is None else f'{value:.4g}'} (n = {n:,})"
            for value, n in zip((self.first, self.second), self.n, strict=True)
        )
        by = "" if self.difference is None else f": {self.difference:+.3g}, 95 % interval {shown(self.interval)}"
        verdict = "more than chance explains" if self.differs else "no more than chance explains"
        text = f"{self.metric}, {self.column} {sides}{by}; {verdict} ({self.test}, p = {self.p:.3g})"
        return "\n".join([text, *self.warnings])

    def _repr_html_(self) -> str:
        head = (self.column, "first", "second", "difference", "95 % interval", "p")
        sides = ["not reached" if value is None else f"{value:.4g}" for value in (self.first, self.second)]
        change = "" if self.difference is None else f"{self.difference:+.3g}"
        cells = (self.metric, *sides, change, shown(self.interval), f"{self.p:.3g}")
        said = "".join(f"<p>{line}</p>" for line in self.warnings)
        return html_table(f"{self.test}, n = {self.n[0]:,} and {self.n[1]:,}", head, [cells]) + said


def contrast(
    one: Result, rows: Sequence[Row], other: Result, other_rows: Sequence[Row], column: str | None = None
) -> Contrast:
    """Compares rows of two results, which may be the same one; by a rate, where a ``column`` is named.

    Raises:
        DataError: the results are of different metrics, or hold nothing that can be tested.
    """
    if one.metric != other.metric:
        raise DataError(f"{one.metric} and {other.metric} are two numbers: compare results of one metric")
    sides = ((one, rows), (other, other_rows))
    if one.certainty.curve is not None:
        return _curves(*sides)
    for side, found in sides:
        if len(found) > 1:
            names = ", ".join(side.certainty.keys) or ", ".join(side.columns)
            raise DataError(f"{side.metric} has {len(found)} rows here: say which one is meant, by {names}")
    rates = one.certainty.rates
    if column is not None and column not in rates:
        raise DataError(f"{one.metric} has no rate {column!r} to compare: {did_you_mean(column, list(rates))}")
    chosen = column or (one.value_name if one.value_name in rates else None)
    if chosen is None and not one.certainty.spreads:
        chosen = next(iter(rates), None)
    if chosen is not None:
        return _rates(one.metric, chosen, rates[chosen], rows[0], other_rows[0])
    spreads = [_spread(side, found[0]) for side, found in sides]
    if spreads[0] is None or spreads[1] is None:
        raise DataError(f"{one.metric} holds neither a rate nor the values behind a median: there is nothing to test")
    return _medians(one.metric, spreads[0], spreads[1])


def _rates(metric: str, column: str, parts: tuple[str, str], row: Row, other: Row) -> Contrast:
    (hits, n), (other_hits, other_n) = ((int(side[parts[0]]), int(side[parts[1]])) for side in (row, other))
    if not n or not other_n:
        raise DataError(f"{metric} counts nothing on one side: {n:,} and {other_n:,} cases")
    return Contrast(
        metric=metric,
        column=column,
        test="Fisher's exact test",
        first=hits / n,
        second=other_hits / other_n,
        n=(n, other_n),
        difference=other_hits / other_n - hits / n,
        interval=newcombe(hits, n, other_hits, other_n),
        p=fisher(hits, n, other_hits, other_n),
        warnings=_warned(n, other_n),
    )


def _medians(metric: str, one: Spread, other: Spread) -> Contrast:
    first, second = one.median, other.median
    # Two seeds: with one, the two draws would not be independent of each other.
    drawn = zip(one.medians(), other.medians(1), strict=True)
    return Contrast(
        metric=metric,
        column="median",
        test="Mann-Whitney test",
        first=first,
        second=second,
        n=(one.n, other.n),
        difference=second - first,
        interval=percentiles(b - a for a, b in drawn),
        p=mann_whitney(one, other),
        warnings=_warned(one.n, other.n),
    )


def _curves(one: tuple[Result, Sequence[Row]], other: tuple[Result, Sequence[Row]]) -> Contrast:
    curves, medians, counts = [], [], []
    for result, rows in (one, other):
        if result.by is not None and len({row[result.by] for row in rows}) > 1:
            raise DataError(f"{result.metric} has several curves here: say which one is meant, by {result.by}")
        at_risk, ended = result.certainty.curve or ("", "")
        curves.append([(row["waited"], row[at_risk], row[ended]) for row in rows])
        medians.append(rows[0]["median"])
        counts.append(int(rows[0][at_risk]))
    first, second = medians
    return Contrast(
        metric=one[0].metric,
        column="median",
        test="log-rank test",
        first=first,
        second=second,
        n=(counts[0], counts[1]),
        difference=None if first is None or second is None else second - first,
        interval=(None, None),
        p=log_rank(*curves),
        warnings=_warned(*counts),
    )


def _spread(result: Result, row: Row) -> Spread | None:
    group = row[result.by] if result.by is not None else None
    return result.certainty.spreads.get((group, *(row[key] for key in result.certainty.keys)))


def _warned(*counts: int) -> tuple[str, ...]:
    return (f"fewer than {FEW} cases on one side: hardly more than anecdotes",) if min(counts) < FEW else ()
