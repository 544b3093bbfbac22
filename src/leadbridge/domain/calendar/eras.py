"""The versions of a calendar, and the days of each as opening intervals.

A version begins at the local midnight of its first day, in its own zone. Where it moves a team to another zone, that
midnight is another instant than the old zone's: what opens before it follows the version before, and the old zone's
days that have begun by then end there. A shift that opened on an earlier day runs to its end, as it does anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from leadbridge.domain.calendar.opening_hours import Week
from leadbridge.domain.calendar.own_days import OwnDays
from leadbridge.domain.calendar.public_holidays import public_holidays
from leadbridge.domain.calendar.timetable import DAY_MINUTES, NEVER, day_spans, instant_us

__all__ = ["LAST_YEAR", "Era", "EraDays", "KnownHolidays", "begins_us", "year_of_days"]

LAST_YEAR = 9990
"""Beyond this year nothing is compiled."""

KnownHolidays = Mapping[str, Mapping[int, tuple[date, ...]]]
"""The dates of public holidays by code and year, kept from the day on which they were looked up."""

_FIRST_YEAR = 2
_MINUTE = 60_000_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
# Two zones are at most 26 hours apart: a day of one meets two days of the other.
_NEAR = 2

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Era:
    """The zone, the week and the public holidays that hold from the local day ``first`` on."""

    first: date
    zone: str
    week: Week
    holidays: str | None


def begins_us(era: Era) -> int:
    """The instant at which a version begins; of one that begins outside the years that are compiled, the far end."""
    if not _FIRST_YEAR <= era.first.year <= LAST_YEAR:
        return -NEVER if era.first.year < _FIRST_YEAR else NEVER
    return instant_us(datetime.combine(era.first, time()), ZoneInfo(era.zone))


class EraDays:
    """The days of one version within some years.

    Args:
        era: the version.
        own: the days unlike its week.
        known: public holidays that are not asked of the package.
        low: the first year.
        high: the last year.
        until: the instant at which a version in another zone takes over.
    """

    def __init__(
        self, era: Era, own: OwnDays, known: KnownHolidays, low: int, high: int, *, until: int = NEVER
    ) -> None:
        self.until = until
        self._week = era.week
        self._own = own
        self._zone = ZoneInfo(era.zone)
        self._first = date(low, 1, 1).toordinal()
        # One day before, and as many after as a shift and the changes of clocks around it need.
        self._offsets = self._offsets_of(self._first - 1, date(high + 1, 1, 1).toordinal() + 3 + _NEAR)
        self._closed = _holidays(era.holidays, known, low, high + 1)

    def closed_on(self, day: date) -> bool:
        """True on a public holiday, whatever else the day may be."""
        return day in self._closed

    def spans(self, day: date) -> list[Span]:
        """The opening intervals of a local day, in UTC microseconds."""
        number = day.toordinal()
        windows = self._own.of(day, self._week[day.weekday()], holiday=day in self._closed)
        if not windows:
            return []
        at, offsets = number - self._first, self._offsets
        if offsets[at] == offsets[at + 1] == offsets[at + 2] == offsets[at + 3] == offsets[at + 4]:
            midnight = (number - _EPOCH_DAY) * DAY_MINUTES * _MINUTE - offsets[at]
            return [(midnight + a * _MINUTE, midnight + b * _MINUTE) for a, b in windows]
        return day_spans(day, windows, self._zone)

    def last_spans(self, day: date, *, begun: bool) -> list[Span]:
        """The intervals of one of the last days before another zone, or (``begun``) of one that it cuts off."""
        spans = ((opens, min(closes, self.until) if begun else closes) for opens, closes in self.spans(day))
        return [(opens, closes) for opens, closes in spans if opens < self.until]

    def _offsets_of(self, first: int, last: int) -> list[int]:
        """The microseconds by which each local midnight is ahead of UTC, day by day.

        Where they are the same from the day before to three days later, no clock was changed in between: since clocks
        have been regulated, no zone has changed them twice within six days. Such days need no search.
        """
        zone = self._zone
        microsecond = timedelta(microseconds=1)
        known: dict[timedelta | None, int] = {}
        found: list[int] = []
        for day in range(first, last + 1):
            offset = datetime.fromordinal(day).replace(tzinfo=zone).utcoffset()
            us = known.get(offset)
            if us is None:
                us = known[offset] = (offset or timedelta(0)) // microsecond
            found.append(us)
        return found


def _holidays(code: str | None, known: KnownHolidays, low: int, high: int) -> frozenset[date]:
    if code is None:
        return frozenset()
    kept = known.get(code, {})
    found = {day for year in range(low, high + 1) for day in kept.get(year, ())}
    asked = [year for year in range(low, high + 1) if year not in kept]
    if asked:
        found |= {day for day in public_holidays(code, asked[0], asked[-1]) if day.year not in kept}
    return frozenset(found)


def year_of_days(
    eras: Sequence[Era], own: OwnDays, known: KnownHolidays, low: int, high: int
) -> Iterator[tuple[list[list[Span]], frozenset[date]]]:
    """For each of the years: the opening intervals of its local days, and the public holidays that were kept."""
    begins = [begins_us(era) for era in eras]
    firsts = [era.first.toordinal() for era in eras[1:]] + [LAST_YEAR * 366]
    here: EraDays | None = None
    number = -1
    until = 0
    moves = len({era.zone for era in eras}) > 1
    for year in range(low, high + 1):
        days: list[list[Span]] = []
        closed: set[date] = set()
        for ordinal in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()):
            while here is None or ordinal >= until:
                number += 1
                until = firsts[number]
                if ordinal < until:
                    taken = min(begins[number + 1 :], default=NEVER) if moves else NEVER
                    here = EraDays(eras[number], own, known, low, high, until=taken)
            day = date.fromordinal(ordinal)
            if here.closed_on(day):
                closed.add(day)
            if not moves or ordinal < until - _NEAR:
                days.append(here.spans(day))
                continue
            spans = here.last_spans(day, begun=False)
            if ordinal == until - 1:
                for begun in range(until, until + _NEAR):
                    spans += here.last_spans(date.fromordinal(begun), begun=True)
            days.append(spans)
        yield days, frozenset(closed)
