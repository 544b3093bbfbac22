"""Past values of a field: when a record got which, as far as the org has kept it.

Salesforce tracks the fields that an administrator chose (at most 20 a kind), from the day that they were chosen, and
gives them to the API for 24 months. ``OpportunityHistory`` is always on for the four fields that make a forecast; it is
used for those, so that a deal's stages are known in orgs that track nothing.

**History from.** An answer begins where knowledge begins: its first entry says from when on values are known. Before it
there is nothing, and that is no statement about the past. A record of which nothing was kept has an empty answer, also
when the field never changed: whether it was tracked all the while cannot be told. The value at creation is the old
value of the first change; it is told only when the org wrote down the creation itself, which it does while it tracks
anything on that kind.

A change of a lookup leaves two rows, one with the names and one with the ids: the ids are used. Long texts leave rows
without values: such a field has no past. Rows of a field that we may not see are not shown to us.

Sources: Object Reference, "StandardObjectNameHistory", "OpportunityHistory"; Salesforce Help, "Field History Tracking".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from leadbridge.adapter import Ref, Value
from leadbridge.errors import SchemaDrift
from leadbridge_salesforce.mappers import Shape, decoder, id18, instant, is_id
from leadbridge_salesforce.soql import chunks, one_of, select
from leadbridge_salesforce.wire import Wire

__all__ = ["Past", "past_values"]

Past: TypeAlias = tuple[tuple[datetime, Value], ...]

_TRACKED: Mapping[str, tuple[str, str]] = {
    "Lead": ("LeadHistory", "LeadId"),
    "Contact": ("ContactHistory", "ContactId"),
    "Account": ("AccountHistory", "AccountId"),
    "Opportunity": ("OpportunityFieldHistory", "OpportunityId"),
}
"""For each kind, what holds its history, and the field there that names the record."""

_ALWAYS = frozenset({"StageName", "Amount", "Probability", "CloseDate"})
_CREATED = "created"
_MOST_IDS = 500


def past_values(wire: Wire, shape: Callable[[str], Shape], refs: Sequence[Ref], field: str) -> list[Past]:
    """For each record in order, when the field got which value, oldest first; see above where that begins.

    Raises:
        SchemaDrift: a kind has no such field, or hides it from us.
    """
    found: dict[Ref, Past] = {}
    for kind in dict.fromkeys(ref.kind for ref in refs):
        described = shape(kind)
        if field not in described.info.fields:
            name = f"{kind}.{field}"
            raise SchemaDrift(f"{name} is gone or hidden from this user: restore it or grant access", field=name)
        read = decoder(described, described.info.fields[field]) or _same
        ids = list(dict.fromkeys(id18(ref.id) for ref in refs if ref.kind == kind and is_id(ref.id)))
        always = kind == "Opportunity" and field in _ALWAYS
        pasts = _of_deals(wire, ids, field) if always else _of_changes(wire, described, ids, field)
        found.update((Ref(kind, key), _decoded(past, read)) for key, past in pasts)
    return [found.get(Ref(ref.kind, id18(ref.id)), ()) for ref in refs]


def _rows(
    wire: Wire, history: tuple[str, str], columns: Sequence[str], ids: Sequence[str], where: Sequence[str] = ()
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The rows of each record, oldest first."""
    kind, parent = history
    for part in chunks(ids, most=_MOST_IDS):
        rows: dict[str, list[dict[str, Any]]] = {}
        soql = select(
            ["Id", parent, "CreatedDate", *columns],
            kind,
            where=[one_of(parent, part), *where],
            order=(parent, "CreatedDate", "Id"),
        )
        for row in wire.rows(soql, operation="history"):
            rows.setdefault(id18(row[parent]), []).append(row)
        yield from rows.items()


def _of_deals(wire: Wire, ids: Sequence[str], field: str) -> Iterator[tuple[str, list[tuple[datetime, Any]]]]:
    """Each row holds the values as they were from then on; the first one is that of the creation."""
    for key, rows in _rows(wire, ("OpportunityHistory", "OpportunityId"), [field], ids):
        yield key, [(instant(row["CreatedDate"]), row[field]) for row in rows]


def _of_changes(
    wire: Wire, shape: Shape, ids: Sequence[str], field: str
) -> Iterator[tuple[str, list[tuple[datetime, Any]]]]:
    """Each row holds what a value was and what it became."""
    history = _TRACKED.get(shape.kind)
    if history is None:
        return
    lookup = shape.salesforce_types.get(field) == "reference"
    # A lookup goes by the name of its relationship there: Owner and not OwnerId.
    names = dict.fromkeys((field, field.removesuffix("Id") if lookup else field))
    where = [one_of("Field", [*names, _CREATED])]
    try:
        for key, rows in _rows(wire, history, ["Field", "DataType", "OldValue", "NewValue"], ids, where):
            changes = [row for row in rows if row["Field"] in names and (not lookup or _of_ids(row))]
            if not changes or all(row["OldValue"] is None and row["NewValue"] is None for row in changes):
                continue
            past = [(instant(row["CreatedDate"]), row["NewValue"]) for row in changes]
            created = next((row for row in rows if row["Field"] == _CREATED), None)
            if created is not None:
                past.insert(0, (instant(created["CreatedDate"]), changes[0]["OldValue"]))
            yield key, past
    except SchemaDrift as drift:
        # An org in which nothing of a kind was ever tracked, or a user who may not see it.
        if drift.field != history[0]:
            raise


def _of_ids(row: Mapping[str, Any]) -> bool:
    """Whether a row about a lookup is the one with the ids."""
    if row["DataType"]:
        return str(row["DataType"]) == "EntityId"
    return all(value is None or is_id(str(value)) for value in (row["OldValue"], row["NewValue"]))


def _decoded(past: Sequence[tuple[datetime, Any]], read: Callable[[Any], Value]) -> Past:
    """Without the rows that say nothing new."""
    told: list[tuple[datetime, Value]] = []
    for at, raw in past:
        value = None if raw is None else read(raw)
        if not told or told[-1][1] != value:
            told.append((at, value))
    return tuple(told)


def _same(value: Any) -> Value:
    said: Value = value
    return said
