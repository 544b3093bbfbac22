"""Webhooks: whether HubSpot really sent one, and which records it is about.

HubSpot sends up to 100 events at a time, unordered, some of them twice. That is harmless here: an event only names a
record, and whoever is interested asks the API what the record is now.

Signatures: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import orjson

from leadbridge.adapter import Ref
from leadbridge.clock import Clock, to_us
from leadbridge.errors import BadRequest, Forbidden
from leadbridge_hubspot.paths import KINDS
from leadbridge_hubspot.reads import is_id

__all__ = ["Webhooks", "refs_in", "sign"]

_WINDOW_MS = 5 * 60 * 1000
_DIGITS = 15
"""A time in milliseconds has 13 digits until the year 2286."""

_DECODED = {f"%{ord(sign):02X}": sign for sign in ":/?@!$'()*,;"}
"""What is decoded in the address before signing; everything else stays as it is. See the vendor's page above."""
_ENCODED = re.compile("|".join(_DECODED), re.IGNORECASE)

_KIND_OF = {each.type_id: kind for kind, each in KINDS.items()}
_MERGED = ("primaryObjectId", "newObjectId", "mergedObjectIds")


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Verifies webhooks of one app.

    Attributes:
        secret: the app's client secret; without one every webhook is refused.
        clock: how old a signature is.
        accept_v1: also accept the first form of signature, which knows no time: such a request can be sent again by
            whoever has seen it. It is for apps that get no other form.
    """

    secret: str = field(repr=False)
    clock: Clock
    accept_v1: bool = False

    def hints(self, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> list[Ref]:
        """The records that a webhook is about, each once, in the order of the events.

        Args:
            method: ``POST``.
            url: the whole address that HubSpot called, as it is registered there.
            headers: of the request, in any case.
            body: of the request, byte by byte.

        Raises:
            Forbidden: HubSpot did not send this, or not within the last five minutes.
            BadRequest: HubSpot did, but it is no list of events.
        """
        self._verify(method, url, {name.lower(): value for name, value in headers.items()}, body)
        return refs_in(body)

    def _verify(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        if not self.secret:
            raise _refused(
                "no webhook can be verified: give the client secret of the app as the setting webhook_secret"
            )
        if signature := headers.get("x-hubspot-signature-v3"):
            time = headers.get("x-hubspot-request-timestamp", "")
            if not (time.isascii() and time.isdigit() and len(time) <= _DIGITS):
                raise _refused("the webhook does not say when it was sent: only HubSpot itself may call this address")
            signed = [sign(self.secret, method, address, body, time) for address in _addresses(url)]
            if not any(_same(signature, each) for each in signed):
                raise _refused(
                    "the signature of the webhook is wrong: check webhook_secret, and that the address we are called "
                    "by is letter by letter the one that is registered in HubSpot"
                )
            if abs(to_us(self.clock.now()) // 1000 - int(time)) > _WINDOW_MS:
                raise _refused(
                    "the webhook was signed more than five minutes away from now: check this computer's clock"
                )
        elif self.accept_v1 and headers.get("x-hubspot-signature-version", "v1").lower() == "v1":
            expected = hashlib.sha256(self.secret.encode() + body).hexdigest()
            if not _same(headers.get("x-hubspot-signature", ""), expected):
                raise _refused("the signature of the webhook is wrong: check webhook_secret")
        else:
            raise _refused("the webhook has no signature of version 3: HubSpot sends one to apps; others may not call")


def sign(secret: str, method: str, url: str, body: bytes, time: str) -> str:
    """The signature of version 3.

    Args:
        url: the address as it is signed, decoded or not.
        time: milliseconds since 1970, as the header says them.
    """
    signed = method.upper().encode() + url.encode(errors="replace") + body + time.encode()
    return base64.b64encode(hmac.digest(secret.encode(), signed, "sha256")).decode()


def _addresses(url: str) -> list[str]:
    """The forms in which an address may have been signed.

    The vendor's page decodes certain signs, its own clients none and other verifiers all. Each form still says the
    whole of method, address, body and time, and needs the secret.
    """
    certain = _ENCODED.sub(lambda found: _DECODED[found[0].upper()], url)
    return list(dict.fromkeys((certain, url, unquote(url))))


def refs_in(body: bytes) -> list[Ref]:
    """The records that a list of events names, each once; kinds that this adapter does not know are left out.

    Raises:
        BadRequest: when it is no list of events.
    """
    try:
        events = orjson.loads(body)
    except orjson.JSONDecodeError:
        events = None
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise BadRequest("the webhook is no list of events: let HubSpot alone call this address", operation="hints")
    return list(dict.fromkeys(ref for event in events for ref in _refs(event)))


def _refs(event: Mapping[str, Any]) -> Iterator[Ref]:
    subject, _, happening = str(event.get("subscriptionType") or event.get("eventType") or "").partition(".")
    if happening == "associationChange":
        kinds = str(event.get("associationType") or "").lower().split("_to_")
        ends = zip(("from", "to"), kinds if len(kinds) == 2 else ("", ""), strict=True)
        for end, named in ends:
            kind = _KIND_OF.get(str(event.get(f"{end}ObjectTypeId")), named)
            yield from _named(kind, event.get(f"{end}ObjectId"))
        return
    kind = _KIND_OF.get(str(event.get("objectTypeId")), subject)
    yield from _named(kind, event.get("objectId"))
    for name in _MERGED:
        ids = event.get(name)
        for id in ids if isinstance(ids, list) else (ids,):
            yield from _named(kind, id)


def _named(kind: str, id: object) -> Iterator[Ref]:
    """The record, if it is one of ours; numbers may come as text."""
    text = str(id) if isinstance(id, (int, str)) and not isinstance(id, bool) else ""
    if kind in KINDS and is_id(text):
        yield Ref(kind, text)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def _refused(why: str) -> Forbidden:
    return Forbidden(why, operation="hints")
