"""``simple_salesforce``, unmodified, against the simulator over TLS: nothing of ours is on the client's side here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from simple_salesforce import exceptions as sdk
from simple_salesforce.api import Salesforce

from leadbridge.clock import ManualClock
from leadbridge.simulator import Fault
from leadbridge_salesforce.simulator import SalesforceSimulator, start
from leadbridge_salesforce.simulator.proxy import ConnectProxy
from leadbridge_salesforce.simulator.session import CLIENT, PASSWORD, SECRET


@pytest.fixture
def tls(clock: ManualClock) -> Iterator[SalesforceSimulator]:
    with start(clock, tls=True) as running:
        yield running


@pytest.fixture
def client(tls: SalesforceSimulator) -> Iterator[Any]:
    """The SDK as it comes, with a session that trusts the simulator's certificate."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(tls.ca_file)
        yield Salesforce(session_id=tls.token, instance_url=tls.base_url, session=session, version="68.0")


@pytest.fixture
def through_proxy(tls: SalesforceSimulator) -> Iterator[requests.Session]:
    """A session for which every host of Salesforce is the simulator."""
    tls.switches.strict_auth = True
    assert tls.ca_file is not None
    with ConnectProxy(tls.base_url, tls.ca_file) as proxy, requests.Session() as session:
        session.trust_env = False
        session.proxies = {"https": proxy.url}
        session.verify = str(proxy.ca_file)
        yield session


def code_of(error: sdk.SalesforceError) -> str:
    content: Any = error.content
    return str(content[0]["errorCode"])


def test_the_sdk_creates_reads_updates_and_deletes(client: Any) -> None:
    made = client.Lead.create({"LastName": "Ada", "Company": "Acme", "email": "ada@acme.example"})
    assert made["success"]
    key = made["id"]
    lead = client.Lead.get(key[:15])
    assert (lead["Id"], lead["LastName"], lead["Email"]) == (key, "Ada", "ada@acme.example")
    assert lead["attributes"]["url"].endswith(key)
    assert client.Lead.update(key, {"Title": "Countess"}) == 204
    assert client.Lead.get(key)["Title"] == "Countess"
    assert client.Lead.delete(key) == 204
    with pytest.raises(sdk.SalesforceResourceNotFound) as caught:
        client.Lead.get(key)
    assert code_of(caught.value) == "ENTITY_IS_DELETED"


def test_the_sdk_speaks_to_a_plain_server_too(sim: SalesforceSimulator) -> None:
    connected = sim.sdk()
    assert connected.Lead.create({"LastName": "Ada", "Company": "Acme"})["success"]
    connected.session.close()


def test_the_sdk_upserts_by_our_external_id(client: Any) -> None:
    data = {"LastName": "Ada", "Company": "Acme"}
    assert client.Lead.upsert("LeadBridge_Id__c/lb-1", data) == 201
    assert client.Lead.upsert("LeadBridge_Id__c/LB-1", {"Title": "x"}) == 200
    assert client.Lead.get_by_custom_id("LeadBridge_Id__c", "lb-1")["Title"] == "x"
    assert client.query("SELECT COUNT() FROM Lead")["totalSize"] == 1


def test_the_sdk_pages_through_everything(tls: SalesforceSimulator, client: Any) -> None:
    tls.switches.page_size = 300
    refs = tls.crm.seed("Lead", [{"LastName": f"P{n}", "Company": "Acme"} for n in range(1000)])
    tls.crm.delete(refs[0])
    soql = "SELECT id, lastname FROM lead ORDER BY Id"
    rows = client.query_all(soql)["records"]
    assert [row["Id"] for row in rows] == [ref.id for ref in refs[1:]]
    assert set(rows[0]) == {"attributes", "Id", "LastName"}
    assert len(list(client.query_all_iter(soql, include_deleted=True))) == 1000
    first = client.query(soql)
    assert (first["totalSize"], first["done"]) == (999, False)
    identifier = first["nextRecordsUrl"].rpartition("/")[2]
    assert client.query_more(identifier)["records"]


def test_the_sdk_describes_and_asks_for_limits_and_collections(client: Any) -> None:
    assert {"Lead", "Contact"} <= {kind["name"] for kind in client.describe()["sobjects"]}
    fields = {field["name"]: field for field in client.Lead.describe()["fields"]}
    assert fields["Status"]["picklistValues"][0]["value"] == "Open - Not Contacted"
    assert client.Lead.metadata()["objectDescribe"]["name"] == "Lead"
    assert client.limits()["DailyApiRequests"]["Max"] == 100_000
    assert client.api_usage["api-usage"].total == 100_000
    records = [{"attributes": {"type": "Lead"}, "LastName": f"P{n}", "Company": "Acme"} for n in range(3)]
    results = client.restful("composite/sobjects", method="POST", json={"allOrNone": False, "records": records})
    assert [result["success"] for result in results] == [True] * 3
    assert client.is_sandbox() is True


