"""A sync whose sales CRM is a (simulated) Salesforce org: leads that are converted or locked while it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

import leadbridge as lb
from leadbridge.adapter import Adapter, Receipt, Ref, Write
from leadbridge.agreement.presets import agreement_text
from leadbridge.clock import ManualClock
from leadbridge_hubspot.simulator import start as start_hubspot
from leadbridge_salesforce.simulator import start as start_salesforce
from tests.sync.conftest import START

ADA = {
    "firstname": "Ada",
    "lastname": "Example",
    "email": "ada@acme.example",
    "company": "Acme",
    "jobtitle": "Head of Operations",
    "lifecyclestage": "marketingqualifiedlead",
}


class World:
    """Two simulated CRMs and a bridge between them; Ada is in both and nothing is left to write."""

    def __init__(self, opened: ExitStack) -> None:
        self.clock = ManualClock(START)
        self.hubspot = start_hubspot(self.clock)
        opened.callback(self.hubspot.stop)
        self.salesforce = start_salesforce(self.clock)
        opened.callback(self.salesforce.stop)
        self.ada = self.hubspot.crm.seed("contact", [ADA])[0]
        self.sales = self.salesforce.connect()
        connections: dict[str, Adapter] = {"hubspot": self.hubspot.connect(), "salesforce": self.sales}
        self.bridge = lb.Bridge(
            lb.Agreement.loads(agreement_text("example")),
            connections,
            store="sqlite://",
            writes="on",
            clock=self.clock,
            grace=timedelta(minutes=1),
        )
        opened.callback(self.bridge.close)
        for connection in connections.values():
            opened.callback(connection.close)
        self.sync()
        (row,) = self.salesforce.crm.dump("Lead")
        self.lead = Ref("Lead", str(row["id"]))

    def sync(self) -> None:
        """Syncs until nothing is left to do."""
        for _ in range(4):
            self.clock.advance(timedelta(minutes=15))
            result = self.bridge.sync(yes=True)
            assert not result.failed

    def before_the_next_write(self, happening: Callable[[], object]) -> None:
        """Lets something happen in the sales CRM after the sync has looked, right before it writes there."""
        real: Any = self.sales.apply

        def apply(writes: Sequence[Write]) -> list[Receipt]:
            self.sales.apply = real  # type: ignore[method-assign]
            happening()
            receipts: list[Receipt] = real(writes)
            return receipts

        self.sales.apply = apply  # type: ignore[method-assign]

    def title(self) -> object:
        """What stands in the contact, or in the lead when there is none."""
        rows = self.salesforce.crm.dump("Contact") or self.salesforce.crm.dump("Lead")
        return rows[0]["Title"]


@pytest.fixture
def world() -> Iterator[World]:
    with ExitStack() as opened:
        yield World(opened)


def test_after_a_conversion_the_contact_is_written_and_never_the_lead(world: World) -> None:
    world.salesforce.crm.convert(world.lead)
    before = next(row for row in world.salesforce.crm.dump("Lead"))
    world.hubspot.crm.edit(world.ada, {"jobtitle": "Plant Manager", "country": "Kenya"})
    world.sync()
    assert world.title() == "Plant Manager"
    assert next(row for row in world.salesforce.crm.dump("Lead")) == before
    assert len(world.salesforce.crm.dump("Contact")) == 1


def test_a_lead_that_is_converted_between_looking_and_writing_loses_nothing(world: World) -> None:
    world.hubspot.crm.edit(world.ada, {"jobtitle": "Plant Manager"})
    world.before_the_next_write(lambda: world.salesforce.crm.convert(world.lead))
    world.sync()
    assert world.title() == "Plant Manager"
    assert world.bridge.store.quarantined() == []


def test_a_lead_that_somebody_holds_is_written_later_and_waits_for_nobody(world: World) -> None:
    world.hubspot.crm.edit(world.ada, {"jobtitle": "Plant Manager"})

    def lock() -> None:
        world.salesforce.switches.locked = 1

    world.before_the_next_write(lock)
    world.sync()
    assert world.title() == "Plant Manager"
    assert world.bridge.store.quarantined() == []
