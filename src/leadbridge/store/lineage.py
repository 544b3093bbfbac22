"""Gives out op markers, in such a way that an old copy of a database is noticed: see :mod:`leadbridge.store.line`."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from sqlalchemy import or_, select

from leadbridge.store import schema
from leadbridge.store.line import Line
from leadbridge.store.prepared import Prepared
from leadbridge.store.writer import Writer

__all__ = ["RECOVERED", "Lineage"]

_LINE, _ISSUED = "line", "issued"
_NOTES = Prepared(
    select(schema.basis.c.name, schema.basis.c.digest)
    .where(or_(schema.basis.c.name == _LINE, schema.basis.c.name == _ISSUED))
    .with_for_update()
)
RECOVERED = "recovered"
"""Under this name it is noted that a database was recovered and no plan has been approved since."""


class Lineage(Writer):
    """The line, inside one transaction."""

    def marks(self, count: int) -> list[str]:
        """New op markers, in the order of their numbers."""
        if not count:
            return []
        line = self._line()
        name = line.name or uuid4().hex[:8]
        self._note({_LINE: name, _ISSUED: str(line.issued + count)})
        return [f"{name}{line.issued + number:08x}{uuid4().hex[:8]}" for number in range(1, count + 1)]

    def begin_anew(self, stamp: str) -> None:
        """Begins another line: what the old one wrote is nobody's from now on.

        Args:
            stamp: kept until a person has approved the first plan afterwards.
        """
        self._note({_LINE: uuid4().hex[:8], _ISSUED: str(self._line().issued), RECOVERED: stamp})

    def approved(self) -> None:
        """A person has approved the first plan of the new line."""
        self._note({RECOVERED: ""})

    def _line(self) -> Line:
        """The line, which nobody else goes on with until this transaction is over."""
        notes = dict(self._ask(_NOTES))
        return Line(notes.get(_LINE, ""), int(notes.get(_ISSUED) or 0))

    def _note(self, notes: Mapping[str, str]) -> None:
        self._upsert(schema.basis, [{"name": name, "digest": digest} for name, digest in notes.items()])
