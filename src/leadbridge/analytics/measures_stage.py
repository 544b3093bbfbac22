"""The metrics of stages: conversion, staying, inflow and outflow, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

from leadbridge.analytics.curves import CurveMeasures
from leadbridge.analytics.intervals import change
from leadbridge.analytics.measuring import Unit, Whole, horizon_us, unit_us, window
from leadbridge.analytics.metric import metric
from leadbridge.analytics.result import Answer
from leadbridge.clock import from_us
from leadbridge.domain.model import did_you_mean
from leadbridge.errors import ConfigError, DataError

__all__ = ["StageMeasures"]


class StageMeasures(CurveMeasures):
    """Metrics about how leads go from stage to stage, and how many come back."""

    def stage_conversion(
        self,
        from_stage: str,
        to_stage: str,
        *,
        horizon: str | None = None,
        by: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        basis: Literal["cohort", "period", "snapshot"] = "cohort",
    ) -> Answer:
        """Of those that entered a stage, the share that entered another one; the ``basis`` says what is divided.

        Raises:
            DataError: for a stage that nobody ever entered and the success path does not have.
            ConfigError: for twice the same stage, a horizon in business time, or one with another basis than a cohort.
        """
        if from_stage == to_stage:
            raise ConfigError(f"{from_stage} to {to_stage} is no conversion: name two stages")
        if horizon is not None and basis != "cohort":
            raise ConfigError(f"a horizon follows a cohort: leave it out, or leave out basis={basis!r}")
        if basis == "snapshot" and (since is not None or until is not None):
            raise ConfigError("a snapshot has no window: leave out since and until, or ask for another basis")
        self._check_stages(from_stage, to_stage)
        values = {
            "from_stage": from_stage,
            "to_stage": to_stage,
            "basis": basis,
            "horizon_us": -1 if horizon is None else horizon_us(horizon),
            "now_us": self._source.meta.now_us,
            **window(since, until),
        }

        def whole(rows: list[dict[str, Any]]) -> Whole:
            return Whole(rows[0]["rate"], rows[0]["entered"], {}, rows[0]["immature"])

        shown = {"horizon": horizon} if horizon is not None else {}
        empty = f"nobody that entered {from_stage} in this window is old enough to be judged"
        return self._answer(metric("stage_conversion"), by, values, whole, empty, shown, basis)

    def stage_survival(
        self,
        from_stage: str,
        to_stage: str | None = None,
        *,
        unit: Unit = "days",
        by: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """How long leads stay in a stage or, with ``to_stage``, take to come there; who is not there yet counts, too.

        ``value`` is the median, as for ``speed_to_lead``.

        Raises:
            DataError: for a stage that nobody ever entered and the success path does not have.
            ConfigError: for an unknown unit, or twice the same stage.
        """
        if from_stage == to_stage:
            raise ConfigError(f"{from_stage} to {to_stage} is no interval: name two stages")
        self._check_stages(*(stage for stage in (from_stage, to_stage) if stage is not None))
        values = {
            "from_stage": from_stage,
            "to_stage": to_stage or "",
            "unit_us": unit_us(unit),
            "now_us": self._source.meta.now_us,
            **window(since, until),
        }
        empty = f"nobody entered {from_stage} in this window at a time that can be told in {unit}"
        return self._curve(metric("stage_survival"), by, values, "ended", unit, empty)

    def stage_flow(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """Who stood where when the window began, who came and went, and who stands where at its end.

        ``value`` is how many stand in any stage at the end.
        """

        def whole(rows: list[dict[str, Any]]) -> Whole:
            closing = sum(row["closing"] for row in rows)
            return Whole(closing, closing, {})

        return self._answer(
            metric("stage_flow"), by, window(since, until), whole, "nobody stood in a stage in this window"
        )

    def lead_velocity(
        self,
        stage: str = "marketing_qualified",
        *,
        by: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """Growth from month to month of the leads that enter a stage; ``value`` is that of the last whole month.

        ``since`` and ``until`` say which months: from the one that the first lies in, before the one of the second.

        Raises:
            DataError: for a stage that nobody ever entered and the success path does not have.
        """
        self._check_stages(stage)
        window(since, until)
        now = from_us(self._source.meta.now_us)
        last = min(_month(now), _month(until) if until is not None else _month(now)) - 1
        first = _month(since) if since is not None else 0
        values = {"stage": stage, "first_month": first, "last_month": last}

        def whole(rows: list[dict[str, Any]]) -> Whole:
            row = rows[-1]
            n, before = row["entered"], row["before"] or 0
            return Whole(row["growth"], before, {}, interval=change(n, before), why=_no_growth(row))

        empty = f"no month in which leads entered {stage} is over yet"
        return self._answer(metric("lead_velocity"), by, values, whole, empty)

    def recycled_reconversion(
        self,
        by: str | None = None,
        *,
        horizon: str = "180 days",
        stage: str = "recycled",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """What becomes of recycled leads: how many come back, and how far. ``value`` is the share that comes back.

        Args:
            by: a dimension, such as ``reason``.
            horizon: time allowed to come back.
            stage: what the stage of recycled leads is called.
            since: passages recycled at this instant or later.
            until: passages recycled before this instant.

        Raises:
            ConfigError: for a horizon in business time.
        """
        values = {
            "stage": stage,
            "horizon_us": horizon_us(horizon),
            "now_us": self._source.meta.now_us,
            **window(since, until),
        }

        def whole(rows: list[dict[str, Any]]) -> Whole:
            return Whole(rows[0]["back_rate"], rows[0]["recycled"], {}, rows[0]["immature"])

        empty = "no lead was recycled in this window, or not long enough ago"
        return self._answer(metric("recycled_reconversion"), by, values, whole, empty, {"horizon": horizon})

    def ping_pong(
        self,
        by: str | None = None,
        *,
        passages: int = 3,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """Leads that went through the funnel at least so many times, as a share of all.

        Raises:
            ConfigError: for fewer than two passages.
        """
        least = 2
        if passages < least:
            raise ConfigError(f"every lead has {passages} passages: count from two on")

        values = {"passages": passages, **window(since, until)}
        return self._answer(metric("ping_pong"), by, values, _first("ping_pong_rate"), _NOBODY)

    def rework(self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None) -> Answer:
        """Leads that entered a stage more than once, by stage; ``value`` is the share for any stage at all."""
        return self._answer(metric("rework"), by, window(since, until), _first("again_rate"), _NOBODY)

    def _check_stages(self, *stages: str) -> None:
        there = [row["stage"] for row in self._source.sql("select distinct stage from entries order by stage")]
        known = list(dict.fromkeys([*self._source.meta.path, *there]))
        for stage in stages:
            if stage not in known:
                raise DataError(f"nobody ever entered a stage {stage!r}: {did_you_mean(stage, known)}")


_NOBODY = "nobody entered a stage in this window"


def _first(rate: str) -> Callable[[list[dict[str, Any]]], Whole]:
    return lambda rows: Whole(rows[0][rate], rows[0]["leads"], {})


def _month(moment: datetime) -> int:
    day = moment.astimezone(UTC)
    return day.year * 12 + day.month - 1


def _no_growth(row: dict[str, Any]) -> str:
    if row["before"] is None:
        return "there is no whole month before the first one: growth takes two"
    return "no lead entered the stage in the month before the last one: nothing to compare with"
