"""What the values of a picklist mean on our axes, and which value says best what is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from leadbridge.adapter import Value
from leadbridge.agreement.crosswalk import BY_REASON

__all__ = ["Table", "Words", "express"]

_MOST_FOUND = 4096

Table: TypeAlias = Mapping[str, Mapping[str, str]]
"""A stored value → axis → what it means there."""


class Words:
    """What a picklist can say, with what was found out about it before: few questions are asked again and again."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._axes = sorted({axis for row in table.values() for axis in row})
        self._found: dict[tuple[Value, ...], str | None] = {}

    def express(self, wanted: Mapping[str, Value], current: Value) -> str | None:
        """As :func:`express`."""
        now = current if isinstance(current, str) and current in self.table else None
        asked = (now, *map(wanted.get, self._axes))
        try:
            return self._found[asked]
        except KeyError:
            if len(self._found) >= _MOST_FOUND:
                self._found.clear()
            said = self._found[asked] = express(self.table, wanted, current)
            return said


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
