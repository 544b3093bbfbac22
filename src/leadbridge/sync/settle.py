"""What a batch of writes came to, and the one transaction that stores it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from leadbridge.adapter import Fields, Missing, Receipt, Record, Ref, Value
from leadbridge.agreement.crosswalk import AXES
from leadbridge.domain.facts import Fact, LeadLinked, WriteApplied, WriteRefused
from leadbridge.mapping import KindMapping
from leadbridge.store import Intent, Link, Quarantined, Reader, Store, Transaction
from leadbridge.sync.identity import unclear
from leadbridge.sync.refusals import refusal, refused_fields, set_aside

__all__ = ["Settlement", "settle"]


_TOLD = frozenset({"owner", "opted_out", *AXES})
"""What facts are told about when a record says it."""


@dataclass(slots=True)
class Settlement:
    """What is known about a batch of intents of one kind; filled step by step, stored by :func:`settle`.

    Attributes:
        agreement: the version of the agreement under which it is delivered.
        applied: intents that happened, with their receipts.
        refused: intents that the CRM refused, with the reason.
        dropped: intents that no longer make sense, with the reason; their leads are decided about again.
        unknown: intents whose answer was lost.
        observe: records that were met on the way and differ from what we knew.
        lost: keys of intents that another worker has claimed since.
        conflicts: intents that something kept from happening, with what the CRM said; see :meth:`conflict`.
        born: keys of intents whose new record was read back at once: what it holds beyond ours is the CRM's default.
            True when its version proves that nobody touched it; else only the axes are believed to be defaults.
    """

    connection: str
    kind: KindMapping
    agreement: int
    applied: list[tuple[Intent, Receipt]] = field(default_factory=list)
    refused: list[tuple[Intent, str]] = field(default_factory=list)
    dropped: list[tuple[Intent, str]] = field(default_factory=list)
    unknown: list[Intent] = field(default_factory=list)
    observe: list[Record] = field(default_factory=list)
    conflicts: list[tuple[Intent, Receipt]] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    records: dict[str, Record] = field(default_factory=dict)
    born: dict[str, bool] = field(default_factory=dict)

    @property
    def intents(self) -> list[Intent]:
        """Everything that something is known about."""
        return [intent for intent, _ in [*self.applied, *self.refused, *self.dropped]] + self.unknown

    def forget(self, keys: Collection[str]) -> None:
        """Leaves out what another worker has taken over."""
        self.lost |= set(keys)
        self.applied = [pair for pair in self.applied if pair[0].key not in keys]
        self.refused = [pair for pair in self.refused if pair[0].key not in keys]
        self.dropped = [pair for pair in self.dropped if pair[0].key not in keys]
        self.unknown = [intent for intent in self.unknown if intent.key not in keys]

    def _landed(self, intent: Intent, record: Record) -> None:
        self.applied.append((intent, Receipt(intent.key, "applied", record.ref, record.version)))
        self.records[intent.key] = record
        self.settled.add(intent.key)

    def drop(self, intent: Intent, reason: str) -> None:
        """Gives a write up that no longer makes sense."""
        self.dropped.append((intent, reason))
        self.settled.add(intent.key)

    def precondition(self, intent: Intent, answer: Record | Missing) -> bool:
        """Whether an update may be sent, given what its record is right now."""
        if isinstance(answer, Missing):
            self.drop(intent, "the record is gone")
            return False
        op = self.kind.own.get("op")
        if intent.attempts and op and answer.fields.get(op) == intent.key:
            self._landed(intent, answer)
            return False
        if answer.state != "live" or answer.ref != intent.target:
            self.observe.append(answer)
            self.drop(intent, f"the record is {answer.state}")
            return False
        if not _still(intent, answer):
            self.observe.append(answer)
            self.drop(intent, "somebody was faster")
            return False
        return True

    def made_before(self, intent: Intent, records: Sequence[Record], owners: Mapping[Ref, str]) -> None:
        """A creation whose answer was lost: a record under our key proves that it happened.

        Args:
            owners: the leads that records stand for. One that took ours in by a merge bears our key and stays theirs.
        """
        ours = [record for record in records if owners.get(record.ref, intent.lead) == intent.lead]
        if not ours:
            if records:
                self.settled.add(intent.key)
                keys = (self.kind.fields.get("email", ""), self.kind.fields.get("external_id", ""))
                self.refused.append((intent, f"DUPLICATE: {', '.join(keys)}"))
            return
        record = next((record for record in ours if record.state == "live"), ours[0])
        self._landed(intent, record)
        if record.state != "live":
            # It was made, and a person has deleted or converted it since: that is not undone.
            self.observe.append(record)

    def same_person(
        self, intent: Intent, records: Sequence[Record], kind: KindMapping, waiting: Collection[str]
    ) -> None:
        """A record with the address of somebody who was about to be made.

        Args:
            waiting: fingerprints of the records of which a person has to say who they are.
        """
        others = [r for r in records if kind.own_value("id", r.fields) != intent.target.id]
        if not others or intent.key in self.settled:
            return
        if any(unclear(self.connection, other.ref) in waiting for other in others):
            self.settled.add(intent.key)
            self.refused.append((intent, f"DUPLICATE: {kind.fields['email']}"))
        elif not all(kind.own_value("id", other.fields) for other in others):
            self.observe.extend(others)
            self.drop(intent, "a record with this email exists")

    def receipt(self, intent: Intent, receipt: Receipt, known: Record | None) -> None:
        """The CRM's answer to one write."""
        self.settled.add(intent.key)
        if receipt.outcome in ("applied", "unchanged"):
            self.applied.append((intent, receipt))
            if known is not None:
                self.records[intent.key] = Record(
                    known.ref,
                    receipt.version or known.version,
                    known.modified_at,
                    {**known.fields, **self._sent(intent, receipt)},
                    "deleted" if intent.action == "archive" else known.state,
                    known.successor,
                )
        elif receipt.outcome == "conflict":
            self.conflicts.append((intent, receipt))
        elif receipt.outcome == "rejected":
            self.refused.append((intent, receipt.reason))
        else:
            self.unknown.append(intent)

    def _sent(self, intent: Intent, receipt: Receipt) -> Mapping[str, Value]:
        """What the record holds because of a write: with its marker, or else our own write would come back as news.

        An owner, a consent or a place in the lifecycle is news all the same: that it has arrived is a fact to be told.
        """
        op = self.kind.own.get("op")
        told = any(name in _TOLD for agreed in intent.agreed.values() for name in agreed)
        marked = op is not None and receipt.outcome == "applied" and intent.action != "archive" and not told
        return {**intent.fields, str(op): intent.key} if marked else intent.fields

    def conflict(
        self,
        intent: Intent,
        receipt: Receipt,
        here: Record | Missing | None,
        kind: KindMapping,
        known: Record | None = None,
    ) -> None:
        """Something was in the way: it is decided again, or waits for a person if it would be in the way again.

        Args:
            here: for an update its record as it is now, for a creation the record that the CRM named.
            kind: of that record.
            known: for an update its record as it was right before the write.
        """
        if isinstance(here, Record):
            self.observe.append(here)
        if intent.action != "upsert":
            # A record that moved on or went since we looked explains the conflict: what is there now is decided about.
            there = isinstance(here, Record) and here.state == "live" and here.ref == intent.target
            moved = isinstance(here, Record) and known is not None and here.version != known.version
            again = isinstance(here, Record) and there and not moved and _still(intent, here)
        else:
            owner = kind.own_value("id", here.fields) if isinstance(here, Record) else intent.target.id
            again = not isinstance(here, Record) or (bool(owner) and owner != intent.target.id)
        if again:
            self.refused.append((intent, receipt.reason or "DUPLICATE"))
        else:
            self.dropped.append((intent, receipt.reason or "conflict"))

    def read_back(self, intent: Intent, answer: Record | Missing, forward: Collection[str]) -> None:
        """What the record holds after the write, whatever the CRM answered."""
        if isinstance(answer, Missing):
            return
        kept = [
            name
            for name in intent.fields
            if name in forward
            and (answer.fields.get(name) or None) != (intent.fields[name] or None)
            and (answer.fields.get(name) or None) == (intent.expect.get(name) or None)
        ]
        # One that was found after a lost answer may have been worked on for hours: nothing in it is a default.
        if intent.action == "upsert" and answer.state == "live" and intent.key not in self.records:
            receipt = next(receipt for each, receipt in self.applied if each.key == intent.key)
            if receipt.version in (None, answer.version):
                self.born[intent.key] = receipt.version is not None
        self.records[intent.key] = answer
        if kept:
            self.applied = [pair for pair in self.applied if pair[0].key != intent.key]
            self.refused.append((intent, f"SILENTLY_KEPT: {', '.join(kept)}"))


