"""The rest of a long scan, read through a query of the Bulk API 2.0.

A scan begins with pages of REST. When it has read ``bulk_reads`` records and there are more, everything behind its
place is asked of one bulk query, whose id and locator travel in the cursor: another process can go on with it. Until
the job is done, pages are empty and have ``more``; asking for its state waits for a rate budget, so that nobody asks in
a circle.
Results come in no promised order and in big pages, of which the contract's smaller ones are cut; the page that is being
cut is kept, and read again by whoever does not have it.

Whatever goes wrong with a job that asking again would not mend (it failed, it is gone after seven days, this user may
not make one, the answer is no table, a proxy has taken the locator away) ends in :class:`JobGone`: the scan then goes
on by REST from the place where the job began. That repeats records and loses none.
"""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice

from leadbridge.clock import iso
from leadbridge.errors import BadRequest, CursorExpired, Forbidden, SchemaDrift
from leadbridge.http import RateBudget
from leadbridge_salesforce.bulk import POLLS, query_job, query_results, query_state
from leadbridge_salesforce.cursor import Job, Place
from leadbridge_salesforce.rows import Plain, Rows
from leadbridge_salesforce.soql import after, select
from leadbridge_salesforce.wire import Wire

__all__ = ["RESULT_ROWS", "BulkReader", "JobGone"]

RESULT_ROWS = 5_000
"""Rows asked for at once: 1.6 MB of 22 fields, which is what one scan keeps in memory. Five times as many take a tenth
more processor time (``benchmarks/salesforce_read.py``); REST needs two and a half times the calls.
"""

_KEPT = 8
_REFUSED = (BadRequest, CursorExpired, Forbidden)


class JobGone(Exception):
    """This job cannot be used any more."""


@dataclass(slots=True)
class _Open:
    """A page of results that is being cut into smaller ones."""

    values: Iterator[Plain]
    next: str | None


class BulkReader:
    """Bulk queries of one connection."""

    def __init__(self, wire: Wire, budget: RateBudget | None = None) -> None:
        self._wire = wire
        self._budget = budget or RateBudget(*POLLS)
        self._open: dict[tuple[str, tuple[str, ...], Job], _Open] = {}
        self._lock = threading.Lock()

    def begin(self, place: Place, rows: Rows) -> Place:
        """Starts the query for everything that the running scan has not read yet.

        Raises:
            JobGone: Salesforce does not take it.
        """
        where = [after(*place.at)] if place.at is not None else []
        if place.until is not None:
            where.append(f"SystemModstamp < {iso(place.until)}")
        # Without an order Salesforce may divide the work.
        soql = select(rows.columns, place.kind, where=where)
        with _gone_when_refused():
            return replace(place, job=Job(query_job(self._wire, soql, operation="changes")))

    def page(self, place: Place, rows: Rows, limit: int) -> tuple[list[Plain], Place, bool]:
        """At most ``limit`` rows, the place behind them, and whether the job has more.

        Raises:
            JobGone: the scan has to go on without it.
        """
        job = place.job
        if job is None:
            raise JobGone
        with _gone_when_refused():
            found = self._opened(job, rows)
            if found is None:
                return [], place, True
            try:
                values = list(islice(found.values, limit))
            except (csv.Error, ValueError):
                raise JobGone from None
        if len(values) == limit:
            ahead = replace(job, skip=job.skip + limit)
            self._keep((rows.kind, rows.columns, ahead), found)
            return values, replace(place, job=ahead), True
        if found.next is None:
            return values, replace(place, job=None), False
        return values, replace(place, job=Job(job.id, found.next)), True

    def _opened(self, job: Job, rows: Rows) -> _Open | None:
        """The page of results that a place is in, behind what was delivered of it; ``None`` before the job is done."""
        kept = self._taken((rows.kind, rows.columns, job))
        if kept is not None:
            return kept
        if not job.locator and not job.skip:
            self._budget.acquire()
            state = query_state(self._wire, job.id, operation="changes")
            if state in ("UploadComplete", "InProgress"):
                return None
            if state != "JobComplete":
                raise JobGone
        results = query_results(self._wire, job.id, job.locator, most=RESULT_ROWS, operation="changes")
        if not results.complete or not set(rows.columns) <= set(results.head):
            raise JobGone
        lines = islice(results.rows, job.skip, None)
        return _Open(rows.of_csv(lines, results.head), results.next)

    def _keep(self, key: tuple[str, tuple[str, ...], Job], found: _Open) -> None:
        with self._lock:
            self._open[key] = found
            while len(self._open) > _KEPT:
                del self._open[next(iter(self._open))]

    def _taken(self, key: tuple[str, tuple[str, ...], Job]) -> _Open | None:
        with self._lock:
            return self._open.pop(key, None)


@contextmanager
def _gone_when_refused() -> Iterator[None]:
    """What Salesforce refuses for good is no error of the scan; a field that is gone is one."""
    try:
        yield
    except SchemaDrift:
        raise
    except _REFUSED:
        raise JobGone from None
