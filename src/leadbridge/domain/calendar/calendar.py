"""Business time: when a team is there to act, and how much of that lies between two instants.

>>> from datetime import UTC, datetime, timedelta
>>> office = BusinessCalendar(zone="Europe/London", hours={"mon-fri": ["09:00-17:30"]})
>>> office.elapsed(datetime(2026, 3, 6, 17, 0, tzinfo=UTC), datetime(2026, 3, 9, 9, 30, tzinfo=UTC))
datetime.timedelta(seconds=3600)

All instants are aware; answers are in UTC and exact to the microsecond, also over daylight-saving changes. How a wall
clock is read on such days is the rule in :mod:`leadbridge.domain.calendar.timetable`. Whole columns are asked with
:func:`elapsed_many` and :func:`due_many`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator, model_validator

from leadbridge.domain.calendar.compiled import CompiledCalendar
from leadbridge.domain.calendar.eras import Era
from leadbridge.domain.calendar.opening_hours import DAYS, Hours, read_week
from leadbridge.domain.calendar.own_days import Day, OwnDays, own_days
from leadbridge.domain.calendar.public_holidays import check_code, dates_by_year
from leadbridge.domain.calendar.timetable import Timetable
from leadbridge.domain.calendar.version import NO_HOLIDAYS, CalendarVersion, holiday_code, known_zone
from leadbridge.domain.model import Frozen

if TYPE_CHECKING:
    import numpy.typing as npt

    from leadbridge.domain.calendar.slots import Int64s

__all__ = ["DAYS", "BusinessCalendar", "CalendarVersion", "due_many", "elapsed_many"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BusinessCalendar(Frozen):
    """Opening hours of a team in its own time zone.

    ``hours`` is ``always``, or windows by day: ``{"mon-thu": ["09:00-12:30", "13:30-17:30"], "fri": ["09:00-15:00"]}``.
    A window that closes before it opens goes over midnight and belongs to the day on which it opens. Days not named are
    closed. ``holidays`` is a country, or a country and subdivision, of the ``holidays`` package (``GB-ENG``).

    ``days_off`` are further closed days: dates, or (``12-24``) days of every year. ``half_days`` give a date its own
    windows, or end or begin a day earlier or later (``until 13:00``, ``from 13:00``), also every year; that opens
    nothing that would be closed. ``exceptions`` give dates that would be closed their windows, or bring the ``usual``
    hours to a public holiday on which the team works. Windows of a date win over everything else, and a date wins over
    a day of every year. ``versions`` change zone, hours or holidays from a day on, without rewriting what was before.
    ``known_holidays`` are dates that do not follow the ``holidays`` package any more, see :meth:`resolved`.

    Raises:
        pydantic.ValidationError: for an unknown zone, day or window, or hours that never open.
    """

    zone: str = Field(default="UTC", description="IANA time zone, such as Europe/London")
    hours: Hours = Field(
        default_factory=lambda: {"mon-fri": ("09:00-17:30",)},
        description="Opening windows by day (mon-fri, sat, daily), or always",
    )
    holidays: str | None = Field(default=None, description="Public holidays that are closed, such as GB-ENG or US")
    days_off: tuple[Day, ...] = Field(default=(), description="Further closed days: dates, or 12-24 for every year")
    half_days: Mapping[Day, tuple[str, ...] | str] = Field(
        default_factory=dict,
        description="Own windows of a date, or what is left of its usual ones: until 13:00, or from 13:00; also yearly",
    )
    exceptions: Mapping[date, Literal["usual"] | tuple[str, ...]] = Field(
        default_factory=dict,
        description="Dates open although they would be closed: their windows, or usual for the hours of the weekday",
    )
    versions: tuple[CalendarVersion, ...] = Field(
        default=(), description="Another zone, other hours or public holidays from a day on, until the next such day"
    )
    known_holidays: Mapping[str, Mapping[int, tuple[date, ...]]] = Field(
        default_factory=dict,
        description="Public holidays by code and year, instead of those that the holidays package knows",
    )

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, zone: str) -> str:
        return known_zone(zone)

    @field_validator("holidays")
    @classmethod
    def _is_a_code(cls, code: str | None) -> str | None:
        return holiday_code(code)

    @model_validator(mode="after")
    def _opens_at_all(self) -> BusinessCalendar:
        eras, own = self._eras, self._own_days
        if not any(any(era.week) for era in eras) and not any(own.windows.values()):
            raise ValueError("hours: this calendar never opens: name at least one day with a window, or write always")
        for code, years in self.known_holidays.items():
            for year, days in years.items():
                if any(day.year != year for day in days):
                    raise ValueError(f"known_holidays.{holiday_code(code)}.{year}: a day is of another year: move it")
        return self

    def __hash__(self) -> int:
        return hash((self._eras, self._own_days))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> BusinessCalendar:
        """A copy with some fields changed, checked like a new calendar."""
        return type(self).model_validate({**self.model_dump(), **(update or {})})

    def in_zone(self, zone: str) -> BusinessCalendar:
        """The same hours and days off in another zone, such as that of the person who has to act.

        Raises:
            pydantic.ValidationError: for an unknown zone.
        """
        if all(era.zone == zone for era in self._eras):
            return self
        found = self._elsewhere.get(zone)
        if found is None:
            stays = [version.model_copy(update={"zone": None}) for version in self.versions]
            found = self._elsewhere[zone] = self.model_copy(update={"zone": zone, "versions": stays})
        return found

    def zone_at(self, instant: datetime) -> str:
        """The zone of the version in force at an instant."""
        return self._compiled.begun(_us(instant)).zone

    def version_at(self, instant: datetime) -> date | None:
        """The day from which the version in force at an instant holds; ``None`` before the first of ``versions``."""
        first = self._compiled.begun(_us(instant)).first
        return None if first == date.min else first

    @property
    def holiday_codes(self) -> frozenset[str]:
        """The public holidays that this calendar names at any time."""
        return frozenset(era.holidays for era in self._eras if era.holidays is not None)

    def resolved(self, first: int, last: int) -> BusinessCalendar:
        """The same calendar with its public holidays written down, so that no later release of the package moves them.

        Args:
            first: the first year; what is known of a year already stays as it is.
            last: the last year.

        Raises:
            ConfigError: when the ``holidays`` package does not know a code.
        """
        kept = self.known_holidays
        codes = sorted(self.holiday_codes)
        known = {code: {**dates_by_year(code, first, last), **kept.get(code, {})} for code in codes}
        return self if known == kept else self.model_copy(update={"known_holidays": {**kept, **known}})

    def check_holidays(self) -> None:
        """Passes when the ``holidays`` package knows the public holidays that this calendar names.

        Raises:
            ConfigError: with the way out.
        """
        for code in sorted(self.holiday_codes):
            check_code(code)

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The open time from ``start`` to ``end``; negative when ``end`` comes first."""
        first, last = _us(start), _us(end)
        table = self._compiled.table
        if not (table.low <= first < table.high and table.low <= last < table.high):
            table = self._compiled.covering(first, last)
        return timedelta(0, 0, table.position(last) - table.position(first))

    def due(self, start: datetime, duration: timedelta) -> datetime:
        """The earliest instant at which ``duration`` of open time has passed since ``start`` (zero: ``start`` itself).

        Raises:
            ValueError: for a negative duration.
            ConfigError: when the calendar has not that much open time left before the year 9990.
        """
        first = _us(start)
        amount = (duration.days * 86_400 + duration.seconds) * 1_000_000 + duration.microseconds
        if amount <= 0:
            if amount:
                raise ValueError("a promise cannot be due before it starts: the duration is negative")
            return _EPOCH + timedelta(0, 0, first)
        table = self._compiled.table
        if not table.low <= first < table.high:
            table = self._compiled.covering(first, first)
        while True:
            found = table.at_position(table.position(first) + amount)
            if found is not None:
                return _EPOCH + timedelta(0, 0, found)
            table = self._compiled.grown(first + amount)

    def business_days(self, start: datetime, end: datetime) -> Fraction:
        """The open days from ``start`` to ``end``: each counts as one, whatever its hours, and parts in proportion."""
        first, last = _us(start), _us(end)
        table = self._compiled.covering(first, last)
        while True:
            numbers = table.day_number(table.position(first)), table.day_number(table.position(last))
            if numbers[0] is not None and numbers[1] is not None:
                return numbers[1] - numbers[0]
            table = self._compiled.grown(last)

    def due_days(self, start: datetime, days: Fraction | int) -> datetime:
        """The earliest instant at which that many open days have passed: from Monday 15:00, one day is Tuesday 15:00.

        Raises:
            ValueError: for a negative number.
        """
        if days < 0:
            raise ValueError("a promise cannot be due before it starts: the number of days is negative")
        first = _us(start)
        if not days:
            return _instant(first)
        table = self._compiled.covering(first, first)
        while True:
            number = table.day_number(table.position(first))
            position = None if number is None else table.at_day_number(number + days)
            found = None if position is None else table.at_position(position)
            if found is not None:
                return _instant(found)
            table = self._compiled.grown(first)

    def is_open(self, instant: datetime) -> bool:
        """True from each opening (included) to its closing (excluded)."""
        us = _us(instant)
        return self._compiled.covering(us, us).is_open(us)

    def next_open(self, instant: datetime) -> datetime:
        """``instant`` itself (in UTC) when it is open, else the next opening."""
        us = _us(instant)
        table = self._compiled.covering(us, us)
        while True:
            found = table.next_open(us)
            if found is not None:
                return _instant(found)
            table = self._compiled.grown(us)

    def timetable(self, start: datetime, end: datetime) -> Timetable:
        """The compiled table for at least this span, with the holidays that it was compiled with."""
        return self._compiled.covering(*sorted((_us(start), _us(end))))

    def elapsed_many(self, starts_us: npt.ArrayLike, ends_us: npt.ArrayLike) -> Int64s:
        """The open microseconds from each start to its end, as :meth:`elapsed` for arrays.

        Args:
            starts_us: instants as ``int64`` microseconds since 1970 in UTC, or ``datetime64``; ``NaT`` is missing.
            ends_us: the same, as many (or one for all).

        Returns:
            ``int64`` microseconds; ``NaT`` (the lowest number) where one of the two is missing.

        Raises:
            ValueError: for values that are no whole microseconds.
            AdapterMissing: when numpy is not installed.
        """
        from leadbridge.domain.calendar.arrays import elapsed_rows

        return elapsed_rows((self._compiled,), None, starts_us, ends_us)

    def due_many(self, starts_us: npt.ArrayLike, durations_us: npt.ArrayLike) -> Int64s:
        """The instants, in microseconds, at which each duration has passed, as :meth:`due` for arrays.

        Args:
            starts_us: instants as ``int64`` microseconds since 1970 in UTC, or ``datetime64``; ``NaT`` is missing.
            durations_us: open time in microseconds, or ``timedelta64``, as many (or one for all).

        Returns:
            ``int64`` microseconds since 1970; ``NaT`` (the lowest number) where one of the two is missing.

        Raises:
            ValueError: for a negative duration, and for values that are no whole microseconds.
            ConfigError: when the calendar has not that much open time left before the year 9990.
            AdapterMissing: when numpy is not installed.
        """
        from leadbridge.domain.calendar.arrays import due_rows

        return due_rows((self._compiled,), None, starts_us, durations_us)

    @cached_property
    def _eras(self) -> tuple[Era, ...]:
        eras = [Era(date.min, self.zone, read_week(self.hours), self.holidays)]
        for version in sorted(self.versions, key=lambda version: version.from_):
            if version.from_ == eras[-1].first:
                raise ValueError(f"versions: two begin on {version.from_}: make one of them")
            before = eras[-1]
            week = before.week if version.hours is None else read_week(version.hours, f"versions.{version.from_}.hours")
            code = None if version.holidays == NO_HOLIDAYS else version.holidays or before.holidays
            eras.append(Era(version.from_, version.zone or before.zone, week, code))
        return tuple(eras)

    @cached_property
    def _own_days(self) -> OwnDays:
        return own_days(self.days_off, self.half_days, self.exceptions)

    @cached_property
    def _compiled(self) -> CompiledCalendar:
        return CompiledCalendar(self._eras, self._own_days, self.known_holidays)

    @cached_property
    def _elsewhere(self) -> dict[str, BusinessCalendar]:
        return {}


