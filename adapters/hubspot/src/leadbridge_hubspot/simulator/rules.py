"""What a write must bring: what HubSpot always demands, and what an administrator does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadbridge_hubspot.simulator.answers import Refused, validation_error
from leadbridge_hubspot.simulator.associations import chosen_types, end_id
from leadbridge_hubspot.simulator.portal import Problem
from leadbridge_hubspot.simulator.table import Entry, Table
from leadbridge_hubspot.simulator.web import Call

__all__ = ["Ends", "associate_all", "associations_asked", "check_required"]

Ends = list[tuple[Table, Entry, list[int]]]
"""The other ends of the associations that a new record is to have, with their type ids."""

_ALWAYS = {
    "lead": ("hs_lead_name",),
    **dict.fromkeys(("note", "call", "meeting", "email", "task"), ("hs_timestamp",)),
}


def check_required(call: Call, table: Table, values: Mapping[str, str], entry: Entry | None, ends: Ends) -> None:
    """Refuses a write that leaves out what has to be there; ``entry`` is the record that it changes."""
    kind = table.kind.kind
    if entry is None:
        if kind == "contact" and call.portal.switches.require_name_or_email:
            names = ("email", "firstname", "lastname")
            if not any(values.get(name) for name in names):
                message = f"One of the following properties must be set: {', '.join(names)}"
                raise Refused(400, message, "VALIDATION_ERROR")
        _demand(values, {}, _ALWAYS.get(kind, ()))
        if kind == "lead" and not any(other.kind.kind == "contact" for other, _, _ in ends):
            raise Refused(400, "A lead must be associated with a contact", "VALIDATION_ERROR")
    if not call.old:
        _administrator(call, table, values, entry)


def associations_asked(call: Call, table: Table, item: Mapping[str, Any]) -> Ends:
    """The ``associations`` of a new record: ``[{to: {id}, types: […]}]``; the kind follows from the type id."""
    found: Ends = []
    for each in item.get("associations") or ():
        id = end_id(each.get("to") if isinstance(each, Mapping) else None)
        wanted = each.get("types") or ()
        there = _other_kind(call, table, wanted)
        types = chosen_types(call, table, there, wanted)
        other = there.resolve(id)
        if other is None or not other.live:
            raise Refused(404, f"{there.kind.kind.upper()} {id} does not exist", "OBJECT_NOT_FOUND")
        found.append((there, other, [one.id for one in types]))
    return found


def associate_all(call: Call, table: Table, entry: Entry, ends: Ends) -> None:
    """Gives a new record its associations."""
    for there, other, types in ends:
        call.portal.associate(table, entry, there, other, types)


def _other_kind(call: Call, table: Table, wanted: Any) -> Table:
    first = wanted[0].get("associationTypeId") if wanted and isinstance(wanted[0], Mapping) else None
    for kind, there in call.portal.tables.items():
        if first in call.portal.links.types(table.kind.kind, kind):
            return there
    raise Refused(400, f"{first} is not an association type of {table.kind.path}", "VALIDATION_ERROR")


def _administrator(call: Call, table: Table, values: Mapping[str, str], entry: Entry | None) -> None:
    before: Mapping[str, str] = entry.props if entry is not None else {}
    for rule in call.portal.switches.rules:
        if rule.kind != table.kind.kind:
            continue
        if rule.when:
            # Only a write that touches the condition or what it demands is looked at.
            if rule.when not in values and not any(name in values for name in rule.needs):
                continue
            present = values.get(rule.when, before.get(rule.when, ""))
            if not present or (rule.value and present != rule.value):
                continue
        elif entry is not None:
            continue
        _demand(values, before, rule.needs)


def _demand(values: Mapping[str, str], before: Mapping[str, str], names: tuple[str, ...]) -> None:
    missing = [name for name in names if not values.get(name, before.get(name, ""))]
    if missing:
        raise validation_error(
            [Problem("REQUIRED_PROPERTY_MISSING", name, f'Property "{name}" is required') for name in missing]
        )
