"""Recover: a restored database catches up with what the CRMs hold, and nobody's work is written over.

Between the backup and now leadbridge wrote into the CRMs and forgot it. What the two sides agreed on is unknown for
exactly those leads that carry such a write; for all others it is what it was. For the former both sides count as
changed: what both CRMs say alike is agreed, and of two values the policy decides, as a rule for the later edit of the
field, with the loser kept. Their course (stages, decisions, opt-outs) keeps its base: what happened meanwhile is told
again from what the records say. Leads that the database never knew are met for the first time, by our key.

Writes that were planned before the backup are dropped; whatever still has to be written is planned again. The first
plan afterwards is always looked at by a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from leadbridge.adapter import Ref, Value
from leadbridge.clock import iso
from leadbridge.mapping import ConnectionMapping
from leadbridge.store import Observation, Store
from leadbridge.sync.behind import later_writes, undecided
from leadbridge.sync.equivalence import is_blank
from leadbridge.sync.sweep import SweepResult
from leadbridge.sync.writes import NEVER_MERGED

__all__ = ["FIRST_AFTER", "Recovery", "recover", "recovery"]

Key = tuple[str, Ref]

FIRST_AFTER = "the first plan after a restored database (leadbridge recover): a person looks at it"
"""Why a plan is over the limits whatever it says."""

FORGOTTEN = "(forgotten: the database was restored)"
"""The agreed value of a field that nobody knows any more: whatever a side says is a change."""

_COURSE = NEVER_MERGED | {"opted_out"}


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a restored database does not know, or what was done about it.

    Attributes:
        records: records that carry writes of ours which it does not know, by connection.
        forgotten: how many writes were given out at least that it does not know.
        leads: whose agreed values are unknown.
        changed: records that changed since it was saved, by connection, those included.
        dropped: writes that were still to come when it was saved.
        swept: what a look at all ids found: records that are gone, or that it has never read.
        done: whether the database has caught up; else this is what would be done.
    """

    records: Mapping[str, int] = field(default_factory=dict)
    forgotten: int = 0
    leads: frozenset[str] = frozenset()
    changed: Mapping[str, int] = field(default_factory=dict)
    dropped: int = 0
    swept: SweepResult = field(default_factory=SweepResult)
    done: bool = False

    def __bool__(self) -> bool:
        return bool(self.leads or self.records)

    def summary(self) -> str:
        """A few lines for people."""
        if not self:
            return "This database is not older than what the CRMs carry from it: there is nothing to recover."
        where = ", ".join(f"{number:,} in {name}" for name, number in sorted(self.records.items()))
        news = ", ".join(f"{number:,} in {name}" for name, number in sorted(self.changed.items()))
        lines = [
            f"writes that this database has forgotten: at least {self.forgotten:,}, on records: {where or 'none seen'}",
            f"leads of which nobody knows what was agreed on last: {len(self.leads):,}",
            f"records that changed since it was saved: {news or 'none'}",
            f"writes that were still to come, {'now' if self.done else 'to be'} dropped: {self.dropped:,}",
            *self.swept.summary().splitlines(),
        ]
        return "\n".join(lines)

    __str__ = summary

    def to_dict(self) -> dict[str, object]:
        """As JSON values: numbers, and ids of leads."""
        return {
            "done": self.done,
            "forgotten_writes": self.forgotten,
            "records": dict(self.records),
            "leads": sorted(self.leads),
            "changed": dict(self.changed),
            "dropped_writes": self.dropped,
            "swept": [each.to_dict() for each in self.swept.swept],
        }


def recovery(
    store: Store, mappings: Mapping[str, ConnectionMapping], swept: SweepResult, *, everything: bool = False
) -> Recovery:
    """What the database does not know, from what was just read.

    Args:
        swept: what a look at all ids found.
        everything: whether all leads count as written since, as where an account has no field for our marker.
    """
    dirty = undecided(store, mappings)
    line = store.line()
    ahead = later_writes(line, mappings, dirty)
    leads = _leads(store, mappings, {key: dirty[key] for key in ahead})
    if everything:
        leads |= {link.lead for link in store.links() if link.status == "live"}
    return Recovery(
        records=Counter(connection for connection, _ in ahead),
        forgotten=max(ahead.values(), default=line.issued) - line.issued,
        leads=frozenset(leads),
        changed=Counter(connection for connection, _ in dirty),
        dropped=len(store.intents()),
        swept=swept,
    )


def _leads(store: Store, mappings: Mapping[str, ConnectionMapping], seen: Mapping[Key, Observation]) -> set[str]:
    """Whose records these are: by their links, or by our own key on them."""
    leads = {link.lead for link in store.links_of(seen)}
    for (connection, ref), observation in seen.items():
        kind = mappings[connection].kinds.get(ref.kind)
        own = kind.own_value("id", observation.record.fields) if kind is not None else None
        leads |= {own} if isinstance(own, str) and own else set()
    return leads


def _unsure(
    store: Store, mappings: Mapping[str, ConnectionMapping], leads: Collection[str]
) -> dict[tuple[str, str], dict[str, Value]]:
    """What may count as agreed, by (lead, connection): a value that a side shows now proves nothing.

    A blank keeps its base: was the field always blank it yields to a value, was it not somebody has cleared it.
    """
    links = [link for link in store.links(leads) if link.status == "live"]
    live = {(link.connection, link.ref): (link.lead, link.connection) for link in links}
    shown = {
        live[o.connection, o.ref]: mappings[o.connection].kinds[o.ref.kind].read(o.record.fields)
        for o in store.seen(live)
        if o.connection in mappings and o.ref.kind in mappings[o.connection].kinds
    }
    return {
        key: {
            name: value if name in _COURSE or is_blank(shown.get(key, {}).get(name)) else FORGOTTEN
            for name, value in said.items()
        }
        for key, said in store.bases(leads).items()
    }


def recover(store: Store, mappings: Mapping[str, ConnectionMapping], found: Recovery, now: datetime) -> Recovery:
    """Does it, in one transaction and without any CRM: what is written afterwards is planned, and approved first."""
    links = store.links(found.leads)
    unsure = _unsure(store, mappings, found.leads)
    with store.transaction() as tx:
        open_ = tx.read.intents()
        tx.enqueue(replace(each, state="dropped", reason="the database was restored from a backup") for each in open_)
        tx.save_bases(unsure)
        planned = tx.read.links({each.lead for each in open_})
        again = [(link.connection, link.ref) for link in (*links, *planned) if link.status == "live"]
        tx.mark(again, dirty=True)
        tx.lineage.begin_anew(iso(now))
    return replace(found, dropped=len(open_), done=True)
