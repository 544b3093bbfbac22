"""The simulated org on the wire: what clients that nobody here wrote rely on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from leadbridge.adapter import Ref, Value
from leadbridge.clock import ManualClock
from leadbridge.errors import ConfigError, Unsupported
from leadbridge.simulator import Crm, Simulator
from leadbridge_salesforce.simulator import SalesforceSimulator

API = "/services/data/v68.0"


def found(http: httpx.Client, where: str, *, resource: str = "query") -> list[str]:
    answer = http.get(f"{API}/{resource}", params={"q": f"SELECT LastName FROM Lead {where}"})
    assert answer.status_code == 200, answer.text
    return [row["LastName"] for row in answer.json()["records"]]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


def test_it_is_a_simulator_with_a_back_door(sim: SalesforceSimulator) -> None:
    simulator: Simulator = sim
    crm: Crm = simulator.crm
    assert crm.dump("Lead") == []


@pytest.fixture
def people(sim: SalesforceSimulator, clock: ManualClock) -> list[Ref]:
    rows: list[dict[str, Value]] = [
        {"LastName": "Ada", "Company": "Acme", "Email": "ada@acme.example", "NumberOfEmployees": 10},
        {"LastName": "bob", "Company": "Acme", "NumberOfEmployees": 200, "DoNotCall": True},
        {"LastName": "Cy_d", "Company": "Best", "Email": "cyd@best.example"},
    ]
    refs = []
    for row in rows:
        refs += sim.crm.seed("Lead", [row])
        clock.advance(timedelta(minutes=1))
    return refs


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("", ["Ada", "bob", "Cy_d"]),
        ("WHERE Company = 'ACME'", ["Ada", "bob"]),
        ("WHERE Company != 'acme'", ["Cy_d"]),
        ("WHERE Email = null", ["bob"]),
        ("WHERE Email != null", ["Ada", "Cy_d"]),
        ("WHERE Email != 'ada@acme.example'", ["bob", "Cy_d"]),
        ("WHERE NumberOfEmployees > 10", ["bob"]),
        ("WHERE NumberOfEmployees <= 10", ["Ada"]),
        ("WHERE DoNotCall = true", ["bob"]),
        ("WHERE LastName LIKE '%D%'", ["Ada", "Cy_d"]),
        ("WHERE LastName LIKE '__\\_d'", ["Cy_d"]),
        ("WHERE LastName IN ('ada', 'BOB') AND (NOT Company = 'Best')", ["Ada", "bob"]),
        ("WHERE LastName NOT IN ('ada')", ["bob", "Cy_d"]),
        ("WHERE (Company = 'Best' OR NumberOfEmployees = 10) AND Email != null", ["Ada", "Cy_d"]),
        ("WHERE SystemModstamp > 2026-03-02T09:00:00Z", ["bob", "Cy_d"]),
        ("WHERE SystemModstamp >= 2026-03-02T11:01:00+02:00", ["bob", "Cy_d"]),
        ("WHERE CreatedDate = TODAY AND CreatedDate > LAST_N_DAYS:3", []),
        ("WHERE CreatedDate > YESTERDAY", ["Ada", "bob", "Cy_d"]),
        ("ORDER BY LastName DESC", ["Cy_d", "bob", "Ada"]),
        ("ORDER BY Email NULLS LAST", ["Ada", "Cy_d", "bob"]),
        ("ORDER BY Email DESC", ["bob", "Cy_d", "Ada"]),
        ("ORDER BY Company, LastName LIMIT 2 OFFSET 1", ["bob", "Cy_d"]),
        ("ORDER BY SystemModstamp, Id LIMIT 2", ["Ada", "bob"]),
    ],
)
def test_soql_finds_what_it_says(http: httpx.Client, people: list[Ref], where: str, expected: list[str]) -> None:
    assert found(http, where) == expected


def test_ids_of_both_lengths_are_found(http: httpx.Client, people: list[Ref]) -> None:
    assert found(http, f"WHERE Id IN ('{people[0].id[:15]}', '{people[2].id}')") == ["Ada", "Cy_d"]
    assert found(http, f"WHERE Id > '{people[0].id}' ORDER BY Id") == ["bob", "Cy_d"]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE Email = 'a\\qb'", "MALFORMED_QUERY"),
        ("SELECT Shoe FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Shoe = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE SystemModstamp > '2026-01-01T00:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE LastName = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM SandboxProcess", "INVALID_TYPE"),
        ("SELECT Id FROM Lead OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_soql_that_is_wrong_is_refused_as_salesforce_does(http: httpx.Client, statement: str, expected: str) -> None:
    assert code(http.get(f"{API}/query", params={"q": statement})) == (400, expected)


def test_locators_live_for_two_days(http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock) -> None:
    sim.switches.page_size = 5
    sim.crm.seed("Lead", [{"LastName": f"P{n}", "Company": "Acme"} for n in range(12)])
    page = http.get(f"{API}/queryAll", params={"q": "SELECT Id FROM Lead"}).json()
    assert (page["totalSize"], page["done"], len(page["records"])) == (12, False, 5)
    assert page["nextRecordsUrl"].startswith(f"{API}/query/01g")
    assert len(http.get(page["nextRecordsUrl"]).json()["records"]) == 5
    clock.advance(timedelta(days=3))
    assert code(http.get(page["nextRecordsUrl"])) == (400, "INVALID_QUERY_LOCATOR")


def test_answers_carry_the_allowance_and_the_orgs_time(http: httpx.Client, sim: SalesforceSimulator) -> None:
    answer = http.get(f"{API}/limits/", headers={"X-PrettyPrint": "1"})
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=1/100000; api-bursts=1/750"
    assert answer.headers["Date"] == "Mon, 02 Mar 2026 09:00:00 GMT"
    assert "\n" in answer.text


def test_versions_are_shown_to_everybody_and_old_ones_are_retired(sim: SalesforceSimulator) -> None:
    with httpx.Client(base_url=sim.base_url, trust_env=False) as anybody:
        assert anybody.get("/services/data").json()[-1]["version"] == "68.0"
        assert code(anybody.get(API)) == (401, "INVALID_SESSION_ID")
        anybody.headers["Authorization"] = f"Bearer {sim.token}"
        assert code(anybody.get("/services/data/v20.0/limits")) == (410, "UNSUPPORTED_API_VERSION")
        assert "/id/00D" in anybody.get(API).json()["identity"]
        assert anybody.get("/services/oauth2/userinfo").json()["organization_id"].startswith("00D")


def test_composite_requests_refer_to_each_other(http: httpx.Client, sim: SalesforceSimulator) -> None:
    requests = [
        {"method": "POST", "url": f"{API}/sobjects/Account", "referenceId": "a", "body": {"Name": "Acme"}},
        {
            "method": "POST",
            "url": f"{API}/sobjects/Contact",
            "referenceId": "c",
            "body": {"LastName": "Ada", "AccountId": "@{a.id}"},
        },
        {"method": "GET", "url": f"{API}/query?q=SELECT+Nope+FROM+Lead", "referenceId": "q"},
    ]
    answer = http.post(f"{API}/composite", json={"compositeRequest": requests}).json()["compositeResponse"]
    assert [part["httpStatusCode"] for part in answer] == [201, 201, 400]
    contact = sim.crm.dump("Contact")[0]
    assert contact["AccountId"] == Ref("Account", answer[0]["body"]["id"])


def test_collections_answer_record_by_record(http: httpx.Client, sim: SalesforceSimulator) -> None:
    def record(**fields: Any) -> dict[str, Any]:
        return {"attributes": {"type": "Lead"}, **fields}

    records = [record(LastName="Ada", Company="A"), record(LastName="Bob"), record(LastName="Cy", Company="C")]
    results = http.post(f"{API}/composite/sobjects", json={"records": records}).json()
    assert [result["success"] for result in results] == [True, False, True]
    assert results[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    key = results[0]["id"]
    shown = http.get(f"{API}/composite/sobjects/Lead", params={"ids": f"{key},00QHs0000000Zzz", "fields": "lastname"})
    assert [row and row["LastName"] for row in shown.json()] == ["Ada", None]
    twins = [record(Id=key, Title="x"), record(Id=key, Title="y")]
    assert [r["success"] for r in http.patch(f"{API}/composite/sobjects", json={"records": twins}).json()] == [
        False
    ] * 2
    too_many = {"records": [record(LastName="x", Company="y")] * 201}
    assert code(http.post(f"{API}/composite/sobjects", json=too_many)) == (400, "INVALID_INPUT")
    unknown = {"records": [record(LastName="x", Company="y"), record(Shoe=1)]}
    assert code(http.post(f"{API}/composite/sobjects", json=unknown)) == (400, "INVALID_FIELD")
    assert len(sim.crm.dump("Lead")) == 2


def test_an_update_without_the_header_is_assigned_anew(http: httpx.Client, sim: SalesforceSimulator) -> None:
    sim.switches.assignment_owner = sim.queues[0]
    ref = sim.crm.seed("Lead", [{"LastName": "Ada", "Company": "Acme"}])[0]
    http.patch(f"{API}/sobjects/Lead/{ref.id}", json={"Title": "x"}, headers={"Sforce-Auto-Assign": "FALSE"})
    assert sim.crm.dump("Lead")[0]["OwnerId"] == sim.users[0]
    http.patch(f"{API}/sobjects/Lead/{ref.id}", json={"Title": "y"})
    assert sim.crm.dump("Lead")[0]["OwnerId"] == sim.queues[0]


def test_one_record_can_be_guarded_by_its_time(
    http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock
) -> None:
    ref = sim.crm.seed("Lead", [{"LastName": "Ada", "Company": "Acme"}])[0]
    guard = {"If-Unmodified-Since": "Mon, 02 Mar 2026 09:00:00 GMT"}
    assert http.patch(f"{API}/sobjects/Lead/{ref.id}", json={"Title": "x"}, headers=guard).status_code == 204
    clock.advance(timedelta(seconds=2))
    sim.crm.edit(ref, {"Title": "y"})
    assert http.patch(f"{API}/sobjects/Lead/{ref.id}", json={"Title": "z"}, headers=guard).status_code == 412


def test_other_processes_can_use_the_back_door(sim: SalesforceSimulator) -> None:
    with httpx.Client(base_url=sim.base_url, trust_env=False) as other:
        row = {"LastName": "Ada", "Company": "Acme"}
        refs = other.post("/_control/seed", json={"kind": "Lead", "rows": [row]}).json()
        contact = other.post("/_control/convert", json={"ref": refs[0], "opportunity": "Deal"}).json()
        other.post("/_control/win", json={"ref": contact, "on": "2026-03-05", "amount": 5})
        deal = other.get("/_control/dump/Opportunity").json()[0]
        assert (deal["StageName"], deal["CloseDate"], deal["Amount"]) == ("Closed Won", "2026-03-05", 5)
        other.post("/_control/reset", json={})
    assert sim.crm.dump("Lead") == []


def test_a_win_without_an_opportunity_makes_one_and_names_it_on_the_lead(sim: SalesforceSimulator) -> None:
    lead = sim.crm.seed("Lead", [{"LastName": "Ada", "Company": "Acme"}])[0]
    with pytest.raises(ConfigError):
        sim.crm.win(lead)
    contact = sim.crm.convert(lead)
    assert sim.crm.dump("Opportunity") == []
    sim.crm.win(contact)
    sim.crm.win(lead, amount=7.0)
    deal = sim.crm.dump("Opportunity")[0]
    assert (deal["IsWon"], deal["Amount"]) == (True, 7.0)
    assert sim.crm.dump("Lead")[0]["ConvertedOpportunityId"] == Ref("Opportunity", str(deal["id"]))


def test_the_back_door_refuses_what_the_org_does_not_know(sim: SalesforceSimulator) -> None:
    with pytest.raises(ConfigError):
        sim.crm.seed("Lead", [{"Shoe": 1}])
    with pytest.raises(ConfigError):
        sim.crm.seed("Spaceship", [{}])
    with pytest.raises(Unsupported):
        sim.crm.convert(Ref("Contact", "003"))
    with pytest.raises(Unsupported):
        sim.crm.merge(Ref("Task", "00T"), Ref("Task", "00T"))


def test_conversion_without_a_field_mapping_loses_custom_fields(sim: SalesforceSimulator) -> None:
    sim.switches.carry_custom = False
    lead = sim.crm.seed("Lead", [{"LastName": "Ada", "Company": "Acme", "LeadBridge_Id__c": "lb-1"}])[0]
    sim.crm.convert(lead)
    assert sim.crm.dump("Contact")[0]["LeadBridge_Id__c"] is None
