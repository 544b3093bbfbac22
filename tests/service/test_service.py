"""The loop: when turns come, what ends it, what does not, and what is left to a person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leadbridge.errors import AuthExpired, RateLimited, StoreBusy, Unavailable
from leadbridge.service import Bell
from tests.service.conftest import START, Works, nothing
from tests.sync.conftest import person


def begins(works: Works) -> list[float]:
    return [(turn.started - START).total_seconds() for turn in works.turns]


def test_turns_come_at_their_interval_and_the_second_finds_nothing_to_do(works: Works) -> None:
    works.left.crm.seed("person", [person(1)])
    works.run(nothing, nothing)
    assert begins(works) == [0, 60, 120]
    assert [turn.problems for turn in works.turns] == [{}, {}, {}]
    assert len(works.right.crm.dump("person")) == 1
    assert len(works.turns[2].rounds) == 1


def test_what_changes_meanwhile_is_carried_over_in_the_next_turn(works: Works) -> None:
    works.run(lambda: works.left.crm.seed("person", [person(1)]))
    assert len(works.right.crm.dump("person")) == 1


def test_a_ring_brings_the_next_turn_forward_but_a_burst_of_them_only_one(works: Works) -> None:
    def burst() -> None:
        for _ in range(100):
            works.bell.ring()

    works.run(burst, nothing)
    assert begins(works) == [0, 5, 65]


@pytest.mark.parametrize("works", [{"left": "on", "right": "ask"}], indirect=True)
def test_a_connection_set_to_ask_is_planned_and_left_to_a_person_who_then_is_carried_on_with(works: Works) -> None:
    works.left.crm.seed("person", [person(1), person(2)])
    works.run(nothing)
    assert works.right.crm.dump("person") == []
    assert [turn.rounds[-1].left["right"] for turn in works.turns] == [2, 2]
    assert works.turns[-1].problems == {}
    plan = works.bridge.plan()
    works.right.crm.fail(AuthExpired("reconnect"), operation="apply")
    works.bridge.apply(plan, approve=plan.hash)
    assert works.right.crm.dump("person") == []
    works.clock.advance(timedelta(minutes=10))
    works.run(nothing)
    assert len(works.right.crm.dump("person")) == 2


def test_a_plan_over_the_limits_waits_for_a_person_and_the_service_goes_on(works: Works) -> None:
    works.left.crm.seed("person", [person(number) for number in range(300)])
    works.run()
    for row in works.left.crm.rows("person"):
        works.left.crm.edit(row.ref, {"company": f"Renamed {row.ref.id}"})
    works.run(nothing)
    stopped = works.turns[-1]
    assert list(stopped.problems) == [""]
    assert type(stopped.problems[""]).__name__ == "ApprovalNeeded"
    assert not works.service.health.look().ok
    plan = works.bridge.plan()
    works.bridge.apply(plan, approve=plan.hash)
    works.run()
    assert works.turns[-1].problems == {}
    assert works.service.health.look().ok


def test_a_connection_that_is_down_does_not_slow_the_other(works: Works) -> None:
    works.right.crm.fail(Unavailable("down"), times=2)
    works.run(nothing)
    assert begins(works) == [0, 60]
    assert set(works.turns[0].problems) == {"right"}


def test_while_nothing_works_turns_become_rarer_and_then_come_in_time_again(works: Works) -> None:
    for adapter in (works.left, works.right):
        adapter.crm.fail(Unavailable("down"), times=10)
    works.run(*[nothing] * 10)
    rests = [longest for longest, _ in works.bell.rests]
    assert rests == [60, 120, 240, 480, 900, 900, 900, 900, 900, 900, 60]


def test_a_crm_that_asks_for_patience_gets_it_whatever_webhooks_say(works: Works) -> None:
    works.right.crm.fail(RateLimited("slow", retry_after=90.0), operation="changes")
    works.run()
    assert works.bell.rests == [(90, 90)]


def test_credentials_that_expired_are_a_problem_and_not_the_end(works: Works) -> None:
    for adapter in (works.left, works.right):
        adapter.crm.fail(AuthExpired("reconnect"), times=3)
    works.run(nothing, nothing, nothing)
    assert [set(turn.blocked) for turn in works.turns] == [{"left"}, {"left"}, {"left"}, set()]
    assert works.service.health.look().ok


def test_a_busy_database_is_no_end_either(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(**_: object) -> None:
        raise StoreBusy("another process is using the database")

    monkeypatch.setattr(works.bridge, "sync", busy)
    works.run(nothing)
    assert [set(turn.problems) for turn in works.turns] == [{""}, {""}]
    assert works.turns[0].blocked == {}


def test_a_promise_that_breaks_is_told_once_even_while_the_crms_are_down(works: Works) -> None:
    works.left.crm.seed("person", [person(1)])
    works.run()
    for adapter in (works.left, works.right):
        adapter.crm.fail(Unavailable("down"), times=1000)
    works.clock.advance(timedelta(hours=9))
    before = len(works.turns)
    works.run(nothing)
    told = [alert for turn in works.turns[before:] for alert in turn.alerts]
    assert {(each.policy, each.target) for each in told} == {("answer", "accept")}
    assert len({(each.tier, each.to) for each in told}) == len(told)
    assert works.turns[-1].alerts == ()


def test_reminders_are_said_once_a_day(works: Works) -> None:
    works.run(nothing)
    works.clock.advance(timedelta(days=1))
    works.run(nothing)
    said = [bool(turn.reminders) for turn in works.turns]
    assert said in ([True, False, True, False], [False] * 4)
    assert works.turns[0].reminders == works.bridge.agreement.reminders(START.date())


def test_told_to_stop_it_finishes_what_is_under_way_and_the_next_one_does_the_rest(works: Works) -> None:
    works.left.crm.seed("person", [person(number) for number in range(700)])

    def stop_at_the_first_write(step: str, connection: str, amount: int) -> None:
        if (step, connection) == ("deliver", "right"):
            works.bell.stop()
        go_on(step, connection, amount)

    go_on = works.service._go_on
    works.service._go_on = stop_at_the_first_write  # type: ignore[method-assign]  # to be stopped just then
    works.run()
    assert works.turns == []
    done = len(works.right.crm.dump("person"))
    assert 0 < done < 700
    works.service._go_on = go_on  # type: ignore[method-assign]  # as it was
    works.run(nothing)
    assert len(works.right.crm.dump("person")) == 700
    assert works.turns[-1].problems == {}


def test_a_service_that_was_told_to_stop_before_it_began_does_nothing(works: Works) -> None:
    works.bell.stop()
    works.service.run()
    assert works.turns == []


def test_a_bell_ends_a_rest_when_rung_or_stopped_and_forgets_what_is_hushed() -> None:
    bell = Bell()
    bell.ring()
    bell.rest(3600)
    bell.ring()
    bell.hush()
    bell.rest(0.0)
    bell.stop()
    bell.rest(3600, least=3600)
    assert bell.stopping
