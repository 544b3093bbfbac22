"""Gather: puts together what is known of every lead that something happened to, so that it can be decided about.

Reads the database only. A lead whose writes are still under way is left for later; everything else that is undecided
becomes a case, or is found to concern no lead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from leadbridge.adapter import Record, Ref, Value
from leadbridge.domain.facts import Fact
from leadbridge.mapping import ConnectionMapping, KindMapping
from leadbridge.store import Link, Observation, Quarantined, Store
from leadbridge.store.codec import fingerprint
from leadbridge.sync.aliases import VANISHED, takers, upstream
from leadbridge.sync.around import Around, candidate, digests
from leadbridge.sync.behind import later_writes
from leadbridge.sync.case import Case, Joined, Related, Side
from leadbridge.sync.identity import Candidate, identify, were_erased
from leadbridge.sync.lately import written_lately
from leadbridge.sync.refusals import stamp, tried_again
from leadbridge.sync.standing import BOOKKEEPING, Standing
from leadbridge.sync.unread import hidden_heirs

__all__ = ["Gathered", "gather"]

Key = tuple[str, Ref]


@dataclass(slots=True)
class Gathered:
    """The cases; which records each lead's decision settles; what concerns nobody; what a person must decide.

    ``seen``: what undecided records were like, as digests. ``handles``: what they can be recognised by.
    ``bases``: what was agreed on before, by lead and connection.
    ``ahead``: records that carry writes of ours which this database does not know.
    ``waiting``: fingerprints of what earlier decisions lacked, by lead; gone unless this decision lacks it again.
    """

    cases: list[Case] = field(default_factory=list)
    settles: dict[str, list[Key]] = field(default_factory=dict)
    nobodys: list[Key] = field(default_factory=list)
    seen: dict[Key, str] = field(default_factory=dict)
    handles: dict[Key, Collection[str]] = field(default_factory=dict)
    unclear: list[Quarantined] = field(default_factory=list)
    waiting: dict[str, set[str]] = field(default_factory=dict)
    bases: dict[tuple[str, str], dict[str, Value]] = field(default_factory=dict, repr=False)
    keyless: int = 0
    held: int = 0
    later: int = 0
    ahead: dict[Key, int] = field(default_factory=dict)


class _Gathering:
    """The work of one gathering."""

    def __init__(self, store: Store, mappings: Mapping[str, ConnectionMapping], now: datetime) -> None:
        self.store, self.mappings = store, mappings
        self.result, self.now = Gathered(), now
        self.suppression = store.suppression()
        self.candidates: dict[Key, Candidate] = {}
        # What undecided records say in canonical names, read once.
        self.said: dict[Key, dict[str, Value]] = {}
        self.dirty = {
            (o.connection, o.ref): o
            for o in store.observations(dirty=True)
            if o.connection in mappings
            and o.ref.kind in mappings[o.connection].kinds
            and (o.connection, o.ref) not in self.suppression.leaving
        }
        self.result.seen = {key: observation.digest for key, observation in self.dirty.items()}
        # Read after the records: a write that another worker has just planned is known by now.
        self.result.ahead = later_writes(store.line(), mappings, self.dirty)
        self.around = Around(store)
        self.links, self.live = self.around.links, self.around.live
        self.around.know(self.dirty)
        self.moved: dict[str, list[tuple[str, Record]]] = defaultdict(list)
        self.joined: dict[str, list[tuple[str, Key]]] = defaultdict(list)
        self.absorbed: dict[str, list[tuple[Key, Record]]] = defaultdict(list)
        self.new_links: dict[str, list[Link]] = defaultdict(list)
        self.how: dict[Key, str] = {}
        self.new_relations: dict[str, set[Key]] = defaultdict(set)
        self.related: dict[str, dict[Key, Observation]] = defaultdict(dict)
        self.leads: set[str] = set(store.due(now))
        self.now = now
        self.quarantined = store.quarantined()
        self.again: set[str] = set()

    def kind(self, key: Key) -> KindMapping:
        return self.mappings[key[0]].kinds[key[1].kind]

    def run(self) -> Gathered:
        people = {key: o for key, o in self.dirty.items() if self.kind(key).stands_for == "lead"}
        for key, observation in people.items():
            if observation.record.state == "live":
                fields, kind = observation.record.fields, self.kind(key)
                said = self.said[key] = kind.read(fields)
                self.candidates[key] = Candidate.of(observation, said, kind.own_value("id", fields))
        self.result.handles = {
            key: digests(one) if (one := self.candidates.get(key)) is not None else () for key in people
        }
        self._moves(people)
        self._recognise({key: o for key, o in people.items() if key not in self.live and o.record.state == "live"})
        for key, observation in people.items():
            lead = self.live.get(key)
            if lead is not None:
                self.leads.add(lead)
                self._relate(lead, key[0], observation.record)
        self._others({key: o for key, o in self.dirty.items() if key not in people})
        self._cases()
        return self.result

    # -- who it is -------------------------------------------------------------------------------------------------

    def _moves(self, people: Mapping[Key, Observation]) -> None:
        """Records that were converted, merged or deleted: the link follows to the record that took their place."""
        ended = {key: o.record for key, o in people.items() if o.record.state != "live"}
        heirs = {(key[0], record.successor) for key, record in ended.items() if record.successor is not None}
        while heirs:
            # One that ended in its turn may have been looked at before anybody knew whose it was.
            self.around.know(heirs)
            known = self.store.seen(sorted(heirs))
            more = {(o.connection, o.ref): o.record for o in known if o.record.state != "live"}
            new = {key: record for key, record in more.items() if key in heirs and key not in ended}
            ended |= new
            heirs = {(key[0], record.successor) for key, record in new.items() if record.successor is not None}
        while ready := [key for key in ended if key in self.live]:
            for key in upstream(ready, ended):
                self._move(key, ended.pop(key))
        for key, record in ended.items():
            if key in self.dirty:
                self._absorb(key, record)

    def _move(self, key: Key, record: Record) -> None:
        lead = self.live.pop(key)
        self.leads.add(lead)
        self.moved[lead].append((key[0], record))
        self._relate(lead, key[0], record)
        heir = (key[0], record.successor) if record.successor is not None else None
        owner = self._lead_of(heir) if heir is not None else None
        if heir is not None and owner in (None, lead):
            self.new_links[lead] += [Link(key[0], key[1], lead, "moved"), Link(key[0], heir[1], lead)]
            self.live[heir] = lead
            return
        self.new_links[lead].append(Link(key[0], key[1], lead, "gone"))
        if heir is not None and owner is not None:
            self.joined[lead].append((owner, heir))
            self.result.unclear.append(
                Quarantined(
                    fingerprint("merge", key[0], heir[1].kind, heir[1].id, lead),
                    key[0],
                    heir[1],
                    lead,
                    "identity",
                    f"two leads became one record ({record.state}): {lead} and {owner}",
                    f"merge the other CRM's two records as well; {owner}, whose record remains, goes on",
                    "identity",
                )
            )
        elif record.version == VANISHED:
            self.result.unclear.append(
                Quarantined(
                    fingerprint("vanished", key[0], key[1].kind, key[1].id),
                    key[0],
                    key[1],
                    lead,
                    "identity",
                    "the record is gone beyond recovery, as after a privacy request",
                    f"if the person asked to be erased: leadbridge erase {lead}; if not, nothing has to be done: "
                    "the lead is left alone here",
                    "identity",
                )
            )

    def _absorb(self, key: Key, record: Record) -> None:
        """A record of nobody that ended: what became of it may be the record of a lead."""
        heir = (key[0], record.successor) if record.successor is not None else None
        lead = self.live.get(heir) if heir is not None else None
        if lead is None:
            self.result.nobodys.append(key)
        else:
            self.leads.add(lead)
            self.absorbed[lead].append((key, record))

    def _recognise(self, strangers: Mapping[Key, Observation]) -> None:
        if not strangers:
            return

        new = [self.candidates[key] for key in strangers]
        keys = {key for each in new for key in each.keys}
        # What changed is known by what it holds now, everything else by its handles.
        known = [each for key, each in self.candidates.items() if key in self.live]
        wanted, asked = {digest for each in new for digest in digests(each)}, set(self.candidates)
        while places := self.around.alike(wanted) - asked:
            asked |= places
            for o in self.store.seen(sorted(places)):
                place = (o.connection, o.ref)
                if place not in places or o.record.state != "live" or o.connection not in self.mappings:
                    continue
                if place in self.live:
                    known.append(candidate(self.mappings, o))
                elif o.ref.kind in self.mappings[o.connection].kinds and self.kind(place).stands_for == "lead":
                    # One that stayed where it was until now: whoever appears may be the same person.
                    each = candidate(self.mappings, o)
                    if keys & each.keys:
                        new.append(each)
                        wanted |= digests(each)
        self.around.know_leads({value for each in new for name, value in each.keys if name != "email"})
        back = were_erased(new, self.suppression, set(self.live.values()))
        new = [each for each in new if each not in back]
        accounts = {name: mapping.description.account for name, mapping in self.mappings.items()}
        links = [*self.links.values(), *(link for links in self.new_links.values() for link in links)]
        found = identify(new, known, links, accounts)
        found.unclear.extend(back.values())
        for link, how in found.links:
            self.live[link.connection, link.ref] = link.lead
            self.how[link.connection, link.ref] = how
        self.result.unclear.extend(found.unclear)
        self.result.keyless = found.keyless
        unclear = {(item.connection, item.ref) for item in found.unclear}
        self.result.nobodys.extend(key for key in strangers if key not in self.live and key not in unclear)

    # -- what belongs to it ----------------------------------------------------------------------------------------

    def _relate(self, lead: str, connection: str, record: Record) -> None:
        """Notes the opportunity that a lead's record names."""
        kind = self.mappings[connection].kinds[record.ref.kind]
        opportunity = record.fields.get(kind.crosswalk.opportunity) if kind.crosswalk.opportunity else None
        for ref in opportunity if isinstance(opportunity, tuple) else (opportunity,):
            if isinstance(ref, Ref) and lead not in self.around.relations([(connection, ref)])[connection, ref]:
                self.new_relations[lead].add((connection, ref))

    def _others(self, others: Mapping[Key, Observation]) -> None:
        """Opportunities and interactions: to the leads that they belong to."""
        named = {key: lead for lead, keys in self.new_relations.items() for key in keys}
        related = self.around.relations(others)
        seen = {(o.connection, o.ref): o for o in self.store.seen(named)}
        for key, lead in named.items():
            if key in seen:
                self.related[lead][key] = seen[key]
        for key, observation in others.items():
            kind = self.kind(key)
            field = kind.fields.get("lead")
            person = observation.record.fields.get(field) if field else None
            people = [ref for ref in (person if isinstance(person, tuple) else (person,)) if isinstance(ref, Ref)]
            leads = {self._lead_of((key[0], ref)) for ref in people} | related[key]
            leads |= {named[key]} if key in named else set()
            found = sorted(lead for lead in leads if lead is not None)
            for lead in found:
                self.leads.add(lead)
                self.related[lead][key] = observation
                if lead not in related[key]:
                    self.new_relations[lead].add(key)
            if not found and not people:
                self.result.nobodys.append(key)

    def _lead_of(self, key: Key) -> str | None:
        lead = self.live.get(key)
        if lead is not None:
            return lead
        self.around.know([key])
        link = self.links.get(key)
        return self.live.get(key) or (link.lead if link is not None else None)

    # -- everything about it ---------------------------------------------------------------------------------------

    def _retries(self) -> None:
        """What a CRM refused and is tried again now: its lead is decided about, as if nothing had been refused."""
        places = {(item.connection, item.ref) for item in self.quarantined if item.origin == "crm"}
        known = {(o.connection, o.ref): o.record.fields for o in self.store.seen(sorted(places))}
        for item in self.quarantined:
            kind = self.mappings[item.connection].kinds.get(item.ref.kind) if item.connection in self.mappings else None
            if item.lead is None or kind is None:
                continue
            if tried_again(item, self.now, stamp(kind, item.subject, known.get((item.connection, item.ref)))):
                self.again.add(item.fingerprint)
                self.leads.add(item.lead)

    def _cases(self) -> None:
        self._retries()
        held = {intent.lead for intent in self.store.intents(leads=self.leads)}
        held |= {erasure.lead for erasure in self.store.erasures(done=False) if erasure.lead in self.leads}
        # Whoever takes a lead over is decided about once it is stored what there is to take over.
        heirs = self.leads & takers({lead: {owner for owner, _ in pairs} for lead, pairs in self.joined.items()})
        self.result.later = len(heirs - held)
        held |= heirs
        self.around.know_leads(self.leads)
        self.result.held = len(held)
        leads = self.leads - held
        sides: dict[str, dict[str, Key]] = defaultdict(dict)
        for key, lead in self.live.items():
            if lead in leads:
                sides[lead][key[0]] = key
        keys = [key for by_connection in sides.values() for key in by_connection.values()]
        seen = {key: o for key in keys if (o := self.dirty.get(key)) is not None}
        seen |= {(o.connection, o.ref): o for o in self.store.seen(key for key in keys if key not in seen)}
        # Without a record that nobody could read yet, what the others say would pass for agreed.
        unread = {lead for lead in leads if any(key not in seen for key in sides[lead].values())}
        self.result.held += len(unread)
        self.result.unclear.extend(hidden_heirs(unread, self.moved, self.now))
        leads = leads - unread
        bases = self.result.bases = self.store.bases(leads)
        facts: dict[str, list[Fact]] = defaultdict(list)
        for _, fact in self.store.facts(leads, but=BOOKKEEPING):
            facts[fact.lead].append(fact)
        written = written_lately(self.store, leads, self.now)
        refused: dict[str, set[str]] = defaultdict(set)
        for item in self.quarantined:
            if item.lead is not None and item.fingerprint not in self.again:
                refused[item.lead].add(item.fingerprint)
                if item.origin == "decision":
                    self.result.waiting.setdefault(item.lead, set()).add(item.fingerprint)
        gone: dict[str, set[str]] = defaultdict(set)
        for link in [*self.links.values(), *(link for links in self.new_links.values() for link in links)]:
            if link.status == "gone":
                gone[link.lead].add(link.connection)
        settles: dict[str, list[Key]] = defaultdict(list)
        for key in self.dirty:
            owner = self._lead_of(key)
            if owner in leads:
                settles[str(owner)].append(key)
        for lead, found in self.related.items():
            settles[lead] += [key for key in found if key in self.dirty]
        for lead, ended in self.absorbed.items():
            settles[lead] += [key for key, _ in ended]
        for lead in sorted(leads):
            places = sides[lead]
            present = {
                connection: self._side(key, o, bases.get((lead, connection)))
                for connection, key in sorted(places.items())
                if (o := seen.get(key)) is not None and o.record.state == "live"
            }
            case = Case(
                lead=lead,
                sides=present,
                facts=tuple(facts[lead]),
                # Where a lead has a record, it must not get a second one, whatever became of the first.
                gone=frozenset((*gone.get(lead, ()), *(name for name in places if name not in present))),
                related=self._related(lead),
                refused=frozenset(refused.get(lead, ())),
                written=written.get(lead, {}),
                moved=tuple(self.moved.get(lead, ())),
                joined=tuple([self._joined(owner, heir) for owner, heir in self.joined.get(lead, ())]),
                absorbed=tuple([(key[0], record) for key, record in self.absorbed.get(lead, ())]),
                # Of a record that was passed through, the last word counts.
                links=tuple({(link.connection, link.ref): link for link in self.new_links.get(lead, ())}.values()),
                relations=tuple([(name, ref, lead) for name, ref in sorted(self.new_relations.get(lead, ()))]),
            )
            if case.sides or case.moved:
                self.result.cases.append(case)
                self.result.settles[lead] = settles[lead]

    def _joined(self, owner: str, heir: Key) -> Joined:
        said = [self.kind(heir).read(o.record.fields) for o in self.store.seen([heir])]
        withdrawn = Standing.of(fact for _, fact in self.store.facts([owner])).opted_out
        return Joined(owner, heir, withdrawn or any(values.get("opted_out") is True for values in said))

    def _side(self, key: Key, observation: Observation, base: Mapping[str, Value] | None) -> Side:
        kind, said = self.kind(key), self.said.get(key)
        values = kind.read(observation.record.fields) if said is None else said
        return Side(self.mappings[key[0]], kind, observation.record, values, base, self.how.get(key, ""))

    def _related(self, lead: str) -> tuple[Related, ...]:
        found = []
        for key, observation in sorted(self.related.get(lead, {}).items()):
            kind = self.kind(key)
            values: dict[str, Value] = {**kind.crosswalk.constants, **kind.read(observation.record.fields)}
            found.append(Related(self.mappings[key[0]], kind, observation.record, values))
        return tuple(found)


def gather(store: Store, mappings: Mapping[str, ConnectionMapping], now: datetime) -> Gathered:
    """Everything that has to be decided now."""
    return _Gathering(store, mappings, now).run()
