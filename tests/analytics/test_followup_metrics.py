"""What became of leads after they were handed over: ignored, followed up, gone on with, and what the lost ones cost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.agreement import Agreement
from leadbridge.analytics import NotComputable, Result, Snapshot
from leadbridge.analytics.result import Answer
from leadbridge.domain import facts as f
from leadbridge.errors import ConfigError
from tests.analytics.stories import NOW, START, Story, fact, lead, take

Make = Callable[..., Snapshot]

BARE = "agreement: Waste\nversion: 1\neffective: 2026-01-01\n"
ASSUMED = Agreement.loads(
    BARE + "assumptions: {hours_per_lead: 2.5, win_rate: 0.2, deal_value: 10000, source: sales plan 2026}"
)


def computed(answer: Answer) -> Result:
    assert isinstance(answer, Result), str(answer)
    return answer


def missing(answer: Answer) -> str:
    assert isinstance(answer, NotComputable), repr(answer)
    return answer.reason


def call(name: str, hours: float, **more: Any) -> f.Fact:
    values = {"nature": "person_to_person", "function": "sales", "direction": "outbound"} | more
    return fact(f.Interacted, name, hours, interaction=f"{name}-{hours}", **values)


def ignoring() -> Story:
    """Six hand-offs: touched, touched too late, never, accepted only, refused at once, too young."""
    return [
        *lead("touched", "web", offered=1, touched=5),
        *lead("late", "web", offered=1, touched=24 * 12),
        *lead("never", "fair", offered=1),
        *lead("accepted", "fair", offered=1, answer=(2, "accept", None)),
        *lead("refused", "fair", offered=1, answer=(2, "reject", "spam")),
        *lead("young", "fair", offered=24 * 29),
        *lead("never offered", "fair"),
    ]


def test_a_lead_is_ignored_when_it_was_neither_touched_nor_refused_in_time(make: Make) -> None:
    metrics = make(ignoring()).metrics
    answer = computed(metrics.ignored_rate(horizon="7 days"))
    (row,) = answer.rows
    assert (row["mature"], row["untouched"], row["ignored"], row["immature"]) == (5, 4, 3, 1)
    assert (answer.value, answer.n, answer.immature, row["untouched_rate"]) == (3 / 5, 5, 1, 4 / 5)
    assert computed(metrics.ignored_rate(horizon="20 days")).value == 2 / 5, "the late one was touched after 12 days"
    by_source = {
        row["source"]: row["ignored_rate"] for row in computed(metrics.ignored_rate("source", horizon="7 days")).rows
    }
    assert by_source == {"web": 1 / 2, "fair": 2 / 3}
    assert "too young to judge (6)" in missing(metrics.ignored_rate(horizon="40 days"))
    with pytest.raises(ConfigError, match="plain time"):
        metrics.ignored_rate(horizon="2 business days")


def test_leads_that_nobody_followed_up_cannot_be_told_from_calls_that_nobody_wrote_down(make: Make) -> None:
    silent = make([*lead("a", "web", offered=1), *lead("b", "web", offered=1, answer=(2, "accept", None))]).metrics
    for answer in (silent.ignored_rate(), silent.waste(), silent.follow_up_depth(), silent.continuity()):
        assert "that nobody wrote down" in missing(answer)
    assert "when leads were handed over" in missing(make(lead("a", "web")).metrics.ignored_rate())


def test_waste_says_every_assumption_and_never_makes_up_a_part(make: Make) -> None:
    answer = computed(make(ignoring(), agreement=ASSUMED).metrics.waste(horizon="7 days"))
    parts = {row["part"]: (row["amount"], row["not_computable"]) for row in answer.rows}
    assert parts == {
        "leads": (3.0, None),
        "hours": (7.5, None),
        "cost": (None, "the agreement assumes no cost_per_lead: agree on it under assumptions"),
        "expected_revenue": (6000.0, None),
    }
    assert (answer.value, answer.n, answer.immature) == (3, 5, 1)
    assert answer.parameters["win_rate"] == 0.2
    assert answer.parameters["cost_per_lead"] == "not agreed"
    assert answer.parameters["source"] == "sales plan 2026"
    assert answer.to_dict()["rows"][2]["amount"] is None
    assert "not agreed" in str(answer.parameters)


def test_without_any_assumption_only_the_leads_are_counted(make: Make) -> None:
    answer = computed(make(ignoring()).metrics.waste("source", horizon="7 days"))
    amounts = {(row["source"], row["part"]): row["amount"] for row in answer.rows}
    assert amounts[("web", "leads")] == 1
    assert amounts[("fair", "leads")] == 2
    assert {amount for (_, part), amount in amounts.items() if part != "leads"} == {None}
    revenue = [row["not_computable"] for row in answer.rows if row["part"] == "expected_revenue"]
    assert set(revenue) == {"the agreement assumes no win_rate and no deal_value: agree on it under assumptions"}


def test_the_assumptions_are_kept_with_a_saved_snapshot(make: Make, tmp_path: Any) -> None:
    with make(ignoring(), agreement=ASSUMED).save(tmp_path / "kept") as again:
        assert computed(again.metrics.waste(horizon="7 days")).parameters["hours_per_lead"] == 2.5


def test_the_depth_of_follow_up_counts_attempts_after_the_offer(make: Make) -> None:
    story = [
        *lead("three", "web", offered=1),
        *[call("three", hours) for hours in (0.5, 2, 30, 50)],
        call("three", 60, direction="inbound"),
        *lead("one", "web", offered=1),
        call("one", 3, nature="content"),
        *lead("none", "web", offered=1),
        *lead("young", "web", offered=24 * 29),
        call("young", 24 * 29 + 1),
    ]
    answer = computed(make(story).metrics.follow_up_depth(horizon="7 days"))
    (row,) = answer.rows
    assert (row["passages"], row["attempts"], row["p50"], row["never_tried"]) == (3, 4, 1, 1)
    assert (answer.value, answer.n, answer.immature, row["never_tried_share"]) == (4 / 3, 3, 1, 1 / 3)


def test_attempts_belong_to_the_passage_in_which_they_were_made(make: Make) -> None:
    again = {"stage": "marketing_qualified", "passage": 2}
    story = [
        *lead("a", "web", offered=1, answer=(50, "recycle", "bad_timing")),
        call("a", 3),
        fact(f.StageEntered, "a", 100, **again),
        fact(f.HandoffOffered, "a", 100, handoff="a-2"),
        call("a", 101),
        call("a", 102),
    ]
    (row,) = computed(make(story).metrics.follow_up_depth(horizon="20 days")).rows
    assert (row["passages"], row["attempts"], row["p50"]) == (2, 3, 1.5)


def test_continuity_is_the_gap_between_the_last_touch_of_one_and_the_first_of_the_other(make: Make) -> None:
    story = [
        *lead("a", "web", offered=10, touched=14),
        *lead("b", "web", offered=10, touched=30),
        fact(f.Interacted, "b", 28, interaction="b-late-read", nature="content"),
        fact(f.HandoffAssigned, "b", 12, handoff="b-1", owner="bob"),
        *lead("c", "web", offered=10),
        fact(f.LeadCaptured, "d", 0),
        fact(f.HandoffOffered, "d", 10, handoff="d-1"),
        call("d", 11),
    ]
    answer = computed(make(story).metrics.continuity())
    (row,) = answer.rows
    # a: 14 h after it was captured; b: 2 h after it last read something, and it had changed hands.
    assert (row["n"], row["p50"], row["longest"], row["owner_changed"]) == (2, 8, 14, 1)
    assert (answer.value, row["owner_changed_share"]) == (8, 0.5)
    assert list(answer.excluded.values()) == [1, 1]
    assert computed(make(story).metrics.continuity(unit="days")).rows[0]["longest"] == 0
    with pytest.raises(ConfigError, match="did you mean hours"):
        make(story).metrics.continuity(unit="hour")  # type: ignore[arg-type]  # what a typo looks like


def test_a_lead_that_goes_back_to_the_same_person_has_not_changed_its_owner(make: Make) -> None:
    story = [
        *lead("a", "web", offered=1, touched=5),
        fact(f.HandoffReclaimed, "a", 2, handoff="a-1", owner="ann", why="untouched"),
        fact(f.HandoffAssigned, "a", 3, handoff="a-1", owner="ann"),
    ]
    assert computed(make(story).metrics.continuity()).rows[0]["owner_changed"] == 0


def sold() -> Story:
    """Marketing brought two leads, sales one, a partner one; a deal of marketing and sales, and one of the partner."""
    deal = {"opportunity": "D1", "amount": 100.0}
    return [
        fact(f.LeadCaptured, "m1", 0, source="web"),
        fact(f.LeadCaptured, "m2", 0, source="web"),
        fact(f.LeadCaptured, "s1", 1, source="call", function="sales"),
        fact(f.LeadCaptured, "p1", 2, source="partner", function="partner"),
        call("s1", 4),
        fact(f.Interacted, "m1", 5, interaction="m1-read", nature="content"),
        *[fact(f.OpportunityOpened, name, 10, opportunity="D1") for name in ("m1", "s1")],
        *[fact(f.OpportunityWon, name, 40, **deal) for name in ("m1", "s1")],
        fact(f.OpportunityOpened, "p1", 10, opportunity="D2"),
        fact(f.OpportunityLost, "p1", 20, opportunity="D2"),
    ]


def test_leads_and_wins_by_the_function_that_brought_them(make: Make) -> None:
    answer = computed(make(sold()).metrics.sourced_by())
    rows = {row["function"]: row for row in answer.rows}
    assert {name: (row["leads"], row["opportunities"], row["won"]) for name, row in rows.items()} == {
        "marketing": (2, 1, 1), "partner": (1, 1, 0), "sales": (1, 0, 0)
    }  # fmt: skip
    assert (rows["marketing"]["won_rate"], rows["marketing"]["amount"], rows["partner"]["amount"]) == (0.5, 100.0, None)
    assert {name: row["influenced_won"] for name, row in rows.items()} == {"marketing": 1, "partner": 0, "sales": 1}
    assert (answer.value, answer.n) == (1, 4), "an opportunity of two leads is one opportunity"
    near = computed(make(sold()).metrics.sourced_by(lookback="5 hours"))
    assert {row["function"]: row["influenced_won"] for row in near.rows}["sales"] == 0
    assert "no opportunities" in missing(make(lead("a", "web")).metrics.sourced_by())
    assert "captured in this window" in missing(make(sold()).metrics.sourced_by(since=NOW))


ANY = st.lists(
    st.tuples(
        st.integers(0, 25),
        st.lists(st.integers(0, 29), max_size=3),
        st.sampled_from([None, "accept", "reject"]),
        st.integers(0, 10),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ANY, st.integers(1, 12))
def test_the_query_ignores_what_a_loop_ignores(found: list[tuple[int, list[int], str | None, int]], days: int) -> None:
    story: Story = [*lead("x", None), call("x", 0)]
    mature = ignored = 0
    for number, (offered, calls, decision, after) in enumerate(found):
        answer = None if decision is None else (24.0 * (offered + after), decision, None)
        story += lead(f"L{number}", "web", offered=24 * offered, answer=answer)
        story += [call(f"L{number}", 24 * day) for day in dict.fromkeys(calls)]
        if offered + days <= (NOW - START) / timedelta(days=1):
            mature += 1
            answered = decision == "reject" and after <= days
            ignored += not answered and not any(offered <= day <= offered + days for day in calls)
    with take(story) as snapshot:
        result = snapshot.metrics.ignored_rate(horizon=f"{days} days")
        assert result.computable == bool(mature)
        if isinstance(result, Result):
            assert (result.n, result.value) == (mature, ignored / mature)
