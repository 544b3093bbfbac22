"""A calendar's years, compiled when first asked for."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from leadbridge.clock import from_us
from leadbridge.domain.calendar.eras import LAST_YEAR, Era, KnownHolidays, Span, begins_us, year_of_days
from leadbridge.domain.calendar.own_days import OwnDays
from leadbridge.domain.calendar.timetable import DAY_MINUTES, Timetable, instant_us
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from leadbridge.domain.calendar.slots import Slots

__all__ = ["CompiledCalendar"]

_MINUTE = 60_000_000


class CompiledCalendar:
    """Years of a calendar, compiled when first asked for. Tables are replaced, never changed: safe in threads.

    ``table`` is the newest table; ask :meth:`covering` for one that can answer.
    """

    def __init__(self, eras: tuple[Era, ...], own: OwnDays, known: KnownHolidays) -> None:
        self.table = Timetable.empty()
        self._made_of = (eras, own, known)
        self._begins = [(begins_us(era), era) for era in eras]
        self._zones = {era.zone: ZoneInfo(era.zone) for era in eras}
        self._years: dict[int, tuple[list[list[Span]], frozenset[date]]] = {}
        # The years compiled and their table, in one attribute: a thread sees both or neither.
        self._state: tuple[int, int, Timetable] | None = None
        self._slots: tuple[Timetable, Slots] | None = None

    def __deepcopy__(self, memo: object) -> CompiledCalendar:
        return self

    def __reduce__(self) -> tuple[type[CompiledCalendar], tuple[tuple[Era, ...], OwnDays, KnownHolidays]]:
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
        if high >= LAST_YEAR or until >= table.high + (LAST_YEAR - high) * 366 * DAY_MINUTES * _MINUTE:
            raise ConfigError(f"no answer before the year {LAST_YEAR}: check the calendar's hours and the duration")
        return self._extend(low, min(high + min(high - low + 1, 50), LAST_YEAR))

    def begun(self, us: int) -> Era:
        """The version in force at an instant."""
        return next((era for begins, era in reversed(self._begins) if begins <= us), self._made_of[0][0])

    def slots(self, table: Timetable) -> Slots:
        """The form of a table that answers for arrays."""
        from leadbridge.domain.calendar.slots import Slots

        known = self._slots
        if known is None or known[0] is not table:
            known = self._slots = table, Slots.build(table)[0]
        return known[1]

    def _extend(self, low: int, high: int) -> Timetable:
        if low < 2 or high > LAST_YEAR:
            raise _beyond()
        eras, own, known = self._made_of
        last_own = max(own.windows, default=date.min)
        final = not any(eras[-1].week) and max(eras[-1].first.year, last_own.year) <= high
        missing = [year for year in range(low, high + 1) if year not in self._years]
        if missing:
            first, last = missing[0], missing[-1]
            self._years.update(zip(range(first, last + 1), year_of_days(eras, own, known, first, last), strict=True))
        years = [self._years[year] for year in range(low, high + 1)]
        table = Timetable.build(
            (day for days, _ in years for day in days),
            low=max(self._midnights(date(low, 1, 2))),
            high=min(self._midnights(date(high + 1, 1, 1))),
            holidays=frozenset[date]().union(*(closed for _, closed in years)),
            final=final,
        )
        self._state = low, high, table
        self.table = table
        return table

    def _midnights(self, day: date) -> list[int]:
        """The instants at which a day begins, in each zone in which the team is at some time."""
        return [instant_us(datetime.combine(day, time()), zone) for zone in self._zones.values()]


def _beyond() -> ValueError:
    return ValueError(f"business time is known from the year 3 to {LAST_YEAR - 1}: check the instants")
