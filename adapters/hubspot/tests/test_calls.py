"""What reading and writing cost in calls: the vendor's page sizes, and next to nothing besides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from math import ceil
from typing import Any

import pytest

from leadbridge.adapter import Record, Ref, Value, Write
from leadbridge.clock import ManualClock
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator

Connect = Callable[..., HubSpot]
Drain = Callable[..., tuple[list[Any], str]]
People = Callable[..., list[dict[str, Value]]]
MOST = 2_300


def cost(hubspot: HubSpot, work: Callable[[], Any]) -> tuple[int, Any]:
    before = hubspot.calls
    done = work()
    return hubspot.calls - before, done


@pytest.mark.parametrize("limit", [200, 2_000])
def test_a_first_load_and_its_changes_cost_full_pages(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, people: People, clock: ManualClock, limit: int
) -> None:
    refs = simulator.crm.seed("contact", people(MOST))
    hubspot = connect()
    hubspot.describe()
    first, (items, cursor) = cost(hubspot, lambda: drain(hubspot, limit=limit))
    # The recycle bin is looked into once.
    assert (len(items), first) == (MOST, ceil(MOST / 100) + 1)
    clock.advance(timedelta(hours=1))
    for ref in refs:
        simulator.crm.edit(ref, {"firstname": "changed"})
    changes, (items, cursor) = cost(hubspot, lambda: drain(hubspot, cursor, limit=limit))
    assert {item.ref for item in items if isinstance(item, Record)} == set(refs)
    assert len(items) == MOST
    assert changes <= ceil(MOST / 200) + ceil(MOST / 100) + 1
    clock.advance(timedelta(hours=1))
    # Looking back over what may have been indexed late costs searches once, and reads no values again.
    back, (items, cursor) = cost(hubspot, lambda: drain(hubspot, cursor, limit=limit))
    assert (items, back <= ceil(MOST / 200) + 1) == ([], True)
    clock.advance(timedelta(hours=1))
    quiet, (items, _) = cost(hubspot, lambda: drain(hubspot, cursor, limit=limit))
    assert (items, quiet <= 2) == ([], True)


def test_upserts_travel_by_the_hundred(simulator: HubSpotSimulator, connect: Connect) -> None:
    hubspot = connect()
    hubspot.describe()
    writes = [
        Write(f"op-{number}", "upsert", Ref("contact", f"key-{number}"), {"firstname": f"New {number}"})
        for number in range(MOST)
    ]
    calls, receipts = cost(hubspot, lambda: hubspot.apply(writes))
    assert calls == ceil(MOST / 100)
    assert {receipt.outcome for receipt in receipts} == {"applied"}
