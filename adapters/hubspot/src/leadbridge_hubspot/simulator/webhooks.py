"""Webhooks: what happened, signed and sent; late, twice, in any order, and again when nobody took it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx
import orjson

from leadbridge_hubspot.simulator.portal import Portal

__all__ = ["Delivery", "Webhooks", "signed_headers"]

MOST = 100
ATTEMPTS = 11
PATIENCE = 5.0
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request, ready to be sent."""

    url: str
    headers: dict[str, str]
    body: bytes = field(repr=False)
    events: tuple[dict[str, Any], ...] = field(repr=False)


@dataclass(slots=True)
class _Subscription:
    number: int
    url: str
    types: frozenset[str]


@dataclass(slots=True)
class _Pending:
    subscription: _Subscription
    event: dict[str, Any]
    due: int
    attempt: int = 0


class Webhooks:
    """The webhooks of the app that is installed in an account.

    Nothing is sent before :meth:`deliver` is called, unless somebody subscribed for being told at once.

    Attributes:
        duplicates: the share of events that are sent a second time.
        shuffled: events come in any order.
        batch: how many events one request carries at most.
    """

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._subscriptions: list[_Subscription] = []
        self._pending: list[_Pending] = []
        self.duplicates = 0.0
        self.shuffled = True
        self.batch = MOST
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def subscribe(self, url: str, *, types: Iterable[str] = (), at_once: bool = False) -> int:
        """Sends what happens from now on to an address; returns the subscription's id.

        Args:
            url: where to; it need not answer yet.
            types: such as ``contact.creation`` or ``object.propertyChange``; without any, everything is sent.
            at_once: send everything that waits as soon as something happens, from a thread of its own.
        """
        with self._portal.lock:
            if not self._subscriptions:
                self._portal.events.listen(self._happened)
            made = _Subscription(1_100_001 + len(self._subscriptions), url, frozenset(types))
            self._subscriptions.append(made)
            if at_once and self._thread is None:
                self._thread = threading.Thread(target=self._send, name="leadbridge-webhooks", daemon=True)
                self._thread.start()
            return made.number

    @property
    def pending(self) -> int:
        """How many events wait to be sent, those that wait for another attempt among them."""
        with self._portal.lock:
            return len(self._pending)

    def take(self) -> list[Delivery]:
        """The requests that are due, which count as delivered: for whoever does not want to listen on a port."""
        return [_ready(self._portal, batch) for batch in self._due()]

    def deliver(self, *, verify: bool = True) -> list[int]:
        """Sends what is due; returns the status of each request, 0 where nobody answered within five seconds.

        What was not taken is sent again later: ten more times within 24 hours, by the account's clock.
        """
        statuses: list[int] = []
        with httpx.Client(timeout=PATIENCE, verify=verify, trust_env=False) as client:
            for batch in self._due():
                request = _ready(self._portal, batch)
                try:
                    status = client.post(request.url, content=request.body, headers=request.headers).status_code
                except httpx.HTTPError:
                    status = 0
                statuses.append(status)
                if not 0 < status < 400:
                    self._again(batch)
        return statuses

    def clear(self) -> None:
        """Forgets the events that wait; subscriptions stay."""
        with self._portal.lock:
            self._pending.clear()

    def stop(self) -> None:
        """Ends the thread, if there is one."""
        self._stopped = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(2 * PATIENCE)

    def _send(self) -> None:
        while not self._stopped:
            # What nobody took waits for the account's clock, which does not tell anybody that it moved.
            self._wake.wait(1.0 if self.pending else None)
            self._wake.clear()
            if not self._stopped:
                self.deliver()

    def _happened(self, event: dict[str, Any]) -> None:
        chance = self._portal.random
        for subscription in self._subscriptions:
            if subscription.types and event["subscriptionType"] not in subscription.types:
                continue
            body = {
                "eventId": chance.randrange(1, 1 << 31),
                "subscriptionId": subscription.number,
                "portalId": self._portal.portal_id,
                "appId": self._portal.app.app_id,
                **event,
            }
            copies = 2 if chance.random() < self.duplicates else 1
            self._pending += [_Pending(subscription, body, self._portal.now()) for _ in range(copies)]
        self._wake.set()

    def _due(self) -> list[list[_Pending]]:
        with self._portal.lock:
            now = self._portal.now()
            due = [each for each in self._pending if each.due <= now]
            self._pending = [each for each in self._pending if each.due > now]
            if self.shuffled:
                self._portal.random.shuffle(due)
            batches: dict[tuple[str, int], list[list[_Pending]]] = {}
            for each in due:
                # An attempt's number is the same for all events of a request.
                those = batches.setdefault((each.subscription.url, each.attempt), [[]])
                if len(those[-1]) >= min(self.batch, MOST):
                    those.append([])
                those[-1].append(each)
            return [batch for those in batches.values() for batch in those]

    def _again(self, batch: list[_Pending]) -> None:
        with self._portal.lock:
            wait = int(_DAY_MS / (ATTEMPTS - 1) * self._portal.random.uniform(0.2, 1.0))
            for each in batch:
                if each.attempt + 1 < ATTEMPTS:
                    self._pending.append(
                        _Pending(each.subscription, each.event, self._portal.now() + wait, each.attempt + 1)
                    )


def signed_headers(secret: str, method: str, url: str, body: bytes, at: int) -> dict[str, str]:
    """The headers of a webhook: the signature of version 3 over the decoded address, and the old one beside it.

    Args:
        secret: the app's client secret.
        method: the HTTP method.
        url: the whole address, as it is sent.
        body: the body, byte for byte.
        at: when it is sent, in epoch milliseconds.
    """
    message = method.encode() + unquote(url).encode() + body + str(at).encode()
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return {
        "X-HubSpot-Signature-v3": base64.b64encode(digest).decode(),
        "X-HubSpot-Request-Timestamp": str(at),
        "X-HubSpot-Signature": hashlib.sha256(secret.encode() + body).hexdigest(),
        "X-HubSpot-Signature-Version": "v1",
    }


def _ready(portal: Portal, batch: list[_Pending]) -> Delivery:
    events = tuple({**each.event, "attemptNumber": each.attempt} for each in batch)
    body, url = orjson.dumps(events), batch[0].subscription.url
    signed = signed_headers(portal.app.client_secret, "POST", url, body, portal.now())
    return Delivery(url, {"Content-Type": "application/json", **signed}, body, events)
