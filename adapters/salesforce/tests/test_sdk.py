"""``simple_salesforce`` itself against the simulator over TLS, and our adapter over the SDK's session."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from simple_salesforce import exceptions as sdk

from leadbridge.adapter import Ref, Write
from leadbridge.clock import ManualClock
from leadbridge.errors import AuthExpired, ConfigError, Unavailable
from leadbridge.simulator import Fault
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.simulator import SalesforceSimulator, start


@pytest.fixture
def tls(clock: ManualClock) -> Iterator[SalesforceSimulator]:
    with start(clock, tls=True) as running:
        yield running


@pytest.fixture
def client(tls: SalesforceSimulator) -> Iterator[Any]:
    connected = tls.sdk()
    yield connected
    connected.session.close()


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


# -- our adapter over the SDK's session ----------------------------------------------------------------------------


def test_the_adapter_works_over_the_sdks_session(tls: SalesforceSimulator, client: Any) -> None:
    adapter = Salesforce.from_sdk(client, connection="crm")
    assert adapter.describe().system == "salesforce"
    receipt = adapter.apply([Write("op", "upsert", Ref("Lead", "lb-1"), {"LastName": "Ada", "Company": "Acme"})])[0]
    assert receipt.outcome == "applied"
    adapter.close()
    adapter.close()
    assert client.query("SELECT COUNT() FROM Lead")["totalSize"] == 1


def test_a_session_that_the_sdk_can_renew_is_renewed_with_every_header_kept(
    tls: SalesforceSimulator, client: Any
) -> None:
    adapter = Salesforce.from_sdk(client)
    adapter.describe()
    tls.switches.assignment_owner = tls.users[2]
    client._salesforce_login_partial = lambda: (tls.token, client.sf_instance)
    tls.expire_tokens()
    adapter.apply([Write("op", "upsert", Ref("Lead", "lb-1"), {"LastName": "Ada", "Company": "Acme"})])
    assert tls.crm.dump("Lead")[0]["OwnerId"] == tls.users[0]
    assert client.session_id == tls.token


def test_a_sign_in_that_fails_inside_the_sdk_needs_a_person(tls: SalesforceSimulator, client: Any) -> None:
    def refuse() -> None:
        raise sdk.SalesforceAuthenticationFailed("INVALID_LOGIN", "canary@secret.example")

    def unreachable() -> None:
        raise requests.exceptions.ConnectionError("canary@secret.example")

    adapter = Salesforce.from_sdk(client)
    tls.expire_tokens()
    for login, expected in ((refuse, AuthExpired), (unreachable, Unavailable)):
        client._salesforce_login_partial = login
        with pytest.raises(expected) as caught:
            adapter.describe()
        assert "canary" not in f"{caught.value!r}{caught.value.__cause__!r}{caught.value.__context__!r}"


@pytest.mark.parametrize(("effect", "sent"), [("drop_before", True), ("cut", True)])
def test_a_lost_connection_looks_the_same_over_both_transports(
    tls: SalesforceSimulator, client: Any, effect: str, sent: bool
) -> None:
    adapter = Salesforce.from_sdk(client)
    tls.faults.add(Fault(effect=effect))  # type: ignore[arg-type]  # one of the effects
    with pytest.raises(Unavailable) as caught:
        adapter.describe()
    assert caught.value.sent is sent
    assert tls.log.total == 1


def test_nobody_listening_means_surely_not_sent(tls: SalesforceSimulator, client: Any) -> None:
    adapter = Salesforce.from_sdk(client)
    tls.stop()
    with pytest.raises(Unavailable) as caught:
        adapter.describe()
    assert caught.value.sent is False


def test_a_client_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError):
        Salesforce.from_sdk(object())
