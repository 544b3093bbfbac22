"""Histories of the simulated org: opt-in for fields, always on for what an opportunity is worth."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from leadbridge.adapter import Ref
from leadbridge.clock import ManualClock
from leadbridge.errors import ConfigError
from leadbridge_salesforce.simulator import SalesforceSimulator

API = "/services/data/v68.0"


def ask(http: httpx.Client, soql: str) -> list[dict[str, Any]]:
    answer = http.get(f"{API}/query", params={"q": soql})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["records"]
    return [{name: value for name, value in row.items() if name != "attributes"} for row in rows]


def changes(http: httpx.Client, kind: str = "LeadHistory") -> list[tuple[Any, ...]]:
    rows = ask(http, f"SELECT Field, OldValue, NewValue FROM {kind} ORDER BY CreatedDate, Id")
    return [tuple(row.values()) for row in rows]


@pytest.fixture
def lead(sim: SalesforceSimulator) -> Ref:
    return sim.crm.seed("Lead", [{"LastName": "Ada", "Company": "Acme", "Status": "Open - Not Contacted"}])[0]


def test_without_tracking_there_is_no_past(http: httpx.Client, sim: SalesforceSimulator, lead: Ref) -> None:
    sim.crm.edit(lead, {"Status": "Working - Contacted"})
    assert changes(http) == []


def test_tracked_fields_leave_a_row_for_each_change(
    http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock, lead: Ref
) -> None:
    sim.track("Lead", "Status", "OwnerId", "Description")
    clock.advance(timedelta(hours=1))
    sim.crm.edit(lead, {"Status": "Working - Contacted", "Title": "x", "Description": "long"})
    sim.crm.edit(lead, {"Status": "Working - Contacted"})
    http.patch(f"{API}/sobjects/Lead/{lead.id}", json={"Status": "Closed - Not Converted"})
    sim.crm.assign(lead, sim.users[1])
    assert changes(http) == [
        ("Description", None, None),
        ("Status", "Open - Not Contacted", "Working - Contacted"),
        ("Status", "Working - Contacted", "Closed - Not Converted"),
        ("Owner", "Integration User", "Dana Reyes"),
        ("Owner", sim.users[0], sim.users[1]),
    ]
    rows = ask(http, "SELECT Id, LeadId, DataType, CreatedById, CreatedDate FROM LeadHistory ORDER BY Id")
    assert rows[0]["Id"].startswith("01L")
    assert (rows[1]["LeadId"], rows[1]["CreatedDate"]) == (lead.id, "2026-03-02T10:00:00.000+0000")
    assert [row["DataType"] for row in rows[1:]] == ["DynamicEnum", "DynamicEnum", "Text", "EntityId"]
    assert [row["CreatedById"] == sim.users[0] for row in rows] == [False, False, True, False, False]


def test_creation_conversion_and_merge_have_rows_of_their_own(
    http: httpx.Client, sim: SalesforceSimulator, lead: Ref
) -> None:
    sim.track("Lead", "Title")
    other = sim.crm.seed("Lead", [{"LastName": "Bob", "Company": "Acme"}])[0]
    third = sim.crm.seed("Lead", [{"LastName": "Bob", "Company": "Acme"}])[0]
    sim.crm.merge(other, third)
    sim.crm.convert(lead)
    assert [row[0] for row in changes(http)] == ["created", "created", "leadMerged", "leadConverted"]


def test_late_commits_have_their_history_late_too(
    http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock, lead: Ref
) -> None:
    sim.track("Lead", "Status")
    sim.switches.late = timedelta(minutes=5)
    sim.crm.edit(lead, {"Status": "Working - Contacted"})
    clock.advance(timedelta(minutes=4))
    assert changes(http) == []
    clock.advance(timedelta(minutes=1))
    rows = ask(http, "SELECT CreatedDate FROM LeadHistory")
    assert rows == [{"CreatedDate": "2026-03-02T09:00:00.000+0000"}]


def test_the_history_of_an_opportunity_is_always_on(
    http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock, lead: Ref
) -> None:
    contact = sim.crm.convert(lead, opportunity="Deal", amount=10.0)
    deal = Ref("Opportunity", str(sim.crm.dump("Opportunity")[0]["id"]))
    clock.advance(timedelta(days=1))
    sim.crm.edit(deal, {"StageName": "Negotiation/Review", "Amount": 20.0})
    sim.crm.edit(deal, {"Description": "nothing that is remembered"})
    sim.crm.win(contact)
    rows = ask(
        http, "SELECT StageName, Amount, PrevAmount, PrevCloseDate FROM OpportunityHistory ORDER BY CreatedDate, Id"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("Qualification", 10.0, None, None),
        ("Negotiation/Review", 20.0, 10.0, None),
        ("Closed Won", 20.0, None, "2026-03-02"),
    ]
    assert changes(http, "OpportunityFieldHistory") == []
    sim.crm.delete(deal)
    assert ask(http, "SELECT Id FROM OpportunityHistory") == []


def test_field_history_of_opportunities_and_contacts_can_be_tracked(
    http: httpx.Client, sim: SalesforceSimulator
) -> None:
    sim.track("Opportunity", "StageName")
    sim.track("Contact", "Title")
    deal = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-04-01"}
    deals = sim.crm.seed("Opportunity", [deal])
    people = sim.crm.seed("Contact", [{"LastName": "Ada"}])
    sim.crm.edit(deals[0], {"StageName": "Closed Lost"})
    sim.crm.edit(people[0], {"Title": "x"})
    assert changes(http, "OpportunityFieldHistory")[1:] == [("StageName", "Prospecting", "Closed Lost")]
    assert changes(http, "ContactHistory")[1:] == [("Title", None, "x")]


@pytest.mark.parametrize(
    "soql", ["SELECT Id FROM LeadHistory WHERE NewValue = 'x'", "SELECT SystemModstamp FROM LeadHistory"]
)
def test_what_histories_cannot_be_asked_is_refused(http: httpx.Client, soql: str) -> None:
    answer = http.get(f"{API}/query", params={"q": soql})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


def test_nobody_writes_history(http: httpx.Client, lead: Ref) -> None:
    described = http.get(f"{API}/sobjects/LeadHistory/describe").json()
    assert (described["createable"], described["queryable"]) == (False, True)
    values = {field["name"]: field for field in described["fields"]}
    assert (values["OldValue"]["type"], values["OldValue"]["filterable"]) == ("anyType", False)
    answer = http.post(f"{API}/sobjects/LeadHistory", json={"LeadId": lead.id, "Field": "Title"})
    assert answer.status_code == 400


def test_an_org_says_which_fields_it_tracks(http: httpx.Client, sim: SalesforceSimulator) -> None:
    where = "EntityDefinitionId = 'Lead' AND IsFieldHistoryTracked = true"
    soql = f"SELECT QualifiedApiName FROM FieldDefinition WHERE {where}"
    assert ask(http, soql) == []
    sim.track("Lead", "Status", "Rejection_Reason__c")
    names = {row["QualifiedApiName"] for row in ask(http, f"{soql} ORDER BY QualifiedApiName")}
    assert names == {"Status", "Rejection_Reason__c"}
    sim.remove_field("Lead", "Rejection_Reason__c")
    assert [row["QualifiedApiName"] for row in ask(http, soql)] == ["Status"]


@pytest.mark.parametrize(
    ("kind", "names"), [("Task", ["Subject"]), ("Lead", ["Nope"]), ("Lead", [f"F{n}" for n in range(21)])]
)
def test_what_cannot_be_tracked_is_said(sim: SalesforceSimulator, kind: str, names: list[str]) -> None:
    with pytest.raises(ConfigError):
        sim.track(kind, *names)


def test_statuses_and_stages_can_be_queried(http: httpx.Client) -> None:
    rows = ask(http, "SELECT ApiName, MasterLabel, IsConverted, IsDefault FROM LeadStatus ORDER BY SortOrder")
    assert [(row["MasterLabel"], row["IsConverted"], row["IsDefault"]) for row in rows] == [
        ("Open - Not Contacted", False, True),
        ("Working - Contacted", False, False),
        ("Closed - Converted", True, False),
        ("Closed - Not Converted", False, False),
    ]
    stages = ask(
        http, "SELECT MasterLabel, IsClosed, IsWon, DefaultProbability FROM OpportunityStage ORDER BY SortOrder"
    )
    assert [tuple(row.values()) for row in stages[-2:]] == [
        ("Closed Won", True, True, 100.0),
        ("Closed Lost", True, False, 0.0),
    ]
