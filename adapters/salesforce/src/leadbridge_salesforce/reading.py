"""Reading: changes by windows of SystemModstamp, sweeps over ids, look-ups by value and by id.

Everything that may be gone is read through ``queryAll``, which also shows deleted, merged and archived records. Pages
are continued by a condition on (SystemModstamp, Id) and not by Salesforce's locator, so that any page can be resumed
by another process, at any time. Ids are compared by Salesforce only: its order of ids is not the order of their text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from leadbridge.adapter import Missing, Page, Record, Ref
from leadbridge.clock import iso
from leadbridge.errors import SchemaDrift
from leadbridge_salesforce.cursor import IdPlace, Place
from leadbridge_salesforce.mappers import Row, Shape, decoders, digest, id18, instant, is_id, place_of, record
from leadbridge_salesforce.soql import MAX_STRING, after, chunks, literal, one_of, select
from leadbridge_salesforce.wire import Answer, Wire

__all__ = ["FIND_BATCH", "READ_BATCH", "Reader"]

READ_BATCH = 2000
"""Most ids that one request retrieves (sObject Collections)."""

FIND_BATCH = 500
_UNFILTERED = frozenset({"boolean", "currency", "date", "datetime", "double", "int", "long", "percent"})
_WARM = timedelta(seconds=2)
"""A record stamped this short before it was read may still change without its stamp changing."""


class Reader:
    """The reading half of the adapter."""

    def __init__(self, wire: Wire, shape: Callable[[str], Shape], look_back: timedelta) -> None:
        self._wire = wire
        self._shape = shape
        self._look_back = look_back

    def changes(self, kind: str, since: str | None, fields: Sequence[str], limit: int) -> Page:
        """One page of a scan; see :mod:`leadbridge_salesforce.cursor`."""
        place = Place.load(kind, since)
        shape = self._shape(kind)
        limit = max(1, min(limit, READ_BATCH))
        where: list[str] = []
        if place.at is not None:
            where.append(after(*place.at))
        elif (floor := place.floor(self._look_back)) is not None:
            where.append(f"SystemModstamp >= {iso(floor)}")
        if place.until is not None:
            where.append(f"SystemModstamp < {iso(place.until)}")
        soql = select(shape.columns(fields), kind, where=where, order=("SystemModstamp", "Id"), limit=limit)
        answer = self._first(soql, "changes", limit)
        if place.next_mark is None:
            last = place_of(shape, answer.rows[-1])[1] if answer.rows else None
            place = place.opened(answer.asked_at, answer.answered_at, last)
        items, place = self._sorted_out(shape, place, answer, fields)
        more = answer.next is not None or len(answer.rows) >= limit
        if not more and place.next_mark is not None:
            place = place.closed()
        return Page(tuple(items), place.dump(), more, None if more else place.mark)

    def _first(self, soql: str, operation: str, limit: int) -> Answer:
        """The first page of a query that has records: a page may be empty although it is not the last."""
        answer = self._wire.query(soql, operation=operation, everything=True, batch=limit)
        begun = answer
        while not answer.rows and answer.next is not None:
            answer = self._wire.more(answer.next, operation=operation)
        return replace(answer, asked_at=begun.asked_at, answered_at=begun.answered_at)

    def _sorted_out(
        self, shape: Shape, place: Place, answer: Answer, fields: Sequence[str]
    ) -> tuple[list[Record | Ref], Place]:
        """Drops what was delivered before exactly so, and remembers what the next scan will meet again."""
        plan = decoders(shape, fields)
        remembered = None if place.next_mark is None else place.closed().floor(self._look_back)
        cold = None if answer.answered_at is None else answer.answered_at - _WARM
        items: list[Record | Ref] = []
        found = list(place.found)
        at = place.at
        for row in answer.rows:
            mine = digest(row)
            ref, stamp = place_of(shape, row)
            at = (iso(stamp), ref.id)
            if mine not in place.known:
                items.append(record(shape, row, plan) if fields else ref)
            if remembered is None or stamp < remembered:
                continue
            # Without fields the digest cannot tell two states within one second apart, so a fresh one is repeated.
            if fields or (cold is not None and stamp < cold):
                found.append(mine)
        return items, replace(place, at=at, found=tuple(found))

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
        answer = self._first(select(["Id"], kind, where=where, order=("Id",), limit=limit), "ids", limit)
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
        plan = decoders(shape, fields)
        columns = shape.columns([*fields, field])
        by_key: dict[str, list[Record]] = {}
        for part in chunks(wanted, most=FIND_BATCH):
            soql = select(columns, kind, where=[one_of(field, part, quoted=quoted)], order=("Id",))
            for row in self._wire.rows(soql, operation="find", everything=True, private=True):
                by_key.setdefault(key(str(row.get(field))), []).append(record(shape, row, plan))
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
        shape = self._shape(kind)
        plan = decoders(shape, fields)
        columns = shape.columns(fields)
        rows: list[Row] = [row for row in self._wire.retrieve(kind, ids, columns, operation="fetch") if row is not None]
        # The collection shows live records only. What it does not show may be in the recycle bin, or merged.
        seen = {id18(row["Id"]) for row in rows}
        for part in chunks([key for key in ids if key not in seen], most=FIND_BATCH):
            soql = select(columns, kind, where=[one_of("Id", part)])
            rows.extend(self._wire.rows(soql, operation="fetch", everything=True))
        records = [record(shape, row, plan) for row in rows]
        return {found.ref: found for found in records}

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
