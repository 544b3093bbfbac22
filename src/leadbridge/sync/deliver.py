"""Deliver: takes intents from the outbox to the CRMs and settles what came of them.

An intent is durable before its write is sent, and carries an op marker in the same request. A write whose answer was
lost is looked up before it is repeated: the marker on the record, or the record under our external key, proves that it
landed. An update happens only while the fields still hold what they held when it was planned. A forward-only field is
read back, because a CRM may answer yes and keep the old value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from leadbridge.adapter import Adapter, Missing, Receipt, Record, Ref, Write
from leadbridge.clock import Clock
from leadbridge.errors import AdapterError, TooManyRefused, Unavailable, named
from leadbridge.mapping import ConnectionMapping, KindMapping
from leadbridge.retry import Retry, call
from leadbridge.store import Intent, Place, Store, Worker
from leadbridge.sync.aliases import vanished
from leadbridge.sync.settle import Settlement, settle

__all__ = ["CLAIM", "Delivered", "deliver"]

CLAIM = timedelta(minutes=5)
"""How long a claim holds: longer than the longest batch, with its looking up before and its reading back after."""


@dataclass(slots=True)
class Delivered:
    """What became of the outbox, by connection.

    ``in_doubt`` counts writes whose answer was lost and not yet found, ``lost`` those that another worker took over
    because this one was away for too long.
    """

    applied: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    in_doubt: int = 0
    lost: int = 0
    failed: dict[str, AdapterError] = field(default_factory=dict)

    def add(self, connection: str, settlement: Settlement) -> None:
        """Counts what a batch came to."""
        self.applied[connection] += len(settlement.applied)
        self.refused[connection] += len(settlement.refused)
        self.dropped[connection] += len(settlement.dropped)
        self.lost += len(settlement.lost)

    @property
    def done(self) -> int:
        """Writes that happened."""
        return self.applied.total()


class _Outbox:
    """The delivery to one connection."""

    def __init__(
        self,
        store: Store,
        mapping: ConnectionMapping,
        adapter: Adapter,
        clock: Clock,
        retry: Retry,
        grace: timedelta,
        lasting: timedelta,
    ) -> None:
        self.store, self.mapping, self.adapter = store, mapping, adapter
        self.clock, self.retry, self.grace, self.lasting = clock, retry, grace, lasting

    def run(self, kind: KindMapping, batch: Sequence[Intent]) -> Settlement:
        """One batch: look up, mark as sent, send, read back, settle."""
        known, settlement = self._look(kind, batch)
        ready = [intent for intent in batch if intent.key not in settlement.settled]
        if ready:
            now = self.clock.now()
            with self.store.transaction() as tx:
                # Whoever was away for too long finds its intents claimed by another, and sends none of them.
                held = tx.outbox.sent(ready, now, now + self.lasting)
            sent = [intent for intent in ready if intent.key in held]
            settlement.lost |= {intent.key for intent in ready} - held
            for intent, receipt in zip(sent, self._send(sent, known), strict=True):
                settlement.receipt(intent, receipt, known.get(intent.key))
            self._read_back(kind, settlement)
            self._meet(settlement, known)
        settle(self.store, settlement, self.clock.now())
        return settlement

    def _look(self, kind: KindMapping, batch: Sequence[Intent]) -> tuple[dict[str, Record], Settlement]:
        """Finds out before sending: what has landed already, what is somebody's already, what has changed since."""
        settlement = Settlement(self.mapping.connection, kind, self.mapping.agreement)
        known: dict[str, Record] = {}
        updates = [intent for intent in batch if intent.action != "upsert"]
        if updates:
            refs = [intent.target for intent in updates]
            answers = call(lambda: self.adapter.fetch(refs, fields=kind.reads), policy=self.retry)
            for intent, answer in zip(updates, answers, strict=True):
                if settlement.precondition(intent, answer):
                    assert isinstance(answer, Record)
                    known[intent.key] = answer
            lost = [ref for ref, answer in zip(refs, answers, strict=True) if isinstance(answer, Missing)]
            places = [(self.mapping.connection, ref) for ref in lost]
            settlement.observe += vanished(self.store.seen(places), self.clock.now())
        creates = [intent for intent in batch if intent.action == "upsert"]
        doubtful = [intent for intent in creates if intent.attempts]
        if doubtful:
            ids = [intent.target.id for intent in doubtful]
            found = call(
                lambda: self.adapter.find(kind.kind, kind.own["id"], ids, fields=kind.reads), policy=self.retry
            )
            places = [(self.mapping.connection, record.ref) for records in found for record in records]
            owners = {link.ref: link.lead for link in self.store.links_of(places) if link.status == "live"}
            for intent, records in zip(doubtful, found, strict=True):
                settlement.made_before(intent, records, owners)
        self._still_there([i for i in creates if i.key not in settlement.settled], settlement)
        self._same_address([i for i in creates if i.key not in settlement.settled], settlement)
        return known, settlement

    def _still_there(self, creates: Sequence[Intent], settlement: Settlement) -> None:
        """Nobody is made of whom every record has been deleted since the write was planned."""
        links = [link for link in self.store.links({i.lead for i in creates}) if link.status == "live"]
        seen = {(o.connection, o.ref): o.record.state for o in self.store.seen((x.connection, x.ref) for x in links)}
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

    def _send(self, intents: Sequence[Intent], known: Mapping[str, Record]) -> list[Receipt]:
        # Where the CRM can, it refuses what somebody was faster with since we looked a moment ago.
        guarded = self.mapping.description.capabilities.conditional_writes
        versions = {key: record.version for key, record in known.items()} if guarded else {}
        writes = [Write(i.key, i.action, i.target, i.fields, versions.get(i.key)) for i in intents]
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
            tx.outbox.unsent(intents)

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

    def _meet(self, settlement: Settlement, known: Mapping[str, Record]) -> None:
        """Reads the records that were in the way of a write, so that the next round knows them."""
        kinds = self.mapping.kinds
        named = {i.key: receipt.ref if i.action == "upsert" else i.target for i, receipt in settlement.conflicts}
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
            kind = kinds[here.ref.kind if here is not None else intent.target.kind]
            settlement.conflict(intent, receipt, here, kind, known.get(intent.key))


