"""A compiled calendar for arrays: the place of each instant is computed instead of searched.

Time is cut into slots of one length, the longest in which no two opening intervals meet. The slot of an instant is a
multiplication away; the slot knows its interval; and the open time before the instant is then two comparisons and an
addition. A binary search does the same by a dozen branches that no processor can predict. Positions (open time) are cut
in the same way, to turn them into instants again. Several calendars are one such table after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from leadbridge.domain.calendar.timetable import Timetable
from leadbridge.errors import AdapterMissing

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]
    Float64s = npt.NDArray[np.float64]
    Int32s = npt.NDArray[np.int32]
    Int64s = npt.NDArray[np.int64]

__all__ = ["BLOCK", "DAY_US", "Ruler", "Slots", "Work", "load_numpy", "stacked"]

DAY_US = 86_400_000_000
BLOCK = 32_768
"""How many rows are answered at a time: what is in between stays in the processor's cache."""

_HOURS = (24, 12, 8, 6, 4, 3, 2, 1)
_MINUTES = (30, 20, 15, 10, 5, 2, 1)
_LENGTHS = (*(hours * 3_600_000_000 for hours in _HOURS), *(minutes * 60_000_000 for minutes in _MINUTES))
_MOST = 20_000_000
# Below this, a number multiplied by the inverse of a length lands in its slot, or (on the very border) in the one
# before; both give the same answer there.
_EXACT = 2**52


def load_numpy() -> Any:
    """The ``numpy`` module.

    Raises:
        AdapterMissing: when it is not installed.
    """
    try:
        import numpy
    except ImportError:
        raise AdapterMissing('arrays of business time need numpy: pip install "leadbridge[analytics]"') from None
    return numpy


class Work:
    """Memory for what is in between, used again for every block.

    Args:
        rows: how many rows there are at most in a block.
    """

    def __init__(self, rows: int) -> None:
        numpy = load_numpy()
        self.number: Int64s = numpy.empty(rows, numpy.int64)
        self.small: Int32s = numpy.empty(rows, numpy.int32)
        self.values: Int64s = numpy.empty(rows, numpy.int64)
        self.first: Int64s = numpy.empty(rows, numpy.int64)
        self.last: Int64s = numpy.empty(rows, numpy.int64)
        self.spare: Int64s = numpy.empty(rows, numpy.int64)
        self.real: Float64s = numpy.empty(rows, numpy.float64)
        self.pace: Float64s = numpy.empty(rows, numpy.float64)
        self.flags: Bools = numpy.empty(rows, numpy.bool_)


