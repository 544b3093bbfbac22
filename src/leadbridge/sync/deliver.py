"""Deliver: takes intents from the outbox to the CRMs and settles what came of them.

An intent is durable before its write is sent, and carries an op marker in the same request. A write whose answer was
lost is looked up before it is repeated: the marker on the record, or the record under our external key, proves that it
landed. An update happens only while the fields still hold what they held when it was planned. A forward-only field is
read back, because a CRM may answer yes and keep the old value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import groupby

from leadbridge.adapter import Adapter, Missing, Receipt, Record, Ref, Write
from leadbridge.clock import Clock
from leadbridge.errors import AdapterError, Unavailable, named
from leadbridge.mapping import ConnectionMapping, KindMapping
from leadbridge.retry import Retry, call
from leadbridge.store import Intent, Store
from leadbridge.sync.settle import Settlement, settle

__all__ = ["Delivered", "deliver"]


@dataclass(slots=True)
class Delivered:
    """What became of the outbox, by connection. ``in_doubt`` counts writes whose answer was lost and not yet found."""

    applied: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    in_doubt: int = 0
    failed: dict[str, AdapterError] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """Writes that happened."""
        return self.applied.total()


class _Outbox:
    """The delivery to one connection."""

    def __init__(
        self, store: Store, mapping: ConnectionMapping, adapter: Adapter, clock: Clock, retry: Retry, grace: timedelta
    ) -> None:
        self.store, self.mapping, self.adapter = store, mapping, adapter
        self.clock, self.retry, self.grace = clock, retry, grace

    def batches(self, intents: Sequence[Intent]) -> Iterator[tuple[KindMapping, list[Intent]]]:
        size = self.mapping.description.capabilities.write_batch

        def sort(intent: Intent) -> tuple[str, str]:
            return intent.target.kind, intent.action

        for (kind, _), group in groupby(sorted(intents, key=lambda i: (*sort(i), i.sequence)), key=sort):
            members = list(group)
            for start in range(0, len(members), size):
                yield self.mapping.kinds[kind], members[start : start + size]

    def run(self, kind: KindMapping, batch: Sequence[Intent]) -> Settlement:
        """One batch: look up, mark as sent, send, read back, settle."""
        known, settlement = self._look(kind, batch)
        ready = [intent for intent in batch if intent.key not in settlement.settled]
        if ready:
            now = self.clock.now()
            sent = [replace(intent, state="inflight", sent_at=now, attempts=intent.attempts + 1) for intent in ready]
            with self.store.transaction() as tx:
                tx.enqueue(sent)
            for intent, receipt in zip(sent, self._send(sent), strict=True):
                settlement.receipt(intent, receipt, known.get(intent.key))
            self._read_back(kind, settlement)
            self._meet(settlement)
        settle(self.store, settlement, self.clock.now())
        return settlement

    def _look(self, kind: KindMapping, batch: Sequence[Intent]) -> tuple[dict[str, Record], Settlement]:
        """Finds out before sending: what has landed already, what is somebody's already, what has changed since."""
        settlement = Settlement(self.mapping.connection, kind, self.mapping.agreement)
        known: dict[str, Record] = {}
        updates = [intent for intent in batch if intent.action == "update"]
        if updates:
            refs = [intent.target for intent in updates]
            answers = call(lambda: self.adapter.fetch(refs, fields=kind.reads), policy=self.retry)
            for intent, answer in zip(updates, answers, strict=True):
                if settlement.precondition(intent, answer):
                    assert isinstance(answer, Record)
                    known[intent.key] = answer
        creates = [intent for intent in batch if intent.action == "upsert"]
        doubtful = [intent for intent in creates if intent.attempts]
        if doubtful:
            ids = [intent.target.id for intent in doubtful]
            found = call(
                lambda: self.adapter.find(kind.kind, kind.own["id"], ids, fields=kind.reads), policy=self.retry
            )
            for intent, records in zip(doubtful, found, strict=True):
                settlement.made_before(intent, records)
        self._still_there([i for i in creates if i.key not in settlement.settled], settlement)
        self._same_address([i for i in creates if i.key not in settlement.settled], settlement)
        return known, settlement

    def _still_there(self, creates: Sequence[Intent], settlement: Settlement) -> None:
        """Nobody is made of whom every record has been deleted since the write was planned."""
        links = [link for link in self.store.links({i.lead for i in creates}) if link.status == "live"]
        seen = {(o.connection, o.ref): o.record.state for o in self.store.observations(refs=[x.ref for x in links])}
        there = {
            link.lead for link in links if seen.get((link.connection, link.ref)) in ("live", "converted", "merged")
        }
        for intent in creates:
            if intent.lead not in there:
                settlement.drop(intent, "the lead's record was deleted")

    def _same_address(self, creates: Sequence[Intent], settlement: Settlement) -> None:
        """Nobody is made twice: the address of a new record is looked up first, strongly consistent."""
        for kind in self.mapping.lead_kinds:
            creating = self.mapping.creating
            source = creating.fields.get("email") if creating else None
            email = kind.fields.get("email")
            asked = [intent for intent in creates if source and intent.fields.get(source)]
            if not email or not asked:
                continue
            values = [str(intent.fields[str(source)]) for intent in asked]
            found = call(
                lambda kind=kind, email=email, values=values: self.adapter.find(  # type: ignore[misc]  # bound per turn
                    kind.kind, email, values, fields=kind.reads
                ),
                policy=self.retry,
            )
            waiting = {item.fingerprint for item in self.store.quarantined()} if any(found) else set()
            for intent, records in zip(asked, found, strict=True):
                settlement.same_person(intent, [r for r in records if r.state == "live"], kind, waiting)

    def _send(self, intents: Sequence[Intent]) -> list[Receipt]:
        writes = [Write(i.key, i.action, i.target, i.fields) for i in intents]
        try:
            return call(lambda: self.adapter.apply(writes), policy=self.retry, repeatable=False)
        except Unavailable as error:
            if error.sent:
                return [Receipt(intent.key, "unknown") for intent in intents]
            self._unsend(intents)
            raise
        except AdapterError:
            self._unsend(intents)
            raise

    def _unsend(self, intents: Sequence[Intent]) -> None:
        with self.store.transaction() as tx:
            tx.enqueue([replace(i, state="pending", sent_at=None, attempts=i.attempts - 1) for i in intents])

    def _read_back(self, kind: KindMapping, settlement: Settlement) -> None:
        forward = {name for name, info in kind.info.fields.items() if info.forward_only}
        # A new record is read back as well: what its CRM filled in by itself is no change that somebody made.
        asked = [
            (intent, receipt.ref)
            for intent, receipt in settlement.applied
            if receipt.ref is not None and (intent.action == "upsert" or forward & set(intent.fields))
        ]
        if not asked:
            return
        refs: list[Ref] = [ref for _, ref in asked]
        answers = call(lambda: self.adapter.fetch(refs, fields=kind.reads), policy=self.retry)
        for (intent, _), answer in zip(asked, answers, strict=True):
            settlement.read_back(intent, answer, forward)

    def _meet(self, settlement: Settlement) -> None:
        """Reads the records that were in the way of a write, so that the next round knows them."""
        kinds = self.mapping.kinds
        named = {i.key: i.target if i.action == "update" else receipt.ref for i, receipt in settlement.conflicts}
        refs = sorted({ref for ref in named.values() if ref is not None and ref.kind in kinds})
        met: dict[Ref | None, Record | Missing] = {}
        for name in sorted({ref.kind for ref in refs}):
            wanted = [ref for ref in refs if ref.kind == name]
            reads = kinds[name].reads
            answers = call(
                lambda wanted=wanted, reads=reads: self.adapter.fetch(wanted, fields=reads),  # type: ignore[misc]  # ditto
                policy=self.retry,
            )
            met.update(zip(wanted, answers, strict=True))
        for intent, receipt in settlement.conflicts:
            ref = named[intent.key]
            here = met.get(ref)
            settlement.conflict(intent, receipt, here, kinds[here.ref.kind if here is not None else intent.target.kind])


