"""What reading Salesforce costs: processor time a record, beside simple-salesforce in the same run, and calls.

A simulated org runs in a process of its own. Leads with 22 fields are read to their end: by leadbridge, which also
maps them to leads, over REST and over the Bulk API; and by simple-salesforce's ``query_all_iter``, which only parses
them. Only the reader's own processor time counts; the readers take turns, and each figure is the median of its rounds.
Then calls are counted: a first load, changes of all leads, and upserts.

Usage: ``python benchmarks/salesforce_read.py [--leads 100000] [--rounds 5] [--calls 100000] [--json]``.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.util import find_spec
from multiprocessing.connection import Connection
from statistics import median
from time import process_time
from typing import Any

from leadbridge.adapter import Record, Ref, Value, Write
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.mapping import KindMapping, compile_mapping
from leadbridge.sync.collecting import collected_rarely
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.simulator import start

FIELDS = (
    *("FirstName", "LastName", "Company", "Email", "Phone", "Title", "Website", "Country", "State", "City", "Street"),
    *("PostalCode", "Industry", "NumberOfEmployees", "LeadSource", "OwnerId", "HasOptedOutOfEmail", "CreatedDate"),
    *("Status", "ConvertedOpportunityId", "LeadBridge_Id__c", "LastModifiedDate"),
)

AGREEMENT = """
agreement: benchmark
version: 1
effective: 2026-01-01
sync: {systems: {sales: salesforce}}
"""
_STAMPS = 40
"""The leads were imported in so many parts, the last one an hour ago."""

_FIRST = 2_000
"""With this threshold the first page only is read by REST."""


def person(number: int) -> dict[str, Value]:
    """A lead with something in almost every field."""
    return {
        "FirstName": f"Person {number}",
        "LastName": "Example",
        "Company": f"Acme {number % 997}",
        "Email": f"person{number}@acme.example",
        "Phone": "+44 20 7946 0000",
        "Title": "Head of Examples",
        "Website": "https://acme.example",
        "Country": "United Kingdom",
        "State": "Greater London",
        "City": "London",
        "Street": "1 Example Street",
        "PostalCode": "N1 9GU",
        "Industry": "Manufacturing",
        "NumberOfEmployees": 10 + number % 500,
        "LeadSource": "Web",
        "HasOptedOutOfEmail": False,
        "LeadBridge_Id__c": f"key-{number}",
    }


def serve(pipe: Connection, leads: int) -> None:
    """The org: says where it is, then does what it is told."""
    clock = ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
    simulator = start(clock)
    refs: list[Ref] = []
    for part in range(_STAMPS):
        refs += simulator.crm.seed("Lead", [person(number) for number in range(part, leads, _STAMPS)])
        clock.advance(timedelta(minutes=1))
    clock.advance(timedelta(hours=1))
    pipe.send((simulator.base_url, simulator.token))
    while (order := pipe.recv()) is not None:
        for ref in refs:
            simulator.crm.edit(ref, {"City": order})
        clock.advance(timedelta(hours=1))
        pipe.send(len(refs))
    simulator.stop()


class Org:
    """A simulated org in another process."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.base_url, self.token = pipe.recv()

    def connect(self, bulk_reads: int) -> Salesforce:
        """A new adapter."""
        return Salesforce(access_token=self.token, instance_url=self.base_url, bulk_reads=bulk_reads)

    def edit_all(self, city: str) -> None:
        """Changes every lead."""
        self._pipe.send(city)
        self._pipe.recv()


