"""The contract between leadbridge and a CRM: the one file that the author of an adapter has to read.

An adapter turns a CRM into *a stream of changes and a place to write*, in the CRM's own kinds and field names: meaning
is the business of ``leadbridge.mapping``. It is thread-safe, never sleeps (only the rate budget in ``leadbridge.http``
waits), never retries (the engine does), never logs payloads or puts content into an exception.

Values of fields are JSON scalars, so that they can be stored, hashed and compared without knowing the CRM: ``str``,
``int``, ``float``, ``bool``, ``None`` (blank), a ``Ref`` for a lookup, or a tuple of strings or refs for a multi-select
or several associations. A date is ``"2026-01-31"``; an instant is ``leadbridge.clock.iso``: UTC, milliseconds, ``Z``.
A field that is absent is not blank: it was not asked for, or this account does not have it.
``leadbridge.memory`` is the complete reference implementation; ``leadbridge.testing`` holds the conformance suite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from leadbridge.frozen import quick


@quick
@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """The address of a record: its kind and its id in the CRM (Salesforce: always 18 characters)."""

    kind: str
    id: str


Value: TypeAlias = str | int | float | bool | Ref | tuple[str | Ref, ...] | None
Fields: TypeAlias = Mapping[str, Value]


@quick
@dataclass(frozen=True, slots=True)
class Record:
    """What a record was when it was read. Unless ``live`` it is gone; ``successor`` took its place, if there is one."""

    ref: Ref
    version: str
    modified_at: datetime
    fields: Fields = field(repr=False)
    state: Literal["live", "deleted", "merged", "converted"] = "live"
    successor: Ref | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """The answer of ``fetch`` for a record that does not exist, or that we are not allowed to see."""

    ref: Ref


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a stream: records, or refs when no fields were asked for. ``more``: another page can be had at once.

    ``cursor``: opaque text to go on with, next month too. What was committed before ``covered_until`` has been seen.
    """

    items: tuple[Record | Ref, ...]
    cursor: str
    more: bool
    covered_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """One change to make.

    ``key`` is the op marker: unique, stored in the record's own ``op`` field by the same request (when the account has
    it) and returned by ``fetch``: after a lost answer it proves that the write landed. ``upsert`` creates or updates by
    our external key: ``target`` is ``Ref(kind, leadbridge_id)``; ``update`` and ``archive`` name the record itself. In
    ``fields``, ``None`` clears and what is absent stays. ``if_version``: only while the record still has that version.
    """

    key: str
    action: Literal["upsert", "update", "archive"]
    target: Ref
    fields: Fields = field(default_factory=dict, repr=False)
    if_version: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one write.

    ``applied``: the CRM says so. ``unchanged``: nothing to do. ``conflict``: somebody was faster, or the CRM holds a
    duplicate (``ref`` names it); nothing was written. ``rejected``: the CRM refused this record; ``reason`` is ``CODE``
    or ``CODE: Field``, never content. ``unknown``: the answer was lost; it may have happened.
    """

    key: str
    outcome: Literal["applied", "unchanged", "conflict", "rejected", "unknown"]
    ref: Ref | None = None
    version: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a picklist: what is stored and what people see. Inactive ones may stand in old records."""

    value: str
    label: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field of a kind, as this account has it.

    ``restricted``: only ``options`` may be written. ``max_length`` 0 means no limit known. ``forward_only``: a lower
    option is silently kept out by the CRM; to go back the field must be cleared in one request and set in another.
    """

    name: str
    label: str
    type: Literal["string", "number", "bool", "date", "datetime", "option", "options", "ref"]
    writable: bool = True
    required: bool = False
    unique: bool = False
    max_length: int = 0
    options: tuple[Option, ...] = ()
    restricted: bool = False
    forward_only: bool = False


@dataclass(frozen=True, slots=True)
class KindInfo:
    """One kind of record. ``own`` maps purposes of :data:`OWN_FIELDS` to the fields that this account has for them."""

    name: str
    fields: Mapping[str, FieldInfo]
    own: Mapping[str, str]
    writable: bool = True


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody or something that records can belong to. The address is for matching people across CRMs only."""

    id: str
    kind: Literal["person", "queue"]
    active: bool = True
    email: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this adapter promises; the conformance suite proves it in both directions.

    Attributes:
        read_batch, write_batch: most refs (writes) in one request; ``fetch`` and ``apply`` themselves take any number.
        settle: a committed change may stay invisible to ``changes`` for this long; cursors look back over it.
        conditional_writes: ``Write.if_version`` is honoured.
        archives: the action ``archive`` works.
        sees_deleted: ``changes`` shows deleted and merged records, and ``ids(archived=True)`` works.
        converts: records can become ``converted`` and go on as another kind.
        key_kinds: the kinds that can be upserted by our external key.
    """

    read_batch: int
    write_batch: int
    settle: timedelta
    conditional_writes: bool
    archives: bool
    sees_deleted: bool
    converts: bool
    key_kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Description:
    """Who we talk to, and what it can do. Reading it is the connection test.

    ``system`` names the adapter; ``account`` is the CRM's own id of the account. ``user`` is the owner id that we are
    signed in as, where the CRM gives it what we make: such a record belongs to nobody yet. ``crosswalk`` is the default
    mapping of kinds and fields, in the form of ``leadbridge.mapping``.
    """

    system: str
    account: str
    name: str
    api_version: str
    kinds: Mapping[str, KindInfo]
    capabilities: Capabilities
    owners: tuple[Owner, ...] = ()
    user: str = ""
    crosswalk: Mapping[str, object] = field(default_factory=dict, repr=False)


class Adapter(Protocol):
    """A CRM account. Methods may be called from several threads; a CRM that does not answer is an ``AdapterError``."""

    def describe(self) -> Description:
        """Reads who we talk to, its kinds, fields, options and owners, afresh each time."""

    def changes(self, kind: str, since: str | None, *, fields: Sequence[str], limit: int) -> Page:
        """The next at most ``limit`` records of a kind that changed after a cursor (``None``: from the beginning).

        Never loses a change, may repeat one: look-back and server clock live in it. An empty page may have ``more``.
        """

    def ids(self, kind: str, cursor: str | None, *, archived: bool, limit: int) -> Page:
        """A full sweep over the ids of a kind: the live ones, or the archived ones (needs ``sees_deleted``)."""

    def find(self, kind: str, field: str, values: Sequence[str], *, fields: Sequence[str]) -> list[tuple[Record, ...]]:
        """The records whose field has a value, for each value in order; sees deleted and converted ones, never late."""

    def fetch(self, refs: Sequence[Ref], *, fields: Sequence[str]) -> list[Record | Missing]:
        """The present state of records, in the order asked for. An old id answers with the record that it became."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        """Makes changes; one receipt a write, in the same order. A bad record is a receipt, never an exception.

        Raises only when nothing was sent, or the whole request was refused; a batch that was refused because of one
        record is split here. Once part of the work was sent, a failure is answered with ``unknown`` receipts.
        """

    def close(self) -> None:
        """Gives connections back. Closing twice is fine."""


@dataclass(frozen=True, slots=True)
class OwnField:
    """A field that leadbridge adds to a CRM. ``purpose`` is its name in :attr:`KindInfo.own`."""

    purpose: str
    type: Literal["string", "datetime"]
    label: str
    max_length: int
    unique: bool = False
    always: bool = False


OWN_FIELDS = (
    OwnField("id", "string", "leadbridge id", 64, unique=True, always=True),
    OwnField("op", "string", "leadbridge operation", 64, always=True),
    OwnField("decision", "string", "Sales decision", 40),
    OwnField("reason", "string", "Decision reason", 80),
    OwnField("sla_due", "datetime", "SLA due", 0),
    OwnField("sla_state", "string", "SLA state", 40),
    OwnField("buying_stage", "string", "Buying stage", 80),
)
"""The fields that ``Provision`` can add; safe creating and repeating rest on the two ``always`` ones."""


@dataclass(frozen=True, slots=True)
class Provisioned:
    """One field: it was there, would be made (dry run), was made, or a person has to make it as instructed."""

    kind: str
    field: str
    state: Literal["exists", "planned", "created", "manual"]
    instructions: str = ""


@runtime_checkable
class Provision(Protocol):
    """Optional: can add our own fields to the account."""

    def provision(self, purposes: Sequence[str], *, dry_run: bool) -> list[Provisioned]:
        """Makes the fields for these purposes on every keyed kind; with ``dry_run`` only says what it would do."""


@runtime_checkable
class Hints(Protocol):
    """Optional: can say which records a webhook is about, never trusted for content; see ``leadbridge.webhooks``."""

    def hints(self, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> list[Ref]:
        """Verifies the signature (a bad one raises ``Forbidden``) and names the records to fetch."""


@runtime_checkable
class History(Protocol):
    """Optional: remembers past values of a field."""

    def history(self, refs: Sequence[Ref], *, field: str) -> list[tuple[tuple[datetime, Value], ...]]:
        """For each record in order: when the field got which value, oldest first."""


@runtime_checkable
class Convert(Protocol):
    """Optional: can turn a record into its successor kind."""

    def convert(self, ref: Ref, *, owner: str | None) -> Record:
        """Converts a record and returns it as it now is: ``converted``, with its successor."""


@runtime_checkable
class Erase(Protocol):
    """Optional: can remove a person for good."""

    def erase(self, refs: Sequence[Ref]) -> list[Receipt]:
        """Removes records beyond recovery, as a person may demand; one receipt a record."""