def _still(intent: Intent, record: Record) -> bool:
    """Whether the fields of an update hold what they held when it was planned."""
    names = intent.fields.keys() | intent.expect.keys()
    return all((record.fields.get(name) or None) == (intent.expect.get(name) or None) for name in names)


def _as_expected(before: Record | None, intent: Intent, after: Record, kind: KindMapping) -> bool:
    """Whether a record is what we knew with our write in it; if not, a person worked on it meanwhile."""
    known = {**(before.fields if before is not None else {}), **intent.fields}
    op = kind.own.get("op", "")
    if {**known, op: None} == {**after.fields, op: None}:
        return True  # the same to the letter, save the marker
    names = [name for name in kind.reads if name != kind.own.get("op")]
    return all((after.fields.get(name) or None) == (known.get(name) or None) for name in names)


def _refused(store: Reader, settlement: Settlement) -> list[Quarantined]:
    """What has to wait, with what is known of the records by now."""
    places = [(settlement.connection, intent.target) for intent, _ in settlement.refused]
    known = {o.ref: o.record.fields for o in store.seen(places)}
    known |= {record.ref: record.fields for record in settlement.observe}
    return set_aside(settlement.refused, settlement.kind, known)


def _overcome(store: Reader, settlement: Settlement) -> list[str]:
    """Refusals that are settled now: the same field of the same lead was written after all."""
    waiting = store.quarantined(leads={intent.lead for intent, _ in settlement.applied})
    if not waiting:
        return []
    written = {(intent.lead, name) for intent, _ in settlement.applied for name in intent.fields}
    # A value that this very write took back is not overcome by it.
    undone = {
        refusal(intent.lead, intent.connection, name, intent.expect.get(name))
        for intent, _ in settlement.applied
        for name in intent.fields
    }
    return [
        item.fingerprint
        for item in waiting
        if item.origin in ("crm", "person")
        and item.connection == settlement.connection
        and (item.lead, item.subject) in written
        and item.fingerprint not in undone
    ]


