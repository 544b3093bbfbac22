"""The query resources: ``/query``, ``/queryAll``, their locators, and ``/tooling/query``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from leadbridge_salesforce.simulator.call import Answer, Call
from leadbridge_salesforce.simulator.org import Locator, Org
from leadbridge_salesforce.simulator.problems import Refusal
from leadbridge_salesforce.simulator.soql_run import Found, run
from leadbridge_salesforce.simulator.table import Row

__all__ = ["more", "query", "rendered"]

_LIFE = timedelta(days=2)
_LARGEST_PAGE = 2000


def query(org: Org, call: Call, *, everything: bool) -> Answer:
    """``GET /query?q=…`` and ``GET /queryAll?q=…``; with ``columns=true`` it tells about the columns only."""
    found = run(org, call.query.get("q", ""), everything=everything, root=call.root)
    if call.query.get("columns", "").lower() == "true":
        return Answer(body=found.columns)
    return Answer(body=_page(org, _checked(found), found.total, 0, call))


def _checked(found: Found) -> list[dict[str, Any]]:
    if found.query.aggregates and found.total > _LARGEST_PAGE:
        raise Refusal(
            400,
            "EXCEEDED_ID_LIMIT",
            "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch",
        )
    return found.records


def more(org: Org, call: Call, locator: str) -> Answer:
    """``GET /query/{locator}``: goes on where a page ended, whichever of the two resources began."""
    key, _, start = locator.rpartition("-")
    found = org.locators.get(key)
    if found is None or not start.isdigit() or found.made_at + _LIFE < org.clock.now():
        raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return Answer(body=_page(org, found.rows, found.total, int(start), call, key=key))


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
    size = min(org.switches.page_size, max(200, min(_LARGEST_PAGE, int(asked[1]))) if asked else _LARGEST_PAGE)
    if org.switches.short_pages and size > 200:
        size -= org.random.randrange(size // 20)
    return size
