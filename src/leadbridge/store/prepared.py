"""Questions that are asked again and again: worded once for a kind of database, then given to its driver as they are.

SQLAlchemy takes longer to put a small question into words than SQLite to answer it, and a round asks a hundred. What
its types would do to values is not done: instants are integers here, JSON is text, and both are what a driver takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Executable
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import PoolProxiedConnection

__all__ = ["Prepared"]


class _Worded:
    """A question in the words of one kind of database, with the values that it says itself."""

    def __init__(self, question: Any, dialect: Dialect) -> None:
        compiled = question.compile(dialect=dialect)
        self.text, self._own = str(compiled), dict(compiled.params)
        self._places = tuple(compiled.positiontup) if compiled.positional else None

    def bound(self, given: Mapping[str, object]) -> Any:
        """The parameters, as the driver takes them."""
        values = {**self._own, **given}
        if len(values) > len(self._own):
            raise KeyError(f"this question knows nothing of {', '.join(sorted(given.keys() - self._own.keys()))}")
        return values if self._places is None else [values[name] for name in self._places]


class Prepared:
    """One question; what changes from time to time are its ``bindparam``."""

    def __init__(self, question: Executable) -> None:
        self._question = question
        self._worded: WeakKeyDictionary[Dialect, _Worded] = WeakKeyDictionary()

    def _words(self, dialect: Dialect) -> _Worded:
        words = self._worded.get(dialect)
        if words is None:
            words = self._worded[dialect] = _Worded(self._question, dialect)
        return words

    def rows(self, dialect: Dialect, connection: DBAPIConnection | PoolProxiedConnection, **given: object) -> list[Any]:
        """Asks; gives the rows as tuples."""
        words = self._words(dialect)
        with closing(connection.cursor()) as cursor:
            cursor.execute(words.text, words.bound(given))
            return list(cursor.fetchall())
