"""Ingest jobs of the Bulk API 2.0: made, given a file, closed, worked off record by record, and told about in files."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from leadbridge_salesforce.simulator import bulk_jobs, rules
from leadbridge_salesforce.simulator.bulk_jobs import Job, job_of, told
from leadbridge_salesforce.simulator.bulk_query import CSV, csv_text
from leadbridge_salesforce.simulator.bulk_values import NULL, Column, columns_of, fields_of
from leadbridge_salesforce.simulator.call import Answer, Call
from leadbridge_salesforce.simulator.fields import FieldDef, KindDef
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Problem, Refusal
from leadbridge_salesforce.simulator.table import Row

__all__ = ["changed", "made", "result_file", "shown", "uploaded"]

_CHUNK = 200
_OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")


def made(org: Org, call: Call) -> Answer:
    """``POST /jobs/ingest``."""
    body = call.record()
    operation, name = str(body.get("operation", "")), str(body.get("object", ""))
    if operation not in _OPERATIONS:
        raise Refusal(400, "INVALIDJOB", f"InvalidJob : Unsupported operation: {operation}")
    kind = org.kind(name)
    if kind is None or not kind.writable:
        raise Refusal(400, "INVALIDENTITY", f"InvalidEntity : Entity '{name}' is not supported by the Bulk API.")
    key = str(body.get("externalIdFieldName") or "")
    if operation == "upsert" and _key(kind, key) is None:
        raise Refusal(
            400,
            "INVALIDJOB",
            f"InvalidJob : Field name provided, {key} does not match an External ID, Salesforce Id, or indexed field "
            f"for {kind.name}",
        )
    job = bulk_jobs.new_job(org, call, "ingest", operation=operation, kind=kind.name)
    return Answer(body=told(org, job))


def _key(kind: KindDef, name: str) -> FieldDef | None:
    found = kind.get(name)
    return found if found is not None and (found.external_id or found.name == "Id") else None


def uploaded(org: Org, call: Call, key: str) -> Answer:
    """``PUT /jobs/ingest/{id}/batches``: the file, once."""
    job = job_of(org, call, "ingest", key)
    body = call.body if isinstance(call.body, bytes) else b""
    if job.state(org.clock.now()) != "Open":
        raise Refusal(400, "INVALIDJOBSTATE", "InvalidJobState : The job is not open")
    if job.content is not None:
        raise Refusal(
            400,
            "CLIENTINPUTERROR",
            f"ClientInputError : Found multiple contents for job: <{job.id}>, please 'Close' / 'Abort' / 'Delete' the "
            "current Job then create a new Job and make sure you only do 'PUT' once on a given Job.",
        )
    if not call.headers.get("content-type", "").lower().startswith("text/csv"):
        raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "The Content-Type must be text/csv")
    if len(body) > org.switches.bulk_upload:
        raise Refusal(413, "CLIENTINPUTERROR", "ClientInputError : The uploaded file is too large")
    try:
        job.content = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(400, "CLIENTINPUTERROR", "ClientInputError : The file must be encoded as UTF-8") from None
    return Answer(201)


def shown(org: Org, call: Call, key: str) -> Answer:
    """``GET /jobs/ingest/{id}``."""
    return Answer(body=told(org, job_of(org, call, "ingest", key)))


def changed(org: Org, call: Call, key: str) -> Answer:
    """``PATCH /jobs/ingest/{id}``: the file is complete, or the job is not wanted any more."""
    job = job_of(org, call, "ingest", key)
    wanted = bulk_jobs.wanted_state(call)
    if wanted == "Aborted":
        bulk_jobs.abort(org, job)
    elif wanted == "UploadComplete" and job.state(org.clock.now()) == "Open":
        job.begins = org.clock.now()
        job.ends = job.begins + org.switches.bulk_takes
        org.schedule(job.ends, lambda: _work(org, job))
        return Answer(body={**told(org, job), "state": "UploadComplete"})
    else:
        raise Refusal(400, "INVALIDJOBSTATE", f"InvalidJobState : The job cannot become {wanted}")
    return Answer(body=told(org, job))


def _work(org: Org, job: Job) -> None:
    if job.stopped or job.id not in org.jobs:
        return
    try:
        rows, columns = _read(org, job)
    except Refusal as refusal:
        job.stopped, job.error = "Failed", refusal.message
        return
    kind = org.kinds[job.object]
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        again = _repeated(job, columns, chunk)
        for row in chunk:
            if (
                org.switches.bulk_fails_after is not None
                and len(job.good) + len(job.bad) >= org.switches.bulk_fails_after
            ):
                org.switches.bulk_fails_after = None
                job.stopped, job.error = "Failed", "InternalServerError : The job was stopped after too many tries"
                return
            _one(org, job, kind, columns, row, twice=_key_text(job, columns, row) in again)


def _read(org: Org, job: Job) -> tuple[list[list[str]], list[Column]]:
    """The file's rows and what its columns mean.

    Raises:
        Refusal: it cannot be used at all; the job fails.
    """
    text = job.content or ""
    first = text.partition("\n")[0]
    if "\n" in text and first.endswith("\r") != (job.ending == "CRLF"):
        raise Refusal(
            400,
            "",
            f"ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {job.ending}",
        )
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=job.comma) if row]
    if not rows:
        raise Refusal(400, "", "InvalidBatch : The file is empty")
    job.header, job.rows = rows[0], rows[1:]
    if any(len(row) != len(job.header) for row in job.rows):
        raise Refusal(400, "", "InvalidBatch : The number of columns of a record is not that of the header")
    return job.rows, columns_of(org, org.kinds[job.object], job.header)


def _key_text(job: Job, columns: Sequence[Column], row: Sequence[str]) -> str:
    name = job.key_field.lower() if job.operation == "upsert" else "id"
    at = next((number for number, column in enumerate(columns) if column.name.lower() == name), None)
    return "" if at is None else row[at].casefold()


def _repeated(job: Job, columns: Sequence[Column], chunk: Sequence[Sequence[str]]) -> set[str]:
    counted = Counter(_key_text(job, columns, row) for row in chunk)
    return {key for key, number in counted.items() if number > 1 and key}


def _one(org: Org, job: Job, kind: KindDef, columns: Sequence[Column], row: list[str], *, twice: bool) -> None:
    try:
        if twice:
            raise Problem("DUPLICATE_VALUE", f"Duplicate external id specified: {_key_text(job, columns, row)}")
        fields = fields_of(columns, row)
        stored, new = _SAVE[job.operation](org, job, kind, fields)
    except Problem as problem:
        key = next((row[at] for at, column in enumerate(columns) if column.name == "Id"), "")
        shown = f"{problem.code}:{problem.message}:{','.join(problem.fields)} --".replace(": --", ":--")
        job.bad.append([key, shown, *row])
        return
    job.good.append([stored["Id"], "true" if new else "false", *row])


def _insert(org: Org, job: Job, kind: KindDef, fields: dict[str, Any]) -> tuple[Row, bool]:
    if "Id" in fields:
        raise Problem("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"])
    return rules.create(org, kind, _set(fields), _headers(job)), True


def _update(org: Org, job: Job, kind: KindDef, fields: dict[str, Any]) -> tuple[Row, bool]:
    if not fields.get("Id"):
        raise Problem("MISSING_ARGUMENT", "Id not specified in an update call", ["Id"])
    return rules.update(org, kind, str(fields["Id"]), _set(fields), _headers(job)), False


def _upsert(org: Org, job: Job, kind: KindDef, fields: dict[str, Any]) -> tuple[Row, bool]:
    field = kind.get(job.key_field)
    if field is None:
        raise Problem("MISSING_ARGUMENT", f"{job.key_field} not specified", [job.key_field])
    if field.name == "Id":
        return (_update if fields.get("Id") else _insert)(org, job, kind, fields)
    return rules.upsert(org, kind, field, _set(fields), _headers(job))


def _delete(org: Org, job: Job, kind: KindDef, fields: dict[str, Any]) -> tuple[Row, bool]:
    if not fields.get("Id"):
        raise Problem("MISSING_ARGUMENT", "Id not specified in a delete call", ["Id"])
    row = rules.delete(org, kind, str(fields["Id"]))
    if job.operation == "hardDelete":
        org.purge(kind.name, row)
    return row, False


_SAVE: dict[str, Callable[[Org, Job, KindDef, dict[str, Any]], tuple[Row, bool]]] = {
    "insert": _insert,
    "update": _update,
    "upsert": _upsert,
    "delete": _delete,
    "hardDelete": _delete,
}


def _set(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: None if value is NULL else value for name, value in fields.items()}


def _headers(job: Job) -> dict[str, str]:
    """Only a job that names an assignment rule runs it."""
    return {"sforce-auto-assign": "TRUE" if job.assigns else "FALSE"}


def result_file(org: Org, call: Call, key: str, name: str) -> Answer:
    """``GET /jobs/ingest/{id}/successfulResults``, ``failedResults`` and ``unprocessedrecords``, in any case."""
    job = job_of(org, call, "ingest", key)
    state = job.state(org.clock.now())
    if state not in ("JobComplete", "Failed", "Aborted"):
        raise Refusal(400, "INVALIDJOBSTATE", f"InvalidJobState : Job is {state}, its results cannot be fetched")
    which = name.lower()
    if which == "successfulresults":
        header, rows = ["sf__Id", "sf__Created", *job.header], job.good
    elif which == "failedresults":
        header, rows = ["sf__Id", "sf__Error", *job.header], job.bad
    else:
        if not job.header and job.content:
            job.header, *job.rows = [row for row in csv.reader(io.StringIO(job.content), delimiter=job.comma) if row]
        header, rows = job.header, job.rows[len(job.good) + len(job.bad) :]
    return Answer(200, csv_text(job, header, rows), {"Sforce-NumberOfRecords": str(len(rows))}, CSV)
