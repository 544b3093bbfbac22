"""What a promise can say: cadence, grace, warnings, resets, cancels, zones and days off of whoever holds the lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from leadbridge.domain import facts as f
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla import Away, Person, SLAClock, SLAPolicy, clocks
from leadbridge.domain.trails import Assignment
from tests.domain.told import START, assigned, call, decided, fact, offered

OFFICE = {"office": BusinessCalendar(hours={"mon-fri": ("09:00-17:00",)})}
HOUR = timedelta(hours=1)


def policy(on_transfer: str = "restart", zone_of: str = "team", **target: Any) -> SLAPolicy:
    """One promise of sales: touched four business hours after the assignment, unless said otherwise."""
    usual = {"id": "touch", "starts": "assigned", "stops": "touched", "within": "4 business hours"}
    target = {key: value for key, value in {**usual, **target}.items() if value is not None}
    return SLAPolicy.model_validate(
        {"id": "sales", "calendar": "office", "on_transfer": on_transfer, "zone_of": zone_of, "targets": [target]}
    )


def run(
    facts: Sequence[f.Fact], now: float, rules: SLAPolicy, people: Mapping[str, Person] | None = None
) -> tuple[SLAClock, ...]:
    return clocks(LeadHistory.fold(facts), [rules], OFFICE, START + now * HOUR, people=people)


def one(facts: Sequence[f.Fact], now: float, rules: SLAPolicy, people: Mapping[str, Person] | None = None) -> SLAClock:
    (clock,) = run(facts, now, rules, people)
    return clock


def at(hours: float) -> Any:
    return START + hours * HOUR


CADENCE: dict[str, Any] = {"stops": None, "within": None, "cadence": {"touches": 3, "channels": 2, "within": "2 days"}}


@pytest.mark.parametrize(
    ("touches", "state", "attempts"),
    [
        ([(1, "phone"), (2, "phone")], "running", 2),
        ([(1, "phone"), (2, "phone"), (3, "phone")], "running", 3),  # three times, but one channel
        ([(1, "phone"), (2, "phone"), (3, "email")], "met", 3),
        ([(1, "phone"), (2, "email"), (3, "note")], "running", 2),  # a note is no attempt
        ([(1, "phone"), (2, "email"), (50, "phone")], "met_late", 3),
        ([(-1, "phone"), (2, "email"), (3, "phone")], "running", 2),  # before the offer
    ],
)
def test_a_cadence_is_kept_by_so_many_touches_over_so_many_channels(
    touches: list[tuple[float, str]], state: str, attempts: int
) -> None:
    told = [call(hours, channel=channel) for hours, channel in touches]
    clock = one([offered(0), assigned(0), *told], 5 if state != "met_late" else 60, policy(**CADENCE))
    assert (clock.state, clock.attempts) == (state, attempts)
    assert f"{attempts} of 3 touches over 2 channels" in clock.explain()


def test_inbound_and_marketing_touches_are_no_attempts_and_a_stop_ends_a_cadence_early() -> None:
    others = [call(1, direction="inbound"), call(2, function="marketing"), call(3, nature="content")]
    assert one([offered(0), assigned(0), *others], 5, policy(**CADENCE)).attempts == 0
    early = policy(**{**CADENCE, "stops": "connected"})
    clock = one([offered(0), assigned(0), call(1, direction="inbound")], 5, early)
    assert (clock.state, clock.ended_by) == ("met", "connected")
    done = one([offered(0), assigned(0), *(call(h, channel=c) for h, c in ((1, "a"), (2, "b"), (3, "a")))], 5, early)
    assert (done.state, done.ended_by, done.stopped_at) == ("met", "cadence", at(3))


def test_the_time_of_a_cadence_stands_in_one_place() -> None:
    target = policy(**CADENCE).targets[0]
    assert target.within == "2 days"
    assert target.cadence is not None
    assert target.cadence.within is None
    again = SLAPolicy.model_validate(policy(**CADENCE).model_dump(mode="json"))
    assert again == policy(**CADENCE)
    with pytest.raises(ValidationError, match="given twice"):
        policy(**{**CADENCE, "within": "3 days"})


def test_in_its_grace_a_promise_is_late_but_not_broken() -> None:
    rules = policy(grace="1 business hour")
    clock = one([offered(0), assigned(0)], 4.5, rules)
    assert (clock.state, clock.in_grace, clock.due_at, clock.broken_at) == ("running", True, at(4), at(5))
    assert (clock.remaining, clock.overdue) == (timedelta(0), None)
    assert "in grace until 2026-03-02 14:00 UTC" in clock.explain()
    assert one([offered(0), assigned(0), call(5)], 9, rules).state == "met"
    late = one([offered(0), assigned(0), call(5.5)], 9, rules)
    assert (late.state, late.overdue) == ("met_late", 1.5 * HOUR), "what is over counts from the due time"
    assert one([offered(0), assigned(0), decided(4.5, "recycle")], 9, rules).state == "cancelled"


def test_grace_counts_in_its_own_time_and_stands_still_with_the_clock() -> None:
    plain = one([offered(0), assigned(4)], 9, policy(grace="2 hours"))
    assert (plain.due_at, plain.broken_at) == (at(8), at(10))
    pause = [fact(f.StatusChanged, 4.5, status="on_hold"), fact(f.StatusChanged, 6, status="open")]
    held = one([offered(0), assigned(0), *pause], 6.2, policy(grace="1 hour", paused_while=["on_hold"]))
    assert (held.state, held.broken_at) == ("running", at(6.5))


@pytest.mark.parametrize(
    ("within", "before", "warns"),
    [
        ("4 business hours", "1 business hour", 25),
        ("1 business day", "2 business hours", 28),
        ("1 business day", "30m", 29.5),
        ("2 business days", "1 business day", 30),
        ("3 hours", "1 h", 8),
        ("4 business hours", "30 days", 6),  # never before it starts
    ],
)
def test_a_warning_comes_so_long_before_the_due_time(within: str, before: str, warns: float) -> None:
    clock = one([offered(0), assigned(6)], 6, policy(within=within, warn_before=before))
    assert clock.warns_at == at(warns)


def test_a_reset_gives_the_whole_time_again_until_it_was_broken() -> None:
    rules = policy(stops="decided", resets="touched", within="3 hours")
    clock = one([offered(0), assigned(0), call(2), call(4)], 6, rules)
    assert (clock.state, clock.started_at, clock.reset_at, clock.resets) == ("running", at(0), at(4), 2)
    assert (clock.due_at, clock.elapsed, clock.remaining) == (at(7), 2 * HOUR, HOUR)
    assert "given anew 2026-03-02 13:00 UTC" in clock.explain()
    late = one([offered(0), assigned(0), call(4)], 6, rules)
    assert (late.state, late.resets, late.due_at) == ("breached", 0, at(3)), "a broken promise stays broken"
    graceful = policy(stops="decided", resets="touched", within="3 hours", grace="1 hour")
    assert one([offered(0), assigned(0), call(4)], 6, graceful).state == "running"


def test_what_cancels_ends_the_promise_and_forgives_nothing() -> None:
    rules = policy(cancels="stage:disqualified")
    out = fact(f.StageEntered, 2, stage="disqualified")
    clock = one([offered(0), assigned(0), out], 9, rules)
    assert (clock.state, clock.ended_by, clock.stopped_at) == ("cancelled", "stage:disqualified", at(2))
    late = fact(f.StageEntered, 5, stage="disqualified")
    assert one([offered(0), assigned(0), late], 9, rules).state == "breached"


def test_a_stage_can_stop_the_clock_like_a_status() -> None:
    rules = policy(paused_while=["stage:nurture"])
    stages = [fact(f.StageEntered, 1, stage="nurture"), fact(f.StageEntered, 3, stage="sales_accepted")]
    clock = one([offered(0), assigned(0), *stages], 4, rules)
    assert (clock.state, clock.due_at, clock.paused) == ("running", at(6), 2 * HOUR)
    assert "stood still for 2 h" in clock.explain()
    assert one([offered(0), assigned(0), stages[0]], 4, rules).state == "paused"


AWAY = {"ann": Person(away=(Away.model_validate({"from": "2026-03-03", "to": "2026-03-04"}),))}


def test_no_time_passes_on_the_days_off_of_the_owner_and_the_due_time_knows_it_ahead() -> None:
    rules = policy(paused_while=["owner_away"])
    clock = one([offered(0), assigned(6)], 7, rules, AWAY)
    assert clock.due_at == at(3 * 24 + 2), "two hours on Monday, two on Thursday"
    assert clock.changes_at == at(15)
    off = one([offered(0), assigned(6)], 30, rules, AWAY)
    assert (off.state, off.due_at, off.remaining) == ("paused", clock.due_at, 2 * HOUR)
    assert one([offered(0), assigned(6)], 7, rules).due_at == at(26), "nobody said that she is away"
    assert one([offered(0), assigned(6, "bob")], 7, rules, AWAY).due_at == at(26)
    whole = one(
        [offered(0), assigned(6, "bob"), assigned(7, "ann")], 8, policy("continue", paused_while=["owner_away"]), AWAY
    )
    assert whole.due_at == clock.due_at


def test_hours_count_in_the_zone_of_whoever_holds_the_lead() -> None:
    people = {"ann": Person(zone="Asia/Kolkata")}
    clock = one([offered(0), assigned(0)], 1, policy(zone_of="assignee"), people)
    assert (clock.zone, clock.due_at) == ("Asia/Kolkata", at(20)), "14:30 there: 2.5 h today, 1.5 h tomorrow"
    assert one([offered(0), assigned(0)], 1, policy(), people).due_at == at(4), "of the team"
    assert one([offered(0), assigned(0, "bob")], 1, policy(zone_of="assignee"), people).due_at == at(4)


def test_a_clock_that_goes_on_counts_each_part_in_the_zone_of_its_holder() -> None:
    people = {"bob": Person(zone="Asia/Kolkata")}
    clock = one([offered(0), assigned(0, "ann"), assigned(1, "bob")], 2, policy("continue", "assignee"), people)
    # One hour with Ann; in Kolkata it is 15:30 then: an hour and a half until 17:00, the rest the next morning.
    assert clock.due_at == at(18.5 + 1.5)
    assert clock.chain == (Assignment("ann", at(0)), Assignment("bob", at(1)))


def test_who_held_it_is_told_without_an_end() -> None:
    moves = [assigned(hours, f"rep{hours}") for hours in range(30)]
    found = run([offered(0), *moves], 40, policy())
    assert [clock.turn for clock in found] == list(range(1, 31))
    assert found[-1].transfers == 29
    assert [held.owner for held in found[-1].chain] == [f"rep{hours}" for hours in range(30)]
    assert "handed on by rep0, rep1" in found[-1].explain()


def test_a_clock_names_its_calendar_and_the_version_in_which_it_started() -> None:
    shorter = {"from": date(2026, 3, 1), "hours": {"mon-fri": ["09:00-12:00"]}}
    office = {"office": OFFICE["office"].model_copy(update={"versions": [shorter]})}
    (clock,) = clocks(LeadHistory.fold([offered(0), assigned(0)]), [policy()], office, at(1))
    assert (clock.calendar, clock.calendar_version, clock.zone) == ("office", date(2026, 3, 1), "UTC")
    assert clock.due_at == at(25)
    assert one([offered(0), assigned(0)], 1, policy()).calendar_version is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stops": None}, "nothing keeps target touch"),
        ({"within": None}, "says nothing of time"),
        ({"grace": "a while"}, "is not a duration"),
        ({"warn_before": "5 business hours"}, "would warn before it starts"),
        ({"warn_before": "1 business day"}, "counts days"),
        ({"cancels": "touched"}, "both keeps and cancels"),
        ({"resets": "touched"}, "both keeps and resets"),
        ({"stops": "answered"}, "answered needs starts: asked"),
        ({"cancels": "acknowledged"}, "acknowledged needs starts: raised"),
        ({"escalate": [{"at": "sometime", "to": "rep"}]}, "is no moment"),
        ({"escalate": [{"at": "+soon", "to": "rep"}]}, "is not a duration"),
        ({"cadence": {"touches": 0}}, "greater than or equal to 1"),
        ({"cadence": {"touches": 2, "channels": 3}}, "ask for fewer channels"),
    ],
)
def test_terms_that_cannot_be_meant_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        policy(**change)


def test_business_time_anywhere_in_a_target_needs_a_calendar() -> None:
    plain = {"id": "t", "starts": "offered", "stops": "decided", "within": "4 hours"}
    for more in ({"grace": "1 business hour"}, {"escalate": [{"at": "+1 business day", "to": "rep"}]}):
        with pytest.raises(ValidationError, match="name a calendar"):
            SLAPolicy.model_validate({"id": "p", "targets": [{**plain, **more}]})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"zone": "Asia/Calcuta"}, "did you mean Asia/Calcutta"),
        ({"zone": "nowhere at all"}, "such as Europe/London"),
        ({"away": [{"from": "2026-03-05", "to": "2026-03-04"}]}, "before it begins"),
    ],
)
def test_a_person_that_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Person.model_validate(given)


def test_an_assignment_changes_nothing_about_the_time_before_it() -> None:
    people = {"ann": Person(zone="America/Los_Angeles")}
    rules = policy(zone_of="assignee", starts="offered", stops="decided")
    broken = one([offered(0)], 5, rules, people)
    assert (broken.state, broken.due_at) == ("breached", at(4))
    late = one([offered(0), assigned(5)], 6, rules, people)
    assert (late.state, late.due_at, late.owner) == ("breached", at(4), "ann"), (
        "nobody's, and the team's hours, till then"
    )
    # One hour with the team; in Los Angeles it is two in the morning then, and its office opens seven hours later.
    assert one([offered(0), assigned(1)], 2, rules, people).due_at == at(8 + 3)
