"""Two CRMs in memory, an agreement between them, and an engine that syncs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from leadbridge.adapter import Ref, Value
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.memory import MemoryAdapter
from leadbridge.retry import Retry
from leadbridge.store import Store
from leadbridge.sync import Engine, SyncResult

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

AGREEMENT = """
agreement: Two CRMs
version: 1
effective: 2026-01-01
lifecycle: {preset: spine}
handoff:
  from: marketing
  to: sales
  at: marketing_qualified
  package: {required: [email, company]}
calendars:
  always: {zone: UTC, hours: always}
slas:
  - id: answer
    duty_of: sales
    targets:
      - {id: accept, starts: offered, stops: decided, within: 4 hours}
sync:
  guards: {max_first_match: {count: 1000, share: 0}}
  include: stage <> 'captured'
  systems: {marketing: left, sales: right}
  fields:
    phone: {policy: latest, owner: sales, clear: propagate}
    title: {policy: latest, owner: sales}
    company: {policy: owner, owner: marketing, from_stage: {opportunity: sales}}
crosswalks:
  right:
    person:
      values:
        stage:
          marketing_qualified: {stage: marketing_qualified}
          sales_accepted: {stage: sales_accepted}
        status:
          new: {status: new}
          accepted: {status: connected, decision: accept}
          rejected: {decision: by_reason}
  left: {}
"""


def person(number: int, **more: Value) -> dict[str, Value]:
    """A marketing qualified lead of an invented company."""
    fields: dict[str, Value] = {
        "email": f"person{number}@buyer{number}.example",
        "first_name": "Ada",
        "last_name": f"Number{number}",
        "company": f"Buyer {number}",
        "stage": "marketing_qualified",
        "source": "webinar",
    }
    return fields | more


@cache
def agreed() -> Agreement:
    """The agreement, read once: nothing changes it."""
    return Agreement.loads(AGREEMENT)


@dataclass
class Bench:
    """Two CRMs and what syncs them."""

    clock: ManualClock
    left: MemoryAdapter
    right: MemoryAdapter
    store: Store
    engine: Engine

    def sync(self) -> SyncResult:
        """Some time passes, then everything is synced."""
        self.clock.advance(timedelta(minutes=1))
        result = self.engine.sync()
        assert result.quiet, (result.failed, result.rounds[-1])
        return result

    def by_email(self, side: MemoryAdapter, email: str) -> dict[str, Value]:
        """The one live person with an address."""
        found = [row for row in side.crm.dump("person") if row["email"] == email]
        assert len(found) == 1, f"{len(found)} records instead of one"
        return found[0]

    def edit(self, side: MemoryAdapter, email: str, fields: Mapping[str, Value]) -> Ref:
        """Somebody changes a record."""
        ref = Ref("person", str(self.by_email(side, email)["id"]))
        self.clock.advance(timedelta(minutes=1))
        side.crm.edit(ref, fields)
        return ref


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def bench(clock: ManualClock) -> Bench:
    return make_bench(clock)


def make_bench(
    clock: ManualClock,
    *,
    left: MemoryAdapter | None = None,
    right: MemoryAdapter | None = None,
    store: Store | None = None,
    writes: str = "on",
    grace: timedelta = timedelta(0),
) -> Bench:
    """A bench; parts that are not given are made."""
    left = left or MemoryAdapter("left", clock=clock)
    right = right or MemoryAdapter("right", clock=clock)
    store = store or Store("sqlite://")
    engine = Engine(
        agreed(),
        {"left": left, "right": right},
        store,
        writes={"left": writes, "right": writes},
        clock=clock,
        retry=Retry(attempts=3).without_waiting(),
        grace=grace,
    )
    return Bench(clock, left, right, store, engine)
