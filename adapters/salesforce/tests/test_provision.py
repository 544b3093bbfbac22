"""Making our own fields, and what a person has to do where an API cannot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leadbridge.adapter import OWN_FIELDS, Provision, Ref, Write
from leadbridge.clock import ManualClock
from leadbridge.errors import ConfigError, Unsupported
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.simulator import SalesforceSimulator, start

ALL = [own.purpose for own in OWN_FIELDS]


@pytest.fixture
def bare(clock: ManualClock) -> Iterator[SalesforceSimulator]:
    with start(clock, provisioned=False) as running:
        yield running


@pytest.fixture
def adapter(bare: SalesforceSimulator) -> Iterator[Salesforce]:
    connected = bare.connect()
    yield connected
    connected.close()


def test_an_account_without_our_fields_can_be_read_and_is_not_written(
    bare: SalesforceSimulator, adapter: Salesforce
) -> None:
    description = adapter.describe()
    assert dict(description.kinds["Lead"].own) == {}
    assert description.capabilities.key_kinds == frozenset()
    bare.crm.seed("Lead", [{"LastName": "Ada", "Company": "Acme"}])
    page = adapter.changes("Lead", None, fields=["LastName", "LeadBridge_Id__c"], limit=10)
    assert len(page.items) == 1
    bare.log.clear()
    with pytest.raises(Unsupported):
        adapter.apply([Write("op", "upsert", Ref("Lead", "lb-1"), {"LastName": "Ada", "Company": "Acme"})])
    assert bare.log.total == 0


def test_a_dry_run_changes_nothing(bare: SalesforceSimulator, adapter: Salesforce) -> None:
    assert isinstance(adapter, Provision)
    rows = adapter.provision(ALL, dry_run=True)
    assert [row.state for row in rows] == ["planned"] * 14 + ["manual"]
    assert bare.log.count("", "POST") == 0


def test_the_fields_are_made_made_visible_and_found_the_second_time(
    bare: SalesforceSimulator, adapter: Salesforce
) -> None:
    rows = adapter.provision([], dry_run=False)
    assert [(row.kind, row.field, row.state) for row in rows[:-1]] == [
        ("Lead", "LeadBridge_Id__c", "created"),
        ("Lead", "LeadBridge_Op__c", "created"),
        ("Contact", "LeadBridge_Id__c", "created"),
        ("Contact", "LeadBridge_Op__c", "created"),
    ]
    own = adapter.describe().kinds["Lead"]
    assert set(own.own) == {"id", "op"}
    assert own.fields["LeadBridge_Id__c"].unique
    receipt = adapter.apply([Write("op", "upsert", Ref("Lead", "lb-1"), {"LastName": "Ada", "Company": "Acme"})])[0]
    assert receipt.outcome == "applied"
    again = adapter.provision(ALL, dry_run=False)
    assert {row.field: row.state for row in again[:-1]}["LeadBridge_Id__c"] == "exists"
    assert set(adapter.describe().kinds["Contact"].own) == set(ALL)


def test_the_mapping_at_conversion_is_always_left_to_a_person(adapter: Salesforce) -> None:
    last = adapter.provision(ALL, dry_run=True)[-1]
    assert last.state == "manual"
    assert "Map Lead Fields" in last.instructions
    assert "LeadBridge_Op__c" in last.instructions


def test_where_we_may_not_a_person_is_told_exactly_what_to_do(bare: SalesforceSimulator, adapter: Salesforce) -> None:
    bare.switches.refuse_setup = True
    rows = adapter.provision([], dry_run=False)
    assert {row.state for row in rows} == {"manual"}
    assert bare.log.count("CustomField", "POST") == 1
    assert "Text(64), Unique (case sensitive), External ID" in rows[0].instructions


def test_a_field_that_is_hidden_only_needs_to_be_granted(bare: SalesforceSimulator, adapter: Salesforce) -> None:
    bare.add_field("Lead", "LeadBridge_Id__c", unique=True, visible=False)
    assert "id" not in adapter.describe().kinds["Lead"].own
    assert adapter.provision([], dry_run=False)[0].state == "created"
    assert "id" in adapter.describe().kinds["Lead"].own


def test_a_purpose_that_does_not_exist_is_refused(adapter: Salesforce) -> None:
    with pytest.raises(ConfigError):
        adapter.provision(["shoe_size"], dry_run=True)


def test_a_permission_set_that_somebody_else_got_is_assigned_to_us_too_and_only_once(adapter: Salesforce) -> None:
    made = adapter._wire.create("/sobjects/PermissionSet", {"Name": "LeadBridge", "Label": "x"}, operation="test")
    soql = f"SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSetId = '{made['id']}'"
    for purposes in ([], ALL):
        adapter.provision(purposes, dry_run=False)
        assigned = [row["AssigneeId"] for row in adapter._wire.rows(soql, operation="test")]
        assert assigned == [adapter.describe().user]


def test_the_step_for_a_person_is_told_from_the_fields(adapter: Salesforce) -> None:
    rows = adapter.provision(ALL, dry_run=True)
    assert len({(row.kind, row.field) for row in rows}) == len(rows)
