"""Snapshots in partitions: the leads captured in a month (quarter, year) together, so that what is old stays as it is.

A partition is named after what it holds. Saving again, or taking over the leads that changed, writes those partitions
whose rows are others and leaves the rest alone; ``meta.json`` names the new set in one step at the end. Whoever stops
in between still has the old snapshot, and the next attempt goes on from the partitions that were finished.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from leadbridge.analytics.engine import TABLES, connect, quoted, rows_of, text_of, write_query
from leadbridge.analytics.figures import Figure, figures_home, keep_figures, told
from leadbridge.analytics.kept import AXES, steps_to_keep
from leadbridge.analytics.meta import Meta
from leadbridge.analytics.storage import AGREED, PARTS, files_of, reading
from leadbridge.domain.model import did_you_mean
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["LEAD_TABLES", "Partition", "key_of", "publish", "save_parts", "write_parts"]

Partition: TypeAlias = Literal["month", "quarter", "year"]
"""Which leads stand together: those captured in the same one. Leads without that instant have a partition too."""

_INSTANT = "make_timestamp(captured_us)"
_KEYS: Mapping[str, str] = {
    "month": f"strftime({_INSTANT}, '%Y-%m')",
    "quarter": f"concat(year({_INSTANT}), '-q', quarter({_INSTANT}))",
    "year": f"strftime({_INSTANT}, '%Y')",
}
_NONE = "none"
LEAD_TABLES: Mapping[str, str | None] = {
    table: next((column for column in columns if column.endswith("_us")), None)
    for table, columns in TABLES.items()
    if "lead_id" in columns
}
"""The tables of leads, and the time by which the rows of a lead stand in order."""


def key_of(partition: Partition) -> str:
    """The SQL that tells the partition of a row of ``leads``."""
    return f"coalesce({_KEYS[partition]}, '{_NONE}')"


def save_parts(directory: Path, meta: Meta, place: Path, partition: Partition, figures: Iterable[Figure]) -> None:
    """Writes the snapshot of a directory into another one, in partitions, and answers its figures.

    Raises:
        ConfigError: for an unknown partition.
    """
    if partition not in get_args(Partition):
        raise ConfigError(f"{partition!r} is no partition: {did_you_mean(partition, get_args(Partition))}")
    sources = {table: f"select * from {reading(files_of(directory, table))}" for table in TABLES}
    parts = write_parts(place, sources, partition)
    publish(place, replace(meta, parts=parts, partition=partition, figures=told(figures)))


def write_parts(place: Path, sources: Mapping[str, str], partition: Partition) -> dict[str, str]:
    """Writes what queries give, one for every table, as partitions; gives the name of the directory of each."""
    home = place / PARTS
    home.mkdir(parents=True, exist_ok=True)
    for left in home.glob(".*"):
        shutil.rmtree(left)  # what an attempt was writing when it was stopped
    with _scratch(home) as connection:
        parts = {part: _write_part(connection, home, part) for part in _gather(connection, sources, partition)}
        return {**parts, AGREED: _write_agreed(connection, home, sources)}


def publish(place: Path, meta: Meta) -> None:
    """Makes the partitions of ``meta`` the snapshot, in one step, and takes away what nobody reads any more."""
    there = place / "meta.json"
    # Whoever opened the snapshot before may still be reading: what has just been replaced goes the next time.
    used = {*_used(place, meta), *(_used(place, Meta.load(there)) if there.exists() else ())}
    keep_figures(place, meta)
    meta.save(place / ".meta.json")
    (place / ".meta.json").replace(there)
    for old in (place / PARTS).iterdir():
        if old.name not in used:
            shutil.rmtree(old)


def _used(place: Path, meta: Meta) -> list[str]:
    home = figures_home(place, meta)
    return [*meta.parts.values(), *([home.name] if home is not None else ())]


@contextmanager
def _scratch(home: Path) -> Iterator[DuckDBPyConnection]:
    """An engine with a database on disk: what is sorted may be larger than memory."""
    with TemporaryDirectory(prefix=".", dir=home) as folder, connect() as connection:
        connection.execute(f"attach {text_of(f'{folder}/rows.duckdb')} as gathered; use gathered")
        connection.execute(f"set temp_directory = {text_of(folder)}")
        yield connection


def _gather(connection: DuckDBPyConnection, sources: Mapping[str, str], partition: Partition) -> list[str]:
    """Puts the rows of leads into tables, by partition, lead and time; gives the partitions."""
    homes = f"select lead_id, min({key_of(partition)}) as part"
    connection.execute(f"create table homes as {homes} from ({sources['leads']}) l group by 1")
    for table, time in LEAD_TABLES.items():
        connection.execute(
            f"create table {table} as select coalesce(h.part, '{_NONE}') as part, t.* from ({sources[table]}) t "
            f"left join homes h on h.lead_id = t.lead_id order by 1, t.lead_id{f', t.{time}' if time else ''}"
        )
    everywhere = " union ".join(f"select part from {table}" for table in LEAD_TABLES)
    for axis in AXES:
        connection.execute(f"create table {axis} as {sources[axis]}")
    return [row["part"] for row in rows_of(connection, f"{everywhere} order by part")]


def _write_part(connection: DuckDBPyConnection, home: Path, part: str) -> str:
    """Writes a partition, unless it is there already; gives the name of its directory."""
    mine = {
        table: f"select * exclude (part) from gathered.{table} where part = {text_of(part)}" for table in LEAD_TABLES
    }
    axes = {axis: f"select * from gathered.{axis}" for axis in AXES}
    name = f"{part}.{_digest(connection, mine | axes, steps_to_keep())}"
    if (home / name).exists():
        return name
    with TemporaryDirectory(prefix=".", dir=home) as folder:
        begun = Path(folder) / name
        begun.mkdir()
        for table, query in mine.items():
            write_query(connection, begun / f"{table}.parquet", query)
        connection.execute("create or replace schema memory.one; use memory.one")
        for table in LEAD_TABLES:
            file = text_of(str(begun / f"{table}.parquet"))
            connection.execute(f"create view {table} as select * from read_parquet({file})")
        for axis, query in axes.items():
            connection.execute(f"create view {axis} as {query}")
        for table, query in steps_to_keep().items():
            ordered = f"select * from ({query}) kept order by {_order(connection, query)}"
            write_query(connection, begun / f"{table}.parquet", ordered)
        connection.execute("use gathered; drop schema memory.one cascade")
        begun.rename(home / name)
    return name


def _order(connection: DuckDBPyConnection, query: str) -> str:
    """By lead, and by stage before that: metrics ask for one or two stages, and what lies together is read fast."""
    there = [row["column_name"] for row in rows_of(connection, f"describe {query}")]
    return ", ".join(name for name in ("from_stage", "stage", "lead_id") if name in there)


def _write_agreed(connection: DuckDBPyConnection, home: Path, sources: Mapping[str, str]) -> str:
    """Writes the tables that are of no lead."""
    rest = {table: sources[table] for table in TABLES if table not in LEAD_TABLES}
    name = f"{AGREED}.{_digest(connection, rest, ())}"
    if not (home / name).exists():
        with TemporaryDirectory(prefix=".", dir=home) as folder:
            begun = Path(folder) / name
            begun.mkdir()
            for table, query in rest.items():
                write_query(connection, begun / f"{table}.parquet", query)
            begun.rename(home / name)
    return name


def _digest(connection: DuckDBPyConnection, tables: Mapping[str, str], more: Collection[str]) -> str:
    """A name for the rows of some tables, whatever their order."""
    found = blake2b(repr(sorted(more)).encode(), digest_size=6)
    for table, query in tables.items():
        sums = f"select count(*) as n, sum(hash(t)::hugeint) as rows from ({query}) t"
        names = [row["column_name"] for row in rows_of(connection, f"describe {query}")]
        found.update(f"{quoted(table)}{names}{rows_of(connection, sums)}".encode())
    return found.hexdigest()
