"""How a metric is asked: what it needs is checked, the query runs, and the answer carries its definition."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

from leadbridge.analytics.certainty import Certainty, certainty_of, headline_interval, spreads_of, with_intervals
from leadbridge.analytics.engine import DIMENSION, quoted
from leadbridge.analytics.intervals import Interval, Spread
from leadbridge.analytics.meta import NEEDS, Meta
from leadbridge.analytics.metric import Basis, Metric
from leadbridge.analytics.result import Answer, NotComputable, Result
from leadbridge.clock import to_us
from leadbridge.domain.model import did_you_mean
from leadbridge.domain.sla.policy import Allowance
from leadbridge.errors import ConfigError, DataError

__all__ = ["UNITS", "Measuring", "Unit", "Whole", "horizon_us", "unit_us", "window"]

Unit = Literal["minutes", "hours", "days", "weeks"]
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

    def __init__(self, source: Source, *, intervals: bool = True) -> None:
        """Over a snapshot.

        Args:
            source: what is asked.
            intervals: whether to say how sure numbers are; for medians that takes a second query.
        """
        self._source = source
        self._intervals = intervals

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
        basis: Basis | None = None,
    ) -> Answer:
        meta = self._source.meta
        expression = self._dimension(one, by)
        chosen = basis or one.basis
        if chosen not in one.bases:
            raise ConfigError(f"{one.name} has no {chosen} basis: it has {', '.join(one.bases)}")
        for need in one.needs:
            if need not in meta.recorded:
                return self._needs(one, need)
        everything = self._source.sql(one.query("'all'", chosen), values)
        total = whole(everything) if everything else None
        if total is None or total.value is None:
            left_out = [f"{what} ({count:,})" for what, count in (total.excluded if total else {}).items() if count]
            if total is not None and total.immature:
                left_out.append(f"too young to judge ({total.immature:,})")
            empty = (total.why if total is not None else "") or empty
            why = f"{empty}; left out: {', '.join(left_out)}" if left_out else empty
            return NotComputable(why, one.name, one.definition)
        rows = everything if by is None else self._source.sql(one.query(expression, chosen), values)
        value, interval = float(total.value), total.interval
        sure, spreads = self._intervals and bool(one.intervals), dict[tuple[Any, ...], Spread]()
        if sure:
            spreads = self._spreads(one, expression if by is not None else "'all'", chosen, values)
            rows = with_intervals(one, rows, spreads)
            if interval is None:
                whole_rows = rows if by is None else with_intervals(one, everything, _merged(spreads))
                interval = headline_interval(one, value, total.n, whole_rows)
        named = _named(rows, by)
        return Result(
            metric=one.name,
            title=one.title,
            definition=one.definition,
            basis=chosen,
            grain=one.grain,
            by=by,
            columns=tuple(named[0]) if named else (),
            rows=tuple(named),
            value=value,
            value_name=one.headline,
            n=total.n,
            denominators=one.denominators,
            excluded=total.excluded,
            immature=total.immature,
            censored=total.censored,
            agreement=meta.under,
            parameters={**{k: v for k, v in values.items() if v not in _ALWAYS}, **(shown or {})},
            interval=interval,
            certainty=certainty_of(one, by, named, spreads) if sure else Certainty(keys=one.keys),
        )

    def _spreads(
        self, one: Metric, dimension: str, basis: str, values: Mapping[str, Any]
    ) -> dict[tuple[Any, ...], Spread]:
        """The values behind the median of a metric, where it has one."""
        rule = next((rule for rule in one.intervals.values() if rule.kind == "bootstrap"), None)
        if rule is None:
            return {}
        keys = ("dimension", *one.keys)
        query = one.spread(rule.first, rule.second, keys, dimension, basis)
        used = {name: value for name, value in values.items() if re.search(rf"\${name}\b", query)}
        return spreads_of(one, self._source.sql(query, used))

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
        interval: Interval | None = None,
    ) -> None:
        self.value, self.n, self.excluded, self.immature, self.censored = value, n, excluded, immature, censored
        self.why = why
        self.interval = interval


def horizon_us(text: str) -> int:
    """A horizon such as ``"30 days"`` in microseconds.

    Raises:
        ConfigError: when it is business time, which the files of metrics do not know.
    """
    allowance = Allowance.parse(text)
    if allowance.kind != "elapsed":
        raise ConfigError(f"{text!r} is business time: give the horizon as plain time, such as 30 days")
    return int(allowance.amount)


def unit_us(unit: str) -> int:
    """A unit such as ``hours`` in microseconds.

    Raises:
        ConfigError: for an unknown one.
    """
    if unit not in UNITS:
        raise ConfigError(f"{unit!r} is no unit: {did_you_mean(unit, UNITS)}")
    return UNITS[unit]


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


def _merged(spreads: Mapping[tuple[Any, ...], Spread]) -> dict[tuple[Any, ...], Spread]:
    """The values of all groups together, by keys."""
    grouped: dict[tuple[Any, ...], list[Spread]] = {}
    for place, one in spreads.items():
        grouped.setdefault(("all", *place[1:]), []).append(one)
    return {place: many[0] if len(many) == 1 else Spread.together(many) for place, many in grouped.items()}


def _named(rows: list[dict[str, Any]], by: str | None) -> list[dict[str, Any]]:
    """Rows as people read them: the dimension under its own name, and blanks as ``None``."""
    blanks = [name for name in _BLANKS if rows and name in rows[0]]
    found = []
    for row in rows:
        rest = row.copy()
        dimension = rest.pop("dimension")
        for name in blanks:
            rest[name] = rest[name] or None
        found.append(rest if by is None else {by: dimension or None, **rest})
    return found


_BLANKS = ("reason", "buying_stage", "type", "function")
