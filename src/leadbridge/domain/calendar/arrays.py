"""Business time for whole columns: the questions of a calendar, asked of arrays.

Instants and durations are microseconds in ``int64`` (instants since 1970 in UTC), or numpy's own ``datetime64`` and
``timedelta64``; answers are microseconds in ``int64``. A missing value is what numpy takes for one (``NaT``, the lowest
``int64``); what comes of it is missing too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from leadbridge.domain.calendar.slots import BLOCK, Slots, Work, load_numpy, stacked
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    import numpy.typing as npt

    from leadbridge.domain.calendar.compiled import CompiledCalendar
    from leadbridge.domain.calendar.slots import Bools, Int64s

    _Answer = Callable[[Slots, Int64s | None, Int64s, Int64s, Int64s], None]

__all__ = ["MISSING", "due_rows", "elapsed_rows"]

MISSING = -(2**63)
"""Numpy's ``NaT`` as a number."""

_LONGEST = 2**61


def elapsed_rows(
    calendars: Sequence[CompiledCalendar],
    which: npt.ArrayLike | None,
    starts: npt.ArrayLike,
    ends: npt.ArrayLike,
) -> Int64s:
    """The open time of each row from its start to its end; negative when the end comes first.

    Args:
        calendars: one, or those that ``which`` counts from 0.
        which: the calendar of each row; ``None`` when there is one.
        starts: instants.
        ends: instants.

    Raises:
        ValueError: for values that are no whole microseconds, and for a calendar that is not there.
    """
    np = load_numpy()
    begun, ended, rows, shape = _columns(calendars, which, _whole(starts, "starts"), _whole(ends, "ends"))
    begun, ended, missing = _filled(begun, ended)
    out: Int64s = np.empty(len(begun), np.int64)
    if len(begun):
        low, high = min(begun.min(), ended.min()), max(begun.max(), ended.max())
        tables = [one.slots(one.covering(int(low), int(high))) for one in calendars]
        _answer(_elapsed, tables, rows, begun, ended, out)
    return _restored(out, missing, shape)


def due_rows(
    calendars: Sequence[CompiledCalendar],
    which: npt.ArrayLike | None,
    starts: npt.ArrayLike,
    durations: npt.ArrayLike,
) -> Int64s:
    """The earliest instant at which the duration of open time has passed since the start, of each row.

    Args:
        calendars: one, or those that ``which`` counts from 0.
        which: the calendar of each row; ``None`` when there is one.
        starts: instants.
        durations: lengths of open time; after none, the start itself is due.

    Raises:
        ValueError: for a negative duration, for other values than whole microseconds, for no such calendar.
        ConfigError: when a calendar has not that much open time left before the year 9990.
    """
    np = load_numpy()
    begun, lasting, rows, shape = _columns(calendars, which, _whole(starts, "starts"), _whole(durations, "durations"))
    begun, lasting, missing = _filled(begun, lasting)
    out: Int64s = np.empty(len(begun), np.int64)
    if not len(begun):
        return _restored(out, missing, shape)
    if missing is not None:
        lasting = np.where(missing, 0, lasting)
    shortest, longest = int(lasting.min()), int(lasting.max())
    if shortest < 0:
        raise ValueError("a promise cannot be due before it starts: a duration is negative")
    if longest > _LONGEST:
        raise ConfigError("no calendar has that much open time: give the durations in microseconds")
    low, high = int(begun.min()), int(begun.max())
    while True:
        tables = [one.slots(one.covering(low, high)) for one in calendars]
        _answer(_places, tables, rows, begun, lasting, out)
        short = _too_far(tables, rows, begun, lasting, out)
        if not short:
            break
        for number, until in short:
            calendars[number].grown(until)
    _answer(_instants, tables, rows, out, out, out)
    if not shortest:
        out = np.where(lasting == 0, begun, out)
    return _restored(out, missing, shape)


def _whole(values: npt.ArrayLike, name: str) -> Int64s:
    np = load_numpy()
    found = np.asarray(values)
    if found.dtype.kind in "mM":
        found = found.astype(f"{found.dtype.kind}8[us]", copy=False).view(np.int64)
    if found.dtype.kind not in "iu" and found.size:
        raise ValueError(f"{name} are {found.dtype}: give whole microseconds (int64), or datetime64")
    whole: Int64s = found.astype(np.int64, copy=False)
    return whole


