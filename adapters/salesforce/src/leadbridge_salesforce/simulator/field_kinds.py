"""Short ways to write down the fields of standard kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from leadbridge_salesforce.simulator.fields import FieldDef, KindDef

__all__ = ["flag", "kind_with", "pick", "read_only", "ref", "system", "text"]


def text(name: str, length: int = 255, **more: Any) -> FieldDef:
    """A line of text."""
    return FieldDef(name, "string", length=length, **more)


def pick(name: str, values: Sequence[str], **more: Any) -> FieldDef:
    """A picklist; values that are not listed are taken, as standard ones are."""
    return FieldDef(name, "picklist", length=255, values=tuple(values), **more)


def ref(name: str, *targets: str, **more: Any) -> FieldDef:
    """A lookup."""
    return FieldDef(name, "reference", length=18, reference_to=targets, **more)


def read_only(definition: FieldDef) -> FieldDef:
    """The same field, which nobody can write."""
    return replace(definition, writable=False)


def flag(name: str, **more: Any) -> FieldDef:
    """A checkbox."""
    return FieldDef(name, "boolean", default=False, **more)


def system() -> list[FieldDef]:
    """The fields that every kind has."""
    return [
        FieldDef("Id", "id", "Record ID", 18, writable=False),
        flag("IsDeleted", writable=False),
        FieldDef("CreatedDate", "datetime", writable=False),
        ref("CreatedById", "User", writable=False),
        FieldDef("LastModifiedDate", "datetime", writable=False),
        ref("LastModifiedById", "User", writable=False),
        FieldDef("SystemModstamp", "datetime", writable=False),
    ]


def kind_with(name: str, prefix: str, fields: Sequence[FieldDef], *, writable: bool = True) -> KindDef:
    """A kind with these fields besides those that every kind has."""
    kind = KindDef(name, prefix, writable=writable)
    kind.add(*system(), *(fields if writable else [read_only(each) for each in fields]))
    return kind