def elapsed_many(
    calendars: Sequence[BusinessCalendar],
    which: npt.ArrayLike,
    starts_us: npt.ArrayLike,
    ends_us: npt.ArrayLike,
) -> Int64s:
    """:meth:`BusinessCalendar.elapsed_many` where each row has its own calendar: the number ``which`` of ``calendars``.

    Raises:
        ValueError: for values that are no whole microseconds, and for a number without a calendar.
        AdapterMissing: when numpy is not installed.
    """
    from leadbridge.domain.calendar.arrays import elapsed_rows

    return elapsed_rows([calendar._compiled for calendar in calendars], which, starts_us, ends_us)


def due_many(
    calendars: Sequence[BusinessCalendar],
    which: npt.ArrayLike,
    starts_us: npt.ArrayLike,
    durations_us: npt.ArrayLike,
) -> Int64s:
    """:meth:`BusinessCalendar.due_many` where each row has its own calendar: the number ``which`` of ``calendars``.

    Raises:
        ValueError: for a negative duration, values that are no whole microseconds, and a number without a calendar.
        ConfigError: when a calendar has not that much open time left before the year 9990.
        AdapterMissing: when numpy is not installed.
    """
    from leadbridge.domain.calendar.arrays import due_rows

    return due_rows([calendar._compiled for calendar in calendars], which, starts_us, durations_us)


def _instant(us: int) -> datetime:
    return _EPOCH + timedelta(0, 0, us)


def _us(instant: datetime) -> int:
    try:
        since = instant - _EPOCH
    except TypeError:
        raise ValueError("business time needs aware datetimes: add a time zone, for example tzinfo=UTC") from None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