def deliver(
    store: Store,
    mappings: Mapping[str, ConnectionMapping],
    adapters: Mapping[str, Adapter],
    *,
    clock: Clock,
    retry: Retry,
    grace: timedelta,
    progress: Callable[[str, int], None] | None = None,
) -> Delivered:
    """Sends what is in the outbox for these connections, and settles it.

    Args:
        grace: how long a write whose answer was lost is left alone: its CRM may still be working on it.
        progress: called with the connection and the number of intents of each batch.
    """
    result = Delivered()
    for name, mapping in mappings.items():
        outbox = _Outbox(store, mapping, adapters[name], clock, retry, grace)
        # Steps that wait for another one come in the next turn; two turns suffice for clear, then set.
        for _ in range(3):
            intents = store.intents(connection=name)
            waiting = {intent.key for intent in intents}
            now = clock.now()
            ready = [
                intent
                for intent in intents
                if intent.after not in waiting and not (intent.sent_at is not None and now < intent.sent_at + grace)
            ]
            if not ready or name in result.failed:
                break
            for kind, batch in outbox.batches(ready):
                try:
                    settlement = outbox.run(kind, batch)
                except AdapterError as error:
                    result.failed[name] = named(error, name)
                    break
                result.applied[name] += len(settlement.applied)
                result.refused[name] += len(settlement.refused)
                result.dropped[name] += len(settlement.dropped)
                if progress is not None:
                    progress(name, len(batch))
        result.in_doubt += sum(intent.sent_at is not None for intent in store.intents(connection=name))
    return result
