"""How HubSpot says things: its error bodies, as captured from real traffic, and its records."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from leadbridge_hubspot.simulator.portal import Problem, Taken
from leadbridge_hubspot.simulator.table import Entry, Table
from leadbridge_hubspot.simulator.values import iso_ms, milliseconds

__all__ = [
    "Refused",
    "already_exists",
    "conflict",
    "correlation_id",
    "made",
    "not_found",
    "reply",
    "shown",
    "validation_error",
    "visible",
]

_numbers = itertools.count(1)


def correlation_id() -> str:
    """The id of a request, as HubSpot puts it into headers and error bodies."""
    return f"00000000-0000-4000-8000-{next(_numbers):012d}"


def reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a JSON body, or with none."""
    content = b"" if body is None else orjson.dumps(body)
    kind = None if body is None else "application/json;charset=utf-8"
    return Response(content, status, dict(headers or {}), media_type=kind)


class Refused(Exception):
    """Ends a handler with an error answer."""

    def __init__(self, status: int, message: str, category: str = "", **more: object) -> None:
        self.status = status
        self.headers: dict[str, str] = {}
        self.body: dict[str, object] = {"status": "error", "message": message, "correlationId": correlation_id()}
        if category:
            self.body["category"] = category
        self.body.update(more)
        super().__init__(message)


def validation_error(problems: Sequence[Problem]) -> Refused:
    """Properties that were refused: once as a list, once more as JSON inside the message."""
    inside = [
        {
            "isValid": False,
            "message": problem.message,
            "error": problem.code,
            "name": problem.name,
            "localizedErrorMessage": problem.message,
        }
        for problem in problems
    ]
    errors = [
        {"message": problem.message, "code": problem.code, "context": {"propertyName": [problem.name]}}
        for problem in problems
    ]
    message = f"Property values were not valid: {orjson.dumps(inside).decode()}"
    return Refused(400, message, "VALIDATION_ERROR", errors=errors)


def conflict(taken: Taken, entry_id: str = "") -> dict[str, Any]:
    """A unique value that stands elsewhere, as an error body or as one entry of a batch's errors."""
    holder = taken.holder.id
    if taken.name == "email":
        return {
            "status": "error",
            "category": "CONFLICT",
            "message": f"Contact already exists. Existing ID: {holder}",
            "context": {"existingId": [holder]},
        }
    message = (
        f"Cannot set PropertyValueCoordinates{{propertyName={taken.name}}} on {entry_id or 'a new record'}. "
        f"{holder} already has that value."
    )
    detail = {"message": message, "code": "CONFLICTING_UNIQUE_VALUE", "context": {"propertyName": [taken.name]}}
    return {"status": "error", "category": "VALIDATION_ERROR", "message": message, "errors": [detail]}


def already_exists(taken: Taken, entry_id: str = "") -> Refused:
    """The same as the answer to a whole request."""
    body = conflict(taken, entry_id)
    more = {name: body[name] for name in ("errors",) if name in body}
    return Refused(409 if taken.name == "email" else 400, body["message"], body["category"], **more)


def not_found() -> Refused:
    """A record that does not exist."""
    return Refused(404, "resource not found", "OBJECT_NOT_FOUND")


def visible(table: Table, names: Iterable[str]) -> tuple[str, ...]:
    """The properties that an answer carries: those asked for that exist, and the three that always come."""
    asked = [name for name in names if name in table.properties]
    return tuple(sorted({*asked, *table.always} if asked else set(table.shown)))


def shown(entry: Entry, names: Sequence[str]) -> dict[str, Any]:
    """A record as answers carry it."""
    get = entry.props.get
    body: dict[str, Any] = {
        "id": str(entry.number),
        "properties": {name: get(name) for name in names},
        "createdAt": iso_ms(entry.created),
        "updatedAt": iso_ms(entry.stamp),
        "archived": entry.archived_at is not None,
    }
    if entry.archived_at is not None:
        body["archivedAt"] = iso_ms(entry.archived_at)
    return body


def made(entry: Entry) -> dict[str, Any]:
    """The answer to a creation: all properties, those of stages as raw milliseconds beside texts with a date."""
    body = shown(entry, tuple(sorted(entry.props)))
    values = body["properties"]
    for name in values:
        if name.startswith(("hs_lifecyclestage_", "hs_v2_date_")):
            values[name] = str(milliseconds(values[name]))
    return body
