"""When a calendar is open, compiled: sorted opening intervals in UTC microseconds with running totals.

Everything here is integers and bisection, so a question costs the same over an hour and over ten years. The *position*
of an instant is the open time that lies before it, counted from the start of the table; elapsed open time is the
difference of two positions, and a due time is the earliest instant at a position.

A wall-clock time is the first moment at which a clock on the wall shows it *or a later time*. That one rule places
every opening and closing on daylight-saving days: a time that is skipped falls on the change itself, a time that comes
twice means the first one, and windows never overlap or turn around because of a change.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import accumulate
from zoneinfo import ZoneInfo

from leadbridge.clock import to_us

__all__ = ["DAY_MINUTES", "NEVER", "Timetable", "Window", "day_spans", "instant_us"]

DAY_MINUTES = 24 * 60

NEVER = 2**62
"""An instant later than all others: an opening that does not come."""

Window = tuple[int, int]
"""Opening and closing in minutes after local midnight; a window over midnight closes after 1440."""


def instant_us(wall: datetime, zone: ZoneInfo) -> int:
    """The first instant, in microseconds since 1970, at which clocks in ``zone`` show ``wall`` (naive) or later."""
    before = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if before.astimezone(zone).replace(tzinfo=None) == wall:
        return to_us(before)
    # The time was skipped: the two readings of it lie on both sides of the change, which is found by halving.
    low, high = to_us(wall.replace(tzinfo=zone, fold=1).astimezone(UTC)), to_us(before)
    while high - low > 1:
        middle = (low + high) // 2
        if _shown(middle, zone) >= wall:
            high = middle
        else:
            low = middle
    return high


def _shown(us: int, zone: ZoneInfo) -> datetime:
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    return instant.astimezone(zone).replace(tzinfo=None)


def day_spans(day: date, windows: Sequence[Window], zone: ZoneInfo) -> list[tuple[int, int]]:
    """The opening intervals, in UTC microseconds, of the windows that open on a local day; empty ones are left out."""
    midnight = datetime.combine(day, time())
    spans: list[tuple[int, int]] = []
    for opens, closes in windows:
        start = instant_us(midnight + timedelta(minutes=opens), zone)
        end = instant_us(midnight + timedelta(minutes=closes), zone)
        if end > start:
            spans.append((start, end))
    return spans


@dataclass(frozen=True, slots=True)
class Timetable:
    """The compiled opening times between two instants.

    ``opens[i]`` to ``closes[i]`` are disjoint, ascending and half-open; ``before[i]`` is the open time ahead of
    interval ``i``. ``opens`` and ``before`` have one entry more: an opening that never comes, and all the open time.
    ``days`` holds the position at which each open local day starts, so that ``days[k + 1] - days[k]`` is the open time
    of the k-th open day. Questions hold for instants from ``low`` to ``high``. A table is ``final`` when the calendar
    never opens after it.
    """

    low: int
    high: int
    opens: tuple[int, ...]
    closes: tuple[int, ...]
    before: tuple[int, ...]
    days: tuple[int, ...]
    holidays: frozenset[date]
    final: bool = False

    @classmethod
    def empty(cls) -> Timetable:
        """A table that covers no instant at all."""
        return cls(low=0, high=0, opens=(NEVER,), closes=(), before=(0,), days=(), holidays=frozenset())

    @classmethod
    def build(
        cls,
        days: Iterable[Sequence[tuple[int, int]]],
        *,
        low: int,
        high: int,
        holidays: frozenset[date],
        final: bool = False,
    ) -> Timetable:
        """Compiles the spans of consecutive local days; spans that touch or overlap become one."""
        spans: list[tuple[int, int]] = []
        starts: list[int] = []
        for day in days:
            if day:
                starts.append(day[0][0])
                spans.extend(day)
        spans.sort()
        opens: list[int] = []
        closes: list[int] = []
        for start, end in spans:
            if closes and start <= closes[-1]:
                closes[-1] = max(closes[-1], end)
            else:
                opens.append(start)
                closes.append(end)
        before = tuple(accumulate((end - start for start, end in zip(opens, closes, strict=True)), initial=0))
        table = cls(
            low=low,
            high=NEVER if final else high,
            opens=(*opens, NEVER),
            closes=tuple(closes),
            before=before,
            days=(),
            holidays=holidays,
            final=final,
        )
        # Sorted and without repeats: a day whose time lies wholly inside another day's night shift adds no open time.
        positions = {table.position(start) for start in starts}
        if final:
            positions.add(before[-1])
        return cls(low, table.high, table.opens, table.closes, before, tuple(sorted(positions)), holidays, final)

    def covers(self, us: int) -> bool:
        """True when questions about this instant can be answered."""
        return self.low <= us < self.high

    def position(self, us: int) -> int:
        """The open microseconds before an instant."""
        index = bisect_right(self.closes, us)
        opening = self.opens[index]
        return self.before[index] + us - opening if us > opening else self.before[index]

    def at_position(self, position: int) -> int | None:
        """The earliest instant with that much open time before it; ``None`` when the table ends earlier."""
        index = bisect_left(self.before, position, 1) - 1
        us = self.opens[index] + position - self.before[index]
        return us if us <= self.high and index < len(self.closes) else None

    def is_open(self, us: int) -> bool:
        """True from an opening (included) to a closing (excluded)."""
        return self.opens[bisect_right(self.closes, us)] <= us

    def next_open(self, us: int) -> int | None:
        """The instant itself when open, else the next opening; ``None`` when the table ends earlier."""
        opening = self.opens[bisect_right(self.closes, us)]
        return us if opening <= us else opening if opening < self.high else None

    def day_number(self, position: int) -> Fraction | None:
        """A position in open days: whole days plus the share of the day's open time; ``None`` beyond the table."""
        index = bisect_right(self.days, position) - 1
        if self.final and index + 1 == len(self.days):
            return Fraction(index)
        if index < 0 or index + 1 >= len(self.days):
            return None
        start, end = self.days[index], self.days[index + 1]
        return index + Fraction(position - start, end - start)

    def at_day_number(self, number: Fraction) -> int | None:
        """The earliest position at that number of open days, rounded up to a microsecond."""
        index = number.numerator // number.denominator
        if self.final and number == len(self.days) - 1:
            return self.days[-1]
        if index + 1 >= len(self.days):
            return None
        start, end = self.days[index], self.days[index + 1]
        share = (number - index) * (end - start)
        return start + -(-share.numerator // share.denominator)

    def __deepcopy__(self, memo: object) -> Timetable:
        return self
