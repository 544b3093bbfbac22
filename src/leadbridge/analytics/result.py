"""What a metric answers: a :class:`Result` that carries its definition, or :class:`NotComputable` with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from leadbridge.analytics.cells import cell
from leadbridge.analytics.certainty import Certainty
from leadbridge.analytics.contrast import Contrast, contrast
from leadbridge.analytics.intervals import Interval, shown
from leadbridge.analytics.literature import Benchmarks, benchmarks
from leadbridge.analytics.tabular import arrow_table, pandas_frame, polars_frame
from leadbridge.domain.show import html_table
from leadbridge.errors import DataError

if TYPE_CHECKING:
    import altair
    import pandas
    import polars
    import pyarrow

__all__ = ["Answer", "NotComputable", "Result", "spoken"]

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Result:
    """A number that can be believed: the rows and everything needed to read them.

    ``value`` is the headline over all rows. ``n`` is the denominator of the headline, ``denominators`` say what the
    counts in the rows are counts of. ``excluded`` names what was left out and how often, ``immature`` counts what was
    too young to judge, ``censored`` what had not ended. A blank dimension is ``None``; ``unknown`` is a value.

    ``interval`` covers the true value in 95 of 100 samples; ``None`` where the metric has none, and a missing end where
    the data sets no bound. Columns that end in ``_low`` and ``_high`` say the same of a row. ``certainty`` is what two
    results, or two groups of one, are compared by.
    """

    computable: ClassVar[Literal[True]] = True

    metric: str
    title: str
    definition: str
    basis: str
    grain: str
    by: str | None
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    value: float
    value_name: str
    n: int
    denominators: Mapping[str, str]
    excluded: Mapping[str, int]
    immature: int
    censored: int
    agreement: str
    parameters: Mapping[str, Any]
    interval: Interval | None = None
    certainty: Certainty = field(default_factory=Certainty)

    def __repr__(self) -> str:
        by = f" by {self.by}" if self.by else ""
        caveat = f", {self.caveat}" if self.caveat else ""
        sure = f" ({shown(self.interval)})" if self.interval is not None else ""
        return f"<{self.metric}{by}: {self.value_name} {self.value:.6g}{sure}, n = {self.n:,}, {self.basis}{caveat}>"

    @property
    def caveat(self) -> str:
        """The agreement, where its standing has to be known: not signed, expired or not begun; else empty."""
        plain = self.agreement.endswith(", signed") or not self.agreement.startswith("under ")
        return "" if plain else self.agreement

    def column(self, name: str) -> list[Any]:
        """The values of one column, in the order of the rows.

        Raises:
            DataError: for a column that is not there, with those that are.
        """
        if name not in self.columns:
            raise DataError(f"{self.metric} has no column {name!r}: it has {', '.join(self.columns)}")
        return [row[name] for row in self.rows]

    def notes(self) -> list[str]:
        """What a reader has to know beside the numbers, one sentence each."""
        found = [f"basis: {self.basis}, n = {self.n:,}", self.agreement]
        if self.interval is not None:
            found.insert(1, f"{self.value_name} {self.value:.4g}, 95 % interval {shown(self.interval)}")
        found += [f"left out: {what} ({count:,})" for what, count in self.excluded.items() if count]
        if self.immature:
            found.append(f"too young to judge: {self.immature:,}")
        if self.censored:
            found.append(f"not ended yet: {self.censored:,}")
        return [*found, *self.warnings]

    @property
    def warnings(self) -> list[str]:
        """What forbids reading too much into the numbers; empty when nothing does."""
        few = self.certainty.few
        names = ", ".join(few[:5]) + (f" and {len(few) - 5} more" if len(few) > 5 else "")
        return [f"fewer than 10 cases, hardly more than anecdotes: {names}"] if few else []

    def contrast(self, other: Result, *, column: str | None = None, **which: Any) -> Contrast:
        """This result beside another one of the same metric, such as that of a later period, with a test that fits.

        Args:
            other: the later one, or that of another group.
            column: the rate that is compared, where a row has several; the headline when not given.
            which: the row, where there are several, by its columns: ``part="human"``.

        Raises:
            DataError: for results of different metrics, for one without anything to test, or when no row is meant.
        """
        return contrast(self, self._one(which), other, other._one(which), column)

    def contrast_groups(
        self, first: str | None, second: str | None, *, column: str | None = None, **which: Any
    ) -> Contrast:
        """Two groups of this result, such as two sources, side by side, with a test that fits.

        ``column`` and ``which`` are as in :meth:`contrast`.

        Raises:
            DataError: for a result that is not broken down, a group that is not there, or when no row is meant.
        """
        if self.by is None:
            raise DataError(f"{self.metric} is not broken down into groups: ask for it with by=")
        rows = self._one({**which, self.by: first}), self._one({**which, self.by: second})
        return contrast(self, rows[0], self, rows[1], column)

    def _one(self, which: Mapping[str, Any]) -> Sequence[Row]:
        """The rows that are meant: one, or those of one curve."""
        unknown = [name for name in which if name not in self.columns]
        if unknown:
            raise DataError(f"{self.metric} has no column {unknown[0]!r}: it has {', '.join(self.columns)}")
        rows = [row for row in self.rows if all(row[name] == value for name, value in which.items())]
        if not rows:
            raise DataError(f"{self.metric} has no row with {', '.join(f'{k}={v!r}' for k, v in which.items())}")
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "metric": self.metric,
            "definition": self.definition,
            "basis": self.basis,
            "agreement": self.agreement,
            "by": self.by,
            "value": self.value,
            "value_name": self.value_name,
            "interval": list(self.interval) if self.interval is not None else None,
            "n": self.n,
            "denominators": dict(self.denominators),
            "excluded": dict(self.excluded),
            "immature": self.immature,
            "censored": self.censored,
            "parameters": dict(self.parameters),
            "warnings": self.warnings,
            "rows": [dict(row) for row in self.rows],
        }

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a pandas frame (needs pandas)."""
        return pandas_frame(self.columns, self.rows)

    def to_polars(self) -> polars.DataFrame:
        """The rows as a Polars frame (needs polars)."""
        return polars_frame(self.columns, self.rows)

    def to_arrow(self) -> pyarrow.Table:
        """The rows as an Arrow table (needs pyarrow)."""
        return arrow_table(self.columns, self.rows)

    @property
    def benchmarks(self) -> Benchmarks:
        """What the literature says about this metric: triggers to ask why, never targets."""
        return benchmarks(self.metric)

    def plot(self) -> altair.LayerChart | altair.FacetChart:
        """The picture of this result (needs the extra ``analytics``)."""
        from leadbridge.analytics.plots import chart

        return chart(self)

    def _repr_html_(self) -> str:
        rows = ([cell(name, row[name]) for name in self.columns] for row in self.rows)
        table = html_table(self.title, self.columns, rows)
        notes = " · ".join(self.notes())
        return f"{table}<p><small>{escape(self.definition)}<br>{escape(notes)}</small></p>"


