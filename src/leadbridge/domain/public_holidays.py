"""Public holidays by country and subdivision, as the ``holidays`` package knows them.

The package is imported when the first holiday is asked for: it takes longer to import than everything else here takes
to run.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from leadbridge.domain.model import did_you_mean
from leadbridge.errors import ConfigError

__all__ = ["check_code", "public_holidays"]


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
        found = holidays.country_holidays(country, subdiv=subdivision or None, years=range(first, last + 1))
    except NotImplementedError:
        raise ConfigError(f"no public holidays are known for {code!r}: {_way_out(country)}") from None
    return frozenset(found)


@lru_cache(maxsize=512)
def check_code(code: str) -> None:
    """Passes when the public holidays of a code are known.

    Raises:
        ConfigError: when they are not, with the nearest code that is known.
    """
    public_holidays(code, 2024, 2024)


def _way_out(country: str) -> str:
    import holidays

    known = holidays.list_supported_countries()
    if country in known:
        parts = [f"{country}-{part}" for part in known[country]]
        has = f"{country} alone, or one of {', '.join(parts)}" if parts else f"{country}, which has no parts"
        return f"use {has}; or list the days under days_off"
    hint = did_you_mean(country, known)
    return f"{hint}; or list the days under days_off, as holidays such as GB-ENG or US-CA are those of a package"
