"""What a sync of changed leads costs over HTTP: leads a second, processor time a lead, calls beside the least possible.

HubSpot and Salesforce are simulated, each in a process of its own and without a vendor's limits. All leads are carried
over once; then every contact gets another title, and is synced. The time is that of the whole sync, with the round that
finds nothing left to do; the processor time is leadbridge's own. Each is the best of the turns.

Usage: ``python benchmarks/sync_over_http.py [--leads 5000] [--turns 3] [--json]``.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from math import ceil
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import TypeAlias

from leadbridge import Bridge
from leadbridge.adapter import Adapter, Value
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.registry import start_simulator
from leadbridge_hubspot import HubSpot
from leadbridge_salesforce import Salesforce

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = timedelta(hours=1)
KINDS = {"hubspot": "contact", "salesforce": "Lead"}
RATE = (10_000_000, 1.0)
FOUND, READ = 200, 100
"""Most contacts that HubSpot finds, and reads, in one call."""

AGREEMENT = """
agreement: benchmark
version: 1
effective: 2026-01-01
lifecycle: {preset: spine}
sync:
  systems: {marketing: hubspot, sales: salesforce}
  guards:
    max_changes: {count: 10000000, share: 1}
    max_same: {count: 10000000, share: 1}
  fields: {title: {policy: latest, owner: sales}}
"""


Place: TypeAlias = tuple[Connection, str, str]
"""An account in another process: the way to it, its address, its token."""


def person(number: int) -> dict[str, Value]:
    """A contact that is known well enough to be a Lead."""
    return {
        "email": f"person{number}@buyer{number}.example",
        "firstname": "Ada",
        "lastname": f"Number {number}",
        "company": f"Buyer {number}",
        "lifecyclestage": "marketingqualifiedlead",
    }


def serve(name: str, pipe: Connection, people: int) -> None:
    """One account: says where it is; then lets time pass, and where it is told a title, gives it to everybody."""
    clock = ManualClock(START)
    simulator = start_simulator(name)(clock)
    refs = simulator.crm.seed(KINDS[name], [person(number) for number in range(people)])
    pipe.send((simulator.base_url, simulator.token))
    while (title := pipe.recv()) is not None:
        clock.advance(LATER)
        for ref in refs if title else ():
            simulator.crm.edit(ref, {"jobtitle": title})
        clock.advance(LATER)
        pipe.send(len(refs))
    simulator.stop()


@contextmanager
def account(name: str, people: int = 0) -> Iterator[Place]:
    """Starts a simulated account, and ends it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(name, theirs, people), daemon=True)
    process.start()
    yield (ours, *ours.recv())
    ours.send(None)
    process.join()


class Shop:
    """Two accounts and the bridge between them, all at the same time of day."""

    def __init__(self, leads: int, hubspot: Place, salesforce: Place) -> None:
        self.leads, self.pipes = leads, (hubspot[0], salesforce[0])
        self.hubspot = HubSpot(token=hubspot[2], base_url=hubspot[1], rate=RATE, search_rate=RATE)
        self.salesforce = Salesforce(access_token=salesforce[2], instance_url=salesforce[1])
        self.clock = ManualClock(START)

    def opened(self, folder: Path) -> Bridge:
        """The bridge, on a database of its own."""
        connections: dict[str, Adapter] = {"hubspot": self.hubspot, "salesforce": self.salesforce}
        store = f"sqlite:///{folder / 'leadbridge.db'}"
        return Bridge(Agreement.loads(AGREEMENT), connections, store, writes="on", clock=self.clock)

    def pass_time(self, title: str = "") -> None:
        """Two hours pass; between them everybody gets a title, if one is given."""
        for pipe, told in zip(self.pipes, (title, ""), strict=True):
            pipe.send(told)
        for pipe in self.pipes:
            pipe.recv()
        self.clock.advance(2 * LATER)

    @property
    def calls(self) -> int:
        """How many calls were made so far."""
        return self.hubspot.calls + self.salesforce.calls

    def least(self, quiet: int, again: int) -> int:
        """The calls without which nobody can know and write so many changes.

        Both accounts are described, and asked for news until there is none. Contacts are found by search and read in
        batches. Right before a batch of leads is written it is looked up whether anybody was faster; what was written
        comes back as news.

        Args:
            quiet: what describing, and asking for news when there is none, takes.
            again: what asking once more takes.
        """
        promised = self.salesforce.describe().capabilities
        read = ceil(self.leads / FOUND) + ceil(self.leads / READ)
        written, back = ceil(self.leads / promised.write_batch), ceil(self.leads / promised.read_batch)
        return quiet + again + read + 2 * written + back


def measured(leads: int, turns: int) -> dict[str, float]:
    """The figures, by name."""
    with account("hubspot", leads) as hubspot, account("salesforce") as salesforce, TemporaryDirectory() as folder:
        shop = Shop(leads, hubspot, salesforce)
        with shop.opened(Path(folder)) as bridge:
            shop.pass_time()
            assert bridge.sync().quiet
            shop.pass_time()
            assert bridge.sync().quiet, "what was written comes back"
            shop.pass_time()
            before = shop.calls
            assert bridge.sync().writes == {}
            quiet, before = shop.calls - before, shop.calls
            bridge.plan()
            again, before = shop.calls - before, shop.calls
            for connection in bridge.connections.values():
                connection.describe()
            again -= shop.calls - before
            wall, cpu, calls = [], [], []
            for turn in range(turns):
                shop.pass_time(f"CTO {turn}")
                gc.collect()
                gc.freeze()
                before, begun, spent = shop.calls, perf_counter(), process_time()
                result = bridge.sync()
                wall.append(perf_counter() - begun)
                cpu.append(process_time() - spent)
                calls.append(shop.calls - before)
                assert result.quiet, result
                assert result.writes == {"salesforce": leads}, result.writes
            least = shop.least(quiet, again)
    return {
        "leads a second": leads / min(wall),
        "us CPU a lead": min(cpu) / leads * 1e6,
        "calls": min(calls),
        "calls at least": least,
        "calls without a change": quiet,
    }


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--leads", type=int, default=5_000)
    options.add_argument("--turns", type=int, default=3)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    found = measured(chosen.leads, chosen.turns)
    if chosen.json:
        print(json.dumps(found, indent=2))
        return
    print(f"sync of {chosen.leads:,} changed leads from HubSpot to Salesforce, over HTTP")
    print(f"  {found['leads a second']:10,.0f} leads a second, end to end   goal >= 1,500")
    print(f"  {found['us CPU a lead']:10,.0f} us CPU of leadbridge a lead")
    ratio = found["calls"] / found["calls at least"]
    print(f"  {found['calls']:10,.0f} calls, {ratio:.2f} x the least possible   goal <= 1.05")
    print(f"  {found['calls without a change']:10,.0f} calls when nothing has changed")


if __name__ == "__main__":
    main()
