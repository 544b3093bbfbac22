"""A parsed statement written as SOQL again, in one form: what it parses to is the same statement."""

from __future__ import annotations

from decimal import Decimal

from leadbridge_salesforce.simulator.soql_ast import (
    Child,
    Column,
    Compare,
    Condition,
    Expression,
    Field,
    FieldsOf,
    Joined,
    Literal,
    Member,
    Negated,
    Order,
    Query,
)
from leadbridge_salesforce.simulator.soql_lexer import escaped

__all__ = ["printed"]


def printed(query: Query) -> str:
    """The statement."""
    parts = ["SELECT", ", ".join(_column(column) for column in query.columns), "FROM", query.kind]
    if query.alias is not None:
        parts.append(query.alias)
    if query.where is not None:
        parts += ["WHERE", _condition(query.where)]
    if query.group:
        parts += ["GROUP BY", ", ".join(_expression(each) for each in query.group)]
    if query.having is not None:
        parts += ["HAVING", _condition(query.having)]
    if query.order:
        parts += ["ORDER BY", ", ".join(_order(order) for order in query.order)]
    if query.limit is not None:
        parts += ["LIMIT", str(query.limit)]
    if query.offset:
        parts += ["OFFSET", str(query.offset)]
    return " ".join(parts)


def _column(column: Column | FieldsOf | Child) -> str:
    match column:
        case FieldsOf(group):
            return f"FIELDS({group})"
        case Child(query):
            return f"({printed(query)})"
        case Column(expression, alias):
            return f"{_expression(expression)} {alias}" if alias else _expression(expression)


def _expression(expression: Expression) -> str:
    if isinstance(expression, Field):
        return expression.path
    return f"{expression.name}({'' if expression.argument is None else expression.argument.path})"


def _order(order: Order) -> str:
    way = "DESC" if order.descending else "ASC"
    return f"{_expression(order.expression)} {way} NULLS {'LAST' if order.nulls_last else 'FIRST'}"


def _condition(condition: Condition) -> str:
    match condition:
        case Joined(word, parts):
            return f" {word} ".join(_inside(part) for part in parts)
        case Negated(part):
            return f"NOT {_inside(part)}"
        case Member(left, negated, query):
            return f"{left.path} {'NOT IN' if negated else 'IN'} ({printed(query)})"
        case Compare(left, operator, values):
            written = [_literal(value) for value in values]
            listed = operator in ("IN", "NOT IN", "INCLUDES", "EXCLUDES")
            return f"{_expression(left)} {operator} {'(' + ', '.join(written) + ')' if listed else written[0]}"


def _inside(condition: Condition) -> str:
    text = _condition(condition)
    return f"({text})" if isinstance(condition, Joined | Negated) else text


def _literal(literal: Literal) -> str:
    match literal.form:
        case "string":
            return escaped(str(literal.value))
        case "pattern":
            return f"'{literal.value}'"
        case "null":
            return "null"
        case "bool":
            return "true" if literal.value else "false"
        case "number":
            return format(Decimal(str(literal.value)), "f")
    return str(literal.value)
