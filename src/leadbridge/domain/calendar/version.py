"""What changes about a calendar on a day."""

from __future__ import annotations

import re
from datetime import date
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

from pydantic import Field, field_validator

from leadbridge.domain.calendar.opening_hours import Hours
from leadbridge.domain.model import Frozen

__all__ = ["NO_HOLIDAYS", "CalendarVersion", "holiday_code", "known_zone"]

_HOLIDAYS = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,4})?")
NO_HOLIDAYS = "none"
"""What a version writes to keep no public holidays any more."""


@cache
def _zones() -> set[str]:
    """Every known zone: looking into the folders that list them takes longer than reading the rest of an agreement."""
    return available_timezones()


def known_zone(zone: str) -> str:
    """The zone itself.

    Raises:
        ValueError: when there is no such zone, with the nearest one.
    """
    names = _zones()
    if zone not in names:
        near = get_close_matches(zone, names, n=1)
        hint = f"did you mean {near[0]}?" if near else "use an IANA name such as Europe/London"
        raise ValueError(f"unknown time zone {zone!r}: {hint}")
    return zone


def holiday_code(code: str | None) -> str | None:
    """The code itself.

    Raises:
        ValueError: when it is not written like one; whether it is known is asked later.
    """
    if code is not None and _HOLIDAYS.fullmatch(code) is None:
        raise ValueError(f"{code!r} is not a holiday calendar: write a country such as US, or GB-ENG")
    return code


class CalendarVersion(Frozen):
    """What holds from a local day on, until the next version. What came before that day stays as it was."""

    from_: date = Field(alias="from", description="The first local day on which it holds")
    hours: Hours | None = Field(default=None, description="Opening windows from that day on; when left out, as before")
    holidays: str | None = Field(
        default=None, description="Public holidays from that day on, or none for no more of them; left out, as before"
    )
    zone: str | None = Field(
        default=None, description="IANA time zone from that day on, which begins at midnight there; left out, as before"
    )

    @field_validator("holidays")
    @classmethod
    def _is_a_code(cls, code: str | None) -> str | None:
        return code if code == NO_HOLIDAYS else holiday_code(code)

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, zone: str | None) -> str | None:
        return zone if zone is None else known_zone(zone)
