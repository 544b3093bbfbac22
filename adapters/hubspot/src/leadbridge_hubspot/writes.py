"""Writing records in batches, and finding out what became of each one.

HubSpot answers batches in any order, so every input carries a trace id. It refuses a whole batch because of one record:
then the culprits are named from the error where it names them, and found by halving where it does not; their
neighbours are sent again. That is no retry, because a refused batch did nothing.

Associations are no properties: they are written when the records they belong to have been.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leadbridge.adapter import Receipt, Ref, Value, Write
from leadbridge.errors import AdapterError, SchemaDrift, Unavailable, Unsupported
from leadbridge.http import Reply, classify
from leadbridge_hubspot.associations_writes import split_associations, write_associations
from leadbridge_hubspot.errors import VALUE_INDEPENDENT, Refusal, body_of, refusal_of
from leadbridge_hubspot.errors import classify as classify_hubspot
from leadbridge_hubspot.mappers import encode, own_name, version_of
from leadbridge_hubspot.paths import object_type
from leadbridge_hubspot.reads import is_id
from leadbridge_hubspot.wire import WRITE_BATCH, Wire

__all__ = ["Writes", "check"]

_KEY = own_name("id")
_OP = own_name("op")
_REFUSED = frozenset({400, 409})
_ARCHIVED = 204
"""All that HubSpot answers to an archived batch: nothing. A page of text is somebody else's answer."""
_ABOUT_RECORDS = frozenset(
    {"VALIDATION_ERROR", "CONFLICT", "OBJECT_NOT_FOUND", "OBJECT_ALREADY_EXISTS", "INVALID_EMAIL"}
)


@dataclass(slots=True)
class _Job:
    """One write on its way. ``trace`` is its place in the caller's list, as text."""

    trace: str
    write: Write
    properties: dict[str, str] = field(default_factory=dict)
    linked: Mapping[str, Value] = field(default_factory=dict)

    @property
    def target(self) -> tuple[str, str, str]:
        """What must not stand twice in one batch."""
        way = "key" if self.write.action == "upsert" else "id"
        return way, self.write.target.kind, self.write.target.id


