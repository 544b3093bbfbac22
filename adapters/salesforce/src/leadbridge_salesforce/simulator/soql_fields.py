"""What the names in a statement mean: fields, fields of parents, and children, found without regard to case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from leadbridge_salesforce.simulator.fields import FieldDef, KindDef
from leadbridge_salesforce.simulator.soql_ast import AGGREGATES, Expression, Field, Function, SoqlError
from leadbridge_salesforce.simulator.soql_dates import date_part
from leadbridge_salesforce.simulator.table import Row

if TYPE_CHECKING:
    from leadbridge_salesforce.simulator.org import Org

__all__ = ["Operand", "Path", "Scope", "children", "kind_of", "operand", "parent_name", "path"]

Read: TypeAlias = Callable[[Row], Any]

_DEEPEST = 5

_LOOK_UP = "Please reference your WSDL or the describe call for the appropriate names."
_CUSTOM_RELATION = (
    "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship "
    f"name. {_LOOK_UP}"
)

_NAME = KindDef("Name", "")
"""What is known of a parent that may be of several kinds: Salesforce shows it as an object called Name."""
_NAME.add(
    FieldDef("Id", "id"),
    FieldDef("Name", "string"),
    FieldDef("FirstName", "string"),
    FieldDef("LastName", "string"),
    FieldDef("Type", "picklist"),
    FieldDef("Email", "email"),
    FieldDef("Phone", "phone"),
    FieldDef("Title", "string"),
    FieldDef("Username", "string"),
    FieldDef("IsActive", "boolean"),
)

_CHILDREN = {
    ("Contact", "AccountId"): "Contacts",
    ("Opportunity", "AccountId"): "Opportunities",
    ("Opportunity", "ContactId"): "Opportunities",
    ("Task", "WhoId"): "Tasks",
    ("Task", "WhatId"): "Tasks",
    ("Event", "WhoId"): "Events",
    ("Event", "WhatId"): "Events",
    ("CampaignMember", "CampaignId"): "CampaignMembers",
    ("CampaignMember", "LeadId"): "CampaignMembers",
    ("CampaignMember", "ContactId"): "CampaignMembers",
    ("OpportunityHistory", "OpportunityId"): "OpportunityHistories",
    ("PermissionSetAssignment", "PermissionSetId"): "Assignments",
    ("FieldPermissions", "ParentId"): "FieldPerms",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """What a statement is read against.

    Attributes:
        org: where kinds and records are.
        kind: the kind behind FROM.
        alias: its other name in the statement.
        now: the org's time, which date literals are relative to.
        everything: whether deleted records count.
    """

    org: Org
    kind: KindDef
    alias: str | None
    now: datetime
    everything: bool


@dataclass(frozen=True, slots=True)
class Path:
    """A field of a record or of one of its parents.

    Attributes:
        steps: the references to follow, nearest first.
        field: the field at the end.
        names: canonical names, the relationships' first.
        read: the value, given a record of the statement's kind.
    """

    steps: tuple[FieldDef, ...]
    field: FieldDef
    names: tuple[str, ...]
    read: Read


@dataclass(frozen=True, slots=True)
class Operand:
    """Something that has a value for each row: its type, as that of a field, its name for messages, and the value."""

    field: FieldDef
    name: str
    read: Read


def kind_of(org: Org, name: str, at: int) -> KindDef:
    """The kind behind FROM.

    Raises:
        SoqlError: the org has no such kind.
    """
    found = org.kind(name)
    if found is None:
        raise SoqlError(
            f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append "
            f"the '__c' after the entity name. {_LOOK_UP}",
            at,
            code="INVALID_TYPE",
        )
    return found


def parent_name(field: FieldDef) -> str:
    """What the relationship of a reference is called."""
    return f"{field.name[:-1]}r" if field.is_custom else field.name.removesuffix("Id")


def path(scope: Scope, field: Field) -> Path:
    """The field that a path names.

    Raises:
        SoqlError: there is none, or the user may not see it; Salesforce does not say which.
    """
    parts = field.path.split(".")
    if len(parts) > 1 and parts[0].lower() in (scope.kind.name.lower(), (scope.alias or "").lower()):
        parts = parts[1:]
    if len(parts) > _DEEPEST + 1:
        raise SoqlError("A relationship path may have at most 5 levels", field.at, code="INVALID_FIELD")
    kind = scope.kind
    steps: list[FieldDef] = []
    names: list[str] = []
    for part in parts[:-1]:
        step = _reference(kind, part, field)
        steps.append(step)
        names.append(parent_name(step))
        kind = scope.org.kinds[step.reference_to[0]] if len(step.reference_to) == 1 else _NAME
    found = kind.get(parts[-1])
    if found is None:
        raise SoqlError(
            f"No such column '{parts[-1]}' on entity '{kind.name}'. If you are attempting to use a custom field, be "
            f"sure to append the '__c' after the custom field name. {_LOOK_UP}",
            field.at,
            code="INVALID_FIELD",
        )
    read = _reader(scope.org, tuple(steps), found.name) if steps else _own(found.name)
    return Path(tuple(steps), found, (*names, found.name), read)


def _reference(kind: KindDef, name: str, field: Field) -> FieldDef:
    wanted = name.lower()
    for each in kind.visible():
        if each.reference_to and parent_name(each).lower() == wanted:
            return each
    raise SoqlError(
        f"Didn't understand relationship '{name}' in field path. {_CUSTOM_RELATION}",
        field.at,
        code="INVALID_FIELD",
    )


def _own(name: str) -> Read:
    return lambda row: row.get(name)


def _reader(org: Org, steps: tuple[FieldDef, ...], name: str) -> Read:
    def read(row: Row) -> Any:
        at: Row | None = row
        kind = ""
        for step in steps:
            found = parent(org, step, at)
            if found is None:
                return None
            kind, at = found
        return kind if name == "Type" and len(steps[-1].reference_to) > 1 else at.get(name) if at else None

    return read


def parent(org: Org, step: FieldDef, row: Row | None) -> tuple[str, Row] | None:
    """The kind and record that a reference of a record leads to."""
    key = None if row is None else row.get(step.name)
    if not key:
        return None
    for kind in step.reference_to:
        found = org.tables[kind].rows.get(key) if kind in org.tables else None
        if found is not None:
            return kind, found
    return None


def children(scope: Scope, name: str, at: int) -> tuple[KindDef, FieldDef, str]:
    """The kind of the children that a relationship names, their field that leads back, and its canonical name.

    Raises:
        SoqlError: there is no such relationship.
    """
    for kind in scope.org.kinds.values():
        for field in kind.visible():
            known = _child_name(kind, field) if scope.kind.name in field.reference_to else ""
            if known and known.lower() == name.lower():
                return kind, field, known
    raise SoqlError(
        f"Didn't understand relationship '{name}' in FROM part of query call. {_CUSTOM_RELATION}",
        at,
        code="INVALID_TYPE",
    )


def _child_name(kind: KindDef, field: FieldDef) -> str:
    known = _CHILDREN.get((kind.name, field.name))
    if known is not None:
        return known
    if field.is_custom:
        return f"{kind.name.removesuffix('__c')}s__r"
    return "Histories" if kind.name.endswith("History") and f"{field.name[:-2]}" in kind.name else ""


def operand(scope: Scope, expression: Expression, *, where: str) -> Operand:
    """A field or a function of one record's field; aggregates have no place here.

    Args:
        scope: what the statement is read against.
        expression: what was written.
        where: the clause, for the message.
    """
    if isinstance(expression, Field):
        found = path(scope, expression)
        return Operand(found.field, expression.path, found.read)
    if expression.name in AGGREGATES or expression.argument is None:
        raise SoqlError(f"Aggregate functions are not allowed in {where}: {expression.name}", expression.at)
    argument = path(scope, expression.argument)
    if expression.name == "TOLABEL":
        return Operand(argument.field, expression.argument.path, argument.read)
    return Operand(_part_type(expression, argument.field), expression.argument.path, _part(expression, argument.read))


def _part_type(function: Function, field: FieldDef) -> FieldDef:
    if field.type not in ("date", "datetime") or (function.name == "HOUR_IN_DAY" and field.type == "date"):
        raise SoqlError(
            f"field {field.name} does not support date function {function.name}", function.at, code="INVALID_FIELD"
        )
    return FieldDef(field.name, "date" if function.name == "DAY_ONLY" else "int")


def _part(function: Function, read: Read) -> Read:
    name = function.name
    return lambda row: date_part(name, read(row))