def test_the_sdk_asks_what_was_updated_and_deleted(tls: SalesforceSimulator, client: Any, clock: ManualClock) -> None:
    kept, gone = tls.crm.seed("Lead", [{"LastName": f"P{n}", "Company": "Acme"} for n in range(2)])
    tls.crm.delete(gone)
    clock.advance(timedelta(minutes=5))
    span = (clock.now() - timedelta(hours=1), clock.now())
    assert client.Lead.updated(*span)["ids"] == [kept.id]
    assert [row["id"] for row in client.Lead.deleted(*span)["deletedRecords"]] == [gone.id]


@pytest.mark.parametrize(
    ("act", "expected", "code"),
    [
        (lambda sf: sf.query("SELECT Nope FROM Lead"), sdk.SalesforceMalformedRequest, "INVALID_FIELD"),
        (lambda sf: sf.query("SELECT Id FROM Nope"), sdk.SalesforceMalformedRequest, "INVALID_TYPE"),
        (lambda sf: sf.query("SELECT Id FROM Lead WHERE"), sdk.SalesforceMalformedRequest, "MALFORMED_QUERY"),
        (lambda sf: sf.Lead.create({"LastName": "x"}), sdk.SalesforceMalformedRequest, "REQUIRED_FIELD_MISSING"),
        (lambda sf: sf.Nope.describe(), sdk.SalesforceResourceNotFound, "NOT_FOUND"),
        (lambda sf: sf.query_more("01gNope-200"), sdk.SalesforceMalformedRequest, "INVALID_QUERY_LOCATOR"),
    ],
)
def test_the_sdk_gets_its_proper_exceptions(
    client: Any, act: Any, expected: type[sdk.SalesforceError], code: str
) -> None:
    with pytest.raises(expected) as caught:
        act(client)
    assert code_of(caught.value) == code


def test_the_sdk_is_told_that_its_session_ended_or_its_allowance_is_used(tls: SalesforceSimulator, client: Any) -> None:
    tls.switches.calls_allowed = 0
    with pytest.raises(sdk.SalesforceRefusedRequest):
        client.limits()
    tls.expire_tokens()
    with pytest.raises(sdk.SalesforceExpiredSession):
        client.limits()


# -- signing in where the SDK always does ---------------------------------------------------------------------------


def test_the_sdk_signs_in_with_client_credentials(through_proxy: requests.Session) -> None:
    client: Any = Salesforce(consumer_key=CLIENT, consumer_secret=SECRET, domain="acme.my", session=through_proxy)
    assert client.sf_instance == "acme.my.salesforce.com"
    assert client.query("SELECT COUNT() FROM Lead")["totalSize"] == 0
    assert client.Lead.create({"LastName": "Ada", "Company": "Acme"})["success"]


def test_the_sdk_signs_in_with_a_password_below_version_65(
    tls: SalesforceSimulator, through_proxy: requests.Session
) -> None:
    who: Any = {"username": tls.user_name, "password": PASSWORD, "security_token": "x"}
    client: Any = Salesforce(**who, session=through_proxy, version="59.0")
    assert client.query("SELECT COUNT() FROM Lead")["totalSize"] == 0
    with pytest.raises(sdk.SalesforceAuthenticationFailed) as caught:
        Salesforce(**who, session=through_proxy, version="65.0")
    assert caught.value.code == "INVALID_OPERATION"


def test_the_sdk_signs_in_with_an_assertion(tls: SalesforceSimulator, through_proxy: requests.Session) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    tls.trust(public.decode())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    client: Any = Salesforce(username=tls.user_name, consumer_key=CLIENT, privatekey=private, session=through_proxy)
    assert client.limits()["DailyApiRequests"]["Max"] == 100_000


def test_the_sdk_is_told_when_it_may_not_sign_in(tls: SalesforceSimulator, through_proxy: requests.Session) -> None:
    with pytest.raises(sdk.SalesforceAuthenticationFailed) as caught:
        Salesforce(consumer_key=CLIENT, consumer_secret="wrong", domain="acme.my", session=through_proxy)
    assert caught.value.code == "invalid_client"
    with pytest.raises(sdk.SalesforceAuthenticationFailed) as caught:
        Salesforce(username=tls.user_name, password="wrong", security_token="", session=through_proxy, version="59.0")
    assert caught.value.code == "INVALID_LOGIN"


