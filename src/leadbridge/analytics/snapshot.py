"""A snapshot: the ledger (or an export) as Parquet files at one instant, ready for metrics.

>>> snapshot = Snapshot.from_csv("leads.csv", columns={"lead": "id", "captured": "created", "stage:won": "won_on"})
>>> snapshot.metrics.funnel().rows
>>> print(snapshot.quality)
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self
from weakref import finalize

from leadbridge.analytics.agreed import LeadStanding, agreed_recorded, agreed_rows, assumptions_of, stand, stand_all
from leadbridge.analytics.engine import TABLES, connect, last_instant, quoted, rows_of, write_rows
from leadbridge.analytics.flatten import clock_rows, histories, recorded, table_rows
from leadbridge.analytics.frames import columns_of, read_files, read_frame
from leadbridge.analytics.ingest import check_roles, dimensions_of, load, path_of
from leadbridge.analytics.kept import from_kept
from leadbridge.analytics.measures import Metrics
from leadbridge.analytics.measuring import horizon_us
from leadbridge.analytics.meta import Finding, Meta, Quality
from leadbridge.analytics.parts import Partition, save_parts
from leadbridge.analytics.profile import (
    Readiness,
    judge_all,
    profile_columns,
    profile_rows,
    types_of,
    write_export_profile,
)
from leadbridge.analytics.quality import findings
from leadbridge.analytics.replay import Replay, replay_snapshot
from leadbridge.analytics.scorecard import Scorecard
from leadbridge.analytics.storage import create_views
from leadbridge.analytics.terms import terms
from leadbridge.analytics.updating import UNSETTLED, update_parts
from leadbridge.analytics.whatif import what_if_of_tables
from leadbridge.clock import from_us, to_us
from leadbridge.domain.facts import Fact
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.lifecycle import SPINE
from leadbridge.domain.show import html_table
from leadbridge.domain.sla import SLAClock

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from leadbridge.agreement import Agreement, Agreements
    from leadbridge.analytics.comparison import Comparison

__all__ = ["Frame", "Snapshot"]


class Frame(Protocol):
    """A data frame of pandas or Polars: its column names, and a column by its name."""

    @property
    def columns(self) -> Any: ...

    def __getitem__(self, name: str, /) -> Any: ...


class Snapshot:
    """Tables of leads, stage entries, hand-offs, clocks, interactions and outcomes, as they stood at ``now``.

    Make one with :meth:`from_facts`, :meth:`from_csv` or :meth:`from_dataframe`; :meth:`open` reads a saved one. A
    snapshot that was not saved lives in a temporary directory until it is closed or forgotten.
    """

    def __init__(self, directory: Path, meta: Meta, temporary: bool = False) -> None:
        self.directory = directory
        self.meta = meta
        # A finaliser and not __del__: it also runs at the end of the program, and nobody is warned about forgetting.
        self._remove = finalize(self, shutil.rmtree, directory, ignore_errors=True) if temporary else None
        self._connection: DuckDBPyConnection | None = None
        self._kept: frozenset[str] = frozenset()
        self._lock = Lock()

    # -- making one -------------------------------------------------------------------------------------------------

    @classmethod
    def from_facts(
        cls,
        facts: Iterable[Fact],
        *,
        agreement: Agreement | None = None,
        clocks: Iterable[SLAClock] = (),
        standings: Mapping[str, LeadStanding] | None = None,
        profiles: Mapping[str, Mapping[str, object]] | None = None,
        personal: bool = False,
        now: datetime,
        directory: str | Path | None = None,
    ) -> Snapshot:
        """The ledger as of ``now``: facts of any number of leads, in any order; later ones are left out.

        ``agreement`` gives the success path and stands beside every number; without one the canonical path is used.
        ``standings`` say of each lead, by id, whether it is in the target market and ready, and its buying role;
        without them the agreement says it of the leads in ``profiles``.
        ``profiles`` are flat canonical fields (``company``, ``employees``, ``title`` ...) by lead id, for
        ``lead_profile`` and :meth:`readiness`; names, addresses and telephone numbers are kept only with ``personal``.
        """
        return cls.from_histories(
            histories(facts, now),
            agreement=agreement,
            clocks=clocks,
            standings=standings,
            profiles=profiles,
            personal=personal,
            now=now,
            directory=directory,
        )

    @classmethod
    def from_histories(
        cls,
        many: Iterable[LeadHistory],
        *,
        agreement: Agreement | None = None,
        clocks: Iterable[SLAClock] = (),
        standings: Mapping[str, LeadStanding] | None = None,
        profiles: Mapping[str, Mapping[str, object]] | None = None,
        personal: bool = False,
        now: datetime,
        directory: str | Path | None = None,
    ) -> Snapshot:
        """Like :meth:`from_facts`, from histories that are folded already."""
        many = list(many)
        types = types_of(agreement)
        tables = dict(table_rows(many))
        tables["lead_profile"] = list(profile_rows(many, profiles or {}, types, personal=personal))
        tables["clocks"] = list(clock_rows(clocks))
        tables |= agreed_rows(agreement, tables["interactions"])
        if standings is None and agreement is not None and profiles:
            standings = stand_all(agreement, many, profiles, now)
        stand(tables["leads"], standings or {})
        path = agreement.lifecycle.success_path if agreement is not None else SPINE
        meta = Meta(
            now_us=to_us(now),
            path=path,
            recorded=recorded(tables, clocks=bool(tables["clocks"])) | agreed_recorded(tables),
            **terms(agreement),
            personal=personal,
            assumptions=assumptions_of(agreement),
        )
        with _place(directory) as (place, temporary):
            with connect() as connection:
                for name, rows in tables.items():
                    columns = profile_columns(types) if name == "lead_profile" else TABLES[name]
                    write_rows(connection, place / f"{name}.parquet", columns, rows)
            return cls._finished(place, meta, temporary, [])

    @classmethod
    def from_csv(
        cls,
        path: str | Path | Sequence[str | Path],
        *,
        columns: Mapping[str, str],
        values: Mapping[str, Mapping[str, str]] | None = None,
        agreement: Agreement | None = None,
        personal: bool = False,
        now: datetime | None = None,
        directory: str | Path | None = None,
    ) -> Snapshot:
        """An export without any CRM: a CSV file with a row a lead.

        Args:
            path: the file; of several, the first lists the leads and the others add columns to them, joined by the
                column that identifies a lead.
            columns: which column plays which role, see :mod:`leadbridge.analytics.ingest`.
            values: what words in a column mean, such as ``{"decision": {"Junk": "reject"}}``.
            agreement: gives the success path; without one it is the stages in the order of ``columns``.
            personal: whether names, addresses and telephone numbers are kept, when ``columns`` has them.
            now: the instant of the export; without it, the last instant in the data.
            directory: where the snapshot is kept; without it, in a temporary directory.

        Raises:
            DataError: for a file or column that is not there or does not hold what its role needs.
        """
        check_roles(columns, types_of(agreement))
        files = [Path(path)] if isinstance(path, (str, Path)) else [Path(one) for one in path]
        with connect() as connection:
            found = read_files(connection, files, columns)
            return cls._loaded(connection, columns, values or {}, agreement, personal, now, directory, found)

    @classmethod
    def from_dataframe(
        cls,
        frame: Frame,
        *,
        columns: Mapping[str, str],
        values: Mapping[str, Mapping[str, str]] | None = None,
        agreement: Agreement | None = None,
        personal: bool = False,
        now: datetime | None = None,
        directory: str | Path | None = None,
    ) -> Snapshot:
        """A pandas or Polars frame with a row a lead; everything else is as in :meth:`from_csv`.

        Raises:
            DataError: for a column that is not there or does not hold what its role needs.
        """
        check_roles(columns, types_of(agreement))
        with connect() as connection:
            read_frame(connection, columns_of(frame, columns))
            return cls._loaded(connection, columns, values or {}, agreement, personal, now, directory, [])

    @classmethod
    def open(cls, directory: str | Path) -> Snapshot:
        """A snapshot that was saved.

        Raises:
            DataError: when there is none.
        """
        place = Path(directory)
        return cls(place, Meta.load(place / "meta.json"))

    @classmethod
    def _loaded(
        cls,
        connection: DuckDBPyConnection,
        columns: Mapping[str, str],
        values: Mapping[str, Mapping[str, str]],
        agreement: Agreement | None,
        personal: bool,
        now: datetime | None,
        directory: str | Path | None,
        found: list[Finding],
    ) -> Snapshot:
        path = agreement.lifecycle.success_path if agreement is not None else path_of(columns)
        with _place(directory) as (place, temporary):
            more, has = load(connection, place, columns, values, path)
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
    def _finished(cls, place: Path, meta: Meta, temporary: bool, found: list[Finding]) -> Snapshot:
        """Writes the success path, looks at the quality, and settles the instant."""
        with connect() as connection:
            steps = [{"stage": stage, "step": step} for step, stage in enumerate(meta.path)]
            write_rows(connection, place / "path.parquet", TABLES["path"], steps)
            create_views(connection, place, {})
            now_us = meta.now_us
            if now_us < 0:
                now_us = last_instant(connection)
            meta = replace(meta, now_us=now_us, findings=(*found, *findings(connection)))
        meta.save(place / "meta.json")
        return cls(place, meta, temporary)

    # -- using it ---------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The instant that it describes."""
        return from_us(self.meta.now_us)

    @property
    def metrics(self) -> Metrics:
        """The metrics, each a method."""
        return Metrics(self)

    @property
    def quality(self) -> Quality:
        """What a reader of the numbers has to know about the data."""
        return Quality(self.meta.findings)

    def scorecard(self) -> Scorecard:
        """The few numbers that both functions look at together."""
        return Scorecard.of(self.metrics)

    def readiness(self, agreement: Agreement, definition: str | None = None) -> Readiness:
        """How many leads meet a definition and each of its criteria, as of :attr:`now`.

        A lead is judged as :meth:`leadbridge.Agreement.readiness` judges it, by what ``lead_profile`` and
        ``interactions`` hold. Where no interaction was recorded at all, what counts them is unknown.

        Args:
            definition: its name; that of the hand-off when not given.

        Raises:
            ConfigError: for a definition that the agreement does not have, or criteria about what the snapshot does
                not hold.
        """
        return judge_all(self, agreement, definition)

    def replay(
        self,
        agreements: Agreement | Agreements,
        *,
        only: Collection[str] = (),
        progress: Callable[[str, str, int], None] = lambda *_: None,
    ) -> Replay:
        """Every promise that was ever made, as it stands at :attr:`now`: judged by another agreement, or by versions.

        Args:
            agreements: one, which then judges everything, or versions: each promise is judged by the one in which it
                was made.
            only: promises, as ``policy.target``; without it, all of them.
            progress: is told of long work: ``replay``, the promise, and how many more clocks were followed one by one.

        Raises:
            ConfigError: a name in ``only`` stands in no version.
        """
        return replay_snapshot(self.directory, self.meta.now_us, agreements, only, progress)

    def what_if(
        self, before: Agreement | Agreements, after: Agreement | Agreements, *, only: Collection[str] = ()
    ) -> Comparison:
        """The same history under any two agreements, side by side; ``analytics.what_if`` deals leads again, too."""
        return what_if_of_tables(self, before, after, only)

    def sql(self, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Runs a query of one's own on the tables (``leads``, ``entries``, ``handoffs``, ...); one mapping a row."""
        connection = self._open()
        return rows_of(connection, from_kept(query, self._kept), values)

    def count(self, table: str) -> int:
        """The rows of a table."""
        return int(self.sql(f"select count(*) as n from {quoted(table)}")[0]["n"])

    def save(self, directory: str | Path, *, partition: Partition | None = None) -> Snapshot:
        """Copies the snapshot to a directory of its own and returns it from there.

        With ``partition`` the leads captured in the same month, quarter or year stand together, sorted, with what
        metrics begin from: the form for long histories. Saved there again, only what changed is written; :meth:`update`
        takes over the leads that changed. Whoever opened the old one can read on until the next time.

        Raises:
            ConfigError: for an unknown partition.
        """
        place = Path(directory)
        if partition is not None:
            save_parts(self.directory, self.meta, place, partition)
        else:
            shutil.copytree(self.directory, place, dirs_exist_ok=True)
        return Snapshot.open(place)

    def update(self, changes: Snapshot, *, gone: Collection[str] = ()) -> Snapshot:
        """Takes over leads from a newer snapshot of them alone, and returns this one as it then is.

        Afterwards it is what a snapshot of everybody would be, as long as ``changes`` has every lead with a fact since
        :attr:`now`, and all of :meth:`unsettled`. Only the partitions of those leads are written anew.

        Args:
            changes: all facts and clocks of the leads that changed, at the new instant, under the same agreement.
            gone: ids of leads that are to be forgotten.

        Raises:
            ConfigError: when this one was not saved in partitions.
            DataError: when the two were taken under different terms, or ``changes`` is older.
        """
        update_parts(self.directory, self.meta, changes.directory, changes.meta, gone)
        return Snapshot.open(self.directory)

    def unsettled(self, within: str = "90 days") -> list[str]:
        """The leads that time alone may change, without a new fact: they belong to what :meth:`update` takes over.

        Those with a clock that has not stopped, and, where leads are judged by criteria, those with an interaction ``within`` the
        longest window of the criteria.

        Raises:
            ConfigError: when ``within`` is business time.
        """
        since = {"since_us": self.meta.now_us - horizon_us(within)}
        return [row["lead_id"] for row in self.sql(UNSETTLED, since)]

    def close(self) -> None:
        """Lets go of the engine, and of the files of a temporary snapshot."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._remove is not None:
            self._remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Snapshot of {self.now:%Y-%m-%d %H:%M} UTC, {self.meta.under}>"

    def _repr_html_(self) -> str:
        rows = [(name, f"{self.count(name):,}") for name in TABLES if name != "path"]
        return html_table(repr(self).strip("<>"), ("table", "rows"), rows) + self.quality._repr_html_()

    def _open(self) -> DuckDBPyConnection:
        with self._lock:
            if self._connection is None:
                connection = connect()
                self._kept = create_views(connection, self.directory, self.meta.parts)
                self._connection = connection
        # A cursor of its own for every query: a connection may not be used by two threads at once.
        return self._connection.cursor()


@contextmanager
def _place(directory: str | Path | None) -> Iterator[tuple[Path, bool]]:
    """Where a snapshot is made, and whether it is temporary; what was begun there goes away when making it fails."""
    if directory is not None:
        place = Path(directory)
        place.mkdir(parents=True, exist_ok=True)
        yield place, False
        return
    place = Path(mkdtemp(prefix="leadbridge-"))
    finished = False
    try:
        yield place, True
        finished = True
    finally:
        if not finished:
            shutil.rmtree(place, ignore_errors=True)
