"""The figures of a dashboard, kept answered with a saved snapshot.

A figure is a metric and what it is asked with. Whenever a snapshot in partitions is saved or updated, its figures are
counted from the kept steps (:mod:`leadbridge.analytics.kept`), of which only those of the leads that changed were made
anew. What each figure asked the tables is then a file with the rows that came back, beside the partitions: whoever asks
the same gets those rows, and no engine is started. A query of one's own that nobody asked before is asked as ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from inspect import signature
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import orjson

from leadbridge.analytics.engine import connect, rows_of
from leadbridge.analytics.kept import from_kept
from leadbridge.analytics.measures import Metrics
from leadbridge.analytics.meta import Meta
from leadbridge.analytics.metric import metric
from leadbridge.analytics.scorecard import Scorecard
from leadbridge.analytics.storage import PARTS, create_views
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["DASHBOARD", "Figure", "answered", "figures_home", "keep_figures", "told"]

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that a dashboard shows: a metric by name, and its arguments, which are texts, numbers or nothing.

    ``Figure("untouched", {"by": "source"})`` is ``metrics.untouched(by="source")``.
    """

    metric: str
    arguments: Mapping[str, str | float | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuses what could not be asked.

        Raises:
            ConfigError: an unknown metric, an argument that it does not have, lacks, or that is no text or number.
        """
        metric(self.metric)
        try:
            signature(getattr(Metrics, self.metric)).bind(None, **self.arguments)
        except TypeError as error:
            raise ConfigError(f"the figure {self.metric} cannot be asked so: {error}") from None
        for name, value in self.arguments.items():
            if not isinstance(value, str | int | float | None):
                raise ConfigError(f"the figure {self.metric} is kept with texts and numbers only: leave out {name}")

    def ask(self, metrics: Metrics) -> None:
        """Asks for the number."""
        getattr(metrics, self.metric)(**self.arguments)


_SHOWN = ("funnel", "acceptance_rate", "reason_mix", "untouched", "ignored_rate", "follow_up_depth", "coverage")

DASHBOARD: tuple[Figure, ...] = (
    *(Figure(name, {"by": by}) for name in _SHOWN for by in (None, "source")),
    *(Figure("sla_attainment", {"by": by}) for by in (None, "owner")),
    *(Figure("speed_to_lead", {"by": by, "unit": "days"}) for by in (None, "source")),
    Figure("promises_by_week"),
    Figure("handoffs_by_day"),
)
"""What most dashboards show, as a whole and by source; the scorecard is kept with any figures."""


def told(figures: Iterable[Figure]) -> tuple[Mapping[str, Any], ...]:
    """Figures as :attr:`Meta.figures` has them."""
    return tuple({"metric": one.metric, "arguments": dict(one.arguments)} for one in figures)


def figures_home(place: Path, meta: Meta) -> Path | None:
    """Where the answers are, of exactly these partitions at this instant; ``None`` for a snapshot without figures."""
    if not meta.figures:
        return None
    about = orjson.dumps([meta.now_us, sorted(meta.parts.items()), meta.figures], option=orjson.OPT_SORT_KEYS)
    return place / PARTS / f"figures.{blake2b(about, digest_size=6).hexdigest()}"


def keep_figures(place: Path, meta: Meta) -> None:
    """Asks for all figures of a snapshot whose partitions are written, unless their answers are there already."""
    home = figures_home(place, meta)
    if home is None or home.exists():
        return
    with TemporaryDirectory(prefix=".", dir=home.parent) as folder, connect() as connection:
        begun = Path(folder) / home.name
        begun.mkdir()
        metrics = Metrics(_Written(connection, create_views(connection, place, meta.parts), meta, begun))
        Scorecard.of(metrics)
        for one in meta.figures:
            Figure(**one).ask(metrics)
        begun.rename(home)


def answered(home: Path | None, query: str, values: Mapping[str, Any] | None) -> Rows | None:
    """The rows that were kept for a query; ``None`` where nobody kept them."""
    try:
        body = orjson.loads((home / _name(query, values)).read_bytes()) if home is not None else None
    except FileNotFoundError:
        return None
    return [dict(zip(body["columns"], row, strict=True)) for row in body["rows"]] if body is not None else None


class _Written:
    """The tables of a snapshot; writes down what it is asked and what it answers."""

    def __init__(self, connection: DuckDBPyConnection, kept: Iterable[str], meta: Meta, place: Path) -> None:
        self.meta = meta
        self._connection, self._kept, self._place = connection, kept, place

    def sql(self, query: str, values: Mapping[str, Any] | None = None) -> Rows:
        """Runs a query, unless it was asked before."""
        before = answered(self._place, query, values)
        if before is not None:
            return before
        rows = rows_of(self._connection, from_kept(query, self._kept), values)
        body = _body(rows)
        if body is not None:
            (self._place / _name(query, values)).write_bytes(body)
        return rows


def _body(rows: Rows) -> bytes | None:
    """Rows as they are kept; ``None`` for those that would come back otherwise, such as dates."""
    columns: Sequence[str] = list(rows[0]) if rows else ()
    lines = [list(row.values()) for row in rows]
    try:
        body = orjson.dumps({"columns": columns, "rows": lines})
    except TypeError:
        return None
    return body if orjson.loads(body)["rows"] == lines else None


def _name(query: str, values: Mapping[str, Any] | None) -> str:
    about = orjson.dumps([query, values or {}], option=orjson.OPT_SORT_KEYS, default=repr)
    return f"{blake2b(about, digest_size=12).hexdigest()}.json"
