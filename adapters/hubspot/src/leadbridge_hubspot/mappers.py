"""HubSpot's texts to our values and back.

HubSpot sends every value as text, ``null`` or nothing at all, numbers sometimes in long binary expansions, instants as
ISO 8601 or, where it computed them itself, as epoch milliseconds. Blank is ``null`` in reading and ``""`` in writing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from leadbridge.adapter import OWN_FIELDS, FieldInfo, KindInfo, Option, Ref, Value
from leadbridge.clock import from_us, iso, parse_iso, to_us
from leadbridge_hubspot.associations import association_fields
from leadbridge_hubspot.paths import KINDS

__all__ = [
    "MERGED_IDS",
    "OPT_OUT",
    "READERS",
    "FieldType",
    "Raw",
    "encode",
    "field_info",
    "instant_text",
    "kind_info",
    "merged_ids",
    "moment",
    "own_name",
    "version_of",
]

Raw: TypeAlias = Mapping[str, Any]
FieldType: TypeAlias = Literal["string", "number", "bool", "date", "datetime", "option", "options", "ref"]

MERGED_IDS = "hs_merged_object_ids"
"""The property that names, separated by semicolons, the records that were merged into this one."""

OPT_OUT = "hs_email_optout"
"""Read-only as a property, and yet it can be set: see :mod:`leadbridge_hubspot.consent`."""

_UNIQUE = {("contact", "email")}
"""Unique in effect, although the properties API does not say so."""

_FORWARD_ONLY = {"lifecyclestage"}
"""Moving these backward is answered with success and not done: https://developers.hubspot.com, contacts guide."""


def merged_ids(text: Any, own: str) -> list[str]:
    """The ids of the records that were merged into one.

    Args:
        text: its property :data:`MERGED_IDS`, if it has a value.
        own: its id.
    """
    if not text:
        return []
    return [part for part in (each.strip() for each in text.split(";")) if part.isdigit() and part != own]


def version_of(raw: Raw) -> str:
    """The version of a live record, as reading makes it."""
    return str(moment(raw.get("updatedAt") or raw["createdAt"])[1])


@lru_cache(maxsize=1024)  # every record is asked two or three times, and those of an import share their stamp
def moment(text: str) -> tuple[datetime, int]:
    """An instant, and the same in epoch milliseconds."""
    at = parse_iso(text)
    return at, to_us(at) // 1000


def encode(value: Value) -> str:
    """A value as HubSpot takes it.

    Raises:
        ValueError: when the value is no text that can be sent: half a surrogate pair, a number that is none.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        number = Decimal(repr(value))
        if not number.is_finite():
            raise ValueError("not a number")
        return format(number.to_integral_value() if number == number.to_integral_value() else number, "f")
    if isinstance(value, Ref):
        return value.id
    text = value if isinstance(value, str) else ";".join(each.id if isinstance(each, Ref) else each for each in value)
    text.encode()
    return text


def _read_text(text: str) -> Value:
    return text


def _read_number(text: str) -> Value:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = Decimal(text)
    except ArithmeticError:
        return text  # "N/A" has been seen; it is neither blank nor zero
    if not number.is_finite():
        return text
    whole = number.to_integral_value()
    return int(whole) if whole == number else float(number)


_TRUTH = {"true": True, "false": False}


def _read_bool(text: str) -> Value:
    said = _TRUTH.get(text)
    return said if said is not None else _TRUTH.get(text.lower(), text)


def instant_text(text: str) -> str:
    """An instant as HubSpot writes it, ISO 8601 or epoch milliseconds, as ours; what is neither stays."""
    if len(text) == 24 and text[10] == "T" and text[19] == "." and text[23] == "Z":
        return text
    if text.lstrip("-").isdigit():
        return iso(from_us(int(text) * 1000))
    try:
        return iso(parse_iso(text))
    except ValueError:
        return text


def _read_date(text: str) -> Value:
    return text if len(text) == 10 and text[4] == "-" else instant_text(text)[:10]


def _read_options(text: str) -> Value:
    return tuple(part for part in text.split(";") if part)


READERS: Mapping[FieldType, Callable[[str], Value]] = {
    "string": _read_text,
    "number": _read_number,
    "bool": _read_bool,
    "date": _read_date,
    "datetime": instant_text,
    "option": _read_text,
    "options": _read_options,
    "ref": _read_text,
}
"""How a text that is not blank is read, by the type of its property."""

_TYPES: Mapping[str, FieldType] = {"number": "number", "bool": "bool", "date": "date", "datetime": "datetime"}


def field_info(kind: str, prop: Raw) -> FieldInfo:
    """One property, as the properties API describes it."""
    name = str(prop["name"])
    options = _options(prop) if prop.get("type") == "enumeration" else ()
    field_type = _field_type(prop)
    rules = prop.get("modificationMetadata") or {}
    return FieldInfo(
        name=name,
        label=str(prop.get("label") or name),
        type=field_type,
        writable=name == OPT_OUT or not (rules.get("readOnlyValue", False) or prop.get("calculated", False)),
        unique=bool(prop.get("hasUniqueValue")) or (kind, name) in _UNIQUE,
        options=options,
        restricted=field_type in ("option", "options") and bool(options) and not prop.get("externalOptions", False),
        forward_only=name in _FORWARD_ONLY,
    )


def kind_info(kind: str, properties: Sequence[Raw]) -> KindInfo:
    """A kind with the properties that this account has for it."""
    fields = {info.name: info for info in (field_info(kind, prop) for prop in properties)}
    fields.update(association_fields(kind))
    own = {field.purpose: own_name(field.purpose) for field in OWN_FIELDS if own_name(field.purpose) in fields}
    return KindInfo(kind, fields, own, writable=KINDS[kind].writable)


def own_name(purpose: str) -> str:
    """What our own property for a purpose is called in HubSpot."""
    return f"leadbridge_{purpose}"


def _field_type(prop: Raw) -> FieldType:
    kind, look = prop.get("type"), prop.get("fieldType")
    if kind == "enumeration":
        return "bool" if look == "booleancheckbox" else "options" if look == "checkbox" else "option"
    return _TYPES.get(str(kind), "string")


def _options(prop: Raw) -> tuple[Option, ...]:
    raw = sorted(prop.get("options") or (), key=lambda each: each.get("displayOrder") or 0)
    return tuple(
        Option(str(each["value"]), str(each.get("label") or each["value"]), active=not each.get("hidden", False))
        for each in raw
    )
