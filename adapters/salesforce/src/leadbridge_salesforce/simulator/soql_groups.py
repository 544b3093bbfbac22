"""Aggregates: groups of records, what is counted and summed in them, and what may stand beside that.

Source: SOQL and SOSL Reference, "GROUP BY", "Aggregate Functions" and "Support for Field Types in Aggregate Functions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from leadbridge_salesforce.simulator.fields import FieldDef
from leadbridge_salesforce.simulator.soql_ast import (
    AGGREGATES,
    Column,
    Expression,
    Field,
    Function,
    Query,
    SoqlError,
)
from leadbridge_salesforce.simulator.soql_eval import Test, sorted_by, test_of
from leadbridge_salesforce.simulator.soql_fields import Operand, Scope, operand, path
from leadbridge_salesforce.simulator.soql_values import NUMBERS, folding, is_long
from leadbridge_salesforce.simulator.table import Row

__all__ = ["grouped", "named"]

_UNGROUPED = frozenset({"datetime", "currency", "double", "percent", "multipicklist", "address", "anyType"})
_TYPES: Mapping[str, Callable[[str], bool]] = {
    "COUNT": lambda kind: kind not in ("boolean", "address"),
    "COUNT_DISTINCT": lambda kind: kind not in ("boolean", "address"),
    "SUM": NUMBERS.__contains__,
    "AVG": NUMBERS.__contains__,
    "MIN": lambda kind: kind not in ("boolean", "address", "multipicklist"),
    "MAX": lambda kind: kind not in ("boolean", "address", "multipicklist"),
}


class _Groups:
    """What expressions mean in a grouped statement: rows are groups, whose values stand under the expression's key."""

    def __init__(self, query: Query, scope: Scope) -> None:
        self._scope = scope
        self.by = {self.key(each): _groupable(each, operand(scope, each, where="GROUP BY")) for each in query.group}
        self.sums: dict[str, tuple[Function, Operand]] = {}

    def key(self, expression: Expression) -> str:
        """One name for every spelling of an expression."""
        if isinstance(expression, Field):
            return ".".join(path(self._scope, expression).names)
        if expression.argument is None:
            raise SoqlError("COUNT() is allowed as the only column of a statement without groups", expression.at)
        return f"{expression.name}({self.key(expression.argument)})"

    def operand(self, expression: Expression, refused: str = "Field must be grouped or aggregated") -> Operand:
        """What an expression means: a value that the group has in common, or one worked out from its records."""
        key = self.key(expression)
        known = self.by.get(key)
        if known is not None:
            return Operand(known.field, known.name, lambda group: group[key])
        if isinstance(expression, Field) or expression.name not in AGGREGATES or expression.argument is None:
            name = expression.path if isinstance(expression, Field) else expression.name
            raise SoqlError(f"{refused}: {name}", expression.at)
        of = operand(self._scope, expression.argument, where="an aggregate")
        if not _TYPES[expression.name](of.field.type) or is_long(of.field):
            raise SoqlError(
                f"field {of.field.name} does not support aggregate operator {expression.name}", expression.at
            )
        self.sums[key] = (expression, of)
        return Operand(_result_type(expression, of.field), key, lambda group: group[key])

    def of(self, rows: Iterable[Row]) -> list[Row]:
        """The groups, in the order in which they were first met; one of all records when nothing is grouped by."""
        folds = {key: folding(by.field) for key, by in self.by.items()}
        groups: dict[tuple[Any, ...], tuple[Row, list[Row]]] = {}
        if not self.by:
            groups[()] = ({}, [])
        for row in rows:
            values = {key: by.read(row) for key, by in self.by.items()}
            mark = tuple(folds[key](found) for key, found in values.items())
            groups.setdefault(mark, (values, []))[1].append(row)
        for values, members in groups.values():
            for key, (function, of) in self.sums.items():
                values[key] = _worked_out(
                    function.name, [found for row in members if (found := of.read(row)) is not None], of
                )
        return [values for values, _ in groups.values()]


def _groupable(expression: Expression, by: Operand) -> Operand:
    if by.field.type in _UNGROUPED or is_long(by.field):
        raise SoqlError(
            f"field '{by.field.name}' can not be grouped in a query call", expression.at, code="INVALID_FIELD"
        )
    return by


def _result_type(function: Function, field: FieldDef) -> FieldDef:
    if function.name in ("MIN", "MAX"):
        return field
    return FieldDef(field.name, "int" if function.name.startswith("COUNT") else "double")


def _worked_out(function: str, found: list[Any], of: Operand) -> Any:
    fold = folding(of.field)
    match function:
        case "COUNT":
            return len(found)
        case "COUNT_DISTINCT":
            return len({fold(each) for each in found})
    if not found:
        return None
    match function:
        case "SUM":
            return sum(found)
        case "AVG":
            return sum(found) / len(found)
    return min(found, key=fold) if function == "MIN" else max(found, key=fold)


def grouped(query: Query, scope: Scope, rows: Callable[[], Iterable[Row]]) -> list[dict[str, Any]]:
    """The results of an aggregate statement, as the API sends them. Its LIMIT and OFFSET are applied.

    Args:
        query: the statement.
        scope: what it is read against.
        rows: the records that fit its WHERE; asked for when the statement was found to be right.
    """
    groups = _Groups(query, scope)
    selected = [(name, groups.operand(expression)) for name, expression in named(query)]
    for each in query.order:
        groups.operand(each.expression, "Ordered field must be grouped or aggregated")
    fits: Test = test_of(query.having, scope, groups.operand, _no_joins)
    if query.having is not None and not query.group:
        raise SoqlError("HAVING needs GROUP BY", query.at)
    if query.limit is not None and not query.group:
        raise SoqlError("Non-grouped query that uses overall aggregate functions cannot also use LIMIT", query.at)
    found = sorted_by([group for group in groups.of(rows()) if fits(group)], query.order, groups.operand)
    stop = None if query.limit is None else query.offset + query.limit
    return [
        {"attributes": {"type": "AggregateResult"}, **{name: of.read(group) for name, of in selected}}
        for group in found[query.offset : stop]
    ]


def _no_joins(member: object) -> Test:
    raise SoqlError("Semi join sub-selects are not allowed in HAVING")


def named(query: Query) -> Sequence[tuple[str, Expression]]:
    """What the columns of an aggregate statement are called: their alias, their field's own name, or ``expr0`` …

    Raises:
        SoqlError: two have one name, or a column is none that an aggregate statement may have.
    """
    found: dict[str, Expression] = {}
    unnamed = 0
    for column in query.columns:
        if not isinstance(column, Column):
            raise SoqlError("An aggregate query selects fields that are grouped by, and aggregates", query.at)
        expression = column.expression
        if column.alias is not None:
            name = column.alias
        elif isinstance(expression, Field):
            name = expression.path.rpartition(".")[2]
        else:
            name = f"expr{unnamed}"
            unnamed += 1
        if name.lower() in (known.lower() for known in found):
            raise SoqlError(f"duplicate alias: {name}", expression.at)
        found[name] = expression
    return list(found.items())
