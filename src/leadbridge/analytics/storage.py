"""Where the tables of a snapshot are: one Parquet file each, or one in every partition; and the views that read them.

A snapshot in partitions has, beside ``meta.json``, a directory ``parts`` with one directory for each of ``meta.parts``:
every partition holds the rows of its leads in all tables and in the kept steps (:mod:`leadbridge.analytics.kept`),
sorted by lead and time; the partition ``agreed`` holds what is of no lead.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from leadbridge.analytics.engine import TABLES, quoted, text_of
from leadbridge.analytics.kept import steps_to_keep
from leadbridge.analytics.meta import Meta
from leadbridge.errors import DataError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["AGREED", "PARTS", "create_views", "files_of", "kept_files", "reading"]

PARTS = "parts"
"""The directory of the partitions."""

AGREED = "agreed"
"""The partition of the tables that are of no lead."""


def files_of(place: Path, table: str, parts: Mapping[str, str] | None = None) -> list[Path]:
    """The Parquet files of a table; without ``parts``, those of which ``meta.json`` tells.

    Raises:
        DataError: when there is none.
    """
    whole = place / f"{table}.parquet"
    if parts is None:
        parts = Meta.load(place / "meta.json").parts if (place / "meta.json").exists() else {}
    if not parts and whole.exists():
        return [whole]
    found = [file for part in parts.values() if (file := place / PARTS / part / f"{table}.parquet").exists()]
    if not found:
        raise DataError(f"{place} has no {table}.parquet: it is of an older leadbridge, take a new snapshot")
    return found


def reading(files: list[Path]) -> str:
    """What stands after ``from`` to read files as one table."""
    return f"read_parquet([{', '.join(text_of(str(file)) for file in files)}], union_by_name = true)"


def kept_files(place: Path, parts: Mapping[str, str]) -> Mapping[str, list[Path]]:
    """The files of each step that every partition keeps."""
    leads = [place / PARTS / part for key, part in parts.items() if key != AGREED]
    found = {table: [part / f"{table}.parquet" for part in leads] for table in steps_to_keep()}
    return {table: files for table, files in found.items() if files and all(file.exists() for file in files)}


def create_views(connection: DuckDBPyConnection, place: Path, parts: Mapping[str, str]) -> frozenset[str]:
    """Makes a view of every table, and in the schema ``kept`` of every kept step; gives the names of those.

    Raises:
        DataError: when a table is missing.
    """
    for name in TABLES:
        connection.execute(f"create view {quoted(name)} as select * from {reading(files_of(place, name, parts))}")
    kept = kept_files(place, parts)
    if kept:
        connection.execute("create schema kept; set parquet_metadata_cache = true")
    for name, files in kept.items():
        connection.execute(f"create view kept.{quoted(name)} as select * from {reading(files)}")
    return frozenset(kept)
