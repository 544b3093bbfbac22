"""Semi-joins: ``field IN (SELECT …)``, where they may stand, and what they find.

Source: SOQL and SOSL Reference, "Comparison Operators", semi-joins and anti-joins with their restrictions.
"""

from __future__ import annotations

from collections.abc import Callable

from leadbridge_salesforce.simulator.fields import FieldDef, KindDef
from leadbridge_salesforce.simulator.soql_ast import (
    Column,
    Compare,
    Condition,
    Field,
    Joined,
    Member,
    Negated,
    SoqlError,
)
from leadbridge_salesforce.simulator.soql_eval import Test
from leadbridge_salesforce.simulator.soql_fields import Scope, path
from leadbridge_salesforce.simulator.table import Row

__all__ = ["check_joins", "join_of"]

_MOST = 2
_NOT_INSIDE = frozenset({"Task", "Event"})
_KEYS = ("id", "reference")


def check_joins(condition: Condition | None) -> None:
    """Refuses semi-joins where Salesforce does not have them.

    Raises:
        SoqlError: one stands beside OR, behind NOT or within parentheses, or there are more than two.
    """
    found = _joins(condition, ())
    for member, around in found:
        at = member.left.at
        if "OR" in around[-1:]:
            raise SoqlError("Semi join sub-selects are not allowed with the 'OR' operator", at)
        if "NOT" in around:
            raise SoqlError("Semi join sub-selects are not allowed with the 'NOT' operator", at)
        if len(around) > 1:
            raise SoqlError(
                "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE "
                "expressions.",
                at,
            )
    if len(found) > _MOST:
        raise SoqlError(f"Maximum {_MOST} semi join sub-selects are allowed.", found[_MOST][0].left.at)


def _joins(condition: Condition | None, around: tuple[str, ...]) -> list[tuple[Member, tuple[str, ...]]]:
    match condition:
        case Member():
            return [(condition, around)]
        case Negated(part):
            return _joins(part, (*around, "NOT"))
        case Joined(word, parts):
            return [each for part in parts for each in _joins(part, (*around, word))]
        case Compare() | None:
            return []


def join_of(member: Member, scope: Scope, inner: Scope, rows: Callable[[], list[Row]]) -> Test:
    """A semi-join as a function of a row.

    Args:
        member: what was written.
        scope: what the outer statement is read against.
        inner: the same for the inner one.
        rows: the records that the inner statement finds; asked for once, when the first row is tested.
    """
    query = member.query
    at = query.at
    left = path(scope, member.left)
    if inner.kind.name in _NOT_INSIDE:
        raise SoqlError(f"Entity '{inner.kind.name}' is not supported for semi join inner selects", at)
    if query.order or query.limit is not None or query.offset or query.group:
        raise SoqlError("Semi join sub-selects know neither GROUP BY nor ORDER BY, LIMIT or OFFSET", at)
    match query.columns:
        case (Column(Field() as selected, None),):
            right = path(inner, selected)
        case _:
            raise SoqlError("A semi join sub-select selects exactly one field", at)
    if (
        left.field.type not in _KEYS
        or right.field.type not in _KEYS
        or not _meet(scope, inner, left.field, right.field)
    ):
        raise SoqlError(
            f"The selected field '{selected.path}' in the subquery and the left operand field '{member.left.path}' in "
            "the where expression in the outer query should point to the same object type",
            at,
        )
    if inner.kind.name == scope.kind.name and left.field.type == right.field.type == "id":
        raise SoqlError("The inner and outer selects should not be on the same object type", at)
    found: set[str] | None = None

    def test(row: Row) -> bool:
        nonlocal found
        if found is None:
            found = {key for each in rows() if (key := right.read(each)) is not None}
        return (left.read(row) in found) is not member.negated

    return test


def _meet(scope: Scope, inner: Scope, left: FieldDef, right: FieldDef) -> bool:
    return bool(set(_targets(scope.kind, left)) & set(_targets(inner.kind, right)))


def _targets(kind: KindDef, field: FieldDef) -> tuple[str, ...]:
    # A parent's Id is shown as of its own kind; as a field of its child it would be the reference itself.
    return field.reference_to or (kind.name,)
