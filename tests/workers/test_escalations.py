"""A PostgreSQL keeps what SQLite keeps: the tables, open promises, and alerts that two processes cannot both give."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from leadbridge.agreement import Agreements
from leadbridge.domain import facts as f
from leadbridge.ledger import Ledger
from leadbridge.store import Store
from leadbridge.store.schema import metadata
from tests.bridge.test_timers import AGREEMENT, HOUR, START, offer, tell

SERIES = Agreements.of(AGREEMENT)
TOGETHER = 4
ALERTS = [
    f.SLAEscalated(
        lead=lead, occurred_at=START, recorded_at=START, handoff=lead, policy="sales", target="touch", turn=1,
        tier=tier, to="ann", passage=1, agreement=1,
    )
    for lead in ("L1", "L2")
    for tier in ("warning", "due", "breach")
]  # fmt: skip


def told(store: Store) -> list[f.SLAEscalated]:
    with store.transaction() as tx:
        return tx.tell(ALERTS)


def test_the_tables_are_those_of_this_release(server: str, session: Callable[[], Store]) -> None:
    session()
    engine = create_engine(server)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_whoever_asks_while_another_tells_waits_and_gets_nothing(server: str, session: Callable[[], Store]) -> None:
    first, second = session(), session()
    watcher = create_engine(server, isolation_level="AUTOCOMMIT")
    with watcher.connect() as watching, ThreadPoolExecutor() as pool:
        waiting = text("select count(*) from pg_locks where not granted and relation = 'fact'::regclass")
        with first.transaction() as tx:
            mine = tx.tell(ALERTS)
            other = pool.submit(told, second)
            # Without the lock the other one does not wait, and is done.
            while not other.done() and not watching.execute(waiting).scalar_one():
                pass
        assert (mine, other.result()) == (ALERTS, [])
    watcher.dispose()
    assert [fact for _, fact in first.facts()] == ALERTS


def test_of_several_that_tell_at_the_same_time_one_tells_each(session: Callable[[], Store]) -> None:
    stores, ready = [session() for _ in range(TOGETHER)], Barrier(TOGETHER)

    def run(store: Store) -> list[f.SLAEscalated]:
        ready.wait()
        return told(store)

    with ThreadPoolExecutor(TOGETHER) as pool:
        given = [alert for alerts in pool.map(run, stores) for alert in alerts]
    assert sorted(given, key=str) == sorted(ALERTS, key=str)
    assert stores[0].count("fact") == len(ALERTS)


def test_of_several_that_escalate_at_the_same_time_one_tells_each(session: Callable[[], Store]) -> None:
    stores, ready = [session() for _ in range(TOGETHER)], Barrier(TOGETHER)
    with stores[0].transaction() as tx:
        tx.append([*offer("L1"), *offer("L2", 1, owner="bob")])

    def run(store: Store) -> tuple[f.SLAEscalated, ...]:
        ready.wait()
        return Ledger(store).escalate(SERIES, START + 7 * HOUR)

    expected = Ledger(stores[0]).escalations(SERIES, START + 7 * HOUR)
    with ThreadPoolExecutor(TOGETHER) as pool:
        given = [alert for alerts in pool.map(run, stores) for alert in alerts]
    assert len(expected) == 4
    assert sorted(given, key=str) == sorted(expected, key=str)


def test_open_promises_are_those_that_folding_all_facts_gives(session: Callable[[], Store]) -> None:
    store, now = session(), START + 6 * HOUR
    ledger = Ledger(store)
    leads = ("a b", "Ab", "a_b", "aB")
    with store.transaction() as tx:
        tx.append(fact for lead in leads for fact in offer(lead))
    for late in ([], [tell(f.HandoffDecided, 1, "Ab", handoff="Ab:1", decision="accept")]):
        with store.transaction() as tx:
            tx.append(late)
        folded = [clock for clock in ledger.clocks(SERIES, now) if clock.open]
        kept = ledger.timers(SERIES, now)
        assert list(kept.board()) == folded
        assert list(kept.board(3)) == folded[:3]
        assert (len(kept), len(kept.breached()), len(kept.due_within(timedelta(days=1)))) == (
            len(folded),
            sum(clock.state == "breached" for clock in folded),
            sum(clock.state == "running" for clock in folded),
        )
