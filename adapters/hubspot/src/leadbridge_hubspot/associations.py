"""Which records belong together: read in batches, shown as fields whose values are refs.

HubSpot keeps associations apart from properties. Here each of them is a field of the record, called the way HubSpot's
own answers call it, with a dot that no property's name can have: ``associations.contacts`` of a deal. Its value is a
tuple of refs, by id, or ``None`` when there are none. Reading one costs a call for every 1,000 records, so that it is
read only where somebody asks for it.

A new association need not change the stamp of a record. Who reads changes sees it with the next change of the record;
``fetch`` always sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from leadbridge.adapter import FieldInfo, Ref
from leadbridge.errors import Unavailable
from leadbridge_hubspot.errors import body_of, refusal_of
from leadbridge_hubspot.paths import KINDS, object_type
from leadbridge_hubspot.wire import Wire

__all__ = ["READ_LIMIT", "association_fields", "linked_kind", "read_associations"]

READ_LIMIT = 1_000
"""Records whose associations one call reads."""

_PREFIX = "associations."
_NOBODY = frozenset({"OBJECT_NOT_FOUND", "crm.associations.NO_ASSOCIATIONS_FOUND"})

_AROUND = ("contact", "company", "deal")
_LINKED: Mapping[str, tuple[str, ...]] = {
    "contact": ("company", "deal", "lead"),
    "company": ("contact", "deal"),
    "deal": ("contact", "company"),
    "lead": ("contact", "company"),
    **dict.fromkeys(("note", "meeting", "call", "email", "task"), _AROUND),
}
_KINDS = {_PREFIX + each.path: each.kind for each in KINDS.values()}


def association_fields(kind: str) -> dict[str, FieldInfo]:
    """The fields of a kind that name records which belong to it."""
    names = {_PREFIX + KINDS[to].path: f"Associated {KINDS[to].path}" for to in _LINKED[kind]}
    return {name: FieldInfo(name, label, "ref") for name, label in names.items()}


def linked_kind(field: str) -> str | None:
    """The kind to which an association field leads; ``None`` for a property."""
    return _KINDS.get(field)


def read_associations(
    wire: Wire, kind: str, to: str, ids: Iterable[str], *, operation: str
) -> dict[str, tuple[Ref, ...]]:
    """The records of the kind ``to`` that belong to each record, by its id; who has none is left out.

    Raises:
        Unavailable: when HubSpot could not say it of some of them; that would pass for having none.
    """
    path = wire.paths.associations.format(type=object_type(kind, operation).path, to=object_type(to, operation).path)
    found: dict[str, set[str]] = {}
    inputs: list[dict[str, str]] = [{"id": id} for id in dict.fromkeys(ids)]
    while inputs:
        part, inputs = inputs[:READ_LIMIT], inputs[READ_LIMIT:]
        # When none of the records has any, some versions answer 404.
        reply = wire.post(f"{path}/batch/read", operation, {"inputs": part}, accept=frozenset({404}))
        answer = body_of(reply) if reply.status == 404 else reply.json()
        _check(answer, operation)
        for row in answer.get("results") or ():
            id, ends = str(row["from"]["id"]), _ids(row.get("to") or ())
            known = found.setdefault(id, set())
            after = ((row.get("paging") or {}).get("next") or {}).get("after")
            if after and ends <= known:
                raise Unavailable(
                    "HubSpot does not come to the end of a list of associations: ask again", operation=operation
                )
            if after:
                inputs.append({"id": id, "after": str(after)})
            known |= ends
    return {id: tuple(Ref(to, each) for each in sorted(ends, key=int)) for id, ends in found.items() if ends}


def _ids(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Ids come as numbers, whatever the documentation says; one record stands there once for each label."""
    return {str(each.get("toObjectId") or each.get("id")) for each in rows}


def _check(answer: Mapping[str, Any], operation: str) -> None:
    for error in answer.get("errors") or ():
        code = refusal_of(error).code
        if code not in _NOBODY and error.get("subCategory") not in _NOBODY:
            raise Unavailable(
                "HubSpot could not read the associations of some records: ask again", operation=operation, code=code
            )
