"""Outbound messages as hints: whose they are, what they name, and what is no message at all."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from leadbridge.adapter import Hints, Ref
from leadbridge.errors import BadRequest, ConfigError, Forbidden
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.outbound import ACK
from leadbridge_salesforce.simulator import SalesforceSimulator
from leadbridge_salesforce.soap import parse

URL = "https://hooks.example.com/leadbridge/sf"
LEAD, CONTACT = "00QHs000000000AMAQ", "003Hs000000000BMAQ"


def message(organisation: str, ids: Sequence[str]) -> bytes:
    notifications = "".join(
        f'<Notification><Id>04l000000000001AAA</Id><sObject xsi:type="sf:Lead"><sf:Id>{id}</sf:Id>'
        "<sf:Email>canary@secret.example</sf:Email></sObject></Notification>"
        for id in ids
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
        'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        '<soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{organisation}</OrganizationId><ActionId>04k000000000001AAA</ActionId>"
        f'<SessionId xsi:nil="true"/>{notifications}</notifications></soapenv:Body></soapenv:Envelope>'
    ).encode()


def take(adapter: Salesforce, body: bytes, url: str = URL) -> list[Ref]:
    return adapter.hints(method="POST", url=url, headers={"content-type": "text/xml"}, body=body)


def test_a_message_names_its_records_each_once(sim: SalesforceSimulator, sf: Salesforce) -> None:
    assert isinstance(sf, Hints)
    org = sf.describe().account
    sim.log.clear()
    body = message(org[:15], [LEAD, CONTACT, LEAD[:15], "a00Hs000000000B", "not an id"])
    assert take(sf, body) == take(sf, body) == [Ref("Lead", LEAD), Ref("Contact", CONTACT)]
    assert sim.log.total == 1, "the org's id is asked for once"


def test_a_message_of_another_organisation_is_refused(sf: Salesforce) -> None:
    for organisation in ("00D000000000009", "", "x", "' OR Id != '"):
        with pytest.raises(Forbidden) as caught:
            take(sf, message(organisation, [LEAD]))
        assert "canary" not in str(caught.value)


def test_with_a_secret_the_address_has_to_end_with_it(sim: SalesforceSimulator) -> None:
    adapter = Salesforce(access_token=sim.token, instance_url=sim.base_url, webhook_secret="s3cret&ü")
    body = message(adapter.describe().account, [LEAD])
    for url in (URL, f"{URL}?key=", f"{URL}?key=s3cret", f"{URL}?other=s3cret%26%C3%BC"):
        with pytest.raises(Forbidden, match="webhook_secret"):
            take(adapter, body, url)
    assert take(adapter, body, f"{URL}?key=s3cret%26%C3%BC") == [Ref("Lead", LEAD)]
    adapter.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<notifications/>",
        b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body/></Envelope>',
        b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><convertLead/></Body></Envelope>',
        b"<!DOCTYPE a [<!ENTITY x 'y'>]>" + message("00D000000000001", [LEAD]).partition(b"?>")[2],
    ],
)
def test_what_is_no_message_is_refused_without_asking_the_org(
    sim: SalesforceSimulator, sf: Salesforce, body: bytes
) -> None:
    with pytest.raises(BadRequest):
        take(sf, body)
    assert sim.log.total == 0


def test_the_answer_acknowledges_in_the_words_of_the_wsdl() -> None:
    acknowledged = parse(ACK).find(".//{http://soap.sforce.com/2005/09/outbound}notificationsResponse")
    assert acknowledged is not None
    assert acknowledged.findtext("{http://soap.sforce.com/2005/09/outbound}Ack") == "true"


def test_a_share_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError):
        Salesforce(access_token="t", instance_url="https://acme.my.salesforce.com", daily_share=2)
