"""A snapshot: the ledger (or an export) as Parquet files at one instant, ready for metrics.

>>> snapshot = Snapshot.from_csv("leads.csv", columns={"lead": "id", "captured": "created", "stage:won": "won_on"})
>>> snapshot.metrics.funnel().rows
>>> print(snapshot.quality)
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from weakref import finalize

from leadbridge.analytics.agreed import LeadStanding, agreed_recorded, agreed_rows, assumptions_of, stand, stand_all
from leadbridge.analytics.crm import Connections, Progress, told_by
from leadbridge.analytics.engine import TABLES, connect, last_instant, quoted, rows_of, write_rows
from leadbridge.analytics.exports import Exports, Frame
from leadbridge.analytics.figures import answered, figures_home
from leadbridge.analytics.flatten import clock_rows, histories, recorded, table_rows
from leadbridge.analytics.keeping import Keeping
from leadbridge.analytics.kept import from_kept
from leadbridge.analytics.measures import Metrics
from leadbridge.analytics.meta import Finding, Meta, Quality
from leadbridge.analytics.place import place_for
from leadbridge.analytics.profile import (
    Readiness,
    judge_all,
    profile_columns,
    profile_rows,
    types_of,
)
from leadbridge.analytics.quality import findings
from leadbridge.analytics.reconciliation import Reconciliation
from leadbridge.analytics.reconciling import Filters, reconcile_snapshot
from leadbridge.analytics.replay import Replay, replay_snapshot
from leadbridge.analytics.scorecard import Scorecard
from leadbridge.analytics.storage import create_views
from leadbridge.analytics.terms import terms
from leadbridge.analytics.whatif import what_if_of_tables
from leadbridge.clock import Clock, SystemClock, from_us, to_us
from leadbridge.domain.facts import Fact
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.lifecycle import SPINE
from leadbridge.domain.show import html_table
from leadbridge.domain.sla import SLAClock
from leadbridge.retry import Retry

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from leadbridge.agreement import Agreement, Agreements
    from leadbridge.analytics.comparison import Comparison
    from leadbridge.analytics.report import Report

__all__ = ["Frame", "Snapshot"]


class Snapshot(Exports, Keeping):
    """Tables of leads, stage entries, hand-offs, clocks, interactions and outcomes, as they stood at ``now``.

    Make one with :meth:`from_crm`, :meth:`from_facts`, :meth:`from_csv`, :meth:`from_parquet` or
    :meth:`from_dataframe`; :meth:`open` reads a saved one. A
    snapshot that was not saved lives in a temporary directory until it is closed or forgotten.
    """

    def __init__(self, directory: Path, meta: Meta, temporary: bool = False) -> None:
        self.directory = directory
        self.meta = meta
        # A finaliser and not __del__: it also runs at the end of the program, and nobody is warned about forgetting.
        self._remove = finalize(self, shutil.rmtree, directory, ignore_errors=True) if temporary else None
        self._connection: DuckDBPyConnection | None = None
        self._kept: frozenset[str] = frozenset()
        self._figures = figures_home(directory, meta)
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
        views: Mapping[str, Sequence[dict[str, Any]]] | None = None,
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
        ``views`` is as in :meth:`from_histories`.
        """
        return cls.from_histories(
            histories(facts, now),
            agreement=agreement,
            clocks=clocks,
            standings=standings,
            profiles=profiles,
            views=views,
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
        views: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        connections: Iterable[str] = (),
        found: Iterable[Finding] = (),
        personal: bool = False,
        now: datetime,
        directory: str | Path | None = None,
    ) -> Snapshot:
        """Like :meth:`from_facts`, from histories that are folded already.

        ``views`` are the rows of ``records`` and ``said``, where it is known what each CRM shows, and ``connections``
        the names of these; ``found`` is what is known about the quality of the data.
        """
        many = list(many)
        types = types_of(agreement)
        tables = dict(table_rows(many))
        tables["lead_profile"] = list(profile_rows(many, profiles or {}, types, personal=personal))
        tables["clocks"] = list(clock_rows(clocks))
        tables |= agreed_rows(agreement, tables["interactions"])
        tables |= {name: [dict(row) for row in (views or {}).get(name, ())] for name in ("records", "said")}
        if standings is None and agreement is not None and profiles:
            standings = stand_all(agreement, many, profiles, now)
        stand(tables["leads"], standings or {})
        path = agreement.lifecycle.success_path if agreement is not None else SPINE
        meta = Meta(
            now_us=to_us(now),
            path=path,
            recorded=recorded(tables, clocks=bool(tables["clocks"])) | agreed_recorded(tables),
            **terms(agreement),
            connections=tuple(connections),
            personal=personal,
            assumptions=assumptions_of(agreement),
        )
        with place_for(directory) as (place, temporary):
            with connect() as connection:
                for name, rows in tables.items():
                    columns = profile_columns(types) if name == "lead_profile" else TABLES[name]
                    write_rows(connection, place / f"{name}.parquet", columns, rows)
            return cls._finished(place, meta, temporary, list(found))

    @classmethod
    def from_crm(
        cls,
        connections: Connections,
        *,
        agreement: Agreement,
        personal: bool = False,
        retry: Retry | None = None,
        progress: Progress = lambda *_: None,
        clock: Clock | None = None,
        directory: str | Path | None = None,
    ) -> Snapshot:
        """CRM accounts as they are, with what they remember: no bridge, no database, and nothing is written.

        Leads, companies, opportunities and interactions are read through the adapters, in the words of the agreement's
        crosswalk; where fields have a past, so have the leads. The records of one person are put together by our key,
        the agreement's key or the exact address. :attr:`quality` says from which day on the past is known.

        Args:
            connections: adapters by the names of their connections, or in a row: ``[hubspot, salesforce]``.
            agreement: what stages, decisions and reasons are called in the CRMs, and what was promised.
            personal: whether names, addresses and telephone numbers are kept in the snapshot.
            retry: how patient calls are.
            progress: is told of long work: ``pull`` or ``history``, the connection, how many more records were read.
            clock: tells the instant of the snapshot.
            directory: where the snapshot is kept; without it, in a temporary directory.

        Raises:
            ConfigError: no connection, or a crosswalk under which nothing stands for a lead.
            AdapterError: a CRM did not answer, or does not let us; names the connection.
        """
        now = (clock or SystemClock()).now()
        told = told_by(connections, agreement, retry=retry or Retry(), progress=progress, now=now)
        return cls.from_histories(
            told.histories,
            agreement=agreement,
            clocks=told.clocks,
            profiles=told.profiles,
            views=told.views,
            connections=told.connections,
            found=told.findings,
            personal=personal,
            now=now,
            directory=directory,
        )

    @classmethod
    def open(cls, directory: str | Path) -> Snapshot:
        """A snapshot that was saved.

        Raises:
            DataError: when there is none.
        """
        place = Path(directory)
        return cls(place, Meta.load(place / "meta.json"))

    @classmethod
    def _finished(cls, place: Path, meta: Meta, temporary: bool, found: list[Finding]) -> Self:
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

    def report(
        self, path: str | Path | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Report:
        """The page that both functions read together; with a ``path`` (``.html`` or ``.md``) it is written there.

        Args:
            path: the file; an older report of the same name is replaced.
            since: numbers that know a window count from this instant on.
            until: and before this one.

        Raises:
            ConfigError: for another ending, or where a file stands that is no report.
        """
        from leadbridge.analytics.report import Report

        made = Report.of(self, since=since, until=until)
        if path is not None:
            made.save(path)
        return made

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

    def reconcile(
        self,
        what: str,
        left: str = "",
        right: str = "",
        *,
        agreement: Agreement | None = None,
        since: date | datetime | None = None,
        until: date | datetime | None = None,
        zones: Mapping[str, str] | str = "UTC",
        filters: Filters | None = None,
        lag: timedelta = timedelta(hours=1),
    ) -> Reconciliation:
        """Why two CRMs count the same thing differently, record by record; needs a snapshot of :meth:`from_crm`.

        Args:
            what: a stage, decision, status or reason, such as ``disqualified`` or ``won``; with its axis
                (``reason:spam``) where a word means several things. A decision and its stage are one.
            left: the name of one connection; of two in the snapshot, the first.
            right: the name of the other.
            agreement: knows who decides, and the agreement's own names of stages.
            since: the first day or instant of a period; without one, what the records say now is counted.
            until: the first day or instant after it.
            zones: the time zone of each CRM's reports, by connection, or one for both.
            filters: what each CRM's own report is filtered by: ``{"hs": {"country": "Germany"}}``.
            lag: how long a change may take from one CRM to the other.

        Raises:
            DataError: nothing is called ``what``, or there are not two connections.
        """
        return reconcile_snapshot(self, what, left, right, agreement, since, until, zones, filters or {}, lag)

    def sql(self, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Runs a query of one's own on the tables (``leads``, ``entries``, ``handoffs``, ...); one mapping a row."""
        kept = answered(self._figures, query, values)
        return kept if kept is not None else rows_of(self._open(), from_kept(query, self._kept), values)

    def count(self, table: str) -> int:
        """The rows of a table."""
        return int(self.sql(f"select count(*) as n from {quoted(table)}")[0]["n"])

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
