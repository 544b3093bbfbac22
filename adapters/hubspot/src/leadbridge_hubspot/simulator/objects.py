"""Records one at a time, in lists, and through search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from leadbridge_hubspot.simulator.answers import (
    Refused,
    already_exists,
    made,
    not_found,
    reply,
    shown,
    validation_error,
    visible,
)
from leadbridge_hubspot.simulator.associations import linked
from leadbridge_hubspot.simulator.history import history_of
from leadbridge_hubspot.simulator.matching import matches, sort_key
from leadbridge_hubspot.simulator.portal import Taken
from leadbridge_hubspot.simulator.rules import associate_all, associations_asked, check_required
from leadbridge_hubspot.simulator.table import Entry, Table
from leadbridge_hubspot.simulator.web import Call

__all__ = ["archive", "create", "erase", "list_page", "merge", "read", "search", "update"]

LIST_LIMIT = 100
HISTORY_LIMIT = 50
SEARCH_LIMIT = 200
SEARCH_BODY = 3_000
MOST_FOUND = 10_000


def list_page(call: Call) -> Response:
    """A page of live or of archived records, by id; ``after`` is the id of the first record of the next page."""
    table, earlier = call.table, call.texts("propertiesWithHistory")
    limit = call.number("limit", 10, HISTORY_LIMIT if earlier else LIST_LIMIT)
    entries = call.portal.bin(table) if call.flag("archived") else table.live
    after = call.text("after")
    if after and not after.isdigit():
        raise Refused(400, "The 'after' parameter is not valid", "VALIDATION_ERROR")
    start = table.behind(entries, int(after) - 1) if after else 0
    page = entries[start : start + limit]
    names = visible(table, call.texts("properties"))
    body: dict[str, Any] = {"results": [with_more(call, table, entry, shown(entry, names), earlier) for entry in page]}
    if start + limit < len(entries):
        following = entries[start + limit].id
        body["paging"] = {
            "next": {"after": following, "link": f"{call.base_url}{call.path}?after={following}&limit={limit}"}
        }
    return reply(body)


def search(call: Call) -> Response:
    """What the search index knows, with the values that the records have now; archived ones only count."""
    table, query = call.table, call.json()
    if call.size > SEARCH_BODY:
        raise Refused(400, f"The request body is longer than {SEARCH_BODY} characters", "VALIDATION_ERROR")
    size, after = str(query.get("limit") or 10), str(query.get("after") or "0")
    if not after.isdigit() or not size.isdigit() or not 0 < int(size) <= SEARCH_LIMIT:
        raise Refused(400, f"limit must be between 1 and {SEARCH_LIMIT}, after a number", "VALIDATION_ERROR")
    start, limit = int(after), int(size)
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
    table, body = call.table, call.json()
    values = checked(call, table, body.get("properties") or {})
    ends = associations_asked(call, table, body)
    check_required(call, table, values, None, ends)
    try:
        call.portal.check_unique(table, values, None)
    except Taken as taken:
        raise already_exists(taken) from None
    entry = call.portal.create(table, values)
    associate_all(call, table, entry, ends)
    return reply(made(entry), 201)


def read(call: Call) -> Response:
    """One record by its id, or by a unique property. The old id of a merged record gives the survivor."""
    table = call.table
    call.portal.bin(table)
    entry = _named(call, table)
    if entry is None or (entry.archived_at is not None) != call.flag("archived"):
        raise not_found()
    body = shown(entry, visible(table, call.texts("properties")))
    return reply(with_more(call, table, entry, body, call.texts("propertiesWithHistory")))


def update(call: Call) -> Response:
    """Changes of one record; the answer echoes what was sent, blanks too."""
    table = call.table
    entry = _named(call, table)
    if entry is None or not entry.live:
        raise not_found()
    values = checked(call, table, call.json().get("properties") or {})
    check_required(call, table, values, entry, [])
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
    """Removes a person for good; an address that nobody has can never be used again."""
    table, body = call.table, call.json()
    if table.kind.kind != "contact":
        raise Refused(400, "Only contacts can be deleted for good", "VALIDATION_ERROR")
    name, value = str(body.get("idProperty") or ""), str(body.get("objectId"))
    if name in table.unique:
        entry = table.holder(name, value) or table.holder(name, value, archived=True)
    else:
        entry = table.resolve(value)
    if entry is not None:
        call.portal.erase(table, entry)
    elif name == "email":
        call.portal.blocked.add(value.strip().lower())
    return reply(None, 204)


def checked(call: Call, table: Table, values: object) -> dict[str, str]:
    """Values as they are kept; refuses the request when one is wrong."""
    if not isinstance(values, Mapping):
        raise Refused(400, "Invalid input JSON: properties", "VALIDATION_ERROR")
    kept, problems = call.portal.stored(table, values)
    if problems:
        raise validation_error(problems)
    return kept


def with_more(call: Call, table: Table, entry: Entry, body: dict[str, Any], earlier: Sequence[str]) -> dict[str, Any]:
    """A record with the earlier values of some properties, and with the associations that the query names."""
    if earlier:
        names = [name for name in earlier if name in table.properties]
        body["propertiesWithHistory"] = history_of(entry.versions, names, call.portal.switches.history)
    if call.text("associations") and (ends := linked(call, table, entry)):
        body["associations"] = ends
    return body


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
