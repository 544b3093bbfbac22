"""The Bulk API 2.0 as this adapter uses it for queries: one function for one resource, each making exactly one request.

Sources: Bulk API 2.0 and Bulk API Developer Guide, "Create a Query Job", "Get Information About a Query Job", "Get
Results for a Query Job". Every request counts against the org's allowance like one of REST; a page of results may hold
many times the records of a page of REST.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from leadbridge.errors import Unavailable
from leadbridge_salesforce.wire import Wire

__all__ = ["POLLS", "Results", "query_job", "query_results", "query_state"]

POLLS = ((3, 3.0), (20, 120.0))
"""How often a job is asked about, as windows of a rate budget: three questions at once, then one in six seconds on the
average, because jobs take seconds or many minutes.
"""

_JOB = re.compile(r"750\w{12}(?:\w{3})?")


@dataclass(frozen=True, slots=True)
class Results:
    """One page of a job's results.

    Attributes:
        head: the names of the columns.
        rows: the lines behind them, parsed one by one as they are asked for; ``csv.Error`` when one is broken.
        next: the locator of the next page; ``None`` when this is the last one.
        complete: whether the answer said at all if there is another page. Proxies are known to strip what they do
            not know; the header with the number of records is left alone for the same reason.
    """

    head: list[str]
    rows: Iterator[list[str]]
    next: str | None
    complete: bool


def query_job(wire: Wire, soql: str, *, operation: str) -> str:
    """Starts a query over live, deleted, merged and archived records, and returns the id of its job."""
    body = {
        "operation": "queryAll",
        "query": soql,
        "contentType": "CSV",
        "columnDelimiter": "COMMA",
        "lineEnding": "LF",
    }
    reply = wire.call("POST", f"{wire.root}/jobs/query", operation=operation, json=body).json()
    job = reply.get("id") if isinstance(reply, dict) else None
    if not isinstance(job, str) or not _JOB.fullmatch(job):
        raise Unavailable("Salesforce began a job without naming it: ask again later", operation=operation)
    return job


def query_state(wire: Wire, job: str, *, operation: str) -> str:
    """``UploadComplete``, ``InProgress``, ``JobComplete``, ``Aborted`` or ``Failed``."""
    body = wire.get(f"/jobs/query/{quote(job, safe='')}", operation=operation)
    return str(body.get("state")) if isinstance(body, dict) else ""


def query_results(wire: Wire, job: str, locator: str, *, most: int, operation: str) -> Results:
    """A page of at most ``most`` rows; the first one has an empty locator. A locator stays good as long as its job."""
    params = {"maxRecords": str(most), **({"locator": locator} if locator else {})}
    path = f"{wire.root}/jobs/query/{quote(job, safe='')}/results"
    reply = wire.call("GET", path, operation=operation, params=params, headers={"Accept": "text/csv"})
    lines = csv.reader(io.TextIOWrapper(io.BytesIO(reply.body), encoding="utf-8", newline=""))
    said = reply.headers.get("Sforce-Locator")
    return Results(next(lines, []), lines, None if said in (None, "", "null") else said, said is not None)
