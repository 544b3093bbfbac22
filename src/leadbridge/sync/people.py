"""What a person says about who somebody is, and what somebody agreed to: kept for good, and followed by the next sync.

A link that a person made, or a record that a person kept apart, is a link like any other: nothing is asked again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from leadbridge.adapter import Ref
from leadbridge.agreement import Agreements
from leadbridge.domain.facts import ConsentGiven, ConsentWithdrawn, Fact, LeadLinked, SLAEscalated
from leadbridge.errors import ConfigError
from leadbridge.store import Link, Store
from leadbridge.sync.identity import own_lead_id, unclear

__all__ = ["agree_again", "keep_apart", "known", "say_who", "tell"]


def known(connection: str, connections: Collection[str]) -> None:
    """Refuses a connection that does not exist.

    Raises:
        ConfigError: with those that there are.
    """
    if connection not in connections:
        raise ConfigError(f"there is no connection {connection} (there are: {', '.join(connections)})")


def tell(store: Store, agreements: Agreements, told: Iterable[Fact]) -> int:
    """Adds facts that a tool brings, each under the version of the agreement that held when it happened.

    Returns:
        How many were new: one that is known already is not added again.
    """
    given = [replace(fact, agreement=agreements.judging(fact.occurred_at).version) for fact in told]
    leads = {fact.lead for fact in given}
    known_ = {replace(fact, agreement=0) for _, fact in store.facts(leads)}
    new = [fact for fact in dict.fromkeys(given) if replace(fact, agreement=0) not in known_]
    live = [(link.connection, link.ref) for link in store.links(leads) if link.status == "live"]
    alerts = [fact for fact in new if isinstance(fact, SLAEscalated)]
    with store.transaction() as tx:
        tx.append(fact for fact in new if not isinstance(fact, SLAEscalated))
        added = len(new) - len(alerts) + len(tx.tell(alerts))
        tx.mark(live, dirty=True)
    return added


def say_who(store: Store, connection: str, record: Ref, lead: str, *, now: datetime, version: int) -> None:
    """A record stands for a lead, as a person says.

    Raises:
        ConfigError: the lead has another record there, or the record stands for another lead.
    """
    for link in store.links_of([(connection, record)]):
        if link.status == "live" and link.lead != lead:
            raise ConfigError(f"this {record.kind} stands for lead {link.lead} in {connection}: merge the two there")
    for link in store.links([lead]):
        if link.connection == connection and link.status == "live" and link.ref != record:
            raise ConfigError(f"lead {lead} is {link.ref.kind} {link.ref.id} in {connection}: merge the two there")
    _bind(store, connection, record, lead, now=now, version=version)


def keep_apart(store: Store, connection: str, record: Ref, *, now: datetime, version: int) -> str:
    """A record stands for somebody of its own, whoever else has the same key or address; returns the new lead.

    Saying it again changes nothing.

    Raises:
        ConfigError: nobody has read such a record, or it stands for a lead that has records elsewhere.
    """
    account = store.accounts().get(connection, ("", ""))[1]
    lead = own_lead_id(record, account)
    here = next(iter(store.links_of([(connection, record)])), None)
    if here is not None and here.status == "live":
        others = [link for link in store.links([here.lead]) if link != here]
        if here.lead == lead or not others:
            return here.lead
        raise ConfigError(
            f"this {record.kind} stands for lead {here.lead}, which has records elsewhere already: "
            "what was one lead cannot be taken apart"
        )
    if not any(o.record.state == "live" for o in store.seen([(connection, record)])):
        raise ConfigError(f"no live {record.kind} with this id was read from {connection}: sync first, or check the id")
    _bind(store, connection, record, lead, now=now, version=version)
    return lead


def _bind(store: Store, connection: str, record: Ref, lead: str, *, now: datetime, version: int) -> None:
    fact = LeadLinked(
        lead=lead,
        occurred_at=now,
        recorded_at=now,
        system=connection,
        agreement=version,
        kind=record.kind,
        record=record.id,
        how="person",
    )
    with store.transaction() as tx:
        tx.append([fact])
        tx.save_links([Link(connection, record, lead)])
        tx.resolve([unclear(connection, record)], now)
        tx.mark([(connection, record)], dirty=True)


def agree_again(store: Store, lead: str, *, given_at: datetime, evidence: str, by: str, now: datetime) -> ConsentGiven:
    """The fact that somebody who had opted out has agreed again, to be recorded.

    Args:
        given_at: when the person agreed, as the evidence says.
        evidence: where the evidence is kept, such as the number of a form.
        by: who has looked at it and approves.

    Raises:
        ConfigError: there is no opt-out, the evidence is older than it or from the future, or nobody is named.
    """
    if not evidence.strip() or not by.strip():
        raise ConfigError("consent needs evidence: say where it is kept, and who has looked at it")
    if "@" in evidence or "@" in by:
        raise ConfigError("facts hold no addresses: name a form or ticket as evidence, and an id for who approves")
    if given_at > now:
        raise ConfigError("consent cannot have been given in the future: give the day that the evidence bears")
    standing = None
    for _, fact in store.facts([lead]):
        if isinstance(fact, ConsentWithdrawn):
            standing = max(standing, fact.occurred_at) if standing is not None else fact.occurred_at
        elif isinstance(fact, ConsentGiven):
            standing = None
    if standing is None:
        raise ConfigError("this lead has not opted out: nothing has to be given again")
    if given_at <= standing:
        raise ConfigError(
            f"the evidence is of {given_at:%Y-%m-%d %H:%M} and the opt-out of {standing:%Y-%m-%d %H:%M}: "
            "only an agreement that is newer counts"
        )
    return ConsentGiven(
        lead=lead,
        occurred_at=given_at,
        recorded_at=now,
        actor=by.strip(),
        cause="leadbridge consent",
        evidence=evidence.strip(),
    )
