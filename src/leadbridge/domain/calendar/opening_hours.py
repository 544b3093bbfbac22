"""Opening hours as people write them: ``mon-fri``, ``09:00-17:30``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Literal

from leadbridge.domain.calendar.timetable import DAY_MINUTES, Window

__all__ = ["DAYS", "Hours", "Week", "read_week", "read_windows"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Hours = Literal["always"] | Mapping[str, tuple[str, ...]]
"""``always``, or windows by day."""

Week = tuple[tuple[Window, ...], ...]
"""The windows of the seven weekdays, Monday first."""

_WINDOW = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


def read_windows(texts: Iterable[str], where: str) -> tuple[Window, ...]:
    """Opening windows in minutes after midnight, ascending.

    Raises:
        ValueError: for a window that cannot be meant, or windows that overlap; ``where`` says which.
    """
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


def read_week(hours: Hours, where: str = "hours") -> Week:
    """The windows of each weekday; days that are not named are closed.

    Raises:
        ValueError: for a day or window that cannot be meant, and for a day that is named twice.
    """
    if hours == "always":
        return (((0, DAY_MINUTES),),) * 7
    week: list[tuple[Window, ...] | None] = [None] * 7
    for key, texts in hours.items():
        windows = read_windows(texts, f"{where}.{key}")
        for number in _days_of(key, where):
            if week[number] is not None:
                raise ValueError(f"{where}: {DAYS[number]} is given twice: name each day once")
            week[number] = windows
    return tuple(windows or () for windows in week)


def _days_of(key: str, where: str) -> list[int]:
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
            raise ValueError(f"{where}: {key!r} names no days: write mon-fri, or tue,thu, or daily")
    return numbers
