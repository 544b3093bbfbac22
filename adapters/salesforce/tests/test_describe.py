"""What the adapter says of an org."""

from __future__ import annotations

import pytest

from leadbridge.adapter import Adapter, Ref
from leadbridge.errors import SchemaDrift
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.describe import shape_of
from leadbridge_salesforce.simulator import SalesforceSimulator


def test_an_org_says_who_it_is_and_who_we_are(sim: SalesforceSimulator, sf: Salesforce) -> None:
    adapter: Adapter = sf
    seen = adapter.describe()
    assert (seen.system, seen.api_version, seen.account[:3], len(seen.account)) == ("salesforce", "v68.0", "00D", 18)
    assert seen.user == sim.users[0]
    assert set(seen.kinds) == {
        *("Lead", "Contact", "Opportunity", "Task", "Account", "Event", "Campaign", "CampaignMember")
    }
    assert seen.capabilities.key_kinds == {"Lead", "Contact"}
    assert seen.kinds["Lead"].own["id"] == "LeadBridge_Id__c"


def test_people_and_queues_are_owners_and_owner_fields_hold_their_ids(sim: SalesforceSimulator, sf: Salesforce) -> None:
    owners = sf.describe().owners
    assert {owner.kind for owner in owners} == {"person", "queue"}
    assert [owner.active for owner in owners if owner.id not in {*sim.users, *sim.queues}] == [False]
    ref = sim.crm.seed("Lead", [{"LastName": "Ada", "Company": "Acme"}])[0]
    sim.crm.assign(ref, sim.queues[0])
    record = sf.fetch([ref], fields=["OwnerId"])[0]
    assert getattr(record, "fields", {}) == {"OwnerId": sim.queues[0]}
    assert "vendor.example" not in repr(owners)


def test_fields_carry_what_a_writer_must_know(sf: Salesforce) -> None:
    fields = sf.describe().kinds["Lead"].fields
    assert fields["LastName"].required
    assert fields["LastName"].max_length == 80
    assert not fields["Status"].required, "it has a default"
    assert [option.value for option in fields["Status"].options][:2] == ["Open - Not Contacted", "Working - Contacted"]
    assert (fields["Rejection_Reason__c"].type, fields["Rejection_Reason__c"].restricted) == ("option", True)
    assert (fields["ConvertedContactId"].type, fields["OwnerId"].type) == ("ref", "string")
    assert not fields["IsConverted"].writable
    assert not any(info.forward_only for info in fields.values())
    assert "Address" not in fields, "its parts are fields of their own"


def test_the_default_crosswalk_names_fields_that_every_org_has(sf: Salesforce) -> None:
    seen = sf.describe()
    for kind, body in seen.crosswalk.items():
        assert isinstance(body, dict)
        assert set(body["fields"].values()) <= set(seen.kinds[kind].fields)
    lead = seen.crosswalk["Lead"]
    assert isinstance(lead, dict)
    assert "values" not in lead, "what a status means is for the agreement to say"


def test_a_kind_that_is_missing_is_left_out_and_a_field_that_is_gone_is_absent(
    sim: SalesforceSimulator, sf: Salesforce
) -> None:
    sim.remove_field("Lead", "Phone")
    assert "Phone" not in sf.describe().kinds["Lead"].fields
    ref = sim.crm.seed("Lead", [{"LastName": "Ada", "Company": "Acme"}])[0]
    record = sf.fetch([ref], fields=["Phone", "LastName"])[0]
    assert getattr(record, "fields", {}) == {"LastName": "Ada"}
    with pytest.raises(SchemaDrift):
        sf.fetch([Ref("Spaceship", ref.id)], fields=["Name"])


def test_a_field_that_vanishes_between_describing_and_reading_is_drift_once(
    sim: SalesforceSimulator, sf: Salesforce
) -> None:
    sf.describe()
    sim.remove_field("Lead", "Phone")
    with pytest.raises(SchemaDrift) as caught:
        sf.changes("Lead", None, fields=["Phone"], limit=10)
    assert caught.value.field == "Lead.Phone"
    assert sf.changes("Lead", None, fields=["Phone", "LastName"], limit=10).items == ()


def test_several_choices_are_a_tuple(sim: SalesforceSimulator, sf: Salesforce) -> None:
    sim.add_field("Lead", "Interests__c", "multipicklist", values=["A", "B", "C"])
    ref = sim.crm.seed("Lead", [{"LastName": "Ada", "Company": "Acme", "Interests__c": ("A", "C")}])[0]
    record = sf.fetch([ref], fields=["Interests__c"])[0]
    assert getattr(record, "fields", {}) == {"Interests__c": ("A", "C")}
    assert sf.describe().kinds["Lead"].fields["Interests__c"].type == "options"


def test_a_field_without_a_length_has_no_limit() -> None:
    shape = shape_of({"name": "Lead", "fields": [{"name": "Amount", "type": "currency", "length": 0}]})
    assert shape.info.fields["Amount"].max_length == 0