class Writes:
    """One call of ``apply``.

    Args:
        wire: the connection.
        own: for each kind that is written, our own properties that the account has, by purpose.
    """

    def __init__(self, wire: Wire, own: Mapping[str, Mapping[str, str]]) -> None:
        self._wire = wire
        self._own = own
        self._receipts: dict[str, Receipt] = {}
        self._answered = False

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        """Sends the writes; one receipt each, in order."""
        jobs = [job for index, write in enumerate(writes) if (job := self._job(index, write)) is not None]
        queue = deque(_batches(jobs))
        while queue:
            batch = queue.popleft()
            try:
                queue.extendleft(reversed(self._send(batch)))
            except AdapterError as error:
                lost = isinstance(error, Unavailable) and error.sent
                if not lost and not self._answered:
                    raise
                self._doubt((job for part in (batch, *queue) for job in part), error)
                self._doubt((job for job in jobs if job.linked and self._done(job)), error)
                break
        else:
            self._link([job for job in jobs if job.linked and self._done(job)])
        return [self._receipts[str(index)] for index in range(len(writes))]

    def _job(self, index: int, write: Write) -> _Job | None:
        """The write made ready; ``None`` when it can never be sent and has its receipt."""
        job = _Job(str(index), write)
        kind = write.target.kind
        problem = "" if write.action == "upsert" or is_id(write.target.id) else "INVALID_ID"
        fields, job.linked = split_associations(write.fields)
        for name, value in fields.items():
            try:
                job.properties[name] = encode(value)
            except ValueError:
                problem = f"INVALID_VALUE: {name}"
        if problem:
            self._note(job, Receipt(write.key, "rejected", reason=problem))
            return None
        if write.action != "archive" and "op" in self._own[kind]:
            job.properties[_OP] = write.key
        if write.action == "upsert":
            if "id" not in self._own[kind]:
                raise SchemaDrift(
                    f"this account has no property {_KEY} yet: let leadbridge provision its fields first",
                    field=f"{kind}.{_KEY}",
                    operation="apply",
                )
            job.properties[_KEY] = write.target.id
        return job

    def _note(self, job: _Job, receipt: Receipt) -> None:
        self._receipts[job.trace] = receipt

    def _done(self, job: _Job) -> bool:
        return self._receipts[job.trace].outcome == "applied"

    def _doubt(self, jobs: Iterable[_Job], error: AdapterError) -> None:
        """The receipts of what may have happened, in whole or in part."""
        for job in jobs:
            self._note(job, Receipt(job.write.key, "unknown", reason=error.code or type(error).__name__))

    def _link(self, jobs: Sequence[_Job]) -> None:
        """Writes the associations of records that were written, by kind."""
        for kind in dict.fromkeys(job.write.target.kind for job in jobs):
            refs = [(ref, job) for job in jobs if (ref := self._receipts[job.trace].ref) and ref.kind == kind]
            try:
                problems = write_associations(self._wire, kind, [(ref.id, job.linked) for ref, job in refs])
            except AdapterError as error:
                self._doubt((job for _, job in refs), error)
                continue
            for ref, job in refs:
                if ref.id in problems:
                    self._note(job, Receipt(job.write.key, "rejected", ref=ref, reason=problems[ref.id]))

    # -- one request -----------------------------------------------------------------------------------------------

    def _send(self, batch: list[_Job]) -> list[list[_Job]]:
        """Sends a batch; returns what has to be sent again, in parts, because of what was refused."""
        write = batch[0].write
        path = self._wire.objects(write.target.kind, "apply", f"/batch/{write.action}")
        body = {"inputs": [_input(job) for job in batch]}
        reply = self._wire.post(path, "apply", body, accept=_REFUSED)
        if reply.status in _REFUSED:
            again = self._isolate(batch, reply)
        elif write.action == "archive":
            if reply.status != _ARCHIVED:
                raise Unavailable(
                    "something answered in HubSpot's place: look whether it happened", sent=True, operation="apply"
                )
            again = []
            for job in batch:
                self._note(job, Receipt(job.write.key, "applied", ref=job.write.target))
        else:
            again = self._settle(batch, reply.json())
        self._answered = True
        return again

    def _settle(self, batch: list[_Job], answer: Any) -> list[list[_Job]]:
        """Gives every job of an accepted batch its receipt, as far as the answer names it."""
        open_jobs = {job.trace: job for job in batch}
        by_target = {job.write.target.id.lower(): job for job in batch}
        for raw in answer.get("results") or ():
            found = _owner(raw, open_jobs, by_target, batch[0].write.action)
            if found is not None:
                del open_jobs[found.trace]
                ref = Ref(found.write.target.kind, str(raw["id"]))
                self._note(found, Receipt(found.write.key, "applied", ref=ref, version=version_of(raw)))
        nameless: list[Refusal] = []
        for error in answer.get("errors") or ():
            refusal = refusal_of(error)
            culprits = [open_jobs[trace] for trace in refusal.traces if trace in open_jobs]
            culprits = culprits or [by_target[id] for id in map(str.lower, refusal.ids) if id in by_target]
            if not culprits:
                nameless.append(refusal)
            for job in culprits:
                if open_jobs.pop(job.trace, None) is not None:
                    self._note(job, _refused(job, refusal))
        rest = list(open_jobs.values())
        if nameless and len(rest) == 1:
            self._note(rest[0], _refused(rest[0], nameless[0]))
        elif nameless and rest:
            return _halves(rest)
        else:
            for job in rest:
                self._note(job, Receipt(job.write.key, "unknown", reason="NO_ANSWER"))
        return []

    def _isolate(self, batch: list[_Job], reply: Reply) -> list[list[_Job]]:
        """Finds out whom a refusal of the whole batch is about, and returns the others."""
        refusal = refusal_of(body_of(reply))
        about_records = refusal.code in _ABOUT_RECORDS or refusal.properties or refusal.traces or refusal.ids
        if not about_records and reply.status != 409:
            raise _whole(reply, batch[0].write.target.kind)
        hopeless = {name: code for code, name in refusal.properties if code in VALUE_INDEPENDENT}
        if _KEY in hopeless and batch[0].write.action == "upsert":
            raise _whole(reply, batch[0].write.target.kind)
        if _OP in hopeless and any(_OP in job.properties for job in batch):
            # Somebody removed the op marker since the account was described; writes go on without it.
            for job in batch:
                job.properties.pop(_OP, None)
            return [batch]
        if len(batch) == 1:
            self._note(batch[0], _refused(batch[0], refusal))
            return []
        rest = []
        for job in batch:
            name = next((name for name in hopeless if name in job.properties), None)
            if name is None:
                rest.append(job)
            else:
                self._note(job, Receipt(job.write.key, "rejected", reason=f"{hopeless[name]}: {name}"))
        if len(rest) < len(batch):
            return [rest] if rest else []
        # A value was refused: whoever does not have the property is most likely fine.
        named = {name for _, name in refusal.properties}
        suspects = [job for job in batch if named & job.properties.keys()]
        others = [job for job in batch if not named & job.properties.keys()]
        return [*_halves(suspects), others] if suspects and others else _halves(batch)


