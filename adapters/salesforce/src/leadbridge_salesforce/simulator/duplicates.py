"""The duplicate rule of the org: leads and contacts whose e-mail address another one has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadbridge_salesforce.simulator.fields import KindDef
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Problem
from leadbridge_salesforce.simulator.table import Row

__all__ = ["found_twice"]

_KINDS = ("Lead", "Contact")


def found_twice(org: Org, kind: KindDef, clean: Row, row: Row | None, headers: Mapping[str, str]) -> None:
    """Refuses a record that the rule takes for one that exists; a lead may well match a contact.

    Raises:
        Problem: ``DUPLICATES_DETECTED`` with the ``duplicateResult``; with ``includeRecordDetails=true`` in the header
            it shows the other record's visible fields, otherwise its id only.
    """
    email = clean.get("Email")
    if not org.switches.duplicate_rule or kind.name not in _KINDS or not email:
        return
    if row is not None and row.get("Email") == email:
        return
    asked = headers.get("sforce-duplicate-rule-header", "").lower().replace(" ", "")
    if "allowsave=true" in asked and not org.switches.duplicate_block:
        return
    for other_kind in _KINDS:
        for other in org.tables[other_kind].live():
            same = str(other.get("Email") or "").casefold() == str(email).casefold()
            if same and not other.get("IsConverted") and (row is None or other["Id"] != row["Id"]):
                detailed = "includerecorddetails=true" in asked
                more = {"duplicateResult": _result(org, kind.name, other_kind, other, detailed=detailed)}
                raise Problem("DUPLICATES_DETECTED", "Use one of these records?", more=more)


def _result(org: Org, kind: str, other_kind: str, other: Row, *, detailed: bool) -> dict[str, Any]:
    shown = [each.name for each in org.kinds[other_kind].visible()] if detailed else ["Id"]
    record = {"attributes": {"type": other_kind}, **{name: other.get(name) for name in shown}}
    return {
        "allowSave": not org.switches.duplicate_block,
        "duplicateRule": f"Standard_{kind}_Duplicate_Rule",
        "duplicateRuleEntityType": kind,
        "errorMessage": "Use one of these records?",
        "matchResults": [
            {
                "entityType": other_kind,
                "errors": [],
                "matchEngine": "ExactMatchEngine",
                "matchRecords": [
                    {"additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0, "record": record}
                ],
                "rule": f"Standard_{other_kind}_Match_Rule_v1_0",
                "size": 1,
                "success": True,
            }
        ],
    }
