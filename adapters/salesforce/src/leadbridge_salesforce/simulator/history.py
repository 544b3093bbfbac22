"""What the org remembers of earlier values: ``LeadHistory`` and its like, and ``OpportunityHistory``.

Field history is opt-in: only fields that an administrator chose are tracked, from then on, and where none is there is
no past. It keeps a row for each change, two for a lookup (the label and the id), and rows of its own for a record's
creation, conversion and merge. ``OpportunityHistory`` is always on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from leadbridge_salesforce.simulator.fields import FieldDef
from leadbridge_salesforce.simulator.table import Row

__all__ = ["HISTORIES", "MOST_TRACKED", "History"]

HISTORIES: Mapping[str, tuple[str, str]] = {
    "Lead": ("LeadHistory", "LeadId"),
    "Contact": ("ContactHistory", "ContactId"),
    "Account": ("AccountHistory", "AccountId"),
    "Opportunity": ("OpportunityFieldHistory", "OpportunityId"),
}
"""For each kind its field history, and the field there that names the record."""

MOST_TRACKED = 20
"""Fields of one kind that may be tracked."""

_DEAL = ("StageName", "Amount", "Probability", "CloseDate")
_TYPES = {"string": "Text", "picklist": "DynamicEnum", "boolean": "Boolean", "datetime": "DateTime", "date": "DateOnly"}


class History:
    """Which fields are tracked, and the rows that a change leaves behind.

    Args:
        label: the name of the record with an id.
    """

    def __init__(self, label: Callable[[Any], str | None]) -> None:
        self.tracked: dict[str, set[str]] = {}
        self._label = label

    def of_creation(self, kind: str, row: Row) -> Iterator[tuple[str, Row]]:
        """Rows for a new record, each with the kind of history it belongs to."""
        if self.tracked.get(kind):
            yield self._entry(kind, row, "created", "Text", None, None)
        if kind == "Opportunity":
            yield self._deal(row, {})

    def of_change(self, kind: str, row: Row, before: Row, fields: Mapping[str, FieldDef]) -> Iterator[tuple[str, Row]]:
        """Rows for a change; ``before`` has the earlier values of what was written."""
        changed = {name for name, value in before.items() if row.get(name) != value}
        for name in sorted(changed & self.tracked.get(kind, set())):
            field, old, new = fields[name], before[name], row.get(name)
            if not field.reference_to:
                shown = (None, None) if field.type == "textarea" and field.length > 255 else (old, new)
                yield self._entry(kind, row, name, _TYPES.get(field.type, "Text"), *shown)
                continue
            lookup = name.removesuffix("Id")
            yield self._entry(kind, row, lookup, "Text", self._label(old), self._label(new))
            yield self._entry(kind, row, lookup, "EntityId", old, new)
        if self.tracked.get(kind):
            if "IsConverted" in changed and row.get("IsConverted"):
                yield self._entry(kind, row, "leadConverted", "Text", None, None)
            if "MasterRecordId" in changed and row.get("MasterRecordId"):
                yield self._entry(kind, row, f"{kind.lower()}Merged", "Text", None, None)
        if kind == "Opportunity" and changed & set(_DEAL):
            yield self._deal(row, before)

    @staticmethod
    def _entry(kind: str, row: Row, field: str, type_: str, old: Any, new: Any) -> tuple[str, Row]:
        name, parent = HISTORIES[kind]
        return name, {parent: row["Id"], "Field": field, "DataType": type_, "OldValue": old, "NewValue": new}

    @staticmethod
    def _deal(row: Row, before: Row) -> tuple[str, Row]:
        now = {name: row.get(name) for name in _DEAL}
        earlier = {f"Prev{name}": before.get(name) for name in ("Amount", "CloseDate")}
        return "OpportunityHistory", {"OpportunityId": row["Id"], **now, **earlier}
