"""Tables from outside: CSV files and data frames become the table ``raw``, one text column for each role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import orjson

from leadbridge.analytics.engine import quoted, rows_of, text_of
from leadbridge.analytics.ingest import pick
from leadbridge.analytics.meta import Finding
from leadbridge.analytics.quality import plural
from leadbridge.errors import DataError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["columns_of", "read_files", "read_frame", "read_parquet"]


_ORPHAN = "make both exports of the same leads on the same day"
_FOOTER = r"^(Copyright \(c\) .*salesforce.*|Confidential Information - Do Not Distribute)$"
"""What Salesforce writes below a report, after a line with the name of the report."""


def read_files(
    connection: DuckDBPyConnection, files: Sequence[Path], columns: Mapping[str, str], encoding: str = "utf-8"
) -> list[Finding]:
    """Reads CSV files as ``raw``: the first lists the leads, each further one adds columns by the lead's id.

    Raises:
        DataError: for no file, a file that is not there or is no CSV, or a column that none has.
    """
    if not files:
        raise DataError("there is no file to read: give the path of a CSV file")
    headers = [_open(connection, number, file, encoding) for number, file in enumerate(files)]
    for file, header in zip(files, headers, strict=True):
        pick({"lead": columns["lead"]}, header, file.name)
    pick(
        columns, list(dict.fromkeys(name for header in headers for name in header)), " and ".join(f.name for f in files)
    )
    home = {role: next(k for k, header in enumerate(headers) if name in header) for role, name in columns.items()}
    found: list[Finding] = []
    for number, (file, header) in enumerate(zip(files, headers, strict=True)):
        found += _footer(connection, number, header, file.name)
    lead = quoted(columns["lead"])
    joins = ""
    for number in range(1, len(files)):
        found += _joinable(connection, number, lead, files[number].name)
        joins += (
            f" left join (select *, row_number() over (partition by {lead} order by n_) as copy_ from file{number})"
        )
        joins += f" f{number} on f{number}.{lead} = f0.{lead} and f{number}.copy_ = 1"
    picked = ", ".join(_text(f"f{home[role]}.{quoted(name)}", role) for role, name in columns.items())
    connection.execute(f"create table raw as select f0.n_ as n, {picked} from file0 f0{joins} order by f0.n_")
    return found


def read_parquet(connection: DuckDBPyConnection, path: Path, columns: Mapping[str, str]) -> list[Finding]:
    """Reads a Parquet file, or those that a pattern such as ``leads/*.parquet`` matches, as ``raw``.

    Raises:
        DataError: for a file that is not there or is no Parquet, or a column that it does not have.
    """
    import duckdb

    source = f"read_parquet({text_of(str(path))})"
    try:
        names = [row["column_name"] for row in rows_of(connection, f"describe select * from {source}")]
        pick(columns, names, path.name)
        picked = ", ".join(_text(f"cast({quoted(name)} as varchar)", role) for role, name in columns.items())
        connection.execute(f"create table raw as select row_number() over () as n, {picked} from {source} order by n")
    except duckdb.IOException:
        raise DataError(f"there is no file {path}: check the path") from None
    except duckdb.Error:
        raise DataError(f"{path.name} cannot be read as Parquet: for CSV use Snapshot.from_csv") from None
    return []


def columns_of(frame: Any, columns: Mapping[str, str]) -> dict[str, list[str | None]]:
    """The columns of a pandas or Polars frame by role, as text; missing values of every kind are ``None``.

    Raises:
        DataError: when it is no frame, or lacks a column.
    """
    names = getattr(frame, "columns", None)
    if names is None or not hasattr(frame, "__getitem__"):
        raise DataError(f"this is a {type(frame).__name__} and no data frame: give one of pandas or Polars")
    pick(columns, [str(name) for name in names], "the frame")
    return {role: [_value(value) for value in frame[name].to_list()] for role, name in columns.items()}


def read_frame(connection: DuckDBPyConnection, columns: Mapping[str, list[str | None]]) -> None:
    """Reads columns of texts as ``raw``."""

    def lines() -> Iterator[bytes]:
        roles = list(columns)
        for number, row in enumerate(zip(*columns.values(), strict=True), start=1):
            yield orjson.dumps({"n": number, **dict(zip(roles, row, strict=True))}, option=orjson.OPT_APPEND_NEWLINE)

    types = ", ".join(["n: 'BIGINT'", *(f"{quoted(role)}: 'VARCHAR'" for role in columns)])
    picked = ", ".join(_text(quoted(role), role) for role in columns)
    with TemporaryDirectory() as scratch:
        file = Path(scratch) / "frame.ndjson"
        with file.open("wb") as out:
            out.writelines(lines())
        source = f"read_json({text_of(str(file))}, format = 'newline_delimited', columns = {{{types}}})"
        if file.stat().st_size:
            connection.execute(f"create table raw as select n, {picked} from {source} order by n")
        else:
            names = ", ".join(f"{quoted(role)} varchar" for role in columns)
            connection.execute(f"create table raw (n bigint, {names})")


def _text(column: str, role: str) -> str:
    """Blank is ``NULL``, whatever it was written as."""
    return f"nullif(trim({column}), '') as {quoted(role)}"


def _open(connection: DuckDBPyConnection, number: int, file: Path, encoding: str) -> list[str]:
    import duckdb

    if not file.is_file():
        raise DataError(f"there is no file {file}: check the path")
    options = f"header = true, all_varchar = true, null_padding = true, encoding = {text_of(encoding)}"
    source = f"read_csv({text_of(str(file))}, {options})"
    try:
        connection.execute(f"create table file{number} as select *, row_number() over () as n_ from {source}")
    except duckdb.Error:
        raise DataError(
            f"{file.name} cannot be read as CSV in {encoding}: save it as comma-separated UTF-8 with a header line, or "
            "say encoding='latin-1'"
        ) from None
    names = [row["column_name"] for row in rows_of(connection, f"describe file{number}")]
    return [name for name in names if name != "n_"]


def _footer(connection: DuckDBPyConnection, number: int, header: Sequence[str], name: str) -> list[Finding]:
    """Takes out what stands below a report of Salesforce."""
    first = quoted(header[0])
    alone = " and ".join([f"{first} is not null", *(f"{quoted(each)} is null" for each in header[1:])])
    below = f"select n_ from file{number} where {alone} and regexp_matches({first}, {text_of(_FOOTER)})"
    title = f"n_ = (select min(n_) - 1 from ({below}) f) and {alone}"
    where = f"n_ >= (select min(n_) from ({below}) f) or ({title})"
    lines = rows_of(connection, f"select count(*) as n from file{number} where {where}")[0]["n"]
    if not lines:
        return []
    connection.execute(f"delete from file{number} where {where}")
    remedy = "export as details only, without a footer"
    return [Finding("footer", f"{plural(lines, 'line')} below the report in {name}: left out", lines, (), remedy)]


def _joinable(connection: DuckDBPyConnection, number: int, lead: str, name: str) -> list[Finding]:
    found: list[Finding] = []
    strange = rows_of(
        connection,
        f"select distinct {lead} as lead from file{number} where {lead} is not null "
        f"and {lead} not in (select {lead} from file0 where {lead} is not null) order by lead",
    )
    if strange:
        leads = tuple(row["lead"] for row in strange)
        found.append(
            Finding(
                "orphan",
                f"{plural(len(leads), 'lead')} of {name} not in the first file: left out",
                len(leads),
                leads,
                _ORPHAN,
            )
        )
    twice = rows_of(
        connection,
        f"select {lead} as lead, count(*) - 1 as extra from file{number} where {lead} is not null "
        "group by all having count(*) > 1 order by lead",
    )
    if twice:
        extra = sum(row["extra"] for row in twice)
        message = f"{plural(extra, 'row')} of {name} for a lead that was there already: the first row is kept"
        leads = tuple(row["lead"] for row in twice)
        found.append(Finding("duplicate", message, extra, leads, "export one row a lead"))
    return found


def _value(value: Any) -> str | None:
    # NaN and NaT are the values that differ from themselves; pandas' NA refuses to be asked.
    if value is None or type(value).__name__ in ("NAType", "NaTType") or value != value:  # noqa: PLR0124
        return None
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)
