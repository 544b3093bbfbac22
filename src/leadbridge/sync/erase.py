"""Erasing a person: from both CRMs as far as they let a program do it, then from the database.

A plan comes first and changes nothing. Carrying it out can stop anywhere and be done again: what was begun is kept,
with what the person could be recognised by as keyed hashes, before the first record is erased. While it is under way
a sync leaves the person alone; when it is done nothing is left but a receipt. Whoever appears under the same address
later is for a person to decide about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import uuid4

from leadbridge.adapter import Adapter, Erase, Missing, Receipt, Record, Ref
from leadbridge.errors import AdapterError, ConfigError, StoreBusy, named
from leadbridge.mapping import ConnectionMapping
from leadbridge.retry import Retry, call
from leadbridge.store import Doomed, Erasure, Store

__all__ = ["Eraser", "ErasurePlan"]

Key = tuple[str, Ref]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """What erasing a lead comes to, before or after it was done. Holds ids only.

    Attributes:
        lead: whom it is about; ``None`` once nothing is left to do.
        records: the records in the CRMs, with what became of each.
        receipt: the id of what is kept as proof, once it was begun.
        removed: rows that were removed from the database, and records that were erased, by name.
    """

    lead: str | None
    records: tuple[Doomed, ...] = ()
    receipt: str = ""
    removed: Mapping[str, int] | None = None

    @property
    def done(self) -> bool:
        """Whether nothing is left of the person here and nothing has to be done by hand."""
        return self.lead is None

    @property
    def by_hand(self) -> tuple[Doomed, ...]:
        """What a person has to erase."""
        return tuple(each for each in self.records if each.state == "by_hand")

    def summary(self) -> str:
        """What would be removed and what a person has to do, in lines; no personal data."""
        lines = []
        if self.done:
            lines.append("nothing is left of this person here")
        elif not self.receipt:
            lines.append(f"erasing lead {self.lead} would remove, for good:")
        else:
            lines.append(f"erasing lead {self.lead} is under way:")
        said = {"open": "to be erased", "erased": "gone", "by_hand": "by hand"}
        for each in self.records:
            why = f": {each.reason}" if each.reason else ""
            lines.append(f"  {each.connection}: {each.ref.kind} {each.ref.id} {said[each.state]}{why}")
        if not self.done and self.removed is None:
            lines.append("  here: its facts, values, conflicts and writes; keyed hashes stay, to notice a re-import")
        if self.by_hand:
            lines.append("when that is done, run the same command again")
        if self.removed:
            lines.append("removed: " + ", ".join(f"{number} {name}" for name, number in sorted(self.removed.items())))
        if self.receipt:
            lines.append(f"receipt {self.receipt}")
        return "\n".join(lines)

    __str__ = summary

    def to_dict(self) -> dict[str, object]:
        """The same as JSON values."""
        return {
            "lead": self.lead,
            "done": self.done,
            "receipt": self.receipt,
            "records": [
                {
                    "connection": each.connection,
                    "kind": each.ref.kind,
                    "record": each.ref.id,
                    "state": each.state,
                    "reason": each.reason,
                }
                for each in self.records
            ],
            "removed": dict(self.removed or {}),
        }


class Eraser:
    """Erases people from CRMs and from the database.

    Args:
        off: connections that must not be written: there, a person does it.
        grace: how long a write whose answer was lost may still happen.
    """

    def __init__(
        self,
        store: Store,
        mappings: Mapping[str, ConnectionMapping],
        adapters: Mapping[str, Adapter],
        *,
        off: Collection[str],
        retry: Retry,
        grace: timedelta,
    ) -> None:
        self.store, self.mappings, self.adapters = store, mappings, adapters
        self.off, self.retry, self.grace = off, retry, grace

    def find(self, who: str, ledger: Callable[[str], str]) -> str | None:
        """The lead that somebody is known by; ``None`` when it was erased already.

        Args:
            who: a lead id, the id of a record, or an address.
            ledger: finds a lead that nobody has begun to erase.

        Raises:
            ConfigError: nobody is known by this, and nobody was.
        """
        key = who.strip()
        for erasure in self.store.erasures(done=False):
            if erasure.lead is not None and (key == erasure.lead or key in {each.ref.id for each in erasure.records}):
                return erasure.lead
        try:
            return ledger(key)
        except ConfigError:
            suppression = self.store.suppression()
            records = [
                ("record", name, kind.kind, key)
                for name, mapping in self.mappings.items()
                for kind in mapping.lead_kinds
            ]
            if any(suppression.holds(*parts) for parts in [("id", key), ("email", key.lower()), *records]):
                return None
            raise

    def plan(self, lead: str) -> ErasurePlan:
        """What erasing a lead would remove. Reads the CRMs, changes nothing."""
        begun = self._begun(lead)
        return ErasurePlan(lead, self._looked_up(self._records(lead, begun)), begun.id if begun else "")

    def carry_out(self, lead: str, now: datetime) -> ErasurePlan:
        """Erases a lead, or goes on with it.

        Raises:
                StoreBusy: a write about the lead was sent just now and its answer is missing.
            AdapterError: a CRM does not answer; what was done stays done, and the same call goes on with it.
        """
        erasure = self._begun(lead) or Erasure(uuid4().hex[:12], lead, now)
        self._wait_for_writes(lead, now)
        records = self._looked_up(self._records(lead, erasure))
        erasure, known = replace(erasure, records=records), self._known_by(lead, records)
        with self.store.transaction() as tx:
            tx.erasing.suppress(known, now)
            tx.erasing.stop_writes(lead)
            tx.erasing.save(erasure)
        for name in sorted(self.mappings):
            erasure = self._erased(name, erasure)
        left = [each for each in erasure.records if each.state != "erased"]
        keys = [(each.connection, each.ref) for each in erasure.records]
        related = self._of_nobody_else(lead)
        with self.store.transaction() as tx:
            tx.erasing.suppress((("record", name, ref.kind, ref.id) for name, ref in related), now)
            rows = tx.erasing.forget(lead, [*keys, *related])
            counts = Counter(erasure.counts)
            counts.update({f"{name} rows": number for name, number in rows.items()})
            erasure = replace(erasure, counts=dict(counts))
            if not left:
                gone = Counter(f"{each.connection} records" for each in erasure.records)
                erasure = replace(erasure, counts=dict(counts + gone)).receipt(now)
            tx.erasing.save(erasure)
        self.store.tidy()
        records = () if erasure.done_at else erasure.records
        return ErasurePlan(erasure.lead, records, erasure.id, erasure.counts)

    # -- what there is -------------------------------------------------------------------------------------------------

    def _begun(self, lead: str) -> Erasure | None:
        return next((each for each in self.store.erasures(done=False) if each.lead == lead), None)

    def _records(self, lead: str, begun: Erasure | None) -> dict[Key, Doomed]:
        """Every record that ever stood for the lead, and those that carry our key: one may have been made unseen."""
        found = {(each.connection, each.ref): each for each in (begun.records if begun else ())}
        for link in self.store.links([lead]):
            found.setdefault((link.connection, link.ref), Doomed(link.connection, link.ref))
        for name, mapping in self.mappings.items():
            for kind in mapping.lead_kinds:
                if "id" not in kind.own:
                    continue
                find = partial(self.adapters[name].find, kind.kind, kind.own["id"], [lead], fields=())
                for record in self._asked(name, find)[0]:
                    found.setdefault((name, record.ref), Doomed(name, record.ref))
        return found

    def _looked_up(self, records: Mapping[Key, Doomed]) -> tuple[Doomed, ...]:
        """The records with what can be done about each, as they are now."""
        mine = set(records)
        found: dict[Key, Doomed] = {}
        for name in sorted({name for name, _ in records}):
            if name not in self.mappings:
                raise ConfigError(f"there is a record in {name}, which is not open: open the bridge with it as well")
            refs = sorted(ref for other, ref in records if other == name)
            for ref, answer in zip(refs, self._fetched(name, refs), strict=True):
                if isinstance(answer, Missing):
                    found[name, ref] = Doomed(name, ref, "erased")
                elif answer.ref != ref:
                    found[name, ref] = Doomed(name, ref, "erased", f"became {answer.ref.kind} {answer.ref.id}")
                    heir = (name, answer.ref)
                    if heir not in mine and not self.store.links_of([heir]):
                        found[heir] = self._doomed(name, answer.ref)
                else:
                    found[name, ref] = self._doomed(name, ref)
        return tuple(found[key] for key in sorted(found))

    def _doomed(self, name: str, ref: Ref) -> Doomed:
        if name in self.off:
            return Doomed(name, ref, "by_hand", "writes are off for this connection: delete it there for good")
        if not isinstance(self.adapters[name], Erase):
            return Doomed(name, ref, "by_hand", "this CRM lets no program erase: delete it there, and from its bin too")
        return Doomed(name, ref)

    def _fetched(self, name: str, refs: Iterable[Ref]) -> list[Record | Missing]:
        """The records as they are now, in the order asked for."""
        answers: dict[Ref, Record | Missing] = {}
        asked = list(refs)
        for kind in sorted({ref.kind for ref in asked}):
            part = [ref for ref in asked if ref.kind == kind]
            known = self.mappings[name].kinds.get(kind)
            reads = known.reads if known is not None else ()
            fetch = partial(self.adapters[name].fetch, part, fields=reads)
            answers.update(zip(part, self._asked(name, fetch), strict=True))
        return [answers[ref] for ref in asked]

    def _asked(self, name: str, work: Callable[[], T]) -> T:
        try:
            return call(work, policy=self.retry)
        except AdapterError as error:
            raise named(error, name) from None

    def _known_by(self, lead: str, records: Iterable[Doomed]) -> set[tuple[str, ...]]:
        """Everything that the person, or a record of the person, can be recognised by."""
        known: set[tuple[str, ...]] = {("id", lead)}
        said = list(self.store.bases([lead]).values())
        for each in records:
            known.add(("record", each.connection, each.ref.kind, each.ref.id))
            kind = self.mappings[each.connection].kinds.get(each.ref.kind)
            if kind is not None:
                seen = self.store.seen([(each.connection, each.ref)])
                said += [kind.read(observation.record.fields) for observation in seen]
                fresh = self._fetched(each.connection, [each.ref])
                said += [kind.read(answer.fields) for answer in fresh if isinstance(answer, Record)]
        for values in said:
            for name in ("email", "external_id"):
                value = values.get(name)
                if isinstance(value, str) and value:
                    known.add((name, value))
        return known

    def _of_nobody_else(self, lead: str) -> list[Key]:
        """Interactions and opportunities that belong to this lead alone."""
        return sorted(key for key, leads in self.store.relations(self.store.related(lead)).items() if leads == {lead})

    # -- what is done --------------------------------------------------------------------------------------------------

    def _wait_for_writes(self, lead: str, now: datetime) -> None:
        for intent in self.store.intents(leads=[lead]):
            if intent.sent_at is not None and now < intent.sent_at + self.grace:
                raise StoreBusy(
                    "a write about this lead was sent a moment ago and may still happen: run this again in "
                    f"{int((intent.sent_at + self.grace - now).total_seconds()) + 1} seconds"
                )

    def _erased(self, name: str, erasure: Erasure) -> Erasure:
        """Erases what one CRM lets a program erase, and keeps what came of it."""
        adapter = self.adapters[name]
        refs = [each.ref for each in erasure.records if each.connection == name and each.state == "open"]
        if not refs or not isinstance(adapter, Erase):
            return erasure
        receipts = self._asked(name, lambda: adapter.erase(refs))
        became = {ref: _became(name, ref, receipt) for ref, receipt in zip(refs, receipts, strict=True)}
        idle = [ref for ref, receipt in zip(refs, receipts, strict=True) if receipt.outcome == "unchanged"]
        for ref, answer in zip(idle, self._fetched(name, idle), strict=True):
            if isinstance(answer, Record) and answer.ref == ref:
                became[ref] = Doomed(name, ref, "by_hand", "it lies in the recycle bin: delete it there for good")
        records = tuple(became.get(each.ref, each) if each.connection == name else each for each in erasure.records)
        erasure = replace(erasure, records=records)
        with self.store.transaction() as tx:
            tx.erasing.save(erasure)
        return erasure


def _became(name: str, ref: Ref, receipt: Receipt) -> Doomed:
    if receipt.outcome in ("applied", "unchanged"):
        return Doomed(name, ref, "erased")
    if receipt.outcome == "rejected":
        return Doomed(name, ref, "by_hand", f"refused by the CRM ({receipt.reason}): delete it there for good")
    return Doomed(name, ref, "open", "the answer was lost: run the same command again")