def settle(store: Store, settlement: Settlement, now: datetime) -> None:
    """Stores what a batch came to: facts, links, bases, observations and the intents' new states, together.

    Of intents that another worker has claimed since, nothing is stored: it looks up itself what became of them.
    """
    intents = settlement.intents
    with store.transaction() as tx:
        tx.alone_with(intent.lead for intent in intents)
        settlement.forget({intent.key for intent in intents} - tx.outbox.held(intents))
        _store(tx, tx.read, settlement, now)


def _refusals(settlement: Settlement, now: datetime) -> list[Fact]:
    return [
        WriteRefused(
            lead=intent.lead,
            occurred_at=now,
            recorded_at=now,
            actor="leadbridge",
            system=settlement.connection,
            agreement=settlement.agreement,
            intent=intent.key,
            refused=tuple(refused_fields(intent, reason)),
            reason=reason,
        )
        for intent, reason in settlement.refused
    ]


def _links(settlement: Settlement) -> list[Link]:
    """The links that writes made and ended."""
    links = []
    for intent, receipt in settlement.applied:
        if intent.action == "upsert":
            links.append(Link(settlement.connection, receipt.ref or intent.target, intent.lead))
        elif intent.action == "archive":
            links.append(Link(settlement.connection, receipt.ref or intent.target, intent.lead, "gone"))
    return links


