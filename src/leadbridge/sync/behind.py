"""Notices that the database is older than what it has written: it was restored from a backup, or is a copy.

Every write carries a numbered op marker (:mod:`leadbridge.store.line`), and the record keeps it. Whoever reads a number
of their own line that they never gave out has forgotten something: what the sides agreed on since is unknown, so every
edit that was carried over meanwhile would look like two edits at once.

Source: CouchDB's replication keeps checkpoints on both ends and compares them for the same reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from leadbridge.adapter import Ref
from leadbridge.errors import StoreBehind
from leadbridge.mapping import ConnectionMapping
from leadbridge.store import Line, Observation, Store

__all__ = ["later_writes", "refuse_if_behind", "refuse_if_restored", "undecided"]

Key = tuple[str, Ref]


def later_writes(
    line: Line, mappings: Mapping[str, ConnectionMapping], observations: Mapping[Key, Observation]
) -> dict[Key, int]:
    """The records that carry a write of ours which this database does not know, with its number."""
    found: dict[Key, int] = {}
    if not line.name:
        return found
    fields = {
        (name, kind.kind): kind.own["op"]
        for name, m in mappings.items()
        for kind in m.kinds.values()
        if "op" in kind.own
    }
    for key, observation in observations.items():
        op = fields.get((key[0], key[1].kind))
        marker = observation.record.fields.get(op) if op is not None else None
        if marker is not None and line.ahead(marker):
            found[key] = line.number(marker) or 0
    return found


def undecided(store: Store, mappings: Mapping[str, ConnectionMapping]) -> dict[Key, Observation]:
    """The records that were read and not decided about yet: where news of later writes would be."""
    return {(o.connection, o.ref): o for o in store.observations(dirty=True) if o.connection in mappings}


def refuse_if_restored(store: Store, mappings: Mapping[str, ConnectionMapping]) -> None:
    """Looks itself whether the database is older than what it has written.

    Raises:
        StoreBehind: it is.
    """
    seen = undecided(store, mappings)
    # Read after the records: a write that another worker has just planned is known by now.
    refuse_if_behind(later_writes(store.line(), mappings, seen))


def refuse_if_behind(ahead: Mapping[Key, int]) -> None:
    """Stops before anything is decided from what is out of date.

    Raises:
        StoreBehind: with how many records say so, and the way on.
    """
    if ahead:
        by_connection = Counter(connection for connection, _ in ahead)
        where = " and ".join(f"{number:,} in {name}" for name, number in sorted(by_connection.items()))
        raise StoreBehind(
            f"this database is older than what leadbridge has written since ({where} carry later writes): it was "
            "restored from a backup, or is a copy of one that is in use. If it is a copy, use the one that is in use; "
            "if it was restored: leadbridge recover"
        )
