"""The outbox for several workers: who delivers which writes, and whether it still may.

A worker claims writes for a while; those that another is claiming at the same moment are skipped and never waited for.
Every claim raises a write's *fence*, and only under its own fence a worker may send a write or store what came of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, exists, or_, select, text, tuple_, update

from leadbridge.clock import to_us
from leadbridge.store import schema
from leadbridge.store.reading import OPEN, intent_of
from leadbridge.store.rows import Intent
from leadbridge.store.worker import Worker
from leadbridge.store.writer import Writer

__all__ = ["OPT_OUTS", "Outbox", "Place"]

OPT_OUTS = -(1 << 30)
"""Where the sequence of writes that carry an opt-out begins: before that of all others, which begins at 0."""


class Place(NamedTuple):
    """Where a write stands in the order of delivery."""

    kind: str
    action: str
    sequence: int
    key: str

    @classmethod
    def of(cls, intent: Intent) -> Place:
        """The place of a write."""
        return cls(intent.target.kind, intent.action, intent.sequence, intent.key)


class Outbox(Writer):
    """The outbox, inside one transaction."""

    def widows(self, connection: str) -> frozenset[str]:
        """Workers that claimed writes to a connection and died since."""
        table = schema.intent
        query = select(table.c.owner).where(table.c.connection == connection, text(schema.OPEN), table.c.owner != "")
        return frozenset(name for (name,) in self._connection.execute(query.distinct()) if Worker.gone(name))

    def claim(
        self,
        connection: str,
        worker: Worker,
        *,
        now: datetime,
        until: datetime,
        sent_before: datetime,
        limit: int,
        first: bool,
        opt_outs: bool = False,
        after: Place | None = None,
        widows: Collection[str] = (),
    ) -> list[Intent]:
        """Writes that this worker is to deliver until an instant, in the order of delivery.

        Those whose earlier step is still open are left alone, and so are those that another worker has.

        Args:
            sent_before: of those that were sent already and got no answer, only the ones sent until then.
            limit: most of them.
            first: only those that follow no other; otherwise only those that do. Never both at once: which of the
                latter can be claimed depends on what other threads have settled by now.
            opt_outs: only those that carry an opt-out.
            after: only those behind this place.
            widows: workers whose claims count no longer.
        """
        table = schema.intent
        before = table.alias("step")
        waiting = exists(select(before.c.key).where(before.c.key == table.c.after, before.c.state.in_(OPEN)))
        free = [table.c.owner == "", table.c.until_us <= to_us(now)]
        free += [table.c.owner.in_(widows)] if widows else []
        order = (table.c.kind, table.c.action, table.c.sequence, table.c.key)
        query = (
            select(table)
            .where(table.c.connection == connection, text(f"intent.{schema.OPEN}"), or_(*free))
            .where(table.c.after.is_(None) if first else and_(table.c.after.is_not(None), ~waiting))
            .where(or_(table.c.sent_us.is_(None), table.c.sent_us <= to_us(sent_before)))
            .order_by(*order)
            .limit(limit)
            .with_for_update(skip_locked=True, of=table)
        )
        if opt_outs:
            query = query.where(table.c.sequence < 0)
        if after is not None:
            query = query.where(tuple_(*order) > tuple_(*after))
        claimed = [intent_of(row) for row in self._connection.execute(query).mappings()]
        for start in range(0, len(claimed), 500):
            keys = [intent.key for intent in claimed[start : start + 500]]
            values = {"owner": worker.name, "until_us": to_us(until), "fence": table.c.fence + 1}
            self._connection.execute(update(table).where(table.c.key.in_(keys)).values(values))
        return [replace(intent, fence=intent.fence + 1) for intent in claimed]

    def held(self, intents: Sequence[Intent], until: datetime | None = None) -> frozenset[str]:
        """Keys of those writes whose claim is still the one they were claimed with; nobody else gets them meanwhile.

        Args:
            until: prolongs those claims.
        """
        table = schema.intent
        fences = {intent.key: intent.fence for intent in intents}
        keys = sorted(fences)
        mine: list[str] = []
        for start in range(0, len(keys), 500):
            query = select(table.c.key, table.c.fence).where(table.c.key.in_(keys[start : start + 500]))
            rows = self._connection.execute(query.order_by(table.c.key).with_for_update())
            mine += [row.key for row in rows if row.fence == fences[row.key]]
        if until is not None:
            self._claims(mine, {"until_us": to_us(until)})
        return frozenset(mine)

    def release(self, intents: Sequence[Intent]) -> None:
        """Gives claims back, as far as they are still ours."""
        self._claims(sorted(self.held(intents)), {"owner": "", "until_us": 0})

    def _claims(self, keys: Sequence[str], values: dict[str, object]) -> None:
        table = schema.intent
        for start in range(0, len(keys), 500):
            self._connection.execute(update(table).where(table.c.key.in_(keys[start : start + 500])).values(values))
