"""The names that criteria may use: fields of the lead profile, windows over interactions, and their columns in SQL.

A name is ``lead.<field>``, ``company.<field>``, an attribute of the agreement as ``lead.<name>``, or a window:

============================  ======================================================================================
``last_<n>d.<kind>``          interactions of that kind in the last ``n`` days, ``n`` from 1 to 9999
``halved_<n>d.<kind>``        the same with decay: an interaction counts 1, after ``n`` days 1/2, after 2 ``n`` 1/4 ...
``ever.<kind>``               all interactions of that kind
============================  ======================================================================================

A day is 24 hours. An interaction exactly ``n`` days old is no longer in ``last_<n>d`` and counts half in
``halved_<n>d``; after ten halvings it counts nothing, so that sums are exact whatever their order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

from leadbridge.domain.criteria.closures import FieldType
from leadbridge.errors import ConfigError

__all__ = [
    "DAY_US",
    "HALVINGS",
    "PROFILE_TYPES",
    "WINDOW_KINDS",
    "CriteriaError",
    "Window",
    "column_of",
    "columns_of",
    "unique",
    "window_of",
]

PROFILE_TYPES: Mapping[str, FieldType] = {
    "lead.email": "text",
    "lead.first_name": "text",
    "lead.last_name": "text",
    "lead.title": "text",
    "lead.phone": "text",
    "lead.country": "text",
    "lead.region": "text",
    "lead.source": "text",
    "lead.campaign": "text",
    "lead.owner": "text",
    "lead.opted_out": "boolean",
    "lead.external_id": "text",
    "lead.captured_at": "instant",
    "lead.score": "number",
    "lead.stage": "text",
    "lead.status": "text",
    "lead.decision": "text",
    "lead.reason": "text",
    "lead.buying_stage": "text",
    "company.name": "text",
    "company.domain": "text",
    "company.industry": "text",
    "company.employees": "number",
    "company.country": "text",
    "company.region": "text",
}
"""The names that a criterion may use, and their types; an agreement adds its ``attributes`` as ``lead.<name>``."""

WINDOW_KINDS = ("content", "person_to_person", "inbound", "outbound", "any")
"""What windows count: interactions by nature, by direction, or all of them."""

HALVINGS = 10
"""After so many halvings an interaction counts nothing."""

DAY_US = 86_400_000_000
"""Microseconds of a day."""

_NOW = timedelta(0)
_WINDOW = re.compile(r"(?:(last|halved)_([1-9]\d{0,3})d|ever)\.(\w+)", re.ASCII)


class CriteriaError(ConfigError):
    """A rule that cannot be compiled: ``message`` says why, ``remedy`` the way out.

    ``elsewhere`` is true when the mistake is in what a name of the rule comes from, not in the rule.
    """

    def __init__(self, message: str, remedy: str, *, elsewhere: bool = False) -> None:
        self.message = message
        self.remedy = remedy
        self.elsewhere = elsewhere
        super().__init__(f"{message} → {remedy}")


class Window(NamedTuple):
    """What a name such as ``last_30d.content`` counts; ``days`` is 0 for ``ever``."""

    how: Literal["last", "halved", "ever"]
    days: int
    kind: str

    @property
    def reach(self) -> timedelta:
        """How far back it looks."""
        if self.how == "ever":
            return timedelta.max
        return timedelta(days=self.days * (HALVINGS if self.how == "halved" else 1))

    def counted(self, ages: Iterable[timedelta]) -> float:
        """What interactions of some ages come to; those outside or in the future count nothing. It is exact."""
        reach = self.reach
        if self.how == "halved":
            period = timedelta(days=self.days)
            return sum([0.5 ** (age // period) for age in ages if _NOW <= age < reach])
        return sum([1 for age in ages if _NOW <= age < reach])


@lru_cache(maxsize=4096)
def window_of(name: str) -> Window | None:
    """The window that a name means; ``None`` when it is no window. The kind is not checked."""
    match = _WINDOW.fullmatch(name)
    if match is None:
        return None
    how: Literal["last", "halved", "ever"] = "last" if match[1] == "last" else "halved" if match[1] else "ever"
    return Window(how, int(match[2] or 0), match[3])


def column_of(name: str, type_: FieldType = "text") -> str:
    """The column of ``lead_profile`` that holds a name: ``lead.email`` is ``lead_email``; instants end in ``_us``."""
    return name.replace(".", "_") + ("_us" if type_ == "instant" else "")


def columns_of(types: Mapping[str, FieldType]) -> dict[str, str]:
    """The columns of ``lead_profile`` for all names of a vocabulary, by name.

    Raises:
        CriteriaError: for two names that SQL could not tell apart, because it ignores case.
    """
    columns = {name: column_of(name, type_) for name, type_ in types.items()}
    taken: dict[str, str] = {"lead_id": "the lead's own id"}
    for name, column in columns.items():
        other = taken.setdefault(column.lower(), name)
        if other != name:
            raise CriteriaError(f"{name} and {other} would be one column, {column}", "give one of them another name")
    return columns


def unique(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Names for columns: one that SQL could not tell from an earlier one, or from those taken, gets a number."""
    used = {name.lower() for name in taken}
    found: list[str] = []
    for name in names:
        candidate, number = name, 2
        while candidate.lower() in used:
            candidate, number = f"{name}_{number}", number + 1
        used.add(candidate.lower())
        found.append(candidate)
    return found
