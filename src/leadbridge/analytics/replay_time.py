"""Due times and states of promises for whole columns, equal to those that :mod:`leadbridge.domain.sla.clocks` folds.

Instants are microseconds since 1970 in UTC; :data:`MISSING` stands for none. Most rows are answered by the calendar's
tables at once. Rows in which a clock stood still, or inherited what another owner left, are few and are walked one by
one with exact fractions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

__all__ = ["ENDED", "MISSING", "Pauses", "Turns", "due_times", "elapsed_times", "passed", "states"]

ENDED = {"no": 0, "stop": 1, "cancel": 2, "transfer": 3}
"""What ended a turn."""

_MICROSECOND = timedelta(microseconds=1)

Pauses = Mapping[int, Sequence[tuple[int, int]]]
"""The times at which the clocks of a scope stood still: from, and to (:data:`MISSING` when it still does)."""


@dataclass(frozen=True)
class Turns:
    """The time that each owner had for a promise, in order of scope (``key``) and turn.

    ``until`` is when the turn ended, or the instant of the replay. ``ended`` is one of :data:`ENDED`, ``by`` the number
    of the stop event, ``holder`` the row of the assignment (-1 without one). A promise that never started has a
    ``since`` of :data:`MISSING` and a ``until`` of the same.
    """

    key: Int64s
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


def passed(kind: str, calendar: BusinessCalendar | None, starts: Int64s, ends: Int64s) -> Int64s:
    """The time between two columns as a promise counts it, :data:`MISSING` where one of the two is."""
    np = load_numpy()
    if kind != "elapsed" and calendar is not None:
        return calendar.elapsed_many(starts, ends)
    found: Int64s = np.where((starts == MISSING) | (ends == MISSING), MISSING, ends - starts)
    return found


def elapsed_times(turns: Turns, allowance: Allowance, calendar: BusinessCalendar | None, pauses: Pauses) -> Int64s:
    """The time that passed in each turn, without that in which the clock stood still."""
    np = load_numpy()
    found = passed(allowance.kind, calendar, turns.since, turns.until)
    for row in np.flatnonzero(_paused(turns, pauses)).tolist():
        spans, _ = _spans(pauses[int(turns.key[row])], int(turns.since[row]), int(turns.until[row]))
        found[row] = sum(allowance.passed(from_us(a), from_us(b), calendar) // _MICROSECOND for a, b in spans)
    return found


def due_times(
    turns: Turns, allowance: Allowance, calendar: BusinessCalendar | None, pauses: Pauses, *, inherit: bool
) -> Int64s:
    """When each turn is due; :data:`MISSING` where it never started, or stands still.

    Raises:
        ConfigError: the calendar has not that much open time left before the year 9990.
    """
    np = load_numpy()
    slow: Bools = _paused(turns, pauses) & (turns.since != MISSING)
    if inherit:
        slow |= turns.turn > 1
        # The turns before those that inherit are needed to know what was left.
        slow |= np.isin(turns.key, np.unique(turns.key[slow]))
    found: Int64s = np.full(len(turns.key), MISSING, np.int64)
    quick = np.flatnonzero(~slow & (turns.since != MISSING))
    found[quick] = _due(turns.since[quick], allowance, calendar)
    left, last = allowance, -1
    for row in np.flatnonzero(slow).tolist():
        key, until = int(turns.key[row]), int(turns.until[row])
        if key != last or not inherit:
            left, last = allowance, key
        spans, goes_on = _spans(pauses.get(key, ()), int(turns.since[row]), until)
        for number, (start, end) in enumerate(spans, start=1):
            if found[row] == MISSING:
                due = to_us(left.due(from_us(start), calendar))
                if due <= end or (goes_on and number == len(spans)):
                    found[row] = due
            left = left.less(from_us(start), from_us(end), calendar)
    return found


def states(turns: Turns, due: Int64s, *, inherit: bool) -> Int64s:
    """The state of each turn, as its place in :data:`leadbridge.domain.sla.STATES`."""
    np = load_numpy()
    started = turns.since != MISSING
    overdue = started & (due != MISSING) & (due < turns.until)
    over = np.where(overdue, 5, 6)
    handed_on = np.where(inherit, 6, over)
    running = np.where(overdue, 5, np.where(due == MISSING, 2, 1))
    found: Int64s = np.select(
        [~started, turns.ended == ENDED["stop"], turns.ended == ENDED["transfer"], turns.ended == ENDED["cancel"]],
        [np.where(turns.ended == ENDED["no"], 0, 6), np.where(overdue, 4, 3), handed_on, over],
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


def _paused(turns: Turns, pauses: Pauses) -> Bools:
    np = load_numpy()
    if not pauses:
        none: Bools = np.zeros(len(turns.key), np.bool_)
        return none
    found: Bools = np.isin(turns.key, np.fromiter(pauses, np.int64, len(pauses))) & (turns.since != MISSING)
    return found


def _spans(pauses: Sequence[tuple[int, int]], start: int, until: int) -> tuple[list[tuple[int, int]], bool]:
    """The spans up to the end of a turn in which time passes, and whether it goes on to pass then."""
    found: list[tuple[int, int]] = []
    cursor = start
    for since, resumed in pauses:
        if resumed != MISSING and resumed <= cursor:
            continue
        if since > until:
            break
        if since > cursor:
            found.append((cursor, since))
        if resumed == MISSING or resumed > until:
            return found, False
        cursor = resumed
    return [*found, (cursor, until)], True
