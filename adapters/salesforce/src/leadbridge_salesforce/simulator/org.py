"""One simulated org: its kinds, its records, its people, its time and its switches."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from threading import RLock
from typing import Any

from leadbridge.clock import Clock
from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.simulator.fields import FieldDef, KindDef, standard_kinds
from leadbridge_salesforce.simulator.soql_eval import wire_instant
from leadbridge_salesforce.simulator.table import Row, Table

__all__ = ["CLOSED", "CONVERTED", "STAGES", "STATUSES", "Org", "Switches"]

STATUSES = ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted")
CONVERTED = "Closed - Converted"
STAGES = ("Prospecting", "Qualification", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost")
CLOSED = {"Closed Won": True, "Closed Lost": False}

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class Switches:
    """How the org behaves; change them at any time.

    Attributes:
        page_size: most records of one page of a query.
        short_pages: pages of more than 200 records come a little shorter than asked for, as Salesforce's may.
        late: what people do through the back door is stamped at once and becomes visible only after this time.
        duplicate_rule: leads and contacts with an e-mail address that exists already are refused.
        assignment_owner: who gets a lead that is written without ``Sforce-Auto-Assign: FALSE``.
        locked: so many of the next records to be written through the API are locked by somebody else.
        refuse_setup: the user may not change the org's set-up (Tooling API, permission sets).
        calls_allowed: the allowance of API calls for 24 hours.
        strict_auth: only tokens, clients and secrets of this org sign in; otherwise any do, except the token ``bad``.
        carry_custom: conversion carries custom fields to the contact's field of the same name, as a mapped org does.
    """

    page_size: int = 2000
    short_pages: bool = True
    late: timedelta = timedelta(0)
    duplicate_rule: bool = False
    assignment_owner: str | None = None
    locked: int = 0
    refuse_setup: bool = False
    calls_allowed: int = 100_000
    strict_auth: bool = False
    carry_custom: bool = True


@dataclass(slots=True)
class Locator:
    """The rest of a query's result."""

    rows: list[dict[str, Any]]
    total: int
    made_at: datetime


@dataclass(slots=True)
class Org:
    """The state behind the API and the back door. Whoever touches it holds ``lock``."""

    clock: Clock
    seed: int = 0
    lock: RLock = field(default_factory=RLock, repr=False)
    switches: Switches = field(default_factory=Switches)
    kinds: dict[str, KindDef] = field(default_factory=dict, repr=False)
    tables: dict[str, Table] = field(default_factory=dict, repr=False)
    tokens: set[str] = field(default_factory=set, repr=False)
    ended_tokens: set[str] = field(default_factory=set, repr=False)
    app_certificate: str | None = field(default=None, repr=False)
    locators: dict[str, Locator] = field(default_factory=dict, repr=False)
    calls: int = 0
    id: str = ""
    user: str = ""
    random: Random = field(default_factory=Random, repr=False)
    _numbers: dict[str, int] = field(default_factory=dict, repr=False)
    _late: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forgets everything: an org with the standard kinds and no records."""
        self.random = Random(self.seed)
        self.kinds = standard_kinds(STATUSES, STAGES)
        self.tables = {name: Table() for name in self.kinds}
        self._numbers.clear()
        self._late.clear()
        self.locators.clear()
        self.calls = 0
        self.ended_tokens.clear()
        self.app_certificate = None
        self.tokens = {self.new_token()}

    # -- set-up ----------------------------------------------------------------------------------------------------

    def kind(self, name: str) -> KindDef | None:
        """A kind; names are compared without regard to case."""
        found = self.kinds.get(name)
        if found is None:
            found = next((kind for known, kind in self.kinds.items() if known.lower() == name.lower()), None)
        return found

    def add_field(self, kind: str, definition: FieldDef) -> None:
        """Adds a field to a kind; existing records have it blank."""
        self.kinds[kind].add(definition)
        if definition.unique:
            self.tables[kind].index(definition.name)

    def remove_field(self, kind: str, name: str) -> None:
        """Takes a field away, as an administrator does who deletes or hides it."""
        self.kinds[kind].drop(name)

    def new_id(self, kind: str) -> str:
        """The next id of a kind: ids of one kind sort in the order of their making."""
        number = self._numbers.get(kind, 0)
        self._numbers[kind] = number + 1
        digits = ""
        for _ in range(6):
            number, rest = divmod(number, 62)
            digits = _DIGITS[rest] + digits
        return id18(f"{self.kinds[kind].prefix}Hs0000{digits}"[:15])

    def new_token(self) -> str:
        """A token that the API will accept."""
        raw = hashlib.sha256(f"{self.seed}-{self.random.random()}".encode()).hexdigest()
        return f"00DHs!simulated.{raw[:40]}"

    # -- time ------------------------------------------------------------------------------------------------------

    def stamp(self) -> str:
        """The present time as records are stamped: whole seconds, so that many share one."""
        return wire_instant(self.clock.now())

    def later(self, action: Callable[[], None]) -> None:
        """Does something at once, or when late commits become visible."""
        if self.switches.late:
            self._late.append((self.clock.now() + self.switches.late, action))
        else:
            action()

    def settle(self) -> None:
        """Commits what has become due."""
        now = self.clock.now()
        due = [action for at, action in self._late if at <= now]
        self._late = [(at, action) for at, action in self._late if at > now]
        for action in due:
            action()

    # -- records ---------------------------------------------------------------------------------------------------

    def insert(self, kind: str, fields: Row, *, key: str | None = None, stamp: str | None = None) -> Row:
        """Stores a record without any check."""
        at = stamp or self.stamp()
        row: Row = {
            **self.kinds[kind].defaults,
            "Id": key or self.new_id(kind),
            "IsDeleted": False,
            "CreatedDate": at,
            "CreatedById": self.user or None,
            "LastModifiedDate": at,
            "LastModifiedById": self.user or None,
            "SystemModstamp": at,
        }
        if "OwnerId" in row:
            row["OwnerId"] = self.user
        row.update(fields)
        _derive(kind, row, self)
        self.tables[kind].put(row)
        return row

    def change(self, kind: str, row: Row, fields: Row, *, stamp: str | None = None) -> None:
        """Changes a record without any check; a change to nothing new stamps it all the same, as Salesforce does."""
        at = stamp or self.stamp()
        changed = {**fields, "LastModifiedDate": at, "LastModifiedById": self.user or None}
        if kind == "Opportunity" and fields.get("StageName", row.get("StageName")) != row.get("StageName"):
            changed["LastStageChangeDate"] = at
        _derive(kind, {**row, **changed}, self, into=changed)
        self.tables[kind].change(row, changed, at)


def _derive(kind: str, row: Row, org: Org, *, into: Row | None = None) -> None:
    """Fields that follow from others: names, closed and won, responded."""
    target = row if into is None else into
    if kind in ("Lead", "Contact"):
        target["Name"] = " ".join(part for part in (row.get("FirstName"), row.get("LastName")) if part)
    elif kind == "Opportunity":
        target["IsClosed"] = row.get("StageName") in CLOSED
        target["IsWon"] = CLOSED.get(str(row.get("StageName")), False)
    elif kind == "Task":
        done = row.get("Status") == "Completed"
        target["IsClosed"] = done
        if done and not row.get("CompletedDateTime"):
            target["CompletedDateTime"] = org.stamp()
    elif kind == "CampaignMember":
        target["HasResponded"] = row.get("Status") == "Responded"
