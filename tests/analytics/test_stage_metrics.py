"""Conversion, staying, flow, growth, loops and returns, worked out by hand from small stories."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from leadbridge.analytics import NotComputable, Result, Snapshot
from leadbridge.analytics.result import Answer
from leadbridge.domain import facts as f
from leadbridge.errors import ConfigError, DataError
from tests.analytics.stories import START, Story, fact, lead

Make = Callable[..., Snapshot]
MQL, SAL = "marketing_qualified", "sales_accepted"


def computed(answer: Answer) -> Result:
    assert isinstance(answer, Result), str(answer)
    return answer


def trips() -> Story:
    """Four leads qualified at hours 0, 10, 20 and 30; the first two accepted after 5 and 50 h, the third came back."""
    story: Story = []
    for number, name in enumerate("abcd"):
        story += [fact(f.LeadCaptured, name, 0, source="web"), fact(f.StageEntered, name, 10 * number, stage=MQL)]
    return [
        *story,
        fact(f.StageEntered, "a", 5, stage=SAL),
        fact(f.StageEntered, "b", 60, stage=SAL),
        fact(f.StageEntered, "c", 30, stage="recycled", reason="bad_timing"),
        fact(f.StageEntered, "c", 130, stage=MQL, passage=2),
        fact(f.StageEntered, "c", 135, stage=SAL, passage=2),
    ]


def test_a_cohort_a_period_and_a_snapshot_are_three_numbers(make: Make) -> None:
    metrics = make(trips()).metrics
    cohort = computed(metrics.stage_conversion(MQL, SAL))
    assert (cohort.rows[0]["entered"], cohort.rows[0]["converted"], cohort.basis) == (5, 3, "cohort")
    in_a_day = computed(metrics.stage_conversion(MQL, SAL, horizon="1 day"))
    assert (in_a_day.rows[0]["converted"], in_a_day.value) == (2, 2 / 5)
    first_days = computed(metrics.stage_conversion(MQL, SAL, since=START + timedelta(hours=40), basis="period"))
    assert (first_days.rows[0]["entered"], first_days.rows[0]["converted"], first_days.value) == (1, 2, 2.0)
    assert first_days.interval is None, "what can be above one is no proportion"
    there = computed(metrics.stage_conversion(MQL, SAL, basis="snapshot"))
    assert (there.n, there.value, there.basis) == (4, 3 / 4, "snapshot")


def test_a_conversion_that_makes_no_sense_is_refused(make: Make) -> None:
    metrics = make(trips()).metrics
    with pytest.raises(ConfigError, match="is no conversion"):
        metrics.stage_conversion(MQL, MQL)
    with pytest.raises(ConfigError, match="follows a cohort"):
        metrics.stage_conversion(MQL, SAL, horizon="2 days", basis="period")
    with pytest.raises(ConfigError, match="a snapshot has no window"):
        metrics.stage_conversion(MQL, SAL, since=START, basis="snapshot")
    with pytest.raises(DataError, match="did you mean"):
        metrics.stage_conversion(MQL, "sales_acepted")
    with pytest.raises(ConfigError, match="has no snapshot basis"):
        metrics.acceptance_rate(basis="snapshot")  # type: ignore[arg-type]  # what a notebook may hold


def test_who_is_still_in_a_stage_counts_for_as_long_as_it_was_seen(make: Make) -> None:
    made = make(trips(), now=START + timedelta(hours=200))
    curve = computed(made.metrics.stage_survival(MQL, unit="hours"))
    # Left after 5 (a), 5 (c's second time), 10 (c) and 50 hours (b); d is still there after 170.
    assert [(row["waited"], row["at_risk"], row["ended"], row["censored"]) for row in curve.rows] == [
        (5, 5, 2, 0),
        (10, 3, 1, 0),
        (50, 2, 1, 0),
        (170, 1, 0, 1),
    ]
    assert curve.column("still_waiting") == pytest.approx([0.6, 0.4, 0.2, 0.2])
    assert (curve.value, curve.censored, curve.value_name) == (10, 1, "median")
    to_sal = computed(made.metrics.stage_survival(MQL, SAL, unit="hours"))
    # c's first passage is followed until it is qualified again, 110 hours later.
    assert [(row["waited"], row["ended"], row["censored"]) for row in to_sal.rows] == [
        (5, 2, 0),
        (50, 1, 0),
        (110, 0, 1),
        (170, 0, 1),
    ]
    with pytest.raises(ConfigError, match="is no interval"):
        made.metrics.stage_survival(MQL, MQL)


def test_what_stood_there_and_came_and_went_adds_up(make: Make) -> None:
    metrics = make(trips()).metrics
    flow = computed(metrics.stage_flow(since=START + timedelta(hours=15), until=START + timedelta(hours=131)))
    rows = {row["stage"]: row for row in flow.rows}
    assert {name: rows[MQL][name] for name in ("opening", "entered", "left_it", "closing", "net")} == {
        "opening": 1,  # b
        "entered": 3,  # c, d, c again
        "left_it": 2,  # b and c
        "closing": 2,  # d and c
        "net": 1,
    }
    assert (rows["recycled"]["opening"], rows["recycled"]["entered"], rows["recycled"]["closing"]) == (0, 1, 0)
    assert flow.value == 4, "every lead stands somewhere"


def test_growth_is_from_one_whole_month_to_the_next(make: Make) -> None:
    story: Story = []
    for number, hours in enumerate([-24 * 45, -24 * 45, -24 * 20, -24 * 3, -24 * 2, 5]):  # January: 2, February: 3
        story += [fact(f.LeadCaptured, f"l{number}", hours), fact(f.StageEntered, f"l{number}", hours, stage=MQL)]
    metrics = make(story, now=START + timedelta(days=5)).metrics
    growth = computed(metrics.lead_velocity())
    assert [(row["month"], row["entered"], row["before"]) for row in growth.rows] == [(202601, 2, None), (202602, 3, 2)]
    assert growth.value == 0.5
    low, high = growth.interval or (None, None)
    assert low is not None
    assert high is not None
    assert low < 0 < growth.value < high, "five leads say little about growth"
    only = metrics.lead_velocity(until=START - timedelta(days=10))
    assert isinstance(only, NotComputable), "of February nothing is known when the window ends in it"
    assert "growth takes two" in only.reason


def test_months_without_an_entry_are_there_and_have_no_growth_after_them(make: Make) -> None:
    story = [
        fact(f.LeadCaptured, "a", -24 * 95),
        fact(f.StageEntered, "a", -24 * 95, stage=MQL),
        fact(f.LeadCaptured, "b", -24 * 3),
        fact(f.StageEntered, "b", -24 * 3, stage=MQL),
    ]
    answer = make(story).metrics.lead_velocity(until=START)
    assert isinstance(answer, NotComputable)
    assert "nothing to compare with" in answer.reason


def test_recycled_leads_come_back_or_not(make: Make) -> None:
    story = [*trips(), fact(f.StageEntered, "d", 40, stage="recycled", reason="no_budget")]
    metrics = make(story).metrics
    result = computed(metrics.recycled_reconversion(horizon="10 days"))
    rows = {row["back_to"]: (row["recycled"], row["came_back"]) for row in result.rows}
    assert (rows["(any)"], rows[MQL], rows[SAL], rows["won"]) == ((2, 1), (2, 1), (2, 1), (2, 0))
    assert (result.value, result.n) == (1 / 2, 2)
    reasons = computed(metrics.recycled_reconversion("reason", horizon="10 days"))
    back = {row["reason"]: row["back_rate"] for row in reasons.rows if row["back_to"] == "(any)"}
    assert back == {"bad_timing": 1.0, "no_budget": 0.0}
    soon = computed(metrics.recycled_reconversion(horizon="2 days"))
    assert soon.value == 0.0
    assert isinstance(metrics.recycled_reconversion(horizon="90 days"), NotComputable)


def test_loops_are_counted_by_lead_and_by_stage(make: Make) -> None:
    metrics = make(trips()).metrics
    loops = computed(metrics.ping_pong(passages=2))
    row = loops.rows[0]
    assert (row["leads"], row["again"], row["ping_pong"], row["most"], row["passages_per_lead"]) == (4, 1, 1, 2, 1.25)
    assert computed(metrics.ping_pong()).value == 0.0
    with pytest.raises(ConfigError, match="count from two on"):
        metrics.ping_pong(passages=1)
    again = computed(metrics.rework())
    assert [(row["stage"], row["again"], row["leads"]) for row in again.rows][:3] == [
        ("(any)", 1, 4),
        ("captured", 0, 4),
        (MQL, 1, 4),
    ]


def test_a_pipeline_brings_so_much_a_day(make: Make) -> None:
    story = [*lead("a", "web"), *lead("b", "web"), *lead("c", "web"), *lead("d", "web")]
    for name, amount in (("a", 300.0), ("b", 500.0)):
        deal = {"opportunity": f"deal-{name}"}
        story += [fact(f.OpportunityOpened, name, 0, **deal), fact(f.OpportunityWon, name, 48, amount=amount, **deal)]
    story += [fact(f.OpportunityOpened, "c", 0, opportunity="x"), fact(f.OpportunityLost, "c", 90, opportunity="x")]
    # One opportunity of two leads counts once.
    story += [fact(f.OpportunityOpened, name, 5, opportunity="both") for name in "cd"]
    row = computed(make(story).metrics.pipeline_velocity()).rows[0]
    assert (row["opportunities"], row["won"], row["closed"], row["deal"], row["cycle_days"]) == (1, 2, 3, 400.0, 2.0)
    assert row["per_day"] == pytest.approx(1 * (2 / 3) * 400 / 2)
    nothing = make([*lead("a", "web"), fact(f.OpportunityOpened, "a", 0, opportunity="o")]).metrics.pipeline_velocity()
    assert isinstance(nothing, NotComputable)
    assert "which were won or an amount or when they were opened" in nothing.reason
