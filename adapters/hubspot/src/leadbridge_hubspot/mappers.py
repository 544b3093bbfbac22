"""HubSpot's texts to our values and back.

HubSpot sends every value as text, ``null`` or nothing at all, numbers sometimes in long binary expansions, instants as
ISO 8601 or, where it computed them itself, as epoch milliseconds. Blank is ``null`` in reading and ``""`` in writing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from leadbridge.adapter import OWN_FIELDS, FieldInfo, KindInfo, Option, Record, Ref, Value
from leadbridge.clock import from_us, iso, parse_iso, to_us
from leadbridge_hubspot.paths import KINDS

__all__ = ["MERGED_IDS", "Decoder", "encode", "field_info", "kind_info", "merged_ids", "stamp_ms"]

Raw: TypeAlias = Mapping[str, Any]

MERGED_IDS = "hs_merged_object_ids"
"""The property that names, separated by semicolons, the records that were merged into this one."""

_UNIQUE = {("contact", "email")}
"""Unique in effect, although the properties API does not say so."""

_FORWARD_ONLY = {"lifecyclestage"}
"""Moving these backward is answered with success and not done: https://developers.hubspot.com, contacts guide."""


class Decoder:
    """Makes records of one kind out of HubSpot's answers; compiled once for a set of fields."""

    def __init__(self, kind: str, known: Mapping[str, FieldInfo], fields: Sequence[str]) -> None:
        self.kind = kind
        self._plan = [(name, _READERS[known[name].type] if name in known else None) for name in dict.fromkeys(fields)]

    def record(self, raw: Raw) -> Record:
        """The record of an answer: ``live``, or ``deleted`` when it lies in the recycle bin."""
        archived = bool(raw.get("archived"))
        at = _instant(raw)
        version = str(to_us(at) // 1000) + (f"-archived-{raw.get('archivedAt', '')}" if archived else "")
        return Record(
            ref=Ref(self.kind, str(raw["id"])),
            version=version,
            modified_at=at,
            fields=self.fields(raw.get("properties") or {}),
            state="deleted" if archived else "live",
        )

    def fields(self, properties: Raw) -> dict[str, Value]:
        """The values that the answer carries; a property that the account does not have stays absent."""
        found: dict[str, Value] = {}
        for name, reader in self._plan:
            if name in properties:
                text = properties[name]
                found[name] = None if not text else reader(text) if reader is not None else text
        return found


def stamp_ms(raw: Raw, modified: str) -> int:
    """When a record changed last, in epoch milliseconds; the later one of HubSpot's two ways of saying it."""
    stamp = to_us(_instant(raw)) // 1000
    text = (raw.get("properties") or {}).get(modified)
    return max(stamp, to_us(parse_iso(_read_instant(text))) // 1000) if text else stamp


def archived_ms(raw: Raw) -> int:
    """When a record was put into the recycle bin, in epoch milliseconds."""
    text = raw.get("archivedAt") or raw.get("updatedAt") or raw["createdAt"]
    return to_us(parse_iso(str(text))) // 1000


def merged_ids(raw: Raw) -> list[str]:
    """The ids of the records that were merged into this one."""
    text = (raw.get("properties") or {}).get(MERGED_IDS) or ""
    own = str(raw["id"])
    return [part for part in (each.strip() for each in text.split(";")) if part.isdigit() and part != own]


def version_of(raw: Raw) -> str:
    """The version of a live record, as :class:`Decoder` makes it."""
    return str(to_us(_instant(raw)) // 1000)


def _instant(raw: Raw) -> datetime:
    return parse_iso(str(raw.get("updatedAt") or raw["createdAt"]))


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
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        number = Decimal(text)
    except ArithmeticError:
        return text  # "N/A" has been seen; it is neither blank nor zero
    if not number.is_finite():
        return text
    whole = number.to_integral_value()
    return int(whole) if whole == number else float(number)


def _read_bool(text: str) -> Value:
    return {"true": True, "false": False}.get(text.lower(), text)


def _read_instant(text: str) -> str:
    if len(text) == 24 and text[10] == "T" and text[19] == "." and text[23] == "Z":
        return text
    if text.lstrip("-").isdigit():
        return iso(from_us(int(text) * 1000))
    try:
        return iso(parse_iso(text))
    except ValueError:
        return text


def _read_date(text: str) -> Value:
    return text if len(text) == 10 and text[4] == "-" else _read_instant(text)[:10]


def _read_options(text: str) -> Value:
    return tuple(part for part in text.split(";") if part)


FieldType: TypeAlias = Literal["string", "number", "bool", "date", "datetime", "option", "options", "ref"]

_READERS: Mapping[FieldType, Callable[[str], Value]] = {
    "string": _read_text,
    "number": _read_number,
    "bool": _read_bool,
    "date": _read_date,
    "datetime": _read_instant,
    "option": _read_text,
    "options": _read_options,
    "ref": _read_text,
}

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
        writable=not rules.get("readOnlyValue", False) and not prop.get("calculated", False),
        unique=bool(prop.get("hasUniqueValue")) or (kind, name) in _UNIQUE,
        options=options,
        restricted=field_type in ("option", "options") and bool(options) and not prop.get("externalOptions", False),
        forward_only=name in _FORWARD_ONLY,
    )


def kind_info(kind: str, properties: Sequence[Raw]) -> KindInfo:
    """A kind with the properties that this account has for it."""
    fields = {info.name: info for info in (field_info(kind, prop) for prop in properties)}
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
