"""How fast the HubSpot simulator is read: it must never be what a measurement of an adapter measures.

The simulator runs in a process of its own, pinned to one core, with contacts of 21 properties. Pages of a hundred are
read by list, by ``batch/read`` and by search, plain and with gzip; answers are taken off the wire and not parsed. Said
are records per second of the server's CPU time, and per second by the clock on the wall.

Usage: ``python benchmarks/simulator.py [--contacts 20000] [--pages 300] [--repeats 3]``. The goal is 20,000 records
per CPU second for list and ``batch/read``; the exit code is 1 below it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter, process_time

import httpx
import orjson

from leadbridge.clock import SystemClock
from leadbridge_hubspot.simulator import start

GOAL = 20_000
PAGE = 100
TEXTS = ("firstname", "lastname", "company", "jobtitle", "phone", "website", "address", "city", "state", "zip")
MORE = ("country", "industry", "message", "mobilephone", "annualrevenue", "hs_lead_status", "lifecyclestage")
NAMES = ("email", *TEXTS, *MORE)


def serve(contacts: int) -> None:
    """The other process: says where it is, then its CPU time whenever it is asked."""
    pin(0)
    running = start(SystemClock())
    rows = [
        {
            "email": f"person{number}@acme.example",
            **{name: f"{name} of person {number}" for name in (*TEXTS, *MORE[:5])},
            "hs_lead_status": "OPEN",
            "lifecyclestage": "lead",
        }
        for number in range(contacts)
    ]
    ids = [ref.id for ref in running.crm.seed("contact", rows)]
    print(running.base_url, running.token, ids[0], ids[-1], flush=True)
    for _ in sys.stdin:
        print(process_time(), flush=True)
    running.stop()


def pin(core: int) -> None:
    """Keeps this process on one core, where the system can do that."""
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})


class Server:
    """The process with the simulator."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.base_url, self.token, first, last = self._line().split()
        self.first, self.last = int(first), int(last)

    def cpu(self) -> float:
        """The CPU seconds that it has used."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def server(contacts: int) -> Iterator[Server]:
    """A running simulator with so many contacts."""
    arguments = [sys.executable, __file__, "--serve", "--contacts", str(contacts)]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Server(process)
    finally:
        process.communicate("", timeout=30)


def requests(served: Server, client: httpx.Client) -> dict[str, Callable[[int], httpx.Response]]:
    """One page by each way, by its number."""
    path = "/crm/objects/2026-09/contacts"
    names = ",".join(NAMES)
    pages = (served.last - served.first) // PAGE

    def first(page: int) -> int:
        return served.first + (page % pages) * PAGE

    def listed(page: int) -> httpx.Response:
        return client.get(f"{path}?limit={PAGE}&after={first(page)}&properties={names}")

    def batch(page: int) -> httpx.Response:
        inputs = [{"id": str(first(page) + place)} for place in range(PAGE)]
        return client.post(f"{path}/batch/read", content=orjson.dumps({"inputs": inputs, "properties": NAMES}))

    def search(page: int) -> httpx.Response:
        filters = [{"propertyName": "hs_object_id", "operator": "GT", "value": str(first(page) - 1)}]
        sorts = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        query = {"filterGroups": [{"filters": filters}], "sorts": sorts, "properties": NAMES, "limit": PAGE}
        return client.post(f"{path}/search", content=orjson.dumps(query))

    return {"list": listed, "batch/read": batch, "search": search}


def measure(served: Server, pages: int, repeats: int) -> dict[str, float]:
    """Records per CPU second of each way, the median of the repeats; printed with the time on the wall."""
    found: dict[str, float] = {}
    for encoding in ("identity", "gzip"):
        headers = {"Authorization": f"Bearer {served.token}", "Accept-Encoding": encoding}
        with httpx.Client(base_url=served.base_url, headers=headers) as client:
            for name, ask in requests(served, client).items():
                cpu, wall = [], []
                size = len(ask(0).raise_for_status().content)
                for _ in range(repeats):
                    before, began = served.cpu(), perf_counter()
                    for page in range(pages):
                        ask(page)
                    wall.append(pages * PAGE / (perf_counter() - began))
                    cpu.append(pages * PAGE / (served.cpu() - before))
                found[f"{name}, {encoding}"] = statistics.median(cpu)
                print(
                    f"{name:<12}{encoding:<10}{statistics.median(cpu):>12,.0f} records per CPU second "
                    f"({min(cpu):,.0f}-{max(cpu):,.0f}), {statistics.median(wall):>9,.0f} per second, "
                    f"{size / PAGE:,.0f} bytes a record"
                )
    return found


def main() -> int:
    """Measures, and says whether the goal is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--pages", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.contacts)
        return 0
    pin(1)
    with server(asked.contacts) as served:
        found = measure(served, asked.pages, asked.repeats)
    least = min(rate for name, rate in found.items() if not name.startswith("search"))
    print(f"least of list and batch/read: {least:,.0f} records per CPU second; the goal is {GOAL:,}")
    return 0 if least >= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
