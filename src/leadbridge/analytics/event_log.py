"""Event logs as tables: a row for every change of a stage, as a help desk or the history of a CRM exports it.

The left-hand sides of ``columns`` are ``lead``, ``stage``, ``entered``, and ``source`` or ``by:<name>`` for what leads
are broken down by (the first row of a lead counts). A stage that a lead has been in already begins a new passage: that
is what a loop is, and what a log without the word shows it by.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from leadbridge.analytics.dates import Dates, read_times
from leadbridge.analytics.engine import DIMENSION, quoted, rows_of, text_of
from leadbridge.analytics.ingest import dimensions_of, write_tables
from leadbridge.analytics.meta import Finding
from leadbridge.analytics.quality import plural
from leadbridge.domain.lifecycle import DETOURS
from leadbridge.domain.model import did_you_mean
from leadbridge.errors import DataError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["check_log_roles", "load_log", "log_path"]

_NEEDED = ("lead", "stage", "entered")
_ROLES = (*_NEEDED, "source")


def check_log_roles(columns: Mapping[str, str]) -> None:
    """Raises :class:`DataError` for a role that is unknown or missing."""
    for role in columns:
        if role not in _ROLES and not (role.startswith("by:") and role != "by:"):
            raise DataError(f"columns names the unknown role {role!r}: {did_you_mean(role, [*_ROLES, 'by:<name>'])}")
    missing = [role for role in _NEEDED if role not in columns]
    if missing:
        raise DataError(f"columns does not say which column is {missing[0]!r}: a log has lead, stage and entered")


def load_log(
    connection: DuckDBPyConnection,
    directory: Path,
    columns: Mapping[str, str],
    words: Mapping[str, str],
    dates: Dates,
    latest: datetime,
) -> list[Finding]:
    """Turns the table ``raw`` (a text column for each role) into Parquet files.

    Args:
        connection: has the table.
        directory: where the files go.
        columns: which column plays which role.
        words: what the names of stages in the log are called in the lifecycle; others stay as they are.
        dates: how times are written.
        latest: what lies after it has not happened yet.

    Raises:
        DataError: the column of times holds no times.
    """
    found: list[Finding] = []
    lacking = "lead is null or stage is null"
    count = rows_of(connection, f"select count(*) as n from raw where {lacking}")[0]["n"]
    if count:
        connection.execute(f"delete from raw where {lacking}")
        remedy = "export the id of the record and its stage with every change"
        found.append(
            Finding("missing", f"{plural(count, 'row')} without a lead or a stage: left out", count, (), remedy)
        )
    found += read_times(connection, "entered", columns["entered"], dates, latest)
    cases = " ".join(f"when {text_of(given)} then {text_of(name)}" for given, name in words.items())
    if cases:
        connection.execute(f"update raw set stage = case stage {cases} else stage end")
    write_tables(connection, directory, {"leads": _leads(columns), "entries": _ENTRIES})
    return found


def log_path(connection: DuckDBPyConnection) -> tuple[str, ...]:
    """The stages of ``raw``, without detours, in the order in which leads come to them as a rule."""
    rows = rows_of(
        connection,
        "select stage from (select stage, row_number() over (partition by lead order by entered_us, n) as place "
        "from raw where entered_us is not null) t group by stage order by avg(place), stage",
    )
    return tuple(row["stage"] for row in rows if row["stage"] not in DETOURS)


def _leads(columns: Mapping[str, str]) -> str:
    further = "".join(
        f", arg_min({quoted(f'by:{name}')}, n) as {quoted(DIMENSION + name)}" for name in dimensions_of(columns)
    )
    source = "arg_min(source, n)" if "source" in columns else "cast(null as varchar)"
    return (
        f"select lead as lead_id, {source} as source, min(entered_us) as captured_us, 'instant' as precision{further} "
        "from raw group by lead order by lead"
    )


_ENTRIES = """
    select lead_id, cast(max(visit) over (partition by lead_id order by entered_us, n) as integer) as passage, stage,
      entered_us, lead(entered_us) over (partition by lead_id order by entered_us, n) as left_us, false as inferred,
      cast(null as varchar) as reason, precision
    from (
      select lead as lead_id, stage, cast(entered_us as bigint) as entered_us, n,
        case when entered_day then 'day' else 'instant' end as precision,
        row_number() over (partition by lead, stage order by entered_us, n) as visit
      from raw where entered_us is not null
    ) visits
    order by lead_id, entered_us, n
"""
"""The visit to a stage says the passage, and no later entry is of an earlier one."""
