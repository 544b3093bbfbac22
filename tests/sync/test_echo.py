"""Our own writes come back with the next pull: nothing is decided because of them, unless somebody was there, too."""

from __future__ import annotations

from datetime import timedelta

from tests.sync.conftest import Bench, person


def test_a_write_that_comes_back_is_no_news(bench: Bench) -> None:
    refs = bench.left.crm.seed("person", [person(number) for number in range(5)])
    bench.sync()
    for ref in refs:
        bench.left.crm.edit(ref, {"title": "CTO"})
    result = bench.sync()
    assert result.writes == {"right": 5}
    assert [each.decided for each in result.rounds] == [5, 0]
    assert bench.store.observations(dirty=True) == []


def test_a_write_that_comes_back_with_somebody_elses_change_is_news(bench: Bench) -> None:
    [ref] = bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.left.crm.edit(ref, {"title": "CTO"})
    bench.clock.advance(timedelta(minutes=1))
    bench.engine.sync(rounds=1)
    [there] = bench.right.crm.rows("person")
    assert there.fields["title"] == "CTO"
    bench.right.crm.edit(there.ref, {"phone": "+44 20 7946 0000"})
    bench.sync()
    assert bench.left.crm.dump("person")[0]["phone"] == "+44 20 7946 0000"