@contextmanager
def org(leads: int) -> Iterator[Org]:
    """Starts an org with leads, and ends it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, leads), daemon=True)
    process.start()
    yield Org(ours)
    ours.send(None)
    process.join()


def drain(salesforce: Salesforce, kind: KindMapping, fields: tuple[str, ...], cursor: str | None) -> tuple[int, str]:
    """Reads a stream to its end and maps every record: how many, and where to go on."""
    read = 0
    while True:
        page = salesforce.changes("Lead", cursor, fields=fields, limit=2_000)
        for item in page.items:
            if isinstance(item, Record):
                kind.read(item.fields)
                read += 1
        cursor = page.cursor
        if not page.more:
            return read, cursor


def with_sdk(place: Org) -> Callable[[], int] | None:
    """Reads all leads with simple-salesforce; ``None`` where it is not installed."""
    if find_spec("simple_salesforce") is None:
        return None
    from leadbridge_salesforce.simulator.client import sdk_client

    client: Any = sdk_client(place.base_url, place.token, None)
    soql = f"SELECT Id, SystemModstamp, {', '.join(FIELDS)} FROM Lead"
    return lambda: sum(1 for _ in client.query_all_iter(soql, include_deleted=True))


def timed(work: Callable[[], object], records: int) -> float:
    """Processor time of this process in microseconds a record, in a process that runs for long.

    What others left behind is swept up before, and what start-up made is set aside, as ``leadbridge run`` does.
    """
    gc.collect()
    gc.freeze()
    with collected_rarely():
        before = process_time()
        work()
        return (process_time() - before) / records * 1e6


def speed(leads: int, rounds: int) -> dict[str, float]:
    """Microseconds a record: ours over REST, ours over Bulk, the client's."""
    with org(leads) as place:
        rest, bulk = place.connect(0), place.connect(_FIRST)
        kind = compile_mapping("sales", rest.describe(), Agreement.loads(AGREEMENT)).kinds["Lead"]
        peer = with_sdk(place)
        figures: dict[str, list[float]] = {"rest": [], "bulk": [], "client": []}
        for _ in range(rounds):
            for name, ours in (("rest", rest), ("bulk", bulk)):
                figures[name].append(timed(partial(drain, ours, kind, FIELDS, None), leads))
            if peer is not None:
                figures["client"].append(timed(peer, leads))
        rest.close()
        bulk.close()
    return {name: median(times) for name, times in figures.items() if times}


def calls(leads: int) -> dict[str, float]:
    """Calls for all leads, for all of them changed, and for as many upserts, with what the limits make necessary."""
    with org(leads) as place:
        salesforce, other = place.connect(0), place.connect(_FIRST)
        kind = compile_mapping("sales", salesforce.describe(), Agreement.loads(AGREEMENT)).kinds["Lead"]
        counted: dict[str, float] = {}
        cursor: str | None = None

        def count(name: str, least: int, ours: Salesforce, work: Callable[[], object]) -> None:
            before = ours.calls
            work()
            counted[name], counted[f"{name} at least"] = ours.calls - before, least

        def first() -> None:
            nonlocal cursor
            read, cursor = drain(salesforce, kind, kind.reads, None)
            assert read == leads, f"{read} of {leads} leads were read"

        def changed() -> None:
            read, _ = drain(salesforce, kind, kind.reads, cursor)
            assert read == leads, f"{read} of {leads} changes were read"

        writes = [
            Write(f"op-{number}", "upsert", Ref("Lead", f"new-{number}"), {"LastName": f"New {number}", "Company": "A"})
            for number in range(leads)
        ]
        pages = math.ceil(leads / 2_000)
        other.changes("Lead", None, fields=(), limit=1)
        count("first load", pages, salesforce, first)
        count("first load by Bulk", pages, other, lambda: drain(other, kind, kind.reads, None))
        place.edit_all("Leeds")
        count("changes", pages, salesforce, changed)
        count("upserts", math.ceil(leads / 200), salesforce, lambda: salesforce.apply(writes))
        salesforce.close()
        other.close()
    return counted


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--leads", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--calls", type=int, default=100_000)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    figures = speed(chosen.leads, chosen.rounds) if chosen.leads else {}
    counted = calls(chosen.calls) if chosen.calls else {}
    if chosen.json:
        print(json.dumps({"us a record": figures, "calls": counted}, indent=2))
        return
    base = figures.get("client")
    for name, said in (
        ("rest", "leadbridge by REST: read, parsed, mapped"),
        ("bulk", "leadbridge by Bulk: read, parsed, mapped"),
        ("client", "simple-salesforce query_all_iter: read, parsed"),
    ):
        if name in figures:
            ratio = f"{base / figures[name]:6.1f} x less" if base else "simple-salesforce is missing"
            print(f"  {said:<48}{figures[name]:8.1f} us a record   {ratio}")
    for name in ("first load", "first load by Bulk", "changes", "upserts"):
        if counted:
            print(f"  {name}: {counted[name]:.0f} calls for {chosen.calls}, beside {counted[f'{name} at least']:.0f}")


if __name__ == "__main__":
    main()
