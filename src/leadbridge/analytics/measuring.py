"""How a metric is asked: what it needs is checked, the query runs, and the answer carries its definition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from leadbridge.analytics.engine import DIMENSION, quoted
from leadbridge.analytics.meta import NEEDS, Meta
from leadbridge.analytics.metric import Metric
from leadbridge.analytics.result import Answer, NotComputable, Result
from leadbridge.clock import to_us
from leadbridge.domain.model import did_you_mean
from leadbridge.domain.sla.policy import Allowance
from leadbridge.errors import ConfigError, DataError

__all__ = ["UNITS", "Measuring", "Whole", "horizon_us", "window"]

UNITS = {"minutes": 60_000_000, "hours": 3_600_000_000, "days": 86_400_000_000, "weeks": 604_800_000_000}
"""The units of a duration, in microseconds."""

_ALWAYS = (-(2**62), 2**62)


class Source(Protocol):
    """What metrics need of a snapshot."""

    @property
    def meta(self) -> Meta: ...
    def sql(self, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]: ...


class Measuring:
    """What all groups of metrics share; :class:`leadbridge.analytics.measures.Metrics` puts the groups together."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def _needs(self, one: Metric, need: str) -> NotComputable:
        return NotComputable(NEEDS[need], one.name, one.definition)

    def _answer(
        self,
        one: Metric,
        by: str | None,
        values: Mapping[str, Any],
        whole: Callable[[list[dict[str, Any]]], Whole],
        empty: str,
        shown: Mapping[str, Any] | None = None,
    ) -> Answer:
        meta = self._source.meta
        expression = self._dimension(one, by)
        for need in one.needs:
            if need not in meta.recorded:
                return self._needs(one, need)
        everything = self._source.sql(one.query("'all'"), values)
        total = whole(everything) if everything else None
        if total is None or total.value is None:
            left_out = [f"{what} ({count:,})" for what, count in (total.excluded if total else {}).items() if count]
            if total is not None and total.immature:
                left_out.append(f"too young to judge ({total.immature:,})")
            empty = (total.why if total is not None else "") or empty
            why = f"{empty}; left out: {', '.join(left_out)}" if left_out else empty
            return NotComputable(why, one.name, one.definition)
        rows = everything if by is None else self._source.sql(one.query(expression), values)
        return Result(
            metric=one.name,
            title=one.title,
            definition=one.definition,
            basis=one.basis,
            grain=one.grain,
            by=by,
            columns=_columns(rows, by),
            rows=tuple(_named(row, by) for row in rows),
            value=float(total.value),
            value_name=one.headline,
            n=total.n,
            denominators=one.denominators,
            excluded=total.excluded,
            immature=total.immature,
            censored=total.censored,
            agreement=meta.under,
            parameters={**{k: v for k, v in values.items() if v not in _ALWAYS}, **(shown or {})},
        )

    def _dimension(self, one: Metric, by: str | None) -> str:
        if by is None:
            return "'all'"
        further = self._source.meta.dimensions
        if by in one.dimensions:
            return one.dimensions[by]
        if by in further and "leads l " in one.sql:
            return f"l.{quoted(DIMENSION + by)}"
        raise DataError(f"{one.name} cannot be broken down by {by!r}: {did_you_mean(by, [*one.dimensions, *further])}")


class Whole:
    """What a metric says over all rows; a ``value`` of ``None`` cannot be computed, for the reason ``why``."""

    def __init__(
        self,
        value: float | None,
        n: int,
        excluded: Mapping[str, int],
        immature: int = 0,
        censored: int = 0,
        why: str = "",
    ) -> None:
        self.value, self.n, self.excluded, self.immature, self.censored = value, n, excluded, immature, censored
        self.why = why


def horizon_us(text: str) -> int:
    """A horizon such as ``"30 days"`` in microseconds.

    Raises:
        ConfigError: when it is business time, which the files of metrics do not know.
    """
    allowance = Allowance.parse(text)
    if allowance.kind != "elapsed":
        raise ConfigError(f"{text!r} is business time: give the horizon as plain time, such as 30 days")
    return int(allowance.amount)


def window(since: datetime | None, until: datetime | None) -> dict[str, int]:
    """The parameters of a window; open ends lie before and after all time.

    Raises:
        ConfigError: for an instant without a time zone.
    """
    for instant in (since, until):
        if instant is not None and instant.tzinfo is None:
            raise ConfigError("since and until need a time zone, for example tzinfo=UTC")
    return {
        "since_us": to_us(since) if since is not None else _ALWAYS[0],
        "until_us": to_us(until) if until is not None else _ALWAYS[1],
    }


def _columns(rows: list[dict[str, Any]], by: str | None) -> tuple[str, ...]:
    names = [name for name in (rows[0] if rows else {}) if name != "dimension"]
    return tuple(names if by is None else [by, *names])


def _named(row: dict[str, Any], by: str | None) -> dict[str, Any]:
    rest = {name: (value or None) if name in _BLANKS else value for name, value in row.items() if name != "dimension"}
    return rest if by is None else {by: row["dimension"] or None, **rest}


_BLANKS = ("reason", "buying_stage", "type", "function")
