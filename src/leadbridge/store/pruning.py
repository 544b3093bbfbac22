"""What has been kept for long enough: found, counted and removed.

Never touched: facts, links, consent, who was erased, what is undecided, what is under way, what waits for a person, and
every record that something may still lead to.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, case, delete, func, not_, or_, select, text, tuple_

from leadbridge.clock import to_us
from leadbridge.store import schema
from leadbridge.store.writer import Writer

__all__ = ["Pruning"]


class Pruning(Writer):
    """Removing what is old, inside one transaction. Everything says how many rows it removed."""

    def records(self, before: datetime) -> int:
        """Records that ended before an instant and stand for nobody any more, and what was agreed on nobody's records.

        A chain of merges and conversions is taken away from its beginning: nothing is removed that leads somewhere.
        """
        removed = 0
        while batch := self._delete(schema.observation, self._ended(before)):
            removed += batch
        self._delete(schema.handle, not_(self._of(schema.handle, schema.observation)))
        self._delete(schema.base, self._agreed_with_nobody())
        return removed

    def writes(self, before: datetime) -> int:
        """Writes that ended, plan by plan: one that can be taken back can be taken back whole."""
        table = schema.intent
        last = func.max(func.coalesce(table.c.sent_us, 0))
        still_open = func.sum(case((text(schema.OPEN), 1), else_=0))
        old = select(table.c.plan).group_by(table.c.plan).having(and_(last < to_us(before), still_open == 0))
        return self._delete(table, table.c.plan.in_(old))

    def audit(self, before: datetime) -> dict[str, int]:
        """What rounds counted, conflicts that were settled, and questions that were answered, by table."""
        us = to_us(before)
        old = {
            schema.round_: schema.round_.c.started_us < us,
            schema.conflict: schema.conflict.c.settled_us < us,
            schema.quarantine: schema.quarantine.c.resolved_us < us,
        }
        return {table.name: self._delete(table, condition) for table, condition in old.items()}

    def _delete(self, table: Table, condition: ColumnElement[bool]) -> int:
        return int(self._connection.execute(delete(table).where(condition)).rowcount)

    def _ended(self, before: datetime) -> ColumnElement[bool]:
        seen, link, relation = schema.observation, schema.link, schema.relation
        waiting, open_ = schema.quarantine, schema.intent
        place = tuple_(seen.c.connection, seen.c.kind, seen.c.id)
        alive = select(link.c.lead).where(link.c.status == "live")
        needed = (
            select(link.c.connection, link.c.kind, link.c.id).where(link.c.status == "live"),
            select(relation.c.connection, relation.c.kind, relation.c.id).where(relation.c.lead.in_(alive)),
            select(seen.c.connection, seen.c.successor_kind, seen.c.successor_id).where(
                seen.c.successor_id.is_not(None), seen.c.successor_kind.is_not(None)
            ),
            select(waiting.c.connection, waiting.c.kind, waiting.c.record).where(waiting.c.resolved_us.is_(None)),
            select(open_.c.connection, open_.c.kind, open_.c.target).where(text(schema.OPEN)),
        )
        return and_(
            seen.c.state != "live",
            not_(seen.c.dirty),
            seen.c.modified_us < to_us(before),
            *(place.not_in(each) for each in needed),
        )

    def _agreed_with_nobody(self) -> ColumnElement[bool]:
        link, base = schema.link, schema.base
        kept = select(link.c.lead).where(or_(link.c.status == "live", self._of(link, schema.observation)))
        return base.c.lead.not_in(kept)

    @staticmethod
    def _of(table: Table, other: Table) -> ColumnElement[bool]:
        """Whether there is a row about the same record in another table."""
        same = and_(*(other.c[name] == table.c[name] for name in ("connection", "kind", "id")))
        return select(other.c.id).where(same).exists()
