"""The table ``lead_profile`` of a snapshot, and definitions judged for all its leads at once.

``lead_profile`` is one row a lead, what criteria look at:

==================================  ================================================================================
``lead_id``                         the lead
``lead_<field>``                    its fields: title, country, region, source, campaign, owner, opted_out,
                                    external_id, score; an attribute of the agreement is a field too
``lead_email``, ``lead_phone``      who it is: only whether it is known, as ``(given)``, unless the snapshot was taken
``lead_first_name``, ``_last_name`` with ``personal=True``
``lead_captured_at_us``             when it came into being, in microseconds
``lead_stage``, ``lead_status``     where it stands, from its history; also ``lead_buying_stage``, ``lead_decision``
                                    and ``lead_reason``
``company_<field>``                 its company: name, domain, industry, employees, country, region
==================================  ================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadbridge.analytics.engine import PROFILE_KINDS, quoted, rows_of, text_of, write_rows
from leadbridge.clock import from_us, to_us
from leadbridge.domain.criteria import Criterion, Rule
from leadbridge.domain.criteria.closures import FieldType
from leadbridge.domain.criteria.names import PROFILE_TYPES, column_of, columns_of, window_of
from leadbridge.domain.criteria.profile import read_value, standing_fields, value_of
from leadbridge.domain.criteria.sql import criterion_columns, judge_sql
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.model import did_you_mean, listing
from leadbridge.domain.show import PERSONAL, html_table
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from leadbridge.agreement import Agreement
    from leadbridge.analytics.snapshot import Snapshot

__all__ = ["GIVEN", "Readiness", "judge_all", "profile_columns", "profile_rows", "types_of", "write_export_profile"]

GIVEN = "(given)"
"""What a personal column holds instead of the value."""

Row = dict[str, Any]


def types_of(agreement: Agreement | None) -> Mapping[str, FieldType]:
    """The names of the profile under an agreement."""
    return PROFILE_TYPES if agreement is None else agreement.types


def profile_columns(types: Mapping[str, FieldType]) -> dict[str, str]:
    """The columns of ``lead_profile`` with their SQL types."""
    return {"lead_id": "VARCHAR"} | {column: PROFILE_KINDS[types[name]] for name, column in columns_of(types).items()}


def profile_rows(
    many: Iterable[LeadHistory],
    profiles: Mapping[str, Mapping[str, object]],
    types: Mapping[str, FieldType],
    *,
    personal: bool,
) -> Iterator[Row]:
    """The rows of ``lead_profile``.

    Args:
        profiles: flat canonical fields by lead id; a lead without any has what its history says.
        personal: whether names, addresses and telephone numbers are kept.
    """
    for history in many:
        yield _row(history.lead, standing_fields([profiles.get(history.lead, {})], history), types, personal)


def write_export_profile(
    connection: DuckDBPyConnection,
    place: Path,
    columns: Mapping[str, str],
    types: Mapping[str, FieldType],
    *,
    personal: bool,
) -> None:
    """Writes ``lead_profile`` from an export: the table ``raw`` and the stage entries that were made of it.

    Args:
        columns: the roles of the export, see :mod:`leadbridge.analytics.ingest`.
    """
    given = [role for role in ("source", "captured_us", "decision", "reason") if role.split("_")[0] in columns]
    named = [role for role in columns if role in types]
    picked = ", ".join(f"r.{quoted(role)}" for role in [*given, *named])
    entries = f"read_parquet({text_of(str(place / 'entries.parquet'))})"
    rows = rows_of(
        connection,
        f"select r.lead as lead_id, e.stage as stage{', ' if picked else ''}{picked} from raw r "
        f"left join {entries} e on e.lead_id = r.lead and e.left_us is null order by r.lead",
    )
    write_rows(connection, place / "lead_profile.parquet", profile_columns(types), _export_rows(rows, types, personal))


def _export_rows(rows: Iterable[Row], types: Mapping[str, FieldType], personal: bool) -> Iterator[Row]:
    for row in rows:
        lead = row.pop("lead_id")
        captured = row.pop("captured_us", None)
        fields: dict[str, object] = {} if captured is None else {"captured_at": from_us(captured)}
        values = {name: row.pop(name) for name in list(row) if name in types}
        yield _row(lead, fields | row, types, personal, values)


def _row(
    lead: str,
    fields: Mapping[str, object],
    types: Mapping[str, FieldType],
    personal: bool,
    named: Mapping[str, object] | None = None,
) -> Row:
    """One row; ``named`` are values by profile name, which win over the flat fields."""
    row: Row = {"lead_id": lead}
    for name, type_ in types.items():
        value = value_of(fields, name, type_)
        if named and named.get(name) is not None:
            value = read_value(named[name], name, type_)
        if value is None:
            continue
        if isinstance(value, datetime):
            value = to_us(value)
        elif isinstance(value, str):
            hidden = not personal and name.removeprefix("lead.") in PERSONAL
            # What no text can hold (half of a pair of surrogates) would stop the whole table.
            value = GIVEN if hidden else value.encode("utf-8", "replace").decode()
        row[column_of(name, type_)] = value
    return row


# -- judging all leads -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Readiness:
    """How many leads meet a definition, and each of its criteria.

    Attributes:
        definition: its name.
        leads: how many were judged; ``ready``, ``not_ready`` and ``unknown`` add up to it.
        rows: one mapping a criterion: ``criterion``, ``met``, ``failed``, ``unknown``, ``when``, ``why``.
        agreement: the standing of the agreement that it was judged under.
        sql: the query that judges each lead; its parameter is ``now_us``, for :meth:`Snapshot.sql`.
    """

    definition: str
    leads: int
    ready: int
    not_ready: int
    unknown: int
    rows: tuple[Mapping[str, Any], ...]
    agreement: str
    sql: str = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the query, as JSON values."""
        names = ("definition", "leads", "ready", "not_ready", "unknown", "agreement")
        return {name: getattr(self, name) for name in names} | {"rows": [dict(row) for row in self.rows]}

    def __str__(self) -> str:
        lines = [
            f"  {row['criterion']}: {row['met']:,} met, {row['failed']:,} failed, {row['unknown']:,} unknown"
            for row in self.rows
        ]
        return "\n".join([self._headline(), *lines, f"  {self.agreement}"])

    def _repr_html_(self) -> str:
        names = ("criterion", "met", "failed", "unknown")
        rows = [(*(row[name] for name in names), row["why"] or row["when"]) for row in self.rows]
        return html_table(f"{self._headline()} · {self.agreement}", (*names, "what"), rows)

    def _headline(self) -> str:
        return (
            f"{self.definition}: {self.ready:,} of {self.leads:,} leads, {self.not_ready:,} not, "
            f"{self.unknown:,} cannot be said yet"
        )


