"""sObject Collections and composite requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.simulator import rules
from leadbridge_salesforce.simulator.call import Answer, Call
from leadbridge_salesforce.simulator.fields import KindDef
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Problem, Refusal
from leadbridge_salesforce.simulator.queries import rendered
from leadbridge_salesforce.simulator.sobjects import kind_of
from leadbridge_salesforce.simulator.table import Row

__all__ = ["composite", "removed", "retrieved", "saved", "upserted"]

_MOST = 200
_MOST_READ = 2000
_MOST_REQUESTS = 25
_ROOT = re.compile(r"^/services/data/v\d+\.\d")
_REFERENCE = re.compile(r"@\{([\w.\[\]]+)\}")


def saved(org: Org, call: Call) -> Answer:
    """``POST`` and ``PATCH /composite/sobjects``: creates or updates."""
    records = _records(call)
    work: list[tuple[KindDef, dict[str, Any]]] = []
    for record in records:
        kind = _kind(org, record)
        work.append((kind, rules.known_columns(kind, record)))
    ids = [str(fields.get("Id") or "") for _, fields in work]
    new = call.method == "POST"
    results = []
    for number, (kind, fields) in enumerate(work):
        if not new and ids.count(ids[number]) > 1:
            results.append(_failed(Problem("DUPLICATE_VALUE", "Duplicate id in one request", ["Id"])))
            continue
        results.append(_result(partial(_save, org, kind, fields, call, new=new)))
    return Answer(body=results)


def _save(org: Org, kind: KindDef, fields: dict[str, Any], call: Call, *, new: bool) -> tuple[Row, bool | None]:
    if new:
        return rules.create(org, kind, fields, call.headers), None
    if not fields.get("Id"):
        raise Problem("MISSING_ARGUMENT", "Id not specified in an update call", ["Id"])
    return rules.update(org, kind, str(fields["Id"]), fields, call.headers), None


def upserted(org: Org, call: Call, name: str, field: str) -> Answer:
    """``PATCH /composite/sobjects/{kind}/{external id}``."""
    kind = kind_of(org, name)
    definition = kind.get(field)
    if definition is None or not definition.external_id:
        raise Refusal(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + field)
    work = []
    for record in _records(call):
        if _kind(org, record).name != kind.name:
            raise Refusal(400, "INVALID_INPUT", "All records must be of the type in the address")
        work.append(rules.known_columns(kind, record))
    keys = [str(fields.get(definition.name) or "").casefold() for fields in work]
    results = []
    for key, fields in zip(keys, work, strict=True):
        if key and keys.count(key) > 1:
            results.append(_failed(Problem("DUPLICATE_VALUE", "Duplicate external id specified", [definition.name])))
            continue
        results.append(_result(partial(rules.upsert, org, kind, definition, fields, call.headers)))
    return Answer(body=results)


def _remove(org: Org, kind: KindDef, key: str) -> tuple[Row, bool | None]:
    return rules.delete(org, kind, key), None


def removed(org: Org, call: Call) -> Answer:
    """``DELETE /composite/sobjects?ids=…``."""
    ids = [part.strip() for part in call.query.get("ids", "").split(",") if part.strip()]
    if not ids or len(ids) > _MOST:
        raise Refusal(400, "INVALID_INPUT", f"The number of ids must be from 1 to {_MOST}")
    results = []
    for key in ids:
        kind = next((each for each in org.kinds.values() if each.prefix == key[:3]), None)
        if kind is None:
            results.append(_failed(Problem("MALFORMED_ID", "malformed id")))
        else:
            results.append(_result(partial(_remove, org, kind, key)))
    return Answer(body=results)


def retrieved(org: Org, call: Call, name: str) -> Answer:
    """``POST /composite/sobjects/{kind}`` with ids and fields, and ``GET`` with both in the query."""
    kind = kind_of(org, name)
    body = (
        call.record()
        if call.method == "POST"
        else {key: call.query.get(key, "").split(",") for key in ("ids", "fields")}
    )
    ids, fields = body.get("ids"), body.get("fields")
    if not isinstance(ids, list) or not isinstance(fields, list) or not 0 < len(ids) <= _MOST_READ:
        raise Refusal(400, "INVALID_INPUT", f"The number of ids must be from 1 to {_MOST_READ}")
    names = []
    for each in fields:
        definition = kind.get(str(each))
        if definition is None:
            raise Refusal(400, "INVALID_FIELD", f"No such column '{each}' on entity '{kind.name}'")
        names.append(definition.name)
    rows = org.tables[kind.name].rows
    found = []
    for key in ids:
        row = rows.get(id18(str(key)))
        live = row is not None and not row["IsDeleted"]
        found.append(rendered(kind.name, row, names, call.root) if row is not None and live else None)
    return Answer(body=found)


def _records(call: Call) -> list[Mapping[str, Any]]:
    records = call.record().get("records")
    if not isinstance(records, list) or not 0 < len(records) <= _MOST:
        raise Refusal(400, "INVALID_INPUT", f"The number of records must be from 1 to {_MOST}")
    return records


def _kind(org: Org, record: Any) -> KindDef:
    name = record.get("attributes", {}).get("type") if isinstance(record, Mapping) else None
    kind = org.kind(str(name)) if name else None
    if kind is None:
        raise Refusal(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return kind


def _result(save: Callable[[], tuple[Row, bool | None]]) -> dict[str, Any]:
    try:
        row, new = save()
    except Problem as problem:
        return _failed(problem)
    result: dict[str, Any] = {"id": row["Id"], "success": True, "errors": []}
    return result if new is None else {**result, "created": new}


def _failed(problem: Problem) -> dict[str, Any]:
    return {"success": False, "errors": [problem.in_collection()]}


def composite(org: Org, call: Call, dispatch: Callable[[Org, Call], Answer]) -> Answer:
    """``POST /composite``: up to 25 requests in one; the answer is 200 whatever became of them."""
    requests = call.record().get("compositeRequest")
    if not isinstance(requests, list) or not 0 < len(requests) <= _MOST_REQUESTS:
        raise Refusal(400, "INVALID_INPUT", f"The number of subrequests must be from 1 to {_MOST_REQUESTS}")
    known: dict[str, Any] = {}
    answers = []
    for request in requests:
        reference = str(request.get("referenceId", ""))
        parts = urlsplit(_filled(str(request.get("url", "")), known))
        inner = Call(
            str(request.get("method", "GET")).upper(),
            _ROOT.sub("", parts.path),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            _deep(request.get("body") or {}, known),
            {**call.headers, **{name.lower(): value for name, value in (request.get("httpHeaders") or {}).items()}},
            call.version,
        )
        try:
            answer = dispatch(org, inner)
        except Refusal as refusal:
            answer = Answer(refusal.status, refusal.body())
        known[reference] = answer.body
        answers.append(
            {"body": answer.body, "httpHeaders": {}, "httpStatusCode": answer.status, "referenceId": reference}
        )
    return Answer(body={"compositeResponse": answers})


def _filled(text: str, known: Mapping[str, Any]) -> str:
    """References such as ``@{first.id}``, replaced by what an earlier answer holds."""

    def one(match: re.Match[str]) -> str:
        value: Any = known
        for part in re.findall(r"\w+", match[1]):
            try:
                value = value[int(part)] if isinstance(value, list) else value[part]
            except (KeyError, IndexError, TypeError, ValueError):
                raise Refusal(400, "PROCESSING_HALTED", "Invalid reference specified") from None
        return str(value)

    return _REFERENCE.sub(one, text)


def _deep(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return _filled(value, known)
    if isinstance(value, list):
        return [_deep(item, known) for item in value]
    if isinstance(value, Mapping):
        return {name: _deep(item, known) for name, item in value.items()}
    return value
