"""What stands between the engine and a simulated CRM: others get in its way, and everything that passes is noted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from leadbridge.adapter import Description, Missing, Page, Receipt, Record, Ref, Write
from leadbridge.memory import MemoryAdapter
from leadbridge.testing.invariants import Sent

if TYPE_CHECKING:
    from tests.sync.world import World


class Meddled:
    """An adapter in whose way others get: people edit between its requests, and writes may land after a time-out."""

    def __init__(self, world: World, side: str, inner: MemoryAdapter) -> None:
        self.world, self.side, self.inner = world, side, inner

    def describe(self) -> Description:
        return self.inner.describe()

    def changes(self, kind: str, since: str | None, *, fields: Sequence[str], limit: int) -> Page:
        # Short pages, so that every stream has borders.
        page = self.inner.changes(kind, since, fields=fields, limit=min(limit, 3))
        self._shown("changes", page.items)
        self.world.meddle()
        return page

    def ids(self, kind: str, cursor: str | None, *, archived: bool, limit: int) -> Page:
        return self.inner.ids(kind, cursor, archived=archived, limit=limit)

    def find(self, kind: str, field: str, values: Sequence[str], *, fields: Sequence[str]) -> list[tuple[Record, ...]]:
        self.world.meddle()
        answer = self.inner.find(kind, field, values, fields=fields)
        self._shown("find", [record for found in answer for record in found])
        return answer

    def fetch(self, refs: Sequence[Ref], *, fields: Sequence[str]) -> list[Record | Missing]:
        self.world.meddle()
        answer = self.inner.fetch(refs, fields=fields)
        self._shown("fetch", answer)
        return answer

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        self._note("apply", writes)
        intents = {intent.key: intent for intent in self.world.store.intents(connection=self.side)}
        for write in writes:
            intent = intents.get(write.key)
            durable = intent is not None and intent.sent_at is not None and intent.fields == write.fields
            known = intent is not None and (write.action == "upsert" or write.fields.keys() <= intent.expect.keys())
            self.world.sent.append(Sent(write.key, durable, known))
        if self.world.late_answers():
            self.world.zombies.append((self.world.clock.now(), lambda: self.inner.apply(writes)))
            return [Receipt(write.key, "unknown") for write in writes]
        receipts = self.inner.apply(writes)
        self.world.landed += sum(receipt.outcome == "applied" for receipt in receipts)
        return receipts

    def close(self) -> None:
        self.inner.close()

    def _shown(self, operation: str, items: Iterable[object]) -> None:
        self._note(operation, items)
        for item in items:
            if isinstance(item, Record):
                self.world.shown[self.side, item.ref].add(item.version)

    def _note(self, operation: str, items: Iterable[object]) -> None:
        digest = sha256("".join(f"{_full(item)};" for item in items).encode()).hexdigest()[:16]
        self.world.trace.append(f"{self.world.clock.now().isoformat()} {self.side} {operation} {digest}")


def _full(item: object) -> str:
    """Everything about a record or a write; their own representations leave the content out."""
    return f"{item!r} {sorted(item.fields.items(), key=str)!r}" if isinstance(item, Record | Write) else repr(item)
