"""The metrics of a snapshot, each a method that gives a :class:`Result` or :class:`NotComputable`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

from leadbridge.analytics.engine import DIMENSION, quoted
from leadbridge.analytics.meta import NEEDS, Meta
from leadbridge.analytics.metric import Metric, metric
from leadbridge.analytics.result import Answer, NotComputable, Result
from leadbridge.clock import to_us
from leadbridge.domain.model import did_you_mean
from leadbridge.domain.policy import Allowance
from leadbridge.errors import ConfigError, DataError

__all__ = ["UNITS", "Metrics"]

UNITS = {"minutes": 60_000_000, "hours": 3_600_000_000, "days": 86_400_000_000, "weeks": 604_800_000_000}
"""The units of a duration, in microseconds."""

_ALWAYS = (-(2**62), 2**62)

Row = Mapping[str, Any]


class _Source(Protocol):
    """What metrics need of a snapshot."""

    @property
    def meta(self) -> Meta: ...
    def sql(self, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]: ...


class Metrics:
    """Every metric takes ``by``, a dimension to break it down by.

    Where a window makes sense there are ``since`` and ``until``: aware instants, from the first, before the second.
    """

    def __init__(self, source: _Source) -> None:
        self._source = source

    def __repr__(self) -> str:
        names = "funnel, stage_duration, sla_attainment, reason_mix, acceptance_rate, coverage"
        return f"<Metrics: {names}; {self._source.meta.under}>"

    @property
    def path(self) -> tuple[str, ...]:
        """The success path."""
        return self._source.meta.path

    @property
    def agreement(self) -> str:
        """The agreement that the numbers stand under."""
        return self._source.meta.under

    def funnel(
        self,
        by: str | None = None,
        *,
        horizon: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """Conversion along the success path, counting entries into stages.

        ``horizon`` (such as ``"30 days"``) is the time allowed for the next entry; entries younger than that are
        immature and left out. ``value`` is the share of the first stage that reached the last one.
        """
        meta = self._source.meta
        allowed = -1
        if horizon is not None:
            allowance = Allowance.parse(horizon)
            if allowance.kind != "elapsed":
                raise ConfigError(f"{horizon!r} is business time: give the horizon as plain time, such as 30 days")
            allowed = int(allowance.amount)
        values = {"now_us": meta.now_us, "horizon_us": allowed, **_window(since, until)}
        without = (
            "select count(*) as n from leads where lead_id not in "
            "(select lead_id from entries where stage in (select stage from path))"
        )

        def whole(rows: list[dict[str, Any]]) -> _Whole:
            first, last = rows[0], rows[-1]
            excluded = {"leads that never entered the success path": self._source.sql(without)[0]["n"]}
            immature = max(row["immature"] for row in rows)
            return _Whole(last["total_rate"], last["first_mature"] or first["entered"], excluded, immature)

        return self._answer(
            metric("funnel"), by, values, whole, "no lead is old enough to have gone from one stage to another"
        )

    def stage_duration(
        self,
        from_stage: str,
        to_stage: str,
        *,
        unit: Literal["minutes", "hours", "days", "weeks"] = "days",
        by: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """Whole elapsed units between two stages: median and quartiles of the intervals that have ended.

        ``value`` is the median. ``excluded`` counts what was left out and why, ``censored`` what has not ended.

        Raises:
            DataError: for a stage that nobody ever entered and the success path does not have.
            ConfigError: for an unknown unit, or twice the same stage.
        """
        if unit not in UNITS:
            raise ConfigError(f"{unit!r} is no unit: {did_you_mean(unit, UNITS)}")
        if from_stage == to_stage:
            raise ConfigError(f"{from_stage} to {to_stage} is no interval: name two stages")
        self._check_stages(from_stage, to_stage)
        values = {"from_stage": from_stage, "to_stage": to_stage, "unit_us": UNITS[unit], **_window(since, until)}

        def whole(rows: list[dict[str, Any]]) -> _Whole:
            row = rows[0]
            excluded = {
                "impossible intervals": row["impossible"],
                "intervals with an inferred end": row["inferred"],
                "intervals known by date only": row["dates_only"],
            }
            return _Whole(row["p50"], row["n"], excluded, censored=row["censored"])

        empty = f"no interval from {from_stage} to {to_stage} has ended that can be told in {unit}"
        return self._answer(metric("stage_duration"), by, values, whole, empty, {"unit": unit})

    def sla_attainment(self, by: str | None = None) -> Answer:
        """Promises kept in time, by policy and target. ``value`` is over all of them."""

        def whole(rows: list[dict[str, Any]]) -> _Whole:
            counted = sum(row["counted"] for row in rows)
            share = sum(row["met"] for row in rows) / counted if counted else None
            excluded = {f"clocks {name.replace('_', ' ')}": sum(row[name] for row in rows) for name in _APART}
            return _Whole(share, counted, excluded)

        return self._answer(metric("sla_attainment"), by, {}, whole, "no promise has come to its end yet: 0 of 0")

    def reason_mix(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """Why leads were refused: the share of each reason. ``value`` is the share of refusals that carry a reason."""

        def whole(rows: list[dict[str, Any]]) -> _Whole:
            row = rows[0]
            return _Whole(
                row["coverage"], row["refusals"], {"refusals without a reason": row["refusals"] - row["with_reason"]}
            )

        return self._answer(
            metric("reason_mix"), by, _window(since, until), whole, "no lead was refused in this window: 0 of 0"
        )

    def acceptance_rate(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """Hand-offs accepted, of those accepted, rejected or expired."""

        def whole(rows: list[dict[str, Any]]) -> _Whole:
            row = rows[0]
            excluded = {"hand-offs with another answer": row["other_answers"], "undecided hand-offs": row["undecided"]}
            return _Whole(row["rate"], row["counted"], excluded)

        empty = "no hand-off was accepted, rejected or expired in this window: 0 of 0"
        return self._answer(metric("acceptance_rate"), by, _window(since, until), whole, empty)

    def coverage(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """Who is with the buyer when: interactions by buying stage and function. ``value`` is the share in person."""

        def whole(rows: list[dict[str, Any]]) -> _Whole:
            n = sum(row["interactions"] for row in rows)
            return _Whole(sum(row["person_to_person"] for row in rows) / n if n else None, n, {})

        return self._answer(
            metric("coverage"), by, _window(since, until), whole, "no interactions in this window: 0 of 0"
        )

    def _answer(
        self,
        one: Metric,
        by: str | None,
        values: Mapping[str, Any],
        whole: Callable[[list[dict[str, Any]]], _Whole],
        empty: str,
        shown: Mapping[str, Any] | None = None,
    ) -> Answer:
        meta = self._source.meta
        expression = self._dimension(one, by)
        for need in one.needs:
            if need not in meta.recorded:
                return NotComputable(NEEDS[need], one.name, one.definition)
        everything = self._source.sql(one.query("'all'"), values)
        total = whole(everything) if everything else None
        if total is None or total.value is None:
            left_out = [f"{what} ({count:,})" for what, count in (total.excluded if total else {}).items() if count]
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
        if by in further:
            return f"l.{quoted(DIMENSION + by)}"
        raise DataError(f"{one.name} cannot be broken down by {by!r}: {did_you_mean(by, [*one.dimensions, *further])}")

    def _check_stages(self, *stages: str) -> None:
        there = [row["stage"] for row in self._source.sql("select distinct stage from entries order by stage")]
        known = list(dict.fromkeys([*self._source.meta.path, *there]))
        for stage in stages:
            if stage not in known:
                raise DataError(f"nobody ever entered a stage {stage!r}: {did_you_mean(stage, known)}")


_APART = ("running", "not_started", "cancelled")


class _Whole:
    """What a metric says over all rows."""

    def __init__(
        self, value: float | None, n: int, excluded: Mapping[str, int], immature: int = 0, censored: int = 0
    ) -> None:
        self.value, self.n, self.excluded, self.immature, self.censored = value, n, excluded, immature, censored


def _window(since: datetime | None, until: datetime | None) -> dict[str, int]:
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


_BLANKS = ("reason", "buying_stage")
