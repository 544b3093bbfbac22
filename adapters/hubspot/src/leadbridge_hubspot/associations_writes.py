"""Making a record belong to exactly the records that somebody names.

What HubSpot has is read first: the missing ones are added as default associations, which HubSpot may be told twice, and
the others taken away. A name that HubSpot refuses is isolated by halving, so that it does not sink its neighbours.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from leadbridge.adapter import Ref, Value
from leadbridge_hubspot.associations import linked_kind, read_associations
from leadbridge_hubspot.errors import Refusal, body_of, refusal_of
from leadbridge_hubspot.paths import object_type
from leadbridge_hubspot.reads import is_id
from leadbridge_hubspot.wire import Wire

__all__ = ["WRITE_LIMIT", "split_associations", "write_associations"]

WRITE_LIMIT = 2_000
"""Pairs that one call may make or take away."""

_OPERATION = "apply"
_REFUSED = frozenset({400, 404, 409})

Pair: TypeAlias = tuple[str, str]


def split_associations(fields: Mapping[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
    """What is to be written as properties, and what as associations."""
    linked = {name: value for name, value in fields.items() if linked_kind(name) is not None}
    return {name: value for name, value in fields.items() if name not in linked}, linked


def write_associations(wire: Wire, kind: str, pairs: Sequence[tuple[str, Mapping[str, Value]]]) -> dict[str, str]:
    """Makes records belong to what their association fields name, and to nothing else of those kinds.

    Args:
        wire: the connection.
        kind: of the records.
        pairs: a record's id, and its association fields; a value is a ref, a tuple of refs, or ``None`` for nobody.

    Returns:
        For each record that HubSpot refused in part, ``CODE: field``.
    """
    problems: dict[str, str] = {}
    for field in dict.fromkeys(name for _, fields in pairs for name in fields):
        to = linked_kind(field) or ""
        wanted = {id: _wanted(fields[field], to) for id, fields in pairs if field in fields}
        strange = [id for id, targets in wanted.items() if targets is None]
        problems.update((id, f"INVALID_VALUE: {field}") for id in strange)
        named = {id: targets for id, targets in wanted.items() if targets is not None}
        has = read_associations(wire, kind, to, named, operation=_OPERATION)
        held = {id: {ref.id for ref in has.get(id, ())} for id in named}
        missing = [(id, each) for id, targets in named.items() for each in sorted(targets - held[id], key=int)]
        surplus = [(id, each) for id, targets in named.items() for each in sorted(held[id] - targets, key=int)]
        base = wire.paths.associations.format(
            type=object_type(kind, _OPERATION).path, to=object_type(to, _OPERATION).path
        )
        refused = _send(wire, f"{base}/batch/associate/default", missing, many=False)
        refused.update(_send(wire, f"{base}/batch/archive", surplus, many=True))
        problems.update((id, f"{code}: {field}") for id, code in refused.items())
    return problems


def _wanted(value: Value, to: str) -> set[str] | None:
    """The ids that a value names; ``None`` when it names something else than records of this kind."""
    items = value if isinstance(value, tuple) else () if value is None else (value,)
    ids = {each.id for each in items if isinstance(each, Ref) and each.kind == to and is_id(each.id)}
    return ids if all(isinstance(each, Ref) and each.kind == to and each.id in ids for each in items) else None


def _send(wire: Wire, path: str, pairs: Sequence[Pair], *, many: bool) -> dict[str, str]:
    """Sends pairs; returns the codes of those that were refused, by the id of the record."""
    refused: dict[str, str] = {}
    queue = deque(pairs[start : start + WRITE_LIMIT] for start in range(0, len(pairs), WRITE_LIMIT))
    while queue:
        part = queue.popleft()
        inputs = [{"from": {"id": id}, "to": [{"id": to}] if many else {"id": to}} for id, to in part]
        reply = wire.post(path, _OPERATION, {"inputs": inputs}, accept=_REFUSED)
        if reply.status not in _REFUSED:
            answer = {} if reply.status == 204 else reply.json()
            for refusal in map(refusal_of, answer.get("errors") or ()):
                refused.update((id, refusal.code) for id in _about(refusal, part))
        elif len(part) == 1:
            refused[part[0][0]] = refusal_of(body_of(reply)).code
        else:
            middle = len(part) // 2
            queue.extendleft((part[middle:], part[:middle]))
    return refused


def _about(refusal: Refusal, part: Sequence[Pair]) -> set[str]:
    """The records that an error beside the results is about: all of them, when it does not say."""
    named = set(refusal.ids)
    found = {id for id, to in part if id in named or to in named}
    return found or {id for id, _ in part}
