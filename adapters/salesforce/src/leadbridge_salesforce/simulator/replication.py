"""``updated`` and ``deleted``: what changed between two minutes, and how far that answer can be trusted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from leadbridge_salesforce.simulator.call import Answer, Call
from leadbridge_salesforce.simulator.fields import KindDef
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Refusal
from leadbridge_salesforce.simulator.soql_dates import wire_instant

__all__ = ["deleted", "updated"]

_Found = TypeVar("_Found")

_UPDATES_KEPT = timedelta(days=30)


def updated(org: Org, call: Call, kind: KindDef) -> Answer:
    """``GET /sobjects/{kind}/updated``: ids of records that are not deleted, by their stamp."""
    start, end = _span(org, call, _UPDATES_KEPT)
    ids = [
        row["Id"]
        for row in org.tables[kind.name].in_order(start)
        if row["SystemModstamp"] < end and not row["IsDeleted"]
    ]
    return Answer(body={"ids": _few(org, ids), "latestDateCovered": _covered(org, end)})


def deleted(org: Org, call: Call, kind: KindDef) -> Answer:
    """``GET /sobjects/{kind}/deleted``: what went to the recycle bin, and out of it."""
    start, end = _span(org, call, org.switches.deletes_kept)
    rows = [(row["SystemModstamp"], row["Id"]) for row in org.tables[kind.name].in_order(start) if row["IsDeleted"]] + [
        (stamp, key) for name, key, stamp in org.purged if name == kind.name and stamp >= start
    ]
    gone = _few(org, [{"id": key, "deletedDate": stamp} for stamp, key in sorted(rows) if stamp < end])
    earliest = wire_instant(org.clock.now() - org.switches.deletes_kept)
    return Answer(
        body={"deletedRecords": gone, "earliestDateAvailable": earliest, "latestDateCovered": _covered(org, end)}
    )


def _span(org: Org, call: Call, kept: timedelta) -> tuple[str, str]:
    """The bounds; their seconds are ignored."""
    start, end = (_minute(call.query.get(each, "")) for each in ("start", "end"))
    if start >= end:
        raise Refusal(400, "INVALID_REPLICATION_DATE", "startDate is after or equal to endDate")
    if start < (org.clock.now() - kept).replace(second=0, microsecond=0):
        raise Refusal(400, "INVALID_REPLICATION_DATE", "startDate before org replication enabled date")
    return wire_instant(start), wire_instant(end)


def _minute(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise Refusal(400, "MALFORMED_QUERY", "invalid date") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).replace(second=0, microsecond=0)


def _covered(org: Org, end: str) -> str:
    """Up to where nothing can be missing: a transaction that is still open holds it back."""
    return min(each for each in (end, org.stamp(), org.open_since()) if each is not None)


def _few(org: Org, found: list[_Found]) -> list[_Found]:
    if len(found) > org.switches.replicated:
        raise Refusal(400, "EXCEEDED_ID_LIMIT", f"exceeded {org.switches.replicated} id limit")
    return found