def judge_all(snapshot: Snapshot, agreement: Agreement, definition: str | None) -> Readiness:
    """See :meth:`Snapshot.readiness`."""
    name = definition or agreement.handoff.definition or next(iter(agreement.definitions), None)
    if name is None:
        raise ConfigError("this agreement defines nothing to be ready for: add definitions.sales_ready")
    if name not in agreement.rules:
        raise ConfigError(f"unknown definition {name}: {did_you_mean(name, agreement.definitions)}")
    criteria = agreement.rules[name]
    _refuse_unreadable(snapshot, criteria)
    query = judge_sql(criteria)
    columns = criterion_columns(criteria)
    counts = [
        f"coalesce(sum(case when {test} then 1 else 0 end), 0) as n{number}_{word}"
        for number, one in enumerate([*columns, "ok"])
        for word, test in (("met", quoted(one)), ("failed", f"not {quoted(one)}"))
    ]
    (found,) = snapshot.sql(
        f"select count(*) as leads, {', '.join(counts)} from ({query}) judged", _parameters(snapshot, criteria)
    )
    leads = int(found["leads"])

    def three(number: int) -> tuple[int, int, int]:
        met, failed = int(found[f"n{number}_met"]), int(found[f"n{number}_failed"])
        return met, failed, leads - met - failed

    rows = [
        dict(zip(("met", "failed", "unknown"), three(number), strict=True))
        | {"criterion": criterion.id, "when": criterion.when, "why": criterion.why}
        for number, (criterion, _) in enumerate(criteria)
    ]
    return Readiness(name, leads, *three(len(columns)), tuple(rows), agreement.standing(snapshot.now.date()), query)


def _parameters(snapshot: Snapshot, criteria: Iterable[tuple[Criterion, Rule]]) -> dict[str, int]:
    # The engine refuses a parameter that a query does not name.
    counts = any(window_of(name) for _, rule in criteria for name in rule.names)
    return {"now_us": snapshot.meta.now_us} if counts else {}


def _refuse_unreadable(snapshot: Snapshot, criteria: Iterable[tuple[Criterion, Rule]]) -> None:
    """Refuses criteria about what the snapshot does not hold, or holds hidden."""
    there = {row["column_name"]: row["column_type"] for row in snapshot.sql("describe lead_profile")}
    for criterion, rule in criteria:
        wanted = {name: rule.types[name] for name in rule.names if window_of(name) is None}
        lacking = [n for n, kind in wanted.items() if there.get(column_of(n, kind)) != PROFILE_KINDS[kind]]
        if lacking:
            raise ConfigError(
                f"criterion {criterion.id} looks at {listing(lacking)}, which this snapshot does not hold: take a new "
                "one under this agreement, with agreement=... and the leads' fields"
            )
        hidden = sorted(name for name in rule.read if name.removeprefix("lead.") in PERSONAL)
        if hidden and not snapshot.meta.personal:
            raise ConfigError(
                f"criterion {criterion.id} looks at {listing(hidden)}, and this snapshot only knows whether it was "
                "given: take one with personal=True, or ask only whether it is null"
            )
