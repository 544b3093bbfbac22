"""Query jobs of the Bulk API 2.0: made, polled, and fetched part by part as CSV."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from leadbridge_salesforce.simulator import bulk_jobs
from leadbridge_salesforce.simulator.bulk_jobs import Job, job_of, told
from leadbridge_salesforce.simulator.call import Answer, Call
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Refusal
from leadbridge_salesforce.simulator.soql_ast import Child
from leadbridge_salesforce.simulator.soql_run import Found, run

__all__ = ["CSV", "changed", "csv_text", "made", "page_links", "results", "shown"]

CSV = "text/csv; charset=UTF-8"

_NOT_IN_BULK = frozenset({"LeadStatus", "OpportunityStage", "FieldDefinition"})
_MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000")
_LINKS = 5


def made(org: Org, call: Call) -> Answer:
    """``POST /jobs/query``. What is found is what the org holds now; it can be fetched when the job has worked."""
    body = call.record()
    operation, text = str(body.get("operation", "")), str(body.get("query", ""))
    if operation not in ("query", "queryAll"):
        raise Refusal(400, "INVALIDJOB", f"InvalidJob : Unsupported operation: {operation}")
    found = run(org, text, everything=operation == "queryAll", root=call.root)
    _check(org, found)
    job = bulk_jobs.new_job(org, call, "query", operation=operation, kind=found.columns["entityName"])
    paths = list(_paths(found.columns["columnMetadata"]))
    job.header = [".".join(path) for path in paths]
    job.rows = [[_text(_value(record, path)) for path in paths] for record in found.records]
    if not found.query.order:
        # Chunks are read side by side: without an order there is none.
        org.random.shuffle(job.rows)
    job.begins = org.clock.now()
    job.ends = job.begins + org.switches.bulk_takes
    return Answer(body={**told(org, job), "state": "UploadComplete"})


def _check(org: Org, found: Found) -> None:
    """Refuses what a bulk query cannot do."""
    query = found.query
    kind = org.kinds[found.columns["entityName"]]
    if kind.name in _NOT_IN_BULK:
        raise Refusal(400, "INVALIDENTITY", f"Entity '{kind.name}' is not supported by the Bulk API.")
    if query.offset:
        raise Refusal(400, "API_ERROR", "OFFSET is not supported in Bulk Query")
    if query.counts or query.aggregates:
        raise Refusal(400, "API_ERROR", "Aggregate Relationships not supported in Bulk Query")
    if any(isinstance(column, Child) for column in query.columns):
        raise Refusal(400, "API_ERROR", "Nested Query not supported in Bulk Query")
    for path in _paths(found.columns["columnMetadata"]):
        field = kind.get(path[0]) if len(path) == 1 else None
        if field is not None and field.type in ("address", "location"):
            raise Refusal(400, "API_ERROR", "Selecting compound data not supported in Bulk Query")


def _paths(columns: list[dict[str, Any]], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The columns of a file, parents' fields by their paths."""
    for column in columns:
        path = (*above, str(column["columnName"]))
        if column["joinColumns"]:
            yield from _paths(column["joinColumns"], path)
        else:
            yield path


def _value(record: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        record = None if record is None else record[name]
    return record


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"{text[:-5]}Z" if len(text) == 28 and _MILLISECONDS.fullmatch(text) else text


def shown(org: Org, call: Call, key: str) -> Answer:
    """``GET /jobs/query/{id}``."""
    return Answer(body=told(org, job_of(org, call, "query", key)))


def changed(org: Org, call: Call, key: str) -> Answer:
    """``PATCH /jobs/query/{id}``: a query job can only be aborted."""
    job = job_of(org, call, "query", key)
    if bulk_jobs.wanted_state(call) != "Aborted":
        raise Refusal(400, "INVALIDJOBSTATE", "InvalidJobState : Only Aborted is allowed")
    bulk_jobs.abort(org, job)
    return Answer(body=told(org, job))


def results(org: Org, call: Call, key: str) -> Answer:
    """``GET /jobs/query/{id}/results``: rows from a locator on. The last part's locator is the word ``null``."""
    job = _complete(org, call, key)
    start = _start(job, call.query.get("locator", ""))
    asked = call.query.get("maxRecords", "")
    size = min(org.switches.bulk_page, int(asked) if asked.isdigit() and int(asked) else org.switches.bulk_page)
    rows = job.rows[start : start + size]
    rest = start + size < len(job.rows)
    headers = {
        "Sforce-NumberOfRecords": str(len(rows)),
        "Sforce-Locator": _locator(start + size) if rest else "null",
    }
    return Answer(200, csv_text(job, job.header, rows), headers, CSV)


def page_links(org: Org, call: Call, key: str) -> Answer:
    """``GET /jobs/query/{id}/resultPages``: addresses of up to five parts, which may be fetched side by side."""
    job = _complete(org, call, key)
    if float(call.version) < 58:
        raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
    size = org.switches.bulk_page
    first = _start(job, call.query.get("locator", ""))
    starts = list(range(first, max(len(job.rows), 1), size))
    root = f"services/data/v{call.version}/jobs/query/{job.id}"
    pages = [{"resultLink": f"{root}/results?locator={_locator(at)}"} for at in starts[:_LINKS]]
    more = f"/{root}/resultPages?locator={_locator(starts[_LINKS])}" if len(starts) > _LINKS else None
    return Answer(body={"resultPages": pages, "nextRecordsUrl": more, "done": more is None})


def _complete(org: Org, call: Call, key: str) -> Job:
    job = job_of(org, call, "query", key)
    state = job.state(org.clock.now())
    if state != "JobComplete":
        raise Refusal(400, "INVALIDJOBSTATE", f"InvalidJobState : Job is {state}, its results cannot be fetched")
    return job


def _locator(start: int) -> str:
    return base64.urlsafe_b64encode(str(start).encode()).decode().rstrip("=")


def _start(job: Job, locator: str) -> int:
    if not locator:
        return 0
    try:
        start = int(base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)))
    except ValueError:
        start = -1
    if not 0 <= start <= len(job.rows):
        raise Refusal(400, "INVALID_QUERY_LOCATOR", "The locator is not one of this job")
    return start


def csv_text(job: Job, header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A result file as the job asked for it; every value is quoted."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=job.comma, lineterminator=job.newline, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
