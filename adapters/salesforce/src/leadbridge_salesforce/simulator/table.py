"""The records of one kind: found by id, by a unique value, and in the order of (SystemModstamp, Id)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

__all__ = ["Row", "Table"]

Row: TypeAlias = dict[str, Any]


class Table:
    """Rows as Salesforce sends them: names of fields to JSON values. Not thread-safe: the org's lock is held."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._order: list[tuple[str, str]] = []
        self._moved = False
        self._ids: list[str] | None = []
        self._unique: dict[str, dict[str, str]] = {}

    def index(self, field: str) -> None:
        """Keeps a field's values so that ``by_value`` finds them."""
        self._unique[field] = {
            _folded(row[field]): key for key, row in self.rows.items() if row.get(field) and not row["IsDeleted"]
        }

    def by_value(self, field: str, value: str) -> Row | None:
        """The live row that has a unique value; compared without regard to case."""
        key = self._unique.get(field, {}).get(_folded(value))
        return self.rows[key] if key is not None else None

    def find(self, field: str, value: str) -> Row | None:
        """The first live row with a value, indexed or not."""
        if field in self._unique:
            return self.by_value(field, value)
        return next(iter(self.all_with(field, value)), None)

    def all_with(self, field: str, value: str) -> list[Row]:
        """All live rows with a value; looks at every row."""
        return [row for row in self.live() if row.get(field) is not None and _folded(row[field]) == _folded(value)]

    def put(self, row: Row) -> None:
        """Adds a row that has its id and stamp."""
        self.rows[row["Id"]] = row
        self._ids = None
        self._order.append((row["SystemModstamp"], row["Id"]))
        self._moved = True
        for field, known in self._unique.items():
            if row.get(field):
                known[_folded(row[field])] = row["Id"]

    def change(self, row: Row, fields: Row, stamp: str) -> None:
        """Sets fields of a row and stamps it."""
        for field, known in self._unique.items():
            if field in fields and fields[field] != row.get(field):
                if row.get(field):
                    known.pop(_folded(row[field]), None)
                if fields[field]:
                    known[_folded(fields[field])] = row["Id"]
        row.update(fields)
        if row.get("IsDeleted"):
            for field, known in self._unique.items():
                if row.get(field) and known.get(_folded(row[field])) == row["Id"]:
                    del known[_folded(row[field])]
        if row["SystemModstamp"] != stamp:
            row["SystemModstamp"] = stamp
            self._order.append((stamp, row["Id"]))
            self._moved = True

    def restore(self, row: Row, earlier: Row) -> None:
        """Gives a row the values that it had, stamp and all."""
        self.change(row, {name: earlier.get(name) for name in row}, earlier["SystemModstamp"])
        for name in row.keys() - earlier.keys():
            del row[name]
        for field, known in self._unique.items():
            if row.get(field) and not row["IsDeleted"]:
                known[_folded(row[field])] = row["Id"]

    def forget(self, key: str) -> None:
        """Removes a row without a trace."""
        row = self.rows.pop(key)
        self._ids = None
        self._moved = True
        for field, known in self._unique.items():
            if row.get(field) and known.get(_folded(row[field])) == key:
                del known[_folded(row[field])]

    def live(self) -> Iterator[Row]:
        """Rows that are not in the recycle bin, oldest id first."""
        return (row for row in self.rows.values() if not row["IsDeleted"])

    def some(self, ids: Iterable[str]) -> Iterator[Row]:
        """The rows with these ids, as far as they exist."""
        return (self.rows[key] for key in ids if key in self.rows)

    def by_id(self, after: str = "") -> Iterator[Row]:
        """Rows by id, from one on. They need not have come in that order: late commits show older ids."""
        if self._ids is None:
            self._ids = sorted(self.rows)
        ids = self._ids
        for place in range(bisect_left(ids, after), len(ids)):
            yield self.rows[ids[place]]

    def in_order(self, since: str = "") -> Iterator[Row]:
        """Rows by (SystemModstamp, Id), from a stamp on."""
        if self._moved:
            # Old places of rows that have moved on are dropped here; what is left is nearly sorted, so this is cheap.
            self._order = sorted(
                {
                    (stamp, key)
                    for stamp, key in self._order
                    if key in self.rows and self.rows[key]["SystemModstamp"] == stamp
                }
            )
            self._moved = False
        for _, key in self._order[bisect_left(self._order, (since, "")) :]:
            yield self.rows[key]


def _folded(value: Any) -> str:
    return str(value).casefold()
