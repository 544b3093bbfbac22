"""Erasing a person from the database: everything but a receipt without personal data and keyed hashes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from secrets import token_hex

from sqlalchemy import delete, insert, select, tuple_

from leadbridge.adapter import Ref
from leadbridge.clock import to_us
from leadbridge.store import schema
from leadbridge.store.codec import dump
from leadbridge.store.erasure import Erasure, Suppression
from leadbridge.store.reading import SUPPRESSION
from leadbridge.store.writer import Writer

__all__ = ["Erasing"]

Key = tuple[str, Ref]

_OF_LEAD = (
    "base",
    "clock",
    "conflict",
    "fact",
    "intent",
    "link",
    "quarantine",
    "refold",
    "relation",
    "timer",
)
_OF_RECORD = ("handle", "hint", "observation", "relation")


class Erasing(Writer):
    """Erasures, inside one transaction."""

    def key(self) -> str:
        """The key of the hashes; made when it is first needed."""
        table = schema.keyring
        self._upsert(table, [{"name": SUPPRESSION, "key": token_hex(32)}], keep=("key",))
        return str(self._connection.execute(select(table.c.key).where(table.c.name == SUPPRESSION)).scalar_one())

    def suppress(self, named: Iterable[tuple[str, ...]], now: datetime) -> None:
        """Remembers what an erased person, or a record of one, could be recognised by."""
        hashed = Suppression(self.key(), frozenset())
        rows = [{"digest": hashed.digest(*parts), "since_us": to_us(now)} for parts in sorted(set(named))]
        self._upsert(schema.suppressed, rows, keep=("since_us",))

    def save(self, erasure: Erasure) -> None:
        """Stores how far an erasure has come."""
        row = {
            "id": erasure.id,
            "lead": erasure.lead,
            "begun_us": to_us(erasure.begun_at),
            "done_us": to_us(erasure.done_at) if erasure.done_at is not None else None,
            "records": dump(
                [
                    {
                        "connection": each.connection,
                        "kind": each.ref.kind,
                        "id": each.ref.id,
                        "state": each.state,
                        "reason": each.reason,
                    }
                    for each in erasure.records
                ]
            ),
            "counts": dump(dict(erasure.counts)),
        }
        self._connection.execute(delete(schema.erasure).where(schema.erasure.c.id == erasure.id))
        self._connection.execute(insert(schema.erasure), row)

    def stop_writes(self, lead: str) -> None:
        """Takes everything about a lead out of the outbox."""
        self._connection.execute(delete(schema.intent).where(schema.intent.c.lead == lead))

    def forget(self, lead: str, records: Iterable[Key]) -> dict[str, int]:
        """Removes everything that the database knows of a lead and of records; how many rows, by table."""
        gone: dict[str, int] = {}
        for name in _OF_LEAD:
            table = schema.metadata.tables[name]
            number = self._connection.execute(delete(table).where(table.c.lead == lead)).rowcount
            gone[name] = gone.get(name, 0) + number
        keys = sorted({(connection, ref.kind, ref.id) for connection, ref in records})
        for start in range(0, len(keys), 500):
            part = keys[start : start + 500]
            for name in _OF_RECORD:
                table = schema.metadata.tables[name]
                columns = tuple_(table.c.connection, table.c.kind, table.c.id)
                gone[name] = (
                    gone.get(name, 0) + self._connection.execute(delete(table).where(columns.in_(part))).rowcount
                )
            table = schema.quarantine
            columns = tuple_(table.c.connection, table.c.kind, table.c.record)
            gone["quarantine"] += self._connection.execute(delete(table).where(columns.in_(part))).rowcount
        return {name: number for name, number in gone.items() if number}
