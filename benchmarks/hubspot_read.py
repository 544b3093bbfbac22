"""What reading HubSpot costs: processor time a record, beside HubSpot's own client in the same run, and calls.

A simulated account runs in a process of its own. Contacts with 21 properties are read page by page: by leadbridge,
which also maps them to leads, over the list endpoint (a first load) and over search (what changed); and by ``get_page``
of ``hubspot-api-client``, whose API object is used again. Only the reader's own processor time counts; the readers take
turns, and each figure is the median of its rounds. Then calls are counted: changes of all contacts, and upserts.

Usage: ``python benchmarks/hubspot_read.py [--contacts 10000] [--rounds 5] [--calls 100000] [--json]``.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import multiprocessing
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.util import find_spec
from multiprocessing.connection import Connection
from statistics import median
from time import process_time
from typing import Any

from leadbridge.adapter import Record, Ref, Value, Write
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock, SystemClock
from leadbridge.mapping import KindMapping, compile_mapping
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import start

PROPERTIES = (
    *("email", "firstname", "lastname", "company", "jobtitle", "phone", "website", "country", "state", "industry"),
    *("numemployees", "hs_analytics_source", "hubspot_owner_id", "hs_email_optout", "createdate", "hubspotscore"),
    *("lifecyclestage", "hs_lead_status", "city", "zip", "hs_analytics_first_touch_converting_campaign"),
)

AGREEMENT = """
agreement: benchmark
version: 1
effective: 2026-01-01
sync: {systems: {marketing: hubspot}}
"""


def person(number: int) -> dict[str, Value]:
    """A contact with something in every property."""
    return {
        "email": f"person{number}@acme.example",
        "firstname": f"Person {number}",
        "lastname": "Example",
        "company": f"Acme {number % 997}",
        "jobtitle": "Head of Examples",
        "phone": "+44 20 7946 0000",
        "website": "https://acme.example",
        "country": "United Kingdom",
        "state": "Greater London",
        "industry": "Machinery",
        "numemployees": 10 + number % 500,
        "hs_analytics_source": "ORGANIC_SEARCH",
        "hs_email_optout": False,
        "hubspotscore": number % 100,
        "lifecyclestage": "marketingqualifiedlead",
        "hs_lead_status": "OPEN",
        "city": "London",
        "zip": "N1 9GU",
        "hs_analytics_first_touch_converting_campaign": "Spring fair",
    }


def serve(pipe: Connection, contacts: int) -> None:
    """The account, whose contacts are an hour old: says where it is, then does what it is told."""
    clock = ManualClock(SystemClock().now() - timedelta(hours=1))
    simulator = start(clock)
    refs = simulator.crm.seed("contact", [person(number) for number in range(contacts)])
    clock.advance(timedelta(hours=1))
    pipe.send((simulator.base_url, simulator.token))
    while (order := pipe.recv()) is not None:
        for ref in refs:
            simulator.crm.edit(ref, {"city": order})
        pipe.send(len(refs))
    simulator.stop()


class Account:
    """A simulated account in another process."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.base_url, self.token = pipe.recv()

    def connect(self) -> HubSpot:
        """A new adapter that nothing slows down."""
        return HubSpot(token=self.token, base_url=self.base_url, rate=(10_000_000, 1.0), search_rate=(10_000_000, 1.0))

    def edit_all(self, city: str) -> None:
        """Changes every contact."""
        self._pipe.send(city)
        self._pipe.recv()


@contextmanager
def account(contacts: int) -> Iterator[Account]:
    """Starts an account with contacts, and ends it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, contacts), daemon=True)
    process.start()
    yield Account(ours)
    ours.send(None)
    process.join()


def drain(hubspot: HubSpot, kind: KindMapping, fields: tuple[str, ...], cursor: str | None) -> tuple[int, str]:
    """Reads a stream to its end and maps every record: how many, and where to go on."""
    read = 0
    while True:
        page = hubspot.changes("contact", cursor, fields=fields, limit=2_000)
        for item in page.items:
            if isinstance(item, Record):
                kind.read(item.fields)
                read += 1
        cursor = page.cursor
        if not page.more:
            return read, cursor


def with_sdk(place: Account) -> Callable[[], int] | None:
    """Reads all contacts with HubSpot's client; ``None`` where it is not installed."""
    if find_spec("hubspot") is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from hubspot import HubSpot as Client

        api: Any = Client(access_token=place.token, host=place.base_url).crm.contacts.basic_api

    def read() -> int:
        count, after = 0, None
        while True:
            page = api.get_page(limit=100, properties=list(PROPERTIES), **({"after": after} if after else {}))
            count += len(page.results)
            if page.paging is None:
                return count
            after = page.paging.next.after

    return read


