"""Snapshots from tables that people have: CSV and Parquet files, and data frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

from leadbridge.analytics.agreed import agreed_recorded, agreed_rows, assumptions_of
from leadbridge.analytics.dates import Dates
from leadbridge.analytics.engine import TABLES, connect, write_rows
from leadbridge.analytics.event_log import check_log_roles, load_log, log_path
from leadbridge.analytics.frames import columns_of, read_files, read_frame, read_parquet
from leadbridge.analytics.ingest import check_roles, dimensions_of, load, path_of
from leadbridge.analytics.meta import Finding, Meta
from leadbridge.analytics.place import place_for
from leadbridge.analytics.profile import types_of, write_export_profile
from leadbridge.analytics.terms import terms
from leadbridge.clock import SystemClock, to_us

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from leadbridge.agreement import Agreement

__all__ = ["Exports", "Frame"]

Words: TypeAlias = Mapping[str, Mapping[str, str]]


class Frame(Protocol):
    """A data frame of pandas or Polars: its column names, and a column by its name."""

    @property
    def columns(self) -> Any: ...

    def __getitem__(self, name: str, /) -> Any: ...


class Exports(ABC):
    """The ways to make a snapshot of a table with a row a lead; :class:`Snapshot` has them all."""

    @classmethod
    def from_csv(
        cls,
        path: str | Path | Sequence[str | Path],
        *,
        columns: Mapping[str, str],
        values: Words | None = None,
        formats: Mapping[str, str] | str = "",
        zone: str = "UTC",
        encoding: str = "utf-8",
        agreement: Agreement | None = None,
        personal: bool = False,
        now: datetime | None = None,
        directory: str | Path | None = None,
    ) -> Self:
        """An export without any CRM: a CSV file with a row a lead, or a row for each stage that a lead entered.

        Commas, semicolons, tabs and a byte-order mark are recognised; what Salesforce writes below a report is left
        out.

        Args:
            path: the file; of several, the first lists the leads and the others add columns to them, joined by the
                column that identifies a lead.
            columns: which column plays which role, see :mod:`leadbridge.analytics.ingest`.
            values: what words in a column mean, such as ``{"decision": {"Junk": "reject"}}``.
            formats: how times are written where they are not ISO 8601, such as ``"%d.%m.%Y %H:%M"``: for all columns,
                or by role.
            zone: the time zone of times that carry none, such as ``"Europe/Berlin"``: CRMs export in that of the
                account or of whoever exports.
            encoding: of the files, such as ``"latin-1"``.
            agreement: gives the success path; without one it is the stages in the order of ``columns``.
            personal: whether names, addresses and telephone numbers are kept, when ``columns`` has them.
            now: the instant of the export; without it, the last instant in the data that is not in the future.
            directory: where the snapshot is kept; without it, in a temporary directory.

        Raises:
            DataError: for a file or column that is not there or does not hold what its role needs, and for days such
                as 03/04/2026 without a format.
        """
        dates = Dates.of(formats, zone, columns)
        check_roles(columns, types_of(agreement))
        files = [Path(path)] if isinstance(path, (str, Path)) else [Path(one) for one in path]

        def read(connection: DuckDBPyConnection) -> list[Finding]:
            return read_files(connection, files, columns, encoding)

        return cls._loaded(read, columns, values or {}, dates, agreement, personal, now, directory)

    @classmethod
    def from_parquet(
        cls,
        path: str | Path,
        *,
        columns: Mapping[str, str],
        values: Words | None = None,
        formats: Mapping[str, str] | str = "",
        zone: str = "UTC",
        agreement: Agreement | None = None,
        personal: bool = False,
        now: datetime | None = None,
        directory: str | Path | None = None,
    ) -> Self:
        """A Parquet file with a row a lead, or several of one shape (``leads/*.parquet``); else as :meth:`from_csv`.

        Columns of dates and timestamps keep their type: a timestamp without a zone is in ``zone``.

        Raises:
            DataError: for a file or column that is not there or does not hold what its role needs.
        """
        dates = Dates.of(formats, zone, columns)
        check_roles(columns, types_of(agreement))

        def read(connection: DuckDBPyConnection) -> list[Finding]:
            return read_parquet(connection, Path(path), columns)

        return cls._loaded(read, columns, values or {}, dates, agreement, personal, now, directory)

    @classmethod
    def from_dataframe(
        cls,
        frame: Frame,
        *,
        columns: Mapping[str, str],
        values: Words | None = None,
        formats: Mapping[str, str] | str = "",
        zone: str = "UTC",
        agreement: Agreement | None = None,
        personal: bool = False,
        now: datetime | None = None,
        directory: str | Path | None = None,
    ) -> Self:
        """A pandas or Polars frame with a row a lead; everything else is as in :meth:`from_csv`.

        Raises:
            DataError: for a column that is not there or does not hold what its role needs.
        """
        dates = Dates.of(formats, zone, columns)
        check_roles(columns, types_of(agreement))

        def read(connection: DuckDBPyConnection) -> list[Finding]:
            read_frame(connection, columns_of(frame, columns))
            return []

        return cls._loaded(read, columns, values or {}, dates, agreement, personal, now, directory)

    @classmethod
    def from_log(
        cls,
        path: str | Path,
        *,
        columns: Mapping[str, str],
        values: Words | None = None,
        formats: Mapping[str, str] | str = "",
        zone: str = "UTC",
        encoding: str = "utf-8",
        agreement: Agreement | None = None,
        now: datetime | None = None,
        directory: str | Path | None = None,
    ) -> Self:
        """An event log without any CRM: a CSV file with a row for every change of a stage.

        Args:
            path: the file.
            columns: which column is the ``lead``, the ``stage`` it entered and when it was ``entered``; ``source`` and
                ``by:<name>``, where there are any. See :mod:`leadbridge.analytics.event_log`.
            values: what stages are called in the log, such as ``{"stage": {"Closed - Converted": "won"}}``.
            formats: as in :meth:`from_csv`.
            zone: as in :meth:`from_csv`.
            encoding: as in :meth:`from_csv`.
            agreement: gives the success path; without one, it is the order in which leads come to the stages as a rule.
            now: the instant of the export; without it, the last instant in the data.
            directory: where the snapshot is kept; without it, in a temporary directory.

        Raises:
            DataError: for a file or column that is not there or does not hold what its role needs.
        """
        check_log_roles(columns)
        dates = Dates.of(formats, zone, columns)
        latest = now if now is not None else SystemClock().now()
        with connect() as connection, place_for(directory) as (place, temporary):
            found = read_files(connection, [Path(path)], columns, encoding)
            found += load_log(connection, place, columns, (values or {}).get("stage", {}), dates, latest)
            types = types_of(agreement)
            write_export_profile(connection, place, {"lead": columns["lead"]}, types, personal=False)
            agreed = agreed_rows(agreement, ())
            for name, rows in agreed.items():
                write_rows(connection, place / f"{name}.parquet", TABLES[name], rows)
            meta = Meta(
                now_us=to_us(now) if now is not None else -1,
                path=agreement.lifecycle.success_path if agreement is not None else log_path(connection),
                recorded=frozenset({"stages"}) | agreed_recorded({**agreed, "leads": []}),
                **terms(agreement),
                dimensions=dimensions_of(columns),
                assumptions=assumptions_of(agreement),
            )
            return cls._finished(place, meta, temporary, found)

    @classmethod
    def _loaded(
        cls,
        read: Callable[[DuckDBPyConnection], list[Finding]],
        columns: Mapping[str, str],
        values: Words,
        dates: Dates,
        agreement: Agreement | None,
        personal: bool,
        now: datetime | None,
        directory: str | Path | None,
    ) -> Self:
        """The snapshot of a table ``raw``, which ``read`` fills."""
        path = agreement.lifecycle.success_path if agreement is not None else path_of(columns, values)
        latest = now if now is not None else SystemClock().now()
        with connect() as connection, place_for(directory) as (place, temporary):
            found = read(connection)
            more, has = load(connection, place, columns, values, path, dates, latest)
            write_export_profile(connection, place, columns, types_of(agreement), personal=personal)
            agreed = agreed_rows(agreement, ())
            for name, rows in agreed.items():
                write_rows(connection, place / f"{name}.parquet", TABLES[name], rows)
            meta = Meta(
                now_us=to_us(now) if now is not None else -1,
                path=path,
                recorded=has | agreed_recorded({**agreed, "leads": []}),
                **terms(agreement),
                dimensions=dimensions_of(columns),
                personal=personal,
                assumptions=assumptions_of(agreement),
            )
            return cls._finished(place, meta, temporary, [*found, *more])

    @classmethod
    @abstractmethod
    def _finished(cls, place: Path, meta: Meta, temporary: bool, found: list[Finding]) -> Self:
        """Writes the success path, looks at the quality, and settles the instant."""
