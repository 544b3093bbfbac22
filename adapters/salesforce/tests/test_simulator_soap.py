"""SOAP of the simulated org: signing in, converting leads, merging records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from xml.etree import ElementTree

import httpx
import pytest

from leadbridge.adapter import Ref, Value
from leadbridge.clock import ManualClock
from leadbridge_salesforce.simulator import SalesforceSimulator
from leadbridge_salesforce.simulator.session import PASSWORD

Told = dict[str, list[str]]
Soap = Callable[..., tuple[int, Told]]
CONVERTED = "<convertedStatus>Closed - Converted</convertedStatus>"


@pytest.fixture
def soap(sim: SalesforceSimulator, http: httpx.Client) -> Soap:
    """Sends the inside of an envelope's body; gives the status, and the texts of the answer by their names."""

    def send(body: str, *, token: str | None = None, version: str = "68.0") -> tuple[int, Told]:
        session = sim.token if token is None else token
        text = (
            '<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
            'xmlns="urn:partner.soap.sforce.com"><e:Header><SessionHeader><sessionId>'
            f"{session}</sessionId></SessionHeader></e:Header><e:Body>{body}</e:Body></e:Envelope>"
        )
        headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
        answer = http.post(f"/services/Soap/u/{version}", content=text.encode(), headers=headers)
        assert answer.headers["content-type"].startswith("text/xml")
        told: Told = {}
        for element in ElementTree.fromstring(answer.content).iter():
            told.setdefault(element.tag.rpartition("}")[2], []).append(element.text or "")
        return answer.status_code, told

    return send


def convert(*leads: str, more: str = "") -> str:
    wishes = "".join(f"<leadConverts><leadId>{lead}</leadId>{CONVERTED}{more}</leadConverts>" for lead in leads)
    return f"<convertLead>{wishes}</convertLead>"


def lead(sim: SalesforceSimulator, **fields: Value) -> Ref:
    return sim.crm.seed("Lead", [{"LastName": "Ada", "Company": "Acme & Co", **fields}])[0]


def test_a_lead_becomes_a_contact_an_account_and_an_opportunity(sim: SalesforceSimulator, soap: Soap) -> None:
    ref = lead(sim, Email="ada@acme.example", LeadBridge_Id__c="lb-1")
    task = sim.crm.seed("Task", [{"Subject": "Call", "WhoId": ref}])[0]
    campaign = sim.crm.seed("Campaign", [{"Name": "Fair"}])[0]
    sim.crm.seed("CampaignMember", [{"CampaignId": campaign, "LeadId": ref}])
    status, told = soap(convert(ref.id[:15]))
    assert (status, told["success"], told["leadId"]) == (200, ["true"], [ref.id])
    (contact,) = sim.crm.dump("Contact")
    assert (contact["id"], contact["Email"], contact["LeadBridge_Id__c"]) == (
        told["contactId"][0],
        "ada@acme.example",
        "lb-1",
    )
    assert sim.crm.dump("Account")[0]["Name"] == "Acme & Co"
    assert (sim.crm.dump("Opportunity")[0]["Name"], told["opportunityId"]) == (
        "Acme & Co",
        [sim.crm.dump("Opportunity")[0]["id"]],
    )
    converted = sim.crm.dump("Lead")[0]
    assert (converted["IsConverted"], converted["ConvertedDate"]) == (True, "2026-03-02")
    assert converted["ConvertedContactId"] == Ref("Contact", told["contactId"][0])
    moved = sim.crm.dump("Task")[0]
    assert (moved["id"], moved["WhoId"]) == (task.id, Ref("Contact", told["contactId"][0]))
    member = sim.crm.dump("CampaignMember")[0]
    assert (member["LeadId"], member["ContactId"]) == (None, Ref("Contact", told["contactId"][0]))


