"""What is not a record: properties, owners, pipelines, the account itself."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from leadbridge_hubspot.simulator.answers import Refused, reply
from leadbridge_hubspot.simulator.portal import OwnerRow
from leadbridge_hubspot.simulator.values import Property
from leadbridge_hubspot.simulator.web import Call

__all__ = ["account", "create_group", "create_property", "groups", "owner", "owners", "properties", "property_named"]

MOST_UNIQUE = 10


def account(call: Call) -> Response:
    """Who this account is."""
    return reply(
        {
            "portalId": call.portal.portal_id,
            "accountType": "STANDARD",
            "timeZone": "Europe/Dublin",
            "companyCurrency": "EUR",
            "additionalCurrencies": [],
            "utcOffset": "+00:00",
            "utcOffsetMilliseconds": 0,
            "uiDomain": "app-eu1.hubspot.com",
            "dataHostingLocation": "eu1",
        }
    )


def properties(call: Call) -> Response:
    """All properties of an object type."""
    return reply({"results": [prop.shown() for prop in call.table.properties.values()]})


def property_named(call: Call) -> Response:
    """One property."""
    prop = call.table.properties.get(call.params["name"])
    if prop is None:
        raise Refused(404, "Property does not exist", "OBJECT_NOT_FOUND")
    return reply(prop.shown())


def groups(call: Call) -> Response:
    """The groups in which the properties of an object type are shown."""
    return reply({"results": [_group(name, label) for name, label in call.table.groups.items()]})


def create_group(call: Call) -> Response:
    """A new group of properties."""
    body, groups = call.json(), call.table.groups
    name = str(body.get("name") or "")
    if not name.islower():
        raise Refused(400, f"Property group name {name!r} is not valid", "VALIDATION_ERROR")
    if name in groups:
        raise Refused(409, f"A property group named '{name}' already exists.", "OBJECT_ALREADY_EXISTS")
    groups[name] = str(body.get("label") or name)
    return reply(_group(name, groups[name]), 201)


def _group(name: str, label: str) -> dict[str, object]:
    return {"name": name, "label": label, "displayOrder": -1, "archived": False}


def create_property(call: Call) -> Response:
    """A new property; at most ten of an object type may be unique."""
    table, body = call.table, call.json()
    name = str(body.get("name") or "")
    if not name or not name.islower() or not name.replace("_", "").isalnum():
        raise Refused(400, f"Property name {name!r} is not valid", "VALIDATION_ERROR")
    group = str(body.get("groupName") or table.kind.group)
    if group not in table.groups:
        raise Refused(400, f"Property group '{group}' does not exist", "VALIDATION_ERROR")
    if name in table.properties:
        raise Refused(409, f"A property named '{name}' already exists.", "OBJECT_ALREADY_EXISTS")
    unique = bool(body.get("hasUniqueValue"))
    if unique and sum(prop.unique for prop in table.properties.values()) >= MOST_UNIQUE:
        raise Refused(400, "Too many unique properties", "VALIDATION_ERROR")
    prop = Property(
        name,
        str(body.get("label") or name),
        str(body.get("type") or "string"),
        str(body.get("fieldType") or "text"),
        group,
        [(str(each["value"]), str(each["label"])) for each in body.get("options") or ()],
        unique=unique,
        made_by_hubspot=False,
    )
    table.add_property(prop)
    return reply(prop.shown(), 201)


def owners(call: Call) -> Response:
    """The people and queues to whom records belong."""
    limit, after, email = call.number("limit", 100, 500), call.text("after") or "0", call.text("email").lower()
    rows = [
        row
        for row in call.portal.owners.values()
        if row.archived == call.flag("archived") and (not email or row.email.lower() == email)
    ]
    start = int(after) if after.isdigit() else 0
    body: dict[str, Any] = {"results": [_owner(row) for row in rows[start : start + limit]]}
    if start + limit < len(rows):
        body["paging"] = {"next": {"after": str(start + limit), "link": ""}}
    return reply(body)


def owner(call: Call) -> Response:
    """One owner, by id or by user id."""
    id = call.params["id"]
    by_user = call.text("idProperty") == "userId"
    for row in call.portal.owners.values():
        if (str(row.user_id) if by_user else row.id) == id and row.archived == call.flag("archived"):
            return reply(_owner(row))
    raise Refused(404, "Owner does not exist", "OBJECT_NOT_FOUND")


def _owner(row: OwnerRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "email": row.email,
        "firstName": row.first_name,
        "lastName": row.last_name,
        "type": "QUEUE" if row.queue else "PERSON",
        "userId": None if row.archived or row.queue else row.user_id,
        "userIdIncludingInactive": None if row.queue else row.user_id,
        "createdAt": "2024-01-08T09:00:00.000Z",
        "updatedAt": "2024-01-08T09:00:00.000Z",
        "archived": row.archived,
        "teams": [],
    }
