"""Writing many records through one job of the Bulk API 2.0.

A job costs eight calls or so, however many records it has, and Salesforce works on it while we ask from time to time
how far it is; waiting is the rate budget's. It writes records in parallel, in batches of its own, so children of one
parent stand beside each other in the file: they do not lock each other out then.

No assignment rule runs, because the job names none. Its results tell less than those of a collection: which record a
duplicate rule has found, for one, they do not say.

Sources: Bulk API 2.0 and Bulk API Developer Guide, "Create a Job", "Upload Job Data", "Close or Abort a Job", "Get Job
Successful Record Results" and its siblings, "Valid CSV Record Rows".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import quote

from leadbridge.adapter import Write
from leadbridge.errors import AdapterError, Unavailable
from leadbridge.http import RateBudget, Reply
from leadbridge_salesforce.bulk import POLLS
from leadbridge_salesforce.mappers import Shape, id18
from leadbridge_salesforce.wire import Wire

__all__ = ["BULK_BATCH", "BulkIngest", "bulkable"]

BULK_BATCH = 10_000
"""Most records of one job: Salesforce itself works in batches of so many."""

_LARGEST = 100_000_000
"""Bytes of one upload that stay below Salesforce's 150 MB when they are encoded as base64."""

_NULL = "#N/A"
"""How a file says null; an empty value leaves the field as it is."""

_MOST_POLLS = 300
_GOING_ON = frozenset({"UploadComplete", "InProgress"})

Item: TypeAlias = tuple[Write, dict[str, object]]
"""A write with the record that says it, as a collection would take it."""


def bulkable(item: Item) -> bool:
    """Whether a file can say it: no text of it may mean null there."""
    return _NULL not in item[1].values()


class BulkIngest:
    """Ingest jobs of one connection. ``polls`` makes the budget that one job's questions wait for."""

    def __init__(
        self, wire: Wire, shape: Callable[[str], Shape], *, polls: Callable[[], RateBudget] | None = None
    ) -> None:
        self._wire = wire
        self._shape = shape
        self._polls = polls or (lambda: RateBudget(*POLLS))

    def send(self, batch: Sequence[Item]) -> dict[str, Mapping[str, object] | None]:
        """Writes records of one action and kind; every record at most once in it.

        Returns:
            For each write's key a result as a collection words it, or ``None`` where nothing is known. A write that
            is not in it has surely not been done.

        Raises:
            AdapterError: nothing was written, or (``Unavailable`` that was sent) it is not known what was.
        """
        first = batch[0][0]
        shape = self._shape(first.target.kind)
        key = shape.info.own["id"] if first.action == "upsert" else "Id"
        lines = _file(batch, key)
        if len(lines) > _LARGEST and len(batch) > 1:
            middle = len(batch) // 2
            return {**self.send(batch[:middle]), **self._rest(batch[middle:])}
        path = self._begun(shape.kind, first.action, key, lines)
        self._call("PATCH", path, json={"state": "UploadComplete"})
        try:
            state = self._ended(path)
            found = self._results(path, key)
            # A job that ended otherwise says which records it had not come to.
            left = set() if state == "JobComplete" else {row.get(key, "") for row in self._rows(path, "unprocessed")}
        except AdapterError:
            # The job was begun: whatever becomes of our questions, it may have written everything.
            return {write.key: None for write, _ in batch}
        return {item[0].key: found.get(_key(item)) for item in batch if _key(item) not in left}

    def _rest(self, batch: Sequence[Item]) -> dict[str, Mapping[str, object] | None]:
        """The second half of a file that was too large: the first half has been written."""
        try:
            return self.send(batch)
        except Unavailable as error:
            return {write.key: None for write, _ in batch} if error.sent else {}
        except AdapterError:
            return {}

    def _begun(self, kind: str, action: str, key: str, lines: bytes) -> str:
        """A job that has its file. As long as it is open, nothing is written, whatever answer is lost."""
        try:
            path = self._job(kind, action, key)
            self._call("PUT", f"{path}/batches", content=lines)
        except Unavailable as error:
            error.sent = False
            raise
        return path

    def _job(self, kind: str, action: str, key: str) -> str:
        body = {"object": kind, "operation": "delete" if action == "archive" else action}
        if action == "upsert":
            body["externalIdFieldName"] = key
        body.update(contentType="CSV", columnDelimiter="COMMA", lineEnding="LF")
        told = self._call("POST", f"{self._wire.root}/jobs/ingest", json=body).json()
        job = told.get("id") if isinstance(told, dict) else None
        if not isinstance(job, str) or not job.isalnum():
            raise Unavailable("Salesforce began a job without naming it: ask again", operation="apply")
        return f"{self._wire.root}/jobs/ingest/{quote(job)}"

    def _ended(self, path: str) -> str:
        """The state that a job ends in."""
        budget = self._polls()
        for _ in range(_MOST_POLLS):
            budget.acquire()
            told = self._call("GET", path).json()
            state = told.get("state") if isinstance(told, dict) else None
            if state not in _GOING_ON:
                return str(state)
        raise Unavailable("Salesforce works on a bulk job for too long: look later what became of it")

    def _results(self, path: str, key: str) -> dict[str, Mapping[str, object]]:
        """What the files say of each record that the job came to, by its key."""
        told: dict[str, Mapping[str, object]] = {}
        for row in self._rows(path, "successful"):
            told[row.get(key, "")] = {"success": True, "id": row.get("sf__Id", "")}
        for row in self._rows(path, "failed"):
            told[row.get(key, "")] = {"success": False, "errors": row.get("sf__Error")}
        return told

    def _rows(self, path: str, which: str) -> list[dict[str, str]]:
        name = "unprocessedrecords" if which == "unprocessed" else f"{which}Results"
        body = self._call("GET", f"{path}/{name}", headers={"Accept": "text/csv"}).body
        try:
            return list(csv.DictReader(io.StringIO(body.decode(), newline=""), strict=True))
        except (UnicodeDecodeError, csv.Error):
            raise Unavailable("Salesforce sent results that are no table", operation="apply") from None

    def _call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        sort = {"Content-Type": "text/csv"} if content is not None else {}
        all_headers = {**self._wire.write_headers, **sort, **(headers or {})}
        return self._wire.call(method, path, operation="apply", json=json, content=content, headers=all_headers)


def _key(item: Item) -> str:
    """What the file knows a record by."""
    write = item[0]
    return write.target.id if write.action == "upsert" else id18(write.target.id)


def _file(batch: Sequence[Item], key: str) -> bytes:
    """The records as CSV. A column that a record does not have is empty, which leaves the field as it is."""
    records = [{**body, key: _key((write, body))} for write, body in batch]
    names = list(dict.fromkeys([key, *(name for record in records for name in record if name != "attributes")]))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_text(record[name]) if name in record else "" for name in names] for record in records)
    return out.getvalue().encode()


def _text(value: object) -> str:
    if value is None or value == "":
        return _NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