class _Turn(NamedTuple):
    """Which steps are claimed in a turn: those that follow no other, or such that do; and whether only opt-outs."""

    first: bool
    opt_outs: bool


class _Line:
    """The intents of one connection, on their way: claimed batch by batch, in up to four turns.

    The first turn is of opt-outs, the second of everything else that follows no other step, the next ones are of steps
    that do: two suffice for clear, then set. A turn begins when all of the one before is settled, so that batches
    depend on no thread's speed.
    """

    def __init__(self, outbox: _Outbox, worker: Worker, lasting: timedelta, *, spent: bool) -> None:
        self.outbox, self.worker, self.lasting = outbox, worker, lasting
        self.name = outbox.mapping.connection
        self.running = 0
        self._behind: Place | None = None
        self._claimed = False
        with outbox.store.transaction() as tx:
            waiting = tx.outbox.waiting(self.name)
        self._widows = waiting.widows
        firsts = [True] * waiting.first + [False, False] * waiting.following
        self._turns = [_Turn(True, True)] * waiting.opt_outs + [_Turn(first, spent) for first in firsts]

    def stop(self) -> None:
        """Nothing more is claimed."""
        self._turns.clear()

    def claim(self) -> list[Intent]:
        """The next batch of this turn, or of the next one when this one is done; nothing: wait, or all is done."""
        while self._turns:
            batch = self._batch()
            if batch or self.running:
                return batch
            turn = self._turns.pop(0)
            if not (turn.first or self._claimed):
                self.stop()
            self._claimed, self._behind = False, None
        return []

    def _batch(self) -> list[Intent]:
        outbox, now = self.outbox, self.outbox.clock.now()
        with outbox.store.transaction() as tx:
            found = tx.outbox.claim(
                self.name,
                self.worker,
                now=now,
                until=now + self.lasting,
                sent_before=now - outbox.grace,
                limit=outbox.mapping.description.capabilities.write_batch,
                first=self._turns[0].first,
                opt_outs=self._turns[0].opt_outs,
                after=self._behind,
                widows=self._widows,
            )
            if not found:
                return []
            # A batch is of one kind and one action; what comes behind is claimed next.
            first = Place.of(found[0])
            batch = [intent for intent in found if Place.of(intent)[:2] == first[:2]]
            tx.outbox.release(found[len(batch) :])
        self._behind, self._claimed = Place.of(batch[-1]), True
        self.running += 1
        return batch

    def run(self, batch: Sequence[Intent]) -> Settlement:
        """Delivers a batch; whatever happens, what is left of it can be claimed again."""
        settled = False
        try:
            settlement = self.outbox.run(self.outbox.mapping.kinds[batch[0].target.kind], batch)
            settled = True
            return settlement
        finally:
            if not settled:
                with self.outbox.store.transaction() as tx:
                    tx.outbox.release(batch)


def deliver(
    store: Store,
    mappings: Mapping[str, ConnectionMapping],
    adapters: Mapping[str, Adapter],
    *,
    clock: Clock,
    retry: Retry,
    grace: timedelta,
    worker: Worker | None = None,
    workers: int = 4,
    lasting: timedelta = CLAIM,
    spent: Collection[str] = (),
    most_refused: Callable[[int], int] | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> Delivered:
    """Sends what is in the outbox for these connections, and settles it.

    Args:
        grace: how long a write whose answer was lost is left alone: its CRM may still be working on it.
        worker: who claims the intents; others may deliver at the same time.
        workers: most batches that are under way at once; with one, batches go in the order of planning.
        lasting: how long a claim holds without a sign of life.
        spent: connections whose calls of the day are used up: only opt-outs go there.
        most_refused: of so many writes, how many a CRM may refuse before it is left alone.
        progress: called with the connection and the number of intents of each batch.
    """
    result = Delivered()
    me = worker or Worker()
    lines = [
        _Line(_Outbox(store, mapping, adapters[name], clock, retry, grace, lasting), me, lasting, spent=name in spent)
        for name, mapping in mappings.items()
    ]
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="leadbridge-deliver") as pool:
        running: dict[Future[Settlement], tuple[_Line, int]] = {}
        while True:
            for line in lines:
                while len(running) < workers and (batch := line.claim()):
                    running[pool.submit(line.run, batch)] = (line, len(batch))
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                line, size = running.pop(future)
                line.running -= 1
                try:
                    settlement = future.result()
                except AdapterError as error:
                    line.stop()
                    result.failed[line.name] = named(error, line.name)
                    continue
                result.add(line.name, settlement)
                refused, sent = result.refused[line.name], result.applied[line.name] + result.refused[line.name]
                if most_refused is not None and refused > most_refused(sent):
                    line.stop()
                    result.failed[line.name] = TooManyRefused(
                        f"{refused:,} of {sent:,} writes were refused (sync.guards.max_refused): look at leadbridge "
                        "quarantine, then sync again",
                        connection=line.name,
                    )
                if progress is not None:
                    progress(line.name, size)
    result.in_doubt = sum(i.sent_at is not None for name in mappings for i in store.intents(connection=name))
    return result
