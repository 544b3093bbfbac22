"""``emptyRecycleBin`` of the SOAP API: takes deleted records away for good, one result for each."""

from __future__ import annotations

from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Problem
from leadbridge_salesforce.simulator.soap_xml import Node, tag

__all__ = ["empty_recycle_bin"]

_MOST = 200


def empty_recycle_bin(org: Org, operation: Node) -> list[str]:
    """One result for each of up to two hundred ids."""
    ids = [id18(str(each.value or "")) for each in operation.children("ids")]
    if len(ids) > _MOST:
        raise Problem("EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {_MOST} records")
    return [_purged(org, key) for key in ids]


def _purged(org: Org, key: str) -> str:
    kind = next((each for each in org.kinds.values() if each.prefix == key[:3]), None)
    row = org.tables[kind.name].rows.get(key) if kind is not None else None
    if kind is None or row is None or not row["IsDeleted"]:
        code, text = "INVALID_CROSS_REFERENCE_KEY", "the record is not in the recycle bin"
        errors = tag("errors", tag("message", text), tag("statusCode", code))
        return tag("result", errors, tag("id", key), tag("success", False))
    org.purge(kind.name, row)
    return tag("result", tag("id", key), tag("success", True))
