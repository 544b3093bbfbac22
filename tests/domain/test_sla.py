"""SLA clocks: every state by hand, transfers three ways, pauses, cancellations that do not forgive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from leadbridge.domain import facts as f
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla import Allowance, Board, SLAClock, SLAPolicy, clocks
from leadbridge.errors import ConfigError

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OFFICE = {"office": BusinessCalendar(hours={"mon-fri": ("09:00-17:00",)})}
HOUR = timedelta(hours=1)


def when(hours: float) -> datetime:
    return MONDAY + hours * HOUR


def fact(cls: type[f.Fact], hours: float, **values: Any) -> f.Fact:
    return cls(**{"lead": "L1", "occurred_at": when(hours), "recorded_at": when(hours), **values})


def offered(hours: float = 0, handoff: str = "h1") -> f.Fact:
    return fact(f.HandoffOffered, hours, handoff=handoff)


def assigned(hours: float, owner: str = "ann", handoff: str = "h1") -> f.Fact:
    return fact(f.HandoffAssigned, hours, handoff=handoff, owner=owner)


def called(hours: float, **values: Any) -> f.Fact:
    base = {"interaction": f"call-{hours}", "nature": "person_to_person", "function": "sales", "direction": "outbound"}
    return fact(f.Interacted, hours, **{**base, **values})


def answered(hours: float, decision: str = "accept", handoff: str = "h1") -> f.Fact:
    return fact(f.HandoffDecided, hours, handoff=handoff, decision=decision)


def policy(within: str = "4 business hours", on_transfer: str = "restart", **target: Any) -> SLAPolicy:
    return SLAPolicy.model_validate(
        {
            "id": "sales",
            "calendar": "office",
            "on_transfer": on_transfer,
            "targets": [{"id": "touch", "starts": "assigned", "stops": "touched", "within": within, **target}],
        }
    )


def run(facts: Sequence[f.Fact], now: float, rules: SLAPolicy | None = None) -> tuple[SLAClock, ...]:
    return clocks(LeadHistory.fold(facts), [rules or policy()], OFFICE, when(now))


def one(facts: Sequence[f.Fact], now: float, rules: SLAPolicy | None = None) -> SLAClock:
    (clock,) = run(facts, now, rules)
    return clock


@pytest.mark.parametrize(
    ("more", "now", "state"),
    [
        ([], 1, "not_started"),
        ([assigned(1)], 2, "running"),
        ([assigned(1)], 5, "running"),  # due at this very instant
        ([assigned(1)], 5.01, "breached"),
        ([assigned(1), called(2)], 3, "met"),
        ([assigned(1), called(5)], 30, "met"),  # kept at the last instant
        ([assigned(1), called(5.01)], 30, "met_late"),
        ([assigned(1), called(2), called(6)], 30, "met"),
        ([called(0.5), assigned(1)], 3, "met"),  # touched after the offer, before it was assigned
        ([called(-1), assigned(1)], 3, "running"),  # touched before the offer
        ([assigned(1), called(2, function="marketing")], 3, "running"),
        ([assigned(1), called(2, nature="content")], 3, "running"),
        ([assigned(1), answered(2, "recycle")], 3, "cancelled"),
        ([assigned(1), answered(2, "accept")], 3, "running"),
        ([assigned(1), answered(7, "recycle")], 30, "breached"),  # cancelling does not forgive
        ([assigned(1), fact(f.HandoffExpired, 3, handoff="h1")], 30, "cancelled"),
        ([assigned(1), fact(f.HandoffExpired, 8, handoff="h1")], 30, "breached"),
        ([answered(1, "disqualify")], 3, "cancelled"),
        ([answered(1, "reject"), assigned(2)], 3, "cancelled"),
    ],
)
def test_each_state_of_a_clock(more: list[f.Fact], now: float, state: str) -> None:
    assert one([offered(), *more], now).state == state


def test_business_hours_carry_over_the_night_and_the_numbers_are_exact() -> None:
    clock = one([offered(), assigned(6)], 7)
    assert (clock.started_at, clock.due_at) == (when(6), when(26)), "two hours today, two tomorrow"
    assert (clock.elapsed, clock.remaining, clock.overdue) == (HOUR, 3 * HOUR, None)
    late = one([offered(), assigned(6), called(28)], 40)
    assert (late.state, late.elapsed, late.overdue, late.remaining) == ("met_late", 6 * HOUR, 2 * HOUR, None)
    broken = one([offered(), assigned(6)], 29)
    assert (broken.state, broken.overdue, broken.remaining) == ("breached", 3 * HOUR, timedelta(0))


def test_touched_wholly_outside_the_hours_is_met_in_no_time() -> None:
    clock = one([offered(10), assigned(10), called(12)], 13)
    assert (clock.state, clock.elapsed) == ("met", timedelta(0))


def test_plain_time_and_business_days_are_other_promises() -> None:
    plain = one([offered(), assigned(7)], 8, policy("2 hours", calendar=None))
    assert plain.due_at == when(9)
    day = one([offered(), assigned(7)], 8, policy("1 business day"))
    assert day.due_at == when(31)


def test_a_warning_comes_with_its_share_of_the_time() -> None:
    rules = policy(warn_at=0.75)
    assert one([offered(), assigned(0)], 2.9, rules).warning is False
    clock = one([offered(), assigned(0)], 3, rules)
    assert (clock.warns_at, clock.warning) == (when(3), True)


def test_restart_gives_the_new_owner_the_whole_time() -> None:
    facts = [offered(), assigned(0, "ann"), assigned(2, "bob"), assigned(24, "cy")]
    first, second, third = run(facts, 25)
    assert (first.owner, first.state, first.ended_by, first.stopped_at) == ("ann", "cancelled", "transfer", when(2))
    assert (second.owner, second.state, second.due_at) == ("bob", "breached", when(6))
    assert (third.owner, third.state, third.started_at, third.turn) == ("cy", "running", when(24), 3)


def test_continue_hands_the_same_clock_on() -> None:
    clock = one([offered(), assigned(0, "ann"), assigned(2, "bob")], 3, policy(on_transfer="continue"))
    assert (clock.owner, clock.started_at, clock.due_at, clock.turn) == ("bob", when(0), when(4), 1)


def test_inherit_gives_the_new_owner_what_was_left() -> None:
    rules = policy(on_transfer="inherit")
    old, new = run([offered(), assigned(0, "ann"), assigned(3, "bob")], 3.5, rules)
    assert (old.state, new.state, new.started_at, new.due_at) == ("cancelled", "running", when(3), when(4))
    old, new = run([offered(), assigned(0, "ann"), assigned(6, "bob")], 6.5, rules)
    assert [clock.state for clock in (old, new)] == ["cancelled", "breached"], "one promise, counted once"


def test_the_first_assignment_is_no_transfer() -> None:
    rules = policy(starts="offered")
    clock = one([offered(), assigned(1, "ann")], 2, rules)
    assert (clock.owner, clock.started_at, clock.turn) == ("ann", when(0), 1)
    assert one([offered()], 2, rules).owner == ""


def test_no_time_passes_while_the_lead_waits_for_the_buyer() -> None:
    rules = policy(paused_while="waiting")
    wait, back = fact(f.StatusChanged, 1, status="waiting"), fact(f.StatusChanged, 3, status="open")
    paused = one([offered(), assigned(0), wait], 2.5, rules)
    assert (paused.state, paused.due_at, paused.elapsed, paused.remaining) == ("paused", None, HOUR, 3 * HOUR)
    resumed = one([offered(), assigned(0), wait, back], 4, rules)
    assert (resumed.state, resumed.due_at, resumed.elapsed) == ("running", when(6), 2 * HOUR)
    kept = one([offered(), assigned(0), wait, called(2)], 9, rules)
    assert (kept.state, kept.elapsed) == ("met", HOUR)


def test_a_passage_has_its_own_clocks_without_a_hand_off() -> None:
    rules = SLAPolicy.model_validate(
        {
            "id": "marketing",
            "duty_of": "marketing",
            "targets": [{"id": "offer", "starts": "stage:marketing_qualified", "stops": "offered", "within": "1h"}],
        }
    )
    facts = [
        fact(f.LeadCaptured, 0),
        fact(f.StageEntered, 1, stage="marketing_qualified"),
        offered(1.5),
        fact(f.StageEntered, 30, stage="recycled"),
        fact(f.StageEntered, 40, stage="marketing_qualified", passage=2),
    ]
    first, second = run(facts, 42, rules)
    assert [(c.passage, c.state) for c in (first, second)] == [(1, "met"), (2, "breached")]
    left = [*facts[:2], fact(f.StageEntered, 1.2, stage="disqualified")]
    assert one(left, 42, rules).state == "cancelled"


def test_a_promise_that_starts_with_a_touch_starts_anew_in_each_passage() -> None:
    rules = policy(starts="touched", stops="decided")
    facts = [
        fact(f.StageEntered, 0, stage="marketing_qualified"),
        *(offered(0), called(1, interaction="first"), answered(2, "recycle")),
        fact(f.StageEntered, 2, stage="recycled"),
        fact(f.StageEntered, 24, stage="marketing_qualified", passage=2),
        *(offered(24, "h2"), called(25, interaction="second"), answered(26, handoff="h2")),
    ]
    first, second = run(facts, 30, rules)
    assert (first.started_at, first.state) == (when(1), "met")
    assert (second.started_at, second.state) == (when(25), "met")


@pytest.mark.parametrize(
    ("event", "more"),
    [
        ("connected", called(2, direction="inbound")),
        ("connected", fact(f.StatusChanged, 2, status="connected")),
        ("decided", answered(2, "reject")),
        ("routed", fact(f.HandoffRouted, 2, handoff="h1", queue="q")),
        ("assigned", assigned(2)),
        ("won", fact(f.OpportunityWon, 2, opportunity="o")),
        ("stage:sales_accepted", fact(f.StageEntered, 2, stage="sales_accepted")),
    ],
)
def test_each_event_stops_a_clock(event: str, more: f.Fact) -> None:
    rules = policy(starts="offered", stops=event)
    clock = one([fact(f.StageEntered, 0, stage="marketing_qualified"), offered(), more], 3, rules)
    assert (clock.state, clock.stopped_at, clock.ended_by) == ("met", when(2), event)


def test_hand_offs_to_the_other_function_are_not_its_duty() -> None:
    back = fact(f.HandoffOffered, 0, handoff="h1", from_function="sales", to_function="marketing")
    assert run([back, assigned(1)], 3) == ()


def test_what_happens_after_now_is_not_known_yet() -> None:
    facts = [offered(), assigned(0), called(2)]
    assert one(facts, 1).state == "running"
    assert one(facts, 2).state == "met"


STORY = [
    offered(),
    assigned(1, "ann"),
    assigned(2, "bob"),
    called(3),
    answered(4),
    offered(50, "h2"),
    assigned(51, "bob", "h2"),
]


@given(st.permutations(STORY), st.floats(min_value=0, max_value=100))
@settings(max_examples=40, deadline=None)
def test_clocks_do_not_depend_on_the_order_in_which_facts_arrive(facts: list[f.Fact], now: float) -> None:
    assert run(facts, now) == run(STORY, now)


@given(st.lists(st.floats(min_value=0, max_value=100), min_size=2, max_size=2), st.sampled_from(["restart", "inherit"]))
@settings(max_examples=40, deadline=None)
def test_a_settled_clock_never_changes_again(nows: list[float], on_transfer: str) -> None:
    rules = policy(on_transfer=on_transfer)
    early, late = (run(STORY, now, rules) for now in sorted(nows))
    settled = {"met", "met_late", "cancelled"}
    for before in early:
        after = next(c for c in late if (c.handoff, c.turn) == (before.handoff, before.turn))
        if before.state in settled:
            assert (after.state, after.due_at, after.elapsed) == (before.state, before.due_at, before.elapsed)


def test_a_clock_explains_itself() -> None:
    text = one([offered(), assigned(6)], 29).explain()
    assert text == (
        "sales.touch (sales, within 4 business hours): started 2026-03-02 15:00 UTC, due 2026-03-03 11:00 UTC, "
        "breached, 3 h over, held by ann"
    )
    assert "met by touched 2026-03-02 11:00 UTC" in one([offered(), assigned(1), called(2)], 3).explain()
    assert "1 h left" in one([offered(), assigned(0)], 3).explain()
    assert "not started" in one([offered()], 3).explain()
    assert one([offered(), assigned(6)], 29).lines() == [
        (when(6), "SLA sales.touch started, due 2026-03-03 11:00 UTC"),
        (when(26), "SLA sales.touch breached"),
    ]


def test_the_board_shows_who_has_to_act_next() -> None:
    every = [
        one([offered(), assigned(1, "ann")], 4.75),
        one([offered(), assigned(0.5, "bob")], 4.75),
        one([offered(), assigned(3, "ann")], 4.75),
        one([offered()], 4.75),
    ]
    board = Board(every)
    assert [clock.state for clock in board] == ["breached", "running", "running", "not_started"]
    assert [clock.due_at for clock in board.due_within("30m")] == [when(5)]
    assert len(board.due_within(timedelta(hours=3))) == 2
    assert [clock.owner for clock in board.breached()] == ["bob"]
    assert {owner: len(part) for owner, part in board.by_owner().items()} == {"": 1, "ann": 2, "bob": 1}
    assert board.by_state()["running"] == 2
    assert repr(board) == "<Board: 1 not_started, 2 running, 1 breached>"
    assert board.to_dicts()[0]["due_at"] == "2026-03-02T13:30:00.000Z"
    assert board.to_dicts()[0]["overdue"] == 900.0
    assert "<table" in board._repr_html_()
    assert isinstance(board[:2], Board)
    with pytest.raises(ValueError, match="plain time"):
        board.due_within("4 business hours")


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("30m", "elapsed", 1_800_000_000),
        ("90 sec", "elapsed", 90_000_000),
        ("2 days", "elapsed", 172_800_000_000),
        ("1 week", "elapsed", 604_800_000_000),
        ("4 business hours", "business", 14_400_000_000),
        ("1.5 Business Hours", "business", 5_400_000_000),
        ("30 business minutes", "business", 1_800_000_000),
        ("1 business day", "business_days", 1),
        ("10 business days", "business_days", 10),
    ],
)
def test_durations_are_read_as_people_write_them(text: str, kind: str, amount: int) -> None:
    assert Allowance.parse(text) == Allowance(kind, amount)  # type: ignore[arg-type]  # parametrised text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"within": "soon"}, "4 business hours"),
        ({"within": "0 h"}, "leaves no time"),
        ({"within": "1 business week"}, "is not a duration"),
        ({"starts": "clicked"}, "String should match"),
        ({"stops": "assigned"}, "both starts and stops"),
        ({"stops": []}, "at least 1"),
        ({"warn_at": 2}, "less than or equal to 1"),
        ({"surprise": 1}, "Extra inputs"),
    ],
)
def test_a_target_that_cannot_be_meant_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        policy(**change)


def test_a_policy_holds_together() -> None:
    base = policy().model_dump(mode="json")
    with pytest.raises(ValidationError, match="name a calendar"):
        SLAPolicy.model_validate({**base, "calendar": None})
    with pytest.raises(ValidationError, match="rename one"):
        SLAPolicy.model_validate({**base, "targets": base["targets"] * 2})
    assert SLAPolicy.model_validate(base) == policy()
    assert policy().calendars == {"office"}
    with pytest.raises(ConfigError, match=r"needs the calendar 'office'.*defined: none"):
        clocks(LeadHistory.fold([offered()]), [policy()], {}, when(0))
