"""Erasures and the memory of them as values: what is under way, the receipt, and who must not come back unnoticed.

A keyed hash tells whether somebody who appears is the same person; it cannot be turned back without the key.

Source: the Information Commissioner's Office on the right to erasure: a suppression list is allowed, and advised.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from datetime import datetime
from typing import Any, Literal

from leadbridge.adapter import Record, Ref
from leadbridge.clock import from_us
from leadbridge.store.codec import load

__all__ = ["Doomed", "Erasure", "Suppression"]

Key = tuple[str, Ref]


@dataclass(frozen=True, slots=True)
class Suppression:
    """Who was erased on request, as keyed hashes.

    Attributes:
        key: what the hashes are made with.
        digests: everything that an erased person, or a record of one, could be recognised by.
        leaving: records of erasures that are not finished: nothing about them is stored any more.
    """

    key: str = attribute(repr=False)
    digests: frozenset[str] = attribute(repr=False)
    leaving: frozenset[Key] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.digests)

    def digest(self, *parts: str) -> str:
        """The keyed hash of a name and a value."""
        text = "\x1f".join(parts).encode()
        return hashlib.blake2b(text, digest_size=16, key=bytes.fromhex(self.key)).hexdigest()

    def holds(self, *parts: str) -> bool:
        """Whether somebody who can be recognised by this was erased."""
        return bool(self.digests) and self.digest(*parts) in self.digests

    def keeps(self, connection: str, record: Record, *, of_lead: bool) -> bool:
        """Whether anything of a record may be stored: not while it is being erased, nor what is left in a bin.

        One that stands for a person and is live again is kept, so that somebody can be asked about it.
        """
        return self.keeps_ref(connection, record.ref, of_lead=of_lead and record.state == "live")

    def keeps_ref(self, connection: str, ref: Ref, *, of_lead: bool) -> bool:
        """The same of a record of which only the id is known; ``of_lead``: it stands for a person and is live."""
        if not self.digests:
            return True
        if (connection, ref) in self.leaving:
            return False
        return of_lead or not self.holds_record(connection, ref)

    def holds_record(self, connection: str, ref: Ref) -> bool:
        """Whether a record belonged to somebody who was erased."""
        return self.holds("record", connection, ref.kind, ref.id)


@dataclass(frozen=True, slots=True)
class Doomed:
    """One record of a person who is being erased.

    ``open``: still to be erased. ``erased``: its CRM has done it, or does not know it any more. ``by_hand``: a person
    has to do it, for this ``reason``.
    """

    connection: str
    ref: Ref
    state: Literal["open", "erased", "by_hand"] = "open"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure: while it is under way with its lead and records, afterwards a receipt without them.

    ``counts`` say what was removed: records by connection, rows by table.
    """

    id: str
    lead: str | None
    begun_at: datetime
    records: tuple[Doomed, ...] = ()
    done_at: datetime | None = None
    counts: Mapping[str, int] = attribute(default_factory=dict)

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Erasure:
        """From a row of the table."""
        return cls(
            id=row["id"],
            lead=row["lead"],
            begun_at=from_us(row["begun_us"]),
            records=tuple(
                Doomed(each["connection"], Ref(each["kind"], each["id"]), each["state"], each["reason"])
                for each in load(row["records"])
            ),
            done_at=from_us(row["done_us"]) if row["done_us"] is not None else None,
            counts=load(row["counts"]),
        )

    def receipt(self, at: datetime) -> Erasure:
        """What is left when everything is done."""
        return replace(self, lead=None, records=(), done_at=at)
