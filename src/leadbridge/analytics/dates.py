"""Times as people's exports write them: ISO 8601, or in a declared form, in a declared zone. Days are never guessed.

``03/04/2026`` is 3 April in one office and 4 March in the next, and both read without an error. A column that writes
days like that is refused until somebody says which it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leadbridge.analytics.engine import quoted, rows_of, text_of
from leadbridge.analytics.meta import Finding
from leadbridge.analytics.quality import plural
from leadbridge.clock import to_us
from leadbridge.domain.model import did_you_mean
from leadbridge.errors import DataError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Dates", "read_times"]

_TIME_OF_DAY = re.compile(r"%[HIMSTXfpR]")
_KNOWN = frozenset("aAbBdHIjmMpSfyYzZ%-")
_DAY, _ZONED, _LOCAL = r"\d{4}-\d{2}-\d{2}", r"^\d{4}-.*(Z|[+-]\d\d(:?\d\d)?)$", r"^\d{4}-"
_NUMERIC = r"^(\d{1,2})([./-])(\d{1,2})[./-](\d{2,4})(?:[ ,T]+(\d{1,2}:\d{2})(:\d{2})?( ?[AaPp][Mm])?)?$"
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Dates:
    """How an export writes times: the form of each role that is not ISO 8601, and the zone of times without one."""

    formats: Mapping[str, str]
    zone: str = "UTC"

    @classmethod
    def of(cls, formats: Mapping[str, str] | str, zone: str, columns: Mapping[str, str]) -> Dates:
        """The forms by role.

        Raises:
            DataError: for a zone that does not exist, a role that no column has, or a form that no time can have.
        """
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise DataError(f"there is no time zone {zone!r}: write it like Europe/Berlin or UTC") from None
        if isinstance(formats, str):
            formats = dict.fromkeys(columns, formats) if formats else {}
        for role, form in formats.items():
            if role not in columns:
                raise DataError(f"formats names {role!r}, which no column plays: {did_you_mean(role, columns)}")
            wrong = [part for part in re.findall(r"%(.)", form) if part not in _KNOWN]
            if wrong or "%" not in form:
                raise DataError(f"the format {form!r} (for {role}) is none: write it like %d.%m.%Y %H:%M")
        return cls(dict(formats), zone)


def read_times(connection: DuckDBPyConnection, role: str, column: str, dates: Dates, latest: datetime) -> list[Finding]:
    """Adds the microseconds and the precision of a column of times to the table ``raw``.

    What lies after ``latest`` has not happened yet: it is taken as not given, and reported.

    Raises:
        DataError: the column holds no times, or days of which nobody can tell the month.
    """
    text, us, day = quoted(role), quoted(f"{role}_us"), quoted(f"{role}_day")
    form = dates.formats.get(role, "")
    if not form:
        _refuse_numeric(connection, role, column)
    connection.execute(
        f"alter table raw add column {us} bigint; alter table raw add column {day} boolean default false"
    )
    is_day = f"regexp_full_match({text}, '{_DAY}')"
    declared, declared_us = "false", "null"
    if form:
        parsed = f"try_strptime({text}, {text_of(form)})"
        declared = f"{parsed} is not null" if not _TIME_OF_DAY.search(form) else "false"
        declared_us = f"epoch_us({parsed if '%z' in form or declared != 'false' else _in_zone(parsed, dates.zone)})"
    connection.execute(
        f"""
        update raw set {day} = {is_day} or {declared}, {us} = coalesce({declared_us}, case
          when {is_day} then epoch_us(try_cast({text} as timestamp))
          when regexp_matches({text}, '{_ZONED}') then epoch_us(try_cast({text} as timestamptz))
          when regexp_matches({text}, '{_LOCAL}')
            then epoch_us({_in_zone(f"try_cast({text} as timestamp)", dates.zone)}) end)
        where {text} is not null
        """
    )
    return [
        *_unread(connection, role, column, form),
        *_future(connection, role, column, latest),
        *_zones(connection, role, column, dates.zone if not form else ""),
    ]


def _in_zone(sql: str, zone: str) -> str:
    return sql if zone == "UTC" else f"timezone({text_of(zone)}, {sql})"


def _unread(connection: DuckDBPyConnection, role: str, column: str, form: str) -> list[Finding]:
    text, us = quoted(role), quoted(f"{role}_us")
    counts = rows_of(connection, f"select count({text}) as given, count({us}) as read from raw")[0]
    unread = counts["given"] - counts["read"]
    if unread and not counts["read"]:
        how = f"as {form} says" if form else "as 2026-01-31 or 2026-01-31 14:05:00"
        raise DataError(
            f"column {column!r} (for {role}) holds no times that can be read: write them {how}, or map another column"
        )
    if not unread:
        return []
    leads = rows_of(connection, f"select lead from raw where {text} is not null and {us} is null order by lead")
    message = f"{plural(unread, 'value')} of {column} cannot be read as a time: taken as not given"
    remedy = "correct them in the export, or declare how they are written with formats="
    return [Finding("unreadable", message, unread, tuple(row["lead"] for row in leads), remedy)]


def _future(connection: DuckDBPyConnection, role: str, column: str, latest: datetime) -> list[Finding]:
    us, day = quoted(f"{role}_us"), quoted(f"{role}_day")
    limit = to_us(latest)
    # A day is some hours ahead in the east of the world.
    ahead = f"({us} > {limit} + case when {day} then {to_us(latest + timedelta(hours=14)) - limit} else 0 end)"
    rows = rows_of(connection, f"select lead from raw where {ahead} order by lead")
    if not rows:
        return []
    connection.execute(f"update raw set {us} = null where {ahead}")
    message = (
        f"{plural(len(rows), 'value')} of {column} {'lies' if len(rows) == 1 else 'lie'} after "
        f"{latest:%Y-%m-%d %H:%M} UTC: taken as not given, because it has not happened yet"
    )
    remedy = "a plan (an expected close date) belongs into no stage; correct what is a slip of the pen"
    return [Finding("future", message, len(rows), tuple(row["lead"] for row in rows), remedy)]


def _zones(connection: DuckDBPyConnection, role: str, column: str, zone: str) -> list[Finding]:
    """Times with an offset among times without, and local times that never were."""
    if not zone:
        return []
    text, us, day = quoted(role), quoted(f"{role}_us"), quoted(f"{role}_day")
    there = f"{us} is not null and not {day}"
    counts = rows_of(
        connection,
        f"select count(*) filter (where regexp_matches({text}, '{_ZONED}')) as zoned, count(*) as n from raw "
        f"where {there}",
    )[0]
    found: list[Finding] = []
    if 0 < counts["zoned"] < counts["n"]:
        bare = counts["n"] - counts["zoned"]
        message = (
            f"{column} carries a time zone in {plural(counts['zoned'], 'value')} and none in {bare:,}: "
            f"those were read as {zone}"
        )
        found.append(Finding("zone", message, bare, (), "say whose zone it is with zone=, or export all with one"))
    if zone != "UTC":
        local = f"try_cast({text} as timestamp)"
        never = rows_of(
            connection,
            f"select lead from raw where {there} and not regexp_matches({text}, '{_ZONED}') "
            f"and timezone({text_of(zone)}, timezone({text_of(zone)}, {local})) <> {local} order by lead",
        )
        if never:
            message = (
                f"{plural(len(never), 'value')} of {column} never happened in {zone}: the clocks went forward then; "
                "read as an hour later"
            )
            leads = tuple(row["lead"] for row in never)
            found.append(Finding("zone", message, len(never), leads, "the zone is another: ask who made the export"))
    return found


def _refuse_numeric(connection: DuckDBPyConnection, role: str, column: str) -> None:
    """Raises for days in numbers, with what could be meant."""
    text = quoted(role)
    parts = ", ".join(
        f"max(try_cast(regexp_extract({text}, '{_NUMERIC}', {group}) as integer)) as {name}"
        for name, group in (("first", 1), ("second", 3))
    )
    row = rows_of(
        connection,
        f"select count(*) as n, {parts}, min({text}) as shown, (select count(*) from raw "
        f"where regexp_matches({text}, '{_LOCAL}')) as plain from raw where regexp_matches({text}, '{_NUMERIC}')",
    )[0]
    # A few strays in a column of ISO 8601 are reported as unreadable; a column of them is a way of writing.
    if row["n"] <= row["plain"]:
        return
    match = re.match(_NUMERIC, row["shown"])
    assert match is not None
    dot, year = match[2], "%Y" if len(match[4]) == 4 else "%y"
    hours = ("" if not match[5] else " %I:%M" if match[7] else " %H:%M") + (":%S" if match[6] else "")
    hours += " %p" if match[7] else ""
    day_first, month_first = (f"{a}{dot}{b}{dot}{year}{hours}" for a, b in (("%d", "%m"), ("%m", "%d")))
    said = f"column {column!r} (for {role}) writes days in numbers, as in 03{dot}04{dot}2026"
    if row["first"] > 12 and row["second"] > 12:
        raise DataError(f"{said}, some with the day first and some with the month: correct the export")
    if row["first"] > 12 or row["second"] > 12:
        likely = day_first if row["first"] > 12 else month_first
        raise DataError(f"{said}: say that it is meant, with formats={{{role!r}: {likely!r}}}")
    raise DataError(
        f"{said}, and nobody can tell the day from the month: say which, with formats={{{role!r}: {day_first!r}}} "
        f"or {{{role!r}: {month_first!r}}}"
    )
