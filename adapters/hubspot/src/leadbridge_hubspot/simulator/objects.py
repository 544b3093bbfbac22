"""Records one at a time, in lists, and through search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from leadbridge_hubspot.simulator.answers import (
    Refused,
    already_exists,
    not_found,
    reply,
    shown,
    validation_error,
    visible,
)
from leadbridge_hubspot.simulator.matching import matches, sort_key
from leadbridge_hubspot.simulator.portal import Taken
from leadbridge_hubspot.simulator.table import Entry, Table
from leadbridge_hubspot.simulator.web import Call

__all__ = ["archive", "create", "erase", "list_page", "merge", "read", "search", "update"]

LIST_LIMIT = 100
SEARCH_LIMIT = 200
MOST_FOUND = 10_000


def list_page(call: Call) -> Response:
    """A page of live or of archived records, by id; ``after`` is the id of the first record of the next page."""
    table, limit = call.table, call.number("limit", 10, LIST_LIMIT)
    entries = table.bin if call.flag("archived") else table.live
    after = call.text("after")
    if after and not after.isdigit():
        raise Refused(400, "The 'after' parameter is not valid", "VALIDATION_ERROR")
    start = table.behind(entries, int(after) - 1) if after else 0
    page = entries[start : start + limit]
    names = visible(table, call.texts("properties"))
    body: dict[str, Any] = {"results": [shown(entry, names) for entry in page]}
    if start + limit < len(entries):
        following = entries[start + limit].id
        body["paging"] = {
            "next": {"after": following, "link": f"{call.base_url}{call.path}?after={following}&limit={limit}"}
        }
    return reply(body)


def search(call: Call) -> Response:
    """What the search index knows, with the values that the records have now; archived ones only count."""
    table, query = call.table, call.json()
    limit, after = int(query.get("limit") or 10), str(query.get("after") or "0")
    if not after.isdigit() or not 0 < limit <= SEARCH_LIMIT:
        raise Refused(400, f"limit must be between 1 and {SEARCH_LIMIT}, after a number", "VALIDATION_ERROR")
    start = int(after)
    if start + limit > MOST_FOUND:
        raise Refused(400, f"Paging beyond {MOST_FOUND} results is not supported", "VALIDATION_ERROR")
    sorts = query.get("sorts") or ()
    if len(sorts) > 1:
        raise Refused(400, "There was a problem with the request: only one sort is supported", "VALIDATION_ERROR")
    found = matches(table, table.searched(call.portal.now()), query.get("filterGroups") or ())
    for sort in sorts:
        name, downward = _sort(sort)
        # Already in the order of ids.
        if name != "hs_object_id" or downward:
            found = sorted(found, key=sort_key(table, name), reverse=downward)
    page = found[start : start + limit]
    names = visible(table, [str(name) for name in query.get("properties") or ()])
    body: dict[str, Any] = {"total": len(found), "results": [shown(entry, names) for entry in page if entry.live]}
    if start + limit < len(found):
        body["paging"] = {"next": {"after": str(start + limit)}}
    return reply(body)


def create(call: Call) -> Response:
    """A new record."""
    table = call.table
    values = checked(call, table, call.json().get("properties") or {})
    require_name(call, table, values)
    try:
        call.portal.check_unique(table, values, None)
    except Taken as taken:
        raise already_exists(taken) from None
    entry = call.portal.create(table, values)
    return reply(shown(entry, tuple(sorted(entry.props))), 201)


def read(call: Call) -> Response:
    """One record by its id, or by a unique property. The old id of a merged record gives the survivor."""
    table = call.table
    entry = _named(call, table)
    if entry is None or (entry.archived_at is not None) != call.flag("archived"):
        raise not_found()
    return reply(shown(entry, visible(table, call.texts("properties"))))


def update(call: Call) -> Response:
    """Changes of one record; the answer echoes what was sent, blanks too."""
    table = call.table
    entry = _named(call, table)
    if entry is None or not entry.live:
        raise not_found()
    values = checked(call, table, call.json().get("properties") or {})
    try:
        call.portal.check_unique(table, values, entry)
    except Taken as taken:
        raise already_exists(taken, entry.id) from None
    call.portal.update(table, entry, values)
    return reply(echo(table, entry, values))


def archive(call: Call) -> Response:
    """Puts a record into the recycle bin; what is not there is fine."""
    entry = call.table.get(call.params["id"])
    if entry is not None and entry.live:
        call.portal.archive(call.table, entry)
    return reply(None, 204)


def merge(call: Call) -> Response:
    """Makes two records one."""
    table, body = call.table, call.json()
    primary, loser = (table.resolve(str(body.get(name))) for name in ("primaryObjectId", "objectIdToMerge"))
    if not table.kind.mergeable:
        raise Refused(400, f"{table.kind.path} cannot be merged", "VALIDATION_ERROR")
    if primary is None or loser is None or not primary.live or not loser.live:
        raise not_found()
    if primary is loser:
        raise Refused(400, "Cannot merge an object with itself", "VALIDATION_ERROR")
    survivor = call.portal.merge(table, primary, loser)
    return reply(shown(survivor, tuple(sorted(survivor.props))))


def erase(call: Call) -> Response:
    """Removes a person for good."""
    table, body = call.table, call.json()
    name, value = str(body.get("idProperty")), str(body.get("objectId"))
    entry = table.holder(name, value) if name in table.unique else table.resolve(value)
    if entry is not None:
        table.drop(entry, call.portal.visible_at())
    return reply(None, 204)


def checked(call: Call, table: Table, values: object) -> dict[str, str]:
    """Values as they are kept; refuses the request when one is wrong."""
    if not isinstance(values, Mapping):
        raise Refused(400, "Invalid input JSON: properties", "VALIDATION_ERROR")
    kept, problems = call.portal.stored(table, values)
    if problems:
        raise validation_error(problems)
    return kept


def require_name(call: Call, table: Table, values: Mapping[str, str]) -> None:
    """Refuses a contact without address and name, in accounts that demand one."""
    if table.kind.kind == "contact" and call.portal.switches.require_name_or_email:
        names = ("email", "firstname", "lastname")
        if not any(values.get(name) for name in names):
            raise Refused(400, f"One of the following properties must be set: {', '.join(names)}", "VALIDATION_ERROR")


def echo(table: Table, entry: Entry, values: Mapping[str, str]) -> dict[str, Any]:
    """The answer to a write: what was sent as it is now, and the three properties that always come."""
    body = shown(entry, tuple(sorted({*values, *table.always})))
    body["properties"].update({name: "" for name, value in values.items() if not value})
    return body


def _named(call: Call, table: Table) -> Entry | None:
    id, name = call.params["id"], call.text("idProperty")
    if name and name != "hs_object_id":
        if name not in table.unique:
            raise Refused(400, f"{name} is not a unique property", "VALIDATION_ERROR")
        return table.holder(name, id, archived=call.flag("archived"))
    return table.resolve(id) if call.portal.switches.merged_redirect else table.get(id)


def _sort(sort: object) -> tuple[str, bool]:
    """The name and whether it goes downward; a sort may be a plain name, with a minus in front of it."""
    if isinstance(sort, Mapping):
        return str(sort.get("propertyName")), sort.get("direction") == "DESCENDING"
    return str(sort).removeprefix("-"), str(sort).startswith("-")
