"""Jobs of the Bulk API 2.0: what a job says of itself, how it is made, listed, stopped and thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.simulator.call import Answer, Call
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Refusal
from leadbridge_salesforce.simulator.soql_dates import wire_instant

__all__ = ["Job", "abort", "delete", "job_of", "listed", "new_job", "told", "wanted_state"]

_KEPT = timedelta(days=7)
_DELIMITERS = {"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "BACKQUOTE": "`", "CARET": "^"}
_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_ENDED = ("Aborted", "Failed")


@dataclass(slots=True)
class Job:
    """One job. ``header`` and the lists of rows are those of its result files."""

    id: str
    sort: str
    operation: str
    object: str
    version: str
    made_at: datetime
    made_by: str
    delimiter: str = "COMMA"
    ending: str = "LF"
    key_field: str = ""
    assigns: bool = False
    stopped: str = ""
    error: str = ""
    begins: datetime | None = None
    ends: datetime | None = None
    content: str | None = None
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    good: list[list[str]] = field(default_factory=list)
    bad: list[list[str]] = field(default_factory=list)

    @property
    def comma(self) -> str:
        """What stands between values."""
        return _DELIMITERS[self.delimiter]

    @property
    def newline(self) -> str:
        """What ends a line."""
        return _ENDINGS[self.ending]

    def state(self, now: datetime) -> str:
        """``Open``, ``UploadComplete``, ``InProgress``, ``JobComplete``, ``Aborted`` or ``Failed``."""
        if self.stopped:
            return self.stopped
        if self.begins is None or self.ends is None:
            return "Open"
        if now >= self.ends:
            return "JobComplete"
        return "InProgress" if now >= self.begins + (self.ends - self.begins) / 4 else "UploadComplete"


def new_job(org: Org, call: Call, sort: str, *, operation: str, kind: str) -> Job:
    """A job that the org knows from now on; ``sort`` is ``query`` or ``ingest``.

    Raises:
        Refusal: the day's allowance is used up, or the file's form is unknown.
    """
    today = org.clock.now() - timedelta(hours=24)
    if sum(job.sort == sort and job.made_at > today for job in org.jobs.values()) >= org.switches.bulk_jobs:
        raise Refusal(
            400,
            "EXCEEDEDQUOTA",
            f"ExceededQuota : The job you tried to create exceeds the {sort} jobs allowed for the past 24 hours",
        )
    body = call.record()
    delimiter, ending = str(body.get("columnDelimiter", "COMMA")), str(body.get("lineEnding", "LF"))
    if delimiter not in _DELIMITERS or ending not in _ENDINGS or body.get("contentType", "CSV") != "CSV":
        raise Refusal(400, "INVALIDJOB", "InvalidJob : columnDelimiter, lineEnding or contentType is not supported")
    number = f"{len(org.jobs):06d}"
    job = Job(
        id18(f"750Hs0000{number}"),
        sort,
        operation,
        kind,
        call.version,
        org.clock.now(),
        org.user,
        delimiter,
        ending,
        key_field=str(body.get("externalIdFieldName") or ""),
        assigns=bool(body.get("assignmentRuleId")),
    )
    org.jobs[job.id] = job
    return job


def job_of(org: Org, call: Call, sort: str, key: str) -> Job:
    """The job that a path names; jobs are kept for seven days.

    Raises:
        Refusal: there is none, or it was made with another version of the API.
    """
    job: Job | None = org.jobs.get(id18(key))
    if job is None or job.sort != sort or job.made_at + _KEPT < org.clock.now():
        raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
    if job.version != call.version and call.path.count("/") > 3:
        raise Refusal(409, "API_ERROR", f"The job was created with version {job.version} of the API")
    return job


def told(org: Org, job: Job) -> dict[str, Any]:
    """What the API says of a job."""
    state = job.state(org.clock.now())
    body: dict[str, Any] = {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.made_by,
        "createdDate": wire_instant(job.made_at),
        "systemModstamp": wire_instant(min(job.ends or job.made_at, org.clock.now())),
        "state": state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.version),
        "jobType": "V2Query" if job.sort == "query" else "V2Ingest",
        "lineEnding": job.ending,
        "columnDelimiter": job.delimiter,
        "retries": 0,
        "totalProcessingTime": _milliseconds(job, org.clock.now()),
    }
    if job.error:
        body["errorMessage"] = job.error
    if job.sort == "query":
        return {**body, "numberRecordsProcessed": len(job.rows) if state == "JobComplete" else 0}
    body["contentUrl"] = f"services/data/v{job.version}/jobs/ingest/{job.id}/batches"
    if job.key_field:
        body["externalIdFieldName"] = job.key_field
    done = {"numberRecordsProcessed": len(job.good) + len(job.bad), "numberRecordsFailed": len(job.bad)}
    return {**body, **done, "apiActiveProcessingTime": body["totalProcessingTime"], "apexProcessingTime": 0}


def _milliseconds(job: Job, now: datetime) -> int:
    if job.begins is None or job.ends is None:
        return 0
    return int((min(now, job.ends) - job.begins) / timedelta(milliseconds=1))


def listed(org: Org, sort: str) -> Answer:
    """``GET /jobs/query`` and ``GET /jobs/ingest``."""
    jobs = [told(org, job) for job in org.jobs.values() if job.sort == sort]
    return Answer(body={"done": True, "nextRecordsUrl": None, "records": jobs})


def delete(org: Org, call: Call, sort: str, key: str) -> Answer:
    """``DELETE`` of a job that has ended."""
    job = job_of(org, call, sort, key)
    if job.state(org.clock.now()) not in ("JobComplete", *_ENDED):
        raise Refusal(400, "INVALIDJOBSTATE", "InvalidJobState : Cannot delete a job that has not ended")
    del org.jobs[job.id]
    return Answer(204)


def abort(org: Org, job: Job) -> None:
    """Stops a job that has not ended."""
    if job.state(org.clock.now()) in ("JobComplete", *_ENDED):
        raise Refusal(400, "INVALIDJOBSTATE", "InvalidJobState : Aborting already completed Job not allowed")
    job.stopped = "Aborted"


def wanted_state(call: Call) -> str:
    """The state that a ``PATCH`` asks for."""
    body: Mapping[str, Any] = call.record()
    return str(body.get("state", ""))
