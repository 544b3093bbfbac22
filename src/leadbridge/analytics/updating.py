"""A saved snapshot takes over the leads that changed; what it then holds is what a new snapshot of everybody would."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

from leadbridge.analytics.engine import TABLES, connect, rows_of, text_of, write_query, write_rows
from leadbridge.analytics.meta import Meta
from leadbridge.analytics.parts import LEAD_TABLES, Partition, key_of, publish, write_parts
from leadbridge.analytics.quality import findings
from leadbridge.analytics.storage import AGREED, create_views, files_of, reading
from leadbridge.errors import ConfigError, DataError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["UNSETTLED", "update_parts"]

UNSETTLED = """
select lead_id from clocks where stopped_us is null
union
select l.lead_id from leads l left join interactions i on i.lead_id = l.lead_id
where l.ready is not null and i.happened_us >= $since_us
order by lead_id"""
"""Leads that time alone may change: with a clock that has not stopped, or judged by interactions since an instant."""

_TERMS = ("agreement", "version", "path", "dimensions", "connections", "personal")
_TOUCHES = """
select count(*) > 0 as there from interactions i
where i.nature = 'person_to_person' and i.function in (select to_function from handoffs)"""


def update_parts(place: Path, kept: Meta, newer: Path, changes: Meta, gone: Collection[str]) -> None:
    """Rewrites the partitions of the leads of another snapshot, and of those that are gone.

    Raises:
        ConfigError: when the kept snapshot has no partitions.
        DataError: when the two were taken under different terms, or the other one earlier.
    """
    if not kept.parts:
        raise ConfigError(f"{place} has no partitions to update: save the snapshot with partition='month'")
    other = [name for name in _TERMS if getattr(kept, name) != getattr(changes, name)]
    if other:
        raise DataError(f"the changes differ in {' and '.join(other)}: take a snapshot of everybody, and save it there")
    if changes.now_us < kept.now_us:
        raise DataError("the changes are older than the snapshot: nothing was taken over")
    partition = cast(Partition, kept.partition)
    fresh = {table: f"select * from {reading(files_of(newer, table))}" for table in TABLES}
    with TemporaryDirectory() as scratch, connect() as connection:
        changed = Path(scratch) / "changed.parquet"
        _write_changed(connection, fresh, gone, changed)
        mine = _concerned(connection, place, kept, fresh["leads"], changed)
        rest = {key: part for key, part in kept.parts.items() if key not in {*mine, AGREED}}
        sources = {**fresh, **_together(place, {key: kept.parts[key] for key in mine}, fresh, changed)}
        sources["assets"] = _assets(place, rest, sources)
        parts = {**rest, **write_parts(place, sources, partition)}
        create_views(connection, place, parts)
        touches = {"touches"} if rows_of(connection, _TOUCHES)[0]["there"] else set[str]()
        found = tuple(findings(connection))
    recorded = (kept.recorded | changes.recorded) - {"touches"} | touches
    publish(
        place,
        replace(changes, recorded=recorded, findings=found, parts=parts, partition=partition, figures=kept.figures),
    )


def _write_changed(connection: DuckDBPyConnection, fresh: dict[str, str], gone: Iterable[str], file: Path) -> None:
    """Writes whose rows are replaced; ``NULL`` among them stands for what is about no lead."""
    write_rows(connection, file.with_name("gone.parquet"), {"lead_id": "VARCHAR"}, ({"lead_id": one} for one in gone))
    everybody = " union ".join(f"select lead_id from ({fresh[table]}) t" for table in LEAD_TABLES)
    write_query(connection, file, f"{everybody} union select lead_id from {reading([file.with_name('gone.parquet')])}")


def _concerned(connection: DuckDBPyConnection, place: Path, kept: Meta, leads: str, changed: Path) -> list[str]:
    """The partitions in which those leads stand, or will stand."""
    there = {part: key for key, part in kept.parts.items() if key != AGREED}
    mine = {
        row["part"]
        for row in rows_of(
            connection, f"select distinct {key_of(cast(Partition, kept.partition))} as part from ({leads}) l"
        )
    }
    for table in LEAD_TABLES:
        files = ", ".join(text_of(str(file)) for file in files_of(place, table, kept.parts))
        query = (
            f"select distinct filename from read_parquet([{files}], filename = true, union_by_name = true) t "
            f"where {_is_changed(changed)}"
        )
        mine |= {there[Path(row["filename"]).parent.name] for row in rows_of(connection, query)}
    return sorted(mine & set(there.values()))


def _together(place: Path, mine: dict[str, str], fresh: dict[str, str], changed: Path) -> dict[str, str]:
    """Of the concerned partitions, the rows of the other leads with the new rows."""
    if not mine:
        return {}
    return {
        table: f"select * from {reading(files_of(place, table, mine))} t where not {_is_changed(changed)} "
        f"union all by name {fresh[table]}"
        for table in LEAD_TABLES
    }


def _is_changed(changed: Path) -> str:
    return f"exists (select 1 from {reading([changed])} c where c.lead_id is not distinct from t.lead_id)"


def _assets(place: Path, rest: dict[str, str], sources: dict[str, str]) -> str:
    """Those of the agreement, and those that any interaction names."""
    interactions = f"select asset from ({sources['interactions']}) i"
    if rest:
        interactions += f" union all select asset from {reading(files_of(place, 'interactions', rest))}"
    seen = f"select distinct asset from ({interactions}) every"
    agreed = f"select * from ({sources['assets']}) a where registered"
    return (
        f"{agreed} union all by name select asset as asset_id, false as registered from ({seen}) s "
        f"where asset is not null and asset not in (select asset_id from ({agreed}) known)"
    )
