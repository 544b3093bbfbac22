"""The tables of a snapshot and the embedded engine (DuckDB) that reads and writes them as Parquet files.

Instants are ``BIGINT`` microseconds since 1970 in UTC (columns that end in ``_us``): the one form of time that every
SQL engine reads the same way. Blank is ``NULL``; ``unknown`` is a value like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import orjson

from leadbridge.domain.criteria.closures import FieldType
from leadbridge.domain.criteria.names import PROFILE_TYPES, column_of
from leadbridge.errors import AdapterMissing

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = [
    "DIMENSION",
    "PROFILE_KINDS",
    "TABLES",
    "connect",
    "last_instant",
    "quoted",
    "rows_of",
    "text_of",
    "write_query",
    "write_rows",
]

DIMENSION = "by_"
"""Prefix of the further columns of ``leads`` that metrics can be broken down by."""

_TEXT, _US, _INT, _FLAG, _REAL = "VARCHAR", "BIGINT", "INTEGER", "BOOLEAN", "DOUBLE"

PROFILE_KINDS: Mapping[FieldType, str] = {"text": _TEXT, "number": _REAL, "boolean": _FLAG, "instant": _US}
"""The SQL type of each type of field."""

TABLES: Mapping[str, Mapping[str, str]] = {
    "leads": {
        "lead_id": _TEXT,
        "source": _TEXT,
        "captured_us": _US,
        "precision": _TEXT,
        "sourced_by": _TEXT,
        "company": _TEXT,
        "in_target": _FLAG,
        "role": _TEXT,
        "ready": _FLAG,
    },
    "lead_profile": {
        "lead_id": _TEXT,
        **{column_of(name, type_): PROFILE_KINDS[type_] for name, type_ in PROFILE_TYPES.items()},
    },
    "entries": {
        "lead_id": _TEXT,
        "passage": _INT,
        "stage": _TEXT,
        "entered_us": _US,
        "left_us": _US,
        "inferred": _FLAG,
        "reason": _TEXT,
        "precision": _TEXT,
    },
    "handoffs": {
        "lead_id": _TEXT,
        "handoff_id": _TEXT,
        "passage": _INT,
        "from_function": _TEXT,
        "to_function": _TEXT,
        "offered_us": _US,
        "routed_us": _US,
        "assigned_us": _US,
        "decided_us": _US,
        "expired_us": _US,
        "first_decision": _TEXT,
        "decision": _TEXT,
        "reason": _TEXT,
        "owner": _TEXT,
        "transfers": _INT,
        "promised": _INT,
        "present": _INT,
        "missing": _INT,
        "informed_us": _US,
        "attempts": _INT,
        "number": _INT,
        "agreement": _INT,
    },
    "assignments": {
        "lead_id": _TEXT,
        "handoff_id": _TEXT,
        "turn": _INT,
        "owner": _TEXT,
        "since_us": _US,
    },
    "answers": {
        "lead_id": _TEXT,
        "handoff_id": _TEXT,
        "turn": _INT,
        "decision": _TEXT,
        "reason": _TEXT,
        "given_us": _US,
    },
    "statuses": {"lead_id": _TEXT, "turn": _INT, "status": _TEXT, "since_us": _US},
    "governance": {"lead_id": _TEXT, "since_us": _US, "agreement": _INT},
    "clocks": {
        "lead_id": _TEXT,
        "policy": _TEXT,
        "target": _TEXT,
        "duty_of": _TEXT,
        "handoff_id": _TEXT,
        "passage": _INT,
        "turn": _INT,
        "owner": _TEXT,
        "state": _TEXT,
        "started_us": _US,
        "due_us": _US,
        "stopped_us": _US,
        "elapsed_us": _US,
    },
    "interactions": {
        "lead_id": _TEXT,
        "interaction": _TEXT,
        "asked": _INT,
        "passage": _INT,
        "happened_us": _US,
        "nature": _TEXT,
        "function": _TEXT,
        "direction": _TEXT,
        "channel": _TEXT,
        "asset": _TEXT,
        "message": _TEXT,
        "stage": _TEXT,
        "buying_stage": _TEXT,
    },
    "outcomes": {
        "lead_id": _TEXT,
        "opportunity_id": _TEXT,
        "outcome": _TEXT,
        "opened_us": _US,
        "closed_us": _US,
        "amount": _REAL,
        "reason": _TEXT,
        "precision": _TEXT,
    },
    "buying": {
        "lead_id": _TEXT,
        "buying_stage": _TEXT,
        "entered_us": _US,
        "evidence": _TEXT,
        "inferred": _FLAG,
    },
    "assets": {
        "asset_id": _TEXT,
        "type": _TEXT,
        "owner": _TEXT,
        "made_by": _TEXT,
        "message": _TEXT,
        "value_proposition": _TEXT,
        "available_from_us": _US,
        "available_until_us": _US,
        "registered": _FLAG,
    },
    "reasons": {"code": _TEXT, "category": _TEXT, "remedy_owner": _TEXT, "needs_attempts": _INT},
    "feedback": {
        "feedback_id": _TEXT,
        "lead_id": _TEXT,
        "subject": _TEXT,
        "about": _TEXT,
        "channel": _TEXT,
        "raised_by": _TEXT,
        "to_function": _TEXT,
        "raised_us": _US,
        "acknowledged_us": _US,
        "acted_us": _US,
        "told_us": _US,
        "asset": _TEXT,
    },
    "records": {
        "lead_id": _TEXT,
        "connection": _TEXT,
        "record": _TEXT,
        "kind": _TEXT,
        "function": _TEXT,
        "state": _TEXT,
        "successor": _TEXT,
        "how": _TEXT,
        "modified_us": _US,
        "source": _TEXT,
        "campaign": _TEXT,
        "country": _TEXT,
        "region": _TEXT,
        "industry": _TEXT,
    },
    "said": {
        "lead_id": _TEXT,
        "connection": _TEXT,
        "record": _TEXT,
        "axis": _TEXT,
        "value": _TEXT,
        "raw": _TEXT,
        "since_us": _US,
        "until_us": _US,
        "precision": _TEXT,
    },
    "buying_path": {"buying_stage": _TEXT, "step": _INT},
    "path": {"stage": _TEXT, "step": _INT},
}
"""Every table of a snapshot with its columns; ``lead_profile`` has one more for each attribute of the agreement.

