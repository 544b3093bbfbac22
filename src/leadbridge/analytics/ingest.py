"""Exports as snapshots: columns of a table get roles, and everything doubtful about them is reported.

The roles are the left-hand sides of ``columns``:

=================  ==================================================================================
``lead``           identifies the lead; the only role that is needed
``source``         where the lead came from; blank and ``unknown`` are two things and stay apart
``captured``       when it came into being: the stage ``captured``
``stage:<id>``     when it entered that stage; the order of these is the success path
``stage``          in exports with a row for each change: the stage that was entered (see ``values``)
``entered``        ... and when
``offered``        when the lead was handed off
``assigned``       when the hand-off reached a person
``decided``        when the receiving function answered
``decision``       the answer: accept, reject, recycle, disqualify or ineligible (see ``values``)
``reason``         why it was refused
``owner``          who had the hand-off
``by:<name>``      anything else to break numbers down by
``lead.<field>``   a field of the lead or (``company.<field>``) of its company, for criteria, such as ``lead.title``
=================  ==================================================================================

Times are ISO 8601: ``2026-01-31``, ``2026-01-31 14:05:00`` (read in ``zone``) or with an offset; other forms are
declared with ``formats``. A date stays a date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadbridge.analytics.dates import Dates, read_times
from leadbridge.analytics.engine import DIMENSION, TABLES, quoted, rows_of, text_of, write_query
from leadbridge.analytics.events import EVENT, check_events, event_entries, event_path, take_events
from leadbridge.analytics.meta import Finding
from leadbridge.analytics.quality import absent, fillers, plural
from leadbridge.domain.criteria.names import PROFILE_TYPES
from leadbridge.domain.facts import DECISIONS
from leadbridge.domain.lifecycle import DETOURS
from leadbridge.domain.model import did_you_mean
from leadbridge.errors import DataError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["ROLES", "check_roles", "dimensions_of", "load", "path_of", "pick", "write_tables"]

ROLES = ("lead", "source", "captured", "offered", "assigned", "decided", "decision", "reason", "owner")
_TIMES = ("captured", "offered", "assigned", "decided")
_HANDOFF = ("offered", "assigned", "decided", "decision", "reason", "owner")
_PAST = {f"{name}ed": name for name in ("accept", "reject", "disqualifi")} | {"recycled": "recycle"}
_ANSWERS = {**{name: name for name in DECISIONS}, **_PAST, "disqualified": "disqualify"}


def check_roles(columns: Mapping[str, str], names: Iterable[str] = PROFILE_TYPES) -> None:
    """Raises :class:`DataError` for a role that is unknown or, like ``lead``, missing."""
    for role in columns:
        prefix, _, rest = role.partition(":")
        if not (role in ROLES or role in EVENT or role in names or (prefix in ("stage", "by") and rest)):
            known = [*ROLES, *EVENT, "stage:<id>", "by:<name>", *names]
            raise DataError(f"columns names the unknown role {role!r}: {did_you_mean(role, known)}")
    check_events(columns)
    if "lead" not in columns:
        raise DataError("columns does not say which column identifies a lead: add columns={'lead': ...}")


def pick(columns: Mapping[str, str], there: Sequence[str], where: str) -> None:
    """Raises :class:`DataError` for a column that a table does not have, listing what it has."""
    for role, name in columns.items():
        if name not in there:
            raise DataError(f"{where} has no column {name!r} (for {role}): {did_you_mean(name, there)}")


def path_of(columns: Mapping[str, str], values: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """The success path of an export: captured, then the stages in the order given, without detours."""
    if "stage" in columns:
        return event_path(values)
    stages = [role.removeprefix("stage:") for role in columns if role.startswith("stage:")]
    first = ["captured"] if "captured" in columns else []
    return tuple(dict.fromkeys(stage for stage in first + stages if stage not in DETOURS))


def dimensions_of(columns: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the further dimensions."""
    return tuple(role.removeprefix("by:") for role in columns if role.startswith("by:"))


