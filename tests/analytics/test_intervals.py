"""Intervals and tests against those of scipy, digit by digit, and against what they have to do at the edges."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from scipy import stats

from leadbridge.analytics.intervals import Spread, around, change, greenwood, newcombe, wilson
from leadbridge.analytics.significance import fisher, log_rank, mann_whitney

TABLES = [(0, 5, 3, 9), (1, 12, 7, 9), (30, 400, 55, 410), (5, 5, 5, 5), (0, 3, 0, 8), (800, 9_000, 700, 9_500)]


@pytest.mark.parametrize(("hits", "n"), [(0, 4), (4, 4), (1, 9), (50, 50), (842, 8_000), (1, 100_000)])
def test_rates_have_the_interval_of_wilson(hits: int, n: int) -> None:
    known = stats.binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits, n) == pytest.approx((known.low, known.high), abs=1e-12)


def test_nothing_of_nothing_has_no_interval() -> None:
    assert wilson(0, 0) == (None, None)
    assert newcombe(0, 0, 1, 2) == (None, None)
    assert around(None, 1.0) == around(1.0, None) == (None, None)
    assert change(5, 0) == (None, None)
    assert Spread.of([(3.0, 1)]).median_interval() == (None, None)


@pytest.mark.parametrize("table", TABLES)
def test_two_rates_are_compared_by_the_exact_test_of_fisher(table: tuple[int, int, int, int]) -> None:
    hits, n, other, m = table
    known = stats.fisher_exact([[hits, n - hits], [other, m - other]])
    assert fisher(*table) == pytest.approx(known.pvalue, rel=1e-6)
    assert fisher(other, m, hits, n) == pytest.approx(fisher(*table), rel=1e-9)


def test_the_difference_of_rates_is_that_of_newcombe_s_tenth_method() -> None:
    # Newcombe 1998, table II, first two contrasts: 56/70 against 48/80, and 9/10 against 3/10.
    assert newcombe(48, 80, 56, 70) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe(3, 10, 9, 10) == pytest.approx((0.1705, 0.8090), abs=5e-5)


@pytest.mark.filterwarnings("ignore:The confidence interval is undefined")
def test_the_curve_of_those_who_wait_has_the_interval_of_greenwood() -> None:
    random = np.random.default_rng(3)
    times = np.ceil(random.exponential(20, 90))
    late = random.random(90) < 0.35
    known = stats.ecdf(stats.CensoredData.right_censored(times, late)).sf
    bounds = known.confidence_interval(method="log-log")
    at_risk = [int((times >= time).sum()) for time in known.quantiles]
    ended = [int(((times == time) & ~late).sum()) for time in known.quantiles]
    for number, (low, high) in enumerate(greenwood(at_risk, ended)):
        if 0 < known.probabilities[number] < 1:
            assert low == pytest.approx(bounds.low.probabilities[number], abs=1e-9)
            assert high == pytest.approx(bounds.high.probabilities[number], abs=1e-9)


def test_waiting_times_are_compared_by_the_log_rank_test() -> None:
    random = np.random.default_rng(5)
    one, other = np.ceil(random.exponential(20, 70)), np.ceil(random.exponential(31, 50))
    cut = [random.random(70) < 0.3, random.random(50) < 0.2]
    known = stats.logrank(*(stats.CensoredData.right_censored(*pair) for pair in zip((one, other), cut, strict=True)))

    def rows(times: np.ndarray, late: np.ndarray) -> list[tuple[float, float, float]]:
        return [
            (float(time), float((times >= time).sum()), float(((times == time) & ~late).sum()))
            for time in np.unique(times)
        ]

    assert log_rank(rows(one, cut[0]), rows(other, cut[1])) == pytest.approx(known.pvalue, rel=1e-9)
    assert log_rank([], rows(other, cut[1])) == 1.0


def test_values_are_compared_by_the_rank_test_of_mann_and_whitney() -> None:
    random = np.random.default_rng(8)
    one, other = random.integers(0, 12, 80).tolist(), random.integers(3, 15, 61).tolist()
    known = stats.mannwhitneyu(one, other, method="asymptotic")
    spreads = [Spread.of((float(value), 1) for value in values) for values in (one, other)]
    assert mann_whitney(*spreads) == pytest.approx(known.pvalue, rel=1e-9)
    assert mann_whitney(Spread.of([(1.0, 4)]), Spread.of([(1.0, 9)])) == 1.0


@pytest.mark.parametrize("n", [40, 41])
def test_the_median_has_the_bootstrap_interval_without_drawing_whole_samples(n: int) -> None:
    random = Random(n)
    values = [random.expovariate(1 / 30) for _ in range(n)]
    spread = Spread.of((value, 1) for value in values)
    generator = np.random.default_rng(1)
    drawn = np.median(generator.choice(values, (20_000, n)), axis=1)
    mine = np.asarray(spread.medians())
    assert stats.ks_2samp(mine, drawn).pvalue > 0.001, "the same distribution of medians"
    assert spread.median_interval() == spread.median_interval(), "the same values, the same interval"
    low, high = spread.median_interval()
    assert low is not None
    assert high is not None
    assert low < float(np.median(values)) < high


def test_values_that_occur_often_are_counted_and_not_kept() -> None:
    many = Spread.of([(1.0, 400_000), (2.0, 300_000), (3.0, 300_000)])
    assert (many.n, many.median_interval()) == (1_000_000, (2.0, 2.0))
