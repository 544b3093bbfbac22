"""Values of fields as JSON text, and back: refs and tuples survive, equal values give equal text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson

from leadbridge.adapter import Fields, Ref, Value

__all__ = ["dump", "dump_dates", "dump_fields", "fingerprint", "load", "load_dates", "load_fields"]

_REF = "$ref"


_AS_IS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS


def _pack(value: object) -> Any:
    """What orjson does not know by itself."""
    if isinstance(value, Ref):
        return {_REF: [value.kind, value.id]}
    raise TypeError(f"a field cannot hold a {type(value).__name__}")


def _unpack(value: Any) -> Value:
    if isinstance(value, dict):
        kind, identity = value[_REF]
        return Ref(kind, identity)
    if isinstance(value, list):
        return tuple(_unpack(item) for item in value)  # type: ignore[misc]  # members are strings or refs, never tuples
    return value  # type: ignore[no-any-return]  # a JSON scalar


def dump(value: object) -> str:
    """Plain JSON values as text, keys sorted."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def load(text: str) -> Any:
    """Plain JSON values from text."""
    return orjson.loads(text)


def dump_fields(fields: Fields) -> str:
    """Fields of a record as text, keys sorted."""
    return orjson.dumps(fields if type(fields) is dict else dict(fields), _pack, _AS_IS).decode()


def load_fields(text: str) -> dict[str, Value]:
    """Fields of a record from text."""
    fields: dict[str, Any] = orjson.loads(text)
    if "[" not in text:
        return fields  # most records: neither refs nor lists, in which every other value stands for itself
    return {name: _unpack(value) if isinstance(value, (dict, list)) else value for name, value in fields.items()}


def dump_dates(dates: Mapping[str, Mapping[int, tuple[date, ...]]]) -> str:
    """Dates by name and year as text."""
    option = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    return orjson.dumps({name: dict(years) for name, years in dates.items()}, option=option).decode()


def load_dates(text: str) -> dict[str, dict[int, tuple[date, ...]]]:
    """Dates by name and year from text."""
    read: Mapping[str, Mapping[str, list[str]]] = orjson.loads(text)
    return {
        name: {int(year): tuple(map(date.fromisoformat, days)) for year, days in years.items()}
        for name, years in read.items()
    }


def fingerprint(*parts: str) -> str:
    """A short digest that tells whether two texts are the same, without keeping them."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=12).hexdigest()
