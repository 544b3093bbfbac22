"""What no query shows: purged records, records without a new stamp, and transactions longer than we look back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from leadbridge.adapter import Record, Ref
from leadbridge.clock import ManualClock
from leadbridge.simulator import Fault
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.simulator import SalesforceSimulator

FIELDS = ("LastName", "Title")
HOUR = timedelta(hours=1)


def lead(number: int = 0) -> dict[str, str]:
    return {"LastName": f"Person {number}", "Company": "Acme"}


def scan(
    sf: Salesforce, cursor: str | None, *, fields: Sequence[str] = FIELDS, limit: int = 2000
) -> tuple[list[Record | Ref], str]:
    items: list[Record | Ref] = []
    while True:
        page = sf.changes("Lead", cursor, fields=fields, limit=limit)
        assert len(page.items) <= limit
        items.extend(page.items)
        cursor = page.cursor
        if not page.more:
            return items, cursor


def states(items: Sequence[Record | Ref]) -> dict[Ref, str]:
    return {item.ref: item.state for item in items if isinstance(item, Record)}


def opinions(sim: SalesforceSimulator) -> int:
    return sum("/updated" in entry.path for entry in sim.log.entries)


def test_a_record_that_no_query_finds_any_more_is_deleted(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    gone, _stays = sim.crm.seed("Lead", [lead(), lead(1)])
    _, cursor = scan(sf, None)
    clock.advance(HOUR)
    sim.crm.purge(gone)
    clock.advance(timedelta(minutes=2))
    items, cursor = scan(sf, cursor)
    assert states(items) == {gone: "deleted"}
    for _ in range(4):
        clock.advance(timedelta(minutes=4))
        items, cursor = scan(sf, cursor)
        assert items == [], "it is told again and again"


def test_without_fields_its_address_is_told(sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock) -> None:
    gone = sim.crm.seed("Lead", [lead()])[0]
    _, cursor = scan(sf, None, fields=())
    clock.advance(HOUR)
    sim.crm.purge(gone)
    clock.advance(timedelta(minutes=2))
    assert scan(sf, cursor, fields=())[0] == [gone]


def test_more_than_a_page_holds_comes_with_the_next_scans(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    refs = sim.crm.seed("Lead", [lead(number) for number in range(9)])
    _, cursor = scan(sf, None)
    clock.advance(HOUR)
    for ref in refs:
        sim.crm.purge(ref)
    clock.advance(timedelta(minutes=2))
    found: list[Ref] = []
    for _ in range(3):
        items, cursor = scan(sf, cursor, limit=4)
        found += states(items)
        clock.advance(timedelta(seconds=10))
    assert sorted(found) == sorted(refs)


def test_the_record_of_changes_is_left_alone_for_five_minutes(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    sim.crm.seed("Lead", [lead()])
    _, cursor = scan(sf, None)
    assert opinions(sim) == 0
    before = sf.calls
    for _ in range(60):
        clock.advance(timedelta(minutes=1))
        _, cursor = scan(sf, cursor)
    assert opinions(sim) == 12
    assert sf.calls - before == 60 + 2 * 12


def test_long_scans_do_not_ask(sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock) -> None:
    refs = sim.crm.seed("Lead", [lead(number) for number in range(50)])
    _, cursor = scan(sf, None)
    clock.advance(HOUR)
    for ref in refs:
        sim.crm.edit(ref, {"Title": "Buyer"})
    scan(sf, cursor, limit=10)
    assert opinions(sim) == 0


def test_a_transaction_longer_than_we_look_back_is_not_covered_and_is_found_when_it_ends(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    sim.crm.seed("Lead", [lead()])
    _, cursor = scan(sf, None)
    clock.advance(HOUR)
    begun = clock.now()
    sim.switches.late = 2 * HOUR
    late = sim.crm.seed("Lead", [lead(1)])[0]
    sim.switches.late = timedelta(0)
    for _ in range(11):
        clock.advance(timedelta(minutes=10))
        page = sf.changes("Lead", cursor, fields=FIELDS, limit=2000)
        assert page.items == ()
        assert page.covered_until is not None
        if clock.now() - begun > timedelta(minutes=10):
            assert page.covered_until <= begun
        cursor = page.cursor
    clock.advance(timedelta(minutes=15))
    seen: list[Record | Ref] = []
    for _ in range(3):
        items, cursor = scan(sf, cursor)
        seen += items
        clock.advance(timedelta(minutes=6))
    page = sf.changes("Lead", cursor, fields=FIELDS, limit=2000)
    assert states(seen)[late] == "live"
    assert page.covered_until == clock.now()


@pytest.mark.parametrize("trouble", ["forbidden", "too many"])
def test_without_an_opinion_the_scan_is_what_it_was(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock, trouble: str
) -> None:
    sim.crm.seed("Lead", [lead()])
    _, cursor = scan(sf, None)
    clock.advance(HOUR)
    if trouble == "forbidden":
        sim.faults.add(Fault(effect="status", status=403, after=1))
    else:
        sim.switches.replicated = -1
    page = sf.changes("Lead", cursor, fields=FIELDS, limit=10)
    assert (page.items, page.more, page.covered_until) == ((), False, clock.now())


def test_after_a_long_silence_salesforce_is_asked_as_far_back_as_it_knows(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    gone, other = sim.crm.seed("Lead", [lead(), lead(1)])
    _, cursor = scan(sf, None)
    clock.advance(timedelta(days=40))
    sim.crm.purge(gone)
    sim.crm.edit(other, {"Title": "Buyer"})
    clock.advance(timedelta(minutes=2))
    items, cursor = scan(sf, cursor)
    assert states(items) == {gone: "deleted", other: "live"}
    sim.switches.deletes_kept = timedelta(hours=2)
    clock.advance(timedelta(hours=5))
    assert scan(sf, cursor)[0] == []
