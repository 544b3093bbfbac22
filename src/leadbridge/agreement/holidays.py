"""The public holidays of an agreement, as they were when it was first used.

The ``holidays`` package learns of decrees, and corrects mistakes. What a promise of last year came to must not change
with it: the dates that the calendars of a version name are looked up once and kept beside its document.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from leadbridge.domain.calendar.public_holidays import dates_by_year
from leadbridge.domain.model import listing
from leadbridge.errors import ConfigError, Problem

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement
    from leadbridge.domain.calendar.eras import KnownHolidays

__all__ = ["as_written", "kept_holidays", "looked_up", "moved_holidays", "with_holidays"]

_BEFORE, _AFTER = 20, 15


def kept_holidays(agreement: Agreement) -> dict[str, dict[int, tuple[date, ...]]]:
    """The dates that the calendars of a version hold, by code and year.

    Raises:
        ConfigError: two calendars hold other dates for one year.
    """
    found: dict[str, dict[int, tuple[date, ...]]] = {}
    for calendar in agreement.calendars.values():
        for code, years in calendar.known_holidays.items():
            for year, days in years.items():
                if found.setdefault(code, {}).setdefault(year, days) != days:
                    raise ConfigError(
                        f"two calendars of version {agreement.version} hold other public holidays of {code} for {year} "
                        "under known_holidays: write the same, or list what differs under days_off"
                    )
    return found


def with_holidays(agreement: Agreement, kept: KnownHolidays) -> Agreement:
    """A version whose calendars hold the dates that were kept of the public holidays they name.

    Raises:
        ConfigError: a calendar holds other dates already, which the version was not used with.
    """
    calendars = {}
    for name, calendar in agreement.calendars.items():
        own = calendar.known_holidays
        known = {code: dict(years) for code, years in own.items()}
        for code in calendar.holiday_codes & kept.keys():
            for year, days in kept[code].items():
                if known.setdefault(code, {}).setdefault(year, days) != days:
                    raise ConfigError(
                        f"version {agreement.version} of {agreement.name} was used with other holidays of {code} in "
                        f"{year}: count the version up, with a later effective day, or remove known_holidays"
                    )
        if known != own:
            calendars[name] = calendar.model_copy(update={"known_holidays": known})
    return agreement.model_copy(update={"calendars": {**agreement.calendars, **calendars}}) if calendars else agreement


def looked_up(agreement: Agreement) -> Agreement:
    """A version whose calendars hold the dates of all public holidays they name, from 20 years before it to 15 after.

    Raises:
        ConfigError: when the ``holidays`` package does not know a code.
    """
    first, last = agreement.effective.year - _BEFORE, agreement.effective.year + _AFTER
    calendars = {name: calendar.resolved(first, last) for name, calendar in agreement.calendars.items()}
    return agreement if calendars == agreement.calendars else agreement.model_copy(update={"calendars": calendars})


def as_written(agreement: Agreement) -> Agreement:
    """A version without the dates that its calendars hold."""
    if not any(calendar.known_holidays for calendar in agreement.calendars.values()):
        return agreement
    calendars = {
        name: calendar.model_copy(update={"known_holidays": {}}) for name, calendar in agreement.calendars.items()
    }
    return agreement.model_copy(update={"calendars": calendars})


def moved_holidays(agreement: Agreement) -> Iterator[Problem]:
    """Public holidays that the ``holidays`` package tells otherwise by now than this version has kept them."""
    for code, years in sorted(kept_holidays(agreement).items()):
        now = dates_by_year(code, min(years), max(years)) if years else {}
        new = sorted(day for year, days in years.items() for day in set(now[year]) - set(days))
        gone = sorted(day for year, days in years.items() for day in set(days) - set(now[year]))
        said = [f"{word} {listing(map(str, days))}" for word, days in (("new:", new), ("gone:", gone)) if days]
        if said:
            yield Problem(
                f"the holidays package tells other public holidays of {code} than when this version was first used "
                f"({'; '.join(said)}), and its clocks keep to the old ones",
                "count the version up to take them over, or leave it as it is",
                "calendars",
            )
