"""Outbound messages: what Salesforce posts when a record changes, read as hints.

One message holds up to 100 notifications, and may come late, twice or never. That is harmless here: a hint only names a
record, and whoever is interested asks the API what the record is now.

Salesforce does not sign messages. They name the organisation, which keeps out what is meant for somebody else; whoever
knows its id can forge one, and makes us ask the API once more. A key in the address keeps those out, too.

Salesforce takes a message as delivered only when the answer is :data:`ACK`, and repeats it for 24 hours otherwise.

Source: SOAP API Developer Guide, "Outbound Messaging", "Understanding the Outbound Messaging WSDL".
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import Element

from leadbridge.adapter import Ref
from leadbridge.errors import BadRequest, Forbidden
from leadbridge_salesforce.mappers import id18, is_id, kind_of
from leadbridge_salesforce.soap import local, parse, text_of

__all__ = ["ACK", "OutboundMessages"]

ACK = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    b"</soapenv:Body></soapenv:Envelope>"
)
"""The body of a 200 with ``Content-Type: text/xml`` that acknowledges all notifications of a message."""


class OutboundMessages:
    """Reads the messages of one org.

    Args:
        organisation: asks for the org's id; called once, for the first message.
        key: what the address has to end with, as ``?key=``; empty for nothing.
    """

    def __init__(self, organisation: Callable[[], str], key: str = "") -> None:
        self._ask = organisation
        self._key = key
        self._known = ""
        self._lock = threading.Lock()

    def hints(self, *, url: str, body: bytes) -> list[Ref]:
        """The records that a message is about, each once, in its order; kinds that we do not know are left out.

        Raises:
            Forbidden: the key of the address is wrong, or the message is of another organisation.
            BadRequest: it is no outbound message.
        """
        given = parse_qs(urlsplit(url).query).get("key", [""])[0]
        if self._key and not hmac.compare_digest(given.encode(), self._key.encode()):
            raise Forbidden(
                "the address of the message does not end with our key: set the endpoint of the outbound message to "
                "the address with ?key= and the setting webhook_secret",
                operation="hints",
            )
        message = _message(body)
        sender = text_of(message, "OrganizationId")
        if not is_id(sender) or not hmac.compare_digest(id18(sender).encode(), self._organisation().encode()):
            raise Forbidden(
                "the message is of another organisation: let only this connection's org post to its address",
                operation="hints",
            )
        ids = [
            id18(key)
            for notification in message
            if local(notification) == "Notification"
            for record in notification
            if local(record) == "sObject" and is_id(key := text_of(record, "Id"))
        ]
        named = [(kind_of(key), key) for key in dict.fromkeys(ids)]
        return [Ref(kind, key) for kind, key in named if kind is not None]

    def _organisation(self) -> str:
        with self._lock:
            if not self._known:
                self._known = self._ask()
            return self._known


def _message(body: bytes) -> Element:
    problem = "it is no XML that Salesforce would send"
    try:
        envelope = parse(body)
        parts = [part for each in envelope if local(each) == "Body" for part in each]
        if local(envelope) == "Envelope" and parts and local(parts[0]) == "notifications":
            return parts[0]
        problem = "it holds no notifications"
    except ValueError:
        pass  # what exactly is wrong with a stranger's document is nothing to tell
    raise BadRequest(f"this is no outbound message ({problem}): let Salesforce alone post here", operation="hints")