def test_a_lead_is_converted_into_what_exists_and_fills_only_blanks(sim: SalesforceSimulator, soap: Soap) -> None:
    ref = lead(sim, Title="Dr", Phone="2", LeadSource="Web")
    account = sim.crm.seed("Account", [{"Name": "Acme"}])[0]
    person: dict[str, Value] = {"LastName": "Ada", "AccountId": account, "Phone": "1", "LeadSource": "Other"}
    contact = sim.crm.seed("Contact", [person])[0]
    more = (
        f"<accountId>{account.id}</accountId><contactId>{contact.id}</contactId>"
        "<doNotCreateOpportunity>true</doNotCreateOpportunity><overwriteLeadSource>true</overwriteLeadSource>"
    )
    status, told = soap(convert(ref.id, more=more))
    assert (status, told["success"], told["opportunityId"]) == (200, ["true"], [""])
    (filled,) = sim.crm.dump("Contact")
    assert (filled["Title"], filled["Phone"], filled["LeadSource"]) == ("Dr", "1", "Web")
    assert (len(sim.crm.dump("Account")), sim.crm.dump("Opportunity")) == (1, [])


def test_each_lead_has_its_own_result(sim: SalesforceSimulator, soap: Soap) -> None:
    first, second, gone = (lead(sim) for _ in range(3))
    sim.crm.delete(gone)
    soap(convert(first.id))
    status, told = soap(convert(first.id, second.id, gone.id, "00QHs0000000Zzz"))
    assert (status, told["success"]) == (200, ["false", "true", "false", "false"])
    assert told["statusCode"] == ["CANNOT_UPDATE_CONVERTED_LEAD", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"]
    assert len(sim.crm.dump("Contact")) == 2


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("<convertedStatus>Nope</convertedStatus>", "INVALID_STATUS"),
        (f"{CONVERTED}<contactId>003Hs0000000Zzz</contactId>", "INVALID_CROSS_REFERENCE_KEY"),
        (f"{CONVERTED}<accountId>001Hs0000000Zzz</accountId>", "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
def test_a_conversion_that_cannot_be_leaves_nothing_behind(
    sim: SalesforceSimulator, soap: Soap, wish: str, expected: str
) -> None:
    ref = lead(sim)
    status, told = soap(f"<convertLead><leadConverts><leadId>{ref.id}</leadId>{wish}</leadConverts></convertLead>")
    assert (status, told["statusCode"]) == (200, [expected])
    assert (sim.crm.dump("Account"), sim.crm.dump("Contact")) == ([], [])
    assert sim.crm.dump("Lead")[0]["IsConverted"] is False


def test_a_lead_of_a_queue_needs_an_owner(sim: SalesforceSimulator, soap: Soap) -> None:
    ref = lead(sim)
    sim.crm.assign(ref, sim.queues[0])
    assert soap(convert(ref.id))[1]["statusCode"] == ["UNKNOWN_EXCEPTION"]
    assert soap(convert(ref.id, more=f"<ownerId>{sim.users[1]}</ownerId>"))[1]["success"] == ["true"]
    assert sim.crm.dump("Contact")[0]["OwnerId"] == sim.users[1]


def test_at_most_a_hundred_leads_are_converted_at_once(soap: Soap) -> None:
    status, told = soap(convert(*["00QHs0000000Zzz"] * 101))
    assert (status, told["exceptionCode"]) == (500, ["EXCEEDED_ID_LIMIT"])


def test_merged_records_name_the_one_that_is_left(
    sim: SalesforceSimulator, soap: Soap, http: httpx.Client, clock: ManualClock
) -> None:
    kept, gone, third = (lead(sim, Title="x") for _ in range(3))
    sim.crm.seed("Task", [{"Subject": "Call", "WhoId": gone}])
    clock.advance(timedelta(minutes=1))
    losers = "".join(f"<recordToMergeIds>{ref.id}</recordToMergeIds>" for ref in (gone, third))
    master = (
        f"<type>Lead</type><Id>{kept.id}</Id><NumberOfEmployees>7</NumberOfEmployees><fieldsToNull>Title</fieldsToNull>"
    )
    status, told = soap(f"<merge><request><masterRecord>{master}</masterRecord>{losers}</request></merge>")
    assert (status, told["success"], told["id"]) == (200, ["true"], [kept.id])
    assert told["mergedRecordIds"] == [gone.id, third.id]
    (left,) = sim.crm.dump("Lead")
    assert (left["id"], left["NumberOfEmployees"], left["Title"]) == (kept.id, 7, None)
    assert sim.crm.dump("Task")[0]["WhoId"] == kept
    query = {"q": "SELECT Id, MasterRecordId FROM Lead WHERE IsDeleted = true"}
    found = http.get("/services/data/v68.0/queryAll", params=query).json()["records"]
    assert {row["MasterRecordId"] for row in found} == {kept.id}


@pytest.mark.parametrize(
    ("master", "losers", "expected"),
    [
        ("<type>Task</type><Id>{0}</Id>", "<recordToMergeIds>{1}</recordToMergeIds>", "INVALID_TYPE"),
        ("<type>Lead</type><Id>{0}</Id>", "", "INVALID_NUMBER_OF_RECORDS"),
        ("<type>Lead</type><Id>{0}</Id>", "<recordToMergeIds>{0}</recordToMergeIds>", "INVALID_NUMBER_OF_RECORDS"),
        (
            "<type>Lead</type><Id>{0}</Id><Shoe>1</Shoe>",
            "<recordToMergeIds>{1}</recordToMergeIds>",
            "INVALID_FIELD",
        ),
        (
            "<type>Lead</type><Id>{0}</Id><Email>x</Email>",
            "<recordToMergeIds>{1}</recordToMergeIds>",
            "INVALID_EMAIL_ADDRESS",
        ),
    ],
)
def test_a_merge_that_cannot_be_changes_nothing(
    sim: SalesforceSimulator, soap: Soap, master: str, losers: str, expected: str
) -> None:
    ids = [lead(sim).id, lead(sim).id]
    inside = f"<masterRecord>{master}</masterRecord>{losers}".format(*ids)
    assert soap(f"<merge><request>{inside}</request></merge>")[1]["statusCode"] == [expected]
    assert [row["id"] for row in sim.crm.dump("Lead")] == ids


@pytest.mark.parametrize("token", ["bad", "", "eyJhbGciOiJS.eyJzdWIi.c2ln"])
def test_a_session_that_soap_does_not_take_is_a_fault(soap: Soap, token: str) -> None:
    status, told = soap(convert("00QHs0000000Zzz"), token=token)
    assert (status, told["exceptionCode"]) == (500, ["INVALID_SESSION_ID"])
    assert told["faultcode"] == ["sf:INVALID_SESSION_ID"]


def test_an_app_may_issue_tokens_that_rest_takes_and_soap_does_not(
    sim: SalesforceSimulator, soap: Soap, http: httpx.Client
) -> None:
    sim.switches.jwt_tokens = True
    sim.switches.strict_auth = True
    sim.expire_tokens()
    assert soap(convert("00QHs0000000Zzz"))[1]["exceptionCode"] == ["INVALID_SESSION_ID"]
    http.headers["Authorization"] = f"Bearer {sim.token}"
    assert http.get("/services/data/v68.0/limits").status_code == 200


def test_soap_counts_against_the_allowance(sim: SalesforceSimulator, soap: Soap) -> None:
    sim.switches.calls_allowed = 1
    assert soap(convert("00QHs0000000Zzz"))[0] == 200
    assert soap(convert("00QHs0000000Zzz"))[1]["exceptionCode"] == ["REQUEST_LIMIT_EXCEEDED"]


@pytest.mark.parametrize("body", ["<dance/>", ""])
def test_other_operations_are_unknown(soap: Soap, body: str) -> None:
    assert soap(body)[1]["exceptionCode"] == ["UNKNOWN_EXCEPTION"]


def test_what_is_not_xml_is_a_fault(http: httpx.Client) -> None:
    answer = http.post("/services/Soap/u/68.0", content=b"<a>")
    assert (answer.status_code, "SOAP_HEADER_PARSING_ERROR" in answer.text) == (500, True)


def test_login_gives_a_session_below_version_65_only(sim: SalesforceSimulator, soap: Soap) -> None:
    login = f"<login><username>{sim.user_name}</username><password>anything</password></login>"
    status, told = soap(login, token="", version="64.0")
    assert (status, told["userId"]) == (200, [sim.users[0]] * 2)
    assert told["serverUrl"][0].startswith(sim.base_url)
    assert soap(convert("00QHs0000000Zzz"), token=told["sessionId"][0])[0] == 200
    status, told = soap(login, token="", version="65.0")
    assert (status, told["exceptionCode"]) == (500, ["INVALID_OPERATION"])


def test_login_of_a_strict_org_checks_the_password(sim: SalesforceSimulator, soap: Soap) -> None:
    sim.switches.strict_auth = True
    for word, expected in (("wrong", 500), (f"{PASSWORD}token", 200)):
        login = f"<login><username>{sim.user_name}</username><password>{word}</password></login>"
        assert soap(login, token="", version="59.0")[0] == expected
