"""What administrators of the simulated org demand, hide and set up."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from leadbridge_salesforce.simulator import SalesforceSimulator

API = "/services/data/v68.0"
PERSON = {"LastName": "Ada", "Company": "Acme"}


def error(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 400, answer.text
    told: dict[str, Any] = answer.json()[0]
    return told


@pytest.fixture
def strict(sim: SalesforceSimulator) -> SalesforceSimulator:
    sim.add_rule(
        "Lead",
        lambda row: row.get("Status") == "Closed - Not Converted" and not row.get("Rejection_Reason__c"),
        "Say why.",
        field="Rejection_Reason__c",
    )
    return sim


def test_a_validation_rule_sees_the_record_as_it_would_be(http: httpx.Client, strict: SalesforceSimulator) -> None:
    ref = strict.crm.seed("Lead", [dict(PERSON)])[0]
    path = f"{API}/sobjects/Lead/{ref.id}"
    told = error(http.patch(path, json={"Status": "Closed - Not Converted"}))
    assert told == {
        "message": "Say why.",
        "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "fields": ["Rejection_Reason__c"],
    }
    body = {"Status": "Closed - Not Converted", "Rejection_Reason__c": "No budget"}
    assert http.patch(path, json=body).status_code == 204
    assert error(http.patch(path, json={"Rejection_Reason__c": None}))["message"] == "Say why."


def test_a_rule_counts_for_creating_and_inside_collections(http: httpx.Client, strict: SalesforceSimulator) -> None:
    bad = {**PERSON, "Status": "Closed - Not Converted"}
    assert error(http.post(f"{API}/sobjects/Lead", json=bad))["errorCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    records = [{"attributes": {"type": "Lead"}, **body} for body in (bad, PERSON)]
    results = http.post(f"{API}/composite/sobjects", json={"records": records}).json()
    assert [result["success"] for result in results] == [False, True]
    assert results[0]["errors"][0]["statusCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"


def test_a_trigger_refuses_with_a_code_of_its_own(http: httpx.Client, sim: SalesforceSimulator) -> None:
    sim.add_rule("Lead", lambda row: True, "LeadTrigger: no", code="CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")
    told = error(http.post(f"{API}/sobjects/Lead", json=PERSON))
    assert told == {"message": "LeadTrigger: no", "errorCode": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"}
    sim.reset()
    assert http.post(f"{API}/sobjects/Lead", json=PERSON).status_code == 201


def test_a_hidden_field_is_not_there(http: httpx.Client, sim: SalesforceSimulator) -> None:
    ref = sim.crm.seed("Lead", [{**PERSON, "Rating": "Hot"}])[0]
    sim.restrict("Lead", "Rating", read=False)
    fields = {field["name"] for field in http.get(f"{API}/sobjects/Lead/describe").json()["fields"]}
    assert "Rating" not in fields
    assert "Rating" not in http.get(f"{API}/sobjects/Lead/{ref.id}").json()
    told = error(http.get(f"{API}/query", params={"q": "SELECT Rating FROM Lead"}))
    assert (told["errorCode"], "No such column 'Rating' on entity 'Lead'" in told["message"]) == ("INVALID_FIELD", True)
    assert error(http.patch(f"{API}/sobjects/Lead/{ref.id}", json={"Rating": "Cold"}))["errorCode"] == "INVALID_FIELD"
    body = {"ids": [ref.id], "fields": ["Rating"]}
    assert error(http.post(f"{API}/composite/sobjects/Lead", json=body))["errorCode"] == "INVALID_FIELD"


def test_a_field_may_be_readable_only(http: httpx.Client, sim: SalesforceSimulator) -> None:
    ref = sim.crm.seed("Lead", [{**PERSON, "Rating": "Hot"}])[0]
    sim.restrict("Lead", "Rating")
    fields = {field["name"]: field for field in http.get(f"{API}/sobjects/Lead/describe").json()["fields"]}
    assert (fields["Rating"]["createable"], fields["Rating"]["updateable"]) == (False, False)
    assert http.get(f"{API}/sobjects/Lead/{ref.id}").json()["Rating"] == "Hot"
    told = error(http.patch(f"{API}/sobjects/Lead/{ref.id}", json={"Rating": "Cold"}))
    assert (told["errorCode"], told["fields"]) == ("INVALID_FIELD_FOR_INSERT_UPDATE", ["Rating"])


def test_a_duplicate_is_named_and_described_when_asked_for(http: httpx.Client, sim: SalesforceSimulator) -> None:
    sim.switches.duplicate_rule = True
    contact = sim.crm.seed("Contact", [{"LastName": "Ada", "Email": "ada@acme.example", "Title": "Dr"}])[0]
    body = {**PERSON, "Email": "Ada@Acme.example"}
    told = error(http.post(f"{API}/sobjects/Lead", json=body))
    assert told["errorCode"] == "DUPLICATES_DETECTED"
    result = told["duplicateResult"]
    assert (result["allowSave"], result["duplicateRule"]) == (True, "Standard_Lead_Duplicate_Rule")
    (found,) = result["matchResults"][0]["matchRecords"]
    assert found["record"] == {"attributes": {"type": "Contact"}, "Id": contact.id}
    header = {"Sforce-Duplicate-Rule-Header": "includeRecordDetails=true"}
    told = error(http.post(f"{API}/sobjects/Lead", json=body, headers=header))
    (found,) = told["duplicateResult"]["matchResults"][0]["matchRecords"]
    assert found["record"]["Title"] == "Dr"


def test_duplicates_are_saved_when_allowed_unless_the_rule_blocks(http: httpx.Client, sim: SalesforceSimulator) -> None:
    sim.switches.duplicate_rule = True
    sim.crm.seed("Lead", [{**PERSON, "Email": "ada@acme.example"}])
    body = {**PERSON, "Email": "ada@acme.example"}
    header = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    assert http.post(f"{API}/sobjects/Lead", json=body, headers=header).status_code == 201
    sim.switches.duplicate_block = True
    told = error(http.post(f"{API}/sobjects/Lead", json=body, headers=header))
    assert (told["errorCode"], told["duplicateResult"]["allowSave"]) == ("DUPLICATES_DETECTED", False)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Email": "nonsense"}, "INVALID_EMAIL_ADDRESS"),
        ({"LastName": "x" * 81}, "STRING_TOO_LONG"),
        ({"LastName": None}, "REQUIRED_FIELD_MISSING"),
        ({"Rejection_Reason__c": "Rain"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"OwnerId": "005Hs0000000Zzz"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"NumberOfEmployees": "many"}, "JSON_PARSER_ERROR"),
        ({"IsConverted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Shoe": 1}, "INVALID_FIELD"),
    ],
)
def test_what_cannot_be_stored_is_refused(http: httpx.Client, fields: dict[str, Any], expected: str) -> None:
    assert error(http.post(f"{API}/sobjects/Lead", json={**PERSON, **fields}))["errorCode"] == expected


def test_nobody_can_own_who_has_left(http: httpx.Client, sim: SalesforceSimulator) -> None:
    soql = "SELECT Id FROM User WHERE IsActive = false"
    gone = http.get(f"{API}/query", params={"q": soql}).json()["records"][0]["Id"]
    told = error(http.post(f"{API}/sobjects/Lead", json={**PERSON, "OwnerId": gone}))
    assert told["errorCode"] == "INACTIVE_OWNER_OR_USER"


def test_a_converted_lead_is_read_only(http: httpx.Client, sim: SalesforceSimulator) -> None:
    ref = sim.crm.seed("Lead", [dict(PERSON)])[0]
    sim.crm.convert(ref)
    told = error(http.patch(f"{API}/sobjects/Lead/{ref.id}", json={"Title": "x"}))
    assert told["errorCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"