def _columns(
    calendars: Sequence[CompiledCalendar], which: npt.ArrayLike | None, first: Int64s, second: Int64s
) -> tuple[Int64s, Int64s, Int64s | None, tuple[int, ...]]:
    """The columns in one dimension, the calendars' numbers, and the shape of the answer."""
    np = load_numpy()
    columns = [first, second] if which is None else [first, second, _whole(which, "numbers of calendars")]
    columns = np.broadcast_arrays(*columns)
    first, second, *numbers = (np.ascontiguousarray(column).ravel() for column in columns)
    for rows in numbers:
        if rows.size and not 0 <= rows.min() <= rows.max() < len(calendars):
            raise ValueError(f"there are {len(calendars)} calendars: number them from 0 to {len(calendars) - 1}")
    return first, second, numbers[0] if numbers else None, columns[0].shape


def _filled(first: Int64s, second: Int64s) -> tuple[Int64s, Int64s, Bools | None]:
    """The columns with something harmless where a value is missing, and where that is."""
    np = load_numpy()
    if not first.size or MISSING not in {int(first.min()), int(second.min())}:
        return first, second, None
    missing: Bools = (first == MISSING) | (second == MISSING)
    known = np.flatnonzero(~missing)
    stand_in = int(first[known[0]]) if len(known) else 0
    return np.where(missing, stand_in, first), np.where(missing, stand_in, second), missing


def _restored(out: Int64s, missing: Bools | None, shape: tuple[int, ...]) -> Int64s:
    if missing is not None:
        out[missing] = MISSING
    return out.reshape(shape)


def _answer(
    answer: _Answer, tables: Sequence[Slots], which: Int64s | None, first: Int64s, second: Int64s, out: Int64s
) -> None:
    """Answers with one table, with all of them at once, or (when one could not be cut) with one after the other."""
    np = load_numpy()
    if which is None:
        answer(tables[0], None, first, second, out)
        return
    table = stacked(tuple(tables)) if all(part.cut for part in tables) else None
    if table is not None and table.cut:
        answer(table, which, first, second, out)
        return
    for number in np.unique(which):
        rows = np.flatnonzero(which == number)
        part = np.empty(len(rows), np.int64)
        answer(tables[number], None, first[rows], second[rows], part)
        out[rows] = part


def _blocks(count: int) -> list[slice]:
    return [slice(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]


def _elapsed(table: Slots, which: Int64s | None, starts: Int64s, ends: Int64s, out: Int64s) -> None:
    work = Work(min(BLOCK, len(out)))
    before = work.spare
    for block in _blocks(len(out)):
        part, earlier = out[block], before[: block.stop - block.start]
        if which is not None:
            table.times.choose(which[block], work)
        table.positions(ends[block], part, work, chosen=which is not None)
        table.positions(starts[block], earlier, work, chosen=which is not None)
        part -= earlier


def _places(table: Slots, which: Int64s | None, starts: Int64s, durations: Int64s, out: Int64s) -> None:
    work = Work(min(BLOCK, len(out)))
    for block in _blocks(len(out)):
        part = out[block]
        if which is not None:
            table.times.choose(which[block], work)
        table.positions(starts[block], part, work, chosen=which is not None)
        part += durations[block]


def _instants(table: Slots, which: Int64s | None, positions: Int64s, _: Int64s, out: Int64s) -> None:
    work = Work(min(BLOCK, len(out)))
    for block in _blocks(len(out)):
        if which is not None:
            table.places.choose(which[block], work)
        table.instants(positions[block], out[block], work, chosen=which is not None)


def _too_far(
    tables: Sequence[Slots], which: Int64s | None, starts: Int64s, durations: Int64s, places: Int64s
) -> list[tuple[int, int]]:
    """The calendars whose table ends too early, with an instant before which it cannot be enough."""
    np = load_numpy()
    if which is None:
        short = places > tables[0].reach[0] if places.max() > tables[0].reach[0] else None
    else:
        reach = np.concatenate([table.reach for table in tables])
        short = places > reach.take(which)
    if short is None or not short.any():
        return []
    until = starts[short] + durations[short]
    numbers = np.zeros(len(until), np.int64) if which is None else which[short]
    return [(int(number), int(until[numbers == number].max())) for number in np.unique(numbers)]
