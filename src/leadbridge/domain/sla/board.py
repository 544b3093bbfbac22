"""A board of SLA clocks: who has to act, and by when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, overload

from leadbridge.clock import iso
from leadbridge.domain.explain import moment
from leadbridge.domain.facts import Fact, SLAEscalated
from leadbridge.domain.show import html_table
from leadbridge.domain.sla.escalations import escalations
from leadbridge.domain.sla.policy import Allowance, Cadence
from leadbridge.domain.sla.slaclock import STATES, ClockState, SLAClock, in_words

__all__ = ["Board", "Teams", "plain_span", "teams_of"]

_FAR = datetime.max.replace(tzinfo=UTC)

Teams = Mapping[str, Collection[str]]
"""Whose leads wait in each queue: the ids of its members, by queue, as :attr:`Routing.teams` gives them."""


def plain_span(span: str | timedelta) -> timedelta:
    """A span of plain time, such as ``"30m"``.

    Raises:
        ValueError: it cannot be read, or is business time.
    """
    if isinstance(span, timedelta):
        return span
    allowance = Allowance.parse(span)
    if allowance.kind != "elapsed":
        raise ValueError(f"{span!r} is business time: ask for plain time, such as 30m or 2 hours")
    return allowance.plain


def teams_of(owner: str, queue: str, teams: Teams) -> list[str]:
    """The teams that have to look after a promise: the one whose queue it is in, and those of whoever holds it.

    A queue that the agreement does not name is a team without known members. Where there is none, the empty id.
    """
    found = {queue} if queue else set()
    found |= {team for team, members in teams.items() if owner in members}
    return sorted(found) or [""]


class Board(Sequence[SLAClock]):
    """Clocks of many leads at one instant, the most urgent first: by due time, then by lead.

    ``agreement`` says which agreement they stand under, whether it is in force, and who has not signed; ``teams`` are
    the members of its queues.
    """

    def __init__(self, clocks: Iterable[SLAClock], agreement: str = "", teams: Teams | None = None) -> None:
        self.agreement = agreement
        self.teams: Teams = teams or {}
        self._clocks = tuple(
            sorted(clocks, key=lambda clock: (clock.due_at or _FAR, clock.lead, clock.policy, clock.target, clock.turn))
        )

    def __len__(self) -> int:
        return len(self._clocks)

    @overload
    def __getitem__(self, index: int) -> SLAClock: ...
    @overload
    def __getitem__(self, index: slice) -> Board: ...
    def __getitem__(self, index: int | slice) -> SLAClock | Board:
        return self._where(self._clocks[index]) if isinstance(index, slice) else self._clocks[index]

    def __iter__(self) -> Iterator[SLAClock]:
        return iter(self._clocks)

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {state}" for state, count in self.by_state().items() if count)
        under = f", under {self.agreement}" if self.agreement else ""
        return f"<Board: {counts or 'no clocks'}{under}>"

    def due_within(self, span: str | timedelta) -> Board:
        """The running clocks that are due within a span of plain time, such as ``"30m"`` or a ``timedelta``.

        Raises:
            ValueError: for a span that cannot be read, or one in business time.
        """
        limit = plain_span(span)
        return self._where(
            clock for clock in self if clock.state == "running" and clock.due_at and clock.due_at <= clock.now + limit
        )

    def breached(self) -> Board:
        """The clocks that were not kept in time and are still open, or were ended without being kept."""
        return self.in_state("breached")

    def in_state(self, *states: ClockState) -> Board:
        """The clocks in one of the states."""
        return self._where(clock for clock in self if clock.state in states)

    def of(self, owner: str) -> Board:
        """The clocks that one owner holds."""
        return self._where(clock for clock in self if clock.owner == owner)

    def of_queue(self, queue: str) -> Board:
        """The clocks of hand-offs in one queue, whoever holds them."""
        return self._where(clock for clock in self if clock.queue == queue)

    def of_team(self, team: str) -> Board:
        """The clocks that a team has to look after: those in its queue, and those that one of its members holds.

        Args:
            team: the id of a queue of the agreement.
        """
        return self._where(clock for clock in self if team in teams_of(clock.owner, clock.queue, self.teams))

    def of_function(self, function: str) -> Board:
        """The clocks of what one function promised."""
        return self._where(clock for clock in self if clock.duty_of == function)

    def by_owner(self) -> dict[str, Board]:
        """A board an owner, by owner id; the clocks that nobody holds stand under the empty id."""
        return self._by((clock.owner, clock) for clock in self)

    def by_team(self) -> dict[str, Board]:
        """A board a team, as in :meth:`of_team`; a clock may be on several. Those of none stand under the empty id."""
        return self._by((team, clock) for clock in self for team in teams_of(clock.owner, clock.queue, self.teams))

    def by_queue(self) -> dict[str, Board]:
        """A board a queue; the clocks that are in none stand under the empty id."""
        return self._by((clock.queue, clock) for clock in self)

    def by_function(self) -> dict[str, Board]:
        """A board a function that owes something."""
        return self._by((clock.duty_of, clock) for clock in self)

    def escalations(self, known: Iterable[Fact], at: datetime | None = None) -> tuple[SLAEscalated, ...]:
        """Who is to be told now and was not told yet, as the facts to be recorded when it is done.

        Args:
            known: all facts of these leads, so that nobody is told twice.
            at: the instant, no later than the board's own; the board's own when not given.
        """
        return escalations(self, known, at)

    def by_state(self) -> dict[ClockState, int]:
        """How many clocks are in each state; every state is named."""
        counts = Counter(clock.state for clock in self)
        return {state: counts[state] for state in STATES}

    def to_dicts(self) -> list[dict[str, Any]]:
        """The clocks as JSON values: instants as ISO text in UTC, durations in seconds."""
        return [_as_dict(clock) for clock in self]

    def _repr_html_(self) -> str:
        head = ("lead", "promise", "owner", "state", "due", "left or over")
        rows = ((c.lead, f"{c.policy}.{c.target}", c.owner, c.state, _due(c), _rest(c)) for c in self._clocks[:100])
        more = f", the first 100 of {len(self)}" if len(self) > 100 else ""
        under = f", under {self.agreement}" if self.agreement else ""
        return html_table(f"SLA clocks{more}{under}", head, rows)

    def _by(self, named: Iterable[tuple[str, SLAClock]]) -> dict[str, Board]:
        found: dict[str, list[SLAClock]] = {}
        for name, clock in named:
            found.setdefault(name, []).append(clock)
        return {name: self._where(found[name]) for name in sorted(found)}

    def _where(self, clocks: Iterable[SLAClock]) -> Board:
        return Board(clocks, self.agreement, self.teams)


def _due(clock: SLAClock) -> str:
    return moment(clock.due_at) if clock.due_at else ""


def _rest(clock: SLAClock) -> str:
    if clock.overdue:
        return f"{in_words(clock.overdue)} over"
    return in_words(clock.remaining) if clock.state in ("running", "paused") and clock.remaining is not None else ""


def _as_dict(row: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(row, field.name)) for field in fields(row)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Cadence):
        return {"touches": value.touches, "channels": value.channels}
    return [_as_dict(each) for each in value] if isinstance(value, tuple) else value
