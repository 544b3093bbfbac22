"""Conditions as functions of a row, bounds as starting places, and orders as sorts."""

from __future__ import annotations

import operator as signs
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.simulator.soql_ast import (
    Compare,
    Condition,
    Expression,
    Field,
    Joined,
    Literal,
    Member,
    Negated,
    Order,
)
from leadbridge_salesforce.simulator.soql_fields import Operand, Scope
from leadbridge_salesforce.simulator.soql_values import bounds, folding, like, operator_fits, sorting, value
from leadbridge_salesforce.simulator.table import Row

__all__ = ["Operands", "Test", "earliest", "ids_after", "ids_in", "sorted_by", "test_of"]

Test: TypeAlias = Callable[[Row], bool]
Operands: TypeAlias = Callable[[Expression], Operand]

_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": signs.lt,
    "<=": signs.le,
    ">": signs.gt,
    ">=": signs.ge,
}


def test_of(condition: Condition | None, scope: Scope, operands: Operands, joined: Callable[[Member], Test]) -> Test:
    """The condition as a function of a row.

    Args:
        condition: what stands behind WHERE or HAVING.
        scope: what the statement is read against.
        operands: what an expression means there.
        joined: what a semi-join means there.
    """
    match condition:
        case None:
            return lambda row: True
        case Member():
            return joined(condition)
        case Negated(part):
            inner = test_of(part, scope, operands, joined)
            return lambda row: not inner(row)
        case Joined(word, parts):
            tests = [test_of(part, scope, operands, joined) for part in parts]
            if word == "AND":
                return lambda row: all(test(row) for test in tests)
            return lambda row: any(test(row) for test in tests)
        case Compare():
            return _comparison(condition, operands(condition.left), scope)


def _comparison(condition: Compare, left: Operand, scope: Scope) -> Test:
    operator, literals, field, read = condition.operator, condition.values, left.field, left.read
    operator_fits(operator, field, condition.left.at)
    if operator == "LIKE":
        text = value(literals[0], field)
        if text is None:
            return lambda row: read(row) is None
        pattern = like(str(text))
        return lambda row: (found := read(row)) is not None and pattern.fullmatch(str(found)) is not None
    if operator in ("INCLUDES", "EXCLUDES"):
        groups = [_choices(value(literal, field)) for literal in literals]
        wanted = operator == "INCLUDES"
        return lambda row: any(group <= _choices(read(row)) for group in groups) == wanted
    if operator in _ORDERED:
        return _ordered(operator, literals[0], left, scope)
    one_of = _one_of(literals, left, scope)
    if operator in ("IN", "="):
        return one_of
    return lambda row: not one_of(row)


def _choices(found: Any) -> frozenset[str]:
    return frozenset(part.strip().casefold() for part in str(found or "").split(";") if part.strip())


def _one_of(literals: Sequence[Literal], left: Operand, scope: Scope) -> Test:
    field, read = left.field, left.read
    ranges = [covered for literal in literals if (covered := bounds(literal, field, scope.now)) is not None]
    fold = folding(field)
    known = {fold(value(each, field)) for each in literals if bounds(each, field, scope.now) is None}
    if not ranges:
        return lambda row: fold(read(row)) in known

    def among(row: Row) -> bool:
        found = read(row)
        return found in known or (found is not None and any(first <= found < behind for first, behind in ranges))

    return among


def _ordered(operator: str, literal: Literal, left: Operand, scope: Scope) -> Test:
    field, read, fold = left.field, left.read, folding(left.field)
    covered = bounds(literal, field, scope.now)
    if covered is None:
        compare, right = _ORDERED[operator], fold(value(literal, field))
    elif operator in ("<", ">="):
        compare, right = _ORDERED[operator], covered[0]
    else:
        # Behind a range is from its end on, up to a range is before its end.
        compare, right = (signs.ge if operator == ">" else signs.lt), covered[1]
    if right is None:
        return lambda row: False

    def ordered(row: Row) -> bool:
        found = read(row)
        return found is not None and compare(fold(found), right)

    return ordered


def earliest(condition: Condition | None, scope: Scope, operands: Operands) -> str:
    """A stamp below which no row can fit; empty when there is none."""
    match condition:
        case Joined(word, parts):
            found = [earliest(part, scope, operands) for part in parts]
            return max(found) if word == "AND" else min(found)
        case Compare(Field(path), ">" | ">=" | "=", (literal,)) if path.lower() == "systemmodstamp":
            field = operands(condition.left).field
            covered = bounds(literal, field, scope.now)
            return str(covered[0] if covered else value(literal, field) or "")
    return ""


def ids_in(condition: Condition | None) -> list[str] | None:
    """The only ids that can fit, when the condition names them."""
    match condition:
        case Joined("AND", parts):
            return next((found for part in parts if (found := ids_in(part)) is not None), None)
        case Compare(Field(path), "IN" | "=", values) if path.lower() == "id":
            return sorted({id18(str(literal.value)) for literal in values})
    return None


def ids_after(condition: Condition | None) -> str:
    """An id below which no row can fit; empty when there is none."""
    match condition:
        case Joined("AND", parts):
            return max(ids_after(part) for part in parts)
        case Compare(Field(path), ">" | ">=", (Literal("string", text),)) if path.lower() == "id":
            return id18(str(text))
    return ""


def sorted_by(rows: list[Row], order: Sequence[Order], operands: Operands) -> list[Row]:
    """The rows in the order asked for; what it does not decide stays as it was."""
    for each in reversed(order):
        by = operands(each.expression)
        rank = (1 if each.nulls_last else -1) * (-1 if each.descending else 1)
        rows = sorted(rows, key=_key(by, rank), reverse=each.descending)
    return rows


def _key(by: Operand, rank: int) -> Callable[[Row], tuple[int, Any]]:
    read, place = by.read, sorting(by.field)

    def key(row: Row) -> tuple[int, Any]:
        found = read(row)
        return (rank, "") if found is None else (0, place(found))

    return key