def _applied(settlement: Settlement, now: datetime) -> Iterator[Fact]:
    connection, version = settlement.connection, settlement.agreement
    for intent, receipt in settlement.applied:
        written = tuple(sorted(intent.fields))
        yield WriteApplied(
            lead=intent.lead,
            occurred_at=now,
            recorded_at=now,
            actor="leadbridge",
            system=connection,
            agreement=version,
            intent=intent.key,
            written=written,
        )
        if intent.action == "upsert":
            ref = receipt.ref or intent.target
            yield LeadLinked(
                lead=intent.lead,
                occurred_at=now,
                recorded_at=now,
                actor="leadbridge",
                system=connection,
                agreement=version,
                kind=ref.kind,
                record=ref.id,
                how="created",
            )


def _agreed(settlement: Settlement, bases: Mapping[tuple[str, str], Fields]) -> dict[tuple[str, str], Fields]:
    """The bases that are other than before: what was sent on one side, what it was planned from on the other."""
    agreed: dict[tuple[str, str], Fields] = {}
    for intent, _ in settlement.applied:
        if intent.key in settlement.born:
            said = settlement.kind.read(settlement.records[intent.key].fields)
            untouched = settlement.born[intent.key]
            defaults = {n: v for n, v in said.items() if untouched or n in AXES}
            agreed[intent.lead, settlement.connection] = defaults
        for side, values in intent.agreed.items():
            place = (intent.lead, side)
            known = agreed.get(place, bases.get(place))
            if values or known is None:
                agreed[place] = {**(known or {}), **values}
    return agreed


def _observed(store: Reader, settlement: Settlement, now: datetime) -> list[Record]:
    """The records as our writes left them; those on which a person has worked meanwhile are news."""
    connection, kind = settlement.connection, settlement.kind
    left: list[tuple[Intent, Record]] = []
    for intent, receipt in settlement.applied:
        record = settlement.records.get(intent.key)
        if record is None and intent.action == "upsert":
            ref, version = receipt.ref or intent.target, receipt.version or ""
            record = Record(ref, version, now, dict.fromkeys(kind.reads) | dict(intent.fields))
        if record is not None:
            left.append((intent, record))
    met = {record.ref for record in settlement.observe}
    before = {o.ref: o.record for o in store.seen((connection, record.ref) for _, record in left)}
    ours: list[Record] = []
    for intent, record in left:
        expected = record.ref not in met and _as_expected(before.get(record.ref), intent, record, kind)
        (ours if expected else settlement.observe).append(record)
    return ours


def _store(tx: Transaction, store: Reader, settlement: Settlement, now: datetime) -> None:
    connection = settlement.connection
    ended = [*settlement.refused, *settlement.dropped]
    leads = {intent.lead for intent, _ in settlement.applied}
    bases, over, ours = store.bases(leads), _overcome(store, settlement), _observed(store, settlement, now)
    keys = {intent.key for intent, _ in ended}
    open_ = store.intents(leads={intent.lead for intent, _ in ended}, connection=connection) if ended else []
    again = [
        (link.connection, link.ref)
        for link in store.links({intent.lead for intent, _ in ended})
        if link.status == "live"
    ]
    tx.append([*_applied(settlement, now), *_refusals(settlement, now)])
    tx.save_links(_links(settlement))
    tx.save_bases(_agreed(settlement, bases))
    tx.outbox.end((intent.key for intent, _ in settlement.applied), "done")
    # What a new record held when it was born tells later whether anybody has worked on it.
    tx.outbox.born({key: settlement.records[key].fields for key in settlement.born})
    tx.outbox.end((intent.key for intent in settlement.unknown), "unknown")
    for state, intents in (("refused", settlement.refused), ("dropped", settlement.dropped)):
        for why in dict.fromkeys(reason for _, reason in intents):
            tx.outbox.end((intent.key for intent, reason in intents if reason == why), state, why)
    followers = (intent.key for intent in open_ if intent.after in keys)
    tx.outbox.end(followers, "dropped", "the step before it did not happen")
    tx.quarantine(_refused(store, settlement), now)
    tx.resolve(over, now)
    tx.observe(connection, ours, dirty=False, late=True)
    tx.observe(connection, settlement.observe)
    # Known or not: what was met on the way has a part in what is decided next.
    tx.mark(((connection, record.ref) for record in settlement.observe), dirty=True)
    tx.mark(again, dirty=True)
