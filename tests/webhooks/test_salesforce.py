"""Outbound messages of Salesforce: XML comes in, hints are kept, and the confirmation that it wants goes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import httpx
import pytest

from leadbridge.adapter import Ref
from leadbridge.clock import ManualClock
from leadbridge.registry import start_simulator
from leadbridge.simulator import Server
from leadbridge.store import Store
from leadbridge.webhooks import WebhookApp

MESSAGE = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>
<notifications xmlns="http://soap.sforce.com/2005/09/outbound">
<OrganizationId>{org}</OrganizationId><ActionId>04k000000000001AAA</ActionId>
<Notification><Id>04l000000000001AAA</Id>
<sObject xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>{lead}</sf:Id></sObject>
</Notification></notifications></soapenv:Body></soapenv:Envelope>"""


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(Store("sqlite://")) as opened:
        yield opened


def test_a_message_becomes_a_hint_and_is_confirmed(store: Store) -> None:
    clock = ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
    simulator = start_simulator("salesforce")(clock)
    try:
        (lead,) = simulator.crm.seed("Lead", [{"LastName": "Lovelace", "Company": "Acme"}])
        with closing(simulator.connect()) as adapter:
            app = WebhookApp({"sf": adapter}, store, address="https://hooks.example.com", clock=clock)
            body = MESSAGE.format(org=adapter.describe().account, lead=lead.id)
            with Server(app) as server:
                answer = httpx.post(f"{server.base_url}/sf", content=body, headers={"Content-Type": "text/xml"})
                foreign = MESSAGE.format(org="00D999999999999AAA", lead=lead.id)
                refused = httpx.post(f"{server.base_url}/sf", content=foreign, headers={"Content-Type": "text/xml"})
                other = httpx.post(f"{server.base_url}/sf", json=[])
    finally:
        simulator.stop()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml")
    assert "<Ack>true</Ack>" in answer.text
    assert (refused.status_code, refused.content, other.status_code) == (403, b"", 415)
    assert list(store.hints("sf")) == [Ref("Lead", lead.id)]
