"""Salesforce's errors, turned into leadbridge's classes.

No text of Salesforce's messages is passed on, because they quote records.

Salesforce words an error in four ways: a list of ``{"errorCode", "message", "fields"}`` (REST), ``{"statusCode", …}``
inside the result of one record (collections), ``CODE:text:Field --`` (bulk results) and ``{"error",
"error_description"}`` (OAuth). Sometimes there is no JSON at all: a page of HTML, or an empty body with 406 or 420.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import orjson

from leadbridge.errors import (
    AdapterError,
    AuthExpired,
    BadRequest,
    CursorExpired,
    Forbidden,
    RateLimited,
    SchemaDrift,
    Unavailable,
)
from leadbridge.http import Reply
from leadbridge_salesforce.allowance import DAILY_PAUSE

__all__ = ["RECORD_CODES", "Finding", "classify", "findings", "from_sdk", "is_locked", "no_longer", "of_finding"]

RECORD_CODES = frozenset(
    {
        "INVALID_FIELD",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "INVALID_ID_FIELD",
        "INVALID_TYPE_ON_FIELD_IN_RECORD",
        "JSON_PARSER_ERROR",
        "MALFORMED_ID",
    }
)
"""Codes with which Salesforce refuses a whole collection because of one record in it."""

_SESSION = frozenset(
    {"INVALID_SESSION_ID", "INVALID_AUTH_HEADER", "INVALID_LOGIN", "INACTIVE_USER", "USER_PASSWORD_EXPIRED"}
)
_PERMISSION = frozenset(
    {
        "API_CURRENTLY_DISABLED",
        "API_DISABLED_FOR_ORG",
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY_ACCESS",
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
    }
)
_LATER = frozenset({"QUERY_TIMEOUT", "SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION", "OPERATION_TOO_LARGE_TRY_LATER"})
_PLACE = frozenset({"INVALID_QUERY_LOCATOR", "INVALID_REPLICATION_DATE"})
_RETIRED = frozenset({"UNSUPPORTED_API_VERSION", "API_VERSION_RETIRED"})
_NO_PERMISSION = "this user lacks a permission: ask an administrator of the org to grant it"
_COLUMN = re.compile(r"No such column '([A-Za-z][\w.]*)' on (?:entity|sobject of type) '?([A-Za-z]\w*)'?")
_KIND = re.compile(r"s?[oO]bject type '([A-Za-z]\w*)' is not supported")
_NAME = re.compile(r"[A-Za-z][\w.]{0,99}")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_BULK = re.compile(r"^([A-Z][A-Z0-9_]+):(.*):([^:]*?) ?--$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Finding:
    """One error as Salesforce words it. ``message`` may quote a record, so it is only ever matched against."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """``CODE`` or ``CODE: Field``: what a receipt may say."""
        return f"{self.code}: {self.fields[0]}" if self.fields else self.code


def findings(body: object) -> tuple[Finding, ...]:
    """The errors in a decoded body, whichever of the four shapes it has; empty when it is none of them."""
    if isinstance(body, str):
        found = _BULK.match(body)
        return (_finding(found[1], found[2], found[3].split(",")),) if found else ()
    items = body if isinstance(body, list) else [body]
    result = []
    for item in items:
        if not isinstance(item, Mapping):
            continue
        code = item.get("errorCode") or item.get("statusCode") or item.get("error")
        text = item.get("message") or item.get("error_description") or ""
        if isinstance(code, str):
            result.append(_finding(code, str(text), item.get("fields")))
    return tuple(result)


def _finding(code: str, message: str, fields: object) -> Finding:
    names = [name for name in fields if isinstance(name, str)] if isinstance(fields, list) else []
    clean = tuple(name for name in (text.strip() for text in names) if _NAME.fullmatch(name))
    column = _COLUMN.search(message)
    if column and not clean:
        clean = (column[1],)
    return Finding(code if _CODE.fullmatch(code) else "UNREADABLE_CODE", message, clean)


def classify(reply: Reply, operation: str, connection: str = "") -> AdapterError | None:
    """The error class of an answer from status 300 up; ``None`` leaves it to ``leadbridge.http``."""
    try:
        body: object = orjson.loads(reply.body) if reply.body.strip() else None
    except orjson.JSONDecodeError:
        body = None
    found = findings(body)
    details = _Details(connection, operation, found[0].code if found else "", _request_id(reply.headers))
    if not found:
        return _by_status(reply, details, empty=body is None)
    return _by_code(reply, found[0], details) or _by_status(reply, details, empty=False)


def of_finding(found: Finding, *, operation: str, connection: str = "") -> AdapterError:
    """The error class of an error that came without a status of its own: a SOAP fault, or a job that failed."""
    details = _Details(connection, operation, found.code, "")
    reply = Reply(status=400, headers=httpx.Headers(), body=b"")
    return _by_code(reply, found, details) or details.plain(BadRequest, "Salesforce refused the request as malformed")


@dataclass(frozen=True, slots=True)
class _Details:
    connection: str
    operation: str
    code: str
    request_id: str

    def unavailable(self, message: str) -> Unavailable:
        return Unavailable(
            message, connection=self.connection, operation=self.operation, code=self.code, request_id=self.request_id
        )

    def limited(self, message: str, retry_after: float | None) -> RateLimited:
        return RateLimited(
            message,
            retry_after=retry_after,
            connection=self.connection,
            operation=self.operation,
            code=self.code,
            request_id=self.request_id,
        )

    def drift(self, message: str, field: str) -> SchemaDrift:
        return SchemaDrift(
            message,
            field=field,
            connection=self.connection,
            operation=self.operation,
            code=self.code,
            request_id=self.request_id,
        )

    def plain(self, kind: type[AdapterError], message: str) -> AdapterError:
        return kind(
            message, connection=self.connection, operation=self.operation, code=self.code, request_id=self.request_id
        )


def _by_code(reply: Reply, found: Finding, details: _Details) -> AdapterError | None:
    code, text = found.code, found.message
    if code in _SESSION:
        return details.plain(AuthExpired, "the session has expired or is not valid here: reconnect this connection")
    if code == "REQUEST_LIMIT_EXCEEDED":
        # One code, two meanings (Salesforce, "API Request Limits and Allocations"): too many long requests at once
        # passes in seconds, the daily allowance does not.
        if "Concurrent" in text:
            return details.limited("too many long requests at once: ask again with fewer at a time", None)
        return details.limited(
            "the org's allowance of API calls for 24 hours is used up: wait, or ask Salesforce for more", DAILY_PAUSE
        )
    if is_locked(code):
        return details.limited("somebody else holds the record, nothing was written: ask again", None)
    if code == "INVALID_FIELD":
        column = _COLUMN.search(text)
        if column:
            name = f"{column[2]}.{column[1]}"
            return details.drift(
                f"{name} is gone or hidden from this user: restore it, grant field-level security, or unmap it", name
            )
    if code == "INVALID_TYPE":
        kind = _KIND.search(text)
        if kind:
            return details.drift(f"{kind[1]} does not exist or is hidden from this user: grant access to it", kind[1])
    if code in _PLACE:
        return details.plain(CursorExpired, "Salesforce no longer knows this place: read again from a safe time")
    if code in _RETIRED or reply.status == 410:
        return _retired(details)
    if code in _LATER and reply.status < 500:
        return details.unavailable("Salesforce could not finish in time: ask again later")
    if code in _PERMISSION:
        return details.plain(Forbidden, _NO_PERMISSION)
    if reply.status in {400, 401} and code.startswith("invalid_"):
        return details.plain(AuthExpired, "Salesforce refused to sign in: check the app's credentials and reconnect")
    if reply.status == 400:
        return details.plain(BadRequest, "Salesforce refused the request as malformed")
    return None


def _by_status(reply: Reply, details: _Details, *, empty: bool) -> AdapterError | None:
    status = reply.status
    if status == 401:
        return details.plain(AuthExpired, "the session has expired or is not valid here: reconnect this connection")
    if status == 429:
        return details.limited("Salesforce asks us to slow down", _seconds(reply.headers.get("Retry-After")))
    if status >= 500:
        return details.unavailable(f"Salesforce is down or in maintenance (status {status}): ask again later")
    if status == 410:
        return _retired(details)
    if status == 403 and not reply.body.strip():
        return details.plain(Forbidden, _NO_PERMISSION)
    if status in {414, 431}:
        return details.plain(BadRequest, "the address or the headers are too long for Salesforce: ask for fewer fields")
    if status in {406, 408, 420} or empty:
        return details.unavailable(f"the answer did not come from Salesforce's API (status {status}): ask again later")
    if status == 403:
        return details.plain(Forbidden, _NO_PERMISSION)
    if status == 300:
        return details.plain(BadRequest, "more than one record has this external id: make the field unique")
    return details.plain(BadRequest, f"Salesforce refused the request (status {status})")


def _retired(details: _Details) -> AdapterError:
    return details.plain(
        BadRequest,
        "this API version is retired or unknown in this org: set api_version to one that GET /services/data lists",
    )


def is_locked(code: str) -> bool:
    """Whether somebody else was writing the record, or its parent: nothing was written, and it passes in seconds."""
    return code in {"TXN_LOCK_TIMEOUT", "UNABLE_TO_LOCK_ROW"}


def no_longer(code: str) -> bool:
    """Whether a record's error says that the record went on without us: converted, deleted, merged or a duplicate."""
    return code in {
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "DUPLICATES_DETECTED",
        "DUPLICATE_EXTERNAL_ID",
        "DUPLICATE_VALUE",
        "ENTITY_IS_DELETED",
        "ENTITY_IS_LOCKED",
        "PROCESSING_HALTED",
    }


