"""What a round costs: seeing a record, deciding and writing about a lead, and finding that there is nothing to do.

Two CRMs in memory, so that what is measured is leadbridge and not a network; the CPU that they use themselves is
counted apart and left out. Each figure stands beside its goal.

Usage: ``python benchmarks/sync.py [--leads 5000] [--links 100000] [--changes 1000] [--times 3]``. What a large database
needs is shown by ``--leads 0 --links 1000000 --changes 10000``.
"""

from __future__ import annotations

import argparse
import gc
import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from time import perf_counter, process_time, thread_time
from typing import TypeVar

from leadbridge.adapter import Record, Ref, Value
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.memory import MemoryAdapter
from leadbridge.retry import Retry
from leadbridge.store import Link, Store
from leadbridge.sync import Engine, SyncResult

T = TypeVar("T")

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
PAGE = 2000


class Metered(MemoryAdapter):
    """A CRM in memory that knows how much CPU it uses itself."""

    spent = 0.0
    _turn = Lock()

    def _request(self, operation: str, work: Callable[[], T]) -> T:
        begun = thread_time()
        try:
            return super()._request(operation, work)
        finally:
            with Metered._turn:
                Metered.spent += thread_time() - begun


@dataclass
class Cost:
    """What some work cost: CPU of leadbridge and of the CRMs, and time, all in seconds; the calls that it made."""

    cpu: float = 0.0
    crm: float = 0.0
    wall: float = 0.0
    calls: Mapping[str, int] = field(default_factory=dict)


@contextmanager
def measured(*adapters: MemoryAdapter) -> Iterator[Cost]:
    """Measures what happens inside."""
    gc.collect()
    # What is there already (modules, the CRMs' records) is not searched for garbage again and again.
    gc.freeze()
    cost, cpu, wall, crm = Cost(), process_time(), perf_counter(), Metered.spent
    before = {adapter: adapter.calls for adapter in adapters}
    yield cost
    cost.wall, cost.crm = perf_counter() - wall, Metered.spent - crm
    cost.cpu = process_time() - cpu - cost.crm
    cost.calls = {adapter.crm.account: adapter.calls - before[adapter] for adapter in adapters}
    gc.unfreeze()


def show(name: str, value: float, unit: str, goal: float | None = None, *, more: bool = False) -> None:
    """Prints a figure beside its goal; ``more``: the goal is a least value."""
    if goal is None:
        print(f"{name:<66} {value:12,.1f} {unit}")
        return
    met = value >= goal if more else value <= goal
    print(f"{name:<66} {value:12,.1f} {unit:<14} goal {'≥' if more else '≤'} {goal:<8,g} {'met' if met else 'MISSED'}")


def person(number: int) -> dict[str, Value]:
    return {
        "email": f"person{number}@buyer{number}.example",
        "first_name": "Ada",
        "last_name": f"Number{number}",
        "company": f"Buyer {number}",
        "source": "webinar",
    }


def observing(folder: Path, times: int, amount: int = 20_000) -> None:
    """Pages of records become observations."""
    records = [
        Record(Ref("person", f"p-{n}"), "1", NOW, {**person(n), "title": None, "phone": None}) for n in range(amount)
    ]
    new: list[float] = []
    known: list[float] = []
    for number in range(times):
        store = Store(f"sqlite:///{folder / f'observing{number}.db'}")
        for costs in (new, known):
            with measured() as cost:
                for start in range(0, amount, PAGE):
                    with store.transaction() as tx:
                        tx.observe("bench", records[start : start + PAGE])
            costs.append(cost.cpu)
        store.close()
    show("record of a page to observation, new", min(new) / amount * 1e6, "µs CPU", 32)
    show("record of a page to observation, known", min(known) / amount * 1e6, "µs CPU", 10)


def engine(store: Store, clock: ManualClock) -> tuple[Engine, Metered, Metered]:
    left, right = Metered("left", clock=clock), Metered("right", clock=clock)
    made = Engine(
        Agreement.loads(AGREEMENT),
        {"left": left, "right": right},
        store,
        writes={"left": "on", "right": "on"},
        clock=clock,
        retry=Retry(),
        grace=timedelta(0),
    )
    return made, left, right


