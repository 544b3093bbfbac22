"""Converting leads through the SOAP API, and reading XML that somebody else sent."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import pytest

from leadbridge.adapter import Convert, Record, Ref
from leadbridge.errors import AuthExpired, BadRequest, Forbidden, Unavailable, Unsupported
from leadbridge.simulator import Fault
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.simulator import SalesforceSimulator
from leadbridge_salesforce.soap import parse

SOAP = "/services/Soap/"


def lead(sim: SalesforceSimulator, **more: Any) -> Ref:
    return sim.crm.seed("Lead", [{"LastName": "Lovelace", "Company": "Acme & Söhne <GmbH>", **more}])[0]


def test_a_lead_becomes_a_contact_and_no_opportunity_unless_named(
    sim: SalesforceSimulator, adapter: Salesforce
) -> None:
    assert isinstance(adapter, Convert)
    record = adapter.convert(lead(sim), owner=sim.users[1])
    assert record.state == "converted"
    assert record.successor is not None
    contact = sim.crm.dump("Contact")[0]
    assert (record.successor, contact["OwnerId"]) == (Ref("Contact", str(contact["id"])), sim.users[1])
    assert sim.crm.dump("Opportunity") == []
    assert sim.crm.dump("Account")[0]["Name"] == "Acme & Söhne <GmbH>"


def test_what_is_named_is_escaped(sim: SalesforceSimulator, adapter: Salesforce) -> None:
    name = "</urn:opportunityName><x>&amp; ]]> \u2028 'Ünïcödé'"
    adapter.convert(lead(sim), owner=None, opportunity=f"{name}\x00\x0b\ud800\uffff")
    assert [row["Name"] for row in sim.crm.dump("Opportunity")] == [name]


def test_to_convert_twice_changes_nothing(sim: SalesforceSimulator, adapter: Salesforce) -> None:
    ref = lead(sim)
    first = adapter.convert(ref, owner=None)
    sim.log.clear()
    assert adapter.convert(ref, owner=None) == first
    assert sim.log.count(SOAP) == 0
    assert len(sim.crm.dump("Contact")) == 1


@pytest.mark.parametrize("effect", ["drop_after", "cut"])
def test_after_a_lost_answer_it_is_safe_to_ask_again(
    sim: SalesforceSimulator, adapter: Salesforce, effect: Any
) -> None:
    ref = lead(sim)
    sim.faults.add(Fault(effect=effect, path=SOAP))
    with pytest.raises(Unavailable) as caught:
        adapter.convert(ref, owner=None)
    assert caught.value.sent
    assert adapter.convert(ref, owner=None).state == "converted"
    assert len(sim.crm.dump("Contact")) == 1


def test_a_lead_of_a_queue_needs_a_person(sim: SalesforceSimulator, adapter: Salesforce) -> None:
    ref = lead(sim, OwnerId=sim.queues[0])
    sim.log.clear()
    for owner in (None, sim.queues[0], "somebody"):
        with pytest.raises(BadRequest, match="owner"):
            adapter.convert(ref, owner=owner)
    assert sim.log.count(SOAP) == 0
    assert adapter.convert(ref, owner=sim.users[0]).state == "converted"


def test_a_lead_that_cannot_be_converted_says_why(sim: SalesforceSimulator, adapter: Salesforce) -> None:
    gone = lead(sim)
    sim.crm.delete(gone)
    for ref, why in ((gone, "deleted"), (Ref("Lead", "00QHs0000000Zzz"), "no such lead")):
        with pytest.raises(BadRequest, match=why):
            adapter.convert(ref, owner=None)
    with pytest.raises(Unsupported):
        adapter.convert(Ref("Contact", "003Hs0000000001"), owner=None)


def test_tokens_in_jwt_format_are_explained_before_anything_is_sent(sim: SalesforceSimulator) -> None:
    adapter = Salesforce(access_token="eyJhbGciOi.eyJzdWIi.c2ln", instance_url=sim.base_url)
    ref = lead(sim)
    with pytest.raises(Forbidden, match="JWT") as caught:
        adapter.convert(ref, owner=None)
    assert caught.value.code == "JWT_ACCESS_TOKEN"
    with pytest.raises(Forbidden, match="JWT"):
        adapter.erase([ref])
    assert sim.log.count(SOAP) == sim.log.count("composite/sobjects", "DELETE") == 0
    assert "eyJ" not in str(caught.value)
    adapter.close()


def test_a_session_that_ended_is_renewed_once_and_the_new_one_stands_in_the_body(sim: SalesforceSimulator) -> None:
    client = sim.sdk()
    adapter = Salesforce.from_sdk(client)
    ref = lead(sim)
    client._salesforce_login_partial = lambda: (sim.token, client.sf_instance)
    sim.faults.add(Fault(effect="status", status=500, body=fault("sf:INVALID_SESSION_ID"), path=SOAP))
    assert adapter.convert(ref, owner=None).state == "converted"
    assert sim.log.count(SOAP) == 2
    client.session.close()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("sf:INVALID_SESSION_ID", AuthExpired),
        ("sf:API_DISABLED_FOR_ORG", Forbidden),
        ("sf:UNKNOWN_EXCEPTION", Unavailable),
        ("soapenv:Client", BadRequest),
    ],
)
def test_a_fault_has_its_class(sim: SalesforceSimulator, sf: Salesforce, code: str, expected: type[Exception]) -> None:
    ref = lead(sim)
    sim.faults.add(Fault(effect="status", status=500, body=fault(code), path=SOAP))
    with pytest.raises(expected) as caught:
        sf.convert(ref, owner=None)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("body", ["", "<html><p>", "{}", "<a/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_an_answer_that_is_no_envelope_is_unintelligible(sim: SalesforceSimulator, sf: Salesforce, body: str) -> None:
    ref = lead(sim)
    sim.faults.add(Fault(effect="status", status=500, body=body, path=SOAP))
    with pytest.raises(Unavailable):
        sf.convert(ref, owner=None)


def fault(code: str) -> str:
    """A fault as Salesforce words it."""
    envelope = Element("{http://schemas.xmlsoap.org/soap/envelope/}Envelope")
    body = SubElement(envelope, "{http://schemas.xmlsoap.org/soap/envelope/}Body")
    fault = SubElement(body, "{http://schemas.xmlsoap.org/soap/envelope/}Fault")
    SubElement(fault, "faultcode").text = code
    SubElement(fault, "faultstring").text = "canary@secret.example"
    return tostring(envelope).decode()


BOMB = b"<!DOCTYPE a [<!ENTITY x 'lol'>" + b"".join(
    b"<!ENTITY x%d '%s'>" % (n, b"&x%d;" % (n - 1) * 10 if n else b"&x;") for n in range(10)
)


@pytest.mark.parametrize(
    "document",
    [
        BOMB + b"]><a>&x9;</a>",
        b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'.encode("utf-16"),
        b"<a>" * 60 + b"</a>" * 60,
        b"<a>" * 100_000,
        b"<a>&undeclared;</a>",
        b"<a",
        b"",
        b"<?xml version='1.0' encoding='x-strange'?><a/>",
        b"\xff\xfe\x00",
    ],
)
def test_documents_that_could_do_harm_are_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(it is no XML|the document)"):
        parse(document)


def test_a_harmless_document_is_read() -> None:
    root = parse('<a xmlns="u" b="1">t&amp;<c>ü</c>&#x41;</a>'.encode())
    assert (root.tag, root.text, root[0].tag, root[0].text, root[0].tail) == ("{u}a", "t&", "{u}c", "ü", "A")
    assert root.get("b") == "1"


def test_the_record_that_comes_back_is_what_fetch_says(sim: SalesforceSimulator, sf: Salesforce) -> None:
    ref = lead(sim)
    record = sf.convert(ref, owner=None)
    again = sf.fetch([ref], fields=["OwnerId"])[0]
    assert isinstance(again, Record)
    assert again == record
