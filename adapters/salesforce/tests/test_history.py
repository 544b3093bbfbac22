"""Past values of a field: what was kept is told, from when on is said, and nothing is made up."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from leadbridge.adapter import History, Ref, Value
from leadbridge.clock import ManualClock
from leadbridge.errors import SchemaDrift
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.simulator import SalesforceSimulator

LEAD = {"LastName": "Ada", "Company": "Acme"}


def later(clock: ManualClock) -> datetime:
    return clock.advance(timedelta(days=1))


def test_the_adapter_remembers(sf: Salesforce) -> None:
    assert isinstance(sf, History)


def test_a_tracked_field_is_told_from_the_creation_on(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    sim.track("Lead", "Status", "LastName")
    begun = clock.now()
    ada, bob = sim.crm.seed("Lead", [LEAD, LEAD])
    first = later(clock)
    sim.crm.edit(ada, {"Status": "Working - Contacted", "LastName": "Adams"})
    second = later(clock)
    sim.crm.edit(ada, {"Status": "Closed - Not Converted"})
    statuses = (
        (begun, "Open - Not Contacted"),
        (first, "Working - Contacted"),
        (second, "Closed - Not Converted"),
    )
    assert sf.history([bob, ada, bob], field="Status") == [(), statuses, ()]
    assert sf.history([ada], field="LastName") == [((begun, "Ada"), (first, "Adams"))]


def test_what_was_not_tracked_from_the_beginning_begins_with_its_first_change(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    ada = sim.crm.seed("Lead", [LEAD])[0]
    later(clock)
    sim.crm.edit(ada, {"Status": "Working - Contacted"})
    sim.track("Lead", "Status")
    known_from = later(clock)
    sim.crm.edit(ada, {"Status": "Closed - Not Converted"})
    assert sf.history([ada], field="Status") == [((known_from, "Closed - Not Converted"),)]


def test_where_nothing_is_tracked_nothing_is_known(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    ada = sim.crm.seed("Lead", [LEAD])[0]
    later(clock)
    sim.crm.edit(ada, {"Status": "Working - Contacted"})
    task = sim.crm.seed("Task", [{"Subject": "Call"}])[0]
    assert sf.history([ada, Ref("Lead", "nonsense"), Ref("Lead", f"00QHs{'9' * 10}")], field="Status") == [(), (), ()]
    assert sf.history([task], field="Status") == [()]
    assert sf.history([], field="Status") == []


def test_a_lookup_leaves_two_rows_and_the_ids_are_told(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    sim.track("Lead", "OwnerId")
    begun = clock.now()
    ada = sim.crm.seed("Lead", [{**LEAD, "OwnerId": sim.users[0]}])[0]
    first = later(clock)
    sim.crm.assign(ada, sim.users[1])
    second = later(clock)
    sim.crm.assign(ada, sim.queues[0])
    assert sf.history([ada], field="OwnerId") == [
        ((begun, sim.users[0]), (first, sim.users[1]), (second, sim.queues[0]))
    ]


def test_a_long_text_leaves_no_values_and_so_has_no_past(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    sim.track("Lead", "Description")
    ada = sim.crm.seed("Lead", [{**LEAD, "Description": "one"}])[0]
    later(clock)
    sim.crm.edit(ada, {"Description": "two"})
    assert sf.history([ada], field="Description") == [()]


def test_the_stages_of_a_deal_are_known_in_every_org(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    begun = clock.now()
    row: dict[str, Value] = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-06-30", "Amount": 100.0}
    deal = sim.crm.seed("Opportunity", [row])[0]
    first = later(clock)
    sim.crm.edit(deal, {"Amount": 200.0})
    second = later(clock)
    sim.crm.win(deal)
    assert sf.history([deal], field="StageName") == [((begun, "Prospecting"), (second, "Closed Won"))]
    assert sf.history([deal], field="Amount") == [((begun, 100.0), (first, 200.0))]
    assert sf.history([deal], field="Name") == [()]


def test_a_contact_has_a_past_of_its_own(sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock) -> None:
    sim.track("Contact", "Title")
    begun = clock.now()
    lead = sim.crm.seed("Lead", [{**LEAD, "Title": "Buyer"}])[0]
    contact = sim.crm.convert(lead)
    first = later(clock)
    sim.crm.edit(contact, {"Title": None})
    assert sf.history([lead, contact], field="Title") == [(), ((begun, "Buyer"), (first, None))]


def test_many_records_are_asked_for_in_few_calls(sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock) -> None:
    sim.track("Lead", "Status")
    refs = sim.crm.seed("Lead", [LEAD] * 1200)
    at = later(clock)
    for ref in refs:
        sim.crm.edit(ref, {"Status": "Working - Contacted"})
    sf.describe()
    before = sf.calls
    pasts = sf.history(refs, field="Status")
    assert [past[-1] for past in pasts] == [(at, "Working - Contacted")] * 1200
    assert sf.calls - before <= 6


def test_a_field_that_does_not_exist_is_named(sim: SalesforceSimulator, sf: Salesforce) -> None:
    ada = sim.crm.seed("Lead", [LEAD])[0]
    with pytest.raises(SchemaDrift) as caught:
        sf.history([ada], field="Nope__c")
    assert caught.value.field == "Lead.Nope__c"