def rounds(folder: Path, times: int, leads: int) -> None:
    """Whole rounds over two CRMs: all leads are new, all have changed, nothing has."""
    clock, store = ManualClock(NOW), Store(f"sqlite:///{folder / 'rounds.db'}")
    made, left, right = engine(store, clock)
    refs = left.crm.seed("person", [person(n) for n in range(leads)])
    with measured(left, right) as first:
        made.sync()
    changed: list[Cost] = []
    for turn in range(times):
        clock.advance(timedelta(minutes=1))
        for ref in refs:
            left.crm.edit(ref, {"title": f"CTO {turn}"})
        with measured(left, right) as cost:
            result = made.sync()
        assert writes(result) == leads, "one write a changed lead"
        changed.append(cost)
    clock.advance(timedelta(hours=1))
    with measured(left, right) as nothing:
        made.sync()
    best = min(changed, key=lambda cost: cost.cpu)
    show("first sync: CPU per new lead", first.cpu / leads * 1e6, "µs CPU")
    show("sync of one changed field: CPU per changed lead", best.cpu / leads * 1e6, "µs CPU", 250)
    show("the same, of the two CRMs in memory", best.crm / leads * 1e6, "µs CPU")
    fastest = min(cost.wall for cost in changed)
    show("the same, end to end", leads / fastest, "leads a second", 1500, more=True)
    show("calls, as a multiple of the least possible", sum(best.calls.values()) / least(leads, made), "times", 1.05)
    show(f"sync without a change, {leads:,} leads", nothing.wall, "s")
    kinds = max(len(mapping.pulled) for mapping in made.mappings().values())
    show("calls of it, per kind and side", max(nothing.calls.values()) / kinds, "calls", 3)
    store.close()


def writes(result: SyncResult) -> int:
    return sum(each.delivered.done for each in result.rounds)


def least(leads: int, made: Engine) -> int:
    """The calls without which nobody can know and write so many changes on one side.

    Each side is described, and each kind asked once, page by page, for what is new; of what is written, it is looked
    first whether anybody was faster; and once more each kind is asked until nothing is new.
    """
    mappings = made.mappings()
    promised = mappings["right"].description.capabilities
    looked, written = ceil(leads / promised.read_batch), ceil(leads / promised.write_batch)
    streams = sum(len(mapping.pulled) for mapping in mappings.values())
    return len(mappings) + 2 * (streams + ceil(leads / PAGE) - 1) + looked + written


def many_links(folder: Path, links: int, changes: int) -> None:
    """A database that knows many leads, of whom a few have changed."""
    clock, store = ManualClock(NOW), Store(f"sqlite:///{folder / 'links.db'}")
    made, _, _ = engine(store, clock)
    mappings = made.mappings()
    for start in range(0, links, PAGE):
        numbers = range(start, min(start + PAGE, links))
        with store.transaction() as tx:
            for side in ("left", "right"):
                records = [Record(Ref("person", f"k-{n}"), "1", NOW, person(n)) for n in numbers]
                tx.observe(side, records, dirty=False)
                tx.save_links(Link(side, Ref("person", f"k-{n}"), f"lead-{n}") for n in numbers)
                tx.save_bases({(f"lead-{n}", side): person(n) for n in numbers})
    with measured() as cost:
        made.decide(mappings)
    show(f"handles of {2 * links:,} records, once: per record", cost.cpu / links / 2 * 1e6, "µs CPU")
    clock.advance(timedelta(hours=1))
    with measured() as cost:
        made.sync()
    show(f"round without a change over {links:,} leads", cost.wall, "s", 5)
    with store.transaction() as tx:
        for start in range(0, changes, PAGE):
            some = range(start, min(start + PAGE, changes))
            tx.observe("left", [Record(Ref("person", f"k-{n}"), "2", NOW, {**person(n), "title": "CTO"}) for n in some])
        tx.observe("left", [Record(Ref("person", "stranger"), "1", NOW, person(links + 1))])
    with measured() as cost:
        plan = made.decide(mappings)
    assert len(plan.outcomes) == changes + 1
    show(f"plan of {changes:,} changes and a stranger", cost.wall, "s", 10)
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--leads", type=int, default=5000)
    parser.add_argument("--links", type=int, default=100_000)
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--times", type=int, default=3, help="how often what is quick is measured; the best counts")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        if given.leads:
            observing(Path(folder), given.times)
            rounds(Path(folder), given.times, given.leads)
        if given.links:
            many_links(Path(folder), given.links, given.changes)
    show("most memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB", 400)


if __name__ == "__main__":
    main()
