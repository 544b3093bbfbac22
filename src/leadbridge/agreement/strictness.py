"""Values that pydantic would quietly turn into something else: ``true`` into 1, 86400 into a day of 1970.

Nobody who signs an agreement means that, so it is refused: numbers, dates, true and false are written as such.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from leadbridge.agreement.reading import Path
from leadbridge.agreement.wording import child_of, keys_of, said_of, unwrapped
from leadbridge.domain.model import did_you_mean
from leadbridge.errors import Problem

__all__ = ["mistaken"]

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LARGEST = 2**53
"""Beyond it not every program that reads the agreement knows all digits."""


def mistaken(value: object, model: type[BaseModel]) -> Iterator[tuple[Path, Problem]]:
    """Every place whose value has another type than the model wants, though it could be turned into it."""
    yield from _walk(value, model, ())


def _walk(value: object, annotation: Any, path: Path) -> Iterator[tuple[Path, Problem]]:
    if isinstance(value, Mapping):
        dated = any(_keys(kind) is date for kind in unwrapped(annotation))
        renamed = _renamed(annotation)
        for key, part in value.items():
            if key in renamed:
                yield (*path, key), Problem(f"unknown key {key}", did_you_mean(renamed[key], keys_of(annotation)))
            if dated and not _DATE.fullmatch(key):
                yield (*path, key), Problem(*said_of("date_type"))
            yield from _walk(part, child_of(annotation, key), (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _walk(part, child_of(annotation, index), (*path, index))
    elif annotation is not None and value is not None:
        kind = _complaint(value, unwrapped(annotation))
        if kind:
            yield path, Problem(*said_of(kind))


def _complaint(value: object, kinds: list[Any]) -> str:
    """The kind of error, in pydantic's words; empty for none."""
    number = float in kinds or int in kinds
    if isinstance(value, bool):
        return ("float_type" if float in kinds else "int_type") if number and bool not in kinds else ""
    if isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) > _LARGEST:
            return "number_too_large"
        return "date_type" if date in kinds and not number else "bool_type" if bool in kinds and not number else ""
    if isinstance(value, str) and str not in kinds:
        if date in kinds:
            return "" if _DATE.fullmatch(value) else "date_type"
        if number:
            return "float_parsing" if float in kinds else "int_parsing"
        return "bool_type" if bool in kinds else ""
    return ""


def _renamed(annotation: Any) -> dict[str, str]:
    """Names of our Python attributes that are called otherwise in the document: ``from_`` is ``from`` there."""
    fields: dict[str, str] = {}
    for kind in unwrapped(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields |= {name: field.alias for name, field in kind.model_fields.items() if field.alias}
    return {name: alias for name, alias in fields.items() if name not in fields.values()}


def _keys(kind: Any) -> Any:
    origin, args = get_origin(kind), get_args(kind)
    return args[0] if isinstance(origin, type) and issubclass(origin, Mapping) and args else None