``path`` is the success path and ``buying_path`` the buying stages, both counted from 0. ``assets`` holds those of the
agreement and, not registered, those that only interactions name; ``available_until_us`` is the instant after the last
day. ``leads.in_target``, ``role`` and ``ready`` are what the agreement says about the lead's present fields; without
fields they are ``NULL``. ``handoffs.transfers`` counts how often the owner changed after the first assignment,
``handoffs.promised`` the pieces of information that were due with the offer, ``present`` those that were there,
``missing`` those that were not; ``informed_us`` is when nothing was missing any more.
``handoffs.number`` counts the hand-offs of a lead, and ``turn`` (from 1) what happened to one of them, in order.
An assignment without an owner means that the lead was taken back. ``agreement`` is the version that a fact names (0:
it names none), and ``governance`` has a row for every instant from which a lead's facts name another one.
``interactions.asked`` counts the questions that the buyer asked in it. ``feedback.asset`` is what a request for content
led to.
``records`` and ``said`` are what each CRM shows of a lead, in snapshots that were read from CRMs: ``records.state`` is
live, deleted or merged, and ``how`` says how the record was recognised. A row of ``said`` is a value on an axis
(stage, status, decision, reason, buying_stage, or deal for what opportunities say) from ``since_us`` (``NULL``: nobody
knows) to ``until_us`` (``NULL``: it still stands); where ``value`` is ``NULL``, the crosswalk gives ``raw`` no meaning.
"""


def connect() -> DuckDBPyConnection:
    """A connection to an engine of its own, in memory, in UTC.

    Raises:
        AdapterMissing: when the extra is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise AdapterMissing("analytics needs one more package: pip install 'leadbridge[analytics]'") from None
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = true")
    return connection


def quoted(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_of(value: str) -> str:
    """A text as a SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def rows_of(connection: DuckDBPyConnection, sql: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Runs a query; one mapping a row, by column name."""
    cursor = connection.execute(sql, dict(values or {}))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def last_instant(connection: DuckDBPyConnection) -> int:
    """The last instant at which anything is recorded to have happened; 0 when nothing is."""
    happened = """
        select entered_us as us from entries
        union all select greatest(offered_us, routed_us, assigned_us, decided_us, informed_us) from handoffs
        union all select happened_us from interactions"""
    found: int = rows_of(connection, f"select coalesce(max(us), 0) as us from ({happened}) happened")[0]["us"]
    return found


def write_rows(
    connection: DuckDBPyConnection, path: Path, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]
) -> None:
    """Writes rows (one mapping each, absent means ``NULL``) as a Parquet file."""
    # Newline-delimited JSON is the fastest door into the engine that keeps blank and empty apart without pyarrow.
    with TemporaryDirectory() as scratch:
        file = Path(scratch) / "rows.ndjson"
        with file.open("wb") as out:
            out.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        types = ", ".join(f"{quoted(name)}: '{kind}'" for name, kind in columns.items())
        source = f"read_json({text_of(str(file))}, format = 'newline_delimited', columns = {{{types}}})"
        write_query(connection, path, f"select * from {source}" if file.stat().st_size else _empty(columns))


def write_query(connection: DuckDBPyConnection, path: Path, sql: str) -> None:
    """Writes what a query returns as a Parquet file."""
    connection.execute(f"copy ({sql}) to {text_of(str(path))} (format parquet, compression zstd)")


def _empty(columns: Mapping[str, str]) -> str:
    return f"select {', '.join(f'cast(null as {kind}) as {quoted(name)}' for name, kind in columns.items())} limit 0"
