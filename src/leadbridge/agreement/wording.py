"""What pydantic finds wrong, in our words: where, what, and the way out."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from leadbridge.agreement.reading import Path
from leadbridge.domain.model import did_you_mean, listing
from leadbridge.domain.sla import EVENTS
from leadbridge.errors import Problem

__all__ = ["child_of", "keys_at", "keys_of", "problem_of", "said_of", "unwrapped", "visible"]

_QUOTED = re.compile(r"'([^']*)'")

_MISSING: Mapping[str, str] = {
    "default_action": "every reason has an action: add default_action, such as reroute, enrich, nurture or suppress",
    "effective": "add the first day on which it holds, such as effective: 2026-01-01",
    "version": "add version: 1 and count it up with every change",
    "agreement": "add agreement: and a name",
}

_SAID: Mapping[str, tuple[str, str]] = {
    "string_type": ("this has to be text", "put it in 'quotes' if it is meant as text"),
    "int_type": ("this has to be a whole number", "write it without quotes, such as 3"),
    "int_parsing": ("this is no whole number", "write a whole number, such as 3"),
    "int_from_float": ("this is no whole number", "write a whole number, such as 3"),
    "float_type": ("this has to be a number", "write a number, such as 0.8"),
    "float_parsing": ("this is no number", "write a number, such as 0.8"),
    "bool_type": ("this has to be true or false", "write true or false"),
    "bool_parsing": ("this has to be true or false", "write true or false"),
    "date_type": ("this is no date", "write a date, such as 2026-01-31"),
    "date_parsing": ("this is no date", "write a date, such as 2026-01-31"),
    "date_from_datetime_parsing": ("this is no date", "write a date, such as 2026-01-31"),
    "date_from_datetime_inexact": ("this is no date", "write a date without a time, such as 2026-01-31"),
    "dict_type": ("this has to be a mapping", "write key: value lines below it"),
    "mapping_type": ("this has to be a mapping", "write key: value lines below it"),
    "model_type": ("this has to be a mapping", "write key: value lines below it"),
    "model_attributes_type": ("this has to be a mapping", "write key: value lines below it"),
    "tuple_type": ("this has to be a list", "write it as [one, two], or as lines that begin with -"),
    "list_type": ("this has to be a list", "write it as [one, two], or as lines that begin with -"),
    "string_too_long": ("this name is too long", "shorten it to 80 characters"),
    "finite_number": ("this is no number", "write a number, such as 0.8"),
    "number_too_large": ("this number is too large", "write a number that people can check, such as 3"),
}

_LIMITS: Mapping[str, tuple[str, str]] = {
    "greater_than_equal": ("small", "{} or more"),
    "greater_than": ("small", "more than {}"),
    "less_than_equal": ("large", "{} or less"),
    "less_than": ("large", "less than {}"),
}


def said_of(kind: str) -> tuple[str, str]:
    """What is wrong and the way out, for a kind of error in pydantic's words."""
    return _SAID[kind]


def visible(text: str, limit: int = 400) -> str:
    """A line that can be shown on a terminal: what cannot be seen is spelled out, what is endless is cut short."""
    if len(text) > limit:
        text = f"{text[: limit - 60]} ... {text[-50:]}"
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def unwrapped(annotation: Any) -> list[Any]:
    """The types that an annotation allows, without ``Annotated`` and ``None``."""
    origin = get_origin(annotation)
    if origin is Union or origin is types.UnionType:
        return [kind for part in get_args(annotation) if part is not type(None) for kind in unwrapped(part)]
    if hasattr(annotation, "__metadata__"):
        return unwrapped(get_args(annotation)[0])
    return [annotation]


def child_of(annotation: Any, part: str | int) -> Any:
    """The type of one part of a value of some type; ``None`` when there is no such part."""
    for kind in unwrapped(annotation):
        origin, args = get_origin(kind), get_args(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, field in kind.model_fields.items():
                if part in (name, field.alias):
                    return field.annotation
        elif origin is not None and isinstance(origin, type) and args:
            if isinstance(part, str) and issubclass(origin, Mapping):
                return args[1]
            if isinstance(part, int) and origin in (tuple, list):
                return args[0]
    return None


def keys_of(annotation: Any) -> tuple[str, ...]:
    """The keys that a mapping of some type may have."""
    for kind in unwrapped(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return tuple(field.alias or name for name, field in kind.model_fields.items())
    return ()


def keys_at(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """The keys that the document may have at a place."""
    annotation: Any = model
    for part in path:
        annotation = child_of(annotation, part)
    return keys_of(annotation)


def _place(error: ErrorDetails, model: type[BaseModel]) -> Path:
    """The part of pydantic's location that stands in the document: without the names of the members of unions."""
    place: list[str | int] = []
    annotation: Any = model
    for part in error["loc"]:
        if len(unwrapped(annotation)) > 1 and child_of(annotation, part) is not None and "[" in str(part):
            continue  # the name of a member of a union
        inner = child_of(annotation, part)
        if inner is None and error["type"] not in ("extra_forbidden", "missing"):
            break
        place.append(part)
        annotation = inner
        if inner is None:
            break
    return tuple(place)


def problem_of(error: ErrorDetails, model: type[BaseModel]) -> tuple[Path, Problem]:
    """Where something is wrong, what, and the way out."""
    place = _place(error, model)
    kind = error["type"]
    name = str(place[-1]) if place else "agreement"
    if kind == "missing":
        remedy = _MISSING.get(name, f"add {name}: ...")
        return place, Problem(f"{name} is missing", remedy)
    if kind == "extra_forbidden":
        return place, Problem(f"unknown key {name}", did_you_mean(name, keys_at(model, place[:-1])))
    given = error.get("input")
    said = _said(kind, error, given)
    return place, Problem(*said)


def _said(kind: str, error: ErrorDetails, given: object) -> tuple[str, str]:
    context = error.get("ctx") or {}
    if kind in _SAID:
        message, remedy = _SAID[kind]
        if given is None:
            return "the value is missing", "write one, or remove the key"
        return message, remedy
    if kind == "literal_error":
        allowed = _QUOTED.findall(str(context.get("expected", "")))
        return f"{_short(given)} is not allowed here", did_you_mean(str(given), allowed)
    if kind == "string_pattern_mismatch":
        if "captured" in str(context.get("pattern", "")):
            return f"{_short(given)} is no event", f"use one of: {listing(EVENTS)}, stage:<id>"
        return f"{_short(given)} is no name", "use letters, digits, _ . and -, without spaces"
    if kind in _LIMITS:
        what, way = _LIMITS[kind]
        limit = f"{next(iter(context.values()), 0):g}"
        return f"{_short(given)} is too {what}", f"write {way.format(limit)}"
    if kind in ("too_short", "string_too_short"):
        return "this is empty", "give at least one, or remove the key"
    if kind in ("value_error", "assertion_error"):
        return _split(error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, "))
    message = error["msg"]
    return message[:1].lower() + message[1:], "correct this value"


def _split(message: str) -> tuple[str, str]:
    """Our own errors say what is wrong, then the way out, divided by a semicolon or a colon."""
    for divider in ("; ", ": "):
        head, found, tail = message.rpartition(divider)
        if found:
            return head, tail
    return message, "correct this value"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