def load(
    connection: DuckDBPyConnection,
    directory: Path,
    columns: Mapping[str, str],
    values: Mapping[str, Mapping[str, str]],
    path: Sequence[str],
    dates: Dates,
    latest: datetime,
) -> tuple[list[Finding], frozenset[str]]:
    """Turns the table ``raw`` (a text column for each role, in the order of the rows ``n``) into Parquet files.

    Returns the findings, and which kinds of facts the data has. What lies after ``latest`` has not happened yet.

    Raises:
        DataError: when a column of times holds no times, or one of decisions something else.
    """
    found = _without_lead(connection)
    if "stage" in columns:
        found += take_events(connection, columns, values, path, dates, latest)
    else:
        found += _once(connection)
    times = [role for role in columns if role in _TIMES or role.startswith("stage:")]
    for role in times:
        found += read_times(connection, role, columns[role], dates, latest)
    found += [*fillers(connection, columns), *absent(columns)]
    has = {role: role in columns for role in (*ROLES,)}
    if has["decision"]:
        _read_decisions(connection, columns["decision"], values.get("decision", {}))
    handoffs = _handoffs(columns)
    entries = event_entries(path, "captured" in columns) if "stage" in columns else _entries(times, path)
    there = {"leads": _leads(columns), "entries": entries, "handoffs": handoffs}
    there |= {"assignments": _ASSIGNMENTS.format(handoffs), "answers": _ANSWERS_OF.format(handoffs)}
    write_tables(connection, directory, there)
    events = "stage" in columns and bool(rows_of(connection, "select 1 as yes from events limit 1"))
    return found, _recorded(connection, times, has, events=events)


def write_tables(connection: DuckDBPyConnection, directory: Path, there: Mapping[str, str]) -> None:
    """Writes every table of a snapshot: what the queries ``there`` return, and the others empty."""
    for name in TABLES:
        query = _padded(connection, name, there[name]) if name in there else _empty(name)
        write_query(connection, directory / f"{name}.parquet", query)


def _padded(connection: DuckDBPyConnection, name: str, sql: str) -> str:
    """A query with ``NULL`` for those columns of a table that an export does not have."""
    given = [row["column_name"] for row in rows_of(connection, f"describe {sql}")]
    missing = {column: kind for column, kind in TABLES[name].items() if column not in given}
    further = [column for column in given if column not in TABLES[name]]
    parts = [f"cast(null as {kind}) as {quoted(c)}" if c in missing else quoted(c) for c, kind in TABLES[name].items()]
    return f"select {', '.join([*parts, *map(quoted, further)])} from ({sql}) t"


def _empty(name: str) -> str:
    parts = (f"cast(null as {kind}) as {quoted(column)}" for column, kind in TABLES[name].items())
    return f"select {', '.join(parts)} limit 0"


def _without_lead(connection: DuckDBPyConnection) -> list[Finding]:
    """Takes out rows without a lead."""
    found: list[Finding] = []
    blank = rows_of(connection, "select count(*) as n from raw where lead is null")[0]["n"]
    if blank:
        connection.execute("delete from raw where lead is null")
        remedy = "export the id of the record as well"
        found.append(Finding("missing", f"{plural(blank, 'row')} without a lead id: left out", blank, (), remedy))
    return found


def _once(connection: DuckDBPyConnection) -> list[Finding]:
    """Takes out all but the first row of a lead."""
    found: list[Finding] = []
    twice = rows_of(
        connection, "select lead, count(*) - 1 as extra from raw group by lead having count(*) > 1 order by lead"
    )
    if twice:
        connection.execute("delete from raw where n not in (select min(n) from raw group by lead)")
        extra = sum(row["extra"] for row in twice)
        leads = tuple(row["lead"] for row in twice)
        message = f"{plural(extra, 'row')} for a lead that was there already: the first row of each lead is kept"
        remedy = "export one row a lead, or put further columns into files of their own"
        found.append(Finding("duplicate", message, extra, leads, remedy))
    return found


def _read_decisions(connection: DuckDBPyConnection, column: str, given: Mapping[str, str]) -> None:
    words = {**_ANSWERS, **{name.lower(): value for name, value in given.items()}}
    wrong = sorted(set(given.values()) - set(DECISIONS))
    if wrong:
        raise DataError(f"values says that a decision is {wrong[0]!r}: {did_you_mean(wrong[0], DECISIONS)}")
    there = rows_of(connection, "select distinct decision from raw where decision is not null")
    unknown = [row["decision"] for row in there if row["decision"].lower() not in words]
    if unknown:
        raise DataError(
            f"column {column!r} (for decision) holds {plural(len(unknown), 'value')} that say no decision: translate "
            f"each with values={{'decision': {{'...': 'accept'}}}}; decisions are {', '.join(DECISIONS)}"
        )
    cases = " ".join(f"when {text_of(word)} then {text_of(value)}" for word, value in words.items())
    connection.execute(f"update raw set decision = case lower(decision) {cases} end where decision is not null")


