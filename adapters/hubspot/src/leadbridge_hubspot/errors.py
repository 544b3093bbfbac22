"""What HubSpot's error answers mean: which exception, or which receipt.

HubSpot's own messages never leave this module, because they repeat what was sent: addresses, names, values. What leaves
are its codes, the names of properties and scopes, and its correlation id, by which its support finds the request. Every
field of an error body is optional, and some answers have no body at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from leadbridge.adapter import Ref
from leadbridge.errors import (
    AdapterError,
    AuthExpired,
    BadRequest,
    Forbidden,
    RateLimited,
    SchemaDrift,
    Unavailable,
)
from leadbridge.http import Reply, retry_after

__all__ = ["Refusal", "body_of", "classify", "refusal_of"]

_EXISTING = re.compile(r"existing id: *(\d{1,20})|\b(\d{1,20}) already has that value", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_DECODER_LIMIT = 100_000
_WINDOWS = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0}
_LOCKED_SECONDS = 2.0
"""HubSpot asks for at least this pause when a record is locked (status 423)."""

VALUE_INDEPENDENT = frozenset({"PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"})
"""Codes that hit every record which names the property, whatever the value."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one record, or one whole request, was refused."""

    code: str
    properties: tuple[tuple[str, str], ...] = ()
    """Pairs of (code, property)."""
    traces: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    existing: str | None = None

    @property
    def reason(self) -> str:
        """``CODE`` or ``CODE: property``, as receipts have it."""
        if self.properties:
            code, name = self.properties[0]
            return f"{code}: {name}"
        return self.code

    def existing_ref(self, kind: str) -> Ref | None:
        """The record that is already there, when HubSpot named it."""
        return Ref(kind, self.existing) if self.existing else None


def body_of(reply: Reply) -> Mapping[str, Any]:
    """The decoded error body; empty when it is none."""
    try:
        body = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def refusal_of(error: Mapping[str, Any]) -> Refusal:
    """What an error body, or one entry of a batch's ``errors``, says in codes and names."""
    context = _context(error)
    message = str(error.get("message") or "")
    existing = next(iter(_texts(context.get("existingId"))), None)
    if existing is None and (found := _EXISTING.search(message)):
        existing = found.group(1) or found.group(2)
    code = _word(error.get("category")) or _word(error.get("subCategory")) or "REFUSED"
    return Refusal(
        code=code,
        properties=tuple(dict.fromkeys(_properties(error, context, message, code))),
        traces=tuple(_texts(context.get("objectWriteTraceId"))),
        ids=tuple(_texts(context.get("ids"))) or tuple(_texts(context.get("id"))),
        existing=existing if existing and existing.isdigit() else None,
    )


def classify(reply: Reply, operation: str) -> AdapterError | None:
    """The exception for an answer that is an error; ``None`` leaves it to the general rule of its status."""
    body = body_of(reply)
    refusal = refusal_of(body)
    error = _by_status(reply, body, refusal)
    if error is not None:
        error.operation = operation
        error.code = refusal.code if body else str(reply.status)
        error.request_id = _word(body.get("correlationId")) or _word(reply.headers.get("x-hubspot-correlation-id"))
    return error


def _by_status(reply: Reply, body: Mapping[str, Any], refusal: Refusal) -> AdapterError | None:
    status = reply.status
    if status == 401:
        return AuthExpired("HubSpot no longer accepts the token: make a new service key, or reconnect the app")
    if status == 403:
        return _forbidden(body)
    if status == 429:
        return _too_many(reply, body)
    if status == 423:
        return RateLimited(
            "a record is locked by another process of HubSpot: wait, then ask again",
            retry_after=max(retry_after(reply) or 0.0, _LOCKED_SECONDS),
        )
    if status == 477:
        return RateLimited(
            "HubSpot is moving this account to another data centre: writes and reads go on afterwards",
            retry_after=retry_after(reply),
        )
    if status == 414:
        if "identities" in str(body.get("message") or ""):
            return BadRequest("HubSpot keeps at most 250 addresses of one contact: these records cannot be merged")
        return BadRequest("HubSpot refused the request as too long: ask for fewer properties")
    if status in (400, 404):
        return _malformed(body, refusal)
    if status >= 500:
        return Unavailable("HubSpot cannot answer at the moment: ask again later")
    return None


def _forbidden(body: Mapping[str, Any]) -> Forbidden:
    errors = body.get("errors")
    contexts = [_context(body), *(_context(each) for each in (errors if isinstance(errors, list) else ()))]
    scopes = sorted(
        {
            scope
            for context in contexts
            for name in ("requiredGranularScopes", "requiredScopes", "missingScopes")
            for text in _texts(context.get(name))
            if (scope := _word(text))
        }
    )
    if not scopes:
        return Forbidden("HubSpot says that this token may not do this: give its app or service key the scope it lacks")
    return Forbidden(f"the token lacks a scope: give its app or service key {', '.join(scopes)}, then make a new token")


def _too_many(reply: Reply, body: Mapping[str, Any]) -> RateLimited:
    policy = (_word(body.get("policyName")) or "").upper()
    said = retry_after(reply)
    if policy == "DAILY":
        return RateLimited(
            "HubSpot's daily limit of calls is used up: it begins anew at midnight in the account's time zone",
            retry_after=said,
        )
    # Search has a limit of its own and names no policy; only its text says that the window is a second.
    if not policy and "secondly limit" in str(body.get("message") or "") and "ten_" not in str(body.get("message")):
        policy = "SECONDLY"
    return RateLimited(
        "HubSpot asks us to slow down: wait, then ask again",
        retry_after=said if said is not None else _WINDOWS.get(policy),
    )


def _malformed(body: Mapping[str, Any], refusal: Refusal) -> AdapterError | None:
    missing = [name for code, name in refusal.properties if code == "PROPERTY_DOESNT_EXIST"]
    if missing:
        return SchemaDrift(
            f"HubSpot has no property {', '.join(missing)} (any more): create it, or take it out of the crosswalk",
            field=missing[0],
        )
    if "infer object type" in str(body.get("message") or "").lower():
        return SchemaDrift("this HubSpot account does not have that kind of record", field="")
    return None


def _properties(
    error: Mapping[str, Any], context: Mapping[str, Any], message: str, code: str
) -> Iterator[tuple[str, str]]:
    details = error.get("errors")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict):
            what = _word(detail.get("code")) or code
            inner = _context(detail)
            for name in (*_texts(inner.get("propertyName")), *_texts(inner.get("properties"))):
                if word := _word(name):
                    yield what, word
    for detail in _embedded(message):
        if word := _word(detail.get("name")):
            yield _word(detail.get("error")) or code, word
    for name in (*_texts(context.get("propertyName")), *_texts(context.get("properties"))):
        if word := _word(name):
            yield code, word


def _embedded(message: str) -> list[Mapping[str, Any]]:
    """The JSON array that a validation message carries as text, behind its first colon."""
    start = message.find("[{")
    if start < 0 or len(message) > _DECODER_LIMIT:
        return []
    end = message.rfind("]")
    try:
        found = orjson.loads(message[start : end + 1])
    except orjson.JSONDecodeError:
        return []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _context(error: object) -> Mapping[str, Any]:
    context = error.get("context") if isinstance(error, dict) else None
    return context if isinstance(context, dict) else {}


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(each) for each in value if isinstance(each, (str, int))] if isinstance(value, list) else []


def _word(value: object) -> str:
    """A code or a name, and nothing that could be content: one word of plain characters."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""
