"""What everything that changes the database has in common: one open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Table, func, select, text

from leadbridge.store import schema
from leadbridge.store.prepared import Prepared
from leadbridge.store.reading import Reader
from leadbridge.store.wording import AT_ONCE, Words, change, insertion, upsert

__all__ = ["Writer"]


class _Inside(Reader):
    """Reads what the transaction itself sees."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _tuples(self, query: Any) -> Sequence[Any]:
        return self._connection.execute(query).all()

    def _ask(self, question: Prepared, **given: object) -> list[Any]:
        return question.rows(self._connection.dialect, self._connection.connection, **given)


class Writer:
    """A part of one all-or-nothing step.

    Args:
        connection: the open transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._recorded: set[str] = set()
        self.read: Reader = _Inside(connection)

    def _ask(self, question: Prepared, **given: object) -> list[Any]:
        """Asks what is asked again and again, inside the transaction; gives the rows as tuples."""
        return question.rows(self._connection.dialect, self._connection.connection, **given)

    @property
    def _shared(self) -> bool:
        """Whether others can write at the same time; a writer of SQLite is alone."""
        return self._connection.dialect.name == "postgresql"

    def _upsert(self, table: Table, rows: Sequence[Mapping[str, Any]], *, keep: Sequence[str] = ()) -> None:
        """Stores rows that all have the same columns in the same order; known ones keep what is named."""
        if rows:
            words = upsert(self._connection.dialect, table, tuple(rows[0]), tuple(keep))
            self._many(words, [tuple(row.values()) for row in rows])

    def _insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Adds rows that all have the same columns in the same order."""
        if rows:
            words = insertion(self._connection.dialect, table, tuple(rows[0]))
            self._many(words, [tuple(row.values()) for row in rows])

    def _change(
        self, table: Table, columns: tuple[str, ...], same: tuple[str, ...], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Changes columns of the rows of which other columns are the same; a row gives both, in this order."""
        self._many(change(self._connection.dialect, table, columns, same), rows)

    def _many(self, words: Words, rows: Sequence[Sequence[Any]]) -> None:
        """Runs a statement for each row, as the driver takes it: binding by hand costs more than storing."""
        bound = words.bound(rows)
        whole = len(bound) // AT_ONCE * AT_ONCE if words.at_once else 0
        for start in range(0, whole, AT_ONCE):
            some = bound[start : start + AT_ONCE]
            self._connection.exec_driver_sql(words.at_once, tuple(chain.from_iterable(some)))
        if rest := bound[whole:]:
            self._connection.exec_driver_sql(words.text, rest)

    def _stale(self, leads: Iterable[str]) -> None:
        """The open promises of leads have to be folded again."""
        self._recorded.update(lead for lead in leads if lead)

    def finish(self) -> None:
        """What is due once for everything that was stored; called right before the transaction is committed."""
        stamp = uuid4().hex
        rows = [{"lead": lead, "from_us": 0, "stamp": stamp} for lead in sorted(self._recorded)]
        self._recorded.clear()
        self._upsert(schema.refold, rows)

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
