"""How many calls a plan takes, and how many of the day's it may take."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.clock import ManualClock
from leadbridge.errors import BudgetSpent
from leadbridge.http import Allowance, Usage
from leadbridge.memory import MemoryAdapter
from leadbridge.sync.budget import Budget, estimate
from tests.sync.conftest import Bench, make_bench, person


class Metered(MemoryAdapter):
    """A CRM that says how much of its day is used."""

    usage: Usage | None = Usage(0, 1000)


@pytest.fixture
def right(clock: ManualClock) -> Metered:
    return Metered("right", clock=clock)


@pytest.fixture
def metered(clock: ManualClock, right: Metered) -> Bench:
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(n) for n in range(5)])
    return bench


def test_a_plan_says_about_how_many_calls_it_takes_and_the_round_how_many_it_took(metered: Bench) -> None:
    plan = metered.engine.plan()
    assert plan.estimate == estimate(plan.writes, metered.engine.mappings())
    assert plan.estimate["right"] > 0
    assert f"about {plan.estimate['right']} calls" in plan.summary()
    done = metered.engine.apply(plan)
    assert done.estimate == plan.estimate
    assert 0 < done.calls["right"] <= 3 * plan.estimate["right"]


def test_an_account_that_is_nearly_used_up_is_read_and_not_written(metered: Bench, right: Metered) -> None:
    right.usage = Usage(901, 1000)
    result = metered.engine.sync()
    assert isinstance(result.failed["right"], BudgetSpent)
    assert right.crm.dump("person") == []
    right.usage = Usage(10, 1000)
    metered.sync()
    assert len(right.crm.dump("person")) == 5, "what was put off is done"


def test_our_own_share_of_a_day_is_not_exceeded_and_comes_back(metered: Bench, right: Metered) -> None:
    metered.engine.meter.budgets = {"right": Budget(share=0.02)}
    for _ in range(20):
        metered.engine.sync(rounds=1)
    metered.edit(metered.left, "person1@buyer1.example", {"title": "CFO"})
    assert isinstance(metered.engine.sync(rounds=1).failed["right"], BudgetSpent)
    metered.clock.advance(timedelta(hours=25))
    metered.sync()
    assert metered.by_email(right, "person1@buyer1.example")["title"] == "CFO"


def test_an_account_that_says_nothing_is_not_held_back(metered: Bench, right: Metered) -> None:
    right.usage = None
    metered.sync()
    assert len(right.crm.dump("person")) == 5
    assert isinstance(right, Allowance)
    assert not isinstance(metered.left, Allowance)


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000))
def test_neither_the_share_nor_the_reserve_is_ever_touched(
    share: float, reserve: float, used: int, allowed: int, ours: int
) -> None:
    left = Budget(share, reserve).left(Usage(used, allowed), ours)
    assert left >= 0
    if left:
        assert ours + left <= share * allowed + 1e-6
        assert used + left <= (1 - reserve) * allowed + 1e-6
