"""Asking a CRM for certain records: those that took the place of others, and those that webhooks were about."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial

from leadbridge.adapter import Adapter, Missing, Record, Ref
from leadbridge.mapping import ConnectionMapping
from leadbridge.retry import Retry, call
from leadbridge.store import Store
from leadbridge.sync.aliases import answered

__all__ = ["Asking"]


class Asking:
    """Questions to one connection; what it answers is stored.

    Args:
        store: where that is.
        name: of the connection.
        mapping: of its kinds.
        adapter: what is asked.
        retry: how patient calls are.
    """

    def __init__(self, store: Store, name: str, mapping: ConnectionMapping, adapter: Adapter, retry: Retry) -> None:
        self.store, self.name, self.mapping, self.adapter, self.retry = store, name, mapping, adapter, retry

    def heirs(self, now: datetime) -> None:
        """Reads the records that took the place of others, and again those that took theirs."""
        asked: set[Ref] = set()
        while True:
            wanted = {ref for ref in self.store.successors(self.name) if ref.kind in self.mapping.kinds}
            missing = wanted - {o.ref for o in self.store.seen((self.name, ref) for ref in wanted)} - asked
            if not missing:
                return
            asked |= missing
            for records in self._fetched(missing, now, heirs=True):
                with self.store.transaction() as tx:
                    tx.observe(self.name, records)

    def hinted(self, now: datetime) -> int:
        """Asks about the records that webhooks named; returns how many were news.

        It comes after the streams: what ``fetch`` says is never late.
        """
        hints = self.store.hints(self.name)
        changed = 0
        for records in self._fetched({ref for ref in hints if ref.kind in self.mapping.kinds}, now):
            with self.store.transaction() as tx:
                changed += tx.observe(self.name, records)
                tx.sweeping.asked(self.name, [record.ref for record in records if record.state == "live"])
        if hints:
            with self.store.transaction() as tx:
                tx.forget_hints(self.name, hints)
        return changed

    def _fetched(self, refs: Collection[Ref], now: datetime, *, heirs: bool = False) -> Iterator[list[Record]]:
        """The records as they are now, kind by kind, with those that took the place of others or are gone."""
        for kind in sorted({ref.kind for ref in refs}):
            asked, reads = sorted(ref for ref in refs if ref.kind == kind), self.mapping.kinds[kind].reads
            answers = call(partial(self.adapter.fetch, asked, fields=reads), policy=self.retry)
            lost = [ref for ref, answer in zip(asked, answers, strict=True) if isinstance(answer, Missing)]
            known = self.store.seen((self.name, ref) for ref in lost)
            yield answered(asked, answers, known, now, heirs=heirs)