@dataclass(frozen=True, eq=False)
class Ruler:
    """Marks at equal distances: ``holds[k]`` belongs to the numbers from ``origin + k * length`` on.

    A length of 0 says that no ruler was made, because it would be too long; then one searches. For several calendars,
    ``first`` and ``last`` have the first and the last mark of each, and ``pace`` how many marks a unit has (one entry
    when it is the same for all). ``bounded`` says that numbers may lie after the last mark.
    """

    origin: int
    length: int
    holds: Int32s
    pace: Float64s
    first: Int64s
    last: Int64s
    bounded: bool = False

    @classmethod
    def cut(cls, origin: int, length: int, end: int, values: Int64s, side: str, *, bounded: bool = False) -> Ruler:
        """A ruler up to ``end`` that holds the place of each mark among sorted values."""
        np = load_numpy()
        count = -(-(end - origin) // length) + 1 if length else 1
        marks = origin + np.arange(count, dtype=np.int64) * length
        return cls(
            origin=origin,
            length=length,
            holds=np.searchsorted(values, marks, side).astype(np.int32),
            pace=np.array([1.0 / length if length else 0.0]),
            first=np.zeros(1, np.int64),
            last=np.array([count - 1]),
            bounded=bounded,
        )

    def choose(self, which: Int64s, work: Work) -> None:
        """Lays out which ruler is asked in each row; holds for all questions until the next choice."""
        rows = len(which)
        self.first.take(which, out=work.first[:rows], mode="clip")
        if len(self.pace) > 1:
            self.pace.take(which, out=work.pace[:rows], mode="clip")
        if self.bounded:
            self.last.take(which, out=work.last[:rows], mode="clip")

    def look_up(self, numbers: Int64s, work: Work, *, chosen: bool) -> Int64s:
        """What the ruler holds for each number, in ``work.number``; of several rulers, that which was chosen."""
        np = load_numpy()
        rows = len(numbers)
        found, real, small = work.number[:rows], work.real[:rows], work.small[:rows]
        np.subtract(numbers, self.origin, out=found)
        np.multiply(found, work.pace[:rows] if len(self.pace) > 1 else float(self.pace[0]), out=real)
        np.copyto(found, real, casting="unsafe")
        if chosen:
            np.add(found, work.first[:rows], out=found)
            if self.bounded:
                np.minimum(found, work.last[:rows], out=found)
        self.holds.take(found, out=small, mode="clip")
        np.copyto(found, small)
        return found


@dataclass(frozen=True, eq=False)
class Slots:
    """A timetable cut into slots, or several.

    ``times`` holds the interval of each slot of time, ``places`` the interval in which each position is reached. The
    open time before an instant is ``min(max(instant, opens), closes) + offset`` of its interval; the instant at a
    position is the position less ``offset``, of this interval, or of the next when the position is after ``after``.
    ``reach`` is the highest position that each calendar has an instant for.
    """

    times: Ruler
    places: Ruler
    opens: Int64s
    closes: Int64s
    offset: Int64s
    after: Int64s
    reach: Int64s

    @classmethod
    def build(cls, *tables: Timetable) -> tuple[Slots, ...]:
        """Cuts tables into slots of one length, the longest that tells the intervals of all of them apart."""
        np = load_numpy()
        spans = [(np.array(table.opens[:-1], np.int64), np.array(table.closes, np.int64)) for table in tables]
        sizes = [(table.low // DAY_US * DAY_US, _end(table)) for table in tables]
        length = _longest(
            [(opens - low, closes - 1 - low) for (opens, closes), (low, _) in zip(spans, sizes, strict=True)],
            max(end - low for low, end in sizes),
        )
        marks = [np.array(table.before[1:], np.int64) for table in tables]
        step = _longest([(after, after) for after in marks], max(table.before[-1] for table in tables) + 1)
        return tuple(cls._cut(table, length, step) for table in tables)

    @classmethod
    def _cut(cls, table: Timetable, length: int, step: int) -> Slots:
        np = load_numpy()
        never = table.opens[-1]
        opens = np.array(table.opens, np.int64)
        closes = np.array((*table.closes, never), np.int64)
        before = np.array(table.before, np.int64)
        after = np.append(before[1:], never)
        origin = table.low // DAY_US * DAY_US
        total = table.before[-1]
        return cls(
            times=Ruler.cut(origin, length, _end(table), closes, "right", bounded=table.final),
            places=Ruler.cut(0, step, total + 1, after, "left"),
            opens=opens,
            closes=closes,
            offset=before - opens,
            after=after,
            reach=np.array([total if table.final else table.position(table.high)]),
        )

    @property
    def cut(self) -> bool:
        """True when there are slots, both of time and of positions."""
        return bool(self.times.length and self.places.length)

    def positions(self, instants: Int64s, out: Int64s, work: Work, *, chosen: bool) -> None:
        """Writes the open time before each instant; of several calendars, in the one chosen of ``times``."""
        np = load_numpy()
        values = work.values[: len(instants)]
        if self.times.length:
            span = self.times.look_up(instants, work, chosen=chosen)
        else:
            span = np.searchsorted(self.closes, instants, "right")
        self.opens.take(span, out=out, mode="clip")
        np.maximum(out, instants, out=out)
        self.closes.take(span, out=values, mode="clip")
        np.minimum(out, values, out=out)
        self.offset.take(span, out=values, mode="clip")
        np.add(out, values, out=out)

    def instants(self, positions: Int64s, out: Int64s, work: Work, *, chosen: bool) -> None:
        """Writes the earliest instant at each position; ``out`` may be the positions themselves.

        Of several calendars, the one chosen of ``places`` is asked.
        """
        np = load_numpy()
        rows = len(positions)
        values, flags = work.values[:rows], work.flags[:rows]
        if self.places.length:
            span = self.places.look_up(positions, work, chosen=chosen)
            self.after.take(span, out=values, mode="clip")
            np.greater(positions, values, out=flags)
            np.add(span, flags, out=span)
        else:
            span = np.searchsorted(self.after, positions, "left")
        self.offset.take(span, out=values, mode="clip")
        np.subtract(positions, values, out=out)


def _end(table: Timetable) -> int:
    """Up to where slots of time are needed: a day after the last closing, everything is the same."""
    return max(table.low, *table.closes[-1:]) + DAY_US if table.final else table.high


def _longest(parts: Sequence[tuple[Int64s, Int64s]], size: int) -> int:
    """The longest slot that tells things apart: each begins in a later slot than the one before it ends.

    0 when there would be too many slots.
    """
    for length in _LENGTHS:
        if size >= _EXACT or size // length > _MOST:
            return 0
        if all((first[1:] // length > last[:-1] // length).all() for first, last in parts):
            return length
    return 0


@lru_cache(maxsize=4)
def stacked(parts: tuple[Slots, ...]) -> Slots:
    """Several tables, one after the other; all of them have to be cut."""
    np = load_numpy()
    lengths = [len(part.opens) for part in parts]
    shifts = np.cumsum([0, *lengths[:-1]])
    origin = min(part.times.origin for part in parts)
    return Slots(
        times=_joined([part.times for part in parts], shifts, origin),
        places=_joined([part.places for part in parts], shifts, 0),
        opens=np.concatenate([part.opens for part in parts]),
        closes=np.concatenate([part.closes for part in parts]),
        offset=np.concatenate([part.offset for part in parts]),
        after=np.concatenate([part.after for part in parts]),
        reach=np.concatenate([part.reach for part in parts]),
    )


def _joined(rulers: Sequence[Ruler], shifts: Int64s, origin: int) -> Ruler:
    np = load_numpy()
    holds = np.concatenate([ruler.holds + shift for ruler, shift in zip(rulers, shifts, strict=True)])
    counts = [len(ruler.holds) for ruler in rulers]
    starts = np.cumsum([0, *counts[:-1]])
    # Each begins at a midnight in UTC and a day has a whole number of slots, so whole slots lie between two origins.
    earlier = np.array([(ruler.origin - origin) // ruler.length for ruler in rulers])
    paces = [float(ruler.pace[0]) for ruler in rulers]
    end = max(ruler.origin + len(ruler.holds) * ruler.length for ruler in rulers)
    return Ruler(
        origin=origin,
        length=min(ruler.length for ruler in rulers) if end - origin < _EXACT else 0,
        holds=holds.astype(np.int32),
        pace=np.array(paces if len(set(paces)) > 1 else paces[:1]),
        bounded=any(ruler.bounded for ruler in rulers),
        first=starts - earlier,
        last=starts + np.array(counts) - 1,
    )
