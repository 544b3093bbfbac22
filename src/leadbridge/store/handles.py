"""What records can be recognised by: digests of our key, the agreement's key and the normalised address.

With them, whoever appears finds those who may be the same person without reading everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import delete, select, tuple_

from leadbridge.adapter import Ref
from leadbridge.store import schema
from leadbridge.store.among import among
from leadbridge.store.codec import fingerprint
from leadbridge.store.writer import Writer

__all__ = ["Handles", "handle"]

Key = tuple[str, Ref]


def handle(name: str, value: str) -> str:
    """The digest of one thing that a record can be recognised by."""
    return fingerprint(name, value)


class Handles(Writer):
    """The handles, inside one transaction."""

    def save(self, handles: Mapping[Key, Collection[str]]) -> None:
        """Stores what records can be recognised by now, in place of what was known of them."""
        table = schema.handle
        kept: dict[tuple[str, str, str], set[str]] = {}
        by_kind: dict[tuple[str, str], list[str]] = {}
        for connection, ref in handles:
            by_kind.setdefault((connection, ref.kind), []).append(ref.id)
        for (connection, kind), ids in by_kind.items():
            of_kind = (table.c.connection == connection) & (table.c.kind == kind)
            query = select(table.c.id, table.c.digest).where(of_kind, among(table.c.id, ids))
            for one, digest in self._connection.execute(query).all():
                kept.setdefault((connection, kind, one), set()).add(digest)
        wanted = {(name, ref.kind, ref.id): set(digests) for (name, ref), digests in handles.items()}
        old = [(*key, digest) for key, digests in kept.items() for digest in digests - wanted[key]]
        each = tuple_(table.c.connection, table.c.kind, table.c.id, table.c.digest)
        for start in range(0, len(old), 500):
            self._connection.execute(delete(table).where(each.in_(old[start : start + 500])))
        self._upsert(
            table,
            [
                {"connection": key[0], "kind": key[1], "id": key[2], "digest": digest}
                for key, digests in wanted.items()
                for digest in sorted(digests - kept.get(key, set()))
            ],
        )

    def forget(self, connections: Iterable[str]) -> None:
        """Forgets everything about connections, before it is worked out anew."""
        self._connection.execute(delete(schema.handle).where(schema.handle.c.connection.in_(sorted(connections))))

    def basis(self, name: str, digest: str) -> None:
        """Notes under which mapping the handles of a connection were worked out."""
        self._upsert(schema.basis, [{"name": f"handles {name}", "digest": digest}])
