"""Two counts of one thing and the bridge between them: every record that makes the difference, with its cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from leadbridge.analytics.tabular import arrow_table, pandas_frame, polars_frame
from leadbridge.domain.model import did_you_mean
from leadbridge.domain.show import html_table
from leadbridge.errors import DataError

if TYPE_CHECKING:
    import altair
    import pandas
    import polars
    import pyarrow

__all__ = ["CAUSES", "Cause", "Difference", "Reconciliation", "Step"]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a record counts in one CRM and not in the other: what that means, and what to do about it."""

    name: str
    meaning: str
    remedy: str


CAUSES: Mapping[str, Cause] = MappingProxyType(
    {
        name: Cause(name, meaning, remedy)
        for name, meaning, remedy in (
            ("duplicate", "one person, counted with several records", "merge the records in that CRM"),
            (
                "not_linked",
                "the other CRM has nobody who is recognised as this person",
                "create or link the record there",
            ),
            (
                "ambiguous",
                "the address belongs to several leads",
                "merge the leads, or say which it is: leadbridge link",
            ),
            ("deleted", "the other CRM's record was deleted", "delete it here too, or restore it there"),
            (
                "merged",
                "the other CRM's record was merged into that of another lead",
                "merge the two records here, too",
            ),
            ("filter", "the other count leaves it out by its filter", "give both counts the same filter"),
            ("time_zone", "it happened in this period by one CRM's clock only", "count both in one time zone"),
            ("early", "the other CRM had it before the period", "nothing: over a longer period the counts meet"),
            ("late", "the other CRM got it after the period", "look at how long changes take to arrive"),
            ("on_its_way", "it happened just now and is not there yet", "count again after the next sync"),
            ("undated", "the other CRM says so too, and does not know since when", "switch history tracking on there"),
            ("moved_on", "the other CRM said so once, and has moved on", "see which of the two is right; sync stages"),
            ("unmapped", "the other CRM has a value that the crosswalk gives no meaning", "map the value"),
            (
                "policy",
                "the agreement lets the other CRM decide, and it says something else",
                "nothing: this CRM will follow",
            ),
            ("blank", "the other CRM has the person and says nothing of it", "fill the field, or sync it"),
            ("differs", "the two CRMs say different things", "ask who is right, and agree on who wins"),
        )
    }
)
"""Every cause, in the order in which they are looked for (of several that hold, the first is given)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One record that counts on one side only.

    ``side`` is the connection in which it counts, ``says`` and ``other_says`` what the two show (a value without a
    meaning in quotation marks), ``at`` and ``other_at`` since when, as far as that is known. ``delta`` is what it adds
    on the way from the left count to the right one: -1 or 1.
    """

    cause: str
    side: str
    delta: int
    lead: str
    record: str
    says: str
    at: datetime | None
    other_record: str | None = None
    other_says: str | None = None
    other_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the bridge: how many records a cause takes away (or adds), and the count after it."""

    cause: str
    side: str
    delta: int
    count: int

    @property
    def meaning(self) -> str:
        """What the cause means."""
        return CAUSES[self.cause].meaning

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return CAUSES[self.cause].remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """How many records count as ``what`` in two CRMs, and every single one that makes the difference.

    ``agreed`` is how many are counted on both sides. ``left_count`` plus the deltas of all rows is ``right_count``.
    """

    what: str
    basis: str
    left: str
    right: str
    left_count: int
    right_count: int
    agreed: int
    rows: tuple[Difference, ...]

    columns = tuple(each.name for each in fields(Difference))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The bridge: from the left count, by cause, to the right count."""
        sums = Counter({(row.cause, row.side): 0 for row in self.rows})
        for row in self.rows:
            sums[row.cause, row.side] += row.delta
        found: list[Step] = []
        count = self.left_count
        for side in (self.left, self.right):
            for cause in CAUSES:
                delta = sums.get((cause, side), 0)
                if delta:
                    count += delta
                    found.append(Step(cause, side, delta, count))
        return tuple(found)

    def of(self, cause: str) -> tuple[Difference, ...]:
        """The records of one cause.

        Raises:
            DataError: for a cause that does not exist, with those that do.
        """
        if cause not in CAUSES:
            raise DataError(f"there is no cause {cause!r}: {did_you_mean(cause, CAUSES)}")
        return tuple(row for row in self.rows if row.cause == cause)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "what": self.what,
            "basis": self.basis,
            "left": {"connection": self.left, "count": self.left_count},
            "right": {"connection": self.right, "count": self.right_count},
            "agreed": self.agreed,
            "steps": [{**asdict(step), "meaning": step.meaning, "remedy": step.remedy} for step in self.steps],
            "rows": [
                {
                    name: value.isoformat() if isinstance(value, datetime) else value
                    for name, value in asdict(row).items()
                }
                for row in self.rows
            ],
        }

    def to_pandas(self) -> pandas.DataFrame:
        """The records that make the difference as a pandas frame (needs pandas)."""
        return pandas_frame(self.columns, map(asdict, self.rows))

    def to_polars(self) -> polars.DataFrame:
        """The records that make the difference as a Polars frame (needs polars)."""
        return polars_frame(self.columns, map(asdict, self.rows))

    def to_arrow(self) -> pyarrow.Table:
        """The records that make the difference as an Arrow table (needs pyarrow)."""
        return arrow_table(self.columns, map(asdict, self.rows))

    def plot(self) -> altair.LayerChart | altair.FacetChart:
        """The bridge as a picture (needs the extra ``analytics``)."""
        from leadbridge.analytics.plots_reconcile import bridge

        return bridge(self)

    @property
    def table(self) -> list[tuple[str, str, str, str]]:
        """The bridge for people: what, how many, what it means, what to do."""
        steps = [
            (f"{step.cause.replace('_', ' ')} (only in {step.side})", f"{step.delta:+,}", step.meaning, step.remedy)
            for step in self.steps
        ]
        return [
            (f"{self.what} in {self.left}", f"{self.left_count:,}", "", ""),
            *steps,
            (f"{self.what} in {self.right}", f"{self.right_count:,}", "", ""),
        ]

    def __repr__(self) -> str:
        counts = f"{self.left} {self.left_count:,}, {self.right} {self.right_count:,}"
        return f"<Reconciliation of {self.what}: {counts}, {self.agreed:,} in both>"

    def __str__(self) -> str:
        lines = [f"{count:>8}  {name}{f': {meaning}' if meaning else ''}" for name, count, meaning, _ in self.table]
        return "\n".join([f"{self.what}, {self.basis}; {self.agreed:,} counted in both", *lines])

    def _repr_html_(self) -> str:
        head = ("", "records", "meaning", "what to do")
        table = html_table(f"{self.what}: {self.left} and {self.right}", head, self.table)
        return f"{table}<p><small>{escape(self.basis)}; {self.agreed:,} counted in both</small></p>"
