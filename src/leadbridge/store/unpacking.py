"""Rows of the database as values. Each takes the columns of its table in the order of ``columns_of``."""

from __future__ import annotations

from typing import Any, TypeAlias

from sqlalchemy import Integer, type_coerce

from leadbridge.adapter import Record, Ref
from leadbridge.clock import from_us
from leadbridge.domain.fact_codec import decode
from leadbridge.domain.facts import Fact
from leadbridge.store import schema
from leadbridge.store.codec import load, load_fields
from leadbridge.store.rows import Intent, Link, Observation, Quarantined

__all__ = [
    "FACT",
    "INTENT",
    "LINK",
    "OBSERVATION",
    "QUARANTINED",
    "RELATION",
    "fact_of",
    "intent_of",
    "link_of",
    "observation_of",
    "quarantined_of",
]

Row: TypeAlias = Any
"""A row as a tuple; its columns are of many types."""

_o, _l, _f, _i, _q = schema.observation.c, schema.link.c, schema.fact.c, schema.intent.c, schema.quarantine.c

OBSERVATION = (
    *(_o[name] for name in ("connection", "kind", "id", "version", "modified_us", "state")),
    *(_o[name] for name in ("successor_kind", "successor_id", "fields", "hash")),
    # As the driver gives it: turning each into a truth value costs more than asking whether it is one.
    type_coerce(_o.dirty, Integer),
)
QUARANTINED = (
    *(_q[name] for name in ("fingerprint", "connection", "kind", "record", "lead", "subject", "reason", "remedy")),
    *(_q[name] for name in ("origin", "stamp", "tries", "tried_us")),
)
RELATION = tuple(schema.relation.c[name] for name in ("connection", "kind", "id", "lead"))
LINK = tuple(_l[name] for name in ("connection", "kind", "id", "lead", "status"))
FACT = (
    *(_f[name] for name in ("position", "lead", "type", "version", "occurred_us", "recorded_us")),
    *(_f[name] for name in ("actor", "system", "cause", "agreement", "precision", "body")),
)
INTENT = (
    *(_i[name] for name in ("key", "lead", "connection", "kind", "action", "target", "fields", "expect", "agreed")),
    *(_i[name] for name in ("because", "after", "state", "attempts", "sent_us", "reason", "sequence", "plan", "fence")),
)


def observation_of(row: Row) -> Observation:
    """What was last seen of a record."""
    connection, kind, id, version, modified, state, heir_kind, heir, fields, digest, dirty = row
    successor = Ref(heir_kind, heir) if heir is not None else None
    record = Record(Ref(kind, id), version, from_us(modified), load_fields(fields), state, successor)
    return Observation(connection, record, bool(dirty), digest)


def link_of(row: Row) -> Link:
    """A lead and its record."""
    connection, kind, id, lead, status = row
    return Link(connection, Ref(kind, id), lead, status)


def fact_of(row: Row) -> tuple[int, Fact]:
    """A fact, with its position in the ledger."""
    position, lead, type_, version, occurred, recorded, actor, system, cause, agreement, precision, body = row
    envelope = {
        "lead": lead,
        "occurred_at": from_us(occurred),
        "recorded_at": from_us(recorded),
        "actor": actor,
        "system": system,
        "cause": cause,
        "agreement": agreement,
        "precision": precision,
    }
    return position, decode(type_, version, envelope, load(body))


def intent_of(row: Row) -> Intent:
    """A row of the outbox."""
    key, lead, connection, kind, action, target, fields, expect, agreed, because, *rest = row
    after, state, attempts, sent, reason, sequence, plan, fence = rest
    return Intent(
        key=key,
        lead=lead,
        connection=connection,
        action=action,
        target=Ref(kind, target),
        fields=load_fields(fields),
        expect=load_fields(expect),
        agreed={name: load_fields(text) for name, text in load(agreed).items()},
        because=load(because),
        after=after,
        state=state,
        attempts=attempts,
        sent_at=from_us(sent) if sent is not None else None,
        reason=reason,
        sequence=sequence,
        plan=plan,
        fence=fence,
    )


def quarantined_of(row: Row) -> Quarantined:
    """Something that was set aside."""
    fingerprint, connection, kind, record, lead, subject, reason, remedy, origin, stamp, tries, tried = row
    ref = Ref(kind, record)
    return Quarantined(
        fingerprint, connection, ref, lead, subject, reason, remedy, origin, stamp, tries, from_us(tried)
    )
