"""Claims of writes: each goes to one worker, in order, and one that comes too late changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadbridge.adapter import Ref
from leadbridge.clock import ManualClock
from leadbridge.errors import StoreConflict
from leadbridge.store import Intent, Place, Store, Worker

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLAIM, GRACE = timedelta(minutes=5), timedelta(minutes=2)


@pytest.fixture(params=["sqlite", "postgresql"])
def sessions(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    if request.param == "postgresql":
        yield request.getfixturevalue("session")
        return
    opened: list[Store] = []

    def one() -> Store:
        opened.append(Store(f"sqlite:///{tmp_path / 'bridge.db'}"))
        return opened[-1]

    yield one
    for store in opened:
        store.close()


def intent(number: int, *, after: str | None = None, action: str = "update") -> Intent:
    return Intent(
        key=f"op-{number}",
        lead=f"lead-{number}",
        connection="right",
        action=action,  # type: ignore[arg-type]  # one of the words
        target=Ref("person", f"p-{number}"),
        fields={"title": "CTO"},
        expect={"title": None},
        agreed={},
        because={},
        after=after,
        sequence=number,
    )


def planned(store: Store, *intents: Intent) -> None:
    with store.transaction() as tx:
        tx.enqueue(intents)


def claimed(
    store: Store,
    worker: Worker,
    *,
    now: datetime = NOW,
    limit: int = 10,
    first: bool = True,
    after: Place | None = None,
) -> list[Intent]:
    with store.transaction() as tx:
        widows = tx.outbox.waiting("right").widows
        return tx.outbox.claim(
            "right", worker, now=now, until=now + CLAIM, sent_before=now - GRACE, limit=limit, first=first,
            after=after, widows=widows,
        )  # fmt: skip


def keys(intents: list[Intent]) -> list[str]:
    return [each.key for each in intents]


def test_what_one_worker_has_no_other_gets_until_its_time_is_over(sessions: Callable[[], Store]) -> None:
    first, second = sessions(), sessions()
    one, other = Worker(), Worker()
    planned(first, *map(intent, range(4)))
    mine = claimed(first, one, limit=3)
    assert keys(mine) == ["op-0", "op-1", "op-2"]
    assert keys(claimed(second, other)) == ["op-3"]
    late = claimed(second, other, now=NOW + CLAIM)
    assert keys(late) == ["op-0", "op-1", "op-2", "op-3"]
    with first.transaction() as tx:
        assert tx.outbox.held(mine) == frozenset()
    with second.transaction() as tx:
        assert tx.outbox.held(late) == set(keys(late))


def test_a_claim_that_is_prolonged_holds(sessions: Callable[[], Store]) -> None:
    store = sessions()
    planned(store, intent(1))
    mine = claimed(store, Worker())
    with store.transaction() as tx:
        assert tx.outbox.held(mine, NOW + 3 * CLAIM) == {"op-1"}
    assert claimed(store, Worker(), now=NOW + 2 * CLAIM) == []


def test_what_is_given_back_is_there_for_the_next_and_only_by_whoever_has_it(sessions: Callable[[], Store]) -> None:
    store = sessions()
    planned(store, intent(1))
    mine = claimed(store, Worker())
    with store.transaction() as tx:
        tx.outbox.release(mine)
    again = claimed(store, Worker())
    assert keys(again) == ["op-1"]
    with store.transaction() as tx:
        tx.outbox.release(mine)
    assert claimed(store, Worker()) == []


def test_a_step_waits_for_the_one_before_it(sessions: Callable[[], Store]) -> None:
    store = sessions()
    planned(store, intent(1), intent(2, after="op-1"))
    (first,) = claimed(store, Worker())
    assert claimed(store, Worker(), first=False) == []
    planned(store, replace(first, state="done"))
    assert keys(claimed(store, Worker(), first=False)) == ["op-2"]


def test_a_step_that_may_go_by_now_does_not_get_among_the_first_ones(sessions: Callable[[], Store]) -> None:
    store = sessions()
    planned(store, replace(intent(1), state="done"), intent(2, after="op-1"), intent(3))
    assert keys(claimed(store, Worker())) == ["op-3"]
    assert keys(claimed(store, Worker(), first=False)) == ["op-2"]


def test_a_write_without_an_answer_is_left_alone_for_a_while(sessions: Callable[[], Store]) -> None:
    store = sessions()
    planned(store, replace(intent(1), state="unknown", attempts=1, sent_at=NOW))
    assert claimed(store, Worker(), now=NOW + GRACE / 2) == []
    assert keys(claimed(store, Worker(), now=NOW + GRACE)) == ["op-1"]


def test_claims_go_on_behind_the_last_one(sessions: Callable[[], Store]) -> None:
    store = sessions()
    planned(store, *(intent(n, action="upsert" if n % 2 else "update") for n in range(6)))
    worker = Worker()
    first = claimed(store, worker, limit=4)
    assert keys(first) == ["op-0", "op-2", "op-4", "op-1"]
    with store.transaction() as tx:
        tx.outbox.release(first)
    assert keys(claimed(store, worker, after=Place.of(first[2]))) == ["op-1", "op-3", "op-5"]


def test_the_claims_and_leases_of_a_process_that_has_died_here_are_free_at_once(
    sessions: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = sessions()
    planned(store, intent(1))
    dead = Worker()
    mine = claimed(store, dead)
    with store.transaction() as tx:
        assert tx.leases.take("pull", dead, NOW, NOW + CLAIM) is not None
        assert tx.leases.take("pull", Worker(), NOW, NOW + CLAIM) is None
    assert claimed(store, Worker()) == []
    monkeypatch.setattr(Worker, "gone", staticmethod(lambda name: name == dead.name))
    assert keys(claimed(store, Worker())) == keys(mine)
    with store.transaction() as tx:
        assert tx.leases.take("pull", Worker(), NOW, NOW + CLAIM) is not None


def test_a_worker_that_slept_through_its_lease_stores_nothing(sessions: Callable[[], Store]) -> None:
    store, clock = sessions(), ManualClock(NOW)
    with store.leased("decide", Worker(), clock, lasting=CLAIM) as lease:
        assert lease is not None
        clock.advance(2 * CLAIM)
        with store.leased("decide", Worker(), clock, lasting=CLAIM) as other:
            assert other is not None
            assert other.fence == lease.fence + 1
            with pytest.raises(StoreConflict, match="another worker has taken over"), store.transaction() as tx:
                tx.leases.hold(lease, NOW + 9 * CLAIM)
        with store.leased("decide", Worker(), clock, lasting=CLAIM) as third:
            assert third is not None


def test_a_lease_that_is_renewed_in_time_is_nobody_elses(sessions: Callable[[], Store]) -> None:
    store, clock = sessions(), ManualClock(NOW)
    with store.leased("decide", Worker(), clock, lasting=CLAIM) as lease:
        assert lease is not None
        with store.transaction() as tx:
            tx.leases.hold(lease, NOW + 3 * CLAIM)
        clock.advance(2 * CLAIM)
        with store.leased("decide", Worker(), clock, lasting=CLAIM) as other:
            assert other is None
    with store.leased("decide", Worker(), clock, lasting=CLAIM) as now_free:
        assert now_free is not None


@pytest.mark.parametrize("name", ["", "elsewhere|1|x", "elsewhere/boot|99999999|x", "no worker at all"])
def test_of_a_worker_elsewhere_nobody_says_that_it_has_died(name: str) -> None:
    assert not Worker.gone(name)


def test_a_worker_here_lives_as_long_as_its_process() -> None:
    me = Worker().name
    assert not Worker.gone(me)
    place, _, _ = me.split("|")
    assert Worker.gone(f"{place}|{2**22 + 1}|x")
