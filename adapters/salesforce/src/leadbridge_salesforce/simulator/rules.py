"""What the org checks before it writes: names, types, lengths, picklists, required fields, duplicates, owners."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.simulator.duplicates import found_twice
from leadbridge_salesforce.simulator.fields import FieldDef, KindDef
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Problem, Refusal
from leadbridge_salesforce.simulator.soql_dates import wire_instant
from leadbridge_salesforce.simulator.table import Row

__all__ = ["create", "delete", "existing", "known_columns", "normal", "update", "upsert"]

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NUMBERS = frozenset({"int", "double", "currency", "percent", "long"})
_LOOKED_UP = frozenset({"Email", "Username"})
_TEXTS = frozenset({"string", "textarea", "email", "phone", "url", "picklist", "multipicklist"})


def known_columns(kind: KindDef, body: Mapping[str, Any]) -> dict[str, Any]:
    """A record's fields under their proper names.

    Raises:
        Refusal: one of them does not exist, or its JSON is of the wrong type. This stops a whole collection, because
            Salesforce meets it while it reads the request.
    """
    fields: dict[str, Any] = {}
    for name, value in body.items():
        if name == "attributes":
            continue
        definition = kind.get(name)
        if definition is None and isinstance(value, Mapping):
            definition = kind.get(f"{name}Id")
            if definition is not None and definition.reference_to:
                fields[definition.name] = value
                continue
            definition = None
        if definition is None:
            raise Refusal(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}")
        if not _readable(definition, value):
            raise Refusal(
                400,
                "JSON_PARSER_ERROR",
                f"Cannot deserialize instance of {definition.type} from {value} at {name}",
            )
        fields[definition.name] = value
    return fields


def _readable(definition: FieldDef, value: Any) -> bool:
    if value is None:
        return True
    if definition.type == "boolean":
        return isinstance(value, bool)
    if definition.type in ("int", "long"):
        return isinstance(value, int) and not isinstance(value, bool)
    if definition.type in _NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if definition.type == "datetime":
        return isinstance(value, str) and _instant(value) is not None
    if definition.type == "date":
        return isinstance(value, str) and _day(value) is not None
    return isinstance(value, str | int | float)


def _instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def normal(definition: FieldDef, value: Any) -> Any:
    """A value as rows hold it: instants in whole seconds, ids with 18 characters, no empty text."""
    if value is None:
        return None
    if definition.type == "datetime":
        moment = _instant(str(value))
        return wire_instant(moment) if moment else None
    if definition.type == "date":
        return str(value)[:10]
    if definition.type in ("reference", "id"):
        return id18(str(value)) or None
    if definition.type in _TEXTS:
        return str(value).strip() or None
    return value


def create(org: Org, kind: KindDef, fields: Mapping[str, Any], headers: Mapping[str, str]) -> Row:
    """A new record through the API."""
    _locked(org)
    if not kind.writable:
        raise Problem("INSUFFICIENT_ACCESS_OR_READONLY", f"entity type cannot be inserted: {kind.name}")
    clean = _checked(org, kind, fields, None)
    clean = {name: value for name, value in clean.items() if value is not None or name not in kind.defaults}
    blank = [name for name in kind.needed if clean.get(name) is None and name not in kind.defaults]
    if blank:
        raise Problem("REQUIRED_FIELD_MISSING", f"Required fields are missing: {blank}", blank)
    _unique(org, kind, clean, None)
    _validated(org, kind, {**kind.defaults, **clean})
    found_twice(org, kind, clean, None, headers)
    _auto_assign(org, kind, clean, headers)
    return org.insert(kind.name, clean)


def update(org: Org, kind: KindDef, key: str, fields: Mapping[str, Any], headers: Mapping[str, str]) -> Row:
    """A change through the API."""
    _locked(org)
    row = existing(org, kind, key)
    if row.get("IsConverted"):
        raise Problem("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    clean = _checked(org, kind, fields, row)
    blank = [name for name in kind.needed if name in clean and clean[name] is None]
    if blank:
        raise Problem("REQUIRED_FIELD_MISSING", f"Required fields are missing: {blank}", blank)
    _unique(org, kind, clean, row)
    _validated(org, kind, {**row, **clean})
    found_twice(org, kind, clean, row, headers)
    _auto_assign(org, kind, clean, headers)
    org.change(kind.name, row, clean)
    return row


def upsert(
    org: Org, kind: KindDef, field: FieldDef, fields: Mapping[str, Any], headers: Mapping[str, str]
) -> tuple[Row, bool]:
    """Creates or changes a record by an external id; says whether it was created. The recycle bin is not looked in."""
    value = normal(field, fields.get(field.name))
    if value is None:
        raise Problem("MISSING_ARGUMENT", f"{field.name} not specified", [field.name])
    found = org.tables[kind.name].by_value(field.name, str(value))
    if found is None:
        return create(org, kind, fields, headers), True
    return update(org, kind, found["Id"], fields, headers), False


def delete(org: Org, kind: KindDef, key: str) -> Row:
    """Puts a record into the recycle bin."""
    _locked(org)
    row = existing(org, kind, key)
    org.change(kind.name, row, {"IsDeleted": True})
    return row


def existing(org: Org, kind: KindDef, key: str) -> Row:
    """The live record with an id of 15 or 18 characters."""
    row = org.tables[kind.name].rows.get(id18(key))
    if row is None:
        raise Problem("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if row["IsDeleted"]:
        raise Problem("ENTITY_IS_DELETED", "entity is deleted")
    return row


def _locked(org: Org) -> None:
    if org.switches.locked > 0:
        org.switches.locked -= 1
        raise Problem("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records")


def _checked(org: Org, kind: KindDef, fields: Mapping[str, Any], row: Row | None) -> Row:
    clean: Row = {}
    for name, raw in fields.items():
        definition = kind.fields[name]
        if name == "Id":
            continue
        if not definition.writable or (definition.create_only and row is not None):
            raise Problem(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                f"Unable to create/update fields: {name}. Please check the security settings of this field and verify "
                "that it is read/write for your profile or permission set.",
                [name],
            )
        value = normal(definition, _referred(org, definition, raw) if isinstance(raw, Mapping) else raw)
        if value is not None:
            _value(org, definition, value)
        clean[name] = value if value is not None or definition.type != "boolean" else False
    return clean


def _referred(org: Org, definition: FieldDef, named: Mapping[str, Any]) -> str:
    """The id of the record that another one refers to by an external id: ``{"Account": {"Number__c": "7"}}``."""
    wanted = {name: value for name, value in named.items() if name != "attributes"}
    for target in definition.reference_to:
        for name, value in wanted.items():
            field = org.kinds[target].get(name)
            row = None
            if field is not None and (field.external_id or field.name in _LOOKED_UP):
                row = org.tables[target].find(field.name, str(value))
            if row is not None:
                return str(row["Id"])
    name = "/".join(wanted)
    raise Problem(
        "INVALID_FIELD",
        f"Foreign key external ID: {'/'.join(str(value) for value in wanted.values())} not found for field {name} in "
        f"entity {'/'.join(definition.reference_to)}",
    )


def _value(org: Org, definition: FieldDef, value: Any) -> None:
    name = definition.name
    if definition.type in _TEXTS and definition.length and len(value) > definition.length:
        raise Problem(
            "STRING_TOO_LONG", f"{name}: data value too large: {value} (max length={definition.length})", [name]
        )
    if definition.restricted:
        parts = value.split(";") if definition.type == "multipicklist" else [value]
        for part in parts:
            if part not in definition.values:
                raise Problem(
                    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                    f"bad value for restricted picklist field: {part}",
                    [name],
                )
    if definition.type == "email" and not _EMAIL.fullmatch(value):
        raise Problem("INVALID_EMAIL_ADDRESS", f"{name}: invalid email address: {value}", [name])
    if definition.type == "reference":
        _reference(org, definition, value)


def _reference(org: Org, definition: FieldDef, value: str) -> None:
    for target in definition.reference_to:
        row = org.tables[target].rows.get(value)
        if row is not None and not row["IsDeleted"]:
            if target == "User" and not row.get("IsActive"):
                raise Problem(
                    "INACTIVE_OWNER_OR_USER", "operation performed with inactive user as owner", [definition.name]
                )
            return
    code = "INVALID_CROSS_REFERENCE_KEY" if len(value) == 18 else "MALFORMED_ID"
    raise Problem(code, f"{definition.name}: id value of incorrect type: {value}", [definition.name])


def _unique(org: Org, kind: KindDef, clean: Row, row: Row | None) -> None:
    for name in kind.uniques:
        value = clean.get(name)
        other = org.tables[kind.name].by_value(name, str(value)) if value is not None else None
        if other is not None and (row is None or other["Id"] != row["Id"]):
            raise Problem(
                "DUPLICATE_VALUE",
                f"duplicate value found: {name} duplicates value on record with id: {other['Id'][:15]}",
            )


def _validated(org: Org, kind: KindDef, row: Row) -> None:
    """What administrators demand, once everything else is right."""
    for rule in org.rules:
        if rule.kind == kind.name and rule.broken(row):
            raise Problem(rule.code, rule.message, [rule.field] if rule.field else [])


def _auto_assign(org: Org, kind: KindDef, clean: Row, headers: Mapping[str, str]) -> None:
    """Without the header saying FALSE, a lead goes to whom the assignment rule, or its absence, sends it."""
    owner = org.switches.assignment_owner
    if kind.name == "Lead" and owner and headers.get("sforce-auto-assign", "TRUE").upper() != "FALSE":
        clean["OwnerId"] = owner
