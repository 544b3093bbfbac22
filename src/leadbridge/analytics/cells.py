"""How a value of a result reads in a table: shares as percent, instants as days, and words where nothing stands."""

from __future__ import annotations

from typing import Any

from leadbridge.clock import from_us

__all__ = ["cell", "heading"]


def heading(column: str) -> str:
    """The name of a column as words, which a narrow table can put below one another."""
    return column.removesuffix("_us").replace("_", " ")


def cell(column: str, value: Any) -> str:
    """A value as people read it. A blank dimension is said; where a rate has no denominator, nothing stands."""
    if value is None and column == "median":
        return "not reached"
    if value is None:
        number = column.startswith(("p", "longest")) or column.endswith(("rate", "share", "_low", "_high"))
        return "" if number else "(blank)"
    if column in ("week_us", "day_us"):
        return from_us(value).date().isoformat()
    if isinstance(value, float):
        plain = column.removesuffix("_low").removesuffix("_high")
        share = plain.endswith(("rate", "share", "coverage", "attainment", "reach", "still_waiting"))
        return f"{value:.1%}" if share else f"{value:,.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
