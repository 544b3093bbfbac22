"""One simulated org: its kinds, its records, its people, its time and its switches."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from threading import RLock
from typing import Any

from leadbridge.clock import Clock
from leadbridge.errors import ConfigError
from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.simulator.fields import FieldDef, KindDef
from leadbridge_salesforce.simulator.history import HISTORIES, MOST_TRACKED, History
from leadbridge_salesforce.simulator.kinds import standard_kinds
from leadbridge_salesforce.simulator.soql_dates import wire_instant
from leadbridge_salesforce.simulator.switches import Switches
from leadbridge_salesforce.simulator.table import Row, Table

__all__ = ["CLOSED", "CONVERTED", "STAGES", "STATUSES", "Org", "ValidationRule"]

STATUSES = ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted")
CONVERTED = "Closed - Converted"
STAGES = {
    "Prospecting": 10.0,
    "Qualification": 10.0,
    "Proposal/Price Quote": 75.0,
    "Negotiation/Review": 90.0,
    "Closed Won": 100.0,
    "Closed Lost": 0.0,
}
"""The stages of an opportunity with their probability."""
CLOSED = {"Closed Won": True, "Closed Lost": False}

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class Locator:
    """The rest of a query's result."""

    rows: list[dict[str, Any]]
    total: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """An administrator's rule: a record for which ``broken`` holds after a change is refused.

    Attributes:
        kind: the kind of record.
        broken: whether a record, with the values that it would have, breaks the rule.
        message: what the administrator wrote.
        field: the field that the message stands at; empty: at the top of the page.
        code: Salesforce's word for the refusal; a trigger's is ``CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY``.
    """

    kind: str
    broken: Callable[[Row], bool]
    message: str
    field: str = ""
    code: str = "FIELD_CUSTOM_VALIDATION_EXCEPTION"


@dataclass(frozen=True, slots=True)
class _Pending:
    """What happens when its time comes; ``stamp`` is that of a transaction which is still open."""

    at: datetime
    action: Callable[[], None]
    stamp: str | None


