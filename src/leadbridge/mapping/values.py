"""What the values of a picklist mean on our axes, and which value says best what is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from leadbridge.adapter import Value
from leadbridge.agreement.crosswalk import BY_REASON

__all__ = ["Table", "express"]

Table: TypeAlias = Mapping[str, Mapping[str, str]]
"""A stored value → axis → what it means there."""


def express(table: Table, wanted: Mapping[str, Value], current: Value) -> str | None:
    """The stored value whose meaning fits best what is wanted; ``None`` when the present one fits as well.

    A value that means a decision is written only when that decision was made: we never put words in sales' mouth.
    """

    def fits(row: Mapping[str, str]) -> int:
        score = 0
        for axis, meaning in row.items():
            value = wanted.get(axis)
            agrees = value == meaning
            if axis == "decision":
                by_reason = meaning == BY_REASON and value is not None and value != "accept"
                if not agrees and not by_reason:
                    return -1
                score += 8
            elif value is None:
                continue
            elif agrees:
                score += 4 if axis == "stage" else 1
            elif axis != "status" or "stage" not in row:
                return -1
        return score

    now = table.get(current) if isinstance(current, str) else None
    best, best_score = None, 0
    # Of two that fit as well, the one that names the decision, not the one that leaves it to the reason.
    for raw, row in sorted(table.items(), key=lambda entry: entry[1].get("decision") == BY_REASON):
        score = fits(row)
        if score > best_score:
            best, best_score = raw, score
    return None if now is not None and fits(now) >= best_score else best
