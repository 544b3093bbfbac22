"""Cadences, hand-off steps, requests, coverage and two systems, by hand; and what results say of themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from scipy import stats

from leadbridge.agreement import Agreement
from leadbridge.analytics import NotComputable, Result, Snapshot
from leadbridge.analytics.measures import Metrics
from leadbridge.analytics.result import Answer
from leadbridge.domain import facts as f
from leadbridge.errors import DataError
from tests.analytics.stories import START, Story, fact, lead

Make = Callable[..., Snapshot]


def computed(answer: Answer) -> Result:
    assert isinstance(answer, Result), str(answer)
    return answer


def calls(name: str, hours: list[float], channels: str = "pppppppp") -> Story:
    words = {"p": "phone", "e": "email", "n": "note"}
    return [
        fact(
            f.Interacted,
            name,
            at,
            interaction=f"{name}-{number}",
            nature="person_to_person",
            function="sales",
            direction="outbound",
            channel=words[channels[number]],
        )
        for number, at in enumerate(hours)
    ]


def test_a_cadence_is_kept_broken_or_ended_early(make: Make) -> None:
    story = [
        *lead("kept", "web", offered=1),
        *calls("kept", [2, 3, 4], "pep"),
        *lead("one-way", "web", offered=1),
        *calls("one-way", [2, 3, 4]),
        *lead("notes", "web", offered=1),
        *calls("notes", [2, 3, 4], "nnp"),
        *lead("answered", "web", offered=1, answer=(9, "accept", None)),
        *calls("answered", [2]),
        *lead("young", "web", offered=700),
    ]
    metrics = make(story).metrics
    row = computed(metrics.cadence_adherence(touches=3, horizon="7 days")).rows[0]
    assert (row["kept"], row["broken"], row["ended_early"], row["immature"]) == (2, 1, 1, 1)
    two = computed(metrics.cadence_adherence(touches=3, channels=2, horizon="7 days"))
    assert (two.rows[0]["kept"], two.rows[0]["broken"], two.value) == (1, 2, 1 / 3)
    silent = metrics.cadence_adherence()
    assert isinstance(silent, NotComputable)
    assert "agree on one" in silent.reason
    agreed = make(story, agreement=Agreement.preset()).metrics.cadence_adherence(horizon="7 days")
    assert isinstance(agreed, Result | NotComputable)


def test_each_step_of_a_hand_off_takes_its_time(make: Make) -> None:
    story = [*lead("a", "web", offered=1, touched=4, answer=(9, "accept", None)), *lead("b", "web", offered=2)]
    rows = {row["step"]: row for row in computed(make(story).metrics.handoff_times()).rows}
    assert (rows["assigned"]["n"], rows["assigned"]["p50"]) == (2, 0)
    assert (rows["answered"]["n"], rows["answered"]["p50"], rows["answered"]["not_taken"]) == (1, 8, 1)
    assert (rows["routed"]["n"], rows["routed"]["p50"]) == (0, None)
    assert (rows["connected"]["n"], rows["connected"]["p50"]) == (1, 3)
    assert rows["tried"]["n"] == 0


def test_requests_for_content_are_filled_or_only_answered(make: Make) -> None:
    story: Story = []
    for number, (asset, days) in enumerate([("guide", 2), (None, 3), ("report", 20), (None, None)]):
        request: dict[str, Any] = {"feedback": f"r{number}"}
        raised = {"subject": "content_request", "to_function": "marketing"}
        story += [*lead(f"l{number}", "web"), fact(f.FeedbackRaised, f"l{number}", 0, **request, **raised)]
        if days is not None:
            story.append(fact(f.FeedbackActed, f"l{number}", 24 * days, asset=asset, **request))
    metrics = make(story).metrics
    result = computed(metrics.request_fill_rate(horizon="10 days"))
    row = result.rows[0]
    assert (row["mature"], row["filled"], row["answered_only"], row["p50_days"]) == (4, 1, 1, 2)
    assert (result.value, result.n) == (1 / 4, 4)
    assert result.excluded == {"requests that were answered without an asset": 1}
    assert computed(metrics.request_fill_rate(by="to_function", horizon="25 days")).rows[0]["filled"] == 2
    quiet = make([*lead("a", "web")]).metrics.request_fill_rate()
    assert isinstance(quiet, NotComputable)
    assert "no content was ever asked for" in quiet.reason


def test_a_function_covers_a_stage_in_which_it_was_in_touch(make: Make) -> None:
    story: Story = []
    for name, talks in (("a", "ms"), ("b", "m"), ("c", "")):
        story += [fact(f.LeadCaptured, name, 0), fact(f.BuyingStageEntered, name, 1, buying_stage="solution")]
        for talk in talks:
            who = {"m": "marketing", "s": "sales"}[talk]
            story.append(fact(f.Interacted, name, 2, interaction=f"{name}{talk}", nature="content", function=who))
    result = computed(make(story).metrics.function_coverage())
    assert {row["function"]: (row["covered"], row["entered"]) for row in result.rows} == {
        "(every)": (1, 3),
        "marketing": (2, 3),
        "sales": (1, 3),
    }
    assert (result.value, result.n) == (1 / 3, 3)


def test_two_systems_agree_on_what_both_say(make: Make) -> None:
    def said(name: str, system: str, stage: str | None, since: int = 5, until: int | None = None) -> dict[str, Any]:
        row = {"lead_id": name, "connection": system, "record": f"{system}-{name}-{since}", "axis": "stage"}
        return {**row, "value": stage, "since_us": since, "until_us": until}

    views = [
        *(said("a", "hs", "won"), said("a", "sf", "won")),
        *(said("b", "hs", "engaged"), said("b", "sf", "won")),
        *(said("c", "hs", None), said("c", "sf", "won")),
        *(said("d", "hs", "won"), said("d", "sf", "engaged", 1), said("d", "sf", "won", 7)),
        *(said("e", "hs", "engaged", 1, 5), said("e", "hs", "won", 5), said("e", "sf", "won")),
    ]
    story = [one for name in "abcdef" for one in lead(name, "web")]
    result = computed(make(story, views={"said": views}).metrics.disagreement_rate())
    (row,) = result.rows
    assert (row["left_system"], row["right_system"]) == ("hs", "sf")
    assert (row["both_hold"], row["counted"], row["differ"], row["silent"]) == (5, 4, 1, 1)
    assert (result.value, result.n, result.basis) == (1 / 4, 4, "snapshot")
    alone = make(story).metrics.disagreement_rate()
    assert isinstance(alone, NotComputable)
    assert "one system at most" in alone.reason


def many(answers: list[tuple[str, str]]) -> Story:
    return [
        one
        for number, (source, decision) in enumerate(answers)
        for one in lead(f"l{number}", source, offered=1, touched=2 + number % 7, answer=(9, decision, None))
    ]


@pytest.fixture
def compared(make: Make) -> Metrics:
    """40 hand-offs from the web, of which 30 were accepted; 20 from fairs, of which 5 were; 3 from a list."""
    web = [("web", "accept")] * 30 + [("web", "reject")] * 10
    return make(many([*web, *[("fair", "accept")] * 5, *[("fair", "reject")] * 15, *[("list", "accept")] * 3])).metrics


def test_two_groups_are_compared_by_a_test_that_fits(compared: Metrics) -> None:
    rates = computed(compared.acceptance_rate(by="source")).contrast_groups("web", "fair")
    assert (rates.test, rates.n, rates.first, rates.second) == ("Fisher's exact test", (40, 20), 0.75, 0.25)
    assert rates.differs
    assert rates.p == pytest.approx(stats.fisher_exact([[30, 10], [5, 15]]).pvalue)
    assert rates.difference == -0.5
    assert "more than chance explains" in str(rates)
    curves = computed(compared.speed_to_lead(by="source", unit="hours")).contrast_groups("web", "fair")
    assert (curves.test, curves.n) == ("log-rank test", (40, 20))
    assert not curves.differs
    spans = computed(compared.continuity(by="source")).contrast_groups("web", "fair")
    assert (spans.test, spans.column, spans.n) == ("Mann-Whitney test", "median", (40, 20))
    share = computed(compared.continuity(by="source")).contrast_groups("web", "fair", column="owner_changed_share")
    assert share.p == 1.0
    few = computed(compared.acceptance_rate(by="source")).contrast_groups("web", "list")
    assert few.warnings == ("fewer than 10 cases on one side: hardly more than anecdotes",)
    assert "<table" in rates._repr_html_()
    assert rates.to_dict()["p"] == rates.p


def test_two_periods_are_compared_like_two_groups(compared: Metrics) -> None:
    whole = computed(compared.acceptance_rate())
    again = whole.contrast(computed(compared.acceptance_rate(until=START + timedelta(days=3))))
    assert (again.p, again.difference) == (1.0, 0.0)
    with pytest.raises(DataError, match="two numbers"):
        whole.contrast(computed(compared.ignored_rate(horizon="1 day")))
    with pytest.raises(DataError, match="not broken down"):
        whole.contrast_groups("web", "fair")
    with pytest.raises(DataError, match="has no row with source='webb'"):
        computed(compared.acceptance_rate(by="source")).contrast_groups("webb", "fair")
    steps, flow = computed(compared.handoff_times()), computed(compared.stage_flow())
    with pytest.raises(DataError, match="say which one is meant, by step"):
        steps.contrast(steps)
    assert steps.contrast(steps, step="answered").test == "Mann-Whitney test"
    with pytest.raises(DataError, match="nothing to test"):
        flow.contrast(flow, stage="sales_accepted")
    with pytest.raises(DataError, match="no rate 'p50'"):
        computed(compared.continuity(by="source")).contrast_groups("web", "fair", column="p50")


def test_groups_of_few_are_named(compared: Metrics) -> None:
    result = computed(compared.acceptance_rate(by="source"))
    assert result.warnings == ["fewer than 10 cases, hardly more than anecdotes: list (3)"]
    assert result.warnings[0] in result.notes()
    assert computed(compared.acceptance_rate()).warnings == []


def test_a_result_says_how_sure_it_is_and_turns_into_every_kind_of_table(compared: Metrics) -> None:
    result = computed(compared.acceptance_rate(by="source"))
    assert result.interval == pytest.approx((0.480, 0.715), abs=0.001)
    assert "95 % interval 0.48 to 0.715" in "; ".join(result.notes())
    row = result.rows[-1]
    assert row["rate_low"] < row["rate"] < row["rate_high"]
    assert result.columns.index("rate_low") == result.columns.index("rate") + 1
    table = result.to_arrow()
    assert table.column_names == list(result.columns)
    assert table.num_rows == len(result.to_pandas()) == len(result.to_polars()) == 3
    assert result.to_dict()["interval"] == list(result.interval or ())
    plain = computed(Metrics(compared._source, intervals=False).acceptance_rate(by="source"))
    assert (plain.interval, plain.value) == (None, result.value)
    assert "rate_low" not in plain.columns
    assert replace(plain, interval=result.interval).value == result.value


def test_a_period_counts_what_was_answered_in_it(make: Make) -> None:
    story = [*lead("a", "web", offered=1, answer=(100, "accept", None)), *lead("b", "web", offered=99)]
    metrics = make([*story, fact(f.HandoffExpired, "b", 300, handoff="b-1")]).metrics
    late = START + timedelta(hours=90)
    assert computed(metrics.acceptance_rate(until=late)).n == 1
    assert isinstance(metrics.acceptance_rate(until=late, basis="period"), NotComputable)
    period = computed(metrics.acceptance_rate(since=late, basis="period"))
    assert (period.n, period.value, period.basis) == (2, 0.5, "period")


def test_a_window_takes_the_promises_that_started_in_it(make: Make) -> None:
    story = [*lead("a", "web", offered=1, touched=2), *lead("b", "web", offered=97)]
    metrics = make(story).metrics
    assert computed(metrics.sla_attainment()).n == 2
    assert computed(metrics.sla_attainment(until=START + timedelta(hours=50))).value == 1.0
    assert computed(metrics.sla_attainment(since=START + timedelta(hours=50))).value == 0.0
    assert computed(metrics.sla_attainment(since=START + timedelta(hours=50), basis="period")).n == 1
