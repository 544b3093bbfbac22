"""What a round costs: seeing a record, deciding and writing about a lead, and finding that there is nothing to do.

Two CRMs in memory, so that what is measured is leadbridge and not a network: CPU of storing one observation (new, and
known), CPU and changed leads per second of a whole round over both sides, a round without changes, and with ``--links``
the memory and time of a database with many links and a few changes.

Usage: ``python benchmarks/sync.py [--leads 5000] [--links 100000] [--changes 1000]``.
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from leadbridge.adapter import Record, Ref
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.memory import MemoryAdapter
from leadbridge.retry import Retry
from leadbridge.store import Link, Store
from leadbridge.sync import Engine

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
AGREEMENT = """
agreement: Two CRMs
version: 1
effective: 2026-01-01
lifecycle: {preset: spine}
sync:
  systems: {marketing: left, sales: right}
  guards:
    max_changes: {count: 10000000, share: 1}
    max_creates: {count: 10000000, share: 1}
    max_same: {count: 10000000, share: 1}
  fields: {title: {policy: latest, owner: sales}}
crosswalks: {left: {}, right: {}}
"""


def person(number: int) -> dict[str, str | int | float | bool | Ref | tuple[str | Ref, ...] | None]:
    return {
        "email": f"person{number}@buyer{number}.example",
        "first_name": "Ada",
        "last_name": f"Number{number}",
        "company": f"Buyer {number}",
        "source": "webinar",
    }


def measured(name: str, amount: int, work: Callable[[], object]) -> float:
    """Prints the CPU per unit and units per second of some work; returns the seconds."""
    cpu, wall = process_time(), perf_counter()
    work()
    cpu, wall = process_time() - cpu, perf_counter() - wall
    print(f"{name:<58} {cpu / amount * 1e6:9.1f} µs CPU each {amount / wall:12,.0f} a second {wall:8.2f} s")
    return wall


def observing(store: Store, amount: int) -> None:
    records = [
        Record(Ref("person", f"p-{n}"), "1", NOW, {**person(n), "title": None, "phone": None}) for n in range(amount)
    ]

    def pages() -> None:
        for start in range(0, amount, 2000):
            with store.transaction() as tx:
                tx.observe("bench", records[start : start + 2000])

    measured("page of records to observations, new", amount, pages)
    measured("page of records to observations, known", amount, pages)


def engine(store: Store, clock: ManualClock) -> tuple[Engine, MemoryAdapter]:
    left, right = MemoryAdapter("left", clock=clock), MemoryAdapter("right", clock=clock)
    made = Engine(
        Agreement.loads(AGREEMENT),
        {"left": left, "right": right},
        store,
        writes={"left": "on", "right": "on"},
        clock=clock,
        retry=Retry(),
        grace=timedelta(0),
    )
    return made, left


def rounds(store: Store, leads: int) -> None:
    clock = ManualClock(NOW)
    made, left = engine(store, clock)
    refs = left.crm.seed("person", [person(n) for n in range(leads)])
    measured("first sync, per lead", leads, made.sync)
    clock.advance(timedelta(minutes=1))
    for ref in refs:
        left.crm.edit(ref, {"title": "CTO"})
    measured("sync of one changed field, per lead", leads, made.sync)
    clock.advance(timedelta(hours=1))
    measured("sync without a change, per lead", leads, made.sync)


def many_links(store: Store, links: int, changes: int) -> None:
    """A database that knows many leads, of whom a few have changed."""
    clock = ManualClock(NOW)
    made, _ = engine(store, clock)
    mappings = made.mappings()
    for start in range(0, links, 2000):
        numbers = range(start, min(start + 2000, links))
        with store.transaction() as tx:
            for side in ("left", "right"):
                records = [Record(Ref("person", f"k-{n}"), "1", NOW, person(n)) for n in numbers]
                tx.observe(side, records, dirty=False)
                tx.save_links(Link(side, Ref("person", f"k-{n}"), f"lead-{n}") for n in numbers)
                tx.save_bases({(f"lead-{n}", side): person(n) for n in numbers})
    measured(f"handles of {2 * links:,} records, once", 2 * links, lambda: made.decide(mappings))
    measured(f"round without a change over {links:,} leads", 1, lambda: made.decide(mappings))
    with store.transaction() as tx:
        changed = [Record(Ref("person", f"k-{n}"), "2", NOW, {**person(n), "title": "CTO"}) for n in range(changes)]
        tx.observe("left", changed)
        tx.observe("left", [Record(Ref("person", "stranger"), "1", NOW, person(links + 1))])
    measured(f"plan of {changes:,} changes and a stranger, per change", changes, lambda: made.decide(mappings))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--leads", type=int, default=5000)
    parser.add_argument("--links", type=int, default=100_000)
    parser.add_argument("--changes", type=int, default=1000)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        for number, (work, amounts) in enumerate(
            ((observing, (20_000,)), (rounds, (given.leads,)), (many_links, (given.links, given.changes)))
        ):
            store = Store(f"sqlite:///{Path(folder) / f'{number}.db'}")
            work(store, *amounts)  # type: ignore[operator]  # each takes its own amounts
            store.close()
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