def _whole(reply: Reply, kind: str) -> AdapterError:
    """The error for an answer that refuses a request and is about none of its records."""
    error = classify_hubspot(reply, "apply") or classify(reply)
    error.connection, error.operation = reply.connection, "apply"
    if isinstance(error, SchemaDrift):
        error.field = ".".join(filter(None, (kind, error.field)))
    return error


def check(writes: Sequence[Write], key_kinds: frozenset[str], writable: frozenset[str]) -> None:
    """Refuses what this adapter never promised, before anything is sent.

    Raises:
        Unsupported: names the ability.
    """
    for write in writes:
        kind = object_type(write.target.kind, "apply").kind
        if write.if_version is not None:
            raise Unsupported("conditional writes (if_version): HubSpot has none", operation="apply")
        if write.action == "upsert" and kind not in key_kinds:
            raise Unsupported(f"creating a {kind} by our key", operation="apply")
        if write.action not in ("upsert", "update", "archive"):
            raise Unsupported(f"the action {write.action!r}", operation="apply")
        if kind not in writable:
            raise Unsupported(f"writing to a {kind}", operation="apply")


def _batches(jobs: Sequence[_Job]) -> list[list[_Job]]:
    """Jobs that can travel together: one kind and action, no target twice; later writes to a target come later."""
    layers: list[dict[tuple[str, str], list[_Job]]] = []
    times: dict[tuple[str, str, str], int] = {}
    for job in jobs:
        layer = times.get(job.target, 0)
        times[job.target] = layer + 1
        if layer == len(layers):
            layers.append({})
        layers[layer].setdefault((job.write.target.kind, job.write.action), []).append(job)
    return [
        group[start : start + WRITE_BATCH]
        for groups in layers
        for group in groups.values()
        for start in range(0, len(group), WRITE_BATCH)
    ]


def _halves(jobs: list[_Job]) -> list[list[_Job]]:
    middle = (len(jobs) + 1) // 2
    return [part for part in (jobs[:middle], jobs[middle:]) if part]


def _input(job: _Job) -> dict[str, object]:
    target = job.write.target.id
    if job.write.action == "archive":
        return {"id": target}
    data: dict[str, object] = {"id": target, "properties": job.properties, "objectWriteTraceId": job.trace}
    if job.write.action == "upsert":
        data["idProperty"] = _KEY
    return data


def _owner(raw: Mapping[str, Any], jobs: Mapping[str, _Job], by_target: Mapping[str, _Job], action: str) -> _Job | None:
    """The job that a result belongs to: by its trace id, by our key, or by its id; never by its place."""
    trace = raw.get("objectWriteTraceId")
    if trace is not None:
        return jobs.get(str(trace))
    named = (raw.get("properties") or {}).get(_KEY) if action == "upsert" else raw.get("id")
    job = by_target.get(str(named).lower())
    return job if job is not None and job.trace in jobs else None


def _refused(job: _Job, refusal: Refusal) -> Receipt:
    if refusal.code == "CONFLICT" or refusal.existing:
        ref = refusal.existing_ref(job.write.target.kind)
        return Receipt(job.write.key, "conflict", ref=ref, reason=refusal.reason)
    return Receipt(job.write.key, "rejected", reason=refusal.reason)
