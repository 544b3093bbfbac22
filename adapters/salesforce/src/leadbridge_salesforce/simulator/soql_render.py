"""What was selected, as the API sends it: canonical names, parents as objects of their own, children as results.

Also the columns' description that ``columns=true`` asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from leadbridge_salesforce.simulator.fields import FieldDef, KindDef
from leadbridge_salesforce.simulator.soql_ast import (
    AGGREGATES,
    Child,
    Column,
    Field,
    FieldsOf,
    Function,
    Query,
    SoqlError,
)
from leadbridge_salesforce.simulator.soql_fields import Operand, Scope, operand, parent, path
from leadbridge_salesforce.simulator.soql_groups import named
from leadbridge_salesforce.simulator.soql_values import NUMBERS
from leadbridge_salesforce.simulator.table import Row

__all__ = ["Children", "Shape", "column_metadata", "rendered", "shape_of"]

_MOST_FIELDS_OF = 200


@dataclass(slots=True)
class _Parent:
    """A parent that fields are selected of."""

    step: FieldDef
    fields: dict[str, FieldDef] = field(default_factory=dict)
    parents: dict[str, _Parent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Children:
    """A child query: the shape of the children, and the results for one parent, nothing when it has none."""

    shape: Shape
    of: Callable[[Row], dict[str, Any] | None]


@dataclass(slots=True)
class Shape:
    """What one record of an answer consists of, in the order in which it was asked for.

    Attributes:
        kind: of the records.
        parts: what stands under each name: a field's value, a parent, or the children.
    """

    kind: KindDef
    parts: dict[str, Operand | _Parent | Children] = field(default_factory=dict)

    @property
    def flat(self) -> list[str] | None:
        """The fields' names, when nothing else is selected."""
        names = [name for name, part in self.parts.items() if isinstance(part, Operand) and part.field.name == name]
        return names if len(names) == len(self.parts) else None


def shape_of(query: Query, scope: Scope, child: Callable[[Query], tuple[str, Children]]) -> Shape:
    """The shape of the records that a statement without aggregates asks for.

    Args:
        query: the statement.
        scope: what it is read against.
        child: the relationship's name and the results of a child query.

    Raises:
        SoqlError: something selected does not exist, or is selected twice.
    """
    shape = Shape(scope.kind)
    for column in query.columns:
        match column:
            case Child(inner):
                name, result = child(inner)
                _put(shape.parts, name, result, inner.at)
            case FieldsOf(group, at):
                _check_fields_of(query, group, at)
                for each in _fields_of(scope.kind, group):
                    _put(shape.parts, each.name, operand(scope, Field(each.name), where="SELECT"), at)
            case Column(expression, alias):
                if alias is not None and isinstance(expression, Field):
                    raise SoqlError("only aggregate expressions use field aliasing", expression.at)
                _add(shape, scope, expression, alias)
    return shape


def _add(shape: Shape, scope: Scope, expression: Field | Function, alias: str | None) -> None:
    if isinstance(expression, Function):
        found = operand(scope, expression, where="a query without groups")
        if expression.name != "TOLABEL":
            raise SoqlError(f"{expression.name} needs GROUP BY in this simulated org", expression.at)
        _put(shape.parts, alias or found.field.name, found, expression.at)
        return
    at = path(scope, expression)
    if not at.steps:
        _put(shape.parts, at.field.name, Operand(at.field, at.field.name, at.read), expression.at)
        return
    parts: dict[str, Any] = shape.parts
    fields: dict[str, Any] = parts
    for step, name in zip(at.steps, at.names, strict=False):
        above = parts.setdefault(name, _Parent(step))
        parts, fields = above.parents, above.fields
    _put(fields, at.field.name, at.field, expression.at)


def _put(parts: dict[str, Any], name: str, part: Any, at: int) -> None:
    if name in parts:
        raise SoqlError(f"duplicate field selected: {name}", at)
    parts[name] = part


def _check_fields_of(query: Query, group: str, at: int) -> None:
    if group != "STANDARD" and (query.limit is None or query.limit > _MOST_FIELDS_OF):
        raise SoqlError(f"The SOQL FIELDS function must have a LIMIT of at most {_MOST_FIELDS_OF}", at)


