"""Records as HubSpot sends them, decoded straight into the properties that were asked for, and made records of ours.

A dictionary for each record and another one for its properties cost more than everything that is done with them
afterwards. A ``msgspec.Struct`` is made in two thirds of the time, and the garbage collector has nothing to do with it.
What becomes of the properties is written out as a function for the set of fields and compiled once: a loop would ask
the same of each property again for every record (``benchmarks/hubspot_read.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeAlias, TypeVar, cast

import msgspec

from leadbridge.adapter import FieldInfo, Record, Ref, Value
from leadbridge.errors import SchemaDrift, Unavailable
from leadbridge_hubspot.associations import linked_kind
from leadbridge_hubspot.mappers import MERGED_IDS, READERS, FieldType, instant_text, moment
from leadbridge_hubspot.paths import KINDS

__all__ = ["Decoder", "Row", "archived_ms", "stamp_ms"]

Properties = TypeVar("Properties")

_TEXTS = frozenset({"string", "option", "ref"})
"""Types whose values are what HubSpot sends."""

_NO_NAME = frozenset('"\\') | frozenset(map(chr, range(0x20)))
"""Characters that the name of a property cannot have."""


class Row(msgspec.Struct, Generic[Properties], gc=False, rename="camel"):
    """A record as HubSpot sends it.

    Attributes:
        properties: those that were asked for; ``msgspec.UNSET`` is what the answer does not carry. Two of them have
            names of their own: ``modified`` says when the record changed, ``merged`` which ones went into it.
    """

    id: str
    properties: Properties
    created_at: str
    updated_at: str | None = None
    archived: bool | None = None
    archived_at: str | None = None


_Read: TypeAlias = Callable[[Any], dict[str, Value]]


class Decoder:
    """Makes records of one kind out of HubSpot's answers; worked out once for a set of fields.

    Attributes:
        properties: what of the fields HubSpot knows as properties.
        linked: what of them are associations, with the kind that each leads to.
        asked: the properties to ask for: those, and what a stream of changes needs besides.
        row: what a record of an answer is decoded into.

    Raises:
        SchemaDrift: a field has a name that no property can have.
    """

    def __init__(self, kind: str, known: Mapping[str, FieldInfo], fields: Sequence[str]) -> None:
        self.kind = kind
        self.linked = {name: to for name in fields if (to := linked_kind(name)) is not None}
        self.properties = tuple(name for name in dict.fromkeys(fields) if name not in self.linked)
        self.asked = tuple(dict.fromkeys((*self.properties, KINDS[kind].modified, MERGED_IDS)))
        types = tuple((name, known[name].type if name in known else "string") for name in self.properties)
        self.row, self._properties, self._read = _written_out(kind, types)

    def rows(self, raws: Iterable[Mapping[str, Any]]) -> list[Row[Any]]:
        """Records that were decoded into dictionaries.

        Raises:
            Unavailable: one of them is none.
        """
        try:
            return [msgspec.convert(raw, self.row) for raw in raws]
        except msgspec.ValidationError:
            raise Unavailable("HubSpot sent a record in an unknown way: ask again") from None

    def record(self, row: Row[Any], linked: Mapping[str, Value] | None = None) -> Record:
        """The record of an answer: ``live``, or ``deleted`` when it lies in the recycle bin.

        Args:
            row: the record as it was sent.
            linked: the values of its association fields.
        """
        at, stamp = moment(row.updated_at or row.created_at)
        fields = self._read(row.properties)
        if linked is not None:
            fields.update(linked)
        ref = Ref(self.kind, row.id)
        if row.archived:
            return Record(ref, f"{stamp}-archived-{row.archived_at or ''}", at, fields, "deleted")
        return Record(ref, str(stamp), at, fields)

    def fields(self, properties: Mapping[str, Any]) -> dict[str, Value]:
        """The values of some properties; one that the account does not have stays absent."""
        return self._read(msgspec.convert(properties, self._properties))


def stamp_ms(row: Row[Any]) -> int:
    """When a record changed last, in epoch milliseconds; the later one of HubSpot's two ways of saying it."""
    stamp = moment(row.updated_at or row.created_at)[1]
    text = row.properties.modified
    return stamp if not text or text == row.updated_at else max(stamp, moment(instant_text(text))[1])


def archived_ms(row: Row[Any]) -> int:
    """When a record was put into the recycle bin, in epoch milliseconds."""
    return moment(row.archived_at or row.updated_at or row.created_at)[1]


@lru_cache(maxsize=256)  # every page of a stream has the same fields
def _written_out(kind: str, types: tuple[tuple[str, FieldType], ...]) -> tuple[type[Row[Any]], Any, _Read]:
    """The type of a record, the type of its properties, and a function from that to values."""
    if strange := next((name for name, _ in types if _NO_NAME & set(name)), None):
        raise SchemaDrift("no property of HubSpot can be called so: take it out", field=f"{kind}.{strange}")
    place = {name: f"v{each}" for each, (name, _) in enumerate(types)}
    place.update({KINDS[kind].modified: "modified", MERGED_IDS: "merged"})
    every = [(each, Any, msgspec.UNSET) for each in place.values()]
    properties = msgspec.defstruct("Properties", every, rename={each: name for name, each in place.items()}, gc=False)

    def some(given: Any) -> dict[str, Value]:
        found = {name: (type_, getattr(given, place[name])) for name, type_ in types}
        return {
            name: READERS[type_](value) if value else None
            for name, (type_, value) in found.items()
            if value is not msgspec.UNSET
        }

    lines = [f"({', '.join(place.values())},) = astuple(properties)"]
    if types:
        lines.append(f"if {' or '.join(f'{place[name]} is UNSET' for name, _ in types)}: return some(properties)")
    lines.append("found = {}")  # Python takes longer over a display of more than fifteen items
    for name, type_ in types:
        value = place[name]
        told = f"{value} or None" if type_ in _TEXTS else f"read_{type_}({value}) if {value} else None"
        lines.append(f"found[{name!r}] = {told}")
    lines.append("return found")
    room: dict[str, Any] = {"astuple": msgspec.structs.astuple, "UNSET": msgspec.UNSET, "some": some}
    room.update({f"read_{type_}": reader for type_, reader in READERS.items()})
    # Names of properties stand in it as literals, so that they can be nothing but texts.
    body = "".join(f"\n {line}" for line in lines)
    exec(compile(f"def read(properties):{body}", "<properties written out>", "exec"), room)
    row = Row[properties]  # type: ignore[valid-type]  # mypy knows only types that stand in the text
    return row, properties, cast("_Read", room["read"])
