"""What is wrong with the data of a snapshot: impossible intervals, kinds of missing, dates among times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from leadbridge.analytics.engine import quoted, rows_of
from leadbridge.analytics.meta import Finding

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["absent", "fillers", "findings", "plural"]

_PLACEHOLDERS = ("unknown", "n/a", "na", "none", "null", "select", "-", "(not given)")

_FILLED_IN = "leave it blank where nobody knows, so that unknown is not counted as an answer"
_BY_DATE = "export the time of day as well, where the CRM has it"

_BELONGS = (
    ("decision", "reason", "why leads are refused"),
    ("decision", "decided", "how long sales takes to answer"),
    ("decided", "offered", "how long sales takes to answer"),
    ("decided", "decision", "the share that sales accepts"),
    ("assigned", "owner", "numbers by owner"),
)
"""What is there, what should be there with it, and what cannot be said without it."""

_IMPOSSIBLE = """
with firsts as (
  select e.lead_id, e.passage, e.stage, p.step, min(e.entered_us) as entered_us,
    max(case when e.precision = 'day' then 1 else 0 end) as is_day
  from entries e join path p on p.stage = e.stage
  where not e.inferred
  group by all
),
wrong as (
  select a.stage as earlier, b.stage as later, a.lead_id, a.step as earlier_step, b.step as later_step,
    row_number() over (partition by a.lead_id, a.passage, b.stage order by a.step) as nr
  from firsts a
  join firsts b on b.lead_id = a.lead_id and b.passage = a.passage and b.step > a.step
  where case when a.is_day = 1 or b.is_day = 1
    then b.entered_us // 86400000000 < a.entered_us // 86400000000 else b.entered_us < a.entered_us end
)
select earlier, later, list(distinct lead_id order by lead_id) as leads
from wrong
where nr = 1
group by earlier, later
order by min(earlier_step), min(later_step)
"""


def plural(count: int, one: str, many: str = "") -> str:
    """``1 lead`` or ``1,099 leads``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def findings(connection: DuckDBPyConnection) -> list[Finding]:
    """The findings on the tables ``leads``, ``entries`` and ``path`` of a connection."""
    return [*_impossible(connection), *_missing(connection), *_mixed(connection)]


def _impossible(connection: DuckDBPyConnection) -> list[Finding]:
    return [
        Finding(
            kind="impossible",
            message=(
                f"{plural(len(row['leads']), 'lead')} entered {row['later']} before {row['earlier']}: "
                "left out of durations, counted in the funnel"
            ),
            count=len(row["leads"]),
            leads=tuple(row["leads"]),
            remedy="look at a few of them in the CRM: most are dates typed in later, or times of an import",
        )
        for row in rows_of(connection, _IMPOSSIBLE)
    ]


def _missing(connection: DuckDBPyConnection) -> list[Finding]:
    sql = """
        select coalesce(source, '') as source, count(*) as n from leads
        where source is null or list_contains($placeholders, lower(source))
        group by 1 order by 1
    """
    found = rows_of(connection, sql, {"placeholders": list(_PLACEHOLDERS)})
    total = rows_of(connection, "select count(source) as given from leads")[0]["given"]
    if not total:
        return []
    return [
        Finding(
            kind="missing",
            message=(
                f"{plural(row['n'], 'lead')} without a source: blank"
                if not row["source"]
                else f"{plural(row['n'], 'lead')} with the source {row['source']!r}, kept as a value of its own"
            ),
            count=row["n"],
            remedy="find out which forms and imports leave it out" if not row["source"] else _FILLED_IN,
        )
        for row in found
    ]


def fillers(connection: DuckDBPyConnection, columns: Mapping[str, str]) -> list[Finding]:
    """Words that stand for nothing in the columns of an export other than the source: ``n/a``, ``unknown``, ``-``.

    Args:
        connection: with the table ``raw``, a column of text for each role.
        columns: which column of the export plays which role.
    """
    found: list[Finding] = []
    for role, column in columns.items():
        if role not in ("owner", "reason") and not role.startswith("by:"):
            continue
        rows = rows_of(
            connection,
            f"select {quoted(role)} as word, list(lead order by lead) as leads from raw "
            f"where list_contains($placeholders, lower({quoted(role)})) group by 1 order by 1",
            {"placeholders": list(_PLACEHOLDERS)},
        )
        for row in rows:
            message = (
                f"{plural(len(row['leads']), 'lead')} with {row['word']!r} in {column}, kept as a value of its own"
            )
            found.append(Finding("filler", message, len(row["leads"]), tuple(row["leads"]), _FILLED_IN))
    return found


def absent(columns: Mapping[str, str]) -> list[Finding]:
    """What an export lacks altogether although it has what belongs to it, and which numbers cannot be had for that.

    Args:
        columns: which column plays which role.
    """
    return [
        Finding(
            "absent",
            f"{there} has a column and {role} has none: {what} cannot be computed",
            1,
            (),
            f"add it to the export and to columns={{{role!r}: ...}}",
        )
        for there, role, what in _BELONGS
        if there in columns and role not in columns
    ]


def _mixed(connection: DuckDBPyConnection) -> list[Finding]:
    sql = """
        select sum(case when precision = 'day' then 1 else 0 end) as days, count(*) as n, stage from entries
        group by stage order by stage
    """
    rows = rows_of(connection, sql)
    dated = [row["stage"] for row in rows if row["days"] == row["n"]]
    timed = [row["stage"] for row in rows if not row["days"]]
    found = [
        Finding(
            "mixed",
            f"{row['stage']} has {row['days']:,} dates among {row['n']:,} times: compared by date",
            row["days"],
            (),
            _BY_DATE,
        )
        for row in rows
        if 0 < row["days"] < row["n"]
    ]
    if dated and timed:
        message = f"{', '.join(dated)} by date, {', '.join(timed)} by time: intervals between them are compared by date"
        days = sum(row["days"] for row in rows)
        found.append(Finding("mixed", message, days, (), _BY_DATE))
    return found