@dataclass(slots=True)
class Org:
    """The state behind the API and the back door. Whoever touches it holds ``lock``."""

    clock: Clock
    seed: int = 0
    lock: RLock = field(default_factory=RLock, repr=False)
    switches: Switches = field(default_factory=Switches)
    kinds: dict[str, KindDef] = field(default_factory=dict, repr=False)
    tables: dict[str, Table] = field(default_factory=dict, repr=False)
    history: History = field(init=False, repr=False)
    jobs: dict[str, Any] = field(default_factory=dict, repr=False)
    rules: list[ValidationRule] = field(default_factory=list, repr=False)
    purged: list[tuple[str, str, str]] = field(default_factory=list, repr=False)
    tokens: set[str] = field(default_factory=set, repr=False)
    ended_tokens: set[str] = field(default_factory=set, repr=False)
    codes: set[str] = field(default_factory=set, repr=False)
    app_certificate: str | None = field(default=None, repr=False)
    locators: dict[str, Locator] = field(default_factory=dict, repr=False)
    id: str = ""
    user: str = ""
    person: str = ""
    random: Random = field(default_factory=Random, repr=False)
    _numbers: dict[str, int] = field(default_factory=dict, repr=False)
    _pending: list[_Pending] = field(default_factory=list, repr=False)
    _calls: dict[datetime, int] = field(default_factory=dict, repr=False)
    _first_use: dict[str, datetime] = field(default_factory=dict, repr=False)
    _undo: list[Callable[[], None]] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forgets everything: an org with the standard kinds and no records."""
        self.random = Random(self.seed)
        self.kinds = standard_kinds(STATUSES, tuple(STAGES))
        self.tables = {name: Table() for name in self.kinds}
        self._numbers.clear()
        self._pending.clear()
        self._calls.clear()
        self._first_use.clear()
        self.locators.clear()
        self.jobs.clear()
        self.rules.clear()
        self.purged.clear()
        self.history = History(self._label)
        self.ended_tokens.clear()
        self.codes.clear()
        self.app_certificate = None
        self.tokens.clear()
        self.issue()
        for kind in HISTORIES:
            for each in self.kinds[kind].fields.values():
                self._define(kind, each)

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
        if kind in HISTORIES:
            self._define(kind, definition)

    def remove_field(self, kind: str, name: str) -> None:
        """Takes a field away, as an administrator does who deletes or hides it."""
        self.kinds[kind].drop(name)
        if f"{kind}.{name}" in self.tables["FieldDefinition"].rows:
            self.tables["FieldDefinition"].forget(f"{kind}.{name}")

    def _define(self, kind: str, definition: FieldDef) -> None:
        """Keeps the row of ``FieldDefinition``, which alone says whether a field's history is tracked."""
        name = definition.name
        key = f"{kind}.{name}"
        row: Row = {
            "Id": key,
            "IsDeleted": False,
            "SystemModstamp": self.stamp(),
            "DurableId": key,
            "QualifiedApiName": name,
            "EntityDefinitionId": kind,
            "Label": definition.label or name,
            "IsFieldHistoryTracked": name in self.history.tracked.get(kind, set()),
        }
        self.tables["FieldDefinition"].put(row)

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
        return f"eyJraWQiOiJz.{raw[:40]}.{raw[40:]}" if self.switches.jwt_tokens else f"00DHs!simulated.{raw[:40]}"

    def accepts(self, token: str) -> bool:
        """Whether a token still signs in."""
        life = self.switches.token_life
        if life is not None and self._first_use.setdefault(token, self.clock.now()) + life <= self.clock.now():
            return False
        return token in self.tokens if self.switches.strict_auth else token not in {"", "bad", *self.ended_tokens}

    def issue(self) -> str:
        """A new token, from now on accepted."""
        token = self.new_token()
        self.tokens.add(token)
        self._first_use[token] = self.clock.now()
        return token

    # -- calls -----------------------------------------------------------------------------------------------------

    @property
    def calls(self) -> int:
        """Calls of the last 24 hours, counted by the hour."""
        since = self.clock.now() - timedelta(hours=24)
        return sum(number for hour, number in self._calls.items() if hour > since)

    def count_call(self) -> None:
        """Counts one call."""
        hour = self.clock.now().replace(minute=0, second=0, microsecond=0)
        if hour not in self._calls:
            since = self.clock.now() - timedelta(hours=24)
            self._calls = {known: number for known, number in self._calls.items() if known > since}
        self._calls[hour] = self._calls.get(hour, 0) + 1

    # -- time ------------------------------------------------------------------------------------------------------

    def stamp(self) -> str:
        """The present time as records are stamped: whole seconds, so that many share one."""
        return wire_instant(self.clock.now())

    def later(self, action: Callable[[], None]) -> None:
        """Does something at once, or when late commits become visible."""
        if self.switches.late:
            self._pending.append(_Pending(self.clock.now() + self.switches.late, action, self.stamp()))
        else:
            action()

    def schedule(self, at: datetime, action: Callable[[], None]) -> None:
        """Does something when the clock says so."""
        self._pending.append(_Pending(at, action, None))

    def settle(self) -> None:
        """Does what has become due."""
        if not self._pending:
            return
        now = self.clock.now()
        due = [each for each in self._pending if each.at <= now]
        self._pending = [each for each in self._pending if each.at > now]
        for each in sorted(due, key=lambda one: one.at):
            each.action()

    def open_since(self) -> str | None:
        """The stamp of the oldest transaction that is not committed yet."""
        return min((each.stamp for each in self._pending if each.stamp is not None), default=None)

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
        if self._undo is not None:
            self._undo.append(partial(self.tables[kind].forget, row["Id"]))
        if kind in HISTORIES:
            self._remember(self.history.of_creation(kind, row), at, row["CreatedById"])
        return row

    def change(self, kind: str, row: Row, fields: Row, *, stamp: str | None = None, by: str | None = None) -> None:
        """Changes a record without any check; a change to nothing new stamps it all the same, as Salesforce does."""
        at, who = stamp or self.stamp(), by or self.user or None
        changed = {**fields, "LastModifiedDate": at, "LastModifiedById": who}
        if kind == "Opportunity" and fields.get("StageName", row.get("StageName")) != row.get("StageName"):
            changed["LastStageChangeDate"] = at
        _derive(kind, {**row, **changed}, self, into=changed)
        if self._undo is not None:
            self._undo.append(partial(self.tables[kind].restore, row, dict(row)))
        before = {name: row.get(name) for name in changed} if kind in HISTORIES else {}
        self.tables[kind].change(row, changed, at)
        if kind in HISTORIES:
            self._remember(self.history.of_change(kind, row, before, self.kinds[kind].fields), at, who)
            if kind == "Opportunity" and changed.get("IsDeleted"):
                self._forget_past(row["Id"])

    def purge(self, kind: str, row: Row) -> None:
        """Takes a record out of the recycle bin: no query finds it any more, only ``deleted`` still knows of it."""
        self.tables[kind].forget(row["Id"])
        self.purged.append((kind, row["Id"], row["SystemModstamp"]))

    def track(self, kind: str, names: set[str]) -> None:
        """Says which fields of a kind keep a history, from now on."""
        if kind not in HISTORIES or len(names) > MOST_TRACKED or names - self.kinds[kind].fields.keys():
            raise ConfigError(
                f"history is kept for {', '.join(HISTORIES)}, and for at most {MOST_TRACKED} fields that exist"
            )
        self.history.tracked[kind] = set(names)
        for each in self.kinds[kind].fields.values():
            self._define(kind, each)

    @contextmanager
    def attempt(self) -> Iterator[Callable[[], None]]:
        """A transaction: what is given back undoes every change that was made inside."""
        undo: list[Callable[[], None]] = []
        outer, self._undo = self._undo, undo

        def roll_back() -> None:
            while undo:
                undo.pop()()

        try:
            yield roll_back
        finally:
            self._undo = outer
            if outer is not None:
                outer.extend(undo)

    def _remember(self, rows: Iterator[tuple[str, Row]], at: str, who: str | None) -> None:
        for kind, row in rows:
            key = self.new_id(kind)
            system = {"Id": key, "IsDeleted": False, "CreatedById": who, "CreatedDate": at, "SystemModstamp": at}
            self.tables[kind].put({**system, **row})
            if self._undo is not None:
                self._undo.append(partial(self.tables[kind].forget, key))

    def _forget_past(self, deal: str) -> None:
        """The history of an opportunity vanishes with it."""
        table = self.tables["OpportunityHistory"]
        for key in [key for key, row in table.rows.items() if row["OpportunityId"] == deal]:
            if self._undo is not None:
                self._undo.append(partial(table.put, table.rows[key]))
            table.forget(key)

    def _label(self, key: Any) -> str | None:
        row = next((table.rows[key] for table in self.tables.values() if key in table.rows), None)
        return None if row is None else row.get("Name")


def _derive(kind: str, row: Row, org: Org, *, into: Row | None = None) -> None:
    """Fields that follow from others: names, closed and won, responded."""
    target = row if into is None else into
    if kind in ("Lead", "Contact"):
        target["Name"] = " ".join(part for part in (row.get("FirstName"), row.get("LastName")) if part)
    elif kind == "Opportunity":
        target["IsClosed"] = row.get("StageName") in CLOSED
        target["IsWon"] = CLOSED.get(str(row.get("StageName")), False)
        if row.get("Probability") is None:
            target["Probability"] = STAGES.get(str(row.get("StageName")))
    elif kind == "Task":
        done = row.get("Status") == "Completed"
        target["IsClosed"] = done
        if done and not row.get("CompletedDateTime"):
            target["CompletedDateTime"] = org.stamp()
    elif kind == "CampaignMember":
        target["HasResponded"] = row.get("Status") == "Responded"
        target["LeadOrContactId"] = row.get("LeadId") or row.get("ContactId")
