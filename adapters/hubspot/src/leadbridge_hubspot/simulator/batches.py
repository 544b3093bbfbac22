"""Records by the hundred: answers come in any order, and one record can sink the batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from leadbridge_hubspot.simulator.answers import Refused, conflict, made, reply, shown, validation_error, visible
from leadbridge_hubspot.simulator.objects import HISTORY_LIMIT, echo, with_more
from leadbridge_hubspot.simulator.portal import Problem, Taken
from leadbridge_hubspot.simulator.rules import Ends, associate_all, associations_asked, check_required
from leadbridge_hubspot.simulator.table import Entry, Table
from leadbridge_hubspot.simulator.values import iso_ms
from leadbridge_hubspot.simulator.web import Call

__all__ = ["archive", "create", "read", "update", "upsert"]

LIMIT = 100


@dataclass(slots=True)
class _Input:
    """One record of a batch, checked; ``entry`` is the one that it changes, ``None`` makes a new one."""

    id: str
    values: dict[str, str]
    trace: str | None
    ends: Ends
    entry: Entry | None = None


def read(call: Call) -> Response:
    """Records by id or by a unique property; archived ones only when they are asked for."""
    table, body = call.table, call.json()
    id_property, archived = body.get("idProperty"), call.flag("archived")
    if id_property and id_property != "hs_object_id" and id_property not in table.unique:
        raise Refused(400, f"Unable to perform read by non-unique {table.kind.type_id} property", "VALIDATION_ERROR")
    names = visible(table, [str(name) for name in body.get("properties") or ()])
    earlier = [str(name) for name in body.get("propertiesWithHistory") or ()]
    found: dict[str, Entry] = {}
    missing: list[str] = []
    for item in call.inputs(HISTORY_LIMIT if earlier else LIMIT):
        id = str(item.get("id"))
        if id_property and id_property != "hs_object_id":
            entry = table.holder(id_property, id, archived=archived)
        else:
            entry = table.resolve(id) if call.portal.switches.batches_redirect else table.get(id)
        if entry is None or (entry.archived_at is not None) != archived:
            missing.append(id)
        else:
            found[entry.id] = entry
    errors = [_missing(table, missing)] if missing else []
    results = [with_more(call, table, entry, shown(entry, names), earlier) for entry in found.values()]
    return _answer(call, results, errors)


def create(call: Call) -> Response:
    """New records; one address that exists sinks all of them, unless each has a trace id."""
    table = call.table
    return _write(call, table, _checked(call, table), status=201)


def update(call: Call) -> Response:
    """Changes of records by id; unknown ids are errors beside the results."""
    table = call.table
    inputs = _checked(call, table)
    _distinct([each.id for each in inputs])
    missing: list[str] = []
    for each in inputs:
        each.entry = table.resolve(each.id) if call.portal.switches.batches_redirect else table.get(each.id)
        if each.entry is None or not each.entry.live:
            missing.append(each.id)
    present = [each for each in inputs if each.id not in set(missing)]
    return _write(call, table, present, errors=[_missing(table, missing)] if missing else [])


def upsert(call: Call) -> Response:
    """Creates or changes records by a unique property; each result says whether it is ``new``."""
    table, items = call.table, call.inputs(LIMIT)
    inputs = _checked(call, table)
    for item, each in zip(items, inputs, strict=True):
        name = str(item.get("idProperty") or "hs_object_id")
        if name == "hs_object_id":
            each.entry = table.resolve(each.id)
            continue
        if name not in table.unique:
            message = f"Unable to perform update/upsert by non-unique {table.kind.type_id} property"
            raise Refused(400, message, "VALIDATION_ERROR")
        each.entry = table.holder(name, each.id)
        each.values = {name: each.id.lower() if name == "email" else each.id, **each.values}
    _distinct([each.id.lower() for each in inputs])
    # By address it is all or nothing, whatever trace ids there are.
    whole = any(item.get("idProperty") == "email" for item in items)
    return _write(call, table, inputs, tells_new=True, whole=whole)


def archive(call: Call) -> Response:
    """Puts records into the recycle bin; those that are not there are fine."""
    table = call.table
    for item in call.inputs(LIMIT):
        entry = table.get(str(item.get("id")))
        if entry is not None and entry.live:
            call.portal.archive(table, entry)
    return reply(None, 204)


def _checked(call: Call, table: Table) -> list[_Input]:
    """The inputs; one wrong property refuses the whole batch, and the answer does not say whose it was."""
    inputs: list[_Input] = []
    problems: dict[Problem, None] = {}
    for item in call.inputs(LIMIT):
        kept, wrong = call.portal.stored(table, item.get("properties") or {})
        problems.update(dict.fromkeys(wrong))
        trace = item.get("objectWriteTraceId")
        ends = associations_asked(call, table, item)
        inputs.append(_Input(str(item.get("id")), kept, str(trace) if trace is not None else None, ends))
    if problems:
        raise validation_error(list(problems))
    return inputs


def _distinct(ids: Sequence[str]) -> None:
    twice = sorted({id for id in ids if ids.count(id) > 1}) if len(set(ids)) < len(ids) else []
    if twice:
        message = f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
        raise Refused(400, message, "VALIDATION_ERROR", context={"ids": twice})


def _write(
    call: Call,
    table: Table,
    inputs: list[_Input],
    *,
    errors: list[dict[str, Any]] | None = None,
    status: int = 200,
    tells_new: bool = False,
    whole: bool = False,
) -> Response:
    traces = {each.trace for each in inputs}
    traced = not whole and None not in traces and len(traces) == len(inputs)
    if not traced:
        _check_all(call, table, inputs)
    results: list[dict[str, Any]] = []
    failed = list(errors or ())
    for each in inputs:
        check_required(call, table, each.values, each.entry, each.ends)
    for each in inputs:
        try:
            call.portal.check_unique(table, each.values, each.entry)
        except Taken as taken:
            error = conflict(taken, each.entry.id if each.entry else "")
            failed.append({**error, "context": {**error.get("context", {}), "objectWriteTraceId": [each.trace]}})
            continue
        results.append(_one(call, table, each, tells_new=tells_new))
    return _answer(call, results, failed, status)


def _check_all(call: Call, table: Table, inputs: list[_Input]) -> None:
    """Without trace ids it is all or nothing, also for inputs that clash with each other."""
    claimed: set[tuple[str, str]] = set()
    for each in inputs:
        try:
            call.portal.check_unique(table, each.values, each.entry)
        except Taken as taken:
            body = conflict(taken)
            # For a whole batch HubSpot does not say which record exists.
            message = "Contact already exists" if taken.name == "email" else body["message"]
            raise Refused(409, message, "CONFLICT") from None
        for name in table.unique:
            claim = (name, each.values.get(name, "").lower())
            if claim[1] and claim in claimed:
                raise Refused(409, "Contact already exists", "CONFLICT")
            claimed.add(claim)


def _one(call: Call, table: Table, each: _Input, *, tells_new: bool) -> dict[str, Any]:
    new = each.entry is None
    if each.entry is None:
        entry = call.portal.create(table, each.values)
        associate_all(call, table, entry, each.ends)
        body = made(entry)
    else:
        entry = each.entry
        call.portal.update(table, entry, each.values)
        body = echo(table, entry, each.values)
    if tells_new:
        body["new"] = new
    if each.trace is not None:
        body["objectWriteTraceId"] = each.trace
    return body


def _missing(table: Table, ids: list[str]) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": (
            f"Could not get some {table.kind.kind.upper()} objects, they may be deleted or not exist. "
            "Check that ids are valid."
        ),
        "context": {"ids": ids},
    }


def _answer(call: Call, results: list[dict[str, Any]], errors: list[dict[str, Any]], status: int = 200) -> Response:
    if call.portal.switches.shuffled:
        call.portal.random.shuffle(results)
    now = iso_ms(call.portal.now())
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        body["numErrors"] = len(errors)
        body["errors"] = errors
    return reply(body, 207 if errors and call.old else status)
