"""A parsed statement applied to a table: conditions become functions of a row, bounds become starting places."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.simulator.fields import FieldDef, KindDef
from leadbridge_salesforce.simulator.problems import Refusal
from leadbridge_salesforce.simulator.soql_parser import Compare, Condition, Joined, Literal, Negated, Query

__all__ = ["Test", "column", "earliest", "ids_in", "sort_key", "test_of", "wire_instant"]

Row: TypeAlias = Mapping[str, Any]
Test: TypeAlias = Callable[[Row], bool]

_NUMBERS = frozenset({"int", "double", "currency", "percent", "long"})
_EXACT = _NUMBERS | {"boolean", "id", "reference", "date", "datetime"}
_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def wire_instant(moment: datetime) -> str:
    """An instant as Salesforce stores and sends it: whole seconds, ``+0000``. Sorts as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def column(kind: KindDef, name: str) -> FieldDef:
    """A field of a kind that a statement names.

    Raises:
        Refusal: the kind has no such field, or the user may not see it; Salesforce does not say which.
    """
    found = kind.get(name.partition(".")[2] if name.lower().startswith(f"{kind.name.lower()}.") else name)
    if found is None:
        raise Refusal(
            400,
            "INVALID_FIELD",
            f"\nSELECT {name} FROM {kind.name}\n       ^\nERROR at Row:1:Column:8\nNo such column '{name}' on entity "
            f"'{kind.name}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom "
            "field name. Please reference your WSDL or the describe call for the appropriate names.",
        )
    return found


def test_of(condition: Condition | None, kind: KindDef, now: datetime) -> Test:
    """The condition as a function of a row."""
    if condition is None:
        return lambda row: True
    if isinstance(condition, Negated):
        inner = test_of(condition.part, kind, now)
        return lambda row: not inner(row)
    if isinstance(condition, Joined):
        tests = [test_of(part, kind, now) for part in condition.parts]
        if condition.word == "AND":
            return lambda row: all(test(row) for test in tests)
        return lambda row: any(test(row) for test in tests)
    return _comparison(condition, column(kind, condition.field), now)


def _comparison(condition: Compare, field: FieldDef, now: datetime) -> Test:
    if field.type == "textarea" and field.length > 255:
        raise Refusal(400, "INVALID_FIELD", f"field '{field.name}' can not be filtered in a query call")
    name, operator = field.name, condition.operator
    if operator == "LIKE":
        pattern = _like(str(condition.values[0].value))
        return lambda row: row.get(name) is not None and pattern.fullmatch(str(row[name])) is not None
    values = [_value(literal, field, now) for literal in condition.values]
    fold = _same if field.type in _EXACT else _folded
    if operator in ("INCLUDES", "EXCLUDES"):
        groups = [set(str(value).split(";")) for value in values]
        wanted = operator == "INCLUDES"
        return lambda row: any(group <= set(str(row.get(name) or "").split(";")) for group in groups) == wanted
    if operator in ("IN", "NOT IN", "=", "!="):
        known = {fold(value) for value in values}
        if operator in ("IN", "="):
            return lambda row: fold(row.get(name)) in known
        return lambda row: fold(row.get(name)) not in known
    compare, right = _ORDERED[operator], fold(values[0])
    if right is None:
        raise Refusal(400, "MALFORMED_QUERY", f"invalid operator {operator} on null")

    def ordered(row: Row) -> bool:
        left = row.get(name)
        return left is not None and compare(fold(left), right)

    return ordered


def _same(value: Any) -> Any:
    return value


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _like(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\\%|\\_|%|_)", text)
    known = {"%": ".*", "_": ".", "\\%": "%", "\\_": "_"}
    return re.compile("".join(known.get(part, re.escape(part)) for part in parts), re.IGNORECASE | re.DOTALL)


def _value(literal: Literal, field: FieldDef, now: datetime) -> Any:
    """A literal in the form in which rows hold the field; refuses a wrong kind of literal, as Salesforce does."""
    if literal.form == "null":
        return None
    kind, form = field.type, literal.form
    if kind == "datetime" and form in ("instant", "word"):
        return wire_instant(_moment(literal, now))
    if kind == "date" and form in ("date", "word"):
        return str(literal.value) if form == "date" else _moment(literal, now).date().isoformat()
    if kind in _NUMBERS and form == "number":
        return literal.value
    if kind == "boolean" and form == "bool":
        return literal.value
    if kind in ("id", "reference") and form == "string":
        text = str(literal.value)
        if text and (not text.isalnum() or len(text) not in (15, 18)):
            raise Refusal(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
        return id18(text)
    if kind not in ("datetime", "date", "boolean", "id", "reference", *_NUMBERS) and form == "string":
        return literal.value or None
    quotes = "should not be enclosed in quotes" if form == "string" else "should be enclosed in quotes"
    raise Refusal(
        400,
        "INVALID_FIELD",
        f"value of filter criterion for field '{field.name}' must be of type {kind} and {quotes}",
    )


def _moment(literal: Literal, now: datetime) -> datetime:
    text = str(literal.value)
    if literal.form == "instant":
        return datetime.fromisoformat(text).astimezone(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    word, _, number = text.partition(":")
    days = {"TODAY": 0, "YESTERDAY": 1, "TOMORROW": -1, "LAST_N_DAYS": int(number or 0)}.get(word)
    if days is None:
        raise Refusal(400, "MALFORMED_QUERY", f"unexpected token: '{text}'")
    return midnight - timedelta(days=days)


def earliest(condition: Condition | None, kind: KindDef, now: datetime) -> str:
    """A stamp below which no row can fit; empty when there is none."""
    if isinstance(condition, Joined):
        bounds = [earliest(part, kind, now) for part in condition.parts]
        return max(bounds) if condition.word == "AND" else min(bounds)
    if not isinstance(condition, Compare) or condition.field.lower() != "systemmodstamp":
        return ""
    if condition.operator not in (">", ">=", "="):
        return ""
    return _value(condition.values[0], column(kind, condition.field), now) or ""


def ids_in(condition: Condition | None) -> list[str] | None:
    """The only ids that can fit, when the condition names them."""
    if isinstance(condition, Joined) and condition.word == "AND":
        return next((found for part in condition.parts if (found := ids_in(part)) is not None), None)
    if isinstance(condition, Compare) and condition.field.lower() == "id" and condition.operator in ("IN", "="):
        return sorted({id18(str(literal.value)) for literal in condition.values})
    return None


def sort_key(query: Query, kind: KindDef) -> list[tuple[Callable[[Row], Any], bool]]:
    """Sort keys, last field first: sorting by each in turn gives the order asked for. Blanks come first or last."""
    keys: list[tuple[Callable[[Row], Any], bool]] = []
    for order in reversed(query.order):
        name = column(kind, order.field).name
        blank_rank = (1 if order.nulls_last else -1) * (-1 if order.descending else 1)

        def key(row: Row, name: str = name, blank_rank: int = blank_rank) -> Any:
            value = row.get(name)
            if value is None:
                return (blank_rank, "")
            return (0, value if name == "Id" else _folded(value))

        keys.append((key, order.descending))
    return keys
