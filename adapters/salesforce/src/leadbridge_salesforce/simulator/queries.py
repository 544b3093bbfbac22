"""The query resources: ``/query``, ``/queryAll``, their locators, and ``/tooling/query``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from leadbridge_salesforce.simulator.call import Answer, Call
from leadbridge_salesforce.simulator.fields import KindDef
from leadbridge_salesforce.simulator.org import Locator, Org
from leadbridge_salesforce.simulator.problems import Refusal
from leadbridge_salesforce.simulator.soql_eval import column, earliest, ids_in, sort_key, test_of
from leadbridge_salesforce.simulator.soql_parser import Malformed, Query, parse
from leadbridge_salesforce.simulator.table import Row

__all__ = ["more", "query", "rendered", "run"]

_LIFE = timedelta(days=2)
_LONGEST = 100_000


def query(org: Org, call: Call, *, everything: bool) -> Answer:
    """``GET /query?q=…`` and ``GET /queryAll?q=…``."""
    text = call.query.get("q", "")
    if len(text) > _LONGEST:
        raise Refusal(400, "MALFORMED_QUERY", "SOQL statements cannot be longer than 100,000 characters.")
    rows, total = run(org, text, everything=everything, root=call.root)
    return Answer(body=_page(org, rows, total, 0, call))


def more(org: Org, call: Call, locator: str) -> Answer:
    """``GET /query/{locator}``: goes on where a page ended, whichever of the two resources began."""
    key, _, start = locator.rpartition("-")
    found = org.locators.get(key)
    if found is None or not start.isdigit() or found.made_at + _LIFE < org.clock.now():
        raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return Answer(body=_page(org, found.rows, found.total, int(start), call, key=key))


def run(org: Org, text: str, *, everything: bool, root: str) -> tuple[list[dict[str, Any]], int]:
    """All records that a statement finds, as the API renders them, and their number."""
    try:
        parsed = parse(text)
    except Malformed as malformed:
        raise Refusal(400, "MALFORMED_QUERY", f"\n{text}\nERROR at Row:1:Column:1\n{malformed}") from None
    kind = org.kind(parsed.kind)
    if kind is None:
        raise Refusal(400, "INVALID_TYPE", f"sObject type '{parsed.kind}' is not supported.")
    if parsed.offset > 2000:
        raise Refusal(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
    names = [column(kind, field).name for field in parsed.fields]
    rows = list(_found(org, kind, parsed, everything))
    if parsed.counts:
        return [], len(rows)
    return [rendered(kind.name, row, names, root) for row in rows], len(rows)


def _found(org: Org, kind: KindDef, parsed: Query, everything: bool) -> Iterable[Row]:
    table = org.tables[kind.name]
    test = test_of(parsed.where, kind, org.clock.now())
    only = ids_in(parsed.where)
    order = [(column(kind, each.field).name, each.descending) for each in parsed.order]
    in_order = order == [("SystemModstamp", False), ("Id", False)] and only is None
    by_id = order in ([("Id", False)], [])
    if only is not None:
        candidates: Iterator[Row] = table.some(only)
    elif in_order:
        candidates = table.in_order(earliest(parsed.where, kind, org.clock.now()))
    else:
        candidates = iter(table.rows.values())
    fitting: Iterator[Row] = (row for row in candidates if (everything or not row["IsDeleted"]) and test(row))
    if not in_order and not (by_id and only is None):
        ordered = list(fitting)
        for key, descending in sort_key(parsed, kind):
            ordered.sort(key=key, reverse=descending)
        fitting = iter(ordered)
    stop = None if parsed.limit is None else parsed.offset + parsed.limit
    return islice(fitting, parsed.offset, stop)


def rendered(kind: str, row: Row, names: list[str], root: str) -> dict[str, Any]:
    """A record as the API sends it: its attributes, then the fields in the order asked for."""
    found: dict[str, Any] = {"attributes": {"type": kind, "url": f"{root}/sobjects/{kind}/{row['Id']}"}}
    for name in names:
        found[name] = row.get(name)
    return found


def _page(
    org: Org, rows: list[dict[str, Any]], total: int, start: int, call: Call, *, key: str | None = None
) -> dict[str, Any]:
    size = _page_size(org, call)
    page = rows[start : start + size]
    if start + len(page) >= len(rows):
        return {"totalSize": total, "done": True, "records": page}
    if key is None:
        key = f"01gHs0000{len(org.locators):06d}AAA"
        org.locators[key] = Locator(rows, total, org.clock.now())
    return {
        "totalSize": total,
        "done": False,
        # Also for queryAll Salesforce names /query here, and still continues the queryAll.
        "nextRecordsUrl": f"{call.root}/query/{key}-{start + len(page)}",
        "records": page,
    }


def _page_size(org: Org, call: Call) -> int:
    asked = re.search(r"batchSize\s*=\s*(\d+)", call.headers.get("sforce-query-options", ""))
    size = min(org.switches.page_size, max(200, min(2000, int(asked[1]))) if asked else 2000)
    if org.switches.short_pages and size > 200:
        size -= org.random.randrange(size // 20)
    return size
