"""What the store keeps, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import date, datetime
from typing import Any, Literal

from leadbridge.adapter import Fields, Record, Ref, Value
from leadbridge.frozen import quick

__all__ = ["Conflict", "Intent", "KeptAgreement", "Link", "Observation", "Quarantined"]


@quick
@dataclass(frozen=True, slots=True)
class Observation:
    """What was last seen of a record in a connection. ``dirty``: nobody has decided about this state yet.

    ``digest`` tells whether it was seen otherwise since.
    """

    connection: str
    record: Record
    dirty: bool = True
    digest: str = attribute(default="", compare=False)

    @property
    def ref(self) -> Ref:
        return self.record.ref


@quick
@dataclass(frozen=True, slots=True)
class Link:
    """A lead and its record in a connection. Only one link of a lead is ``live`` in a connection.

    ``moved``: the record was converted or merged, another link took over. ``gone``: the record was deleted; it is never
    made again by a sync.
    """

    connection: str
    ref: Ref
    lead: str
    status: Literal["live", "moved", "gone"] = "live"


@quick
@dataclass(frozen=True, slots=True)
class Intent:
    """A durable row of the outbox: one write to come.

    Attributes:
        key: the op marker that travels with the write.
        target: as in :class:`leadbridge.adapter.Write`.
        fields: what is written, in the CRM's names.
        expect: what those fields held when the write was planned; it happens only while they still do.
        agreed: for each connection, the canonical values that become the base when the write has happened.
        because: for each CRM field, the rule that led to the write, in words.
        after: key of the intent that has to be done first.
        plan: hash of the plan that it was part of.
        fence: how often it was claimed; see :mod:`leadbridge.store.outbox`.
    """

    key: str
    lead: str
    connection: str
    action: Literal["upsert", "update", "archive"]
    target: Ref
    fields: Fields = attribute(repr=False)
    expect: Fields = attribute(repr=False)
    agreed: Mapping[str, Mapping[str, Value]] = attribute(repr=False)
    because: Mapping[str, str]
    after: str | None = None
    state: Literal["pending", "inflight", "unknown", "done", "refused", "dropped"] = "pending"
    attempts: int = 0
    sent_at: datetime | None = None
    reason: str = ""
    sequence: int = 0
    plan: str = ""
    fence: int = 0


@dataclass(frozen=True, slots=True)
class KeptAgreement:
    """One version of the agreement that this database was used with: its document as YAML, and when it came first.

    Two documents with the same ``digest`` say the same. ``holidays`` are the dates of its public holidays, by code and
    year, as they were known then.
    """

    version: int
    name: str
    effective: date
    digest: str
    document: str = attribute(repr=False)
    first_used_at: datetime
    holidays: Mapping[str, Mapping[int, tuple[date, ...]]] = attribute(default_factory=dict, repr=False)


@quick
@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides changed a field: what each said, who won under which rule. The loser can be put back from here."""

    lead: str
    field: str
    values: Mapping[str, Any] = attribute(repr=False)
    winner: str = ""
    rule: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Quarantined:
    """Something that was refused, with its reason and the way out. ``subject`` is the field or ``identity``.

    ``origin`` is who refused: the CRM a write, a decision for want of something, nobody could say who it is, or a
    person undid it.

    ``fingerprint`` identifies the exact thing refused: the same value is not tried again, another one is.

    Attributes:
        stamp: a digest of the record and of the field's rules when it was refused; empty when nobody looked.
        tries: how often it was tried.
        tried_at: when it was tried last.
    """

    fingerprint: str
    connection: str
    ref: Ref
    lead: str | None
    subject: str
    reason: str
    remedy: str
    origin: Literal["crm", "decision", "identity", "person"] = "crm"
    stamp: str = ""
    tries: int = attribute(default=1, compare=False)
    tried_at: datetime | None = attribute(default=None, compare=False)
