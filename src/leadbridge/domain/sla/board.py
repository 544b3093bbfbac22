"""A board of SLA clocks: who has to act, and by when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import overload

from leadbridge.clock import iso
from leadbridge.domain.explain import moment
from leadbridge.domain.show import html_table
from leadbridge.domain.sla.policy import Allowance
from leadbridge.domain.sla.slaclock import STATES, ClockState, SLAClock, in_words

__all__ = ["Board"]

_FAR = datetime.max.replace(tzinfo=UTC)


class Board(Sequence[SLAClock]):
    """Clocks of many leads at one instant, the most urgent first: by due time, then by lead.

    ``agreement`` says which agreement they stand under, whether it is in force, and who has not signed.
    """

    def __init__(self, clocks: Iterable[SLAClock], agreement: str = "") -> None:
        self.agreement = agreement
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
        if isinstance(span, str):
            allowance = Allowance.parse(span)
            if allowance.kind != "elapsed":
                raise ValueError(f"{span!r} is business time: ask for plain time, such as 30m or 2 hours")
            span = timedelta(microseconds=int(allowance.amount))
        limit = span
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

    def by_owner(self) -> dict[str, Board]:
        """A board an owner, by owner id; the clocks that nobody holds stand under the empty id."""
        owners = sorted({clock.owner for clock in self})
        return {owner: self.of(owner) for owner in owners}

    def by_state(self) -> dict[ClockState, int]:
        """How many clocks are in each state; every state is named."""
        counts = Counter(clock.state for clock in self)
        return {state: counts[state] for state in STATES}

    def to_dicts(self) -> list[dict[str, str | int | float | None]]:
        """The clocks as JSON values: instants as ISO text in UTC, durations in seconds."""
        return [_as_dict(clock) for clock in self]

    def _repr_html_(self) -> str:
        head = ("lead", "promise", "owner", "state", "due", "left or over")
        rows = ((c.lead, f"{c.policy}.{c.target}", c.owner, c.state, _due(c), _rest(c)) for c in self._clocks[:100])
        more = f", the first 100 of {len(self)}" if len(self) > 100 else ""
        under = f", under {self.agreement}" if self.agreement else ""
        return html_table(f"SLA clocks{more}{under}", head, rows)

    def _where(self, clocks: Iterable[SLAClock]) -> Board:
        return Board(clocks, self.agreement)


def _due(clock: SLAClock) -> str:
    return moment(clock.due_at) if clock.due_at else ""


def _rest(clock: SLAClock) -> str:
    if clock.overdue:
        return f"{in_words(clock.overdue)} over"
    return in_words(clock.remaining) if clock.state in ("running", "paused") and clock.remaining is not None else ""


def _as_dict(clock: SLAClock) -> dict[str, str | int | float | None]:
    row: dict[str, str | int | float | None] = {}
    for name in SLAClock.__dataclass_fields__:
        value = getattr(clock, name)
        if isinstance(value, datetime):
            row[name] = iso(value)
        elif isinstance(value, timedelta):
            row[name] = value.total_seconds()
        else:
            row[name] = value
    return row
