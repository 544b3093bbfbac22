"""SOQL as text: values are always escaped, names are always checked against the grammar of names.

Sources: SOQL and SOSL Reference, "Quoted String Escape Sequences", "Date Formats and Date Literals", "SOQL limits"
(100,000 characters a statement, 4,000 characters a string).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from leadbridge.clock import iso
from leadbridge.errors import BadRequest

__all__ = ["MAX_STRING", "after", "chunks", "literal", "name", "one_of", "quote", "select"]

MAX_STRING = 4000
"""Longest string that a WHERE clause may hold."""

MAX_LIST = 10_000
"""Characters of one IN list: far below the limit of the statement, and small enough for any proxy on the way."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)?")
_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f", "\0": None}
)


def name(text: str) -> str:
    """A kind or field name that may stand in a statement; anything else is refused before it is sent."""
    if not _NAME.fullmatch(text):
        raise BadRequest("a kind or field name holds characters that Salesforce's names cannot have")
    return text


def quote(text: str) -> str:
    """A string literal."""
    return f"'{text.translate(_ESCAPES)}'"


def literal(value: str | int | float | bool | datetime | None, *, quoted: bool = True) -> str:
    """A value as SOQL writes it. Text of a date, instant or number field is given with ``quoted=False``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise BadRequest("a number that is not finite cannot be looked for")
        # SOQL knows no exponents.
        return format(Decimal(repr(value)), "f")
    if quoted:
        return quote(value)
    if not re.fullmatch(r"[0-9A-Za-z:.+\-]+", value):
        raise BadRequest("a value does not fit the type of the field it is looked for in")
    return value


def one_of(field: str, values: Iterable[str], *, quoted: bool = True) -> str:
    """``field IN (…)``. The list must not be empty: Salesforce refuses ``IN ()``."""
    return f"{name(field)} IN ({','.join(literal(value, quoted=quoted) for value in values)})"


def after(stamp: str, key: str) -> str:
    """Everything behind one record in the order of (SystemModstamp, Id), whatever number shares its stamp."""
    return f"((SystemModstamp = {stamp} AND Id > {quote(key)}) OR SystemModstamp > {stamp})"


def select(
    fields: Sequence[str], kind: str, *, where: Sequence[str] = (), order: Sequence[str] = (), limit: int | None = None
) -> str:
    """One statement; the conditions are joined with AND."""
    parts = [f"SELECT {', '.join(name(field) for field in fields)} FROM {name(kind)}"]
    if where:
        parts.append(f"WHERE {' AND '.join(where)}")
    if order:
        parts.append(f"ORDER BY {', '.join(name(field) for field in order)}")
    if limit is not None:
        parts.append(f"LIMIT {limit:d}")
    return " ".join(parts)


def chunks(values: Sequence[str], *, most: int) -> Iterator[list[str]]:
    """Splits values so that each list stays below ``most`` values and :data:`MAX_LIST` characters."""
    part: list[str] = []
    size = 0
    for value in values:
        cost = len(quote(value)) + 1
        if part and (len(part) >= most or size + cost > MAX_LIST):
            yield part
            part, size = [], 0
        part.append(value)
        size += cost
    if part:
        yield part
