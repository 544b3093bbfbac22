"""The SOAP API, as far as leads need it: ``login`` (of versions below 65), ``convertLead`` and ``merge``.

REST cannot convert or merge. The session is a token in the envelope's header, and tokens in JWT format are refused
there with a fault that looks like an ended session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from leadbridge_salesforce.simulator.call import Answer
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Problem
from leadbridge_salesforce.simulator.session import PASSWORD, token_shape
from leadbridge_salesforce.simulator.soap_leads import convert_leads, merge_records
from leadbridge_salesforce.simulator.soap_purge import empty_recycle_bin
from leadbridge_salesforce.simulator.soap_xml import Node, tag

__all__ = ["answered"]

_XML = "text/xml; charset=UTF-8"
_LOGIN_ENDS = 65.0
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" '
    'xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<soapenv:Body>{}</soapenv:Body></soapenv:Envelope>"
)


@dataclass(frozen=True, slots=True)
class _Fault(Exception):
    code: str
    message: str


def answered(org: Org, body: bytes, version: str, base_url: str) -> Answer:
    """The answer to one envelope: 200, or 500 with a fault."""
    try:
        return Answer(200, _ENVELOPE.format(_result(org, body, version, base_url)), {}, _XML)
    except _Fault as fault:
        code, message = escape(fault.code), escape(f"{fault.code}: {fault.message}")
        text = (
            f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{message}</faultstring><detail>"
            f'<sf:UnexpectedErrorFault xsi:type="sf:UnexpectedErrorFault"><sf:exceptionCode>{code}</sf:exceptionCode>'
            f"<sf:exceptionMessage>{escape(fault.message)}</sf:exceptionMessage></sf:UnexpectedErrorFault></detail>"
            "</soapenv:Fault>"
        )
        return Answer(500, _ENVELOPE.format(text), {}, _XML)


def _result(org: Org, body: bytes, version: str, base_url: str) -> str:
    try:
        envelope = Node(ElementTree.fromstring(body))
    except ElementTree.ParseError:
        raise _Fault("SOAP_HEADER_PARSING_ERROR", "The envelope is not XML") from None
    operation = next(iter(envelope.first("Body").children()), None)
    if operation is None:
        raise _Fault("UNKNOWN_EXCEPTION", "No operation available for request")
    if operation.name == "login":
        return _login(org, operation, version, base_url)
    _check_session(org, envelope.first("Header").first("SessionHeader").text("sessionId"))
    work = _OPERATIONS.get(operation.name)
    if work is None:
        raise _Fault("UNKNOWN_EXCEPTION", f"No operation available for request {operation.name}")
    try:
        results = work(org, operation)
    except Problem as problem:
        raise _Fault(problem.code, problem.message) from None
    return tag(f"{operation.name}Response", *results)


_OPERATIONS: dict[str, Callable[[Org, Node], list[str]]] = {
    "convertLead": convert_leads,
    "emptyRecycleBin": empty_recycle_bin,
    "merge": merge_records,
}


def _check_session(org: Org, token: str) -> None:
    if token_shape(token) == "jwt" or not org.accepts(token):
        raise _Fault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session")
    org.count_call()
    if org.calls > org.switches.calls_allowed:
        raise _Fault("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def _login(org: Org, operation: Node, version: str, base_url: str) -> str:
    if float(version) >= _LOGIN_ENDS:
        raise _Fault(
            "INVALID_OPERATION",
            f"The SOAP Login operation is not available in the API version specified ({version})",
        )
    user = org.tables["User"].rows[org.user]
    if org.switches.strict_auth and (
        operation.text("username") != user["Username"] or not operation.text("password").startswith(PASSWORD)
    ):
        raise _Fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
    address = f"{base_url}/services/Soap/u/{version}/{org.id[:15]}"
    about = tag(
        "userInfo",
        tag("organizationId", org.id),
        tag("organizationName", org.tables["Organization"].rows[org.id]["Name"]),
        tag("sessionSecondsValid", 7200),
        tag("userEmail", user["Email"]),
        tag("userFullName", user["Name"]),
        tag("userId", org.user),
        tag("userName", user["Username"]),
    )
    result = tag(
        "result",
        tag("metadataServerUrl", address.replace("/Soap/u/", "/Soap/m/")),
        tag("passwordExpired", False),
        tag("sandbox", True),
        tag("serverUrl", address),
        tag("sessionId", org.issue()),
        tag("userId", org.user),
        about,
    )
    return tag("loginResponse", result)
