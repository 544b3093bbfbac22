"""Eight workers on one PostgreSQL, some of which sleep through the end of their claims: everybody is made once.

The CRM that they write to is not fenced, as no CRM is: what keeps it right is the key that travels with a creation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from threading import Event, Lock

from leadbridge.adapter import Description, Receipt, Write
from leadbridge.agreement import Agreement
from leadbridge.clock import SystemClock
from leadbridge.domain.facts import LeadLinked, WriteApplied
from leadbridge.memory import MemoryAdapter
from leadbridge.retry import Retry
from leadbridge.store import Store
from leadbridge.sync import Engine, RoundResult
from leadbridge.sync.deliver import Delivered, deliver
from leadbridge.sync.progress import silent
from tests.sync.conftest import AGREEMENT, person

WORKERS = 8
LEADS = 600
LEASE = timedelta(milliseconds=300)
RETRY = Retry(attempts=3).without_waiting()


class Sleepy(MemoryAdapter):
    """A connection some of whose writes take longer than a claim holds, before or after they happen."""

    def __init__(self, name: str, *, pauses: int) -> None:
        super().__init__(name, clock=SystemClock())
        self._random, self._left, self._guard = Random(7), pauses, Lock()

    def describe(self) -> Description:
        told = super().describe()
        # Small batches, so that there is something to do for everybody.
        object.__setattr__(told.capabilities, "write_batch", 10)
        return told

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        with self._guard:
            pause = self._left > 0 and self._random.random() < 0.25
            self._left -= pause
            before = self._random.random() < 0.5
        if pause and before:
            Event().wait(2 * LEASE.total_seconds())
        receipts = super().apply(writes)
        if pause and not before:
            Event().wait(2 * LEASE.total_seconds())
        return receipts


def engine(store: Store, left: MemoryAdapter, right: MemoryAdapter) -> Engine:
    return Engine(
        Agreement.loads(AGREEMENT),
        {"left": left, "right": right},
        store,
        writes={"left": "on", "right": "on"},
        clock=SystemClock(),
        retry=RETRY,
        grace=timedelta(0),
        workers=1,
    )


def crms(pauses: int = 0) -> tuple[MemoryAdapter, Sleepy]:
    left, right = MemoryAdapter("left", clock=SystemClock()), Sleepy("right", pauses=pauses)
    left.crm.seed("person", [person(number) for number in range(LEADS)])
    return left, right


def made_once(store: Store, left: MemoryAdapter, right: MemoryAdapter) -> None:
    """Everybody is in both CRMs, made by one write and linked once."""
    there = Counter(str(row["email"]) for row in right.crm.dump("person"))
    assert there == Counter(str(row["email"]) for row in left.crm.dump("person"))
    assert set(there.values()) == {1}
    facts = [fact for _, fact in store.facts()]
    writes = Counter(fact.intent for fact in facts if isinstance(fact, WriteApplied))
    assert set(writes.values()) == {1}
    assert len(writes) == store.count("intent")
    created = Counter(fact.lead for fact in facts if isinstance(fact, LeadLinked) and fact.how == "created")
    assert len(created) == LEADS
    assert set(created.values()) == {1}
    assert store.intents() == []


def test_eight_workers_that_sleep_past_their_claims_make_everybody_once(session: Callable[[], Store]) -> None:
    left, right = crms(pauses=10)
    stores = [session() for _ in range(WORKERS)]
    first = engine(stores[0], left, right)
    mappings = first.mappings()
    assert not first.pull(mappings).failed
    with first._leased("decide") as lease:
        assert lease is not None
        first._record(mappings, first.decide(mappings), RoundResult(), None, lease, silent)
    assert len(stores[0].intents(connection="right")) == LEADS

    def work(store: Store) -> Delivered:
        adapters = {"left": left, "right": right}
        done = [
            deliver(
                store, mappings, adapters, clock=SystemClock(), retry=RETRY, grace=timedelta(0), workers=1,
                lasting=LEASE,
            )
            for _ in range(6)
        ]  # fmt: skip
        total = Delivered()
        for each in done:
            total.applied += each.applied
            total.lost += each.lost
        return total

    with ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(work, stores))
    assert sum(result.lost for result in results) > 0
    assert sum(result.applied["right"] for result in results) == LEADS
    made_once(stores[0], left, right)


def test_eight_workers_that_sync_at_the_same_time_read_decide_and_write_once(session: Callable[[], Store]) -> None:
    left, right = crms()
    stores = [session() for _ in range(WORKERS)]
    engines = [engine(store, left, right) for store in stores]
    engines[0].mappings()

    def work(one: Engine) -> None:
        for _ in range(20):
            if one.sync(rounds=2).quiet:
                break

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, engines))
    assert engines[0].sync().quiet
    made_once(stores[0], left, right)