def test_the_sdk_signs_in_again_when_its_session_has_ended(
    tls: SalesforceSimulator, through_proxy: requests.Session
) -> None:
    client: Any = Salesforce(consumer_key=CLIENT, consumer_secret=SECRET, domain="acme.my", session=through_proxy)
    tls.expire_tokens()
    assert client.query("SELECT COUNT() FROM Lead")["totalSize"] == 0


def test_the_proxy_leads_to_salesforce_only(through_proxy: requests.Session) -> None:
    with pytest.raises(requests.exceptions.ProxyError):
        through_proxy.get("https://elsewhere.example/")


# -- bulk ----------------------------------------------------------------------------------------------------------


def test_the_sdk_loads_and_reads_in_bulk(tls: SalesforceSimulator, client: Any) -> None:
    records = [{"LastName": f"P{n}", "Company": "Acme", "LeadBridge_Id__c": f"lb-{n}"} for n in range(30)]
    records.append({"LastName": "", "Company": "Acme", "LeadBridge_Id__c": "lb-30"})
    (told,) = client.bulk2.Lead.insert(records=records, wait=0)
    assert (told["numberRecordsProcessed"], told["numberRecordsFailed"]) == (31, 1)
    job = str(told["job_id"])
    assert client.bulk2.Lead.get_failed_records(job).count("REQUIRED_FIELD_MISSING") == 1
    assert len(rows(client.bulk2.Lead.get_successful_records(job))) == 30
    assert rows(client.bulk2.Lead.get_unprocessed_records(job)) == []
    changes = [{"LeadBridge_Id__c": "lb-0", "Title": "Dr"}, {"LeadBridge_Id__c": "lb-99", "Title": "Dr"}]
    (told,) = client.bulk2.Lead.upsert(records=changes, external_id_field="LeadBridge_Id__c", wait=0)
    assert told["numberRecordsFailed"] == 1
    pages = list(client.bulk2.Lead.query("SELECT Id, LastName FROM Lead ORDER BY Id", max_records=20, wait=0))
    assert [len(rows(str(page))) for page in pages] == [20, 10]
    ids = [{"Id": row["Id"]} for row in rows(str(pages[0]))]
    client.bulk2.Lead.delete(records=ids, wait=0)
    assert client.query("SELECT COUNT() FROM Lead")["totalSize"] == 10
    assert len(rows(str(next(client.bulk2.Lead.query_all("SELECT Id FROM Lead", wait=0))))) == 30


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_sdk_is_told_that_a_job_failed(client: Any) -> None:
    with pytest.raises(sdk.SalesforceOperationError, match="Field name not found : Shoe"):
        client.bulk2.Lead.insert(records=[{"Shoe": "1"}], wait=0)
    with pytest.raises(sdk.SalesforceMalformedRequest) as caught:
        next(client.bulk2.Lead.query("SELECT Nope FROM Lead", wait=0))
    assert code_of(caught.value) == "INVALID_FIELD"


# -- what goes wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(effect="html", status=503), sdk.SalesforceGeneralError),
        (Fault(effect="empty", status=420), sdk.SalesforceGeneralError),
        (Fault(effect="drop_before"), requests.exceptions.ConnectionError),
    ],
)
def test_the_sdk_meets_what_goes_wrong(
    tls: SalesforceSimulator, client: Any, fault: Fault, expected: type[Exception]
) -> None:
    tls.faults.add(fault)
    with pytest.raises(expected):
        client.limits()


def test_the_sdk_finds_several_records_by_one_key(tls: SalesforceSimulator, client: Any) -> None:
    tls.crm.seed("Lead", [{"LastName": "Ada", "Company": "Acme", "Email": "ada@acme.example"}] * 2)
    with pytest.raises(sdk.SalesforceMoreThanOneRecord):
        client.Lead.upsert("Email/ada@acme.example", {"Title": "x"})


def test_the_sdk_is_refused_a_duplicate_and_a_broken_rule(tls: SalesforceSimulator, client: Any) -> None:
    tls.switches.duplicate_rule = True
    person = {"LastName": "Ada", "Company": "Acme", "Email": "ada@acme.example"}
    client.Lead.create(person)
    with pytest.raises(sdk.SalesforceMalformedRequest) as caught:
        client.Lead.create(person)
    assert code_of(caught.value) == "DUPLICATES_DETECTED"
    tls.add_rule("Lead", lambda row: row["Company"] == "Acme", "Not them.")
    with pytest.raises(sdk.SalesforceMalformedRequest) as caught:
        client.Lead.create({**person, "Email": None})
    assert code_of(caught.value) == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
