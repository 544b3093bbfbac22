"""Every metric against numbers worked out by hand from the eight leads in stories.py, and from stories of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from leadbridge.agreement import Agreement
from leadbridge.analytics import NotComputable, Result, Snapshot
from leadbridge.analytics.result import Answer
from leadbridge.domain import facts as f
from leadbridge.errors import ConfigError, DataError
from tests.analytics.stories import NOW, START, fact, lead, small_funnel

Make = Callable[..., Snapshot]


def computed(answer: Answer) -> Result:
    assert isinstance(answer, Result), str(answer)
    return answer


def missing(answer: Answer) -> str:
    assert isinstance(answer, NotComputable), repr(answer)
    return answer.reason


def test_the_funnel_counts_entries_and_converts_step_by_step(snapshot: Snapshot) -> None:
    result = computed(snapshot.metrics.funnel())
    assert dict(zip(result.column("stage"), result.column("entered"), strict=True)) == {
        "captured": 8,
        "engaged": 6,
        "marketing_qualified": 6,
        "sales_accepted": 3,
        "sales_qualified": 2,
        "opportunity": 2,
        "won": 2,
    }
    assert result.column("step_rate") == [None, 6 / 8, 1.0, 3 / 6, 2 / 3, 1.0, 1.0]
    assert result.column("total_rate") == [None, 6 / 8, 6 / 8, 3 / 8, 2 / 8, 2 / 8, 2 / 8]
    assert result.column("inferred") == [0, 6, 0, 0, 2, 2, 0]
    assert (result.value, result.n, result.basis, result.immature) == (2 / 8, 8, "cohort", 0)


def test_the_funnel_by_source_keeps_blank_and_unknown_apart(snapshot: Snapshot) -> None:
    result = computed(snapshot.metrics.funnel(by="source"))
    first = {row["source"]: row["entered"] for row in result.rows if row["stage"] == "captured"}
    assert first == {None: 1, "fair": 2, "unknown": 2, "web": 3}
    won = {row["source"]: row["total_rate"] for row in result.rows if row["stage"] == "won"}
    assert won == {None: 0.0, "fair": 0.0, "unknown": 0.0, "web": 2 / 3}


def test_entries_too_young_for_the_horizon_are_immature_and_left_out(make: Make) -> None:
    story = [
        *lead("old", "web", offered=1, answer=(2, "accept", None), won=10),
        *lead("slow", "web", offered=1, answer=(2, "accept", None), won=300),
        *lead("young", "web", captured=700, offered=701, answer=(702, "accept", None), won=703),
    ]
    result = computed(make(story).metrics.funnel(horizon="2 days"))
    last = result.rows[-1]
    assert (last["first_mature"], last["reached"], last["total_rate"]) == (2, 1, 0.5)
    assert result.immature == 1
    whole = computed(make(story).metrics.funnel())
    assert (whole.rows[-1]["reached"], whole.rows[-1]["first_mature"]) == (3, 3)


def test_a_window_takes_the_cohort_that_entered_in_it(make: Make) -> None:
    story = [*lead("a", "web", captured=0, won=5), *lead("b", "web", captured=48), *lead("c", "web", captured=96)]
    metrics = make(story).metrics
    day = timedelta(days=1)
    assert computed(metrics.funnel(since=START + day)).rows[0]["entered"] == 2
    assert computed(metrics.funnel(until=START + day)).value == 1.0
    assert computed(metrics.funnel(since=START + day, until=START + 3 * day)).rows[0]["entered"] == 1
    with pytest.raises(ConfigError, match="time zone"):
        metrics.funnel(since=START.replace(tzinfo=None))


def test_a_recycled_lead_is_won_from_its_first_capture_and_from_its_second_qualification(make: Make) -> None:
    story = [
        *lead("a", "web", offered=1, answer=(2, "recycle", "bad_timing")),
        fact(f.StageEntered, "a", 2, stage="recycled"),
        fact(f.StageEntered, "a", 100, stage="marketing_qualified", passage=2),
        fact(f.StageEntered, "a", 110, stage="sales_accepted", passage=2),
        fact(f.StageEntered, "a", 124, stage="won", passage=2),
    ]
    metrics = make(story).metrics
    rows = {row["stage"]: row for row in computed(metrics.funnel()).rows}
    assert (rows["marketing_qualified"]["entered"], rows["sales_accepted"]["converted"]) == (2, 1)
    assert (rows["sales_accepted"]["from_mature"], rows["won"]["total_rate"]) == (2, 1.0)
    assert computed(metrics.stage_duration("captured", "won", unit="hours")).value == 124
    assert computed(metrics.stage_duration("marketing_qualified", "won", unit="hours")).value == 24
    again = computed(metrics.stage_duration("marketing_qualified", "sales_accepted", unit="hours"))
    assert (again.n, again.censored, again.value) == (1, 1, 10)


def test_durations_are_whole_elapsed_units_with_quartiles(make: Make) -> None:
    hours = [0, 23, 24, 49, 100, 240]
    story = [one for number, won in enumerate(hours) for one in lead(f"L{number}", "web", won=won)]
    row = computed(make(story).metrics.stage_duration("captured", "won")).rows[0]
    # days 0, 0, 1, 2, 4, 10: quantiles by linear interpolation between the order statistics
    assert (row["n"], row["p25"], row["p50"], row["p75"], row["p90"], row["longest"]) == (6, 0.25, 1.5, 3.5, 7.0, 10)


def test_what_is_left_out_of_durations_is_counted(make: Make) -> None:
    day = {"occurred_at": START.replace(hour=0) + timedelta(days=3), "precision": "day"}
    story = [
        *lead("fine", "web", won=49),
        *lead("impossible", "web", captured=60, won=10),
        *lead("open", "web"),
        fact(f.LeadCaptured, "jumped", 0),
        fact(f.StageEntered, "jumped", 5, stage="won", inferred=True),
        fact(f.LeadCaptured, "dated", 0),
        fact(f.StageEntered, "dated", 0, stage="won", **day),
    ]
    made = make(story)
    days = computed(made.metrics.stage_duration("captured", "won"))
    assert (days.rows[0]["n"], days.censored) == (2, 1), "2 days between instants, 3 days between dates"
    assert (days.rows[0]["p50"], days.excluded["impossible intervals"]) == (2.5, 1)
    assert days.excluded["intervals with an inferred end"] == 1
    hours = computed(made.metrics.stage_duration("captured", "won", unit="hours"))
    assert (hours.rows[0]["n"], hours.value, hours.excluded["intervals known by date only"]) == (1, 49, 1)
    (finding,) = made.quality.of("impossible")
    assert finding.leads == ("impossible",)
    assert "impossible intervals (1)" in "; ".join(days.notes())


def test_the_same_day_is_never_impossible_when_only_the_date_is_known(make: Make) -> None:
    midnight = {"occurred_at": START.replace(hour=0), "precision": "day"}
    made = make([fact(f.LeadCaptured, "a", 0), fact(f.StageEntered, "a", 0, stage="won", **midnight)])
    assert computed(made.metrics.stage_duration("captured", "won")).value == 0
    assert not made.quality.of("impossible")


def test_sla_attainment_counts_only_what_has_come_to_its_end(snapshot: Snapshot) -> None:
    # a, b, d and e were touched in time; c after 30 h (late); f never (breached).
    result = computed(snapshot.metrics.sla_attainment())
    (row,) = result.rows
    assert (row["met"], row["met_late"], row["breached"], row["counted"]) == (4, 1, 1, 6)
    assert (result.value, result.n, result.basis) == (4 / 6, 6, "snapshot")
    by_owner = computed(snapshot.metrics.sla_attainment(by="owner"))
    assert {row["owner"]: (row["met"], row["counted"]) for row in by_owner.rows} == {"ann": (2, 2), "bob": (2, 4)}


def test_running_and_cancelled_clocks_stand_apart(make: Make) -> None:
    story = [
        *lead("a", "web", offered=0, touched=1, answer=(2, "accept", None)),
        *lead("b", "web", offered=4),
        *lead("c", "web", offered=4, answer=(5, "reject", "spam")),
    ]
    result = computed(make(story, now=START + timedelta(hours=6)).metrics.sla_attainment())
    (row,) = result.rows
    assert (row["counted"], row["attainment"], row["running"], row["cancelled"]) == (1, 1.0, 1, 1)
    assert result.excluded == {"clocks running": 1, "clocks not started": 0, "clocks cancelled": 1}


def test_the_acceptance_rate_leaves_the_undecided_and_other_answers_out(snapshot: Snapshot) -> None:
    result = computed(snapshot.metrics.acceptance_rate())
    (row,) = result.rows
    assert (row["accepted"], row["rejected"], row["expired"], row["counted"]) == (3, 1, 0, 4)
    assert (row["other_answers"], row["undecided"], result.value) == (1, 1, 3 / 4)
    by_source = {row["source"]: row["rate"] for row in computed(snapshot.metrics.acceptance_rate(by="source")).rows}
    assert by_source == {"fair": 0.0, "unknown": None, "web": 1.0}, "0 of 0 is no number"


def test_an_offer_that_expired_counts_against_acceptance_and_a_first_answer_stays(make: Make) -> None:
    story = [
        *lead("a", "web", offered=0, answer=(1, "accept", None)),
        fact(f.HandoffDecided, "a", 90, handoff="a-1", decision="recycle", reason="no_budget"),
        *lead("b", "web", offered=0),
        fact(f.HandoffExpired, "b", 80, handoff="b-1"),
    ]
    (row,) = computed(make(story).metrics.acceptance_rate()).rows
    assert (row["accepted"], row["expired"], row["rate"]) == (1, 1, 0.5)


def test_the_reason_mix_shows_coverage_beside_the_shares(make: Make) -> None:
    story = [
        one
        for number, (decision, reason) in enumerate(
            [
                ("reject", "wrong_industry"),
                ("reject", "wrong_industry"),
                ("recycle", "no_response"),
                ("disqualify", None),
                ("accept", None),
            ]
        )
        for one in lead(f"L{number}", "web", offered=0, answer=(1, decision, reason))
    ]
    result = computed(make(story).metrics.reason_mix())
    assert [(row["decision"], row["reason"], row["n"], row["share"]) for row in result.rows] == [
        ("reject", "wrong_industry", 2, 2 / 3),
        ("disqualify", None, 1, None),
        ("recycle", "no_response", 1, 1 / 3),
    ]
    assert (result.value, result.n, result.excluded) == (3 / 4, 4, {"refusals without a reason": 1})


def test_coverage_shows_who_is_with_the_buyer_when(snapshot: Snapshot) -> None:
    result = computed(snapshot.metrics.coverage())
    cells = {(row["buying_stage"], row["function"]): row for row in result.rows}
    assert cells[(None, "marketing")]["interactions"] == 8
    sales = cells[("exploring", "sales")]
    assert (sales["interactions"], sales["leads"], sales["person_share"]) == (5, 5, 1.0)
    assert result.value == 5 / 13


def test_what_was_never_recorded_is_not_computable_and_says_why(make: Make) -> None:
    metrics = make([*lead("a", "web"), *lead("b", "web")]).metrics
    assert "no decisions were recorded" in missing(metrics.acceptance_rate())
    assert "no decisions were recorded" in missing(metrics.reason_mix())
    assert "no SLA clocks" in missing(metrics.sla_attainment())
    offered = make([*lead("a", "web", offered=0)]).metrics
    assert "cannot be told from a missing record" in missing(offered.sla_attainment())
    accepted = make([*lead("a", "web", offered=0, answer=(1, "accept", None))]).metrics
    assert "every decision in this data is an acceptance" in missing(accepted.reason_mix())
    silent = make([*lead("a", "web", offered=0, answer=(1, "reject", None))]).metrics
    assert "none says why" in missing(silent.reason_mix())
    assert "no stages were recorded" in missing(make([]).metrics.funnel())
    assert "no interactions" in missing(make([fact(f.LeadCaptured, "a", 0)]).metrics.coverage())


def test_nothing_of_nothing_is_not_computable(make: Make) -> None:
    made = make([*lead("a", "web", offered=0, answer=(1, "recycle", "no_budget"))])
    reason = missing(made.metrics.acceptance_rate())
    assert reason.startswith("no hand-off was accepted, rejected or expired in this window: 0 of 0")
    assert "hand-offs with another answer (1)" in reason
    assert "has ended" in missing(made.metrics.stage_duration("captured", "won"))
    assert "0 of 0" in missing(made.metrics.reason_mix(until=START))
    assert not made.metrics.acceptance_rate().computable


def test_a_result_carries_all_that_is_needed_to_believe_it(snapshot: Snapshot) -> None:
    result = computed(snapshot.metrics.stage_duration("captured", "won", by="source"))
    assert result.columns[:3] == ("source", "n", "p25")
    assert [row["source"] for row in result.rows] == [None, "fair", "unknown", "web"]
    assert (result.value, result.n, result.censored) == (3.0, 2, 6)
    assert "impossible intervals" in result.definition
    assert result.parameters == {"from_stage": "captured", "to_stage": "won", "unit_us": 86_400_000_000, "unit": "days"}
    assert repr(result) == "<stage_duration by source: p50 3 (2 to 4), n = 2, cohort>"
    html = result._repr_html_()
    assert "<table" in html
    assert "n = 2" in html
    assert "without an agreement" in html
    assert result.to_pandas()["n"].sum() == 2
    assert result.to_polars()["n"].sum() == 2
    assert result.to_dict()["rows"][3]["n"] == 2
    with pytest.raises(DataError, match="it has source, n"):
        result.column("median")
    assert "not computable: x" in NotComputable("x", "m", "d")._repr_html_()
    assert NotComputable("x", "m").to_dict()["not_computable"] == "x"


def test_the_agreement_gives_the_path_and_stands_beside_every_number(make: Make) -> None:
    agreement = Agreement.preset()
    made = make(small_funnel(), agreement=agreement)
    assert made.meta.path == agreement.lifecycle.success_path
    result = computed(made.metrics.acceptance_rate())
    assert result.agreement.startswith(f"under {agreement.name}, version {agreement.version}, ")


def test_a_wrong_question_is_answered_with_what_can_be_asked(snapshot: Snapshot) -> None:
    metrics = snapshot.metrics
    with pytest.raises(DataError, match="did you mean source"):
        metrics.funnel(by="sorce")
    with pytest.raises(DataError, match="did you mean won"):
        metrics.stage_duration("captured", "wonn")
    with pytest.raises(ConfigError, match="is no interval"):
        metrics.stage_duration("won", "won")
    with pytest.raises(ConfigError, match="did you mean days"):
        metrics.stage_duration("captured", "won", unit="dais")  # type: ignore[arg-type]  # what a typo looks like
    with pytest.raises(ConfigError, match="plain time"):
        metrics.funnel(horizon="3 business days")


def test_the_scorecard_holds_numbers_and_reasons_side_by_side(snapshot: Snapshot, make: Make) -> None:
    card = snapshot.scorecard()
    assert [line.name for line in card] == [
        "captured → won",
        "days captured → won",
        "acceptance rate",
        "SLA attainment",
        "refusals with a reason",
        "information at the offer",
        "value propositions that buyers met",
        "refused as not wanted",
        "content that sales uses",
    ]
    assert card[0].text == "2 of 8 = 25.000%"
    assert card[1].text == "p25/p50/p75/p90 2.5 / 3 / 3.5 / 3.8 days, n = 2"
    assert card[2].text == "75.0% of 4"
    assert all(line.definition for line in card)
    bare = make([*lead("a", "web")]).scorecard()
    assert "not computable" in str(bare)
    assert "not_computable" in bare.to_dicts()[2]
    assert "<table" in bare._repr_html_()
    assert len(bare) == len(card)


def test_facts_after_now_are_not_in_the_snapshot(make: Make) -> None:
    made = make(small_funnel(), now=START + timedelta(hours=50))
    assert computed(made.metrics.funnel()).rows[-1]["entered"] == 1
    assert made.now == START + timedelta(hours=50)
    assert made.now < NOW
