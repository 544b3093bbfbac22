"""The values that a CRM has and an agreement gives no meaning: the first thing to look at in a real account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leadbridge.adapter import Description
from leadbridge.agreement.crosswalk import KindCrosswalk

__all__ = ["Unmapped", "unmapped"]


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A value that a CRM has and the crosswalk does not know; ``rows`` records hold it (``None``: not counted)."""

    kind: str
    field: str
    value: str
    label: str
    rows: int | None = None


def unmapped(
    crosswalk: Mapping[str, KindCrosswalk],
    description: Description,
    counts: Mapping[tuple[str, str], Mapping[str, int]] | None = None,
) -> list[Unmapped]:
    """The picklist values without a meaning, the most frequent first.

    Args:
        crosswalk: by kind.
        description: what the CRM has; active options are reported, others only when records hold them.
        counts: (kind, field) → value → number of records.
    """
    seen = counts or {}
    found: list[Unmapped] = []
    for kind, spec in crosswalk.items():
        info = description.kinds.get(kind)
        for field, table in spec.values.items():
            described = info.fields.get(field) if info is not None else None
            rows = seen.get((kind, field))
            labels = {option.value: option.label for option in described.options} if described else {}
            active = [option.value for option in described.options if option.active] if described else []
            mapped = set(table) | {value for value, label in labels.items() if label in table}
            for value in dict.fromkeys([*active, *(rows or {})]):
                if value and value not in mapped:
                    number = None if rows is None else rows.get(value, 0)
                    found.append(Unmapped(kind, field, value, labels.get(value, value), number))
    return sorted(found, key=lambda entry: -(entry.rows or 0))
