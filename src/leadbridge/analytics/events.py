"""Exports with a row for each change: a lead's history as Salesforce's history reports and event logs write it.

The role ``stage`` is the stage that a row says was entered, ``entered`` when that was; a lead has as many rows as it
entered stages. Coming back to the success path, or going backward on it, begins a new passage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from leadbridge.analytics.dates import Dates, read_times
from leadbridge.analytics.engine import rows_of, text_of
from leadbridge.analytics.meta import Finding
from leadbridge.analytics.quality import plural
from leadbridge.domain.lifecycle import DETOURS
from leadbridge.domain.model import listing
from leadbridge.errors import DataError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["EVENT", "check_events", "event_entries", "event_path", "take_events"]

EVENT = ("stage", "entered")
"""The roles of an export with a row for each change; they come together."""


def check_events(columns: Mapping[str, str]) -> None:
    """Raises :class:`DataError` when one of the two roles is missing, or there are columns of stages as well."""
    missing = [role for role in EVENT if role not in columns]
    if len(missing) == 1:
        raise DataError(f"columns says {EVENT[EVENT.index(missing[0]) - 1]} and not {missing[0]}: they come together")
    beside = [role for role in columns if role.startswith("stage:")]
    if beside and not missing:
        raise DataError(f"columns has {beside[0]} beside stage: a row is a lead, or a change, and not both")


def event_path(values: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """The success path of such an export: the stages in the order in which ``values`` names them, without detours.

    Raises:
        DataError: nobody says the order.
    """
    stages = tuple(dict.fromkeys(stage for stage in values.get("stage", {}).values() if stage not in DETOURS))
    if not stages:
        raise DataError(
            "nobody says in which order the stages come: give agreement=, or their names in order with "
            "values={'stage': {'New': 'captured', ...}}"
        )
    return stages


def take_events(
    connection: DuckDBPyConnection,
    columns: Mapping[str, str],
    values: Mapping[str, Mapping[str, str]],
    stages: Sequence[str],
    dates: Dates,
    latest: datetime,
) -> list[Finding]:
    """Moves the changes out of ``raw``, which keeps one row a lead, into the table ``events``.

    Args:
        stages: those that are known; another value is a stage only where ``values`` says so.

    Raises:
        DataError: the column of times holds none.
    """
    words = {**{name: name for name in (*stages, *DETOURS)}, **values.get("stage", {})}
    found = read_times(connection, "entered", columns["entered"], dates, latest)
    strange = rows_of(
        connection,
        "select stage, count(*) as n from raw where stage is not null and not list_contains($words, stage) "
        "group by 1 order by 2 desc, 1",
        {"words": list(words)},
    )
    if strange:
        rows = sum(row["n"] for row in strange)
        names = listing(repr(row["stage"]) for row in strange[:5])
        message = f"{plural(rows, 'row')} of {columns['stage']} with a value that is no stage ({names}): left out"
        found.append(Finding("unmapped", message, rows, (), "say what they mean with values={'stage': {...}}"))
    cases = " ".join(f"when {text_of(word)} then {text_of(stage)}" for word, stage in words.items())
    connection.execute(
        f"""
        create table events as
        select lead, stage, entered_us, entered_day, n from (
          select lead, case stage {cases} end as stage, entered_us, entered_day, n from raw
        ) t where stage is not null and entered_us is not null
        """
    )
    connection.execute("delete from raw where n not in (select min(n) from raw group by lead)")
    return [*found, *_repeated(connection, columns["stage"])]


def _repeated(connection: DuckDBPyConnection, column: str) -> list[Finding]:
    """Takes out entries into a stage in which the lead was already."""
    again = """
        select lead, n from (
          select lead, n, stage, lag(stage) over (partition by lead order by entered_us, n) as before from events
        ) t where stage = before
    """
    rows = rows_of(connection, f"select lead, count(*) as extra from ({again}) a group by 1 order by 1")
    if not rows:
        return []
    connection.execute(f"delete from events where n in (select n from ({again}) a)")
    extra = sum(row["extra"] for row in rows)
    message = f"{plural(extra, 'row')} of {column} for a stage in which the lead was already: the first entry is kept"
    remedy = "export changes only, and each once"
    return [Finding("duplicate", message, extra, tuple(row["lead"] for row in rows), remedy)]


def event_entries(path: Sequence[str], captured: bool) -> str:
    """The query for ``entries`` over the tables ``events`` and, where leads have a day of capture, ``raw``."""
    steps = " ".join(f"when {text_of(stage)} then {step}" for step, stage in enumerate(path))
    first = """
        union all select lead, 'captured', captured_us, captured_day, 0 from raw r where captured_us is not null
          and not exists (select 1 from events e where e.lead = r.lead and e.stage = 'captured')
    """
    return f"""
        with entered as (
          select lead, stage, entered_us, entered_day as is_day, n from events {first if captured else ""}
        ),
        placed as (select *, case stage {steps} end as step from entered),
        turned as (
          select *, lag(step) over w as step_before, lag(stage) over w as stage_before,
            lead(entered_us) over w as left_us
          from placed window w as (partition by lead order by entered_us, n, step)
        )
        select lead as lead_id,
          cast(1 + sum(case when step is not null and stage_before is not null
            and (step_before is null or step < step_before) then 1 else 0 end)
            over (partition by lead order by entered_us, n, step rows unbounded preceding) as integer) as passage,
          stage, cast(entered_us as bigint) as entered_us, cast(left_us as bigint) as left_us, false as inferred,
          cast(null as varchar) as reason, case when is_day then 'day' else 'instant' end as precision
        from turned order by lead_id, entered_us, n, step
    """
