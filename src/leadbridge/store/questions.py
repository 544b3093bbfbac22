"""The questions that every round asks of the database, each prepared once: see :mod:`leadbridge.store.prepared`."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, func, or_, select, text

from leadbridge.domain.facts import WriteApplied
from leadbridge.store import schema
from leadbridge.store.among import among_given
from leadbridge.store.prepared import Prepared
from leadbridge.store.unpacking import FACT, INTENT, LINK, OBSERVATION, QUARANTINED, RELATION

__all__ = [
    "ACCOUNTS",
    "ALIKE",
    "ALL_FACTS",
    "BASED",
    "BASES",
    "BASIS",
    "CURSOR",
    "DIRTY",
    "DUE",
    "HINTS",
    "KEY",
    "LINKED",
    "LINKS",
    "LINKS_OF",
    "OPEN",
    "RELATED",
    "ROUNDS",
    "SEEN",
    "SUCCESSORS",
    "SUPPRESSED",
    "WRITTEN_SINCE",
    "facts_of",
    "intents_of",
    "quarantined",
]

OPEN = ("pending", "inflight", "unknown")
"""States of an intent whose write may still happen or may have happened unseen."""


def _of_records(table: Table, columns: tuple[Any, ...]) -> Prepared:
    """Rows about records of one kind, by their ids."""
    of_kind = (table.c.connection == bindparam("of"), table.c.kind == bindparam("kind_of"))
    return Prepared(select(*columns).where(*of_kind, among_given(table.c.id, "ids")))


def _connections(table: Table) -> Any:
    """The connections in a table whose key they begin, found one by one: by index, however many rows there are."""
    each = select(func.min(table.c.connection).label("name")).cte("each", recursive=True)
    following = select(func.min(table.c.connection)).where(table.c.connection > each.c.name).scalar_subquery()
    each = each.union_all(select(following).where(each.c.name.is_not(None)))
    return select(each.c.name).where(each.c.name.is_not(None))


_observation, _link, _base, _fact, _intent = (
    schema.observation,
    schema.link,
    schema.base,
    schema.fact,
    schema.intent,
)

ACCOUNTS = Prepared(select(schema.connection.c.name, schema.connection.c.system, schema.connection.c.account))
CURSOR = Prepared(
    select(schema.cursor.c.cursor).where(
        schema.cursor.c.connection == bindparam("of"),
        schema.cursor.c.kind == bindparam("kind_of"),
        schema.cursor.c.fields_hash == bindparam("asked"),
    )
)
HINTS = Prepared(
    select(schema.hint.c.kind, schema.hint.c.id, schema.hint.c.seen_us).where(
        schema.hint.c.connection == bindparam("of")
    )
)
# Spelt as in the index.
_IS_DIRTY = text("observation.dirty")
DIRTY = Prepared(select(*OBSERVATION).where(_IS_DIRTY))
SUCCESSORS = Prepared(
    select(_observation.c.successor_kind, _observation.c.successor_id).where(
        _IS_DIRTY, _observation.c.connection == bindparam("of"), _observation.c.successor_id.is_not(None)
    )
)
SEEN = _of_records(_observation, OBSERVATION)

LINKS = Prepared(select(*LINK).where(among_given(_link.c.lead, "leads")))
LINKS_OF = _of_records(_link, LINK)
LINKED = Prepared(select(_link.c.connection, func.count()).group_by(_link.c.connection))
RELATED = _of_records(schema.relation, RELATION)
ALIKE = Prepared(
    select(schema.handle.c.connection, schema.handle.c.kind, schema.handle.c.id).where(
        among_given(schema.handle.c.digest, "digests")
    )
)

BASED = Prepared(_connections(_base))
# They are kept by connection, then lead: without the connections, all bases would be read to find a few.
BASES = Prepared(
    select(_base.c.lead, _base.c.connection, _base.c.fields).where(
        among_given(_base.c.connection, "names"), among_given(_base.c.lead, "leads")
    )
)

ALL_FACTS = Prepared(select(*FACT).where(_fact.c.position > bindparam("after")).order_by(_fact.c.position))
WRITTEN_SINCE = Prepared(
    select(_fact.c.lead)
    .where(_fact.c.type == WriteApplied.__name__, _fact.c.recorded_us > bindparam("since"))
    .where(among_given(_fact.c.lead, "leads"))
    .group_by(_fact.c.lead)
    .having(func.count() >= bindparam("least"))
)
DUE = Prepared(select(schema.timer.c.lead).where(schema.timer.c.due_us <= bindparam("now")))
BASIS = Prepared(select(schema.basis.c.digest).where(schema.basis.c.name == bindparam("of")))
ROUNDS = Prepared(
    select(schema.round_.c.counts).where(schema.round_.c.started_us >= bindparam("since")).order_by(schema.round_.c.id)
)
KEY = Prepared(select(schema.keyring.c.key).where(schema.keyring.c.name == bindparam("of")))
SUPPRESSED = Prepared(select(schema.suppressed.c.digest))


@cache
def facts_of(but: tuple[str, ...], *, later: bool) -> Prepared:
    """The facts of some leads without those of some types; in any order.

    Args:
        but: the types.
        later: whether only those behind a position are wanted.
    """
    query = select(*FACT).where(among_given(_fact.c.lead, "leads"))
    query = query.where(_fact.c.position > bindparam("after")) if later else query
    return Prepared(query.where(*(_fact.c.type != each for each in but)))


@cache
def intents_of(states: tuple[str, ...], by: str, *, connection: bool, plan: bool) -> Prepared:
    """Writes of the outbox in the order of planning.

    Args:
        states: theirs.
        by: ``lead`` or ``key``, of which some are given; or nothing.
        connection: whether only those for one are wanted.
        plan: whether only those of one are wanted.
    """
    # Spelt as in the index of open writes.
    of_states = text(f"intent.{schema.OPEN}") if states == OPEN else or_(*(_intent.c.state == each for each in states))
    query = select(*INTENT).where(of_states).order_by(_intent.c.sequence, _intent.c.key)
    query = query.where(_intent.c.connection == bindparam("of")) if connection else query
    query = query.where(_intent.c.plan == bindparam("under")) if plan else query
    return Prepared(query.where(among_given(_intent.c[by], "some")) if by else query)


@cache
def quarantined(*, resolved: bool, some: bool) -> Prepared:
    """What was set aside and waits, or was settled since; of some leads, or of all."""
    table = schema.quarantine
    settled = table.c.resolved_us.is_not(None) if resolved else table.c.resolved_us.is_(None)
    query = select(*QUARANTINED).where(settled).order_by(table.c.since_us, table.c.fingerprint)
    return Prepared(query.where(among_given(table.c.lead, "leads")) if some else query)
