"""What sales does in HubSpot, with the default crosswalk: calls, meetings, mails and deals become facts of leads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from leadbridge import Bridge
from leadbridge.adapter import Ref, Value
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock, iso
from leadbridge.domain.facts import Interacted, OpportunityOpened, OpportunityWon
from leadbridge.store import Store
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator

Connect = Callable[..., HubSpot]
People = Callable[..., list[dict[str, Value]]]
HOUR = timedelta(hours=1)

AGREEMENT = """
agreement: work of sales
version: 1
effective: 2026-01-01
sync: {systems: {marketing: hubspot}}
"""


@pytest.fixture
def bridge(connect: Connect, clock: ManualClock) -> Iterator[Bridge]:
    with Bridge(Agreement.loads(AGREEMENT), {"hubspot": connect()}, Store("sqlite://"), clock=clock) as made:
        yield made


def test_calls_meetings_mails_and_notes_are_interactions_of_all_their_contacts(
    simulator: HubSpotSimulator, bridge: Bridge, clock: ManualClock, people: People
) -> None:
    ada, bob = simulator.crm.seed("contact", people(2))
    at = iso(clock.now() - HOUR)
    made = {
        "call": {"hs_timestamp": at, "hs_call_direction": "INBOUND"},
        "meeting": {"hs_timestamp": at},
        "email": {"hs_timestamp": at, "hs_email_direction": "INCOMING_EMAIL"},
        "note": {"hs_timestamp": at},
    }
    refs = {kind: simulator.crm.seed(kind, [row])[0] for kind, row in made.items()}
    for ref in refs.values():
        simulator.crm.associate(ref, ada)
    simulator.crm.associate(refs["call"], bob)
    bridge.sync(yes=True)
    told = [fact for fact in bridge.ledger.facts() if isinstance(fact, Interacted)]
    assert sorted((fact.channel, fact.direction) for fact in told) == [
        ("email", "inbound"),
        ("meeting", "outbound"),
        ("note", "outbound"),
        ("phone", "inbound"),
        ("phone", "inbound"),
    ]
    assert len({fact.lead for fact in told if fact.channel == "phone"}) == 2
    assert {iso(fact.occurred_at) for fact in told} == {at}
    before = len(bridge.ledger.facts())
    bridge.sync(yes=True)
    assert len(bridge.ledger.facts()) == before


def test_a_deal_is_an_opportunity_of_its_contacts_from_its_opening_to_its_end(
    simulator: HubSpotSimulator, bridge: Bridge, clock: ManualClock, people: People
) -> None:
    ada, bob = simulator.crm.seed("contact", people(2))
    deal = simulator.crm.seed("deal", [{"dealname": "One", "amount": 1200, "dealstage": "qualifiedtobuy"}])[0]
    for contact in (ada, bob):
        simulator.crm.associate(deal, contact)
    bridge.sync(yes=True)
    opened = [fact for fact in bridge.ledger.facts() if isinstance(fact, OpportunityOpened)]
    assert [(fact.opportunity, fact.amount) for fact in opened] == [(f"hubspot:{deal.id}", 1200.0)] * 2
    assert len({fact.lead for fact in opened}) == 2
    clock.advance(HOUR)
    simulator.crm.edit(deal, {"dealstage": "closedwon", "closedate": iso(clock.now())})
    clock.advance(HOUR)
    bridge.sync(yes=True)
    won = [fact for fact in bridge.ledger.facts() if isinstance(fact, OpportunityWon)]
    assert len({fact.lead for fact in won}) == 2


def test_a_task_is_a_plan_until_it_is_done_and_only_a_message_that_no_other_record_tells_touches_anybody(
    simulator: HubSpotSimulator, bridge: Bridge, clock: ManualClock, people: People
) -> None:
    ada = simulator.crm.seed("contact", people(1))[0]
    at = iso(clock.now())
    kinds = ("LINKED_IN_MESSAGE", "CALL", "EMAIL", "OTHER_WORK")
    rows: list[dict[str, Value]] = [
        {"hs_timestamp": at, "hs_task_status": "NOT_STARTED", "hs_task_type": kind} for kind in kinds
    ]
    tasks = simulator.crm.seed("task", rows)
    for task in tasks:
        simulator.crm.associate(task, ada)
    bridge.sync(yes=True)
    assert not [fact for fact in bridge.ledger.facts() if isinstance(fact, Interacted)]
    clock.advance(HOUR)
    for task in tasks:
        simulator.crm.edit(task, {"hs_task_status": "COMPLETED"})
    bridge.sync(yes=True)
    told = [fact for fact in bridge.ledger.facts() if isinstance(fact, Interacted)]
    assert [(fact.channel, fact.nature, fact.function) for fact in told] == [("linkedin", "person_to_person", "sales")]


def test_work_that_came_before_its_contact_waits_for_it(
    simulator: HubSpotSimulator, bridge: Bridge, clock: ManualClock, people: People
) -> None:
    call = simulator.crm.seed("call", [{"hs_timestamp": iso(clock.now())}])[0]
    bridge.sync(yes=True)
    assert bridge.ledger.facts() == []
    clock.advance(HOUR)
    ada: Ref = simulator.crm.seed("contact", people(1))[0]
    simulator.crm.associate(call, ada)
    simulator.crm.edit(call, {"hs_call_title": "First call"})
    bridge.sync(yes=True)
    assert len([fact for fact in bridge.ledger.facts() if isinstance(fact, Interacted)]) == 1
