"""The contract, method by method, on a CRM in memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar, Literal, Self, TypeVar

from leadbridge.adapter import (
    Capabilities,
    Description,
    Missing,
    Owner,
    Page,
    Provisioned,
    Receipt,
    Record,
    Ref,
    Value,
    Write,
)
from leadbridge.clock import Clock, from_us
from leadbridge.errors import AdapterError, CursorExpired, SchemaDrift, Unavailable, Unsupported
from leadbridge.http import TokenStore
from leadbridge.memory import webhooks
from leadbridge.memory.crm import MemoryCrm, Row
from leadbridge.memory.schema import OWNERS, Kinds, default_crosswalk, own_fields
from leadbridge.memory.stream import Place, next_rows
from leadbridge.memory.writing import Writer

__all__ = ["MemoryAdapter"]

T = TypeVar("T")


class MemoryAdapter:
    """An adapter whose CRM is in memory.

    Args:
        account: the CRM's own id of the account.
        crm: the CRM to talk to; without one a new CRM is made from ``account``, ``clock``, ``provisioned``,
            ``forward_only_stage``, ``unique_email``, ``converts``, ``owners`` and ``kinds``, as
            :class:`~leadbridge.memory.MemoryCrm` explains them.
        settle: as in :class:`~leadbridge.adapter.Capabilities`, and so are the rest.

    Attributes:
        crm: the CRM, with its back door.
        calls_by: how many requests each method made so far.
    """

    SETTINGS: ClassVar[Mapping[str, str]] = {"account": "a name for the CRM; it begins empty and ends with the process"}

    def __init__(
        self,
        account: str = "memory",
        *,
        crm: MemoryCrm | None = None,
        clock: Clock | None = None,
        provisioned: bool = True,
        forward_only_stage: bool = False,
        unique_email: bool = False,
        converts: bool = False,
        owners: Sequence[Owner] = OWNERS,
        kinds: Kinds | None = None,
        settle: timedelta = timedelta(0),
        conditional_writes: bool = True,
        archives: bool = True,
        sees_deleted: bool = True,
        read_batch: int = 100,
        write_batch: int = 100,
    ) -> None:
        self.crm = crm or MemoryCrm(
            account,
            clock=clock,
            provisioned=provisioned,
            forward_only_stage=forward_only_stage,
            unique_email=unique_email,
            converts=converts,
            owners=owners,
            kinds=kinds,
        )
        self.calls_by: Counter[str] = Counter()
        self._settle = settle
        self._conditional_writes = conditional_writes
        self._archives = archives
        self._sees_deleted = sees_deleted
        self._read_batch = read_batch
        self._write_batch = write_batch

    @classmethod
    def from_settings(cls, settings: Mapping[str, str], *, tokens: TokenStore | None = None) -> Self:
        """An adapter on a new, empty CRM; there is nothing to sign in to."""
        return cls(settings.get("account", "memory"))

    @property
    def calls(self) -> int:
        """How many requests were made so far."""
        with self.crm.lock:
            return self.calls_by.total()

    @property
    def capabilities(self) -> Capabilities:
        """What this adapter promises, as the account is now."""
        keyed = self.crm.own(["id"])["id"]
        return Capabilities(
            read_batch=self._read_batch,
            write_batch=self._write_batch,
            settle=self._settle,
            conditional_writes=self._conditional_writes,
            archives=self._archives,
            sees_deleted=self._sees_deleted,
            converts=self.crm.converts,
            key_kinds=self.crm.lead_kinds if keyed else frozenset(),
        )

    # -- the contract --------------------------------------------------------------------------------------------------

    def describe(self) -> Description:
        def look() -> Description:
            kinds = self.crm.kinds
            return Description(
                system="memory",
                account=self.crm.account,
                name=f"In memory: {self.crm.account}",
                api_version="1",
                kinds=kinds,
                capabilities=self.capabilities,
                owners=self.crm.owners,
                crosswalk=default_crosswalk(kinds),
            )

        return self._request("describe", look)

    def changes(self, kind: str, since: str | None, *, fields: Sequence[str], limit: int) -> Page:
        place = Place.loads(since, kind)

        def look() -> Page:
            rows, behind, more = self._walk(self._rows(kind), place, limit)
            covered = None if more else from_us(behind.begin)
            items = tuple(self._record(row, fields) if fields else row.ref for row in rows)
            return Page(items, behind.dumps(), more, covered)

        self._check_fields(kind, fields)
        return self._request("changes", look)

    def ids(self, kind: str, cursor: str | None, *, archived: bool, limit: int) -> Page:
        if archived and not self._sees_deleted:
            raise Unsupported("sees_deleted", operation="ids")
        try:
            asked, after = (archived, "") if cursor is None else json.loads(cursor)
        except ValueError:
            asked, after = not archived, ""
        if asked != archived:
            raise CursorExpired("this cursor does not belong to this sweep: begin again", operation="ids")

        def look() -> Page:
            rows = [row.ref for row in self._rows(kind) if (row.state != "live") == archived]
            ahead = sorted(ref for ref in rows if ref.id > after)
            page = tuple(ahead[:limit])
            return Page(page, json.dumps([archived, page[-1].id if page else after]), len(ahead) > limit)

        self._check_fields(kind, ())
        return self._request("ids", look)

    def find(self, kind: str, field: str, values: Sequence[str], *, fields: Sequence[str]) -> list[tuple[Record, ...]]:
        self._check_fields(kind, (field, *fields))

        def look(part: Sequence[str]) -> list[tuple[Record, ...]]:
            found: dict[str, list[Row]] = {value.casefold(): [] for value in part}
            for row in self._rows(kind):
                value = row.fields.get(field)
                if value is not None and (rows := found.get(str(value).casefold())) is not None:
                    rows.append(row)
            return [
                tuple(self._record(row, fields) for row in sorted(found[value.casefold()], key=lambda row: row.ref))
                for value in part
            ]

        return [found for part in self._parts(values) for found in self._request("find", partial(look, part))]

    def fetch(self, refs: Sequence[Ref], *, fields: Sequence[str]) -> list[Record | Missing]:
        for kind in {ref.kind for ref in refs}:
            self._check_fields(kind, ())

        def look(part: Sequence[Ref]) -> list[Record | Missing]:
            return [self._present(ref, fields) for ref in part]

        return [found for part in self._parts(refs) for found in self._request("fetch", partial(look, part))]

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        self._check_promises(writes)
        receipts: list[Receipt] = []
        for start in range(0, len(writes), self._write_batch):
            batch = writes[start : start + self._write_batch]
            lost: list[Receipt] = [Receipt(write.key, "unknown") for write in writes[start:]]
            try:
                receipts += self._request("apply", partial(Writer(self.crm).write, batch))
            except Unavailable as error:
                # Only the very first request may fail as a whole, and only when it surely did not arrive.
                if not receipts and not error.sent:
                    raise
                return receipts + lost
            except AdapterError:
                if not receipts:
                    raise
                return receipts + lost
        return receipts

    def close(self) -> None:
        return

    # -- optional abilities
    # ----------------------------------------------------------------------------------------------

    def provision(self, purposes: Sequence[str], *, dry_run: bool) -> list[Provisioned]:
        """Adds our own fields for these purposes."""

        def make() -> list[Provisioned]:
            have = self.crm.own(purposes)
            if not dry_run:
                self.crm.provision(purposes)
            new: Literal["planned", "created"] = "planned" if dry_run else "created"
            return [
                Provisioned(kind, info.name, "exists" if have[purpose] else new)
                for kind in sorted(self.crm.lead_kinds)
                for purpose, info in own_fields(purposes).items()
            ]

        return self._request("provision", make)

    def hints(self, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> list[Ref]:
        """The records that a webhook of :func:`leadbridge.memory.webhooks.webhook` is about."""
        return webhooks.hints(self.crm.secret, method=method, url=url, headers=headers, body=body)

    def convert(self, ref: Ref, *, owner: str | None) -> Record:
        """Turns a person into a contact."""
        if not self.crm.converts:
            raise Unsupported("converts", operation="convert")

        def turn() -> Record:
            self.crm.convert(ref, owner=owner)
            row = self.crm.row(ref)
            assert row is not None
            return self._record(row, tuple(row.fields))

        return self._request("convert", turn)

    def history(self, refs: Sequence[Ref], *, field: str) -> list[tuple[tuple[datetime, Value], ...]]:
        """When a field of these records got which value, oldest first."""

        def look() -> list[tuple[tuple[datetime, Value], ...]]:
            rows = [self.crm.row(ref) for ref in refs]
            return [tuple(row.past.get(field, ())) if row is not None else () for row in rows]

        for kind in {ref.kind for ref in refs}:
            self._check_fields(kind, (field,))
        return self._request("history", look)

    def erase(self, refs: Sequence[Ref]) -> list[Receipt]:
        """Removes records as if they had never been."""

        def remove() -> list[Receipt]:
            return [Receipt(ref.id, "applied" if self.crm.remove(ref) else "unchanged", ref) for ref in refs]

        return self._request("erase", remove)

    # -- inside
    # ------------------------------------------------------------------------------------------------------------

    def _request(self, operation: str, work: Callable[[], T]) -> T:
        """One round trip: it counts, it can go wrong before the work and after it."""
        with self.crm.lock:
            self.calls_by[operation] += 1
            self.crm.requests[operation] += 1
            if (error := self.crm.trouble(operation, "before")) is not None:
                raise error
            answer = work()
            if (error := self.crm.trouble(operation, "after")) is not None:
                raise error
            return answer

    def _walk(self, rows: Sequence[Row], place: Place, limit: int) -> tuple[list[Row], Place, bool]:
        return next_rows(rows, place, now=self.crm.now(), settle=self._settle, limit=limit)

    def _rows(self, kind: str) -> list[Row]:
        rows = self.crm.rows(kind)
        return rows if self._sees_deleted else [row for row in rows if row.state not in ("deleted", "merged")]

    def _present(self, ref: Ref, fields: Sequence[str]) -> Record | Missing:
        row = self.crm.row(ref)
        while row is not None and row.state == "merged" and row.successor is not None:
            row = self.crm.row(row.successor)
        if row is None or (row.state == "deleted" and not self._sees_deleted):
            return Missing(ref)
        return self._record(row, fields)

    def _record(self, row: Row, fields: Sequence[str]) -> Record:
        info, kind, held = self.crm.info, row.ref.kind, row.fields
        known = {name: held.get(name) for name in fields if info(kind, name) is not None}
        return Record(row.ref, str(row.version), row.modified_at, known, row.state, row.successor)

    def _check_fields(self, kind: str, fields: Sequence[str]) -> None:
        # Whoever maps a field relies on it; answering as if it were merely blank would wipe it out elsewhere.
        if kind not in self.crm.kinds:
            raise SchemaDrift("this account has no such kind", field=kind)
        for name in fields:
            if self.crm.info(kind, name) is None:
                raise SchemaDrift("this account has no such field", field=f"{kind}.{name}")

    def _check_promises(self, writes: Sequence[Write]) -> None:
        """Refuses what was never promised, before anything is sent."""
        promised = self.capabilities
        for write in writes:
            if write.if_version is not None and not promised.conditional_writes:
                raise Unsupported("conditional_writes", operation="apply")
            if write.action == "archive" and not promised.archives:
                raise Unsupported("archives", operation="apply")
            if write.action == "upsert" and write.target.kind not in promised.key_kinds:
                raise Unsupported("key_kinds", operation="apply")

    def _parts(self, items: Sequence[T]) -> list[Sequence[T]]:
        return [items[start : start + self._read_batch] for start in range(0, len(items), self._read_batch)]
