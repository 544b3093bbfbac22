"""Sweeping, recovering and pruning a database that several workers share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from leadbridge.clock import ManualClock
from leadbridge.errors import StoreBehind
from leadbridge.settings import RetentionSettings
from leadbridge.store import Store, Worker
from leadbridge.sync.upkeep import Upkeep
from tests.sync.conftest import START, make_bench, person


def test_markers_are_given_out_once_whoever_asks(session: Callable[[], Store]) -> None:
    stores = [session() for _ in range(4)]
    with stores[0].transaction() as tx:
        first = tx.lineage.marks(1)

    def ask(store: Store) -> list[str]:
        found = []
        for _ in range(10):
            with store.transaction() as tx:
                found += tx.lineage.marks(3)
        return found

    with ThreadPoolExecutor(4) as pool:
        marks = first + [mark for found in pool.map(ask, stores) for mark in found]
    line = stores[0].line()
    assert sorted(line.number(mark) or 0 for mark in marks) == list(range(1, 122))
    assert line.issued == 121


def test_what_vanished_is_noticed_what_is_old_removed_and_an_old_database_recovered(
    session: Callable[[], Store],
) -> None:
    bench = make_bench(ManualClock(START), store=session())
    gone, *_ = bench.left.crm.seed("person", [person(number) for number in range(6)])
    bench.sync()
    bench.clock.advance(timedelta(hours=1))
    bench.left.crm.remove(gone)
    found = Upkeep(bench.engine).sweep()
    assert sum(each.gone for each in found.swept) == 1
    bench.sync()
    assert sum(link.status == "gone" for link in bench.store.links()) == 1
    bench.clock.advance(timedelta(days=120))
    bench.engine.sync()
    keep = RetentionSettings.model_validate({"records": "90 days", "writes": "30 days", "audit": "30 days"})
    told = Upkeep(bench.engine).prune(keep)
    assert told["intent"] > 0
    assert Upkeep(bench.engine).prune(keep, yes=True) == told
    assert set(Upkeep(bench.engine).prune(keep).values()) == {0}
    with bench.store.transaction() as tx:
        tx.lineage._note({"issued": "1"})
    bench.edit(bench.left, "person1@buyer1.example", {"title": "CTO"})
    bench.edit(bench.right, "person1@buyer1.example", {"phone": "+1 555 0100"})
    with pytest.raises(StoreBehind):
        bench.engine.sync()
    assert Upkeep(bench.engine).recover(yes=True).done
    plan = bench.engine.plan()
    bench.engine.apply(plan, approve=plan.hash)
    bench.sync()
    assert bench.by_email(bench.right, "person1@buyer1.example")["title"] == "CTO"


def test_only_one_worker_sweeps_a_connection(session: Callable[[], Store]) -> None:
    clock, other = ManualClock(START), session()
    bench = make_bench(clock, store=session())
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    with other.leased("sweep left", Worker(), clock, lasting=timedelta(minutes=10)) as lease:
        assert lease is not None
        found = Upkeep(bench.engine).sweep()
    assert found.busy == {"left"}
    assert {each.connection for each in found.swept} == {"right"}
    assert Upkeep(bench.engine).sweep().busy == set()
