"""Statements that are run for many rows: worded once for a kind of database, and given its driver as they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Table, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["AT_ONCE", "Words", "change", "insertion", "upsert"]


@dataclass(frozen=True, slots=True)
class Words:
    """A statement in the words of a driver.

    Attributes:
        text: the statement.
        names: what its parameters are called, in the order in which rows give them.
        order: at which places of a row its parameters stand, for a driver that counts them; else ``None``.
        at_once: the same for ``AT_ONCE`` rows in one go, where that is quicker: SQLite's driver hands the interpreter
            over to another thread, and waits to get it back, once a go. Else empty.
    """

    text: str
    names: tuple[str, ...]
    order: tuple[int, ...] | None
    at_once: str = ""

    def bound(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """Rows as the driver takes them."""
        if self.order is None:
            return [dict(zip(self.names, row, strict=True)) for row in rows]
        if self.order == tuple(range(len(self.names))):
            return list(rows)
        return [tuple(row[place] for place in self.order) for row in rows]


AT_ONCE = 50
"""Times the columns of the widest table it is less than the 999 parameters that every SQLite takes."""

_Key = tuple[str, str, tuple[str, ...], tuple[str, ...]]
_KNOWN: WeakKeyDictionary[Dialect, dict[_Key, Words]] = WeakKeyDictionary()


def _words(dialect: Dialect, key: _Key, make: Callable[[], Any], names: Sequence[str], columns: Any = None) -> Words:
    """A statement in the words of one database, as worked out before or now."""
    known = _KNOWN.setdefault(dialect, {})
    if key not in known:
        compiled = make().compile(dialect=dialect, column_keys=columns)
        places = compiled.positiontup if compiled.positional else None
        order = tuple(names.index(name) for name in places) if places else None
        known[key] = Words(str(compiled), tuple(names), order, _at_once(str(compiled)) if order else "")
    return known[key]


def _at_once(text: str) -> str:
    """An insertion of one row as one of many; nothing for other statements."""
    one = re.search(r"(?<= VALUES )\([?, ]+\)", text)
    return text.replace(one[0], ", ".join([one[0]] * AT_ONCE), 1) if one else ""


def insertion(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> Words:
    """Adds rows."""
    return _words(dialect, ("insert", table.name, columns, ()), lambda: insert(table), columns, columns)


def upsert(dialect: Dialect, table: Table, columns: tuple[str, ...], keep: tuple[str, ...]) -> Words:
    """Adds rows, or stores them in place of those with the same key, of which ``keep`` stays."""
    key = ("upsert", table.name, columns, keep)
    return _words(dialect, key, lambda: _upsert(dialect, table, columns, keep), columns, columns)


def _upsert(dialect: Dialect, table: Table, columns: tuple[str, ...], keep: tuple[str, ...]) -> Any:
    statement = (postgresql if dialect.name == "postgresql" else sqlite).insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in columns if name not in keys and name not in keep}
    if changed:
        return statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return statement.on_conflict_do_nothing(index_elements=keys)


def change(dialect: Dialect, table: Table, columns: tuple[str, ...], same: tuple[str, ...]) -> Words:
    """Changes columns of those rows of which other columns hold something.

    Args:
        dialect: of the database.
        table: whose rows.
        columns: what is changed; a row gives their values first.
        same: what the rows are recognised by; their values come next.
    """
    names = [*(f"new_{name}" for name in columns), *(f"of_{name}" for name in same)]

    def make() -> Any:
        where = [table.c[name] == bindparam(f"of_{name}") for name in same]
        return update(table).where(*where).values({name: bindparam(f"new_{name}") for name in columns})

    return _words(dialect, ("change", table.name, columns, same), make, names)
