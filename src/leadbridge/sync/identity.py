"""Which record is which person: our external key, then the agreement's key, then the exact normalised address.

Pure. Anything ambiguous is for a person to decide; a record without any key is never carried over, so that nobody is
made twice. A link once made is followed by ids for good: a changed address never makes a second person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from leadbridge.adapter import Ref, Value
from leadbridge.mapping import record_digest
from leadbridge.store import Link, Observation, Quarantined, Suppression
from leadbridge.store.codec import fingerprint

__all__ = ["Candidate", "Identified", "identify", "lead_id", "own_lead_id", "unclear", "were_erased"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that stands for a lead: what it can be recognised by. ``own_id`` is our external key on it."""

    connection: str
    ref: Ref
    own_id: str | None
    external_id: str | None = field(repr=False)
    email: str | None = field(repr=False)

    @property
    def keys(self) -> frozenset[tuple[str, str]]:
        """What the record can be recognised by."""
        named = (("id", self.own_id), ("external_id", self.external_id), ("email", self.email))
        return frozenset((name, value) for name, value in named if value)

    @classmethod
    def of(cls, observation: Observation, values: Mapping[str, Value], own_id: Value) -> Candidate:
        """The candidate of an observation, from its canonical values."""

        def text(value: Value) -> str | None:
            return value if isinstance(value, str) and value else None

        return cls(
            observation.connection,
            observation.ref,
            text(own_id),
            text(values.get("external_id")),
            text(values.get("email")),
        )


@dataclass(slots=True)
class Identified:
    """New links with how they were found, what a person has to decide, and how many records have no key."""

    links: list[tuple[Link, str]] = field(default_factory=list)
    unclear: list[Quarantined] = field(default_factory=list)
    keyless: int = 0


_MOST_SHOWN = 5

_SEVERAL = (
    "several records of this connection have the same email",
    "merge them in the CRM; until then none of them is carried over",
)


def _apart(candidate: Candidate) -> str:
    return f"leadbridge apart {candidate.connection} {candidate.ref.kind} {candidate.ref.id}"


def _commands(candidate: Candidate, leads: Collection[str]) -> str:
    """What to type: one line for each lead that it may be, and one for somebody else."""
    ref = candidate.ref
    lines = [f"leadbridge link {candidate.connection} {ref.kind} {ref.id} {lead}" for lead in sorted(leads)]
    return " or ".join([*lines[:_MOST_SHOWN], f"{_apart(candidate)} (somebody else)"])


def unclear(connection: str, ref: Ref) -> str:
    """The fingerprint under which a record waits for a person to say who it is."""
    return fingerprint("identity", connection, ref.kind, ref.id)


def lead_id(candidate: Candidate, account: str) -> str:
    """The id of a new lead: the agreement's key, else the same digest whenever this record is met again."""
    return candidate.external_id or own_lead_id(candidate.ref, account)


def own_lead_id(ref: Ref, account: str) -> str:
    """The id of the lead that a record stands for alone: a digest of where the record is, which says nothing."""
    return record_digest(account, ref)


