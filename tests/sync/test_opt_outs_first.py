"""Opt-outs go first, and go when nothing else may: neither a budget nor a long queue holds them up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from leadbridge.adapter import Receipt, Value, Write
from leadbridge.agreement import Agreement, Agreements
from leadbridge.clock import ManualClock
from leadbridge.errors import ApprovalNeeded, BudgetSpent, Unavailable
from leadbridge.http import Usage
from leadbridge.memory import MemoryAdapter
from leadbridge.sync import Selection
from leadbridge.sync.budget import Budget
from tests.sync.conftest import AGREEMENT, Bench, make_bench, person

ADA = "person7@buyer7.example"


class Noting(MemoryAdapter):
    """A CRM whose day of calls may be used up, and that notes the order of what it is told."""

    usage: Usage | None = Usage(0, 1000)

    def __init__(self, account: str, clock: ManualClock) -> None:
        super().__init__(account, clock=clock)
        self.told: list[Write] = []

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        self.told += writes
        return super().apply(writes)


@pytest.fixture
def right(clock: ManualClock) -> Noting:
    return Noting("right", clock)


@pytest.fixture
def busy(clock: ManualClock, right: Noting) -> Bench:
    """Everybody gets a new title on the left, and one of them has opted out; a newcomer waits as well."""
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(number) for number in range(9)])
    bench.sync()
    right.told.clear()
    for number in range(9):
        bench.edit(bench.left, f"person{number}@buyer{number}.example", {"title": "CTO"})
    bench.edit(bench.left, ADA, {"opted_out": True})
    bench.left.crm.seed("person", [person(10)])
    return bench


def test_an_opt_out_is_written_before_everything_else(busy: Bench, right: Noting) -> None:
    busy.sync()
    first = right.told[0]
    assert first.fields["opted_out"] is True
    assert sum("opted_out" in write.fields and write.action == "update" for write in right.told) == 1
    assert len(right.told) >= 10


@pytest.mark.parametrize("used", [901, 1000])
def test_an_opt_out_is_written_when_the_calls_of_the_day_are_used_up(busy: Bench, right: Noting, used: int) -> None:
    right.usage = Usage(used, 1000)
    result = busy.engine.sync()
    assert isinstance(result.failed["right"], BudgetSpent), "the rest waits, and that is said"
    assert [dict(write.fields).get("opted_out") for write in right.told] == [True]
    assert busy.by_email(right, ADA)["opted_out"] is True
    assert {intent.connection for intent in busy.store.intents()} == {"right"}
    right.usage = Usage(10, 1000)
    busy.sync()
    assert busy.by_email(right, "person1@buyer1.example")["title"] == "CTO"


def test_an_opt_out_is_written_when_our_own_share_is_used_up(busy: Bench, right: Noting) -> None:
    busy.engine.meter.budgets = {"right": Budget(share=0)}
    busy.engine.sync()
    assert len(right.told) == 1
    assert busy.by_email(right, ADA)["opted_out"] is True


def test_making_somebody_who_has_opted_out_is_no_opt_out(busy: Bench, right: Noting) -> None:
    busy.sync()
    right.usage = Usage(1000, 1000)
    busy.left.crm.seed("person", [person(11, opted_out=True)])
    busy.engine.sync()
    assert len(right.crm.dump("person")) == 10, "nobody who is not there can be written to"


# -- a plan that waits for a person ------------------------------------------------------------------------------------


def agreed(**guards: str) -> Agreements:
    """The agreement with other limits."""
    limits = "".join(f"max_{name}: {limit}, " for name, limit in guards.items())
    text = re.sub(r"guards: \{.*\}\}", f"guards: {{{limits}}}", AGREEMENT)
    return Agreements.of(Agreement.loads(text))


@pytest.fixture
def held(clock: ManualClock) -> Bench:
    """A plan over the limits: everybody got another phone, and one of them has opted out as well."""
    bench = make_bench(clock)
    bench.left.crm.seed("person", [person(number, title="CTO") for number in range(30)])
    bench.sync()
    everybody(bench, 30, {"phone": "0123"})
    bench.edit(bench.left, ADA, {"opted_out": True, "title": "CFO"})
    bench.engine.agreements = agreed(changes="{count: 10, share: 0}")
    return bench


def everybody(bench: Bench, number: int, fields: Mapping[str, Value]) -> None:
    for each in range(number):
        bench.edit(bench.left, f"person{each}@buyer{each}.example", fields)


def opted_out(bench: Bench) -> list[str]:
    """Who opted out in the CRM on the right."""
    return [str(row["email"]) for row in bench.right.crm.dump("person") if row.get("opted_out") is True]


def with_phone(bench: Bench) -> int:
    return sum(row.get("phone") is not None for row in bench.right.crm.dump("person"))


def test_an_opt_out_does_not_wait_for_the_approval_of_the_plan_that_it_is_in(held: Bench) -> None:
    with pytest.raises(ApprovalNeeded, match="30 changed records"):
        held.engine.sync()
    assert opted_out(held) == [ADA]
    assert with_phone(held) == 0, "nothing else is written"
    assert held.by_email(held.right, ADA)["title"] == "CTO", "nor of the same record"
    assert "ConsentWithdrawn" in {type(fact).__name__ for _, fact in held.store.facts()}


def test_what_a_person_is_asked_to_approve_is_the_plan_without_the_opt_outs(held: Bench) -> None:
    with pytest.raises(ApprovalNeeded) as needed:
        held.engine.sync()
    plan = held.engine.plan()
    assert plan.hash == needed.value.plan_hash
    assert not any("opted_out" in step.fields for step in plan.writes)
    assert held.engine.sync(approve=plan.hash).quiet
    assert with_phone(held) == 30
    assert held.by_email(held.right, ADA)["title"] == "CFO"


def test_applying_a_plan_that_nobody_approved_delivers_its_opt_outs(held: Bench) -> None:
    with pytest.raises(ApprovalNeeded) as needed:
        held.engine.apply(held.engine.plan())
    assert (opted_out(held), with_phone(held)) == ([ADA], 0)
    plan = held.engine.plan()
    assert needed.value.plan_hash == plan.hash
    held.engine.apply(plan, approve=plan.hash)
    assert with_phone(held) == 30


def test_an_opt_out_that_a_crm_did_not_take_goes_with_the_next_sync_although_the_plan_is_still_held(
    held: Bench,
) -> None:
    held.right.crm.fail(Unavailable("down", sent=False), operation="apply", times=9)
    with pytest.raises(ApprovalNeeded):
        held.engine.sync()
    assert opted_out(held) == []
    held.right.crm.recover()
    with pytest.raises(ApprovalNeeded):
        held.engine.sync()
    assert (opted_out(held), with_phone(held)) == ([ADA], 0)


def test_what_is_within_the_limits_without_the_opt_outs_needs_nobody(held: Bench) -> None:
    everybody(held, 11, {"opted_out": True})
    everybody(held, 30, {"phone": None})
    assert held.engine.sync().quiet
    assert len(opted_out(held)) == 11
    assert held.by_email(held.right, ADA)["title"] == "CFO"


def test_opt_outs_that_look_like_a_bad_import_wait_for_a_person(held: Bench) -> None:
    held.engine.agreements = agreed(same="{count: 10, share: 0}")
    everybody(held, 20, {"opted_out": True})
    with pytest.raises(ApprovalNeeded, match="max_same"):
        held.engine.sync()
    assert opted_out(held) == []


def test_an_opt_out_that_somebody_unticks_is_ticked_again_without_asking(held: Bench) -> None:
    with pytest.raises(ApprovalNeeded):
        held.engine.sync()
    held.edit(held.right, ADA, {"opted_out": False})
    with pytest.raises(ApprovalNeeded):
        held.engine.sync()
    assert opted_out(held) == [ADA]


def test_a_lead_that_is_new_waits_with_the_plan_that_says_who_it_is(clock: ManualClock) -> None:
    bench = make_bench(clock)
    bench.engine.agreements = agreed()
    bench.left.crm.seed("person", [person(1, opted_out=True)])
    bench.right.crm.seed("person", [person(1)])
    with pytest.raises(ApprovalNeeded, match="first match"):
        bench.engine.sync()
    assert opted_out(bench) == []
    assert list(bench.store.facts()) == []


def test_what_is_left_of_a_decision_keeps_its_timer_and_its_questions(held: Bench) -> None:
    held.edit(held.right, ADA, {"industry": "Witchcraft"})
    later = held.clock.now() + timedelta(days=9)
    before = (held.store.due(later), {item.fingerprint for item in held.store.quarantined()})
    assert before[0]
    with pytest.raises(ApprovalNeeded):
        held.engine.sync()
    assert (held.store.due(later), {item.fingerprint for item in held.store.quarantined()}) == before


def test_the_opt_outs_of_a_part_of_a_plan_go_as_well(held: Bench) -> None:
    plan = held.engine.plan(selection=Selection(only=("opted_out", "phone")))
    with pytest.raises(ApprovalNeeded):
        held.engine.apply(plan)
    assert (opted_out(held), with_phone(held)) == ([ADA], 0)
