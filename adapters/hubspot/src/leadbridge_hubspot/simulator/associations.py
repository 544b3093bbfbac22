"""Associations over HTTP: one at a time, by the thousand, and the labels that they can have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from leadbridge_hubspot.simulator.answers import Refused, not_found, reply
from leadbridge_hubspot.simulator.links import LinkType
from leadbridge_hubspot.simulator.table import Entry, Table
from leadbridge_hubspot.simulator.values import iso_ms
from leadbridge_hubspot.simulator.web import Call

__all__ = [
    "batch_archive",
    "batch_archive_labels",
    "batch_create",
    "batch_default",
    "batch_read",
    "chosen_types",
    "create",
    "create_default",
    "end_id",
    "labels",
    "linked",
    "list_page",
    "remove",
]

READ_LIMIT, WRITE_LIMIT, PAGE = 1000, 2000, 500


def create_default(call: Call) -> Response:
    """Associates two records without a label; doing it twice is fine."""
    (here, there), tables = _ends(call), (call.table, call.table_of("to"))
    plain = _plain(call, *tables)
    call.portal.associate(tables[0], here, tables[1], there, [plain.id])
    results = [
        _spec(tables[0], here, tables[1], there, plain.id),
        _spec(tables[1], there, tables[0], here, plain.back),
    ]
    return reply(_complete(call, results))


def create(call: Call) -> Response:
    """Associates two records with labels: ``[{associationCategory, associationTypeId}]``."""
    (here, there), tables = _ends(call), (call.table, call.table_of("to"))
    types = chosen_types(call, *tables, call.json_list())
    call.portal.associate(tables[0], here, tables[1], there, [each.id for each in types])
    body = {
        "fromObjectTypeId": tables[0].kind.type_id,
        "fromObjectId": here.number,
        "toObjectTypeId": tables[1].kind.type_id,
        "toObjectId": there.number,
        "labels": [each.label for each in types if each.label],
    }
    return reply(body, 201)


def remove(call: Call) -> Response:
    """Takes every association between two records away; none is fine."""
    here, there = call.table, call.table_of("to")
    call.portal.dissociate(here, call.params["id"], there, call.params["to_id"])
    return reply(None, 204)


def list_page(call: Call) -> Response:
    """The records of a kind that belong to one."""
    entry = call.table.resolve(call.params["id"])
    if entry is None or not entry.live:
        raise not_found()
    results, after = _page(call, call.table, entry, call.table_of("to"), call.text("after"), call.number("limit", 500))
    body: dict[str, Any] = {"results": results}
    if after:
        body["paging"] = {"next": {"after": after, "link": f"{call.base_url}{call.path}?after={after}"}}
    return reply(body)


def batch_read(call: Call) -> Response:
    """The same for up to a thousand records; one without any is named among the errors, which is not a failure."""
    here, there = call.table, call.table_of("to")
    results: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for item in call.inputs(READ_LIMIT):
        id = str(item.get("id"))
        entry = here.resolve(id)
        to, after = ([], "") if entry is None else _page(call, here, entry, there, str(item.get("after") or ""), PAGE)
        if entry is None or not to:
            errors.append(_none(here, there, id))
            continue
        body: dict[str, Any] = {"from": {"id": entry.id}, "to": to}
        if after:
            body["paging"] = {"next": {"after": after, "link": ""}}
        results.append(body)
    return _batch(call, results, errors)


def batch_create(call: Call) -> Response:
    """Associates up to two thousand pairs, each with its types."""
    here, there = call.table, call.table_of("to")
    results: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    inputs = [(*_pair(item), chosen_types(call, here, there, item.get("types"))) for item in call.inputs(WRITE_LIMIT)]
    for one, other, types in inputs:
        first, second = here.resolve(one), there.resolve(other)
        if first is None or second is None or not first.live or not second.live:
            errors.append(_unknown(here if first is None else there, one if first is None else other))
            continue
        call.portal.associate(here, first, there, second, [each.id for each in types])
        results.append(
            {
                "fromObjectTypeId": here.kind.type_id,
                "fromObjectId": first.number,
                "toObjectTypeId": there.kind.type_id,
                "toObjectId": second.number,
                "labels": [each.label for each in types if each.label],
            }
        )
    return _batch(call, results, errors, 201)


def batch_default(call: Call) -> Response:
    """Associates pairs without labels."""
    here, there = call.table, call.table_of("to")
    plain = _plain(call, here, there)
    results: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for item in call.inputs(WRITE_LIMIT):
        one, other = _pair(item)
        first, second = here.resolve(one), there.resolve(other)
        if first is None or second is None or not first.live or not second.live:
            errors.append(_unknown(here if first is None else there, one if first is None else other))
            continue
        call.portal.associate(here, first, there, second, [plain.id])
        results += [_spec(here, first, there, second, plain.id), _spec(there, second, here, first, plain.back)]
    return _batch(call, results, errors)


def batch_archive(call: Call) -> Response:
    """Takes pairs apart: ``[{from: {id}, to: [{id}]}]``; those that are not associated are fine."""
    here, there = call.table, call.table_of("to")
    for item in call.inputs(WRITE_LIMIT):
        to = item.get("to")
        for other in to if isinstance(to, list) else [to]:
            call.portal.dissociate(here, end_id(item.get("from")), there, end_id(other))
    return reply(None, 204)


def batch_archive_labels(call: Call) -> Response:
    """Takes labels away from pairs; the association without a label stays unless it is named."""
    here, there = call.table, call.table_of("to")
    for item in call.inputs(WRITE_LIMIT):
        one, other = _pair(item)
        types = chosen_types(call, here, there, item.get("types"))
        call.portal.dissociate(here, one, there, other, [each.id for each in types])
    return reply(None, 204)


def labels(call: Call) -> Response:
    """What records of one kind can be to those of another."""
    types = call.portal.links.types(call.table.kind.kind, call.table_of("to").kind.kind)
    return reply({"results": [each.shown() for each in types.values()]})


def linked(call: Call, table: Table, entry: Entry) -> dict[str, Any]:
    """``associations`` of a record, for the kinds that the query names; kinds without any are left out."""
    found: dict[str, Any] = {}
    for spelling in call.texts("associations"):
        there = call.table_spelled(spelling)
        ends = call.portal.links.of(table.kind.kind, entry.id, there.kind.kind)
        if ends:
            types = call.portal.links.types(table.kind.kind, there.kind.kind)
            name = f"{table.kind.kind}_to_{there.kind.kind}"
            found[there.kind.path] = {
                "results": [
                    {"id": id, "type": name if types[each].label is None else f"{name}_{types[each].label}".lower()}
                    for id, ids in ends.items()
                    for each in ids
                ]
            }
    return found


def chosen_types(call: Call, here: Table, there: Table, items: object) -> list[LinkType]:
    """The types that a body names.

    Raises:
        Refused: when there are none, or these kinds do not have them.
    """
    if not isinstance(items, list) or not items or not all(isinstance(item, Mapping) for item in items):
        raise Refused(400, "Invalid input JSON: association types are missing", "VALIDATION_ERROR")
    known = call.portal.links.types(here.kind.kind, there.kind.kind)
    found: list[LinkType] = []
    for item in items:
        id, category = item.get("associationTypeId"), item.get("associationCategory")
        chosen = known.get(id) if isinstance(id, int) else None
        if chosen is None or chosen.category != category:
            message = (
                f"{id} is not a valid association type between {here.kind.kind.upper()} and {there.kind.kind.upper()}"
            )
            raise Refused(400, message, "VALIDATION_ERROR")
        found.append(chosen)
    return found


def end_id(end: object) -> str:
    """The id in ``{id}``.

    Raises:
        Refused: when it is something else.
    """
    if not isinstance(end, Mapping) or not isinstance(end.get("id"), (str, int)):
        raise Refused(400, "Invalid input JSON: an association needs the ids of both ends", "VALIDATION_ERROR")
    return str(end["id"])


def _ends(call: Call) -> tuple[Entry, Entry]:
    here, there = call.table.resolve(call.params["id"]), call.table_of("to").resolve(call.params["to_id"])
    if here is None or there is None or not here.live or not there.live:
        raise not_found()
    return here, there


def _plain(call: Call, here: Table, there: Table) -> LinkType:
    plain = call.portal.links.plain(here.kind.kind, there.kind.kind)
    if plain is None:
        raise Refused(400, f"{here.kind.path} and {there.kind.path} cannot be associated", "VALIDATION_ERROR")
    return plain


def _pair(item: Mapping[str, Any]) -> tuple[str, str]:
    return end_id(item.get("from")), end_id(item.get("to"))


def _page(
    call: Call, here: Table, entry: Entry, there: Table, after: str, limit: int
) -> tuple[list[dict[str, Any]], str]:
    """The other ends of one record: their ids are numbers here, though they are texts everywhere else."""
    ends = call.portal.links.of(here.kind.kind, entry.id, there.kind.kind)
    known = call.portal.links.types(here.kind.kind, there.kind.kind)
    ids = sorted((id for id in ends if not after or int(id) >= int(after)), key=int)
    page = [
        {"toObjectId": int(id), "associationTypes": [known[each].shown() for each in ends[id]]} for id in ids[:limit]
    ]
    return page, ids[limit] if limit < len(ids) else ""


def _spec(here: Table, one: Entry, there: Table, other: Entry, type_id: int) -> dict[str, Any]:
    return {
        "from": {"id": one.id},
        "to": {"id": other.id},
        "associationSpec": {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id},
    }


def _none(here: Table, there: Table, id: str) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {there.kind.kind} is associated with {here.kind.kind} {id}.",
        "context": {
            "fromObjectId": [id],
            "fromObjectType": [here.kind.kind],
            "toObjectType": [there.kind.kind],
        },
    }


def _unknown(table: Table, id: str) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"{table.kind.kind.upper()} {id} does not exist.",
        "context": {"ids": [id]},
    }


def _complete(call: Call, results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    now = iso_ms(call.portal.now())
    return {"status": "COMPLETE", "results": list(results), "startedAt": now, "completedAt": now}


def _batch(call: Call, results: list[dict[str, Any]], errors: list[dict[str, Any]], status: int = 200) -> Response:
    if call.portal.switches.shuffled:
        call.portal.random.shuffle(results)
    body = _complete(call, results)
    if errors:
        body["numErrors"] = len(errors)
        body["errors"] = errors
    return reply(body, 207 if errors and call.old else status)