def identify(
    new: Iterable[Candidate], known: Iterable[Candidate], links: Collection[Link], accounts: Mapping[str, str]
) -> Identified:
    """Finds the lead of every record that has none.

    Args:
        new: records without a link.
        known: records with a live link, as they are now.
        links: all links, live or not.
        accounts: the CRM's account by connection.
    """
    found = Identified()
    by_ref = {(link.connection, link.ref): link.lead for link in links if link.status == "live"}
    taken = {(link.connection, link.lead) for link in links if link.status in ("live", "gone")}
    gone = {(link.connection, link.lead) for link in links if link.status == "gone"}
    keys: dict[tuple[str, str], set[str]] = defaultdict(set)
    for link in links:
        # Made from the agreement's key, a lead keeps it as its id, whatever its records say since.
        keys["external_id", link.lead].add(link.lead)
    for candidate in known:
        lead = by_ref[candidate.connection, candidate.ref]
        if candidate.email:
            keys["email", candidate.email].add(lead)
        if candidate.external_id:
            keys["external_id", candidate.external_id].add(lead)

    def bind(candidate: Candidate, lead: str, how: str) -> None:
        found.links.append((Link(candidate.connection, candidate.ref, lead), how))
        taken.add((candidate.connection, lead))
        if candidate.email:
            keys["email", candidate.email].add(lead)
        if candidate.external_id:
            keys["external_id", candidate.external_id].add(lead)

    def ask(candidate: Candidate, reason: str, remedy: str) -> None:
        found.unclear.append(_question(candidate, reason, remedy))

    def by_own_id(candidate: Candidate, own_id: str) -> None:
        if (candidate.connection, own_id) in taken:
            ask(candidate, *_own_id_taken(candidate, own_id, links))
        else:
            bind(candidate, own_id, "key")

    def by_other_keys(candidate: Candidate, twin: bool) -> None:
        matches, how = _matches(candidate, keys)
        if len(matches) > 1:
            ask(
                candidate,
                f"its {how} belongs to {len(matches)} leads",
                f"merge them in the CRM, or say which: {_commands(candidate, matches)}",
            )
        elif twin and how != "external_id":
            reason, remedy = _SEVERAL
            ask(candidate, reason, f"{remedy}; if they are different people, for each: {_apart(candidate)}")
        elif not matches:
            bind(candidate, lead_id(candidate, accounts[candidate.connection]), "new")
        elif (candidate.connection, next(iter(matches))) in gone:
            ask(
                candidate,
                "the record of its lead was deleted here, and this one is new",
                f"say so: {_commands(candidate, matches)}",
            )
        elif (candidate.connection, next(iter(matches))) in taken:
            ask(
                candidate,
                f"another record of this connection has the same {how}: that of lead {next(iter(matches))}",
                f"merge the two records in the CRM; if it is somebody else: {_apart(candidate)}",
            )
        else:
            bind(candidate, next(iter(matches)), how)

    waiting = sorted(new, key=lambda c: (not c.own_id, not c.external_id, c.connection, c.ref))
    twins = _twins(waiting)
    for candidate in waiting:
        if candidate.own_id:
            by_own_id(candidate, candidate.own_id)
        elif candidate.external_id is None and candidate.email is None:
            found.keyless += 1
        else:
            by_other_keys(candidate, twins.get((candidate.connection, candidate.email or ""), False))
    return found


def _own_id_taken(candidate: Candidate, own_id: str, links: Collection[Link]) -> tuple[str, str]:
    """Why a record that carries our key does not get its lead, and what to do about it."""
    if Link(candidate.connection, candidate.ref, own_id, "gone") in links:
        return "the record of its lead was gone, and is back", f"to go on with it: {_commands(candidate, {own_id})}"
    return (
        "another record of this connection has the same leadbridge id",
        "merge the two records in the CRM, or clear the leadbridge id of the one that is a copy",
    )


def _question(candidate: Candidate, reason: str, remedy: str) -> Quarantined:
    return Quarantined(
        unclear(candidate.connection, candidate.ref),
        candidate.connection,
        candidate.ref,
        None,
        "identity",
        reason,
        remedy,
        "identity",
    )


def were_erased(
    candidates: Iterable[Candidate], suppression: Suppression, leads: Collection[str]
) -> dict[Candidate, Quarantined]:
    """Of records without a link, those of people who were erased on request, each with what a person is asked.

    Args:
        leads: leads with a live record: one that a person let in again is known by our key.
    """
    if not suppression:
        return {}
    return {
        candidate: _question(
            candidate,
            "somebody who was erased on request has appeared again",
            f"delete it again; if the person came back by an own wish: {_apart(candidate)}",
        )
        for candidate in candidates
        if candidate.own_id not in leads
        and (
            suppression.holds_record(candidate.connection, candidate.ref)
            or any(suppression.holds(name, value) for name, value in candidate.keys)
        )
    }


def _twins(candidates: Iterable[Candidate]) -> dict[tuple[str, str], bool]:
    """Addresses that several unlinked records of one connection share, unless a key tells them apart."""
    seen: dict[tuple[str, str], bool] = {}
    for candidate in candidates:
        if candidate.email and not candidate.external_id and not candidate.own_id:
            address = (candidate.connection, candidate.email)
            seen[address] = address in seen
    return seen


def _matches(candidate: Candidate, keys: Mapping[tuple[str, str], set[str]]) -> tuple[set[str], str]:
    if candidate.external_id:
        matches = keys.get(("external_id", candidate.external_id), set())
        if matches:
            return matches, "external_id"
    if candidate.email:
        return keys.get(("email", candidate.email), set()), "email"
    return set(), ""
