"""Instants and date literals of SOQL: ``TODAY``, ``LAST_N_DAYS:30``, ``THIS_QUARTER`` …

A date literal is a range of days, half open here. The simulated org lives in UTC, its weeks begin on Sunday and its
fiscal year is the calendar's. Source: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

__all__ = ["date_part", "is_date_word", "is_real", "range_of", "wire_instant"]

_PLAIN = re.compile(
    r"(YESTERDAY|TODAY|TOMORROW|(LAST|NEXT)_90_DAYS|(LAST|THIS|NEXT)_(WEEK|MONTH|(FISCAL_)?(QUARTER|YEAR)))"
)
_COUNTED = re.compile(
    r"(?:(LAST|NEXT)_N_(DAYS|WEEKS|MONTHS|(?:FISCAL_)?(?:QUARTERS|YEARS))"
    r"|N_(DAYS|WEEKS|MONTHS|(?:FISCAL_)?(?:QUARTERS|YEARS))_(AGO)):(\d{1,5})"
)
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def wire_instant(moment: datetime) -> str:
    """An instant as Salesforce stores and sends it: whole seconds, ``+0000``. Sorts as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def is_real(text: str) -> bool:
    """Whether a day or an instant exists: there is no 30th of February."""
    try:
        datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True


def is_date_word(word: str) -> bool:
    """Whether a word in capitals is a date literal."""
    return _PLAIN.fullmatch(word) is not None or _COUNTED.fullmatch(word) is not None


def range_of(word: str, today: date) -> tuple[date, date]:
    """The first day that a date literal stands for, and the day after its last."""
    try:
        return _range(word, today)
    except (OverflowError, ValueError):
        # Beyond the years that calendars have; Salesforce's ends at 4000 and begins at 1700.
        return (date(1, 1, 1), today) if word.startswith(("LAST", "N_")) else (today, date(9999, 12, 31))


def _range(word: str, today: date) -> tuple[date, date]:
    day = timedelta(days=1)
    match word:
        case "YESTERDAY":
            return today - day, today
        case "TODAY":
            return today, today + day
        case "TOMORROW":
            return today + day, today + 2 * day
        case "LAST_90_DAYS" | "NEXT_90_DAYS":
            word = word.replace("90", "N") + ":90"
    counted = _COUNTED.fullmatch(word)
    if counted is None:
        which, _, unit = word.replace("FISCAL_", "").partition("_")
        start = {"LAST": -1, "THIS": 0, "NEXT": 1}[which]
        return _shifted(today, unit, start), _shifted(today, unit, start + 1)
    direction = counted[1] or counted[4]
    unit, number = (counted[2] or counted[3]).removeprefix("FISCAL_")[:-1], int(counted[5])
    if direction == "AGO":
        return _shifted(today, unit, -number), _shifted(today, unit, 1 - number)
    if direction == "NEXT":
        return _shifted(today, unit, 1), _shifted(today, unit, 1 + number)
    # The last n days end today, the last n weeks and months before the present ones.
    return _shifted(today, unit, -number), _shifted(today, unit, 1 if unit == "DAY" else 0)


def _shifted(today: date, unit: str, number: int) -> date:
    """The first day of the day, week, month … that is so many after the present one."""
    if unit == "DAY":
        return today + timedelta(days=number)
    if unit == "WEEK":
        return today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=number)
    size = _MONTHS[unit]
    month = today.year * 12 + today.month - 1
    month = month - month % size + number * size
    return date(month // 12, month % 12 + 1, 1)


_PARTS: Mapping[str, Callable[[datetime], int]] = {
    "CALENDAR_MONTH": lambda moment: moment.month,
    "CALENDAR_QUARTER": lambda moment: (moment.month + 2) // 3,
    "CALENDAR_YEAR": lambda moment: moment.year,
    "DAY_IN_MONTH": lambda moment: moment.day,
    "DAY_IN_WEEK": lambda moment: moment.isoweekday() % 7 + 1,
    "DAY_IN_YEAR": lambda moment: moment.timetuple().tm_yday,
    "HOUR_IN_DAY": lambda moment: moment.hour,
    "WEEK_IN_MONTH": lambda moment: (moment.day + 6) // 7,
    "WEEK_IN_YEAR": lambda moment: (moment.timetuple().tm_yday + 6) // 7,
}


def date_part(name: str, value: str | None) -> str | int | None:
    """What a function of dates makes of a stored day or instant."""
    if value is None:
        return None
    return value[:10] if name == "DAY_ONLY" else _PARTS[name](datetime.fromisoformat(value))
