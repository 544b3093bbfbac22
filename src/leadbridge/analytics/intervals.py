"""How sure a number is: intervals that cover the truth in 95 of 100 samples, and spreads of values to draw them from.

Rates have the interval of Wilson (1927), differences of rates that of Newcombe (1998, method 10), survival curves that
of Greenwood on the scale of log(-log) (Kalbfleisch and Prentice), medians the percentile bootstrap of Efron (1979).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log, sqrt
from typing import TypeAlias

from leadbridge.domain.calendar.slots import load_numpy

__all__ = [
    "LEVEL",
    "Interval",
    "Spread",
    "around",
    "change",
    "greenwood",
    "newcombe",
    "percentiles",
    "shown",
    "wilson",
]

LEVEL = 0.95
"""In how many samples of all an interval covers the truth."""

Interval: TypeAlias = tuple[float | None, float | None]
"""A lower and an upper end; ``None`` where the data sets no bound."""

_Z = 1.959963984540054  # the quantile of the normal distribution for LEVEL, two-sided
_DRAWS, _SEED = 2_000, 20_260_301


def wilson(hits: float, n: float) -> Interval:
    """The interval of Wilson for a rate of ``hits`` in ``n``; no bounds for nothing of nothing.

    It stays within 0 and 1 and holds for few cases and for rates of 0 and 1, where the usual one has no width.
    """
    if n <= 0:
        return None, None
    rate, square = hits / n, _Z * _Z
    middle = (rate + square / (2 * n)) / (1 + square / n)
    reach = _Z / (1 + square / n) * sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    return (0.0 if hits <= 0 else max(0.0, middle - reach)), (1.0 if hits >= n else min(1.0, middle + reach))


def newcombe(hits: float, n: float, other_hits: float, other_n: float) -> Interval:
    """The interval for the difference of two rates, the second minus the first."""
    (low, high), (other_low, other_high) = wilson(hits, n), wilson(other_hits, other_n)
    if low is None or high is None or other_low is None or other_high is None:
        return None, None
    rate, other = hits / n, other_hits / other_n
    down = sqrt((other - other_low) ** 2 + (high - rate) ** 2)
    up = sqrt((other_high - other) ** 2 + (rate - low) ** 2)
    return other - rate - down, other - rate + up


def around(value: float | None, error: float | None) -> Interval:
    """The interval around a mean, or a ratio of means, with a standard error."""
    if value is None or error is None:
        return None, None
    return value - _Z * error, value + _Z * error


def change(count: float, before: float) -> Interval:
    """The interval of the relative change of a count of events, ``count / before - 1``, given both together."""
    low, high = wilson(count, count + before)
    if low is None or high is None or before <= 0:
        return None, None
    return low / (1 - low) - 1, (high / (1 - high) - 1 if high < 1 else None)


def greenwood(at_risk: Sequence[float], ended: Sequence[float]) -> list[Interval]:
    """The interval of a Kaplan-Meier curve at each of its times.

    Args:
        at_risk: how many were still there just before each time, in order of time.
        ended: how many of them ended then.
    """
    found: list[Interval] = []
    left, total = 1.0, 0.0
    for there, gone in zip(at_risk, ended, strict=True):
        if gone == 0 and found:
            found.append(found[-1])
            continue
        if gone < there:
            left *= 1 - gone / there
            total += gone / (there * (there - gone))
        else:
            left = 0.0
        if left >= 1 or left <= 0:
            # Before the first end and after the last one there is no spread to go by.
            found.append((1.0, 1.0) if left >= 1 else (0.0, 0.0))
            continue
        log_left = log(left)
        reach = _Z * sqrt(total) / abs(log_left)
        found.append((exp(log_left * exp(reach)), exp(log_left * exp(-reach))))
    return found


@dataclass(frozen=True, slots=True)
class Spread:
    """Values in rising order with how often each occurs: what medians are drawn from, in little room."""

    values: tuple[float, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, pairs: Iterable[tuple[float, int]]) -> Spread:
        """From values with their counts, in any order."""
        counts: Counter[float] = Counter()
        for value, count in pairs:
            counts[float(value)] += int(count)
        values = sorted(counts)
        return cls(tuple(values), tuple(counts[value] for value in values))

    @property
    def n(self) -> int:
        """How many values there are."""
        return sum(self.counts)

    @property
    def median(self) -> float:
        """The value in the middle, or the mean of the two around it."""
        ends, n = list(accumulate(self.counts)), self.n
        around_it = [self.values[bisect_right(ends, place)] for place in ((n - 1) // 2, n // 2)]
        return sum(around_it) / 2

    @classmethod
    def together(cls, many: Iterable[Spread]) -> Spread:
        """The values of several groups as those of one."""
        return cls.of(pair for one in many for pair in zip(one.values, one.counts, strict=True))

    def medians(self, seed: int = _SEED) -> list[float]:
        """The medians of 2,000 samples drawn from the values with replacement; the same for the same values.

        Drawn through the order statistics of uniform numbers, so that it takes no longer for many values than for few.
        """
        np = load_numpy()
        n = self.n
        random = np.random.default_rng(seed)
        middle = (n + 1) // 2
        first = random.beta(middle, n + 1 - middle, _DRAWS)
        ends = np.asarray(list(accumulate(self.counts)))
        values = np.asarray(self.values)

        def drawn(uniform: object) -> object:
            return values[np.minimum(np.searchsorted(ends, np.asarray(uniform) * n, side="right"), len(values) - 1)]

        if n % 2:
            return [float(value) for value in np.asarray(drawn(first))]
        # The next order statistic, given the one before it: the least of those that are left above it.
        above = n - middle
        second = first + (1 - first) * (1 - random.random(_DRAWS) ** (1 / above))
        return [float(value) for value in (np.asarray(drawn(first)) + np.asarray(drawn(second))) / 2]

    def median_interval(self) -> Interval:
        """The percentile bootstrap interval of the median; no bounds for fewer than two values."""
        return percentiles(self.medians()) if self.n > 1 else (None, None)


def percentiles(drawn: Iterable[float]) -> Interval:
    """The middle 95 of 100 of what was drawn."""
    ordered = sorted(drawn)
    cut = int(len(ordered) * (1 - LEVEL) / 2)
    return ordered[cut], ordered[-cut - 1]


def shown(interval: Interval) -> str:
    """An interval as people read it, such as ``0.42 to 0.61``."""
    low, high = ("no bound" if end is None else f"{end:.3g}" for end in interval)
    return f"{low} to {high}"
