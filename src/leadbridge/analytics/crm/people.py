"""Who is who: the records of several CRMs that stand for one person.

Our external key decides, then the agreement's key, then the exact normalised address; a record that became another one
(by conversion or merge) is its successor's. Addresses are compared as keyed digests that end with this process: what
is kept of a person afterwards is an id that says nothing about them.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from leadbridge.adapter import Record, Ref, Value
from leadbridge.analytics.crm.read import Account
from leadbridge.mapping import KindMapping, record_digest

__all__ = ["People", "Person", "Seen", "people_of"]


@dataclass(eq=False)
class Seen:
    """A lead as one CRM shows it: its record, and the ones that became it by conversion.

    Attributes:
        account: where it was seen.
        kind: the kind of its record.
        record: as it is now.
        earlier: the records before, the oldest first; a converted lead and its contact are one.
        how: how it was recognised: key, external_id, email, successor or new.
    """

    account: Account
    kind: KindMapping
    record: Record
    earlier: tuple[Record, ...] = ()
    how: str = "new"

    @property
    def chain(self) -> tuple[Record, ...]:
        """All its records, the oldest first."""
        return (*self.earlier, self.record)

    @cached_property
    def values(self) -> Mapping[str, Value]:
        """What the record says, in canonical names; where it is silent, what the records before it said."""
        kinds = self.account.mapping.kinds
        found: dict[str, Value] = {}
        for record in self.chain:
            said = kinds[record.ref.kind].read(record.fields)
            found.update({name: value for name, value in said.items() if value is not None})
        return found


@dataclass(slots=True)
class Person:
    """One lead: what each CRM shows of it. ``id`` is what the ledger of a bridge calls it, too."""

    id: str
    seen: list[Seen] = field(default_factory=list)

    @property
    def live(self) -> list[Seen]:
        """Where it has a record that is in use."""
        return [each for each in self.seen if each.record.state == "live"]


@dataclass(slots=True)
class People:
    """Everybody.

    Attributes:
        persons: by id.
        by_record: whose a record is.
        ambiguous: records whose address belongs to several leads: each stays alone, as a lead of its own.
    """

    persons: dict[str, Person] = field(default_factory=dict)
    by_record: dict[tuple[str, Ref], str] = field(default_factory=dict)
    ambiguous: list[tuple[str, Ref]] = field(default_factory=list)


@dataclass(slots=True)
class _Keys:
    own: str | None
    external: str | None
    email: bytes | None


def people_of(accounts: Sequence[Account]) -> People:
    """Puts the records of accounts together to people."""
    pepper = secrets.token_bytes(16)
    seen = [each for account in accounts for each in _chains(account)]
    keys = {_place(each): _keys(each, pepper) for each in seen}
    found = People()
    owners: dict[bytes, set[str]] = defaultdict(set)

    def join(each: Seen, lead: str, how: str) -> None:
        each.how = how
        found.persons.setdefault(lead, Person(lead)).seen.append(each)
        for record in each.chain:
            found.by_record[each.account.name, record.ref] = lead
        email = keys[_place(each)].email
        if email is not None:
            owners[email].add(lead)

    rest: list[Seen] = []
    for each in seen:
        known = keys[_place(each)]
        key = known.own or known.external
        if key is not None:
            join(each, key, "key" if known.own else "external_id")
        else:
            rest.append(each)
    # Of the others, one with a live record gives a new person its id; a merged one is looked at last.
    for each in sorted(rest, key=lambda one: (one.record.state != "live", one.account.name, one.record.ref)):
        email = keys[_place(each)].email
        matches = owners.get(email, set()) if email is not None else set()
        new = record_digest(each.account.mapping.description.account, each.chain[0].ref)
        heir = each.record.successor
        if len(matches) == 1:
            join(each, next(iter(matches)), "email")
        elif len(matches) > 1:
            found.ambiguous.append(_place(each))
            each.how = "ambiguous"
            found.persons[new] = Person(new, [each])
            found.by_record.update({(each.account.name, record.ref): new for record in each.chain})
        elif email is None and heir is not None and (each.account.name, heir) in found.by_record:
            join(each, found.by_record[each.account.name, heir], "successor")
        else:
            join(each, new, "new")
    return found


def _place(each: Seen) -> tuple[str, Ref]:
    return each.account.name, each.record.ref


def _chains(account: Account) -> Iterable[Seen]:
    """The records that stand for leads, each with those that were converted to it."""
    leads = {record.ref: (kind, record) for kind, record in account.of("lead")}
    before: dict[Ref, list[Record]] = defaultdict(list)
    for _, record in leads.values():
        if record.state == "converted" and record.successor in leads:
            before[record.successor].append(record)
    for ref, (kind, record) in leads.items():
        if record.state == "converted" and record.successor in leads:
            continue
        earlier: list[Record] = []
        waiting, done = list(before[ref]), {ref}
        while waiting:
            each = waiting.pop()
            if each.ref not in done:
                done.add(each.ref)
                earlier.insert(0, each)
                waiting += before[each.ref]
        yield Seen(account, kind, record, tuple(sorted(earlier, key=lambda one: one.modified_at)))


def _keys(each: Seen, pepper: bytes) -> _Keys:
    kinds = each.account.mapping.kinds
    own = next((value for record in reversed(each.chain) if (value := _own(kinds, record))), None)
    values = each.values
    external, email = values.get("external_id"), values.get("email")
    return _Keys(
        own,
        external if isinstance(external, str) and external else None,
        hashlib.blake2b(email.encode(), key=pepper).digest() if isinstance(email, str) and email else None,
    )


def _own(kinds: Mapping[str, KindMapping], record: Record) -> str | None:
    value = kinds[record.ref.kind].own_value("id", record.fields)
    return value if isinstance(value, str) and value else None
