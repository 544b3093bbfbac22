"""How long leads wait: the delay in three parts, speed to lead as a Kaplan-Meier curve, untouched after so long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.analytics import NotComputable, Result, Snapshot, metric
from leadbridge.analytics.result import Answer
from leadbridge.domain import facts as f
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.errors import ConfigError
from tests.analytics.stories import NOW, START, Story, fact, lead, take

Make = Callable[..., Snapshot]
OFFICE = BusinessCalendar(hours={"mon-fri": ("09:00-17:00",)})


def computed(answer: Answer) -> Result:
    assert isinstance(answer, Result), str(answer)
    return answer


def handed(
    name: str, engaged: float | None, routed: float | None, assigned: float | None, touched: float | None
) -> Story:
    """One lead, offered after an hour; hours after START, ``None`` where it never happened."""
    story = [fact(f.LeadCaptured, name, 0), fact(f.HandoffOffered, name, 1, handoff=f"{name}-1")]
    if engaged is not None:
        story.append(fact(f.StageEntered, name, engaged, stage="engaged"))
    if routed is not None:
        story.append(fact(f.HandoffRouted, name, routed, handoff=f"{name}-1", queue="q"))
    if assigned is not None:
        story.append(fact(f.HandoffAssigned, name, assigned, handoff=f"{name}-1", owner="ann"))
    if touched is not None:
        call = {"nature": "person_to_person", "function": "sales", "direction": "outbound"}
        story.append(fact(f.Interacted, name, touched, interaction=f"{name}-call", **call))
    return story


def test_the_delay_is_split_into_system_queue_and_people(make: Make) -> None:
    story = [
        *handed("a", 0, 2, 3, 6),  # 2 h, 1 h, 3 h
        *handed("b", 0.5, None, 2, 30),  # never routed: half an hour until offered, 1 h, 28 h
        *handed("c", None, 2, 4, 3),  # nobody saw it engage; touched before it was assigned: no time
        *handed("d", 3, 2, None, None),  # engaged after it was routed, still in the queue
    ]
    answer = computed(make(story).metrics.delay_split())
    rows = {row["part"]: row for row in answer.rows}
    assert [row["part"] for row in answer.rows] == ["system", "queue", "human"]
    assert [(rows[part]["n"], rows[part]["p50"]) for part in rows] == [(2, 1.25), (3, 1.0), (3, 3.0)]
    assert [rows[part]["complete"] for part in rows] == [2, 2, 2]
    assert [round(rows[part]["share"] * 35.5, 6) for part in rows] == [2.5, 2, 31]
    assert (rows["system"]["unstarted"], rows["system"]["impossible"]) == (1, 1)
    assert (rows["queue"]["still_open"], rows["human"]["unstarted"]) == (1, 1)
    assert answer.value == pytest.approx(31 / 35.5)
    assert "left out: system delays without a recorded start (1)" in answer.notes()
    assert computed(make(story).metrics.delay_split(unit="minutes")).rows[1]["p50"] == 60
    with pytest.raises(ConfigError, match="is no unit"):
        make(story).metrics.delay_split(unit="fortnights")  # type: ignore[arg-type]


def test_the_delay_in_business_time_leaves_out_the_night(make: Make) -> None:
    story = [*handed("a", 0, 2, 3, 6), *handed("b", 0.5, None, 2, 30)]
    answer = computed(make(story).metrics.delay_split(calendar=OFFICE))
    human = answer.rows[2]
    # From 11:00 on Monday to 15:00 on Tuesday: six hours of Monday and six of Tuesday.
    assert (human["p50"], human["business_p50"]) == (15.5, 7.5)
    assert human["business_share"] == pytest.approx(15 / (2.5 + 2 + 15))
    assert answer.parameters["zone"] == "UTC"
    by = computed(make(story).metrics.delay_split("owner", calendar=OFFICE))
    assert {row["owner"] for row in by.rows} == {"ann"}
    assert by.rows[2]["business_p50"] == 7.5
    assert "business_p50" in by.columns


def test_a_delay_of_which_no_part_is_known_is_not_zero(make: Make) -> None:
    why = make([*handed("a", None, None, None, None), *handed("b", None, 2, 3, 4)]).metrics.delay_split()
    assert isinstance(why, NotComputable)
    assert "of no hand-off in this window all three parts" in str(why)
    assert "system delays without a recorded start (2)" in str(why)


def test_the_curve_is_the_one_that_is_computed_by_hand(make: Make) -> None:
    """Five leads: touched after 1, 2 and 2 hours, refused untouched after 2, and one that still waits."""
    story = [
        *handed("a", 0, None, 1, 2),
        *handed("b", 0, None, 1, 3),
        *handed("c", 0, None, 1, 3),
        *handed("d", 0, None, 1, None),
        fact(f.HandoffDecided, "d", 3, handoff="d-1", decision="reject", reason="spam"),
        *handed("e", 0, None, 1, None),
    ]
    answer = computed(make(story).metrics.speed_to_lead(unit="hours"))
    found = [(row["waited"], row["at_risk"], row["touched"], row["censored"]) for row in answer.rows]
    last = (NOW - START) / timedelta(hours=1) - 1
    assert found == [(1, 5, 1, 0), (2, 4, 2, 1), (last, 1, 0, 1)]
    assert [row["still_waiting"] for row in answer.rows] == pytest.approx([4 / 5, 4 / 5 * 2 / 4, 4 / 5 * 2 / 4])
    assert (answer.value_name, answer.value, answer.n, answer.censored) == ("median", 2, 5, 2)


def test_a_median_that_is_not_reached_is_said(make: Make) -> None:
    story = [*handed("a", 0, None, 1, 2), *handed("b", 0, None, 1, None), *handed("c", 0, None, 1, None)]
    answer = computed(make(story).metrics.speed_to_lead())
    assert answer.value_name == "still_waiting"
    assert answer.value == pytest.approx(2 / 3)
    assert answer.parameters["median"].startswith("not reached: 66.7% still waited")
    assert "not reached" in answer._repr_html_()
    drawn = str(answer.plot().to_dict())
    assert "step-after" in drawn
    assert "not reached" in drawn
    assert "still waiting" in str(computed(make(story).metrics.speed_to_lead("owner")).plot().to_dict())


def reference(waits: list[tuple[int, bool]]) -> list[tuple[int, float]]:
    """The product-limit estimate, time after time: who is touched or leaves at a time was still waiting before it."""
    curve, share = [], 1.0
    for time in sorted({wait for wait, _ in waits}):
        at_risk = sum(wait >= time for wait, _ in waits)
        touched = sum(wait == time and seen for wait, seen in waits)
        share *= 1 - touched / at_risk
        curve.append((time, share))
    return curve


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=25))
def test_the_curve_is_the_product_limit_estimate(waits: list[tuple[int, bool]]) -> None:
    story: Story = []
    for number, (wait, seen) in enumerate(waits):
        story += handed(f"L{number}", None, None, None, 1 + wait if seen else None)
        if not seen:
            name = f"L{number}"
            story.append(fact(f.HandoffExpired, name, 1 + wait, handoff=f"{name}-1"))
    # One more touch, of a lead that was never offered: somebody writes calls down here.
    call = {"nature": "person_to_person", "function": "sales", "direction": "outbound"}
    story.append(fact(f.Interacted, "other", 0, interaction="x", **call))
    with take(story) as snapshot:
        answer = computed(snapshot.metrics.speed_to_lead(unit="hours"))
    expected = reference(waits)
    assert [row["waited"] for row in answer.rows] == [time for time, _ in expected]
    assert [row["still_waiting"] for row in answer.rows] == pytest.approx([share for _, share in expected])
    median = next((time for time, share in expected if share <= 0.5 + 1e-9), None)
    assert answer.rows[0]["median"] == median


def test_untouched_leads_are_counted_after_each_length_of_time_as_ignored_ones_are(make: Make) -> None:
    story = [
        *handed("quick", 0, None, 1, 1.5),
        *handed("slow", 0, None, 1, 40),
        *handed("never", 0, None, 1, None),
        *lead("refused", "web", offered=1, answer=(2, "reject", "spam")),
        *lead("young", "web", offered=24 * 29.9),
    ]
    metrics = make(story).metrics
    answer = computed(metrics.untouched())
    rows = {row["after"]: (row["mature"], row["untouched"], row["refused"], row["immature"]) for row in answer.rows}
    assert rows == {
        "1 hour": (5, 4, 1, 0),
        "4 hours": (4, 3, 1, 1),
        "1 day": (4, 3, 1, 1),
        "2 days": (4, 2, 1, 1),
        "7 days": (4, 2, 1, 1),
    }
    assert (answer.value, answer.n, answer.immature) == (3 / 4, 4, 1)
    for after, row in zip(("1 hour", "4 hours", "1 day", "2 days", "7 days"), answer.rows, strict=True):
        (same,) = computed(metrics.ignored_rate(horizon=after)).rows
        assert (same["untouched"], same["mature"]) == (row["untouched"], row["mature"]), after
    assert "untouched" in str(answer.plot().to_dict())


@pytest.mark.parametrize("name", ["delay_split", "speed_to_lead", "untouched"])
def test_waiting_that_nobody_wrote_down_is_not_computable(make: Make, name: str) -> None:
    silent = make(lead("a", "web", offered=1)).metrics
    assert "cannot be told from follow-up that nobody wrote down" in str(getattr(silent, name)())
    nobody = make(handed("a", 0, 1, 2, 3)).metrics
    assert isinstance(getattr(nobody, name)(since=NOW), NotComputable)


def test_a_step_of_a_metric_can_be_asked_by_name(make: Make) -> None:
    rows = make(handed("a", 0, 2, 3, 4)).sql(
        metric("delay_split").part("spans", "'all'", "part = 'queue'"),
        {"unit_us": 1, "since_us": 0, "until_us": 2**62},
    )
    assert [row["end_us"] - row["start_us"] for row in rows] == [3_600_000_000]
    with pytest.raises(ConfigError, match="has no step 'nothing'"):
        metric("delay_split").part("nothing", "'all'", "true")


def test_the_pictures_say_the_definition(make: Make) -> None:
    metrics = make([*handed("a", 0, 2, 3, 6), *handed("b", 0.5, None, 2, 30)]).metrics
    for answer in (metrics.delay_split(), metrics.delay_split("owner"), metrics.speed_to_lead(), metrics.untouched()):
        drawn: Any = answer.plot().to_dict()
        assert drawn["title"]["subtitle"][0][:30] == computed(answer).definition[:30]
