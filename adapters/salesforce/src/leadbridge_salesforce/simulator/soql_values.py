"""Literals held against the type of a field: which fit, which are refused, and how values are compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.simulator.fields import FieldDef
from leadbridge_salesforce.simulator.soql_ast import Literal, SoqlError
from leadbridge_salesforce.simulator.soql_dates import range_of, wire_instant

__all__ = ["NUMBERS", "bounds", "folding", "like", "operator_fits", "sorting", "value"]

NUMBERS = frozenset({"int", "double", "currency", "percent", "long"})
_DATES = frozenset({"date", "datetime"})
_EXACT = NUMBERS | _DATES | {"boolean", "id", "reference"}
_NAMES: Mapping[str, str] = {"datetime": "dateTime", "id": "ID", "reference": "ID"}
_ORDERED = frozenset({"<", "<=", ">", ">="})
_LONG_TEXT = 255


def operator_fits(operator: str, field: FieldDef, at: int) -> None:
    """Refuses an operator that a type of field does not know, and fields that cannot be filtered at all."""
    if field.type in ("address", "location", "anyType", "base64") or is_long(field):
        raise SoqlError(f"field '{field.name}' can not be filtered in a query call", at, code="INVALID_FIELD")
    if operator == "LIKE":
        fits = field.type not in _EXACT and field.type != "multipicklist"
    elif operator in ("INCLUDES", "EXCLUDES"):
        fits = field.type == "multipicklist"
    elif operator in _ORDERED:
        fits = field.type not in ("boolean", "multipicklist")
    else:
        fits = True
    if not fits:
        shown = "id" if field.type == "reference" else field.type
        raise SoqlError(f"invalid operator on {shown} field", at, code="INVALID_QUERY_FILTER_OPERATOR")


def is_long(field: FieldDef) -> bool:
    """Whether a field holds long text, which is neither filtered, sorted nor grouped by."""
    return field.type == "textarea" and field.length > _LONG_TEXT


def folding(field: FieldDef) -> Callable[[Any], Any]:
    """How values of a field are made comparable: texts without regard to case."""
    return _same if field.type in _EXACT else _folded


def sorting(field: FieldDef) -> Callable[[Any], Any]:
    """What values of a field are sorted by: those of a picklist by their place in it."""
    if field.type != "picklist" or not field.values:
        return folding(field)
    places = {known.casefold(): (place, "") for place, known in enumerate(field.values)}
    beyond = len(places)
    return lambda found: places.get(str(found).casefold(), (beyond, str(found).casefold()))


def _same(found: Any) -> Any:
    return found


def _folded(found: Any) -> Any:
    return found.casefold() if isinstance(found, str) else found


def like(pattern: str) -> re.Pattern[str]:
    """The text behind LIKE as a regular expression."""
    known = {"%": ".*", "_": ".", "\\%": "%", "\\_": "_"}
    letters = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
    parts = re.split(r"(\\.|%|_)", pattern, flags=re.DOTALL)
    written = (
        known[part]
        if part in known
        else re.escape(letters.get(part[1:].lower(), part[1:]) if part[:1] == "\\" else part)
        for part in parts
    )
    return re.compile("".join(written), re.IGNORECASE | re.DOTALL)


def bounds(literal: Literal, field: FieldDef, now: datetime) -> tuple[Any, Any] | None:
    """What a date literal covers, from its first value to the first behind it; nothing for other literals."""
    if literal.form != "word" or field.type not in _DATES:
        return None
    first, behind = range_of(str(literal.value), now.date())
    if field.type == "date":
        return first.isoformat(), behind.isoformat()
    return _midnight(first), _midnight(behind)


def _midnight(day: date) -> str:
    return wire_instant(datetime(day.year, day.month, day.day, tzinfo=UTC))


def value(literal: Literal, field: FieldDef) -> Any:
    """A literal in the form in which rows hold the field.

    Raises:
        SoqlError: it is not a value of the field's type.
    """
    kind, form, found = field.type, literal.form, literal.value
    if form == "null":
        return None
    if kind == "datetime" and form == "instant":
        return wire_instant(datetime.fromisoformat(str(found)))
    if kind == "date" and form == "date":
        return found
    if (kind in NUMBERS and form == "number") or (kind == "boolean" and form == "bool"):
        return found
    if kind in ("id", "reference") and form == "string":
        text = str(found)
        if text and not (text.isascii() and text.isalnum() and len(text) in (15, 18)):
            raise SoqlError(f"invalid ID field: {text}", literal.at, code="INVALID_QUERY_FILTER_OPERATOR")
        return id18(text) or None
    if kind not in _EXACT and form in ("string", "pattern"):
        # Salesforce holds no empty text: to ask for it is to ask for none.
        return found or None
    quotes = (
        "should be enclosed in quotes"
        if kind not in _EXACT - {"id", "reference"}
        else ("should not be enclosed in quotes" if form == "string" else "")
    )
    reason = f"must be of type {_NAMES.get(kind, kind)}{' and ' if quotes else ''}{quotes}"
    raise SoqlError(f"value of filter criterion for field '{field.name}' {reason}", literal.at, code="INVALID_FIELD")
