"""What was seen in the CRMs, and what of it has been decided about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Integer, bindparam, select, type_coerce, update

from leadbridge.adapter import Record, Ref
from leadbridge.clock import to_us
from leadbridge.store import schema
from leadbridge.store.among import among_given
from leadbridge.store.codec import dump, dump_fields, fingerprint
from leadbridge.store.prepared import Prepared
from leadbridge.store.writer import Writer

__all__ = ["Observing"]

Key = tuple[str, Ref]

_SEEN = schema.observation.c
_THESE = (_SEEN.connection == bindparam("of"), _SEEN.kind == bindparam("kind_of"), among_given(_SEEN.id, "ids"))
_KNOWN = Prepared(
    select(_SEEN.id, _SEEN.hash, _SEEN.version, _SEEN.modified_us, type_coerce(_SEEN.dirty, Integer)).where(*_THESE)
)
_MARK = update(schema.observation).where(*_THESE).values(dirty=bindparam("now"))


class Observing(Writer):
    """The observations, inside one transaction."""

    def observe(self, connection: str, records: Sequence[Record], *, dirty: bool = True, late: bool = False) -> int:
        """Stores what was seen of records; returns how many differ in content from what was known.

        A record whose content is known already only gets its new version; it is not made dirty again.

        Args:
            dirty: whether new content has to be decided about.
            late: what was seen may be older than what another worker has stored since; then that stays, to be decided.
        """
        table = schema.observation
        latest = {record.ref: record for record in records}
        known = self._known(connection, latest)
        rows, versions, overtaken = [], [], []
        changed = 0
        for ref, record in latest.items():
            said = dump_fields(record.fields)
            successor = record.successor
            digest = fingerprint(said, record.state, f"{successor}")
            old_hash, old_version, old_us, old_dirty = known.get((ref.kind, ref.id), ("", "", 0, False))
            modified = to_us(record.modified_at)
            if late and old_us > modified and digest != old_hash:
                overtaken.append((connection, ref))
            elif digest == old_hash:
                if (old_version, old_us) != (record.version, modified):
                    versions.append((record.version, modified, connection, ref.kind, ref.id))
            else:
                changed += 1
                rows.append(
                    {
                        "connection": connection,
                        "kind": ref.kind,
                        "id": ref.id,
                        "version": record.version,
                        "modified_us": modified,
                        "state": record.state,
                        "successor_kind": successor.kind if successor else None,
                        "successor_id": successor.id if successor else None,
                        "fields": said,
                        "hash": digest,
                        "dirty": dirty or old_dirty,
                    }
                )
        self._upsert(table, rows)
        self._change(table, ("version", "modified_us"), ("connection", "kind", "id"), versions)
        self.mark(overtaken, dirty=True)
        return changed

    def _known(self, connection: str, refs: Iterable[Ref]) -> dict[tuple[str, str], tuple[str, str, int, bool]]:
        """Digest, version, instant and mark of what is known of records, by kind and id."""
        by_kind: dict[str, list[str]] = {}
        for ref in refs:
            by_kind.setdefault(ref.kind, []).append(ref.id)
        return {
            (kind, one): (digest, version, modified, bool(dirty))
            for kind, ids in by_kind.items()
            for one, digest, version, modified, dirty in self._ask(_KNOWN, of=connection, kind_of=kind, ids=dump(ids))
        }

    def mark(self, records: Iterable[tuple[str, Ref]], *, dirty: bool) -> None:
        """Says that records have been decided about, or have to be decided about again."""
        by_kind: dict[tuple[str, str], list[str]] = {}
        for connection, ref in records:
            by_kind.setdefault((connection, ref.kind), []).append(ref.id)
        for (connection, kind), ids in by_kind.items():
            which = {"of": connection, "kind_of": kind, "ids": dump(ids)}
            self._connection.execute(_MARK, {**which, "now": dirty})

    def decided(self, records: Iterable[Key], seen: Mapping[Key, str]) -> None:
        """Says that records have been decided about, unless another worker has seen them otherwise since.

        Args:
            seen: their digests when they were read.
        """
        rows = [(False, key[0], key[1].kind, key[1].id, seen[key]) for key in records if key in seen]
        self._change(schema.observation, ("dirty",), ("connection", "kind", "id", "hash"), rows)

    def reconsider(self, digest: str) -> bool:
        """Has every live record decided about again, if that was done last under other words than those of the digest.

        What stayed where it was because of an old rule, or meant nothing, may cross under the new one.
        """
        table, basis = schema.observation, schema.basis
        known = self.read.basis("decided")
        if known == digest:
            return False
        if known:
            self._connection.execute(update(table).where(table.c.state == "live").values(dirty=True))
        self._upsert(basis, [{"name": "decided", "digest": digest}])
        return bool(known)
