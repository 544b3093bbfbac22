"""Open promises as the database keeps them, and a board over them that is answered in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, RowMapping, and_, case, func, or_, select

from leadbridge.clock import from_us, to_us
from leadbridge.domain.sla.board import Board, Teams, plain_span, teams_of
from leadbridge.store import schema

__all__ = ["Ask", "Folded", "Timer", "Timers", "Unfold"]

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
    agreement: int
    duty_of: str
    owner: str
    queue: str
    state: str
    started_us: int
    warns_us: int | None
    due_us: int | None
    broken_us: int | None

    @property
    def key(self) -> tuple[str, str, str, str, int, int]:
        """What it is known by."""
        return (self.lead, self.policy, self.target, self.about, self.turn, self.agreement)

    @property
    def due_at(self) -> datetime | None:
        """When it is due; ``None`` while nobody knows, because it stands still."""
        return None if self.due_us is None else from_us(self.due_us)


Ask = Callable[[Any], list[RowMapping]]
"""Runs a query."""

Unfold = Callable[[Sequence[Timer]], Board]
"""Folds the leads of timers, and gives the clocks that these timers were kept of."""


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

    What they were folded from is folded already, so that a hundred thousand of them cost what their rows cost.
    :meth:`board` tells more of some of them, such as the time that is left in business hours. What has ended is not
    here: ask :meth:`leadbridge.Bridge.clocks`.

    Args:
        ask: runs a query.
        now: the instant.
        unfold: tells everything about some of them.
        teams: the members of the queues of the agreement.
        where: conditions on the rows.
    """

    def __init__(
        self, ask: Ask, now: datetime, unfold: Unfold, teams: Teams, where: tuple[ColumnElement[bool], ...] = ()
    ) -> None:
        self.now = now
        self.teams = teams
        self._ask = ask
        self._unfold = unfold
        self._where = where
        columns = schema.clock.c
        self._state = case((columns.broken_us < to_us(now), "breached"), else_=columns.state)

    def __len__(self) -> int:
        return sum(self.by_state().values())

    def __iter__(self) -> Iterator[Timer]:
        return iter(self.first(None))

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {state}" for state, count in self.by_state().items() if count)
        return f"<Timers: {counts or 'no open promises'}>"

    def of(self, owner: str) -> Timers:
        """Those that one owner holds."""
        return self._narrow(schema.clock.c.owner == owner)

    def of_queue(self, queue: str) -> Timers:
        """Those of hand-offs in one queue."""
        return self._narrow(schema.clock.c.queue == queue)

    def of_team(self, team: str) -> Timers:
        """Those that a team has to look after: in its queue, or held by one of its members.

        Args:
            team: the id of a queue of the agreement.
        """
        columns = schema.clock.c
        return self._narrow(or_(columns.queue == team, columns.owner.in_(sorted(self.teams.get(team, ())))))

    def of_function(self, function: str) -> Timers:
        """Those that one function promised."""
        return self._narrow(schema.clock.c.duty_of == function)

    def breached(self) -> Timers:
        """Those that are broken and still open."""
        return self._narrow(self._state == "breached")

    def due_within(self, span: str | timedelta) -> Timers:
        """Those that run and are due within a span of plain time, such as ``"30m"`` or a ``timedelta``.

        Raises:
            ValueError: for a span that cannot be read, or one in business time.
        """
        limit = to_us(self.now + plain_span(span))
        return self._narrow(and_(self._state == "running", schema.clock.c.due_us <= limit))

    def alerting(self) -> Timers:
        """Those whose warning, due time or end of grace has come: whoever is to be told now is told of these."""
        columns = schema.clock.c
        moments = (columns.warns_us, columns.due_us, columns.broken_us)
        return self._narrow(or_(*(moment <= to_us(self.now) for moment in moments)))

    def by_state(self) -> dict[str, int]:
        """How many are in each state: running, paused and breached."""
        return {state: sum(int(row[state]) for row in self._tally) for state in _STATES}

    def by_owner(self) -> dict[str, int]:
        """How many each owner holds; nobody's stand under the empty id."""
        return self._counted(lambda row: [row["owner"]])

    def by_team(self) -> dict[str, int]:
        """How many each team has to look after, as in :meth:`of_team`, some of them together; no team's stand under the
        empty id.
        """
        return self._counted(lambda row: teams_of(row["owner"], row["queue"], self.teams))

    def by_queue(self) -> dict[str, int]:
        """How many are in each queue."""
        return self._counted(lambda row: [row["queue"]])

    def by_function(self) -> dict[str, int]:
        """How many each function owes."""
        return self._counted(lambda row: [row["duty_of"]])

    def board(self, limit: int | None = None) -> Board:
        """Everything about the most urgent ones, as folding all facts gives it; only their leads are folded.

        Args:
            limit: how many at most; ``None`` for all.
        """
        return self._unfold(self.first(limit))

    def first(self, limit: int | None = 50) -> list[Timer]:
        """The most urgent ones: by due time, those without one last.

        Args:
            limit: how many at most; ``None`` for all.
        """
        columns = schema.clock.c
        order = (columns.due_us.is_(None), columns.due_us, *schema.clock.primary_key)
        chosen = [self._state.label("state") if column.name == "state" else column for column in columns]
        query = self._select(*chosen).order_by(*order).limit(limit)
        return [Timer(*row.values()) for row in self._ask(query)]

    def _select(self, *columns: Any) -> Any:
        return select(*columns).select_from(schema.clock).where(*self._where)

    def _narrow(self, condition: ColumnElement[bool]) -> Timers:
        return Timers(self._ask, self.now, self._unfold, self.teams, (*self._where, condition))

    @cached_property
    def _tally(self) -> list[RowMapping]:
        """How many are in each state, by owner, queue and function: what every count is added up from."""
        columns = schema.clock.c
        keys = (columns.owner, columns.queue, columns.duty_of)
        counts = (func.sum(case((self._state == state, 1), else_=0)).label(state) for state in _STATES)
        return self._ask(self._select(*keys, *counts).group_by(*keys))

    def _counted(self, names: Callable[[RowMapping], list[str]]) -> dict[str, int]:
        found: Counter[str] = Counter()
        for row in self._tally:
            for name in names(row):
                found[name] += sum(int(row[state]) for state in _STATES)
        return dict(sorted(found.items()))
