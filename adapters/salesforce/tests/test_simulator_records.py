"""Records of the simulated org: by external id, in collections, in composite requests and graphs."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from leadbridge.adapter import Ref
from leadbridge_salesforce.simulator import SalesforceSimulator

API = "/services/data/v68.0"
PERSON = {"LastName": "Ada", "Company": "Acme"}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


def record(**fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Lead"}, **fields}


# -- one record ----------------------------------------------------------------------------------------------------


def test_an_upsert_says_whether_it_created(http: httpx.Client, sim: SalesforceSimulator) -> None:
    path = f"{API}/sobjects/Lead/leadbridge_id__c/lb%2F1"
    made = http.patch(path, json=PERSON)
    assert (made.status_code, made.json()["created"]) == (201, True)
    again = http.patch(path, json={"Title": "Dr"})
    assert (again.status_code, again.json()["created"], again.json()["id"]) == (200, False, made.json()["id"])
    old = http.patch(path.replace("v68.0", "v45.0"), json={"Title": "Dr"})
    assert (old.status_code, old.content) == (204, b"")
    assert sim.crm.dump("Lead")[0]["LeadBridge_Id__c"] == "lb/1"
    assert http.get(path).json()["Title"] == "Dr"
    assert http.delete(path).status_code == 204


def test_update_only_creates_nothing(http: httpx.Client, sim: SalesforceSimulator) -> None:
    answer = http.patch(f"{API}/sobjects/Lead/LeadBridge_Id__c/lb-1?updateOnly=true", json=PERSON)
    assert code(answer) == (404, "NOT_FOUND")
    assert sim.crm.dump("Lead") == []


def test_a_key_that_several_records_have_is_answered_with_their_addresses(
    http: httpx.Client, sim: SalesforceSimulator
) -> None:
    refs = sim.crm.seed("Lead", [{**PERSON, "Email": "ada@acme.example"}] * 2)
    path = f"{API}/sobjects/Lead/Email/ADA@acme.example"
    answer = http.patch(path, json={"Title": "x"})
    assert (answer.status_code, answer.json()) == (300, [f"{API}/sobjects/Lead/{ref.id}" for ref in refs])
    sim.crm.delete(refs[0])
    assert http.patch(path, json={"Title": "x"}).json()["id"] == refs[1].id


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("LeadBridge_Id__c/x@y.inc", PERSON, (404, "NOT_FOUND")),
        ("Title/x", PERSON, (404, "NOT_FOUND")),
        ("LeadBridge_Id__c/lb-1", {**PERSON, "LeadBridge_Id__c": "lb-1"}, (400, "INVALID_FIELD")),
        ("LeadBridge_Id__c/lb-1", {**PERSON, "Id": "00QHs0000000Zzz"}, (400, "INVALID_FIELD")),
        ("LeadBridge_Id__c/lb-1", {"LastName": "Ada"}, (400, "REQUIRED_FIELD_MISSING")),
        ("LeadBridge_Id__c/lb-1", [], (400, "JSON_PARSER_ERROR")),
    ],
)
def test_an_upsert_that_cannot_be_is_refused(
    http: httpx.Client, path: str, body: Any, expected: tuple[int, str]
) -> None:
    assert code(http.patch(f"{API}/sobjects/Lead/{path}", json=body)) == expected


def test_a_lookup_may_be_named_by_an_external_id(http: httpx.Client, sim: SalesforceSimulator) -> None:
    sim.add_field("Account", "Number__c", unique=True)
    account = sim.crm.seed("Account", [{"Name": "Acme", "Number__c": "7"}])[0]
    made = http.post(f"{API}/sobjects/Contact", json={"LastName": "Ada", "Account": {"Number__c": "7"}})
    assert made.status_code == 201
    assert sim.crm.dump("Contact")[0]["AccountId"] == account
    none = http.post(f"{API}/sobjects/Contact", json={"LastName": "Ada", "Account": {"Number__c": "8"}})
    assert code(none) == (400, "INVALID_FIELD")
    assert code(http.post(f"{API}/sobjects/Contact", json={"LastName": "A", "Shoe": {"Size__c": "8"}})) == (
        400,
        "INVALID_FIELD",
    )


def test_ids_of_15_characters_do_as_well(http: httpx.Client, sim: SalesforceSimulator) -> None:
    ref = sim.crm.seed("Lead", [PERSON])[0]
    short = f"{API}/sobjects/lead/{ref.id[:15]}"
    assert http.get(short, params={"fields": "id,LASTNAME"}).json()["Id"] == ref.id
    assert http.patch(short, json={"title": "x"}).status_code == 204
    assert http.delete(short).status_code == 204
    assert code(http.delete(short)) == (404, "ENTITY_IS_DELETED")
    assert code(http.patch(f"{API}/sobjects/Lead/00QHs0000000Zzz", json={})) == (404, "NOT_FOUND")


# -- collections ---------------------------------------------------------------------------------------------------


def test_all_or_none_takes_everything_back(http: httpx.Client, sim: SalesforceSimulator) -> None:
    ref = sim.crm.seed("Lead", [{**PERSON, "LeadBridge_Id__c": "lb-1", "Title": "x"}])[0]
    body = {"allOrNone": True, "records": [record(**PERSON), record(LastName="Bob")]}
    results = http.post(f"{API}/composite/sobjects", json=body).json()
    assert [result["errors"][0]["statusCode"] for result in results] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "REQUIRED_FIELD_MISSING",
    ]
    keyed = [record(LeadBridge_Id__c="lb-2", Title="z"), record(LeadBridge_Id__c="LB-1", Title="y", Company="Best")]
    body = {"allOrNone": True, "records": keyed}
    results = http.patch(f"{API}/composite/sobjects/Lead/LeadBridge_Id__c", json=body).json()
    assert [result["success"] for result in results] == [False, False]
    gone = http.delete(f"{API}/composite/sobjects", params={"ids": f"{ref.id},00QHs0000000Zzz", "allOrNone": "true"})
    assert [result["success"] for result in gone.json()] == [False, False]
    (left,) = sim.crm.dump("Lead")
    assert (left["id"], left["Title"], left["Company"]) == (ref.id, "x", "Acme")
    assert http.get(f"{API}/sobjects/Lead/LeadBridge_Id__c/lb-1").json()["Id"] == ref.id


def test_without_it_the_good_ones_stay(http: httpx.Client, sim: SalesforceSimulator) -> None:
    keyed = [record(LeadBridge_Id__c=f"lb-{n}", **PERSON) for n in range(3)]
    keyed.append(record(LeadBridge_Id__c="LB-2", **PERSON))
    results = http.patch(f"{API}/composite/sobjects/Lead/LeadBridge_Id__c", json={"records": keyed}).json()
    assert [result["success"] for result in results] == [True, True, False, False]
    ids = ",".join([results[0]["id"], "zzzHs0000000Zzz", results[1]["id"]])
    gone = http.delete(f"{API}/composite/sobjects", params={"ids": ids}).json()
    assert [result["success"] for result in gone] == [True, False, True]
    assert sim.crm.dump("Lead") == []


def test_locks_show_at_the_top_and_inside_a_collection(http: httpx.Client, sim: SalesforceSimulator) -> None:
    ref = sim.crm.seed("Lead", [PERSON])[0]
    sim.switches.locked = 2
    assert code(http.patch(f"{API}/sobjects/Lead/{ref.id}", json={"Title": "x"})) == (400, "UNABLE_TO_LOCK_ROW")
    records = {"records": [record(**PERSON), record(**PERSON)]}
    answer = http.post(f"{API}/composite/sobjects", json=records)
    assert answer.status_code == 200
    assert [result["success"] for result in answer.json()] == [False, True]
    assert answer.json()[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"


# -- composite -----------------------------------------------------------------------------------------------------


def part(name: str, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    return {"referenceId": name, "method": method, "url": f"{API}{path}", "body": body, **more}


def test_independent_subrequests_run_in_any_order_unless_told_otherwise(
    http: httpx.Client, sim: SalesforceSimulator
) -> None:
    def order(**more: Any) -> list[str]:
        parts = [part(f"p{n}", "POST", "/sobjects/Lead", {"LastName": f"{n}", "Company": "A"}) for n in range(8)]
        answers = http.post(f"{API}/composite", json={"compositeRequest": parts, **more}).json()["compositeResponse"]
        assert [answer["referenceId"] for answer in answers] == [f"p{n}" for n in range(8)]
        return [str(lead["LastName"]) for lead in sim.crm.dump("Lead")[-8:]]

    straight = [str(n) for n in range(8)]
    assert order(collateSubrequests=False) == straight
    shuffled = order()
    assert (sorted(shuffled), shuffled == straight) == (straight, False)
    sim.switches.shuffle = False
    assert order() == straight


def test_references_are_followed_whatever_the_order(http: httpx.Client, sim: SalesforceSimulator) -> None:
    parts = [part(f"x{n}", "POST", "/sobjects/Lead", PERSON) for n in range(5)]
    parts += [
        part("a", "POST", "/sobjects/Account", {"Name": "Acme"}),
        part("c", "POST", "/sobjects/Contact", {"LastName": "Ada", "AccountId": "@{a.id}"}),
        part("g", "GET", "/sobjects/Contact/@{c.id}?fields=AccountId"),
        part("n", "GET", "/sobjects/Contact/@{nobody.id}"),
    ]
    answers = http.post(f"{API}/composite", json={"compositeRequest": parts}).json()["compositeResponse"]
    found = {answer["referenceId"]: answer for answer in answers}
    assert found["g"]["body"]["AccountId"] == found["a"]["body"]["id"]
    assert (found["n"]["httpStatusCode"], found["n"]["body"][0]["errorCode"]) == (400, "PROCESSING_HALTED")


def test_all_or_none_of_a_composite_request_rolls_back(http: httpx.Client, sim: SalesforceSimulator) -> None:
    parts = [part("a", "POST", "/sobjects/Lead", PERSON), part("b", "POST", "/sobjects/Lead", {"LastName": "x"})]
    for whole, left in ((True, 0), (False, 1)):
        body = {"allOrNone": whole, "compositeRequest": parts}
        answers = http.post(f"{API}/composite", json=body).json()["compositeResponse"]
        assert [answer["httpStatusCode"] for answer in answers] == [400 if whole else 201, 400]
        assert len(sim.crm.dump("Lead")) == left


def test_headers_of_subrequests_count(http: httpx.Client, sim: SalesforceSimulator) -> None:
    sim.switches.assignment_owner = sim.queues[0]
    headers = {"Sforce-Auto-Assign": "FALSE"}
    parts = [part("a", "POST", "/sobjects/Lead", PERSON, httpHeaders=headers)]
    http.post(f"{API}/composite", json={"compositeRequest": parts})
    assert sim.crm.dump("Lead")[0]["OwnerId"] == sim.users[0]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], "INVALID_INPUT"),
        ([part(f"p{n}", "GET", "/limits") for n in range(26)], "INVALID_INPUT"),
        ([part("same", "GET", "/limits")] * 2, "INVALID_INPUT"),
        ([part(f"p{n}", "GET", "/query?q=SELECT+Id+FROM+Lead") for n in range(6)], "LIMIT_EXCEEDED"),
    ],
)
def test_a_composite_request_has_its_limits(http: httpx.Client, parts: list[Any], expected: str) -> None:
    assert code(http.post(f"{API}/composite", json={"compositeRequest": parts})) == (400, expected)


def test_each_graph_holds_together(http: httpx.Client, sim: SalesforceSimulator) -> None:
    good = [
        part("a", "POST", "/sobjects/Account", {"Name": "Acme"}),
        part("c", "POST", "/sobjects/Contact", {"LastName": "Ada", "AccountId": "@{a.id}"}),
    ]
    bad = [part("l", "POST", "/sobjects/Lead", PERSON), part("m", "POST", "/sobjects/Lead", {"LastName": "x"})]
    graphs = [{"graphId": "1", "compositeRequest": good}, {"graphId": "2", "compositeRequest": bad}]
    told = http.post(f"{API}/composite/graph", json={"graphs": graphs}).json()["graphs"]
    assert [(graph["graphId"], graph["isSuccessful"]) for graph in told] == [("1", True), ("2", False)]
    errors = [answer["body"][0]["errorCode"] for answer in told[1]["graphResponse"]["compositeResponse"]]
    assert errors == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"]
    contact = sim.crm.dump("Contact")[0]
    assert contact["AccountId"] == Ref("Account", str(sim.crm.dump("Account")[0]["id"]))
    assert sim.crm.dump("Lead") == []
    many = [{"graphId": f"{n}", "compositeRequest": good} for n in range(76)]
    assert code(http.post(f"{API}/composite/graph", json={"graphs": many})) == (400, "INVALID_INPUT")
    wide = [part(f"p{n}", "GET", "/limits") for n in range(300)]
    both = [{"graphId": f"{n}", "compositeRequest": wide} for n in range(2)]
    assert code(http.post(f"{API}/composite/graph", json={"graphs": both})) == (400, "LIMIT_EXCEEDED")
