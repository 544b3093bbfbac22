"""How sure the rows of a metric are: intervals beside its columns, and what comparing two of them needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeAlias

from leadbridge.analytics.cells import cell
from leadbridge.analytics.intervals import Interval, Spread, around, change, greenwood, wilson
from leadbridge.analytics.metric import IntervalRule, Metric

__all__ = ["FEW", "Certainty", "certainty_of", "headline_interval", "spreads_of", "with_intervals"]

FEW = 10
"""Groups of fewer cases are named in a warning."""

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """What the rows of a result can be tested with.

    Attributes:
        keys: the columns that tell the rows of one group apart.
        few: the groups of fewer than ten cases.
        rates: of which two columns each rate is made.
        curve: the columns of those at risk and those that ended, of a survival curve.
        spreads: the values behind medians, by group (``None`` without groups) and keys.
    """

    keys: tuple[str, ...] = ()
    few: tuple[str, ...] = ()
    rates: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    curve: tuple[str, str] | None = None
    spreads: Mapping[tuple[Any, ...], Spread] = field(default_factory=dict)


def spreads_of(one: Metric, found: Iterable[Row]) -> dict[tuple[Any, ...], Spread]:
    """The values of a metric with a median, by dimension and keys, from the rows of :meth:`Metric.spread`."""
    grouped: dict[tuple[Any, ...], list[tuple[float, int]]] = {}
    for row in found:
        place = tuple(row[name] for name in ("dimension", *one.keys))
        grouped.setdefault(place, []).append((row["value"], row["n"]))
    return {place: Spread.of(pairs) for place, pairs in grouped.items()}


def with_intervals(one: Metric, rows: Iterable[Row], spreads: Mapping[tuple[Any, ...], Spread]) -> list[dict[str, Any]]:
    """The rows of a metric with the ends of each interval behind the column that it is about."""
    found = list(rows)
    if not found:
        return []
    order = list(found[0])
    columns = dict(zip(order, zip(*(row.values() for row in found), strict=True), strict=True))
    for column, rule in one.intervals.items():
        low, high = f"{column}_low", f"{column}_high"
        columns[low], columns[high] = zip(*_ends(one, column, rule, found, spreads), strict=True)
        order[order.index(column) + 1 : order.index(column) + 1] = low, high
    # A curve has a row for every hour of years: columns are put together faster than rows.
    return [dict(zip(order, line, strict=True)) for line in zip(*(columns[name] for name in order), strict=True)]


def headline_interval(one: Metric, value: float, n: int, rows: list[dict[str, Any]]) -> Interval | None:
    """The interval of the headline over all rows; ``None`` where the metric has none.

    Args:
        value: the headline.
        n: its denominator.
        rows: those of everything together, with intervals.
    """
    rule = one.intervals.get(one.headline)
    if rule is None:
        return None
    if rule.kind == "wilson":
        # A share that is above one, such as more entries into the second stage than into the first, is no proportion.
        return wilson(round(value * n), n) if 0 <= value <= 1 else None
    # Of several rows the one that the headline was taken from; a headline over all of them has no interval here.
    same = [row for row in rows if row[one.headline] == value]
    return (same[0][f"{one.headline}_low"], same[0][f"{one.headline}_high"]) if len(same) == 1 else None


def certainty_of(
    one: Metric, by: str | None, rows: Iterable[Row], spreads: Mapping[tuple[Any, ...], Spread]
) -> Certainty:
    """What the named rows of a result can be tested with.

    Args:
        by: what they are broken down by.
        rows: with the name of the dimension as in the result.
        spreads: the values behind their medians, by dimension and keys.
    """
    rates = {name: (rule.first, rule.second) for name, rule in one.intervals.items() if rule.kind == "wilson"}
    curves = [(rule.first, rule.second) for rule in one.intervals.values() if rule.kind == "greenwood"]
    few: dict[str, None] = {}
    counted = next(iter(rates.values()), ("", next(iter(one.denominators), "")))[1]
    if not curves:
        for row in rows:
            n = row.get(counted)
            if isinstance(n, int) and 0 < n < FEW:
                label = " ".join(cell(name, row[name]) for name in _labels(one, by, row))
                few[f"{label or 'all'} ({n})"] = None
    else:
        few |= _few_in_curves(by, rows, curves[0][0])
    named = {(place[0] or None if by is not None else None, *place[1:]): one for place, one in spreads.items()}
    curve = curves[0] if curves else None
    return Certainty(keys=one.keys, few=tuple(few), rates=rates, curve=curve, spreads=named)


def _ends(
    one: Metric, column: str, rule: IntervalRule, rows: Sequence[Row], spreads: Mapping[tuple[Any, ...], Spread]
) -> list[Interval]:
    match rule.kind:
        case "wilson":
            return [
                wilson(row[rule.first], row[rule.second])
                if row[column] is not None and row[rule.first] <= row[rule.second]
                else (None, None)
                for row in rows
            ]
        case "around":
            return [around(row[column], row[rule.first]) for row in rows]
        case "change":
            return [
                change(row[rule.first], row[rule.second]) if row[column] is not None else (None, None) for row in rows
            ]
        case "greenwood":
            found: list[Interval] = []
            for _, group in groupby(rows, key=lambda row: row["dimension"]):
                steps = list(group)
                found += greenwood([row[rule.first] for row in steps], [row[rule.second] for row in steps])
            return found
        case _:
            places = [tuple(row[name] for name in ("dimension", *one.keys)) for row in rows]
            return [spreads[place].median_interval() if place in spreads else (None, None) for place in places]


def _labels(one: Metric, by: str | None, row: Row) -> list[str]:
    return [name for name in ([by] if by is not None else []) + [*one.keys] if name in row]


def _few_in_curves(by: str | None, rows: Iterable[Row], at_risk: str) -> dict[str, None]:
    found: dict[str, None] = {}
    for name, group in groupby(rows, key=lambda row: row[by] if by is not None else "all"):
        n = next(group)[at_risk]
        if 0 < n < FEW:
            found[f"{'(blank)' if name is None else name} ({n})"] = None
    return found
