"""Public holidays by country and subdivision, as the ``holidays`` package knows them.

The package is imported when the first holiday is asked for: it takes longer to import than everything else here takes
to run.
"""

from __future__ import annotations

import warnings
from datetime import date
from functools import lru_cache

from leadbridge.domain.model import did_you_mean
from leadbridge.errors import ConfigError

__all__ = ["check_code", "dates_by_year", "public_holidays"]


@lru_cache(maxsize=512)
def public_holidays(code: str, first: int, last: int) -> frozenset[date]:
    """The public holidays of the years from ``first`` to ``last``, both included.

    Args:
        code: a country such as ``US``, or a country and subdivision such as ``GB-ENG``.
        first: a year.
        last: a year, not before ``first``.

    Raises:
        ConfigError: when the package does not know the code, with the nearest that it knows.
    """
    import holidays

    country, _, subdivision = code.partition("-")
    try:
        with warnings.catch_warnings():
            # Of some countries the package knows the moving feasts of some years only, such as India's until 2035.
            warnings.simplefilter("ignore", UserWarning)
            found = holidays.country_holidays(country, subdiv=subdivision or None, years=range(first, last + 1))
    except NotImplementedError:
        raise ConfigError(f"no public holidays are known for {code!r}: {_way_out(code, country)}") from None
    return frozenset(found)


def dates_by_year(code: str, first: int, last: int) -> dict[int, tuple[date, ...]]:
    """The same, in order, by year: those years too in which there is none.

    Args:
        code: a country, or a country and subdivision.
        first: a year.
        last: a year, not before ``first``.

    Raises:
        ConfigError: when the package does not know the code.
    """
    found = sorted(public_holidays(code, first, last))
    return {year: tuple(day for day in found if day.year == year) for year in range(first, last + 1)}


@lru_cache(maxsize=512)
def check_code(code: str) -> None:
    """Passes when the public holidays of a code are known.

    Raises:
        ConfigError: when they are not, with the nearest code that is known.
    """
    public_holidays(code, 2024, 2024)


def _way_out(code: str, country: str) -> str:
    import holidays

    parts = holidays.list_supported_countries()
    if country not in parts:
        names = list(parts)
    elif not parts[country]:
        return f"write {country}, no parts of it are known, or list the days under days_off"
    else:
        names = [f"{country}-{part}" for part in parts[country]]
    return f"{did_you_mean(code, names)}; or list the days under days_off"
