"""What records can be recognised by: digests of our key, the agreement's key and the normalised address.

With them, whoever appears finds those who may be the same person without reading everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import bindparam, delete, select

from leadbridge.adapter import Ref
from leadbridge.store import schema
from leadbridge.store.among import among_given
from leadbridge.store.codec import dump, fingerprint
from leadbridge.store.prepared import Prepared
from leadbridge.store.writer import Writer

__all__ = ["Handles", "handle"]

Key = tuple[str, Ref]

_KEPT = Prepared(
    select(schema.handle.c.id, schema.handle.c.digest).where(
        schema.handle.c.connection == bindparam("of"),
        schema.handle.c.kind == bindparam("kind_of"),
        among_given(schema.handle.c.id, "ids"),
    )
)
_ENDED = delete(schema.handle).where(
    schema.handle.c.connection == bindparam("of"),
    schema.handle.c.kind == bindparam("kind_of"),
    schema.handle.c.id == bindparam("one"),
    schema.handle.c.digest == bindparam("print"),
)


def handle(name: str, value: str) -> str:
    """The digest of one thing that a record can be recognised by."""
    return fingerprint(name, value)


class Handles(Writer):
    """The handles, inside one transaction."""

    def save(self, handles: Mapping[Key, Collection[str]]) -> None:
        """Stores what records can be recognised by now, in place of what was known of them."""
        by_kind: dict[tuple[str, str], dict[str, Collection[str]]] = {}
        for (connection, ref), digests in handles.items():
            by_kind.setdefault((connection, ref.kind), {})[ref.id] = digests
        for (connection, kind), ids in by_kind.items():
            kept = {(one, digest) for one, digest in self._ask(_KEPT, of=connection, kind_of=kind, ids=dump(list(ids)))}
            wanted = {(one, digest) for one, digests in ids.items() for digest in digests}
            self._change_to(connection, kind, old=kept - wanted, new=wanted - kept)

    def _change_to(self, connection: str, kind: str, *, old: set[tuple[str, str]], new: set[tuple[str, str]]) -> None:
        if old:
            ended = [{"of": connection, "kind_of": kind, "one": one, "print": digest} for one, digest in sorted(old)]
            self._connection.execute(_ENDED, ended)
        rows = [{"connection": connection, "kind": kind, "id": one, "digest": digest} for one, digest in sorted(new)]
        self._upsert(schema.handle, rows)

    def forget(self, connections: Iterable[str]) -> None:
        """Forgets everything about connections, before it is worked out anew."""
        self._connection.execute(delete(schema.handle).where(schema.handle.c.connection.in_(sorted(connections))))

    def basis(self, name: str, digest: str) -> None:
        """Notes under which mapping the handles of a connection were worked out."""
        self._upsert(schema.basis, [{"name": f"handles {name}", "digest": digest}])
