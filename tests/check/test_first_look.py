"""The first thing that a company runs: a check against an account that knows nothing of leadbridge."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from leadbridge.agreement import Agreement
from leadbridge.bridge import Bridge
from leadbridge.clock import ManualClock
from leadbridge.registry import start_simulator

BARE = """
agreement: Nothing mapped yet
version: 1
effective: 2026-01-01
sync: {systems: {marketing: hubspot, sales: salesforce}}
"""


@pytest.fixture
def salesforce() -> Iterator[Any]:
    simulator = start_simulator("salesforce")(ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC)), provisioned=False)
    row = {"LastName": "Example", "Company": "Buyer"}
    simulator.crm.seed("Lead", [row, row, {**row, "Status": "Working - Contacted"}])
    simulator.log.clear()
    yield simulator
    simulator.stop()


@pytest.fixture
def hubspot() -> Iterator[Any]:
    simulator = start_simulator("hubspot")(ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC)), provisioned=False)
    simulator.crm.seed("contact", [{"email": f"p{n}@buyer.example", "lifecyclestage": "evangelist"} for n in range(3)])
    simulator.log.clear()
    yield simulator
    simulator.stop()


def test_statuses_that_nobody_gave_a_meaning_are_listed_with_their_rows(salesforce: Any) -> None:
    with Bridge(Agreement.loads(BARE), {"sf": salesforce.connect()}, "sqlite://") as bridge:
        report = bridge.check()
    found = {(item.field, item.value): item.rows for item in report.unmapped}
    assert found["Status", "Open - Not Contacted"] == 2
    assert found["Status", "Working - Contacted"] == 1
    offered = {(item.field, item.value) for item in report.choices}
    assert ("Status", "Closed - Not Converted") in offered
    assert ("Status", "Closed - Converted") not in offered, "only a conversion sets it"
    assert not report.ok


def test_a_check_changes_nothing_and_needs_no_field_of_ours(salesforce: Any, hubspot: Any) -> None:
    connections = {"hs": hubspot.connect(), "sf": salesforce.connect()}
    before = (hubspot.crm.dump("contact"), salesforce.crm.dump("Lead"))
    with Bridge(Agreement.preset("example"), connections, "sqlite://") as bridge:
        report = bridge.check()
        assert bridge.store.facts() == []
    assert (hubspot.crm.dump("contact"), salesforce.crm.dump("Lead")) == before
    assert {(item.connection, item.value, item.rows) for item in report.unmapped} == {("hs", "evangelist", 3)}
    assert report.unprovisioned["hs", "contact"][:2] == ("id", "op")
    assert {name: each.used > 0 for name, each in report.usage.items()} == {"hs": True, "sf": True}
    assert {entry.method for entry in salesforce.log.entries} <= {"GET", "POST"}
    assert not any("/upsert" in entry.path or "/update" in entry.path for entry in hubspot.log.entries)


def test_a_check_names_no_person(hubspot: Any) -> None:
    with Bridge(Agreement.preset("example"), {"hs": hubspot.connect()}, "sqlite://") as bridge:
        report = bridge.check()
    assert "@" not in f"{report}{report.to_dict()}{report!r}"
