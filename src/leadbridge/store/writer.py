"""What everything that changes the database has in common: one open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from leadbridge.store import schema
from leadbridge.store.reading import Reader

__all__ = ["Writer"]


class _Inside(Reader):
    """Reads what the transaction itself sees."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _rows(self, query: Any) -> list[RowMapping]:
        return list(self._connection.execute(query).mappings())


@cache
def _upserting(table: Any, names: tuple[str, ...], keep: tuple[str, ...], shared: bool) -> Any:
    """Making such a statement costs more than running it."""
    statement = (postgresql if shared else sqlite).insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in names if name not in keys and name not in keep}
    if changed:
        return statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return statement.on_conflict_do_nothing(index_elements=keys)


class Writer:
    """A part of one all-or-nothing step.

    Args:
        connection: the open transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.read: Reader = _Inside(connection)

    @property
    def _shared(self) -> bool:
        """Whether others can write at the same time; a writer of SQLite is alone."""
        return self._connection.dialect.name == "postgresql"

    def _upsert(self, table: Any, rows: Sequence[Mapping[str, Any]], *, keep: Sequence[str] = ()) -> None:
        if rows:
            self._connection.execute(_upserting(table, tuple(rows[0]), tuple(keep), self._shared), list(rows))

    def _stale(self, leads: Iterable[str]) -> None:
        """The open promises of leads have to be folded again."""
        stamp = uuid4().hex
        self._upsert(schema.refold, [{"lead": lead, "from_us": 0, "stamp": stamp} for lead in sorted(leads) if lead])

    def _alone(self, table: str) -> None:
        """Of all that write to a table, only this one until it is done."""
        if self._shared:
            self._connection.execute(text(f"lock table {table} in share row exclusive mode"))

    def alone_with(self, leads: Iterable[str]) -> None:
        """Of all that settle something about a lead, only this one until it is done: what is read stays true."""
        if self._shared:
            # Sorted, so that two that want the same leads cannot wait for each other.
            for lead in sorted(set(leads)):
                self._connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(lead))))
