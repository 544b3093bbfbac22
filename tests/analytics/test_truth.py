"""Every metric against histories whose truth is known: in 95 of 100 of them its interval covers the truth.

Two hundred funnels are one snapshot, told apart by their company, so that each metric is asked once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest
from scipy import stats

from leadbridge.analytics import Result, Snapshot, metrics
from leadbridge.analytics.agreed import LeadStanding
from leadbridge.analytics.result import Answer
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla import clocks
from leadbridge.errors import ConfigError
from leadbridge.testing.funnel import Delays, Funnel, Known
from leadbridge.testing.funnel_agreement import MADE, USED

SEEDS = int(os.environ.get("LEADBRIDGE_SEEDS", "200"))
LEADS = 100
CHANCE = 1e-4
"""How seldom a right interval may be called wrong."""

APART = {
    "content_by_stage": "counts of what there is, and no sample",
    "content_usage": "counts of what there is, and no sample",
    "handoffs_by_day": "counts of what there is, and no sample",
    "promises_by_week": "sla_attainment week by week",
    "proposition_reach": "counts of what there is, and no sample",
    "sourced_by": "counts of what there is, and no sample",
    "stage_flow": "counts of what there is, and no sample",
    "stage_moves": "counts of what there is, and no sample",
    "waste": "ignored leads times what each is assumed to have cost",
}
"""Metrics without an interval of their own, and why; their truth is in tests of their own below."""


@pytest.fixture(scope="module")
def funnels() -> list[Funnel]:
    return [Funnel(seed=seed, leads=LEADS, name=f"firm{seed}") for seed in range(SEEDS)]


@pytest.fixture(scope="module")
def known(funnels: list[Funnel]) -> Iterator[Snapshot]:
    """All funnels together."""
    one = funnels[0]
    agreement, now = one.agreement, one.now
    histories = [
        LeadHistory.fold(facts)
        for funnel in funnels
        for _, facts in groupby(funnel.facts(), key=lambda fact: fact.lead)
    ]
    stands = {
        lead: LeadStanding(in_target=flags["in_target"], ready=flags["ready"])
        for funnel in funnels
        for lead, flags in funnel.standings.items()
    }
    with Snapshot.from_histories(
        histories,
        agreement=agreement,
        clocks=[clock for history in histories for clock in clocks(history, agreement.slas, agreement.calendars, now)],
        standings=stands,
        views={"said": [row for funnel in funnels for row in funnel.views["said"]]},
        now=now,
    ) as made:
        yield made


@pytest.fixture(scope="module")
def answers() -> dict[str, Result]:
    """What was asked already, by the question."""
    return {}


def computed(answer: Answer) -> Result:
    assert isinstance(answer, Result), str(answer)
    return answer


def rows_by_funnel(
    snapshot: Snapshot, funnel: Funnel, one: Known, answers: dict[str, Result]
) -> list[Mapping[str, Any]]:
    """The row that is meant of each funnel."""
    window = {"until": funnel.settled} if one.windowed else {}
    key = repr((one.metric, one.options, window))
    if key not in answers:
        answers[key] = computed(getattr(snapshot.metrics, one.metric)(by="company", **one.options, **window))
    rows = answers[key].rows
    if "waited" in one.row:
        before = [row for row in rows if row["waited"] <= one.row["waited"]]
        return [list(group)[-1] for _, group in groupby(before, key=lambda row: row["company"])]
    return [row for row in rows if all(row[name] == value for name, value in one.row.items())]


def outliers(truth: Funnel, snapshot: Snapshot, answers: dict[str, Result]) -> list[tuple[Known, int, int]]:
    """What is known, and covered by fewer of the intervals than chance allows; and of how many there are."""
    found = []
    for one in truth.truth():
        rows = rows_by_funnel(snapshot, truth, one, answers)
        ends = [(row[f"{one.column}_low"], row[f"{one.column}_high"]) for row in rows]
        bounds = [(low, high) for low, high in ends if low is not None]
        assert len(bounds) > 0.9 * SEEDS, (one, "most funnels have an interval")
        covered = sum(low - 1e-9 <= one.value and (high is None or one.value <= high + 1e-9) for low, high in bounds)
        if covered < stats.binom.ppf(CHANCE, len(bounds), 0.95):
            found.append((one, covered, len(bounds)))
    return found


def biases(truth: Funnel, snapshot: Snapshot, answers: dict[str, Result]) -> list[tuple[Known, float, float]]:
    """What is known, and missed on average by more than chance allows; with that average and its standard error."""
    off = []
    for one in truth.truth():
        rows = rows_by_funnel(snapshot, truth, one, answers)
        found = [row[one.column] for row in rows if row[one.column] is not None]
        error = stdev(found) / len(found) ** 0.5
        # A median of few is a little off its own truth, and growth is a ratio: they are judged by their intervals.
        ratio = one.column in ("p50", "p50_days", "growth")
        if not ratio and abs(fmean(found) - one.value) > 4.5 * error + 1e-9:
            off.append((one, fmean(found), error))
    return off


def test_intervals_cover_the_truth_in_95_of_100_histories(
    funnels: list[Funnel], known: Snapshot, answers: dict[str, Result]
) -> None:
    assert outliers(funnels[0], known, answers) == []


def test_nothing_is_off_the_truth_by_more_than_chance_over_all_histories(
    funnels: list[Funnel], known: Snapshot, answers: dict[str, Result]
) -> None:
    assert biases(funnels[0], known, answers) == []


def test_a_wrong_truth_is_noticed(funnels: list[Funnel], known: Snapshot, answers: dict[str, Result]) -> None:
    wrong = replace(funnels[0], ignored=0.24, complete=0.88, in_target=0.6, delays=Delays(touch=10.5, engage=12.5))
    found = {one.metric for one, *_ in (*outliers(wrong, known, answers), *biases(wrong, known, answers))}
    assert found >= {
        *("acceptance_rate", "ignored_rate", "information_completeness", "follow_up_depth", "funnel"),
        *("speed_to_lead", "stage_duration", "handoff_times", "cadence_adherence", "delay_split"),
    }


def test_what_is_counted_and_no_sample_is_exact(funnels: list[Funnel], known: Snapshot) -> None:
    ask, settled = known.metrics, funnels[0].settled
    usage, waste, ignored = computed(ask.content_usage()), computed(ask.waste()), computed(ask.ignored_rate())
    flow, brought = computed(ask.stage_flow(until=settled)), computed(ask.sourced_by())
    days, content = computed(ask.handoffs_by_day()), computed(ask.content_by_stage())
    reach, moves = computed(ask.proposition_reach()), computed(ask.stage_moves())
    assert usage.value == len(USED) / len(MADE)
    assert reach.value == 1 / 2, "of two propositions with content, buyers met one"
    assert waste.value == ignored.rows[0]["ignored"]
    assert {row["part"]: row["amount"] for row in waste.rows}["hours"] == 2 * waste.value
    assert all(row["closing"] == row["opening"] + row["entered"] - row["left_it"] for row in flow.rows)
    assert flow.value == sum(funnel.captured_before(funnel.settled) for funnel in funnels)
    assert sum(row["leads"] for row in brought.rows) == brought.n == known.count("leads")
    assert days.n == sum(row["offered"] for row in days.rows) == known.count("handoffs")
    named = known.sql("select count(*) as n from interactions where asset is not null")[0]["n"]
    assert sum(row["interactions"] for row in content.rows) == named
    assert moves.n == known.sql("select count(*) as n from entries where stage <> 'captured'")[0]["n"]
    assert computed(ask.promises_by_week()).value == computed(ask.sla_attainment()).value


def test_kinds_of_missing_are_found_as_they_were_made(funnels: list[Funnel], known: Snapshot) -> None:
    counts = [finding.count for finding in known.quality.of("missing")]
    assert sum(funnel.blank_sources for funnel in funnels) in counts


def test_an_export_with_rows_twice_gives_the_same_rates(tmp_path: Path) -> None:
    funnel = Funnel(seed=5, leads=3_000, twice=0.2)
    file, columns = funnel.to_csv(tmp_path)
    with Snapshot.from_csv(file, columns=columns, now=funnel.now, agreement=funnel.agreement) as export:
        assert export.count("leads") == 3_000
        assert export.quality.of("duplicate")[0].count > 400
        rows = {row["stage"]: row for row in computed(export.metrics.funnel(until=funnel.settled)).rows}
        for stage, share in (("engaged", 0.63), ("marketing_qualified", 0.85)):
            assert rows[stage]["step_rate_low"] <= share <= rows[stage]["step_rate_high"]
        assert computed(export.metrics.acceptance_rate(until=funnel.settled)).n > 400


def test_a_funnel_refuses_what_is_no_probability() -> None:
    with pytest.raises(ConfigError, match="ignored is a share from 0 to 1"):
        Funnel(ignored=1.5)
    with pytest.raises(ConfigError, match="at least 1 lead"):
        Funnel(leads=0)
    with pytest.raises(ConfigError, match="time zone"):
        Funnel(starts=datetime(2026, 1, 5))  # noqa: DTZ001
    assert list(Funnel(seed=3, leads=5).facts()) == list(Funnel(seed=3, leads=5).facts())


def test_every_metric_has_a_truth(funnels: list[Funnel]) -> None:
    assert {one.metric for one in funnels[0].truth()} | set(APART) == set(metrics())
