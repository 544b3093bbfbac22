"""The outbox for several workers: who delivers which writes, and whether it still may.

A worker claims writes for a while; those that another is claiming at the same moment are skipped and never waited for.
Every claim raises a write's *fence*, and only under its own fence a worker may send a write or store what came of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import Update, and_, bindparam, exists, or_, select, text, tuple_, update

from leadbridge.adapter import Fields
from leadbridge.clock import to_us
from leadbridge.store import schema
from leadbridge.store.among import among_given
from leadbridge.store.codec import dump, dump_fields
from leadbridge.store.prepared import Prepared
from leadbridge.store.rows import Intent
from leadbridge.store.unpacking import INTENT, intent_of
from leadbridge.store.worker import Worker
from leadbridge.store.writer import Writer

__all__ = ["OPT_OUTS", "Outbox", "Place", "Waiting"]

OPT_OUTS = -(1 << 30)
"""Where the sequence of writes that carry an opt-out begins: before that of all others, which begins at 0."""

_TABLE = schema.intent
_ORDER = (_TABLE.c.kind, _TABLE.c.action, _TABLE.c.sequence, _TABLE.c.key)
_STEP = _TABLE.alias("step")
_MINE = among_given(_TABLE.c.key, "keys")

# Making a statement costs more than running it, and these run for every batch.
_OPEN = Prepared(
    select(_TABLE.c.after.is_not(None), _TABLE.c.sequence < 0, _TABLE.c.owner)
    .where(_TABLE.c.connection == bindparam("of"), text(schema.OPEN))
    .distinct()
)
_HELD = Prepared(select(_TABLE.c.key, _TABLE.c.fence).where(_MINE).order_by(_TABLE.c.key).with_for_update())
_TAKE = (
    update(_TABLE).where(_MINE).values(owner=bindparam("whose"), until_us=bindparam("until"), fence=_TABLE.c.fence + 1)
)
_PROLONG = update(_TABLE).where(_MINE).values(until_us=bindparam("until"))
_SENT = (
    update(_TABLE)
    .where(_MINE)
    .values(state="inflight", sent_us=bindparam("at"), attempts=_TABLE.c.attempts + 1, until_us=bindparam("until"))
)
_UNSENT = update(_TABLE).where(_MINE).values(state="pending", sent_us=None, attempts=_TABLE.c.attempts - 1)
_RELEASE = update(_TABLE).where(_MINE).values(owner="", until_us=0)
_END = update(_TABLE).where(_MINE).values(owner="", until_us=0, state=bindparam("to"))
_END_BECAUSE = _END.values(reason=bindparam("why"))


class Waiting(NamedTuple):
    """What is open for a connection: steps that follow no other, such that do, opt-outs, and whose claims are void.

    ``widows`` are workers that claimed writes and died since.
    """

    first: bool
    following: bool
    opt_outs: bool
    widows: frozenset[str]


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

    def waiting(self, connection: str) -> Waiting:
        """What is open for a connection, without saying of whom."""
        found = self._ask(_OPEN, of=connection)
        steps = {bool(later) for later, _, _ in found}
        owners = {owner for _, _, owner in found if owner}
        opt_outs = any(each for _, each, _ in found)
        return Waiting(False in steps, True in steps, opt_outs, frozenset(filter(Worker.gone, owners)))

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
        given: dict[str, object] = {
            "of": connection,
            "now": to_us(now),
            "sent_before": to_us(sent_before),
            "most": limit,
        }
        given |= {"widows": dump(sorted(widows))} if widows else {}
        given |= after._asdict() if after is not None else {}
        rows = self._ask(_claiming(first, opt_outs, bool(widows), after is not None), **given)
        # As they are once they are taken: the fence stands last.
        claimed = [intent_of((*row[:-1], row[-1] + 1)) for row in rows]
        self._claims(_TAKE, [intent.key for intent in claimed], whose=worker.name, until=to_us(until))
        return claimed

    def held(self, intents: Sequence[Intent], until: datetime | None = None) -> frozenset[str]:
        """Keys of those writes whose claim is still the one they were claimed with; nobody else gets them meanwhile.

        Args:
            until: prolongs those claims.
        """
        fences = {intent.key: intent.fence for intent in intents}
        if not fences:
            return frozenset()
        rows = self._ask(_HELD, keys=dump(sorted(fences)))
        mine = [key for key, fence in rows if fence == fences[key]]
        if until is not None:
            self._claims(_PROLONG, mine, until=to_us(until))
        return frozenset(mine)

    def sent(self, intents: Sequence[Intent], now: datetime, until: datetime) -> frozenset[str]:
        """Marks writes as sent, right before they are, and prolongs their claims; the keys of those still ours."""
        mine = self.held(intents)
        self._claims(_SENT, sorted(mine), at=to_us(now), until=to_us(until))
        return mine

    def unsent(self, intents: Sequence[Intent]) -> None:
        """Takes that back for writes that surely did not leave the house."""
        self._claims(_UNSENT, sorted(self.held(intents)))

    def end(self, keys: Iterable[str], state: str, reason: str | None = None) -> None:
        """Stores what writes came to, and gives their claims back.

        Args:
            keys: of the writes.
            state: their new state.
            reason: why, if there is one to be told.
        """
        if reason is None:
            self._claims(_END, sorted(keys), to=state)
        else:
            self._claims(_END_BECAUSE, sorted(keys), to=state, why=reason)

    def born(self, records: Mapping[str, Fields]) -> None:
        """Keeps what new records held when they were made, by the keys of the writes that made them."""
        rows = [(dump_fields(fields), key) for key, fields in records.items()]
        self._change(_TABLE, ("expect",), ("key",), rows)

    def release(self, intents: Sequence[Intent]) -> None:
        """Gives claims back, as far as they are still ours."""
        self._claims(_RELEASE, sorted(self.held(intents)))

    def _claims(self, statement: Update, keys: Sequence[str], **values: object) -> None:
        if keys:
            self._connection.execute(statement, {"keys": dump(list(keys)), **values})


@cache
def _claiming(first: bool, opt_outs: bool, widowed: bool, behind: bool) -> Prepared:
    waiting = exists(select(_STEP.c.key).where(_STEP.c.key == _TABLE.c.after, text(f"step.{schema.OPEN}")))
    free = [_TABLE.c.owner == "", _TABLE.c.until_us <= bindparam("now")]
    free += [among_given(_TABLE.c.owner, "widows")] if widowed else []
    query = (
        select(*INTENT)
        .where(_TABLE.c.connection == bindparam("of"), text(f"intent.{schema.OPEN}"), or_(*free))
        .where(_TABLE.c.after.is_(None) if first else and_(_TABLE.c.after.is_not(None), ~waiting))
        .where(or_(_TABLE.c.sent_us.is_(None), _TABLE.c.sent_us <= bindparam("sent_before")))
        .order_by(*_ORDER)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=_TABLE)
    )
    query = query.where(_TABLE.c.sequence < 0) if opt_outs else query
    place = [bindparam(column.name, type_=column.type) for column in _ORDER]
    return Prepared(query.where(tuple_(*_ORDER) > tuple_(*place)) if behind else query)
