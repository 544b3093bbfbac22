"""The little of Salesforce's SOAP API that REST has no resource for, and reading XML that others sent.

Source: SOAP API Developer Guide, "Partner WSDL", "convertLead()", "emptyRecycleBin()", "API Fault Element". The session
is part of the body, so that a renewed one means a new body. Only the login of this API is retired, not the API itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, TreeBuilder, tostring
from xml.parsers import expat

from leadbridge.errors import Forbidden, Unavailable
from leadbridge_salesforce.errors import Finding, findings, of_finding
from leadbridge_salesforce.wire import CLIENT, Wire

__all__ = ["Soap", "argument", "error_of", "local", "parse", "text_of"]

_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_PARTNER = "urn:partner.soap.sforce.com"
_DEEPEST = 50
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no document may hold, not even escaped (XML 1.0 §2.2)."""


def parse(body: bytes) -> Element:
    """A document that somebody else sent.

    Entities can be made to fill the memory or to read files, so a document that declares any is refused, and so is one
    that is deeper than any of Salesforce's.

    Raises:
        ValueError: it is no XML, or not harmless.
    """
    builder = TreeBuilder()
    depth = 0

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise ValueError("the document is too deep")
        builder.start(_named(name), {_named(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_named(name))

    def doctype(*_: object) -> None:
        raise ValueError("the document declares entities")

    reader = expat.ParserCreate(namespace_separator="}")
    reader.buffer_text = True
    reader.StartElementHandler, reader.EndElementHandler = start, end
    reader.CharacterDataHandler = builder.data
    reader.StartDoctypeDeclHandler = doctype
    problem = ""
    try:
        reader.Parse(body, True)
        return builder.close()
    except (expat.ExpatError, LookupError, AssertionError):
        problem = "it is no XML"
    raise ValueError(problem)


def _named(name: str) -> str:
    return "{" + name if "}" in name else name


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def text_of(element: Element, name: str) -> str:
    """The text of the first child of this name, whatever its namespace; empty when there is none."""
    return next(((child.text or "").strip() for child in element if local(child) == name), "")


def error_of(result: Element) -> Finding | None:
    """The first error inside the result of one record."""
    errors = [child for child in result if local(child) == "errors"]
    if not errors:
        return None
    item = {"statusCode": text_of(errors[0], "statusCode"), "message": text_of(errors[0], "message")}
    return findings([item])[0]


class Soap:
    """Calls of the partner API, with the headers that all our writes carry."""

    def __init__(self, wire: Wire, *, api_version: str, allow_duplicates: bool) -> None:
        self._wire = wire
        self._path = f"/services/Soap/u/{api_version.removeprefix('v')}"
        self._allow = allow_duplicates

    def call(self, name: str, arguments: Sequence[Element], *, operation: str) -> list[Element]:
        """The results of one call, in the order of what was asked.

        Raises:
            Forbidden: the session is of a kind that this API does not take.
            AdapterError: a fault, or no answer.
        """

        def send(signed: Mapping[str, str]) -> list[Element]:
            token = self._token(signed, operation)
            reply = self._wire.http.request(
                "POST",
                self._path,
                operation=operation,
                content=self._envelope(name, arguments, token),
                headers={
                    **CLIENT,
                    **self._wire.write_headers,
                    "Accept": "text/xml",
                    "Content-Type": "text/xml; charset=UTF-8",
                    "SOAPAction": '""',
                },
                accept=frozenset({500}),
            )
            return self._results(reply.body, operation)

        return self._wire.signed(send, operation=operation)

    def ready(self, *, operation: str) -> None:
        """Whether a call could be made at all, for whoever does something else first.

        Raises:
            Forbidden: the session is of a kind that this API does not take.
        """
        self._wire.signed(lambda signed: self._token(signed, operation), operation=operation)

    def _token(self, signed: Mapping[str, str], operation: str) -> str:
        token = signed.get("Authorization", "").removeprefix("Bearer ")
        if token.startswith("eyJ") and token.count(".") == 2:
            # Salesforce would answer INVALID_SESSION_ID, and renewing would only bring the next token of this kind.
            raise Forbidden(
                "this needs the SOAP API, which refuses tokens in JWT format: in the app's OAuth settings switch off "
                "'Issue JSON Web Token (JWT)-based access tokens', then reconnect",
                operation=operation,
                connection=self._wire.http.connection,
                code="JWT_ACCESS_TOKEN",
            )
        return token

    def _envelope(self, name: str, arguments: Sequence[Element], token: str) -> bytes:
        envelope = Element(f"{{{_ENVELOPE}}}Envelope")
        header = SubElement(envelope, f"{{{_ENVELOPE}}}Header")
        _put(SubElement(header, f"{{{_PARTNER}}}SessionHeader"), "sessionId", token)
        _put(SubElement(header, f"{{{_PARTNER}}}CallOptions"), "client", "leadbridge")
        rule = SubElement(header, f"{{{_PARTNER}}}DuplicateRuleHeader")
        for field, on in (("allowSave", self._allow), ("includeRecordDetails", False), ("runAsCurrentUser", False)):
            _put(rule, field, "true" if on else "false")
        call = SubElement(SubElement(envelope, f"{{{_ENVELOPE}}}Body"), f"{{{_PARTNER}}}{name}")
        call.extend(arguments)
        content: bytes = tostring(envelope, encoding="utf-8", xml_declaration=True)
        return content

    def _results(self, body: bytes, operation: str) -> list[Element]:
        try:
            root = parse(body)
        except ValueError:
            root = Element("nothing")
        answers = [child for part in root if local(part) == "Body" for child in part]
        if not answers:
            raise Unavailable(
                "the answer did not come from Salesforce's SOAP API: ask again later",
                operation=operation,
                connection=self._wire.http.connection,
            )
        if local(answers[0]) != "Fault":
            return [child for child in answers[0] if local(child) == "result"]
        code = text_of(answers[0], "faultcode").rpartition(":")[2]
        found = findings({"errorCode": code or "UNKNOWN_EXCEPTION", "message": text_of(answers[0], "faultstring")})[0]
        raise of_finding(found, operation=operation, connection=self._wire.http.connection)


def _put(parent: Element, name: str, text: str) -> None:
    SubElement(parent, f"{{{_PARTNER}}}{name}").text = _NOT_XML.sub("", text)


def argument(name: str, fields: Mapping[str, str] | str) -> Element:
    """One argument of a call: a text, or a structure whose fields must come in the order of the WSDL: by name."""
    element = Element(f"{{{_PARTNER}}}{name}")
    if isinstance(fields, str):
        element.text = fields
    else:
        for field in sorted(fields):
            _put(element, field, fields[field])
    return element
