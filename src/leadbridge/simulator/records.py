"""Versioned rows of one kind, in memory, each with the stamps of the CRM's own clock."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from leadbridge.adapter import Value
from leadbridge.clock import Clock, from_us, to_us

__all__ = ["RecordTable", "Row"]


@dataclass(slots=True)
class Row:
    """One record as the CRM holds it. ``version`` counts its changes; ``became`` is the id it was merged into."""

    id: str
    fields: dict[str, Value] = field(repr=False)
    created_at: datetime
    modified_at: datetime
    version: int = 1
    archived: bool = False
    became: str | None = None


class RecordTable:
    """The records of one kind. Not thread-safe: the simulator's lock is held by whoever calls.

    Args:
        kind: the CRM's name of the kind.
        clock: gives the stamps.
        new_id: gives the id of the next record.
        resolution: stamps are cut to multiples of this, as coarse as the vendor's; many rows then share one.
        indexed: fields that ``by`` finds without looking at every row; texts are compared without case.
    """

    def __init__(
        self,
        kind: str,
        clock: Clock,
        *,
        new_id: Callable[[], str],
        resolution: timedelta = timedelta(milliseconds=1),
        indexed: Collection[str] = (),
    ) -> None:
        self.kind = kind
        self._clock = clock
        self._new_id = new_id
        self._step = to_us(from_us(0) + resolution)
        self._rows: dict[str, Row] = {}
        self._order: list[tuple[datetime, str]] = []
        self._index: dict[str, dict[Value, set[str]]] = {name: {} for name in indexed}

    def __len__(self) -> int:
        return sum(1 for row in self._rows.values() if not row.archived)

    def __contains__(self, id: str) -> bool:
        return id in self._rows

    def now(self) -> datetime:
        """The present time as this table stamps it."""
        return from_us(to_us(self._clock.now()) // self._step * self._step)

    def insert(self, fields: Mapping[str, Value], *, id: str | None = None) -> Row:
        """A new record, stamped with the present time."""
        now = self.now()
        row = Row(id if id is not None else self._new_id(), dict(fields), now, now)
        if row.id in self._rows:
            raise ValueError(f"{self.kind} {row.id} exists already")
        self._rows[row.id] = row
        insort(self._order, (now, row.id))
        for name, known in self._index.items():
            known.setdefault(_plain(row.fields.get(name)), set()).add(row.id)
        return row

    def update(self, id: str, changes: Mapping[str, Value], *, at: datetime | None = None) -> Row:
        """Sets fields, stamps the record and counts its version up; raises ``KeyError`` when there is none."""
        row = self._rows[id]
        for name, known in self._index.items():
            if name in changes:
                known[_plain(row.fields.get(name))].discard(id)
                known.setdefault(_plain(changes[name]), set()).add(id)
        row.fields.update(changes)
        self._stamp(row, at)
        return row

    def archive(self, id: str, *, became: str | None = None) -> Row:
        """Puts a record into the bin, or marks it as merged into another; raises ``KeyError`` when there is none."""
        row = self._rows[id]
        row.archived = True
        row.became = became
        self._stamp(row, None)
        return row

    def delete(self, id: str) -> None:
        """Removes a record as if it had never been; raises ``KeyError`` when there is none."""
        row = self._rows.pop(id)
        self._order.remove((row.modified_at, id))
        for name, known in self._index.items():
            known[_plain(row.fields.get(name))].discard(id)

    def get(self, id: str) -> Row | None:
        """The record with this id, archived or not."""
        return self._rows.get(id)

    def resolve(self, id: str) -> Row | None:
        """The record that this id stands for today: after merges it is another one."""
        row = self._rows.get(id)
        while row is not None and row.became is not None:
            row = self._rows.get(row.became)
        return row

    def by(self, field: str, value: Value, *, archived: bool = False) -> list[Row]:
        """The records whose field has a value, by id."""
        wanted = _plain(value)
        if field in self._index:
            rows = [self._rows[id] for id in self._index[field].get(wanted, ())]
        else:
            rows = [row for row in self._rows.values() if _plain(row.fields.get(field)) == wanted]
        return sorted((row for row in rows if archived or not row.archived), key=lambda row: row.id)

    def scan(
        self,
        *,
        after: tuple[datetime, str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        archived: bool | None = False,
    ) -> Iterator[Row]:
        """Records by (stamp, id).

        Args:
            after: begin behind this place.
            since: begin at this stamp.
            until: end before this stamp.
            archived: only the live ones, only the archived ones, or with ``None`` all.
        """
        start = bisect_right(self._order, after) if after is not None else 0
        if since is not None:
            start = max(start, bisect_left(self._order, (since, "")))
        end = bisect_left(self._order, (until, "")) if until is not None else len(self._order)
        for _, id in self._order[start:end]:
            row = self._rows.get(id)
            if row is not None and archived in (None, row.archived):
                yield row

    def ids(self, *, after: str = "", archived: bool = False) -> list[str]:
        """The ids of live (or archived) records behind one, in order."""
        return sorted(id for id, row in self._rows.items() if id > after and row.archived == archived)

    def clear(self) -> None:
        """Removes everything."""
        self._rows.clear()
        self._order.clear()
        for known in self._index.values():
            known.clear()

    def _stamp(self, row: Row, at: datetime | None) -> None:
        place = bisect_left(self._order, (row.modified_at, row.id))
        del self._order[place]
        row.modified_at = at if at is not None else self.now()
        row.version += 1
        insort(self._order, (row.modified_at, row.id))


def _plain(value: Value) -> Value:
    return value.casefold() if isinstance(value, str) else value
