"""Reading: changes by windows of SystemModstamp, sweeps over ids, look-ups by value and by id.

Everything that may be gone is read through ``queryAll``, which also shows deleted, merged and archived records. Pages
are continued by a condition on (SystemModstamp, Id) and not by Salesforce's locator, so that any page can be resumed
by another process, at any time. Ids are compared by Salesforce only: its order of ids is not the order of their text.
What a long scan still has to read is left to the Bulk API, see :mod:`leadbridge_salesforce.bulk_reading`; what no query
can show is asked of Salesforce's record of changes, see :mod:`leadbridge_salesforce.replication`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from leadbridge.adapter import Missing, Page, Record, Ref
from leadbridge.clock import iso
from leadbridge.errors import SchemaDrift
from leadbridge_salesforce.answers import Answer, Row
from leadbridge_salesforce.bulk_reading import BulkReader, JobGone
from leadbridge_salesforce.cursor import IdPlace, Place
from leadbridge_salesforce.mappers import Shape, id18, instant, is_id
from leadbridge_salesforce.replication import SecondOpinion
from leadbridge_salesforce.rows import Plain, Rows
from leadbridge_salesforce.settings import Options
from leadbridge_salesforce.soql import MAX_STRING, after, chunks, literal, one_of, select
from leadbridge_salesforce.wire import Wire

__all__ = ["FIND_BATCH", "READ_BATCH", "Reader"]

READ_BATCH = 2000
"""Most ids that one request retrieves (sObject Collections)."""

FIND_BATCH = 500
_UNFILTERED = frozenset({"boolean", "currency", "date", "datetime", "double", "int", "long", "percent"})
_WARM = timedelta(seconds=2)
"""A record stamped this short before it was read may still change without its stamp changing."""


class Reader:
    """The reading half of the adapter."""

    def __init__(self, wire: Wire, shape: Callable[[str], Shape], options: Options) -> None:
        self._wire = wire
        self._shape = shape
        self._look_back = options.look_back
        self._bulk_reads = options.bulk_reads
        self._bulk = BulkReader(wire)
        self._second = SecondOpinion(wire, options.look_back)

    def changes(self, kind: str, since: str | None, fields: Sequence[str], limit: int) -> Page:
        """One page of a scan; see :mod:`leadbridge_salesforce.cursor`."""
        place = Place.load(kind, since)
        rows = Rows(self._shape(kind), fields)
        limit = max(1, min(limit, READ_BATCH))
        try:
            if place.job is not None:
                return self._by_job(rows, place, limit, refs=not fields)
            if place.at is not None and not place.alone and 0 < self._bulk_reads <= place.read:
                return Page((), self._bulk.begin(place, rows).dump(), True)
        except JobGone:
            place = replace(place, job=None, alone=True)
        return self._by_query(rows, place, limit, refs=not fields)

    def _by_job(self, rows: Rows, place: Place, limit: int, *, refs: bool) -> Page:
        """A page of the scan's bulk query; empty as long as Salesforce is at it."""
        found, place, more = self._bulk.page(place, rows, limit)
        items, place = self._sorted_out(rows, place, found, None, refs=refs)
        return self._page(items, place if more else place.closed(), more)

    def _by_query(self, rows: Rows, place: Place, limit: int, *, refs: bool) -> Page:
        first = place.at is None
        where: list[str] = []
        if place.at is not None:
            where.append(after(*place.at))
        elif (floor := place.floor(self._look_back)) is not None:
            where.append(f"SystemModstamp >= {iso(floor)}")
        if place.until is not None:
            where.append(f"SystemModstamp < {iso(place.until)}")
        soql = select(rows.columns, place.kind, where=where, order=("SystemModstamp", "Id"), limit=limit)
        answer = self._first(soql, rows.row, "changes", limit)
        last = rows.place(answer.rows[-1]) if answer.rows else None
        if place.next_mark is None:
            place = place.opened(answer.asked_at, answer.answered_at, last[1] if last else None)
        if last is not None:
            place = replace(place, at=(iso(last[1]), last[0]), read=place.read + len(answer.rows))
        found = rows.of_json(answer.rows)
        items, place = self._sorted_out(rows, place, found, answer.answered_at, refs=refs)
        more = answer.next is not None or len(answer.rows) >= limit
        if not more and place.next_mark is not None:
            floor, place = place.floor(self._look_back), place.closed()
            if first and floor is not None:
                seen = {rows.place(row)[0] for row in answer.rows}
                told, place = self._second.on(rows, place, floor, seen, refs=refs, room=limit - len(items))
                items += told
        return self._page(items, place, more)

    def _page(self, items: list[Record | Ref], place: Place, more: bool) -> Page:
        return Page(tuple(items), place.dump(), more, None if more else place.covered)

    def _first(self, soql: str, row: type[Row], operation: str, limit: int) -> Answer[Row]:
        """The first page of a query that has records: a page may be empty although it is not the last."""
        answer = self._wire.query(soql, row, operation=operation, everything=True, batch=limit)
        begun = answer
        while not answer.rows and answer.next is not None:
            answer = self._wire.more(answer.next, row, operation=operation)
        return replace(answer, asked_at=begun.asked_at, answered_at=begun.answered_at)

    def _sorted_out(
        self, rows: Rows, place: Place, found: Iterable[Plain], answered_at: datetime | None, *, refs: bool
    ) -> tuple[list[Record | Ref], Place]:
        """Drops what was delivered before exactly so, and remembers what the next scan will meet again."""
        remembered = None if place.next_mark is None else place.closed().floor(self._look_back)
        cold = None if answered_at is None else answered_at - _WARM
        items: list[Record | Ref] = []
        again: list[bytes] = []
        for stamp, mine, item in rows.told(found, place.known, refs=refs):
            if item is not None:
                items.append(item)
            if remembered is None or stamp < remembered:
                continue
            # Without fields the digest cannot tell two states within one second apart, so a fresh one is repeated.
            if not refs or (cold is not None and stamp < cold):
                again.append(mine)
        return items, replace(place, found=place.found + b"".join(again)) if again else place

    def ids(self, kind: str, cursor: str | None, archived: bool, limit: int) -> Page:
        """One page of a sweep: live records, or deleted and merged ones. Converted leads are in neither."""
        place = IdPlace.load(kind, cursor)
        shape = self._shape(kind)
        limit = max(1, min(limit, READ_BATCH))
        where = [f"Id > {literal(place.after)}"] if place.after else []
        if "IsDeleted" in shape.state:
            where.append(f"IsDeleted = {literal(archived)}")
        if "IsConverted" in shape.state and not archived:
            where.append("IsConverted = false")
        answer = self._first(select(["Id"], kind, where=where, order=("Id",), limit=limit), dict, "ids", limit)
        refs = tuple(Ref(kind, id18(row["Id"])) for row in answer.rows)
        more = answer.next is not None or len(refs) >= limit
        place = IdPlace(kind, refs[-1].id) if refs else place
        return Page(refs, place.dump(), more, None if more else answer.asked_at)

    def find(self, kind: str, field: str, values: Sequence[str], fields: Sequence[str]) -> list[tuple[Record, ...]]:
        """Records by the value of a field; texts are compared without regard to case, as Salesforce does."""
        shape = self._shape(kind)
        key = _key_of(shape, field)
        quoted = shape.salesforce_types.get(field) not in _UNFILTERED
        if field not in shape.info.fields:
            # To answer "nobody has this value" would make the caller create a second record.
            name = f"{kind}.{field}"
            raise SchemaDrift(f"{name} is gone or hidden from this user: it cannot be looked in", field=name)
        wanted = list(dict.fromkeys(value for value in values if value.strip() and len(value) <= MAX_STRING))
        if key is _id_key:
            wanted = [value for value in wanted if is_id(value)]
        rows = Rows(shape, fields)
        columns = list(dict.fromkeys((*rows.columns, field)))
        by_key: dict[str, list[Record]] = {}
        for part in chunks(wanted, most=FIND_BATCH):
            soql = select(columns, kind, where=[one_of(field, part, quoted=quoted)], order=("Id",))
            for row in self._wire.rows(soql, operation="find", everything=True, private=True):
                by_key.setdefault(key(str(row[field])), []).append(rows.record(row))
        return [tuple(by_key.get(key(value), ())) for value in values]

    def fetch(self, refs: Sequence[Ref], fields: Sequence[str]) -> list[Record | Missing]:
        """Records by id. A merged one answers with its winner; a converted one as it stands, naming its contact."""
        found: dict[Ref, Record] = {}
        wanted = {Ref(ref.kind, id18(ref.id)) for ref in refs if is_id(ref.id)}
        asked: set[Ref] = set()
        while wanted:
            asked |= wanted
            for kind in sorted({ref.kind for ref in wanted}):
                ids = sorted(ref.id for ref in wanted if ref.kind == kind)
                for start in range(0, len(ids), READ_BATCH):
                    found.update(self._fetched(kind, ids[start : start + READ_BATCH], fields))
            winners = {record.successor for record in found.values() if record.state == "merged"}
            wanted = {ref for ref in winners if ref is not None} - asked
        return [_today(Ref(ref.kind, id18(ref.id)), found) or Missing(ref) for ref in refs]

    def _fetched(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[Ref, Record]:
        rows = Rows(self._shape(kind), fields)
        found = [row for row in self._wire.retrieve(kind, ids, rows.columns, operation="fetch") if row is not None]
        # The collection shows live records only. What it does not show may be in the recycle bin, or merged.
        seen = {id18(row["Id"]) for row in found}
        for part in chunks([key for key in ids if key not in seen], most=FIND_BATCH):
            soql = select(rows.columns, kind, where=[one_of("Id", part)])
            found.extend(self._wire.rows(soql, operation="fetch", everything=True))
        return {record.ref: record for record in map(rows.record, found)}

    def stamps(self, kind: str, ids: Sequence[str]) -> dict[str, datetime]:
        """The SystemModstamp of live records: what a conditional write is compared with."""
        stamps: dict[str, datetime] = {}
        keys = [key for key in dict.fromkeys(ids) if is_id(key)]
        for start in range(0, len(keys), READ_BATCH):
            part = keys[start : start + READ_BATCH]
            for row in self._wire.retrieve(kind, part, ["Id", "SystemModstamp"], operation="apply"):
                if row is not None:
                    stamps[id18(row["Id"])] = instant(row["SystemModstamp"])
        return stamps


def _today(ref: Ref, found: Mapping[Ref, Record]) -> Record | None:
    """What a record is today: after merges it is another one, or missing with it."""
    record = found.get(ref)
    while record is not None and record.state == "merged" and record.successor is not None:
        winner = found.get(record.successor)
        if winner is None:
            return record
        record = winner
    return record


def _id_key(text: str) -> str:
    return id18(text)


def _text_key(text: str) -> str:
    return text.strip().casefold()


def _number_key(text: str) -> str:
    return repr(float(text))


def _instant_key(text: str) -> str:
    return iso(instant(text))


def _key_of(shape: Shape, field: str) -> Callable[[str], str]:
    """How two spellings of one value are found to be the same."""
    if shape.salesforce_types.get(field) in {"id", "reference"}:
        return _id_key
    info = shape.info.fields.get(field)
    return {"number": _number_key, "datetime": _instant_key}.get(info.type if info else "", _text_key)