def _leads(columns: Mapping[str, str]) -> str:
    further = "".join(f", {quoted(f'by:{name}')} as {quoted(DIMENSION + name)}" for name in dimensions_of(columns))
    source = "source" if "source" in columns else "cast(null as varchar)"
    captured = "captured_us" if "captured" in columns else "cast(null as bigint)"
    precision = "case when captured_day then 'day' else 'instant' end" if "captured" in columns else "'instant'"
    return (
        f"select lead as lead_id, {source} as source, {captured} as captured_us, {precision} as precision{further} "
        "from raw order by lead"
    )


def _entries(times: Sequence[str], path: Sequence[str]) -> str:
    stages = [role for role in times if role == "captured" or role.startswith("stage:")]
    parts = [
        f"""select lead as lead_id, {text_of(role.removeprefix("stage:"))} as stage,
        {quoted(role + "_us")} as entered_us,
        case when {quoted(role + "_day")} then 'day' else 'instant' end as precision,
        {list(path).index(role.removeprefix("stage:")) if role.removeprefix("stage:") in path else len(path)} as place
        from raw where {quoted(role + "_us")} is not null"""
        for role in stages
    ]
    nothing = "select '' as lead_id, '' as stage, 0 as entered_us, '' as precision, 0 as place limit 0"
    return f"""
        select lead_id, cast(1 as integer) as passage, stage, cast(entered_us as bigint) as entered_us,
          cast(lead(entered_us) over (partition by lead_id order by entered_us, place) as bigint) as left_us,
          false as inferred, cast(null as varchar) as reason, precision
        from ({" union all ".join(parts) or nothing}) t order by lead_id, entered_us, place
    """


def _handoffs(columns: Mapping[str, str]) -> str:
    given = [role for role in _HANDOFF if role in columns]

    def text(role: str) -> str:
        return role if role in columns else "cast(null as varchar)"

    def us(role: str) -> str:
        return f"{role}_us" if role in columns else "cast(null as bigint)"

    there = " or ".join(f"{role} is not null" for role in given) or "false"
    return f"""
        select lead as lead_id, lead || ':1' as handoff_id, cast(1 as integer) as passage,
          'marketing' as from_function, 'sales' as to_function, {us("offered")} as offered_us,
          cast(null as bigint) as routed_us, {us("assigned")} as assigned_us, {us("decided")} as decided_us,
          cast(null as bigint) as expired_us, {text("decision")} as first_decision, {text("decision")} as decision,
          {text("reason")} as reason, {text("owner")} as owner, cast(1 as integer) as number,
          cast(0 as integer) as agreement
        from raw where {there} order by lead
    """


_ASSIGNMENTS = """
        select lead_id, handoff_id, cast(1 as integer) as turn, owner, assigned_us as since_us
        from ({}) t where assigned_us is not null
    """
_ANSWERS_OF = """
        select lead_id, handoff_id, cast(1 as integer) as turn, decision, reason, decided_us as given_us
        from ({}) t where decision is not null and decided_us is not null
    """


def _recorded(
    connection: DuckDBPyConnection, times: Sequence[str], has: Mapping[str, bool], *, events: bool
) -> frozenset[str]:
    def any_row(condition: str) -> bool:
        return bool(rows_of(connection, f"select 1 as yes from raw where {condition} limit 1"))

    refused = has["decision"] and any_row("decision <> 'accept'")
    checks: dict[str, Any] = {
        "stages": events
        or any(any_row(f"{quoted(role + '_us')} is not null") for role in times if role not in _HANDOFF),
        "decisions": has["decision"] and any_row("decision is not null"),
        "refusals": refused,
        "reasons": refused and has["reason"] and any_row("decision <> 'accept' and reason is not null"),
    }
    return frozenset(name for name, there in checks.items() if there)