def from_sdk(error: Exception, *, operation: str = "", connection: str = "") -> AdapterError:
    """The same classes for exceptions of ``simple_salesforce``, whose texts hold addresses and content of records."""
    from simple_salesforce import exceptions as sdk

    details = _Details(connection, operation, "", "")
    if isinstance(error, sdk.SalesforceAuthenticationFailed):
        return details.plain(AuthExpired, "Salesforce refused to sign in: check the SDK's credentials and reconnect")
    if isinstance(error, sdk.SalesforceError):
        content: object = error.content
        try:
            body = content if isinstance(content, bytes) else orjson.dumps(content)
        except (TypeError, ValueError):
            body = b""
        try:
            status = int(error.status)
        except (TypeError, ValueError):
            status = 500
        known = classify(Reply(status=status, headers=httpx.Headers(), body=body), operation, connection)
        return known or details.unavailable("the SDK could not understand Salesforce's answer: ask again later")
    if isinstance(error, sdk.SalesforceOperationError):
        return details.unavailable("a bulk job of the SDK did not finish: look at its result, then ask again")
    return details.plain(AuthExpired, "the SDK could not renew its session: sign in again and reconnect")


def _request_id(headers: httpx.Headers) -> str:
    text: str = headers.get("x-sfdc-request-id", "") or headers.get("x-request-id", "")
    return text if re.fullmatch(r"[\w.:-]{1,100}", text) else ""


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None
