"""What a compiled rule is made of: nested functions from the values of a lead to true, false, a value, or unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from math import isnan
from typing import Any, Literal, TypeAlias

__all__ = ["Closure", "FieldType", "and_", "constant", "lift", "or_", "reader"]

FieldType: TypeAlias = Literal["text", "number", "boolean", "instant"]
Values: TypeAlias = Mapping[str, object]
Closure: TypeAlias = Callable[[Values], Any]


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


@lru_cache(maxsize=512)
def reader(name: str, type_: FieldType) -> Closure:
    """Reads a name; a value of the wrong type is unknown rather than an error: content of a CRM stops nothing."""
    wanted = {"text": (str,), "number": (int, float), "boolean": (bool,), "instant": (datetime,)}[type_]

    def read(values: Values) -> object:
        value = values.get(name)
        return value if type(value) in wanted and not (type(value) is float and isnan(value)) else None

    return read
