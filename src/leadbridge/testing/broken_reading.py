"""In-memory adapters that read wrongly, on purpose; see :mod:`leadbridge.testing.broken`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import ClassVar, TypeVar, cast

from leadbridge.adapter import Description, Missing, Page, Record, Ref
from leadbridge.clock import to_us
from leadbridge.errors import AdapterError, RateLimited
from leadbridge.memory import MemoryAdapter
from leadbridge.memory.crm import Row
from leadbridge.memory.stream import Place, next_rows

T = TypeVar("T")


class StopsAfterOnePage(MemoryAdapter):
    """Forgets that there are more pages."""

    def changes(self, kind: str, since: str | None, *, fields: Sequence[str], limit: int) -> Page:
        return replace(super().changes(kind, since, fields=fields, limit=limit), more=False)


class KeepsItsPlaceToItself(MemoryAdapter):
    """Hands out a name for its place and remembers the place itself: in another process the name means nothing."""

    _names: dict[str, str] | None = None

    def changes(self, kind: str, since: str | None, *, fields: Sequence[str], limit: int) -> Page:
        known = self._names = self._names or {}
        place = since if since is None else known.get(since, Place(kind, begin=to_us(self.crm.now())).dumps())
        page = super().changes(kind, place, fields=fields, limit=limit)
        name = f"place {len(known)}"
        known[name] = page.cursor
        return replace(page, cursor=name)


class LosesTies(MemoryAdapter):
    """Takes a time stamp for a place: what shares the stamp of the last record of a page is lost."""

    def _walk(self, rows: Sequence[Row], place: Place, limit: int) -> tuple[list[Row], Place, bool]:
        found, behind, more = super()._walk(rows, place, limit)
        return found, replace(behind, after=(behind.after[0], "\U0010ffff")) if more else behind, more


class NeverLooksBack(MemoryAdapter):
    """Believes that what is not visible now does not exist."""

    def _walk(self, rows: Sequence[Row], place: Place, limit: int) -> tuple[list[Row], Place, bool]:
        return next_rows(rows, place, now=self.crm.now(), settle=timedelta(0), limit=limit)


class ReadsEverythingAgain(MemoryAdapter):
    """Begins at the beginning whenever a window has ended."""

    def _walk(self, rows: Sequence[Row], place: Place, limit: int) -> tuple[list[Row], Place, bool]:
        found, behind, more = super()._walk(rows, place, limit)
        return found, behind if more else Place(place.kind), more


class HandsOutObjects(MemoryAdapter):
    """Its cursor is an object that only lives in this process."""

    def changes(self, kind: str, since: str | None, *, fields: Sequence[str], limit: int) -> Page:
        page = super().changes(kind, since, fields=fields, limit=limit)
        return replace(page, cursor=cast("str", page.cursor.encode()))


class IgnoresTheLimit(MemoryAdapter):
    """Gives pages of its own size."""

    def changes(self, kind: str, since: str | None, *, fields: Sequence[str], limit: int) -> Page:
        return super().changes(kind, since, fields=fields, limit=max(limit, 25))


class RemembersFirstSight(MemoryAdapter):
    """Caches what it has once read."""

    _seen: dict[tuple[Ref, tuple[str, ...]], Record] | None = None

    def _record(self, row: Row, fields: Sequence[str]) -> Record:
        seen = self._seen = self._seen if self._seen is not None else {}
        return seen.setdefault((row.ref, tuple(fields)), super()._record(row, fields))


class ReadsAllFields(MemoryAdapter):
    """Reads everything there is about a person, whatever was asked for."""

    def _record(self, row: Row, fields: Sequence[str]) -> Record:
        return super()._record(row, tuple(row.fields))


class HasOneVersion(MemoryAdapter):
    """Says that records never change."""

    def _record(self, row: Row, fields: Sequence[str]) -> Record:
        return replace(super()._record(row, fields), version="1")


class RepeatsIds(MemoryAdapter):
    """Begins every page of a sweep with the last id of the page before."""

    def ids(self, kind: str, cursor: str | None, *, archived: bool, limit: int) -> Page:
        page = super().ids(kind, cursor, archived=archived, limit=limit)
        again = [] if cursor is None else [Ref(kind, cursor.split('"')[1])]
        return replace(page, items=(*again, *page.items)[:limit] if page.more else (*again, *page.items))


class FindsLate(MemoryAdapter):
    """Looks people up in the search index."""

    def find(self, kind: str, field: str, values: Sequence[str], *, fields: Sequence[str]) -> list[tuple[Record, ...]]:
        found = super().find(kind, field, values, fields=fields)
        return [tuple(record for record in records if self._indexed(record.ref)) for records in found]

    def _indexed(self, ref: Ref) -> bool:
        row = self.crm.row(ref)
        return row is not None and row.visible_at <= self.crm.now()


class AnswersInItsOwnOrder(MemoryAdapter):
    """Gives answers as the vendor sent them."""

    def fetch(self, refs: Sequence[Ref], *, fields: Sequence[str]) -> list[Record | Missing]:
        return sorted(super().fetch(refs, fields=fields), key=lambda answer: answer.ref)


class FetchesOneBatch(MemoryAdapter):
    """Leaves out what does not fit into one request."""

    def fetch(self, refs: Sequence[Ref], *, fields: Sequence[str]) -> list[Record | Missing]:
        return super().fetch(refs[: self.capabilities.read_batch], fields=fields)


class HidesDeletedRecords(MemoryAdapter):
    """Declares that it sees deleted records, and does not."""

    def _rows(self, kind: str) -> list[Row]:
        return [row for row in super()._rows(kind) if row.state == "live"]


class SweepsWhatItCannotSee(MemoryAdapter):
    """Answers a sweep over deleted records with nothing instead of saying that it cannot."""

    def ids(self, kind: str, cursor: str | None, *, archived: bool, limit: int) -> Page:
        return super().ids(kind, cursor, archived=False, limit=limit)


class ForgetsMerges(MemoryAdapter):
    """Says that a merged record is missing."""

    def _present(self, ref: Ref, fields: Sequence[str]) -> Record | Missing:
        row = self.crm.row(ref)
        return Missing(ref) if row is None or row.state == "merged" else super()._present(ref, fields)


class ShowsConvertedAsLive(MemoryAdapter):
    """Does not look whether a record has become another one."""

    def _record(self, row: Row, fields: Sequence[str]) -> Record:
        record = super()._record(row, fields)
        return replace(record, state="live", successor=None) if record.state == "converted" else record


class ConvertsUndeclared(MemoryAdapter):
    """Tries to convert although it never promised to."""

    def convert(self, ref: Ref, *, owner: str | None) -> Record:
        (record,) = self.fetch([ref], fields=())
        return cast("Record", record)


class InventsFields(MemoryAdapter):
    """Names a field for the op marker that the account does not have."""

    def describe(self) -> Description:
        seen = super().describe()
        kinds = {name: replace(info, own={**info.own, "op": "not_there"}) for name, info in seen.kinds.items()}
        return replace(seen, kinds=kinds)


class Retries(MemoryAdapter):
    """Asks again by itself, as many vendors' clients do."""

    def _request(self, operation: str, work: Callable[[], T]) -> T:
        try:
            return super()._request(operation, work)
        except AdapterError:
            return super()._request(operation, work)