def timed(work: Callable[[], object], records: int) -> float:
    """Processor time of this process in microseconds a record, in a process that runs for long.

    What others left behind is swept up before, and what start-up made is set aside, as ``leadbridge run`` does.
    """
    gc.collect()
    gc.freeze()
    before = process_time()
    work()
    return (process_time() - before) / records * 1e6


def speed(contacts: int, rounds: int) -> dict[str, float]:
    """Microseconds a record: ours over the list, ours over search, the client's."""
    with account(contacts) as place:
        hubspot = place.connect()
        mapping = compile_mapping("marketing", hubspot.describe(), Agreement.loads(AGREEMENT))
        kind = mapping.kinds["contact"]
        peer = with_sdk(place)
        _, cursor = drain(hubspot, kind, PROPERTIES, None)
        figures: dict[str, list[float]] = {"list": [], "search": [], "client": []}
        for turn in range(rounds):
            figures["list"].append(timed(lambda: drain(hubspot, kind, PROPERTIES, None), contacts))
            place.edit_all(f"Town {turn}")
            figures["search"].append(timed(lambda: drain(hubspot, kind, PROPERTIES, cursor), contacts))
            if peer is not None:
                figures["client"].append(timed(peer, contacts))
        hubspot.close()
    return {name: median(times) for name, times in figures.items() if times}


def calls(contacts: int) -> dict[str, float]:
    """Calls for all contacts changed, and for as many upserts, with what the vendor's limits make necessary."""
    with account(contacts) as place:
        hubspot = place.connect()
        mapping = compile_mapping("marketing", hubspot.describe(), Agreement.loads(AGREEMENT))
        kind = mapping.kinds["contact"]
        before = hubspot.calls
        _, cursor = drain(hubspot, kind, kind.reads, None)
        first = hubspot.calls - before
        place.edit_all("Leeds")
        before = hubspot.calls
        read, _ = drain(hubspot, kind, kind.reads, cursor)
        changed = hubspot.calls - before
        assert read == contacts, f"{read} of {contacts} changes were read"
        writes = [
            Write(f"op-{number}", "upsert", Ref("contact", f"key-{number}"), {"firstname": f"New {number}"})
            for number in range(contacts)
        ]
        before = hubspot.calls
        receipts = hubspot.apply(writes)
        upserts = hubspot.calls - before
        assert all(receipt.outcome == "applied" for receipt in receipts)
        hubspot.close()
    return {
        "first load": first,
        "first load at least": math.ceil(contacts / 100),
        "changes": changed,
        "changes at least": math.ceil(contacts / 200) + math.ceil(contacts / 100),
        "upserts": upserts,
        "upserts at least": math.ceil(contacts / 100),
    }


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--contacts", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--calls", type=int, default=100_000)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    figures = speed(chosen.contacts, chosen.rounds)
    counted = calls(chosen.calls) if chosen.calls else {}
    if chosen.json:
        print(json.dumps({"us a record": figures, "calls": counted}, indent=2))
        return
    base = figures.get("client")
    for name, said in (
        ("list", "leadbridge, first load: read, parsed, mapped"),
        ("search", "leadbridge, changes: found, read, parsed, mapped"),
        ("client", "hubspot-api-client get_page: read, parsed"),
    ):
        if name in figures:
            ratio = f"{base / figures[name]:6.1f} x less" if base else "hubspot-api-client is missing"
            print(f"  {said:<52}{figures[name]:8.1f} us a record   {ratio}")
    for name in ("first load", "changes", "upserts"):
        if counted:
            least = counted[f"{name} at least"]
            print(
                f"  {name}: {counted[name]} calls for {chosen.calls}, {counted[name] / least - 1:+.2%} beside {least}"
            )


if __name__ == "__main__":
    main()