@dataclass(frozen=True, slots=True)
class NotComputable:
    """A number that this data cannot give, and why. It is not zero, and it is not a number to go on with."""

    computable: ClassVar[Literal[False]] = False

    reason: str
    metric: str = ""
    definition: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"not computable: {self.reason}"

    def to_dict(self) -> dict[str, Any]:
        """The reason as JSON values."""
        return {"metric": self.metric, "definition": self.definition, "not_computable": self.reason}

    def plot(self) -> altair.LayerChart | altair.FacetChart:
        """Raises: there is nothing to draw.

        Raises:
            DataError: always, with the reason.
        """
        raise DataError(f"{self.metric or 'this metric'} cannot be drawn: {self.reason}")

    def _repr_html_(self) -> str:
        head = f"<strong>{escape(self.metric)}</strong> {escape(str(self))}"
        return f"<p>{head}<br><small>{escape(self.definition)}</small></p>"


Answer: TypeAlias = Result | NotComputable
"""What every metric gives: ask ``answer.computable`` which one it is."""


_BLANK = ("buying_stage", "function", "type")


def spoken(result: Result) -> list[dict[str, Any]]:
    """The rows with words where nothing stands in a column that tells rows apart, for pictures and pages."""
    words = {"reason": "no reason", result.by or "": "(blank)"} | dict.fromkeys(_BLANK, "(blank)")
    return [{name: words.get(name) if value is None else value for name, value in row.items()} for row in result.rows]
