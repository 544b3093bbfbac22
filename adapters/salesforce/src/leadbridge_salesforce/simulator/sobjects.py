"""The sObject resources: describe, one record by id or external id, updated and deleted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.simulator import rules
from leadbridge_salesforce.simulator.call import Answer, Call
from leadbridge_salesforce.simulator.fields import FieldDef, KindDef
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Problem, Refusal
from leadbridge_salesforce.simulator.queries import rendered
from leadbridge_salesforce.simulator.soql_dates import wire_instant
from leadbridge_salesforce.simulator.table import Row

__all__ = ["by_external_id", "catalogue", "created", "described", "kind_of", "single"]

_EXTENSION = re.compile(r"\.(?:inc|json|xml|csv)$", re.IGNORECASE)
_LOOKED_UP = frozenset({"Email"})
_TOLD_SINCE = 46.0
_FIXED = frozenset({"FieldPermissions", "PermissionSet", "PermissionSetAssignment"})


def kind_of(org: Org, name: str) -> KindDef:
    """A kind that a path names."""
    kind = org.kind(name)
    if kind is None:
        raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
    return kind


def catalogue(org: Org, call: Call) -> Answer:
    """``GET /sobjects``."""
    kinds = []
    for kind in org.kinds.values():
        entry = {name: value for name, value in kind.describe().items() if name not in ("fields", "childRelationships")}
        kinds.append({**entry, "urls": {"sobject": f"{call.root}/sobjects/{kind.name}"}})
    return Answer(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": kinds})


def described(org: Org, name: str, *, whole: bool) -> Answer:
    """``GET /sobjects/{kind}`` and ``GET /sobjects/{kind}/describe``."""
    kind = kind_of(org, name)
    if whole:
        return Answer(body=kind.describe())
    return Answer(body={"objectDescribe": {"name": kind.name, "keyPrefix": kind.prefix}, "recentItems": []})


def created(org: Org, call: Call, name: str) -> Answer:
    """``POST /sobjects/{kind}``."""
    kind = kind_of(org, name)
    fields = rules.known_columns(kind, call.record())
    if kind.name in _FIXED:
        row = _set_up(org, kind, fields)
    else:
        try:
            row = rules.create(org, kind, fields, call.headers)
        except Problem as problem:
            raise problem.alone() from None
    return Answer(201, {"id": row["Id"], "success": True, "errors": []})


def _set_up(org: Org, kind: KindDef, fields: Mapping[str, Any]) -> Row:
    """Permission sets: granting a field makes it visible, which a new custom field is not."""
    if org.switches.refuse_setup:
        raise Refusal(403, "INSUFFICIENT_ACCESS", "insufficient access rights on entity")
    row = org.insert(kind.name, dict(fields))
    if kind.name == "FieldPermissions" and fields.get("PermissionsRead"):
        target, _, name = str(fields["Field"]).partition(".")
        definition = org.kinds[target].fields.get(name)
        if definition is None:
            raise Refusal(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Field Name: bad value", ["Field"])
        org.kinds[target].add(replace(definition, visible=True))
    return row


def single(org: Org, call: Call, name: str, key: str) -> Answer:
    """``GET``, ``PATCH`` and ``DELETE /sobjects/{kind}/{id}``."""
    kind = kind_of(org, name)
    row = org.tables[kind.name].rows.get(id18(key))
    if row is None:
        raise Refusal(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + key)
    if row["IsDeleted"]:
        raise Refusal(404, "ENTITY_IS_DELETED", "entity is deleted")
    if call.method == "GET":
        return Answer(body=rendered(kind.name, row, _names(kind, call), call.root))
    try:
        if call.method == "DELETE":
            rules.delete(org, kind, key)
        else:
            body = call.record()
            if "Id" in body or "id" in body:
                raise Refusal(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.")
            _precondition(row, call)
            rules.update(org, kind, key, rules.known_columns(kind, body), call.headers)
    except Problem as problem:
        raise problem.alone() from None
    return Answer(204)


def _names(kind: KindDef, call: Call) -> list[str]:
    if not call.query.get("fields"):
        return [each.name for each in kind.visible()]
    names = []
    for name in call.query["fields"].split(","):
        definition = kind.get(name.strip())
        if definition is None:
            raise Refusal(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}")
        names.append(definition.name)
    return names


def _precondition(row: Row, call: Call) -> None:
    """``If-Unmodified-Since``, to the second."""
    text = call.headers.get("if-unmodified-since")
    if text and row["LastModifiedDate"] > wire_instant(parsedate_to_datetime(text)):
        raise Refusal(412, "PRECONDITION_FAILED", "The record was modified")


def by_external_id(org: Org, call: Call, name: str, field: str, value: str) -> Answer:
    """``GET``, ``PATCH`` and ``DELETE /sobjects/{kind}/{external id}/{value}``; 300 when several records have it."""
    kind = kind_of(org, name)
    definition = kind.get(field)
    if definition is None or not (definition.external_id or definition.name in _LOOKED_UP):
        raise Refusal(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + field)
    if _EXTENSION.search(value):
        # What looks like the ending of a file is taken for a wish for that format.
        raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
    table = org.tables[kind.name]
    one = table.by_value(definition.name, value) if definition.unique else None
    rows = [one] if one is not None else [] if definition.unique else table.all_with(definition.name, value)
    if len(rows) > 1:
        return Answer(300, [f"{call.root}/sobjects/{kind.name}/{row['Id']}" for row in rows])
    if call.method != "PATCH" or (not rows and call.query.get("updateOnly", "").lower() == "true"):
        if not rows:
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
        return single(org, call, name, rows[0]["Id"])
    return _upserted(org, call, kind, definition, value, rows)


def _upserted(org: Org, call: Call, kind: KindDef, definition: FieldDef, value: str, rows: Sequence[Row]) -> Answer:
    fields = rules.known_columns(kind, call.record())
    if definition.name in fields or "Id" in fields:
        raise Refusal(400, "INVALID_FIELD", f"The {definition.name} field should not be specified in the sobject data.")
    try:
        if rows:
            found = rules.update(org, kind, rows[0]["Id"], fields, call.headers)
        else:
            found = rules.create(org, kind, {**fields, definition.name: value}, call.headers)
    except Problem as problem:
        raise problem.alone() from None
    if rows and float(call.version) < _TOLD_SINCE:
        return Answer(204)
    return Answer(200 if rows else 201, {"id": found["Id"], "success": True, "errors": [], "created": not rows})
