"""What a compiled rule is made of: nested functions from the values of a lead to true, false, a value, or unknown.

Every closure does what SQL does with the same values, on purpose: numbers are double-precision, text is compared by
code points, and :func:`lower_text` lowers character by character.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, TypeAlias

__all__ = [
    "NUMBER_LIMIT",
    "Closure",
    "FieldType",
    "against",
    "and_",
    "constant",
    "lift",
    "lower_text",
    "or_",
    "reader",
]

FieldType: TypeAlias = Literal["text", "number", "boolean", "instant"]
Values: TypeAlias = Mapping[str, object]
Closure: TypeAlias = Callable[[Values], Any]

NUMBER_LIMIT = float(2**53)
"""A number beyond this (nine thousand million million) is unknown: up to here every whole number is exact."""


def constant(value: object) -> Closure:
    """Always the same value."""
    return lambda v: value


def and_(left: Closure, right: Closure) -> Closure:
    """Three-valued and: false as soon as one side is, even when the other is unknown."""

    def both(values: Values) -> bool | None:
        first = left(values)
        if first is False:
            return False
        second = right(values)
        return second if first or second is False else None

    return both


def or_(left: Closure, right: Closure) -> Closure:
    """Three-valued or: true as soon as one side is, even when the other is unknown."""

    def either(values: Values) -> bool | None:
        first = left(values)
        if first:
            return True
        second = right(values)
        return second if first is False or second else None

    return either


def lift(operation: Callable[[Any, Any], object], left: Closure, right: Closure) -> Closure:
    """An operation that is unknown as soon as one of its sides is."""

    def lifted(values: Values) -> object:
        a = left(values)
        if a is None:
            return None
        b = right(values)
        return None if b is None else operation(a, b)

    return lifted


def against(operation: Callable[[Any, Any], object], left: Closure, fixed: object) -> Closure:
    """An operation with a value that never changes on its right side."""

    def compared(values: Values) -> object:
        a = left(values)
        return None if a is None else operation(a, fixed)

    return compared


def lower_text(text: str) -> str:
    """Text in lower case, each character for itself as SQL engines do it: one character stays one character.

    So ``Σ`` is ``σ`` even at the end of a word, and ``İ`` becomes ``i``, where Python alone would give ``ς`` and ``i``
    with a second dot.
    """
    if text.isascii():
        return text.lower()
    return "".join([char.lower()[0] for char in text])


@lru_cache(maxsize=2048)
def reader(name: str, type_: FieldType) -> Closure:
    """Reads a name; a value of the wrong type is unknown rather than an error: content of a CRM stops nothing."""

    least, most = -NUMBER_LIMIT, NUMBER_LIMIT

    def number(values: Values) -> object:
        value = values.get(name)
        # The comparison also refuses what is not a number (NaN); true and false are no numbers.
        if type(value) is float:
            return value if least <= value <= most else None
        return float(value) if type(value) is int and least <= value <= most else None

    def text(values: Values) -> object:
        value = values.get(name)
        return value if type(value) is str else None

    def boolean(values: Values) -> object:
        value = values.get(name)
        return value if value is True or value is False else None

    def instant(values: Values) -> object:
        value = values.get(name)
        return value if isinstance(value, datetime) and value.tzinfo is not None else None

    return {"number": number, "text": text, "boolean": boolean, "instant": instant}[type_]
