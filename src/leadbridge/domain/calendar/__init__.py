"""Business time: opening hours, holidays and exceptions, compiled once, asked by scalar, by column, and in SQL."""

from __future__ import annotations

from leadbridge.domain.calendar.calendar import DAYS, BusinessCalendar, CalendarVersion, due_many, elapsed_many

__all__ = [
    "DAYS",
    "BusinessCalendar",
    "CalendarVersion",
    "due_many",
    "elapsed_many",
]
