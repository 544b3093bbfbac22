"""How near an adapter comes to the ceiling of a HubSpot account, and how often it is told to slow down.

A simulated account, in a process of its own, enforces its limit of calls in a rolling window and answers 429 beyond it.
It is a quarter of a second away: the transport waits half of that before a request and half after it. Several threads
share one adapter and ask for a hundred records a call, or write a hundred. The shortest time in which an account
answers so many calls follows from its limit; the share of the ceiling is that time by the time that it took.

Usage: ``python benchmarks/hubspot_limits.py [--calls 190] [--windows 3] [--latency 0.25] [--threads 16] [--json]``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from leadbridge.adapter import Ref, Write
from leadbridge.clock import SystemClock
from leadbridge.errors import RateLimited
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import start

INTERVAL = 10.0
BATCH = 100


class Far(httpx.BaseTransport):
    """A network on which everything takes its time."""

    def __init__(self, latency: float) -> None:
        self._near = httpx.HTTPTransport(limits=httpx.Limits(max_connections=100))
        self._half = latency / 2

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request over a long way."""
        time.sleep(self._half)
        response = self._near.handle_request(request)
        response.read()
        time.sleep(self._half)
        return response

    def close(self) -> None:
        """Gives connections back."""
        self._near.close()


def serve(calls: int) -> None:
    """The account: prints its address, its token and the ids of its contacts, and runs until its input ends."""
    simulator = start(SystemClock())
    rows = [{"email": f"person{number}@acme.example", "firstname": "A"} for number in range(BATCH)]
    refs = simulator.crm.seed("contact", rows)
    simulator.switches.calls, simulator.switches.interval = calls, INTERVAL
    simulator.switches.enforce_limits = True
    print(
        json.dumps({"url": simulator.base_url, "token": simulator.token, "ids": [ref.id for ref in refs]}), flush=True
    )
    sys.stdin.read()
    simulator.stop()


def drive(work: Callable[[int], object], count: int, threads: int) -> int:
    """Makes so many calls; how many of them were refused."""

    def one(number: int) -> int:
        try:
            work(number)
        except RateLimited:
            return 1
        return 0

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(one, range(count)))


def measure(calls: int, windows: int, latency: float, threads: int) -> dict[str, dict[str, float]]:
    """Asks and writes as fast as the account allows, each against an account of its own."""
    found: dict[str, dict[str, float]] = {}
    for what in ("fetch", "apply"):
        command = [sys.executable, __file__, "--serve", "--calls", str(calls)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            account = json.loads(server.stdout.readline())
            refs = [Ref("contact", id) for id in account["ids"]]
            hubspot = HubSpot(token=account["token"], base_url=account["url"], transport=Far(latency))
            begin = time.perf_counter()
            hubspot.fetch(refs[:1], fields=("firstname",))  # learns the properties, and what the account may
            before = hubspot.calls

            def fetch(_: int, hubspot: HubSpot = hubspot, refs: list[Ref] = refs) -> object:
                return hubspot.fetch(refs, fields=("firstname", "email"))

            def apply(number: int, hubspot: HubSpot = hubspot, refs: list[Ref] = refs) -> object:
                return hubspot.apply(
                    [Write(f"{number}-{ref.id}", "update", ref, {"firstname": str(number)}) for ref in refs]
                )

            # With the calls that were made already: whole windows, and one more.
            count = windows * calls + 1 - before
            refused = drive(fetch if what == "fetch" else apply, count, threads)
            seconds = time.perf_counter() - begin
            found[what] = {
                "calls": count,
                "seconds": round(seconds, 2),
                "share of the ceiling": round((windows * INTERVAL + latency) / seconds, 4),
                "answers 429": refused,
            }
            hubspot.close()
    return found


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--calls", type=int, default=190)
    options.add_argument("--windows", type=int, default=3)
    options.add_argument("--latency", type=float, default=0.25)
    options.add_argument("--threads", type=int, default=16)
    options.add_argument("--json", action="store_true")
    options.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.serve:
        serve(given.calls)
        return
    found = measure(given.calls, given.windows, given.latency, given.threads)
    if given.json:
        print(json.dumps(found))
        return
    for what, row in found.items():
        print(f"{what}: " + ", ".join(f"{name} {value:,}" for name, value in row.items()))


if __name__ == "__main__":
    main()
