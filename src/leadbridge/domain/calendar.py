"""Business time: when a team is there to act, and how much of that lies between two instants.

>>> from datetime import UTC, datetime, timedelta
>>> office = BusinessCalendar(zone="Europe/London", hours={"mon-fri": ["09:00-17:30"]})
>>> office.elapsed(datetime(2026, 3, 6, 17, 0, tzinfo=UTC), datetime(2026, 3, 9, 9, 30, tzinfo=UTC))
datetime.timedelta(seconds=3600)

All instants are aware; answers are in UTC and exact to the microsecond, also over daylight-saving changes. How a wall
clock is read on such days is the rule in :mod:`leadbridge.domain.timetable`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from fractions import Fraction
from functools import cache, cached_property
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator

from leadbridge.clock import from_us, to_us
from leadbridge.domain.model import Frozen
from leadbridge.domain.timetable import DAY_MINUTES, Timetable, Window, day_spans, instant_us
from leadbridge.errors import ConfigError

__all__ = ["DAYS", "BusinessCalendar"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_WINDOW = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_HOLIDAYS = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,4})?")
_LAST_YEAR = 9990


@cache
def _zones() -> set[str]:
    """Every known zone: looking into the folders that list them takes longer than reading the rest of an agreement."""
    return available_timezones()


def _windows(texts: tuple[str, ...], where: str) -> tuple[Window, ...]:
    """Opening windows in minutes after midnight, ascending; raises ValueError for one that cannot be meant."""
    found: list[Window] = []
    for text in texts:
        match = _WINDOW.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{where}: {text!r} is not a time window: write it like 09:00-17:30")
        opens, closes = (int(match[i]) * 60 + int(match[i + 1]) for i in (1, 3))
        if opens >= DAY_MINUTES or closes > DAY_MINUTES or int(match[2]) > 59 or int(match[4]) > 59:
            raise ValueError(f"{where}: {text!r} is not a time of day: use 00:00 to 24:00")
        if opens == closes:
            raise ValueError(f"{where}: {text!r} is empty: use 00:00-24:00 for a whole day, [] for a closed one")
        found.append((opens, closes if closes > opens else closes + DAY_MINUTES))
    found.sort()
    for (_, closes), (opens, _) in pairwise(found):
        if opens < closes:
            raise ValueError(f"{where}: the windows overlap: make one of them, or leave a break between")
    return tuple(found)


def _days_of(key: str) -> list[int]:
    """The weekdays that a key such as ``mon-fri`` or ``tue,thu`` names, 0 being Monday."""
    numbers: list[int] = []
    for part in key.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if part == "daily":
            numbers.extend(range(7))
        elif first in DAYS and (not last or last in DAYS):
            start = DAYS.index(first)
            span = (DAYS.index(last) - start) % 7 if last else 0
            numbers.extend((start + step) % 7 for step in range(span + 1))
        else:
            raise ValueError(f"hours: {key!r} names no days: write mon-fri, or tue,thu, or daily")
    return numbers


class BusinessCalendar(Frozen):
    """Opening hours of a team in its own time zone.

    ``hours`` is ``always``, or windows by day: ``{"mon-thu": ["09:00-12:30", "13:30-17:30"], "fri": ["09:00-15:00"]}``.
    A window that closes before it opens goes over midnight and belongs to the day on which it opens. Days not named are
    closed. ``holidays`` is a country, or a country and subdivision, of the ``holidays`` package (``GB-ENG``).
    ``days_off`` are further closed days, ``half_days`` give a date its own windows and win over everything else.

    Raises:
        pydantic.ValidationError: for an unknown zone, day or window, or hours that never open.
    """

    zone: str = Field(default="UTC", description="IANA time zone, such as Europe/London")
    hours: Literal["always"] | Mapping[str, tuple[str, ...]] = Field(
        default_factory=lambda: {"mon-fri": ("09:00-17:30",)},
        description="Opening windows by day (mon-fri, sat, daily), or always",
    )
    holidays: str | None = Field(default=None, description="Public holidays that are closed, such as GB-ENG or US")
    days_off: tuple[date, ...] = Field(default=(), description="Further closed days")
    half_days: Mapping[date, tuple[str, ...]] = Field(
        default_factory=dict, description="Own windows for a date, instead of its usual ones"
    )

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        names = _zones()
        if zone not in names:
            near = get_close_matches(zone, names, n=1)
            hint = f"did you mean {near[0]}?" if near else "use an IANA name such as Europe/London"
            raise ValueError(f"unknown time zone {zone!r}: {hint}")
        return zone

    @field_validator("holidays")
    @classmethod
    def _holiday_code(cls, code: str | None) -> str | None:
        if code is not None and _HOLIDAYS.fullmatch(code) is None:
            raise ValueError(f"{code!r} is not a holiday calendar: write a country such as US, or GB-ENG")
        return code

    @model_validator(mode="after")
    def _opens_at_all(self) -> BusinessCalendar:
        if not any(self._week):
            raise ValueError("hours: this calendar never opens: name at least one day with a window, or write always")
        _ = self._exceptions
        return self

    def __hash__(self) -> int:
        return hash((self.zone, self._week, self.holidays, self.days_off, tuple(self._exceptions.items())))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> BusinessCalendar:
        """A copy with some fields changed, checked like a new calendar."""
        return type(self).model_validate({**self.model_dump(), **(update or {})})

    def check_holidays(self) -> None:
        """Passes when the ``holidays`` package knows the public holidays that this calendar names.

        Raises:
            ConfigError: with the way out.
        """
        if self.holidays is not None:
            _public_holidays(self.holidays)

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The open time from ``start`` to ``end``; negative when ``end`` comes first."""
        first, last = _us(start), _us(end)
        table = self._compiled.covering(first, last)
        return timedelta(microseconds=table.position(last) - table.position(first))

    def due(self, start: datetime, duration: timedelta) -> datetime:
        """The earliest instant at which ``duration`` of open time has passed since ``start`` (zero: ``start`` itself).

        Raises:
            ValueError: for a negative duration.
        """
        if duration < timedelta(0):
            raise ValueError("a promise cannot be due before it starts: the duration is negative")
        first = _us(start)
        if not duration:
            return from_us(first)
        table = self._compiled.covering(first, first)
        while True:
            found = table.at_position(table.position(first) + duration // timedelta(microseconds=1))
            if found is not None:
                return from_us(found)
            table = self._compiled.grown()

    def business_days(self, start: datetime, end: datetime) -> Fraction:
        """The open days from ``start`` to ``end``: each counts as one, whatever its hours, and parts in proportion."""
        first, last = _us(start), _us(end)
        table = self._compiled.covering(first, last)
        while True:
            numbers = table.day_number(table.position(first)), table.day_number(table.position(last))
            if numbers[0] is not None and numbers[1] is not None:
                return numbers[1] - numbers[0]
            table = self._compiled.grown()

    def due_days(self, start: datetime, days: Fraction | int) -> datetime:
        """The earliest instant at which that many open days have passed: from Monday 15:00, one day is Tuesday 15:00.

        Raises:
            ValueError: for a negative number.
        """
        if days < 0:
            raise ValueError("a promise cannot be due before it starts: the number of days is negative")
        first = _us(start)
        if not days:
            return from_us(first)
        table = self._compiled.covering(first, first)
        while True:
            number = table.day_number(table.position(first))
            position = None if number is None else table.at_day_number(number + days)
            found = None if position is None else table.at_position(position)
            if found is not None:
                return from_us(found)
            table = self._compiled.grown()

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
                return from_us(found)
            table = self._compiled.grown()

    def timetable(self, start: datetime, end: datetime) -> Timetable:
        """The compiled table for at least this span, with the holidays that it was compiled with."""
        return self._compiled.covering(*sorted((_us(start), _us(end))))

    @cached_property
    def _week(self) -> tuple[tuple[Window, ...], ...]:
        if self.hours == "always":
            return (((0, DAY_MINUTES),),) * 7
        week: list[tuple[Window, ...] | None] = [None] * 7
        for key, texts in self.hours.items():
            windows = _windows(texts, f"hours.{key}")
            for number in _days_of(key):
                if week[number] is not None:
                    raise ValueError(f"hours: {DAYS[number]} is given twice: name each day once")
                week[number] = windows
        return tuple(windows or () for windows in week)

    @cached_property
    def _exceptions(self) -> dict[date, tuple[Window, ...]]:
        special: dict[date, tuple[Window, ...]] = dict.fromkeys(self.days_off, ())
        for day, texts in self.half_days.items():
            special[day] = _windows(texts, f"half_days.{day}")
        return special

    @cached_property
    def _compiled(self) -> _Compiled:
        return _Compiled(self.zone, self._week, self._exceptions, self.holidays)


class _Compiled:
    """Years of a calendar, compiled when first asked for. Tables are replaced, never changed: safe in threads."""

    def __init__(
        self,
        zone: str,
        week: tuple[tuple[Window, ...], ...],
        exceptions: Mapping[date, tuple[Window, ...]],
        holidays: str | None,
    ) -> None:
        self._zone = ZoneInfo(zone)
        self._week = week
        self._exceptions = exceptions
        self._holidays = holidays
        self._years: dict[int, tuple[list[list[tuple[int, int]]], frozenset[date]]] = {}
        # The years compiled and their table, in one attribute: a thread sees both or neither.
        self._state: tuple[int, int, Timetable] | None = None

    def __deepcopy__(self, memo: object) -> _Compiled:
        return self

    def covering(self, first: int, last: int) -> Timetable:
        """A table that can answer questions about both instants."""
        state = self._state
        if state is not None and state[2].covers(first) and state[2].covers(last):
            return state[2]
        years = [from_us(us).year for us in (first, last)]
        low, high = state[:2] if state is not None else (min(years), max(years))
        # One more year on both sides: local years begin at another instant, night shifts come over from the day before.
        return self._extend(min(low, min(years) - 1), max(high, max(years) + 1))

    def grown(self) -> Timetable:
        """A table that reaches further into the future: twice as far, but at most 50 years at a time."""
        assert self._state is not None, "a table is grown after it was asked for"
        low, high, _ = self._state
        if high >= _LAST_YEAR:
            raise ConfigError(f"no answer before the year {_LAST_YEAR}: check the calendar's hours and the duration")
        return self._extend(low, min(high + min(high - low + 1, 50), _LAST_YEAR))

    def _extend(self, low: int, high: int) -> Timetable:
        if low < 2 or high > _LAST_YEAR:
            raise ValueError(f"business time is known from the year 3 to {_LAST_YEAR - 1}: check the instants")
        years = [self._year(year) for year in range(low, high + 1)]
        table = Timetable.build(
            (day for days, _ in years for day in days),
            low=instant_us(datetime.combine(date(low, 1, 2), time()), self._zone),
            high=instant_us(datetime.combine(date(high + 1, 1, 1), time()), self._zone),
            holidays=frozenset[date]().union(*(closed for _, closed in years)),
        )
        self._state = low, high, table
        return table

    def _year(self, year: int) -> tuple[list[list[tuple[int, int]]], frozenset[date]]:
        if year not in self._years:
            closed = _public_holidays(self._holidays, year) if self._holidays else frozenset[date]()
            first = date(year, 1, 1)
            days: list[list[tuple[int, int]]] = []
            for number in range((date(year + 1, 1, 1) - first).days):
                day = first + timedelta(days=number)
                usual = () if day in closed else self._week[day.weekday()]
                days.append(day_spans(day, self._exceptions.get(day, usual), self._zone))
            self._years[year] = (days, closed)
        return self._years[year]


def _public_holidays(code: str, year: int | None = None) -> frozenset[date]:
    import holidays

    country, _, subdivision = code.partition("-")
    try:
        found = holidays.country_holidays(country, subdiv=subdivision or None, years=year)
    except NotImplementedError:
        raise ConfigError(
            f"no public holidays are known for {code!r}: use a country or subdivision of the holidays package, "
            "such as GB-ENG or US-CA, or list the days under days_off"
        ) from None
    return frozenset(found)


def _us(instant: datetime) -> int:
    if instant.tzinfo is None:
        raise ValueError("business time needs aware datetimes: add a time zone, for example tzinfo=UTC")
    return to_us(instant)
