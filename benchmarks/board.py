"""What a board over very many open promises costs: who has to act by when, from what the database keeps.

A database gets leads that were offered and assigned, each with running clocks. Then a board is asked for, again and
again: how many promises are in each state, with each owner, in each queue, how many are broken, how many are due within
half an hour, and the fifty most urgent with everything about them. Asked is a database to which nothing came since, and
one in which some leads got news in the meantime, which are folded first.

Usage: ``python benchmarks/board.py [--clocks 100000] [--rounds 9] [--json]``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from leadbridge.agreement import Agreement, Agreements
from leadbridge.domain.facts import Fact, HandoffAssigned, HandoffOffered, HandoffRouted, Interacted, LeadCaptured
from leadbridge.ledger import Ledger
from leadbridge.store import Store

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW = START + timedelta(hours=30)
MINUTE = timedelta(minutes=1)

AGREEMENT = """
agreement: benchmark
version: 1
effective: 2026-01-01
calendars: {office: {zone: Europe/London, hours: {mon-fri: ["09:00-17:30"]}, holidays: GB-ENG}}
routing: {queues: [{id: team-0, members: [rep-0, rep-20]}, {id: team-1, members: [rep-1]}]}
slas:
  - id: sales
    calendar: office
    targets:
      - {id: first_touch, starts: assigned, stops: touched, within: 1 business day, warn_at: 0.75}
"""


def story(number: int) -> Iterator[Fact]:
    """The facts of one lead: offered, routed and assigned some time within thirty hours."""
    lead, handoff = f"lead-{number:06}", f"lead-{number:06}:1"
    when = START + (number * 7919 % 1800) * MINUTE

    def at(minutes: int) -> dict[str, object]:
        moment = when + minutes * MINUTE
        return {"lead": lead, "occurred_at": moment, "recorded_at": moment, "agreement": 1}

    yield LeadCaptured(source="web", **at(-60))  # type: ignore[arg-type]  # the envelope, spread
    yield HandoffOffered(handoff=handoff, **at(0))  # type: ignore[arg-type]  # the envelope, spread
    yield HandoffRouted(handoff=handoff, queue=f"team-{number % 20}", **at(0))  # type: ignore[arg-type]  # as above
    yield HandoffAssigned(handoff=handoff, owner=f"rep-{number % 400}", **at(0))  # type: ignore[arg-type]  # as above


def news(number: int) -> Fact:
    """A call to a lead."""
    lead = f"lead-{number:06}"
    return Interacted(
        lead=lead,
        occurred_at=NOW,
        recorded_at=NOW,
        interaction=f"{lead}-call",
        nature="person_to_person",
        direction="outbound",
        function="sales",
    )


def board(ledger: Ledger, agreement: Agreements) -> tuple[float, dict[str, int]]:
    """Seconds of one board, and what stood on it."""
    start = perf_counter()
    found = ledger.timers(agreement, NOW)
    states = found.by_state()
    found.by_owner()
    found.by_queue()
    found.by_team()
    counts = {"breached": len(found.breached()), "due within 30 min": len(found.due_within(30 * MINUTE))}
    shown = found.board(50)
    return perf_counter() - start, {**states, **counts, "shown": len(shown)}


def measure(clocks: int, rounds: int) -> dict[str, object]:
    """Builds the database in a temporary folder, and asks."""
    agreement = Agreements.of(Agreement.loads(AGREEMENT))
    with TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'board.db'}")
        for first in range(0, clocks, 5000):
            with store.transaction() as tx:
                tx.append(fact for number in range(first, min(first + 5000, clocks)) for fact in story(number))
        ledger = Ledger(store)
        start = perf_counter()
        ledger.timers(agreement, NOW)
        folding = perf_counter() - start
        quiet = [board(ledger, agreement) for _ in range(rounds)]
        busy = []
        for turn in range(rounds):
            with store.transaction() as tx:
                tx.append(news(number) for number in range(turn * 100, turn * 100 + 100))
            busy.append(board(ledger, agreement)[0])
        start = perf_counter()
        rows = len(ledger.timers(agreement, NOW).first(None))
        every = perf_counter() - start
        store.close()
    return {
        "clocks": clocks,
        "on the board": quiet[-1][1],
        "first folding, s": folding,
        "board, ms": median(taken for taken, _ in quiet) * 1000,
        "board after news of 100 leads, ms": median(busy) * 1000,
        "all rows as Python values, ms": every * 1000,
        "rows": rows,
    }


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--clocks", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    found = measure(given.clocks, given.rounds)
    if given.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:<36}{value:,.1f}" if isinstance(value, float) else f"{name:<36}{value}")


if __name__ == "__main__":
    main()
