"""The in-memory CRM: records, versions, a clock, and the back door for what people do inside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import RLock
from typing import Literal

from leadbridge.adapter import OWN_FIELDS, FieldInfo, KindInfo, Owner, Ref, Value
from leadbridge.clock import Clock, SystemClock, from_us, iso, to_us
from leadbridge.errors import ConfigError, Unsupported
from leadbridge.memory.schema import OWNERS, Kinds, check_type, default_kinds, own_fields

__all__ = ["MemoryCrm", "Row", "Trouble"]

_ALWAYS = tuple(own.purpose for own in OWN_FIELDS)


@dataclass(slots=True)
class Row:
    """One record. ``visible_at`` is when ``changes`` first shows its last change."""

    ref: Ref
    fields: dict[str, Value] = field(repr=False)
    modified_at: datetime
    visible_at: datetime
    version: int = 1
    state: Literal["live", "deleted", "merged", "converted"] = "live"
    successor: Ref | None = None
    past: dict[str, list[tuple[datetime, Value]]] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class Trouble:
    """An error to come: raised before anything is done, or after it was done and only the answer is lost."""

    error: BaseException
    operation: str
    when: Literal["before", "after"]
    times: int
    skip: int


class MemoryCrm:
    """A CRM in memory. Every method may be called from any thread.

    Args:
        account: its name; part of the ids, so that two CRMs never share one.
        clock: its time; the computer's by default.
        provisioned: whether it has our own fields.
        forward_only_stage: whether the stage silently refuses to go back, as HubSpot's does.
        unique_email: whether two live persons may not share an address.
        converts: whether persons can be turned into contacts.
        owners: who records can belong to.
        kinds: fields by kind and name, in place of the default ones.

    Attributes:
        lag: how long ``changes`` does not see a change that was made; set it to play a slow index.
        requests: how many requests reached the CRM, by operation.
        secret: what its webhooks are signed with.
    """

    def __init__(
        self,
        account: str = "memory",
        *,
        clock: Clock | None = None,
        provisioned: bool = True,
        forward_only_stage: bool = False,
        unique_email: bool = False,
        converts: bool = False,
        owners: Sequence[Owner] = OWNERS,
        kinds: Kinds | None = None,
    ) -> None:
        self.account = account
        self.clock = clock or SystemClock()
        self.owners = tuple(owners)
        self.converts = converts
        self.lag = timedelta(0)
        self.lock = RLock()
        self.requests: Counter[str] = Counter()
        self.secret = f"secret of {account}"
        self._fields = kinds or default_kinds(
            forward_only_stage=forward_only_stage, unique_email=unique_email, converts=converts
        )
        self._own: set[str] = set(_ALWAYS) if provisioned else set()
        self._ours = {info.name: info for info in own_fields(self._own).values()}
        self._rows: dict[str, dict[Ref, Row]] = {kind: {} for kind in self._fields}
        self._made = 0
        self._troubles: list[Trouble] = []

    # -- what the adapter sees ---------------------------------------------------------------------------------------

    @property
    def kinds(self) -> dict[str, KindInfo]:
        """Every kind as this account has it now."""
        own = own_fields(self._own)
        names = {purpose: info.name for purpose, info in own.items()}
        result: dict[str, KindInfo] = {}
        for kind, fields in self._fields.items():
            ours = kind in self.lead_kinds
            every = {**fields, **({info.name: info for info in own.values()} if ours else {})}
            result[kind] = KindInfo(kind, every, names if ours else {})
        return result

    @property
    def schema(self) -> Kinds:
        """The vendor's fields by kind and name, as an administrator may change them at any time."""
        return self._fields

    @property
    def lead_kinds(self) -> frozenset[str]:
        """The kinds that stand for people, and so get our own fields."""
        return frozenset(kind for kind, fields in self._fields.items() if "email" in fields)

    def provision(self, purposes: Sequence[str]) -> None:
        """Adds our own fields for these purposes."""
        with self.lock:
            self._own.update(purposes)
            self._ours = {info.name: info for info in own_fields(self._own).values()}

    def own(self, purposes: Sequence[str]) -> dict[str, bool]:
        """Which of these purposes the account has a field for."""
        return {purpose: purpose in self._own for purpose in purposes}

    def info(self, kind: str, name: str) -> FieldInfo | None:
        """One field, if the account has it."""
        fields = self._fields.get(kind, {})
        info = fields.get(name)
        return info if info is not None or "email" not in fields else self._ours.get(name)

    def now(self) -> datetime:
        """The CRM's time, in whole milliseconds."""
        return from_us(to_us(self.clock.now()) // 1000 * 1000)

    def rows(self, kind: str) -> list[Row]:
        """All records of a kind that there ever were, gone ones too."""
        return list(self._rows.get(kind, {}).values())

    def row(self, ref: Ref) -> Row | None:
        """The record at an address, gone or not."""
        return self._rows.get(ref.kind, {}).get(ref)

    def insert(self, kind: str, fields: Mapping[str, Value]) -> Row:
        """Makes a record."""
        self._made += 1
        now = self.now()
        ref = Ref(kind, f"{self.account}-{kind}-{self._made:06d}")
        row = Row(ref, {}, now, now + self.lag, version=0)
        self._rows[kind][ref] = row
        self.change(row, {"created_at": iso(now), **fields})
        return row

    def change(self, row: Row, fields: Mapping[str, Value]) -> None:
        """Changes fields, stamps the record and counts its version up."""
        now = self.now()
        for name, value in fields.items():
            if row.fields.get(name) != value:
                row.past.setdefault(name, []).append((now, value))
        row.fields.update(fields)
        row.version += 1
        row.modified_at = now
        row.visible_at = now + self.lag

    def retire(self, row: Row, state: Literal["deleted", "merged", "converted"], successor: Ref | None = None) -> None:
        """Takes a record out of use; it stays known, with the one that took its place."""
        row.state, row.successor = state, successor
        self.change(row, {})

    def remove(self, ref: Ref) -> bool:
        """Removes a record beyond recovery; whether there was one."""
        return self._rows.get(ref.kind, {}).pop(ref, None) is not None

    @property
    def troubles(self) -> int:
        """How many errors are still to come."""
        with self.lock:
            return sum(trouble.times for trouble in self._troubles)

    def trouble(self, operation: str, when: Literal["before", "after"]) -> BaseException | None:
        """The error that is due at this point, used up by one."""
        with self.lock:
            for trouble in self._troubles:
                if trouble.when != when or trouble.operation not in ("", operation):
                    continue
                if trouble.skip:
                    trouble.skip -= 1
                    continue
                trouble.times -= 1
                if not trouble.times:
                    self._troubles.remove(trouble)
                return trouble.error
            return None

    # -- the back door -----------------------------------------------------------------------------------------------

    def fail(
        self,
        error: BaseException,
        *,
        operation: str = "",
        when: Literal["before", "after"] = "before",
        times: int = 1,
        skip: int = 0,
    ) -> None:
        """Lets requests go wrong: ``after`` means that the work was done and only the answer is lost.

        Args:
            error: what is raised.
            operation: a method of the contract; empty is any.
            when: before or after the work is done.
            times: how many requests it befalls.
            skip: how many fitting requests are spared first.
        """
        with self.lock:
            self._troubles.append(Trouble(error, operation, when, times, skip))

    def recover(self) -> None:
        """Nothing goes wrong any more."""
        with self.lock:
            self._troubles.clear()

    def seed(self, kind: str, rows: Sequence[Mapping[str, Value]]) -> list[Ref]:
        """Puts records into the CRM, all with the present time, and says where they stand."""
        with self.lock:
            return [self.insert(kind, self._checked(kind, row)).ref for row in rows]

    def edit(self, ref: Ref, fields: Mapping[str, Value]) -> None:
        """Changes fields of a record, as a person would; stages go anywhere."""
        with self.lock:
            row = self._live(ref)
            checked = self._checked(ref.kind, fields)
            changes = {name: value for name, value in checked.items() if row.fields.get(name) != value}
            if changes:
                self.change(row, changes)

    def assign(self, ref: Ref, owner: str) -> None:
        """Gives a record to an owner."""
        self.edit(ref, {"owner": owner})

    def convert(
        self, ref: Ref, *, owner: str | None = None, opportunity: str | None = None, amount: float | None = None
    ) -> Ref:
        """Turns a person into a contact, with a deal of that name when one is given; returns the contact."""
        if not self.converts:
            raise Unsupported("converts")
        with self.lock:
            row = self._live(ref)
            carried = {name: value for name, value in row.fields.items() if name in self._fields["contact"]}
            ours = {name: row.fields.get(name) for name in self._ours}
            changes: dict[str, Value] = {**carried, **ours, **({"owner": owner} if owner else {})}
            contact = self.insert("contact", {name: value for name, value in changes.items() if value is not None})
            if opportunity is not None:
                deal = self.insert(
                    "deal",
                    {"name": opportunity, "person": contact.ref, "amount": amount, "won": False, "closed": False},
                )
                contact.fields["deal"] = row.fields["deal"] = deal.ref
            self.retire(row, "converted", contact.ref)
            return contact.ref

    def win(self, ref: Ref, *, on: date | None = None, amount: float | None = None) -> None:
        """Closes the deal of this person or contact as won, today when no day is given; makes one if there is none."""
        with self.lock:
            self._live(ref)
            day = (on or self.now().date()).isoformat()
            closing: dict[str, Value] = {"won": True, "closed": True, "closed_at": day}
            if amount is not None:
                closing["amount"] = amount
            for deal in self.rows("deal"):
                if deal.state == "live" and deal.fields.get("person") == ref:
                    self.change(deal, closing)
                    return
            self.insert("deal", {"name": "Deal", "person": ref, **closing})

    def delete(self, ref: Ref) -> None:
        """Puts a record into the bin."""
        with self.lock:
            self.retire(self._live(ref), "deleted")

    def merge(self, winner: Ref, loser: Ref) -> Ref:
        """Makes two records one: the winner's values stand, its blanks are filled, and others now refer to it."""
        with self.lock:
            kept, gone = self._live(winner), self._live(loser)
            blanks = {name: value for name, value in gone.fields.items() if kept.fields.get(name) is None}
            self.retire(gone, "merged", winner)
            self.change(kept, blanks)
            for row in (row for kind in self._fields for row in self.rows(kind)):
                moved: dict[str, Value] = {name: winner for name, value in row.fields.items() if value == loser}
                if moved:
                    self.change(row, moved)
            return winner

    def dump(self, kind: str) -> list[dict[str, Value]]:
        """The live records of a kind: their fields, and ``id``."""
        with self.lock:
            return [{"id": row.ref.id, **row.fields} for row in self.rows(kind) if row.state == "live"]

    def _live(self, ref: Ref) -> Row:
        row = self.row(ref)
        if row is None or row.state != "live":
            raise ConfigError(f"there is no live {ref.kind} with this id")
        return row

    def _checked(self, kind: str, fields: Mapping[str, Value]) -> dict[str, Value]:
        if kind not in self._fields:
            raise ConfigError(f"this CRM has no kind {kind}: it has {', '.join(sorted(self._fields))}")
        checked: dict[str, Value] = {}
        for name, value in fields.items():
            info = self.info(kind, name)
            if info is None:
                raise ConfigError(f"{kind} has no field {name}")
            try:
                checked[name] = check_type(info, value)
            except ValueError:
                raise ConfigError(f"{kind}.{name} holds a {info.type}") from None
        return checked
