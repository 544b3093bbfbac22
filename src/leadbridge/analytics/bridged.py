"""The bridge between two counts: what each CRM says of each lead, held side by side, and the cause of every difference.

Pure: rows of the tables ``records`` and ``said`` go in, counts and differences come out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from leadbridge.analytics.reconciliation import Difference
from leadbridge.clock import from_us

if TYPE_CHECKING:
    from leadbridge.agreement import Agreement

__all__ = ["Asked", "Filters", "Window", "bridged"]

Filters: TypeAlias = Mapping[str, Mapping[str, str | Sequence[str]]]
"""What each CRM's own report is filtered by: connection → field → the value, or the values, that it keeps."""

Row: TypeAlias = Mapping[str, Any]
Window: TypeAlias = tuple[int, int]
"""From a microsecond on, and before another one."""

_STANDING = ("stage", "decision", "deal")
"""The axes on which one thing can be said in several ways: a decision brings a stage, and so does a deal."""
_ORDER = ("time_zone", "undated", "late", "early", "moved_on", "on_its_way", "unmapped", "policy", "differs", "blank")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is counted, and how.

    Attributes:
        wanted: the values that count, with their axes.
        windows: the period by connection, as its CRM's clock has it.
        period: whether what happened in the period counts, and not what is true now.
        settled_us: what happened later may still be on its way to the other CRM.
        filters: what each CRM's own report is filtered by.
        agreement: knows who decides.
    """

    wanted: frozenset[tuple[str, str]]
    windows: Mapping[str, Window]
    period: bool
    settled_us: int
    filters: Filters
    agreement: Agreement | None


def bridged(
    records: Iterable[Row], said: Iterable[Row], asked: Asked, sides: tuple[str, str]
) -> tuple[tuple[int, int], int, list[Difference]]:
    """Both counts, how many are counted on both sides, and every record that makes the difference."""
    left, right = sides
    views, judge = _views(records, said, asked), _Judge(asked)
    rows: list[Difference] = []
    counts, agreed = {left: 0, right: 0}, 0
    for lead in sorted({lead for lead, _ in views}):
        here = {name: [view for view in views.get((lead, name), ()) if view.counts] for name in sides}
        for name in sides:
            counts[name] += len(here[name])
        both = min(len(here[left]), len(here[right]))
        agreed += both
        for name, other, sign in ((left, right, -1), (right, left, 1)):
            for number, view in enumerate(here[name][both:]):
                across = views.get((lead, other), ())
                cause, beside = ("duplicate", None) if both or number else judge.cause(view, across)
                rows.append(_difference(cause, name, sign, lead, view, beside))
    return (counts[left], counts[right]), agreed, rows


# -- what each record says ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _View:
    """One record: the rows of ``said`` that are what is counted, and the others."""

    record: Row
    hits: list[Row] = field(default_factory=list)
    others: list[Row] = field(default_factory=list)
    kept: bool = True
    hit: Row | None = None

    def beside(self, axis: str) -> list[Row]:
        """What else it says now on an axis, and on those on which the same can be said."""
        near = _STANDING if axis in _STANDING else (axis,)
        now = [row for row in self.others if row["until_us"] is None and row["axis"] in near]
        return sorted(now, key=lambda row: row["axis"] != axis)

    @property
    def counts(self) -> bool:
        """Whether its CRM counts it."""
        return self.kept and self.hit is not None and self.record["state"] == "live"


def _views(records: Iterable[Row], said: Iterable[Row], asked: Asked) -> dict[tuple[str, str], list[_View]]:
    found: dict[tuple[str, str], list[_View]] = defaultdict(list)
    by_record: dict[tuple[str, str], _View] = {}
    for row in records:
        if row["connection"] in asked.windows:
            kept = asked.filters.get(row["connection"], {})
            view = _View(row, kept=all(_keeps(row[name], values) for name, values in kept.items()))
            by_record[row["connection"], row["record"]] = view
            found[row["lead_id"], row["connection"]].append(view)
    for row in said:
        each = by_record.get((row["connection"], row["record"]))
        if each is not None:
            (each.hits if (row["axis"], row["value"]) in asked.wanted else each.others).append(row)
    for (_, name), views in found.items():
        for view in views:
            view.hit = next((row for row in view.hits if _in(row, asked.windows[name], period=asked.period)), None)
    return found


def _keeps(value: str | None, kept: str | Sequence[str]) -> bool:
    return value == kept if isinstance(kept, str) else value in kept


def _in(row: Row, window: Window, *, period: bool) -> bool:
    if not period:
        return row["until_us"] is None
    return row["since_us"] is not None and window[0] <= row["since_us"] < window[1]


# -- why ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Judge:
    """Finds the cause."""

    asked: Asked

    def cause(self, view: _View, across: Sequence[_View]) -> tuple[str, _View | None]:
        """Why a record that counts has no counterpart that does, and the other CRM's record, if there is one."""
        if not across:
            return "ambiguous" if view.record["how"] == "ambiguous" else "not_linked", None
        live = [other for other in across if other.record["state"] == "live"]
        if not live:
            gone = across[0]
            return "merged" if gone.record["state"] == "merged" else "deleted", gone
        for other in live:
            if other.hit is not None:
                return "filter", other
        causes = [(self._of_two(view, other), other) for other in live]
        return min(causes, key=lambda pair: _ORDER.index(pair[0]))

    def _of_two(self, view: _View, other: _View) -> str:
        """The cause between two records of which one counts."""
        return next(self._causes(view, other))

    def _causes(self, view: _View, other: _View) -> Iterator[str]:
        assert view.hit is not None
        windows = self.asked.windows
        here, there = windows[view.record["connection"]], windows[other.record["connection"]]
        since = view.hit["since_us"]
        times = [row["since_us"] for row in other.hits if row["since_us"] is not None]
        if self.asked.period:
            if here != there and any(here[0] <= at < here[1] for at in times):
                yield "time_zone"
            if other.hits and not times:
                yield "undated"
            if any(at >= there[1] for at in times):
                yield "late"
            if times:
                yield "early"
        elif other.hits:
            yield "moved_on"
        if since is not None and since > self.asked.settled_us:
            yield "on_its_way"
        beside = other.beside(view.hit["axis"])
        if any(row["value"] is None for row in beside):
            yield "unmapped"
        if beside and self._decides(view.hit["axis"], beside[0]["value"], other):
            yield "policy"
        yield "differs" if beside else "blank"

    def _decides(self, axis: str, value: str | None, other: _View) -> bool:
        """Whether the agreement lets the function of the other CRM decide about an axis."""
        agreement = self.asked.agreement
        if agreement is None or axis == "deal":
            return False
        known = value if axis == "stage" and value in agreement.lifecycle.ids else None
        ruling = agreement.policy_for(axis, known)
        return ruling.policy == "owner" and ruling.winner == other.record["function"]


def _difference(cause: str, side: str, delta: int, lead: str, view: _View, other: _View | None) -> Difference:
    assert view.hit is not None
    beside = _beside(cause, view.hit["axis"], other) if other is not None else None
    return Difference(
        cause=cause,
        side=side,
        delta=delta,
        lead=lead,
        record=view.record["record"],
        says=_says(view.hit),
        at=_at(view.hit),
        other_record=other.record["record"] if other is not None else None,
        other_says=_says(beside) if beside is not None else None,
        other_at=_at(beside) if beside is not None else None,
    )


def _beside(cause: str, axis: str, other: _View) -> Row | None:
    """What the other record says that explains the cause best."""
    now = other.beside(axis)
    strange = [row for row in now if row["value"] is None] if cause == "unmapped" else []
    hits = [other.hit] if other.hit is not None else other.hits if cause != "moved_on" else []
    return next(iter([*hits, *strange, *now]), None)


def _says(row: Row) -> str:
    return str(row["value"]) if row["value"] is not None else f'"{row["raw"]}"'


def _at(row: Row) -> datetime | None:
    return from_us(row["since_us"]) if row["since_us"] is not None else None