def _fields_of(kind: KindDef, group: str) -> list[FieldDef]:
    return [each for each in kind.visible() if group == "ALL" or each.is_custom == (group == "CUSTOM")]


def rendered(shape: Shape, scope: Scope, root: str) -> Callable[[Row], dict[str, Any]]:
    """How a row becomes a record of the answer."""
    kind, flat = shape.kind.name, shape.flat
    base = f"{root}/sobjects/{kind}/"
    if flat is not None:

        def plain(row: Row) -> dict[str, Any]:
            found: dict[str, Any] = {"attributes": {"type": kind, "url": base + row["Id"]}}
            for name in flat:
                found[name] = row.get(name)
            return found

        return plain

    def whole(row: Row) -> dict[str, Any]:
        found: dict[str, Any] = {"attributes": {"type": kind, "url": base + row["Id"]}}
        for name, part in shape.parts.items():
            if isinstance(part, Operand):
                found[name] = part.read(row)
            elif isinstance(part, _Parent):
                found[name] = _parent(part, scope, row, root)
            else:
                found[name] = part.of(row)
        return found

    return whole


def _parent(part: _Parent, scope: Scope, row: Row, root: str) -> dict[str, Any] | None:
    above = parent(scope.org, part.step, row)
    if above is None:
        return None
    kind, record = above
    several = len(part.step.reference_to) > 1
    url = f"{root}/sobjects/{kind}/{record['Id']}"
    found: dict[str, Any] = {"attributes": {"type": "Name" if several else kind, "url": url}}
    for name in part.fields:
        found[name] = kind if several and name == "Type" else record.get(name)
    for name, further in part.parents.items():
        found[name] = _parent(further, scope, record, root)
    return found


def column_metadata(query: Query, scope: Scope, shape: Shape | None) -> dict[str, Any]:
    """What ``columns=true`` answers with instead of records."""
    if shape is None:
        columns = (
            [_aggregate(name, expression, query, scope) for name, expression in named(query)]
            if query.aggregates
            else []
        )
    else:
        columns = [_column(name, part) for name, part in shape.parts.items()]
    return {
        "columnMetadata": columns,
        "entityName": scope.kind.name,
        "groupBy": bool(query.group),
        "idSelected": any(column["columnName"] == "Id" for column in columns),
        "keyPrefix": scope.kind.prefix,
    }


def _aggregate(name: str, expression: Field | Function, query: Query, scope: Scope) -> dict[str, Any]:
    if isinstance(expression, Function) and expression.name in AGGREGATES:
        return _described(name, FieldDef(name, "double"), shown=f"{expression.name}", aggregate=True)
    return _described(name, operand(scope, expression, where="SELECT").field)


def _column(name: str, part: Operand | _Parent | Children) -> dict[str, Any]:
    if isinstance(part, Operand):
        return _described(name, part.field)
    if isinstance(part, _Parent):
        joined = [_described(each.name, each) for each in part.fields.values()]
        joined += [_column(further, above) for further, above in part.parents.items()]
        return _described(name, FieldDef(name, "reference"), joined=joined, key=part.step.name)
    joined = [_column(inner, each) for inner, each in part.shape.parts.items()]
    return _described(name, FieldDef(name, "reference"), joined=joined, aggregate=True)


_APEX: Mapping[str, str] = {
    "boolean": "Boolean",
    "date": "Date",
    "datetime": "Datetime",
    "id": "Id",
    "reference": "Id",
    "int": "Integer",
}


def _described(
    name: str,
    of: FieldDef,
    *,
    shown: str = "",
    aggregate: bool = False,
    joined: list[dict[str, Any]] | None = None,
    key: str | None = None,
) -> dict[str, Any]:
    return {
        "aggregate": aggregate,
        "apexType": _APEX.get(of.type, "Double" if of.type in NUMBERS else "String"),
        "booleanType": of.type == "boolean",
        "columnName": name,
        "custom": of.is_custom,
        "displayName": shown or name,
        "foreignKeyName": key,
        "insertable": of.writable,
        "joinColumns": joined or [],
        "numberType": of.type in NUMBERS,
        "textType": of.type not in NUMBERS and of.type not in ("boolean", "date", "datetime"),
        "updatable": of.writable and not of.create_only,
    }
