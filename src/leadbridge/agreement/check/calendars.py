"""The checks of calendars: public holidays that somebody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadbridge.agreement.check.finding import Found
from leadbridge.errors import ConfigError, Problem

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["calendar_problems"]


def calendar_problems(agreement: Agreement) -> Found:
    """Every calendar can tell its public holidays; found out now, not when the first clock runs."""
    for name, calendar in agreement.calendars.items():
        try:
            calendar.check_holidays()
        except ConfigError as error:
            message, _, remedy = str(error).partition(": ")
            yield ("calendars", name, "holidays"), Problem(message, remedy)
