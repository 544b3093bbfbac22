"""Whether two groups differ by more than chance: a test for rates, one for values, one for waiting times.

The tests are those that statisticians reach for first: Fisher's exact test, the rank test of Mann and Whitney, and the
log-rank test. They ask whether there is a difference at all, not whether it matters, and never why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import erfc, exp, inf, lgamma, log, sqrt

from leadbridge.analytics.intervals import Spread

__all__ = ["fisher", "log_rank", "mann_whitney"]

_SAME = 1e-7  # tables as likely as the one that was seen, but for rounding


def fisher(hits: int, n: int, other_hits: int, other_n: int) -> float:
    """The two-sided p value of Fisher's exact test: how likely tables at most as likely as this one are by chance."""
    total, drawn = n + other_n, hits + other_hits
    least, most = max(0, drawn - other_n), min(drawn, n)

    def likely(k: int) -> float:
        return _choose(n, k) + _choose(other_n, drawn - k) - _choose(total, drawn)

    seen = likely(hits) + log(1 + _SAME)
    # Of a long row of tables those far from the middle weigh nothing that a float could hold.
    centre = drawn * n / max(total, 1)
    reach = 40 * sqrt(max(drawn * n * other_n * max(total - drawn, 1) / max(total, 1) ** 3, 1)) + 40
    reach = max(reach, abs(hits - centre) + reach)
    first, last = max(least, int(centre - reach)), min(most, int(centre + reach) + 1)
    found = sum(exp(one) for one in (likely(k) for k in range(first, last + 1)) if one <= seen)
    return min(1.0, found)


def mann_whitney(one: Spread, other: Spread) -> float:
    """The two-sided p value of the Mann-Whitney test, by the normal approximation with ties and continuity corrected.

    It asks whether values of one group tend to be larger than those of the other one, not whether medians differ.
    """
    n, m = one.n, other.n
    mine: Mapping[float, int] = dict(zip(one.values, one.counts, strict=True))
    theirs: Mapping[float, int] = dict(zip(other.values, other.counts, strict=True))
    wins, below, ties = 0.0, 0, 0.0
    for value in sorted({*mine, *theirs}):
        here, there = mine.get(value, 0), theirs.get(value, 0)
        wins += here * (below + there / 2)
        below += there
        together = here + there
        ties += together**3 - together
    total = n + m
    spread = n * m / 12 * ((total + 1) - ties / (total * (total - 1))) if total > 1 else 0.0
    if spread <= 0:
        return 1.0
    away = max(abs(wins - n * m / 2) - 0.5, 0.0)
    return min(1.0, erfc(away / sqrt(spread) / sqrt(2)))


def log_rank(one: Iterable[tuple[float, float, float]], other: Iterable[tuple[float, float, float]]) -> float:
    """The two-sided p value of the log-rank test for two survival curves.

    Args:
        one: of a group, each time with how many were at risk just before it, and how many ended then.
        other: the same of the other group.
    """
    first, second = sorted(one), sorted(other)
    observed = expected = spread = 0.0
    for time in sorted({row[0] for row in (*first, *second) if row[2]}):
        there, gone = _at(first, time)
        others, others_gone = _at(second, time)
        all_there, all_gone = there + others, gone + others_gone
        if not all_there:
            continue
        observed += gone
        expected += all_gone * there / all_there
        if all_there > 1:
            spread += all_gone * (there / all_there) * (others / all_there) * (all_there - all_gone) / (all_there - 1)
    return 1.0 if spread <= 0 else min(1.0, erfc(abs(observed - expected) / sqrt(spread) / sqrt(2)))


def _at(rows: list[tuple[float, float, float]], time: float) -> tuple[float, float]:
    """How many were at risk at a time, and how many ended then; ``rows`` have only times at which somebody left."""
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if rows[middle][0] < time:
            low = middle + 1
        else:
            high = middle
    if low == len(rows):
        return 0.0, 0.0
    return rows[low][1], rows[low][2] if rows[low][0] == time else 0.0


def _choose(n: int, k: int) -> float:
    """The logarithm of the number of ways to choose ``k`` of ``n``."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) if 0 <= k <= n else -inf
