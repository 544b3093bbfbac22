"""Open promises as the database keeps them, and a board over them that is answered in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, RowMapping, and_, case, func, select

from leadbridge.clock import from_us, to_us
from leadbridge.store import schema

__all__ = ["Folded", "Timer", "Timers"]

_STATES = ("running", "paused", "breached")


class Timer(NamedTuple):
    """One open promise: whose it is and when it warns, is due, and counts as broken, in microseconds since 1970.

    ``about`` is the hand-off, the question, the piece of feedback, or the number of the passage. ``state`` is running,
    paused or breached.
    """

    lead: str
    policy: str
    target: str
    about: str
    turn: int
    duty_of: str
    owner: str
    queue: str
    state: str
    started_us: int
    warns_us: int | None
    due_us: int | None
    broken_us: int | None

    @property
    def due_at(self) -> datetime | None:
        """When it is due; ``None`` while nobody knows, because it stands still."""
        return None if self.due_us is None else from_us(self.due_us)


@dataclass(frozen=True, slots=True)
class Folded:
    """The open promises of one lead, and when they have to be folded again although nothing was recorded.

    ``stamp`` tells whether something was recorded in the meantime.
    """

    lead: str
    stamp: str
    timers: tuple[Timer, ...]
    again_at: datetime | None = None


class Timers:
    """The open promises at one instant, as the database keeps them; every question is a query or two.

    What they were folded from is folded already, so that a hundred thousand of them cost what their rows cost. For the
    time that is left in business hours, and for what has ended, ask :class:`~leadbridge.domain.sla.board.Board`.

    Args:
        ask: runs a query.
        now: the instant.
        where: conditions on the rows.
    """

    def __init__(
        self, ask: Callable[[Any], list[RowMapping]], now: datetime, where: tuple[ColumnElement[bool], ...] = ()
    ) -> None:
        self.now = now
        self._ask = ask
        self._where = where
        columns = schema.clock.c
        self._state = case((columns.broken_us < to_us(now), "breached"), else_=columns.state)

    def __len__(self) -> int:
        return sum(self.by_state().values())

    def __iter__(self) -> Iterator[Timer]:
        return iter(self.first(None))

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {state}" for state, count in self.by_state().items())
        return f"<Timers: {counts or 'no open promises'}>"

    def of(self, owner: str) -> Timers:
        """Those that one owner holds."""
        return self._narrow(schema.clock.c.owner == owner)

    def of_queue(self, queue: str) -> Timers:
        """Those of hand-offs in one queue."""
        return self._narrow(schema.clock.c.queue == queue)

    def of_function(self, function: str) -> Timers:
        """Those that one function promised."""
        return self._narrow(schema.clock.c.duty_of == function)

    def breached(self) -> Timers:
        """Those that are broken and still open."""
        return self._narrow(self._state == "breached")

    def due_within(self, span: timedelta) -> Timers:
        """Those that run and are due within a span of plain time."""
        return self._narrow(and_(self._state == "running", schema.clock.c.due_us <= to_us(self.now + span)))

    def by_state(self) -> dict[str, int]:
        """How many are in each state."""
        counts = {state: sum(int(row[state]) for row in self._tally) for state in _STATES}
        return {state: count for state, count in counts.items() if count}

    def by_owner(self) -> dict[str, int]:
        """How many each owner holds; nobody's stand under the empty id."""
        return self._counted("owner")

    def by_queue(self) -> dict[str, int]:
        """How many are in each queue."""
        return self._counted("queue")

    def by_function(self) -> dict[str, int]:
        """How many each function owes."""
        return self._counted("duty_of")

    def first(self, limit: int | None = 50) -> list[Timer]:
        """The most urgent ones: by due time, those without one last.

        Args:
            limit: how many at most; ``None`` for all.
        """
        columns = schema.clock.c
        order = (columns.due_us.is_(None), columns.due_us, columns.lead, columns.policy, columns.target, columns.turn)
        chosen = [self._state.label("state") if column.name == "state" else column for column in columns]
        query = self._select(*chosen).order_by(*order).limit(limit)
        return [Timer(*row.values()) for row in self._ask(query)]

    def _select(self, *columns: Any) -> Any:
        return select(*columns).select_from(schema.clock).where(*self._where)

    def _narrow(self, condition: ColumnElement[bool]) -> Timers:
        return Timers(self._ask, self.now, (*self._where, condition))

    @cached_property
    def _tally(self) -> list[RowMapping]:
        """How many are in each state, by owner, queue and function: what every count is added up from."""
        columns = schema.clock.c
        keys = (columns.owner, columns.queue, columns.duty_of)
        counts = (func.sum(case((self._state == state, 1), else_=0)).label(state) for state in _STATES)
        return self._ask(self._select(*keys, *counts).group_by(*keys))

    def _counted(self, key: str) -> dict[str, int]:
        found: Counter[str] = Counter()
        for row in self._tally:
            found[row[key]] += sum(int(row[state]) for state in _STATES)
        return dict(sorted(found.items()))
