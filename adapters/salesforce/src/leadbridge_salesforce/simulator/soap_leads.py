"""``convertLead`` and ``merge`` of the SOAP API: each wish has its own result, as in a collection."""

from __future__ import annotations

from typing import Any

from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.simulator import rules
from leadbridge_salesforce.simulator.bulk_values import value_of
from leadbridge_salesforce.simulator.conversion import MERGED, Conversion, convert, merge
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Problem, Refusal
from leadbridge_salesforce.simulator.soap_xml import Node, tag

__all__ = ["convert_leads", "merge_records"]

_MOST = 100
_MOST_LOSERS = 2


def convert_leads(org: Org, operation: Node) -> list[str]:
    """One result for each of up to a hundred leads."""
    wishes = operation.children("leadConverts")
    if len(wishes) > _MOST:
        raise Problem(
            "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {_MOST} records in this call"
        )
    return [_convert(org, wish) for wish in wishes]


def _convert(org: Org, wish: Node) -> str:
    key = id18(wish.text("leadId")) if wish.text("leadId") else ""
    with org.attempt() as roll_back:
        try:
            lead = rules.existing(org, org.kinds["Lead"], key)
            done = convert(
                org,
                Conversion(
                    lead,
                    owner=_id(wish, "ownerId"),
                    account=_id(wish, "accountId"),
                    contact=_id(wish, "contactId"),
                    deal=None
                    if wish.flag("doNotCreateOpportunity")
                    else wish.text("opportunityName") or lead["Company"],
                    status=wish.text("convertedStatus"),
                    overwrite_source=wish.flag("overwriteLeadSource"),
                ),
            )
        except Problem as problem:
            roll_back()
            nothing = [tag(name, None) for name in ("accountId", "contactId")]
            return tag("result", *nothing, _errors(problem), tag("leadId", key), tag("opportunityId", None), _no())
    return tag(
        "result",
        tag("accountId", done.account),
        tag("contactId", done.contact),
        tag("leadId", key),
        tag("opportunityId", done.deal),
        tag("success", True),
    )


def merge_records(org: Org, operation: Node) -> list[str]:
    """One result for each request; a master takes up to two others of its kind."""
    return [_merge(org, request) for request in operation.children("request")]


def _merge(org: Org, request: Node) -> str:
    master = request.first("masterRecord")
    key = id18(master.text("Id")) if master.text("Id") else ""
    losers = [id18(str(each.value)) for each in request.children("recordToMergeIds") if each.value]
    with org.attempt() as roll_back:
        try:
            moved = _merged(org, master, key, losers)
        except (Problem, Refusal) as problem:
            roll_back()
            return tag("result", _errors(problem), tag("id", None), _no())
    ids = [tag("mergedRecordIds", loser) for loser in losers]
    return tag(
        "result", tag("id", key), *ids, tag("success", True), *(tag("updatedRelatedIds", each) for each in moved)
    )


def _merged(org: Org, master: Node, key: str, losers: list[str]) -> list[str]:
    name = master.text("type")
    kind = org.kind(name)
    if kind is None or kind.name not in MERGED:
        raise Problem("INVALID_TYPE", f"merge not supported for this entity: {name}")
    if not 0 < len(losers) <= _MOST_LOSERS or key in losers:
        raise Problem("INVALID_NUMBER_OF_RECORDS", "Merge requires one master record and 1 to 2 records to merge")
    kept = rules.existing(org, kind, key)
    gone = [rules.existing(org, kind, loser) for loser in losers]
    values: dict[str, Any] = {
        each.name: each.value for each in master.children() if each.name not in ("type", "Id", "fieldsToNull")
    }
    found = rules.known_columns(kind, {name: value_of(kind, name, value) for name, value in values.items()})
    found.update({str(each.value): None for each in master.children("fieldsToNull")})
    moved = merge(org, kind.name, kept, gone)
    rules.update(org, kind, key, rules.known_columns(kind, found), {"sforce-auto-assign": "FALSE"})
    return moved


def _id(wish: Node, name: str) -> str | None:
    text = wish.text(name)
    return id18(text) if text else None


def _no() -> str:
    return tag("success", False)


def _errors(problem: Problem | Refusal) -> str:
    fields = [tag("fields", name) for name in problem.fields]
    return tag("errors", *fields, tag("message", problem.message), tag("statusCode", problem.code))
