"""Opt-outs go first, and go when nothing else may: neither a budget nor a long queue holds them up."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from leadbridge.adapter import Receipt, Write
from leadbridge.clock import ManualClock
from leadbridge.errors import BudgetSpent
from leadbridge.http import Usage
from leadbridge.memory import MemoryAdapter
from leadbridge.sync.budget import Budget
from tests.sync.conftest import Bench, make_bench, person

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
