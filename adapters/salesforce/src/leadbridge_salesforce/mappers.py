"""Salesforce's JSON to the values of the contract and back.

A field is decoded by the type that the org's own describe gives it. A lookup to a record becomes a ``Ref``; a lookup
to a user, queue or profile stays text, because those are owners (``Owner.id``) and no records.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadbridge.adapter import FieldInfo, KindInfo, Ref, Value
from leadbridge.clock import iso, parse_iso
from leadbridge.errors import Unavailable

__all__ = [
    "PREFIXES",
    "Refused",
    "Shape",
    "decoder",
    "decoders",
    "encode",
    "id18",
    "instant",
    "is_id",
    "kind_of",
    "same_version",
    "utc",
]

PREFIXES = {
    "001": "Account",
    "003": "Contact",
    "006": "Opportunity",
    "00Q": "Lead",
    "00T": "Task",
    "00U": "Event",
    "00v": "CampaignMember",
    "701": "Campaign",
}
"""The kind by the first three characters of an id (Salesforce, "Standard Field Record ID Prefix Decoder")."""

_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def is_id(text: str) -> bool:
    """Whether a text can be an id at all: 15 or 18 letters and digits."""
    return _ID.fullmatch(text) is not None


def id18(text: str) -> str:
    """The 18-character form of an id; safe to compare without regard to case, and what the API itself returns.

    The three added characters say which of the 15 are capitals, five at a time.
    """
    if len(text) != 15:
        return text
    added = (sum(1 << place for place in range(5) if text[start + place].isupper()) for start in (0, 5, 10))
    return text + "".join(_SUFFIX[bits] for bits in added)


def kind_of(text: str) -> str | None:
    """The kind of record that an id belongs to, for the kinds that we read."""
    return PREFIXES.get(text[:3])


def instant(text: str) -> datetime:
    """The instant of ``2026-01-01T00:00:00.000+0000``."""
    try:
        return parse_iso(text)
    except ValueError:
        raise Unavailable("Salesforce sent an instant that is none: ask again later") from None


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind as this org has it: what the contract says of it, and what reading and writing it needs besides.

    ``state`` holds the fields that tell whether a record is gone, as far as the kind has them. ``lookups`` names the
    kinds that a ref field may point to, for ids whose prefix is not among :data:`PREFIXES`.
    """

    info: KindInfo
    state: tuple[str, ...]
    lookups: Mapping[str, tuple[str, ...]]
    salesforce_types: Mapping[str, str]

    @property
    def kind(self) -> str:
        return self.info.name

    def known(self, fields: Sequence[str]) -> list[str]:
        """Those of the fields that this org has, in the order asked for and each once."""
        return [name for name in dict.fromkeys(fields) if name in self.info.fields]


def utc(value: Any) -> Value:
    """An instant as it travels in the contract, out of Salesforce's text."""
    if not isinstance(value, str):
        return None
    if len(value) == 28 and value.endswith("+0000"):
        return f"{value[:23]}Z"
    if len(value) == 24 and value.endswith("Z"):
        return value
    return iso(instant(value))


def _options(value: Any) -> Value:
    return tuple(part for part in str(value).split(";") if part)


def decoder(shape: Shape, field: FieldInfo) -> Callable[[Any], Value] | None:
    """How to read a field; ``None`` when its JSON is the value already."""
    if field.type == "datetime":
        return utc
    if field.type == "options":
        return _options
    if field.type == "ref":
        targets = shape.lookups.get(field.name, ())
        fallback = targets[0] if targets else "Account"

        def ref(value: Any) -> Value:
            text = id18(str(value))
            return Ref(kind_of(text) or fallback, text)

        return ref
    if shape.salesforce_types.get(field.name) in {"id", "reference"}:
        return lambda value: id18(str(value))
    return None


def decoders(shape: Shape, fields: Sequence[str]) -> list[tuple[str, Callable[[Any], Value] | None]]:
    """The fields of an answer with their decoders: worked out once for a page."""
    return [(name, decoder(shape, shape.info.fields[name])) for name in shape.known(fields)]


def same_version(version: str, stamp: datetime) -> bool:
    """Whether a record still has the version that somebody read, as far as SystemModstamp can tell: to the second."""
    return version.partition("~")[0] == iso(stamp)


class Refused(ValueError):
    """A value cannot be written to a field: a receipt, not an error. ``reason`` is ``CODE: Field``."""

    def __init__(self, code: str, field: str) -> None:
        self.reason = f"{code}: {field}"
        super().__init__(self.reason)


def encode(shape: Shape, fields: Mapping[str, Value]) -> dict[str, object]:
    """The JSON of a record to write.

    Raises:
        Refused: when a field does not exist here or cannot hold such a value. Salesforce refuses a whole collection
            for one such record, so it is kept back.
    """
    return {name: _encoded(shape, name, value) for name, value in fields.items()}


def _encoded(shape: Shape, name: str, value: Value) -> object:
    info = shape.info.fields.get(name)
    if info is None:
        raise Refused("INVALID_FIELD", name)
    if not info.writable:
        raise Refused("INVALID_FIELD_FOR_INSERT_UPDATE", name)
    if value is None:
        return None
    if isinstance(value, Ref):
        return value.id
    if isinstance(value, tuple):
        if info.type != "options":
            raise Refused("INVALID_TYPE_ON_FIELD_IN_RECORD", name)
        return ";".join(part.id if isinstance(part, Ref) else part for part in value)
    if not _fits(info.type, value):
        raise Refused("INVALID_TYPE_ON_FIELD_IN_RECORD", name)
    if isinstance(value, float) and shape.salesforce_types.get(name) in {"int", "long"}:
        if not value.is_integer():
            raise Refused("INVALID_TYPE_ON_FIELD_IN_RECORD", name)
        return int(value)
    return value


def _fits(type_: str, value: str | int | float | bool) -> bool:
    if type_ == "bool":
        return isinstance(value, bool)
    if type_ == "number":
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
    if type_ == "datetime":
        return isinstance(value, str) and _INSTANT.fullmatch(value) is not None
    if type_ == "date":
        return isinstance(value, str) and _DAY.fullmatch(value) is not None
    return isinstance(value, str)