class Sleeps(MemoryAdapter):
    """Waits by itself."""

    def _request(self, operation: str, work: Callable[[], T]) -> T:
        try:
            return super()._request(operation, work)
        except AdapterError:
            time.sleep(0)  # noqa: TID251  # this is the mistake
            raise


class TurnsTroubleIntoNothing(MemoryAdapter):
    """Takes an error for an empty page."""

    def changes(self, kind: str, since: str | None, *, fields: Sequence[str], limit: int) -> Page:
        try:
            return super().changes(kind, since, fields=fields, limit=limit)
        except AdapterError:
            return Page((), since or Place(kind).dumps(), more=False)


class ForgetsTheWait(MemoryAdapter):
    """Does not say how long the CRM wants us to wait."""

    def _request(self, operation: str, work: Callable[[], T]) -> T:
        try:
            return super()._request(operation, work)
        except RateLimited as error:
            error.retry_after = None
            raise


class ClosesOnce(MemoryAdapter):
    """Cannot be closed twice."""

    _closed = False

    def close(self) -> None:
        if self._closed:
            raise RuntimeError("closed already")
        self._closed = True


class ClosesForAll(MemoryAdapter):
    """Shares one connection with all others of its class, and closes it for them."""

    closed: ClassVar[set[int]] = set()

    def close(self) -> None:
        self.closed.add(id(self.crm))

    def _request(self, operation: str, work: Callable[[], T]) -> T:
        if id(self.crm) in self.closed:
            raise RuntimeError("the connection is closed")
        return super()._request(operation, work)


class IsAlone(MemoryAdapter):
    """Keeps what it was asked for on itself while it is busy."""

    _meeting = Barrier(2)
    _refs: Sequence[Ref] = ()

    def fetch(self, refs: Sequence[Ref], *, fields: Sequence[str]) -> list[Record | Missing]:
        self._refs = refs
        try:
            self._meeting.wait(timeout=0.05)
        except BrokenBarrierError:
            self._meeting.reset()
        return super().fetch(self._refs, fields=fields)
