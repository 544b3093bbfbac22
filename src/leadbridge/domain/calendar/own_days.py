"""Days of a team's own: once (``2026-12-24``) or every year (``12-24``), closed, or open for a part of the day."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from leadbridge.domain.calendar.opening_hours import read_windows
from leadbridge.domain.calendar.timetable import DAY_MINUTES, Window

__all__ = ["Day", "OwnDays", "Part", "cut", "own_days", "read_part"]

_DATE = re.compile(r"([0-9]{4}-)?[0-9]{2}-[0-9]{2}")
_PART = re.compile(r"(until|from)\s+(\d{1,2}):(\d{2})")
_LEAP_YEAR = 2024


def _day(value: object) -> date | str:
    """A date, or a month and day in two digits each.

    Raises:
        ValueError: for anything else, with how to write it.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise ValueError(
            "this is no day: write a date such as 2026-12-24, or month and day such as 12-24 for every year"
        )
    text = value.strip()
    match = _DATE.fullmatch(text)
    try:
        found = date.fromisoformat(text if match[1] else f"{_LEAP_YEAR}-{text}") if match is not None else None
    except ValueError:
        found = None
    if match is None or found is None:
        raise ValueError(
            f"{text!r} is no day: write a date such as 2026-12-24, or month and day such as 12-24 for every year"
        )
    return found if match[1] else text


Day = Annotated[
    date | str,
    PlainValidator(_day),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "pattern": r"^(0[1-9]|1[0-2])-\d{2}$"}]}
    ),
]
"""A date, or (as text such as ``12-24``) the same day of every year; ``02-29`` comes in leap years."""

Part = tuple[int, int]
"""The minutes of a day in which it stays open: what is open before and after them is cut off."""


def read_part(text: str, where: str) -> Part:
    """The part of a day that ``until 13:00`` or ``from 13:00`` leaves.

    Raises:
        ValueError: for another text, with how to write it.
    """
    match = _PART.fullmatch(text.strip())
    minute = int(match[2]) * 60 + int(match[3]) if match is not None and int(match[3]) < 60 else 0
    if match is None or not 0 < minute < DAY_MINUTES:
        raise ValueError(f"{where}: {text!r} is no part of a day: write until 13:00, from 13:00, or a list of windows")
    return (0, minute) if match[1] == "until" else (minute, 2 * DAY_MINUTES)


def cut(windows: Sequence[Window], part: Part) -> tuple[Window, ...]:
    """What is left of windows inside a part of the day."""
    left = ((max(opens, part[0]), min(closes, part[1])) for opens, closes in windows)
    return tuple(window for window in left if window[0] < window[1])


@dataclass(frozen=True)
class OwnDays:
    """The days of a calendar that are unlike its week, ready to be looked up.

    ``windows`` are those of dates that have their own, whatever holiday it is; ``None`` for the usual hours of the
    weekday. ``yearly`` are closed days by month and day. ``parts`` cut dates, ``yearly_parts`` days of every year.
    """

    windows: Mapping[date, tuple[Window, ...] | None] = field(default_factory=dict)
    yearly: frozenset[tuple[int, int]] = frozenset()
    parts: Mapping[date, Part] = field(default_factory=dict)
    yearly_parts: Mapping[tuple[int, int], Part] = field(default_factory=dict)

    def __hash__(self) -> int:
        mappings = (self.windows, self.parts, self.yearly_parts)
        return hash((self.yearly, *(frozenset(mapping.items()) for mapping in mappings)))

    def of(self, day: date, usual: tuple[Window, ...], *, holiday: bool) -> tuple[Window, ...]:
        """The windows of a day, given those of its weekday and whether it is a public holiday."""
        if day in self.windows:
            own = self.windows[day]
            return usual if own is None else own
        key = day.month, day.day
        if holiday or key in self.yearly:
            return ()
        part = self.parts.get(day) or self.yearly_parts.get(key)
        return usual if part is None else cut(usual, part)


def own_days(
    days_off: Sequence[date | str],
    half_days: Mapping[date | str, tuple[str, ...] | str],
    exceptions: Mapping[date, str | tuple[str, ...]],
) -> OwnDays:
    """Reads the three sections of a calendar.

    Raises:
        ValueError: for windows that cannot be meant, a day of every year with windows, and a day that is named twice.
    """
    windows: dict[date, tuple[Window, ...] | None] = {day: () for day in days_off if isinstance(day, date)}
    yearly = frozenset(_month_and_day(day) for day in days_off if isinstance(day, str))
    parts: dict[date, Part] = {}
    yearly_parts: dict[tuple[int, int], Part] = {}
    for day, texts in half_days.items():
        where = f"half_days.{day}"
        if isinstance(day, date):
            if not isinstance(texts, str):
                windows[day] = read_windows(texts, where)
            elif day in windows:
                raise ValueError(f"{where}: the day is also one of the days_off: name it once")
            else:
                parts[day] = read_part(texts, where)
        elif not isinstance(texts, str):
            raise ValueError(f"{where}: a day of every year falls on weekends too: write until 13:00, or from 13:00")
        elif _month_and_day(day) in yearly:
            raise ValueError(f"{where}: the day is also one of the days_off: name it once")
        else:
            yearly_parts[_month_and_day(day)] = read_part(texts, where)
    for day, own in exceptions.items():
        if day in half_days:
            raise ValueError(f"exceptions: {day} is also one of the half_days: name it once")
        windows[day] = None if isinstance(own, str) else read_windows(own, f"exceptions.{day}")
    return OwnDays(windows, yearly, parts, yearly_parts)


def _month_and_day(text: str) -> tuple[int, int]:
    return int(text[:2]), int(text[3:])
