"""Due times and states of promises for whole columns, equal to those that :mod:`leadbridge.domain.sla.clocks` folds.

Instants are microseconds since 1970 in UTC; :data:`MISSING` stands for none. Most clocks run from their start to their
end in one calendar and are answered by its tables at once. Those that stood still, were given anew, went through
several calendars or inherited what another owner left are followed one by one: see
:mod:`leadbridge.analytics.replay_walk`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from leadbridge.clock import from_us, to_us
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.calendar.arrays import MISSING
from leadbridge.domain.calendar.slots import load_numpy
from leadbridge.domain.sla import Allowance

if TYPE_CHECKING:
    from leadbridge.domain.calendar.slots import Bools, Int64s

__all__ = ["ENDED", "MISSING", "Times", "Turns", "quick_times", "states"]

ENDED = {"no": 0, "stop": 1, "cancel": 2, "transfer": 3}
"""What ended a turn."""


@dataclass(frozen=True)
class Turns:
    """The time that each owner had for a promise, in order of scope (``key``) and turn.

    ``until`` is when the turn ended, or the instant of the replay. ``ended`` is one of :data:`ENDED`, ``by`` the number
    of what kept or cancelled it, ``holder`` the row of the assignment (-1 without one). A promise that never started
    has a ``since`` of :data:`MISSING` and a ``until`` of the same.
    """

    key: Int64s
    lead: Int64s
    turn: Int64s
    since: Int64s
    until: Int64s
    ended: Int64s
    by: Int64s
    holder: Int64s
    made: Int64s
    """The version in which the promise was made, as far as the facts name one; else 0."""
    judged: Int64s
    """The instant by whose day the version is found where none is named."""

    def where(self, rows: Bools) -> Turns:
        """Some of the rows."""
        return replace(self, **{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


@dataclass(frozen=True)
class Times:
    """When each turn is due, from when on it is broken, how long it took, and whether it stands still at its end."""

    due: Int64s
    broken: Int64s
    elapsed: Int64s
    still: Bools

    @classmethod
    def none(cls, many: int) -> Times:
        """Of so many turns of which nothing is known."""
        np = load_numpy()
        due, broken, elapsed = (np.full(many, MISSING, np.int64) for _ in range(3))
        return cls(due, broken, elapsed, np.zeros(many, np.bool_))


def quick_times(
    into: Times,
    rows: Bools,
    turns: Turns,
    allowance: Allowance,
    spare: Allowance | None,
    calendar: BusinessCalendar | None,
) -> None:
    """Fills in the times of those turns that ran in one calendar, without a rest.

    Raises:
        ConfigError: the calendar has not that much open time left before the year 9990.
    """
    np = load_numpy()
    at = np.flatnonzero(rows & (turns.since != MISSING))
    starts, ends = turns.since[at], turns.until[at]
    into.due[at] = _due(starts, allowance, calendar)
    into.broken[at] = into.due[at] if spare is None else _due(into.due[at], spare, calendar)
    counts = allowance.kind != "elapsed" and calendar is not None
    into.elapsed[at] = calendar.elapsed_many(starts, ends) if counts and calendar is not None else ends - starts


def states(turns: Turns, times: Times, *, inherit: bool) -> Int64s:
    """The state of each turn, as its place in :data:`leadbridge.domain.sla.STATES`."""
    np = load_numpy()
    started = turns.since != MISSING
    late = started & (times.broken != MISSING) & (times.broken < turns.until)
    over = np.where(late, 5, 6)
    handed_on = np.where(inherit, 6, over)
    running = np.where(late, 5, np.where(times.still, 2, 1))
    found: Int64s = np.select(
        [~started, turns.ended == ENDED["stop"], turns.ended == ENDED["transfer"], turns.ended == ENDED["cancel"]],
        [np.where(turns.ended == ENDED["no"], 0, 6), np.where(late, 4, 3), handed_on, over],
        running,
    ).astype(np.int64)
    return found


def _due(starts: Int64s, allowance: Allowance, calendar: BusinessCalendar | None) -> Int64s:
    amount = -(-allowance.amount.numerator // allowance.amount.denominator)
    if allowance.kind == "elapsed" or calendar is None:
        return starts + amount
    if allowance.kind == "business":
        return calendar.due_many(starts, load_numpy().full(len(starts), amount))
    return _due_in_days(starts, allowance, calendar)


def _due_in_days(starts: Int64s, allowance: Allowance, calendar: BusinessCalendar) -> Int64s:
    """Whole open days by table; parts of days, and what lies at the rim of the table, one by one."""
    np = load_numpy()
    found: Int64s = np.full(len(starts), MISSING, np.int64)
    if len(starts) and allowance.amount.denominator == 1:
        days = int(allowance.amount)
        low, high = from_us(int(starts.min())), from_us(int(starts.max()))
        table = calendar.timetable(low, high + timedelta(days=30 + 4 * days))
        opens, closes, before = np.array(table.opens[:-1]), np.array(table.closes), np.array(table.before)
        bounds = np.array(table.days)
        at = np.searchsorted(closes, starts, "right")
        inside = at < len(closes)
        at = np.minimum(at, len(closes) - 1)
        place = before[at] + np.clip(starts - opens[at], 0, None)
        day = np.searchsorted(bounds, place, "right") - 1
        inside &= (day >= 0) & (day + days + 1 < len(bounds))
        day = np.clip(day, 0, max(len(bounds) - days - 2, 0))
        inside &= len(bounds) >= days + 2
        if inside.any():
            length = bounds[day + 1] - bounds[day]
            later = bounds[day + days + 1] - bounds[day + days]
            common = np.gcd(length, later)
            # In lowest terms: the lengths of days are whole minutes, so the product stays far below 64 bits.
            share = -(-(place - bounds[day]) * (later // common) // (length // common))
            goal = bounds[day + days] + share
            span = np.clip(np.searchsorted(before[1:], goal, "left"), 0, len(closes) - 1)
            reached = opens[span] + goal - before[span]
            inside &= (length // common) < 1_000_000
            inside &= (later // common) < 1_000_000
            found[inside] = reached[inside]
    for row in np.flatnonzero(found == MISSING).tolist():
        found[row] = to_us(allowance.due(from_us(int(starts[row])), calendar))
    return found
