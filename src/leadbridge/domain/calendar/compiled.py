"""A calendar's years, compiled when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from leadbridge.clock import from_us
from leadbridge.domain.calendar.opening_hours import Week
from leadbridge.domain.calendar.public_holidays import public_holidays
from leadbridge.domain.calendar.timetable import DAY_MINUTES, Timetable, Window, day_spans, instant_us
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from leadbridge.domain.calendar.slots import Slots

__all__ = ["CompiledCalendar", "Era", "Special"]

Special = Mapping[date, tuple[Window, ...] | None]
"""The windows of dates unlike others; ``None`` for the usual hours of the weekday, whatever holiday it is."""

_LAST_YEAR = 9990
_MINUTE = 60_000_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_SPAN = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Era:
    """The week and the public holidays that hold from the local day ``first`` on."""

    first: date
    week: Week
    holidays: str | None


class CompiledCalendar:
    """Years of a calendar, compiled when first asked for. Tables are replaced, never changed: safe in threads.

    ``table`` is the newest table; ask :meth:`covering` for one that can answer.
    """

    def __init__(self, zone: str, eras: tuple[Era, ...], special: Special) -> None:
        self.table = Timetable.empty()
        self._made_of = (zone, eras, special)
        self._zone = ZoneInfo(zone)
        self._eras = eras
        self._special = {day.toordinal(): windows for day, windows in special.items()}
        self._years: dict[int, tuple[list[list[_SPAN]], frozenset[date]]] = {}
        # The years compiled and their table, in one attribute: a thread sees both or neither.
        self._state: tuple[int, int, Timetable] | None = None
        self._slots: tuple[Timetable, Slots] | None = None

    def __deepcopy__(self, memo: object) -> CompiledCalendar:
        return self

    def __reduce__(self) -> tuple[type[CompiledCalendar], tuple[str, tuple[Era, ...], Special]]:
        return CompiledCalendar, self._made_of

    def covering(self, first: int, last: int) -> Timetable:
        """A table that can answer questions about both instants."""
        table = self.table
        if table.low <= first < table.high and table.low <= last < table.high:
            return table
        try:
            years = [from_us(us).year for us in (first, last)]
        except OverflowError:
            raise _beyond() from None
        low, high = self._state[:2] if self._state is not None else (min(years), max(years))
        # One more year on both sides: local years begin at another instant, night shifts come over from the day before.
        return self._extend(min(low, min(years) - 1), max(high, max(years) + 1))

    def grown(self, until: int) -> Timetable:
        """A table that reaches further into the future: twice as far, but at most 50 years at a time.

        Raises:
            ConfigError: when there is no answer, because the one looked for is not before the instant ``until``.
        """
        assert self._state is not None, "a table is grown after it was asked for"
        low, high, table = self._state
        if table.final:
            raise ConfigError("the calendar never opens again: give it hours from some day on, or ask for less time")
        if high >= _LAST_YEAR or until >= table.high + (_LAST_YEAR - high) * 366 * DAY_MINUTES * _MINUTE:
            raise ConfigError(f"no answer before the year {_LAST_YEAR}: check the calendar's hours and the duration")
        return self._extend(low, min(high + min(high - low + 1, 50), _LAST_YEAR))

    def slots(self, table: Timetable) -> Slots:
        """The form of a table that answers for arrays."""
        from leadbridge.domain.calendar.slots import Slots

        known = self._slots
        if known is None or known[0] is not table:
            known = self._slots = table, Slots.build(table)[0]
        return known[1]

    def _extend(self, low: int, high: int) -> Timetable:
        if low < 2 or high > _LAST_YEAR:
            raise _beyond()
        last_special = date.fromordinal(max(self._special, default=1))
        final = not any(self._eras[-1].week) and max(self._eras[-1].first.year, last_special.year) <= high
        missing = [year for year in range(low, high + 1) if year not in self._years]
        if missing:
            self._compile(missing[0], missing[-1])
        years = [self._years[year] for year in range(low, high + 1)]
        table = Timetable.build(
            (day for days, _ in years for day in days),
            low=instant_us(datetime.combine(date(low, 1, 2), time()), self._zone),
            high=instant_us(datetime.combine(date(high + 1, 1, 1), time()), self._zone),
            holidays=frozenset[date]().union(*(closed for _, closed in years)),
            final=final,
        )
        self._state = low, high, table
        self.table = table
        return table

    def _compile(self, low: int, high: int) -> None:
        holidays = [public_holidays(era.holidays, low, high) if era.holidays else frozenset() for era in self._eras]
        first = date(low, 1, 1).toordinal()
        offsets = self._offsets(first - 1, date(high + 1, 1, 1).toordinal() + 3)
        number = -1
        until = first
        week: Week = ()
        closed: frozenset[int] = frozenset()
        for year in range(low, high + 1):
            days: list[list[_SPAN]] = []
            free: set[date] = set()
            for day in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()):
                while day >= until:
                    number += 1
                    week = self._eras[number].week
                    closed = frozenset(found.toordinal() for found in holidays[number])
                    following = self._eras[number + 1 : number + 2]
                    until = following[0].first.toordinal() if following else _LAST_YEAR * 366
                windows = week[(day + 6) % 7]
                if day in closed:
                    free.add(date.fromordinal(day))
                    windows_today = self._special.get(day, ())
                else:
                    windows_today = self._special.get(day, windows)
                windows = windows if windows_today is None else windows_today
                at = day - first
                if not windows:
                    days.append([])
                elif offsets[at] == offsets[at + 1] == offsets[at + 2] == offsets[at + 3] == offsets[at + 4]:
                    midnight = (day - _EPOCH_DAY) * DAY_MINUTES * _MINUTE - offsets[at]
                    days.append([(midnight + a * _MINUTE, midnight + b * _MINUTE) for a, b in windows])
                else:
                    days.append(day_spans(date.fromordinal(day), windows, self._zone))
            self._years[year] = (days, frozenset(free))

    def _offsets(self, first: int, last: int) -> list[int]:
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


def _beyond() -> ValueError:
    return ValueError(f"business time is known from the year 3 to {_LAST_YEAR - 1}: check the instants")
