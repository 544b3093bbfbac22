"""Facts as JSON values and back, by type and version: the form in which a ledger stores them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from leadbridge.clock import from_us, to_us
from leadbridge.domain.facts import Fact

__all__ = ["FACT_TYPES", "decode", "encode"]

FACT_TYPES: Mapping[str, type[Fact]] = {cls.__name__: cls for cls in Fact.__subclasses__()}
"""Every fact type by the name under which the ledger stores it."""

_ENVELOPE = {field.name for field in fields(Fact)}


def _instants(cls: type[Fact]) -> frozenset[str]:
    return frozenset(field.name for field in fields(cls) if "datetime" in str(field.type))


def _tuples(cls: type[Fact]) -> frozenset[str]:
    return frozenset(field.name for field in fields(cls) if str(field.type).startswith("tuple"))


_INSTANTS = {name: _instants(cls) - _ENVELOPE for name, cls in FACT_TYPES.items()}
_TUPLES = {name: _tuples(cls) for name, cls in FACT_TYPES.items()}
_BODY = {
    name: tuple(field.name for field in fields(cls) if field.name not in _ENVELOPE) for name, cls in FACT_TYPES.items()
}


def encode(fact: Fact) -> dict[str, Any]:
    """The body of a fact (what its type adds to the envelope) as JSON values; instants are microseconds since 1970."""
    name = type(fact).__name__
    instants = _INSTANTS[name]
    body: dict[str, Any] = {}
    for key in _BODY[name]:
        value = getattr(fact, key)
        if value is not None:
            body[key] = to_us(value) if key in instants else list(value) if isinstance(value, tuple) else value
    return body


def decode(name: str, version: int, envelope: Mapping[str, Any], body: Mapping[str, Any]) -> Fact:
    """The fact that :func:`encode` wrote.

    Raises:
        ValueError: for a type or version that this release does not know, so that nothing is misread silently.
    """
    cls = FACT_TYPES.get(name)
    if cls is None or version > cls.version:
        raise ValueError(f"fact {name} v{version} was written by a newer leadbridge: upgrade to read it")
    instants, tuples = _INSTANTS[name], _TUPLES[name]
    if not (instants or tuples):
        return cls(**envelope, **body)
    values: dict[str, Any] = dict(body)
    for key in instants:
        if key in values:
            values[key] = from_us(values[key])
    for key in tuples:
        if key in values:
            values[key] = tuple(tuple(part) if isinstance(part, list) else part for part in values[key])
    return cls(**envelope, **values)
