"""Who may be the same person, and what is linked to what, around the records that something happened to.

Only what is asked for is read, by index: a round in which ten records changed costs the same with a thousand links and
with a million.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from leadbridge.adapter import Ref
from leadbridge.mapping import ConnectionMapping
from leadbridge.store import Link, Observation, Store
from leadbridge.store.codec import fingerprint
from leadbridge.store.handles import handle
from leadbridge.sync.identity import Candidate

__all__ = ["Around", "candidate", "digests", "keep_handles"]

Key = tuple[str, Ref]

_RULES = "1"
"""Raised when records come to be recognised by something else: then all handles are worked out anew."""

_BATCH = 2000


def candidate(mappings: Mapping[str, ConnectionMapping], observation: Observation) -> Candidate:
    """What a record that stands for a lead can be recognised by."""
    kind = mappings[observation.connection].kinds[observation.ref.kind]
    fields = observation.record.fields
    return Candidate.of(observation, kind.read(fields), kind.own_value("id", fields))


def digests(one: Candidate) -> frozenset[str]:
    """The same as the database keeps it."""
    return frozenset(handle(name, value) for name, value in one.keys)


class Around:
    """The links and relations that were asked for so far.

    Attributes:
        links: by record, as stored.
        live: the lead of each record with a live link; whoever decides may change it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.links: dict[Key, Link] = {}
        self.live: dict[Key, str] = {}
        self._asked: set[Key] = set()
        self._leads: set[str] = set()
        self._relations: dict[Key, set[str]] = {}

    def know(self, keys: Iterable[Key]) -> None:
        """Reads the links of records, and all other links of their leads."""
        new = set(keys) - self._asked
        if not new:
            return
        self._asked |= new
        found = self._store.links_of(new)
        self._add(found)
        self.know_leads({link.lead for link in found})

    def know_leads(self, leads: Collection[str]) -> None:
        """Reads all links of leads."""
        new = set(leads) - self._leads
        if not new:
            return
        self._leads |= new
        self._add(self._store.links(new))

    def _add(self, links: Iterable[Link]) -> None:
        for link in links:
            key = (link.connection, link.ref)
            if key not in self.links:
                self.links[key] = link
                if link.status == "live":
                    self.live[key] = link.lead

    def relations(self, keys: Iterable[Key]) -> dict[Key, set[str]]:
        """The leads that records belong to without standing for them."""
        wanted = set(keys)
        new = wanted - self._relations.keys()
        self._relations |= {key: set() for key in new} | self._store.relations(new)
        return {key: self._relations[key] for key in wanted}

    def alike(self, digests: Collection[str]) -> set[Key]:
        """Records that have one of these handles; their links are known from here on."""
        found = self._store.alike(digests)
        self.know(found)
        return found


def keep_handles(store: Store, mappings: Mapping[str, ConnectionMapping]) -> None:
    """Works the handles of all decided records out anew where records are recognised by other fields than before.

    Of undecided ones they are stored with the decision.
    """
    for name, mapping in mappings.items():
        kinds = [kind for _, kind in sorted(mapping.kinds.items()) if kind.stands_for == "lead"]
        said = [f"{k.kind} {k.fields.get('email')} {k.fields.get('external_id')} {k.own.get('id')}" for k in kinds]
        basis = fingerprint(_RULES, *said)
        if store.basis(f"handles {name}") == basis:
            continue
        with store.transaction() as tx:
            tx.handles.forget([name])
        for kind in kinds:
            last = ""
            while batch := store.decided(name, kind.kind, after=last, limit=_BATCH):
                last = batch[-1].ref.id
                live = [o for o in batch if o.record.state == "live"]
                with store.transaction() as tx:
                    tx.handles.save({(name, o.ref): digests(candidate(mappings, o)) for o in live})
        with store.transaction() as tx:
            tx.handles.basis(name, basis)
