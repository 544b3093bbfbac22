"""How long something may take: plain time, open time of a calendar, or open days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Literal

from leadbridge.clock import from_us, to_us
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.model import UNITS

__all__ = ["Allowance"]

_LONGEST = 3660
"""Days that a promise may last at most."""

_DURATION = re.compile(r"(?P<amount>\d+(?:\.\d+)?)\s*(?P<business>business\s+)?(?P<unit>[a-z]+?)s?")


@dataclass(frozen=True, slots=True)
class Allowance:
    """A duration in the time that a target counts in.

    ``elapsed``: plain time, ``amount`` microseconds. ``business``: open time of the calendar, ``amount`` microseconds.
    ``business_days``: ``amount`` open days, each counting as one whatever its hours.
    """

    kind: Literal["elapsed", "business", "business_days"]
    amount: Fraction

    @classmethod
    def parse(cls, text: str) -> Allowance:
        """Reads ``30m``, ``2 days``, ``4 business hours`` or ``1 business day``.

        Raises:
            ValueError: for anything else, and for zero.
        """
        match = _DURATION.fullmatch(text.strip().lower())
        unit = match["unit"] if match else ""
        business = bool(match and match["business"])
        if match is None or unit not in UNITS or (business and unit in ("w", "week")):
            raise ValueError(
                f"{text!r} is not a duration: write one like 30m, 2 days, 4 business hours or 1 business day"
            )
        amount = Fraction(match["amount"])
        if not amount:
            raise ValueError(f"{text!r} leaves no time: a promise needs more than zero")
        # Eight business hours are a working day, whatever the calendar.
        a_day = timedelta(hours=8) if business and unit not in ("d", "day") else timedelta(days=1)
        if amount * Fraction(UNITS[unit] / a_day) > _LONGEST:
            raise ValueError(f"{text!r} is longer than ten years: promise what somebody can wait for, such as 2 days")
        if business and unit in ("d", "day"):
            return cls("business_days", amount)
        return cls("business" if business else "elapsed", amount * (UNITS[unit] // timedelta(microseconds=1)))

    def due(self, start: datetime, calendar: BusinessCalendar | None) -> datetime:
        """When this much time has passed since ``start``, rounded up to a microsecond."""
        if self.kind == "business_days":
            return _needed(calendar).due_days(start, self.amount)
        duration = timedelta(microseconds=-(-self.amount.numerator // self.amount.denominator))
        return from_us(to_us(start)) + duration if self.kind == "elapsed" else _needed(calendar).due(start, duration)

    def less(self, start: datetime, end: datetime, calendar: BusinessCalendar | None) -> Allowance:
        """What is left after the time from ``start`` to ``end``; never below zero."""
        if self.kind == "business_days":
            spent = _needed(calendar).business_days(start, end)
        else:
            spent = Fraction(self.passed(start, end, calendar) // timedelta(microseconds=1))
        return Allowance(self.kind, max(self.amount - spent, Fraction(0)))

    @property
    def plain(self) -> timedelta:
        """The length of plain time."""
        return timedelta(microseconds=int(self.amount))

    def share(self, part: Fraction) -> Allowance:
        """A part of this duration, such as the share after which a warning is due."""
        return Allowance(self.kind, self.amount * part)

    def passed(self, start: datetime, end: datetime, calendar: BusinessCalendar | None) -> timedelta:
        """The time from ``start`` to ``end`` as this duration counts it: open time for business durations."""
        if self.kind == "elapsed":
            return timedelta(microseconds=to_us(end) - to_us(start))
        return _needed(calendar).elapsed(start, end)


def _needed(calendar: BusinessCalendar | None) -> BusinessCalendar:
    if calendar is None:
        raise ValueError("a business duration needs a calendar")
    return calendar
