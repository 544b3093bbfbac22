"""sObject Collections: up to 200 records in one call, each with a result of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.simulator import rules
from leadbridge_salesforce.simulator.call import Answer, Call
from leadbridge_salesforce.simulator.fields import KindDef
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Problem, Refusal
from leadbridge_salesforce.simulator.queries import rendered
from leadbridge_salesforce.simulator.sobjects import kind_of
from leadbridge_salesforce.simulator.table import Row

__all__ = ["removed", "retrieved", "saved", "upserted"]

_Save: TypeAlias = Callable[[], tuple[Row, bool | None]]

_MOST = 200
_MOST_READ = 2000
_ROLLED_BACK = Problem(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


def saved(org: Org, call: Call) -> Answer:
    """``POST`` and ``PATCH /composite/sobjects``: creates or updates."""
    records = _records(call)
    work: list[tuple[KindDef, dict[str, Any]]] = []
    for record in records:
        kind = _kind(org, record)
        work.append((kind, rules.known_columns(kind, record)))
    ids = [str(fields.get("Id") or "") for _, fields in work]
    new = call.method == "POST"
    saves = [
        partial(_refuse, Problem("DUPLICATE_VALUE", "Duplicate id in one request", ["Id"]))
        if not new and ids.count(key) > 1
        else partial(_save, org, kind, fields, call, new=new)
        for key, (kind, fields) in zip(ids, work, strict=True)
    ]
    return Answer(body=_all(org, saves, whole=bool(call.record().get("allOrNone"))))


def _all(org: Org, saves: Sequence[_Save], *, whole: bool) -> list[dict[str, Any]]:
    """The result of each; with ``whole`` one failure takes all the others back."""
    with org.attempt() as roll_back:
        results = [_result(save) for save in saves]
        if not whole or all(result["success"] for result in results):
            return results
        roll_back()
    return [_failed(_ROLLED_BACK) if result["success"] else result for result in results]


def _refuse(problem: Problem) -> tuple[Row, bool | None]:
    raise problem


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
    twice = Problem("DUPLICATE_VALUE", "Duplicate external id specified", [definition.name])
    saves = [
        partial(_refuse, twice)
        if key and keys.count(key) > 1
        else partial(rules.upsert, org, kind, definition, fields, call.headers)
        for key, fields in zip(keys, work, strict=True)
    ]
    return Answer(body=_all(org, saves, whole=bool(call.record().get("allOrNone"))))


def _remove(org: Org, key: str) -> tuple[Row, bool | None]:
    kind = next((each for each in org.kinds.values() if each.prefix == key[:3]), None)
    if kind is None:
        raise Problem("MALFORMED_ID", "malformed id")
    return rules.delete(org, kind, key), None


def removed(org: Org, call: Call) -> Answer:
    """``DELETE /composite/sobjects?ids=…``."""
    ids = [part.strip() for part in call.query.get("ids", "").split(",") if part.strip()]
    if not ids or len(ids) > _MOST:
        raise Refusal(400, "INVALID_INPUT", f"The number of ids must be from 1 to {_MOST}")
    saves = [partial(_remove, org, key) for key in ids]
    return Answer(body=_all(org, saves, whole=call.query.get("allOrNone", "").lower() == "true"))


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


def _result(save: _Save) -> dict[str, Any]:
    try:
        row, new = save()
    except Problem as problem:
        return _failed(problem)
    result: dict[str, Any] = {"id": row["Id"], "success": True, "errors": []}
    return result if new is None else {**result, "created": new}


def _failed(problem: Problem) -> dict[str, Any]:
    return {"success": False, "errors": [problem.in_collection()]}
