"""Webhooks of the simulator: signed, doubled, shuffled, and sent again when nobody took them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from leadbridge.clock import ManualClock
from leadbridge_hubspot.simulator import HubSpotSimulator

URL = "https://us.example/hooks?for=a%20b"


class Receiver:
    """Somebody who listens, and answers with ``status``."""

    def __init__(self) -> None:
        self.status = 200
        self.seen: list[tuple[dict[str, str], bytes]] = []
        self.called = threading.Semaphore(0)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.seen.append((dict(self.headers.items()), body))
                receiver.called.release()
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    listening = Receiver()
    yield listening
    listening.stop()


def told(simulator: HubSpotSimulator) -> list[dict[str, Any]]:
    return [event for request in simulator.webhooks.take() for event in request.events]


def test_requests_are_signed_in_both_ways(simulator: HubSpotSimulator) -> None:
    simulator.webhooks.subscribe(URL, types=["contact.creation"])
    simulator.crm.seed("contact", [{"firstname": "Ada"}])
    (request,) = simulator.webhooks.take()
    secret, at = simulator.app.client_secret, request.headers["X-HubSpot-Request-Timestamp"]
    message = f"POSThttps://us.example/hooks?for=a b{request.body.decode()}{at}"
    expected = base64.b64encode(hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest()).decode()
    assert request.headers["X-HubSpot-Signature-v3"] == expected
    assert request.headers["X-HubSpot-Signature"] == hashlib.sha256(secret.encode() + request.body).hexdigest()
    assert at == "1772442000500"


def test_an_event_says_what_happened_to_what(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    simulator.webhooks.shuffled = False
    simulator.webhooks.subscribe(URL)
    ref = simulator.crm.seed("contact", [{"firstname": "Ada"}])[0]
    created = told(simulator)
    assert created[0]["subscriptionType"] == "contact.creation"
    assert {"eventId", "subscriptionId", "portalId", "appId", "occurredAt", "attemptNumber"} <= set(created[0])
    assert created[0]["objectId"] == int(ref.id)
    http.patch(f"/crm/v3/objects/contacts/{ref.id}", json={"properties": {"firstname": "Eve"}})
    changed = {event["propertyName"]: event for event in told(simulator)}
    assert (changed["firstname"]["propertyValue"], changed["firstname"]["changeSource"]) == ("Eve", "INTEGRATION")
    simulator.crm.delete(ref)
    simulator.crm.restore(ref)
    other = simulator.crm.seed("contact", [{}])[0]
    told(simulator)
    survivor = simulator.crm.merge(ref, other)
    (merged,) = told(simulator)
    assert (merged["subscriptionType"], merged["newObjectId"]) == ("contact.merge", int(survivor.id))
    assert merged["mergedObjectIds"] == [int(ref.id), int(other.id)]
    simulator.crm.erase(survivor)
    assert [event["subscriptionType"] for event in told(simulator)] == ["contact.privacyDeletion", "contact.deletion"]


def test_restored_records_and_associations_are_told(simulator: HubSpotSimulator) -> None:
    contact = simulator.crm.seed("contact", [{}])[0]
    company = simulator.crm.seed("company", [{"name": "Acme"}])[0]
    simulator.webhooks.shuffled = False
    simulator.webhooks.subscribe(URL, types=["contact.deletion", "contact.restore", "contact.associationChange"])
    simulator.crm.delete(contact)
    simulator.crm.restore(contact)
    simulator.crm.associate(contact, company, label="Primary")
    simulator.crm.dissociate(contact, company)
    events = told(simulator)
    assert [event["subscriptionType"].partition(".")[2] for event in events] == [
        "deletion",
        "restore",
        "associationChange",
        "associationChange",
    ]
    assert (events[2]["isPrimaryAssociation"], events[3]["associationRemoved"]) == (True, True)
    assert events[2]["associationType"] == "CONTACT_TO_COMPANY"


def test_kinds_without_events_of_their_own_are_objects(simulator: HubSpotSimulator) -> None:
    simulator.webhooks.subscribe(URL, types=["object.creation"])
    simulator.crm.seed("task", [{"hs_task_subject": "Call"}])
    (event,) = told(simulator)
    assert (event["subscriptionType"], event["objectTypeId"]) == ("object.creation", "0-27")


def test_events_come_twice_and_in_any_order(simulator: HubSpotSimulator) -> None:
    simulator.webhooks.subscribe(URL, types=["contact.creation"])
    simulator.webhooks.duplicates = 0.5
    refs = simulator.crm.seed("contact", [{}] * 120)
    requests = simulator.webhooks.take()
    assert len(requests) == 2
    assert max(len(request.events) for request in requests) == 100
    ids = [event["objectId"] for request in requests for event in request.events]
    assert {int(ref.id) for ref in refs} == set(ids)
    assert len(ids) > len(refs)
    assert ids != sorted(ids)


def test_what_nobody_took_is_sent_again_later(
    simulator: HubSpotSimulator, clock: ManualClock, receiver: Receiver
) -> None:
    simulator.webhooks.subscribe(receiver.url, types=["contact.creation"])
    simulator.crm.seed("contact", [{}])
    receiver.status = 500
    assert simulator.webhooks.deliver() == [500]
    assert simulator.webhooks.deliver() == []
    receiver.status = 204
    clock.advance(timedelta(hours=3))
    assert simulator.webhooks.deliver() == [204]
    assert simulator.webhooks.pending == 0
    attempts = [json.loads(body)[0]["attemptNumber"] for _, body in receiver.seen]
    assert attempts == [0, 1]
    assert len({json.loads(body)[0]["eventId"] for _, body in receiver.seen}) == 1


def test_hubspot_gives_up_after_ten_more_attempts(simulator: HubSpotSimulator, clock: ManualClock) -> None:
    simulator.webhooks.subscribe("http://127.0.0.1:9/closed", types=["contact.creation"])
    simulator.crm.seed("contact", [{}])
    statuses = []
    for _ in range(12):
        statuses += simulator.webhooks.deliver()
        clock.advance(timedelta(hours=3))
    assert statuses == [0] * 11
    assert simulator.webhooks.pending == 0


def test_other_programs_subscribe_and_switch_over_http(simulator: HubSpotSimulator, receiver: Receiver) -> None:
    with httpx.Client(base_url=f"{simulator.base_url}/_control") as control:
        number = control.post("/subscribe", json={"url": receiver.url, "types": ["contact.creation"]}).json()
        control.post("/seed", json={"kind": "contact", "rows": [{"firstname": "Ada"}]})
        assert control.post("/deliver").json() == [200]
        assert json.loads(receiver.seen[0][1])[0]["subscriptionId"] == number
        control.post("/switch", json={"lag": 30, "ratchet": False})
        assert (simulator.switches.lag, simulator.switches.ratchet) == (timedelta(seconds=30), False)
        wrong = control.post("/switch", json={"colour": "red"})
        assert (wrong.status_code, "colour" in wrong.json()["error"]) == (400, True)
        simulator.crm.seed("contact", [{}])
        control.post("/reset")
        assert simulator.webhooks.pending == 0


def test_who_asked_for_it_is_told_at_once(simulator: HubSpotSimulator, receiver: Receiver) -> None:
    body = {"url": receiver.url, "types": ["contact.creation"], "at_once": True}
    httpx.post(f"{simulator.base_url}/_control/subscribe", json=body)
    for name in ("Ada", "Eve"):
        ref = simulator.crm.seed("contact", [{"firstname": name}])[0]
        assert receiver.called.acquire(timeout=30)
        headers, told = receiver.seen[-1]
        assert json.loads(told)[0]["objectId"] == int(ref.id)
        assert "X-HubSpot-Signature-v3" in headers
