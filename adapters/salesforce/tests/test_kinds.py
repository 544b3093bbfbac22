"""What leads leave behind and what surrounds them: contacts, deals, activities, campaigns; and what checks are told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leadbridge.adapter import Record, Ref, Value
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.errors import SchemaDrift
from leadbridge.mapping import ConnectionMapping, compile_mapping
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.simulator import SalesforceSimulator

AGREEMENT = """
agreement: kinds
version: 1
effective: 2026-01-01
sync: {systems: {sales: salesforce}}
"""
LEAD: dict[str, Value] = {"LastName": "Ada", "Company": "Acme"}


def mapping(sf: Salesforce) -> ConnectionMapping:
    return compile_mapping("sales", sf.describe(), Agreement.loads(AGREEMENT))


def only(sf: Salesforce, ref: Ref, *fields: str) -> Record:
    (record,) = sf.fetch([ref], fields=fields)
    assert isinstance(record, Record)
    return record


def test_every_kind_means_something_and_lacks_nothing_in_a_standard_org(sf: Salesforce) -> None:
    kinds = mapping(sf).kinds
    assert {name: kind.stands_for for name, kind in kinds.items()} == {
        "Lead": "lead",
        "Contact": "lead",
        "Account": "company",
        "Opportunity": "opportunity",
        "Task": "interaction",
        "Event": "interaction",
        "Campaign": "campaign",
        "CampaignMember": "interaction",
    }
    assert [frozen for kind in kinds.values() for frozen in kind.frozen] == []


def test_what_happens_to_a_lead_is_read_along_with_it(sf: Salesforce) -> None:
    pulled = [kind.kind for kind in mapping(sf).pulled]
    assert sorted(pulled) == ["CampaignMember", "Contact", "Event", "Lead", "Opportunity", "Task"]


def test_a_contact_names_its_account_and_an_account_is_a_company(sim: SalesforceSimulator, sf: Salesforce) -> None:
    lead = sim.crm.seed("Lead", [{**LEAD, "Website": "https://acme.example"}])[0]
    contact = only(sf, sim.crm.convert(lead), "AccountId")
    account = contact.fields["AccountId"]
    assert isinstance(account, Ref)
    fields = mapping(sf).kinds["Account"].reads
    read = mapping(sf).kinds["Account"].read(only(sf, account, *fields).fields)
    assert (read["name"], read["website"]) == ("Acme", "https://acme.example")


def test_a_member_of_a_campaign_is_traced_to_the_person_before_and_after_conversion(
    sim: SalesforceSimulator, sf: Salesforce
) -> None:
    kind = mapping(sf).kinds["CampaignMember"]
    lead = sim.crm.seed("Lead", [LEAD])[0]
    campaign = sim.crm.seed("Campaign", [{"Name": "Fair", "StartDate": "2026-03-01"}])[0]
    member = sim.crm.seed("CampaignMember", [{"CampaignId": campaign, "LeadId": lead, "Status": "Responded"}])[0]
    read = kind.read(only(sf, member, *kind.reads).fields)
    assert (read["lead"], read["campaign"], read["direction"]) == (lead, campaign, "inbound")
    contact = sim.crm.convert(lead)
    assert kind.read(only(sf, member, *kind.reads).fields)["lead"] == contact


def test_a_meeting_is_traced_to_the_person(sim: SalesforceSimulator, sf: Salesforce) -> None:
    kind = mapping(sf).kinds["Event"]
    lead = sim.crm.seed("Lead", [LEAD])[0]
    event = sim.crm.seed("Event", [{"Subject": "Demo", "WhoId": lead, "StartDateTime": "2026-06-01T09:00:00.000Z"}])[0]
    read = kind.read(only(sf, event, *kind.reads).fields)
    assert (read["lead"], read["at"]) == (lead, "2026-03-02T09:00:00.000Z")


def test_a_task_that_salesforce_has_archived_is_still_read(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    lead = sim.crm.seed("Lead", [LEAD])[0]
    task = sim.crm.seed("Task", [{"Subject": "Call", "WhoId": lead, "Status": "Completed"}])[0]
    clock.advance(timedelta(days=500))
    sim.archive()
    page = sf.changes("Task", None, fields=("WhoId",), limit=100)
    assert [item.fields for item in page.items if isinstance(item, Record)] == [{"WhoId": lead}]
    assert only(sf, task, "WhoId").state == "live"


def test_statuses_and_stages_come_in_the_orgs_own_order_and_nobody_chooses_what_only_conversion_gives(
    sf: Salesforce,
) -> None:
    kinds = sf.describe().kinds
    statuses = {option.value: option.active for option in kinds["Lead"].fields["Status"].options}
    assert statuses == {
        "Open - Not Contacted": True,
        "Working - Contacted": True,
        "Closed - Converted": False,
        "Closed - Not Converted": True,
    }
    stages = kinds["Opportunity"].fields["StageName"].options
    assert [stage.value for stage in stages][-2:] == ["Closed Won", "Closed Lost"]
    assert all(stage.active for stage in stages)


def test_ids_of_fifteen_characters_name_the_same_records(sim: SalesforceSimulator, sf: Salesforce) -> None:
    lead = sim.crm.seed("Lead", [LEAD])[0]
    short = Ref("Lead", lead.id[:15])
    assert id18(short.id) == lead.id
    assert only(sf, short, "LastName").ref == lead
    assert sf.find("Lead", "Id", [short.id], fields=())[0][0].ref == lead


def test_a_field_that_is_hidden_between_two_readings_is_named_and_one_that_is_new_is_seen(
    sim: SalesforceSimulator, sf: Salesforce
) -> None:
    sim.crm.seed("Lead", [LEAD])
    assert "MQL_Id__c" in sf.describe().kinds["Lead"].fields
    sim.remove_field("Lead", "MQL_Id__c")
    sim.add_field("Lead", "Fresh__c")
    with pytest.raises(SchemaDrift) as caught:
        sf.changes("Lead", None, fields=("LastName", "MQL_Id__c"), limit=10)
    assert caught.value.field == "Lead.MQL_Id__c"
    fields = sf.describe().kinds["Lead"].fields
    assert ("MQL_Id__c" in fields, "Fresh__c" in fields) == (False, True)
