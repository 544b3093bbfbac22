"""The metrics of a snapshot, each a method that gives a :class:`Result` or :class:`NotComputable`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from leadbridge.analytics.measures_content import ContentMeasures
from leadbridge.analytics.measures_feedback import FeedbackMeasures
from leadbridge.analytics.measures_handoff import HandoffMeasures
from leadbridge.analytics.measures_moves import MoveMeasures
from leadbridge.analytics.measures_stage import StageMeasures
from leadbridge.analytics.measures_system import SystemMeasures
from leadbridge.analytics.measures_time import TimeMeasures
from leadbridge.analytics.measuring import Unit, Whole, horizon_us, unit_us, window
from leadbridge.analytics.metric import metric, metrics
from leadbridge.analytics.result import Answer
from leadbridge.errors import ConfigError

__all__ = ["Metrics"]


class Metrics(
    ContentMeasures, FeedbackMeasures, HandoffMeasures, MoveMeasures, StageMeasures, SystemMeasures, TimeMeasures
):
    """Every metric takes ``by``, a dimension to break it down by.

    Where a window makes sense there are ``since`` and ``until``: aware instants, from the first, before the second.
    """

    def __repr__(self) -> str:
        return f"<Metrics: {', '.join(metrics())}; {self._source.meta.under}>"

    @property
    def path(self) -> tuple[str, ...]:
        """The success path."""
        return self._source.meta.path

    @property
    def agreement(self) -> str:
        """The agreement that the numbers stand under."""
        return self._source.meta.under

    @property
    def targets(self) -> list[Mapping[str, Any]]:
        """The agreed targets that hold on the day of the snapshot, see :func:`leadbridge.analytics.terms.terms`."""
        return self._source.meta.targets_now()

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
        allowed = -1 if horizon is None else horizon_us(horizon)
        values = {"now_us": meta.now_us, "horizon_us": allowed, **window(since, until)}
        without = (
            "select count(*) as n from leads where lead_id not in "
            "(select lead_id from entries where stage in (select stage from path))"
        )

        def whole(rows: list[dict[str, Any]]) -> Whole:
            first, last = rows[0], rows[-1]
            excluded = {"leads that never entered the success path": self._source.sql(without)[0]["n"]}
            immature = max(row["immature"] for row in rows)
            return Whole(last["total_rate"], last["first_mature"] or first["entered"], excluded, immature)

        return self._answer(
            metric("funnel"), by, values, whole, "no lead is old enough to have gone from one stage to another"
        )

    def stage_duration(
        self,
        from_stage: str,
        to_stage: str,
        *,
        unit: Unit = "days",
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
        if from_stage == to_stage:
            raise ConfigError(f"{from_stage} to {to_stage} is no interval: name two stages")
        self._check_stages(from_stage, to_stage)
        values = {"from_stage": from_stage, "to_stage": to_stage, "unit_us": unit_us(unit), **window(since, until)}

        def whole(rows: list[dict[str, Any]]) -> Whole:
            row = rows[0]
            excluded = {
                "impossible intervals": row["impossible"],
                "intervals with an inferred end": row["inferred"],
                "intervals known by date only": row["dates_only"],
            }
            return Whole(row["p50"], row["n"], excluded, censored=row["censored"])

        empty = f"no interval from {from_stage} to {to_stage} has ended that can be told in {unit}"
        return self._answer(metric("stage_duration"), by, values, whole, empty, {"unit": unit})

    def sla_attainment(
        self,
        by: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        basis: Literal["snapshot", "period"] = "snapshot",
    ) -> Answer:
        """Promises kept in time, by policy and target. ``value`` is over all of them.

        As a ``snapshot``, a window takes the clocks that started in it, as they stand now; as a ``period``, those that
        came to their end in it.
        """

        def whole(rows: list[dict[str, Any]]) -> Whole:
            counted = sum(row["counted"] for row in rows)
            share = sum(row["met"] for row in rows) / counted if counted else None
            excluded = {f"clocks {name.replace('_', ' ')}": sum(row[name] for row in rows) for name in _APART}
            return Whole(share, counted, excluded)

        empty = "no promise has come to its end yet: 0 of 0"
        return self._answer(metric("sla_attainment"), by, window(since, until), whole, empty, basis=basis)

    def reason_mix(
        self,
        by: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        basis: Literal["period", "cohort"] = "period",
    ) -> Answer:
        """Why leads were refused: the share of each reason. ``value`` is the share of refusals that carry a reason."""

        def whole(rows: list[dict[str, Any]]) -> Whole:
            row = rows[0]
            return Whole(
                row["coverage"], row["refusals"], {"refusals without a reason": row["refusals"] - row["with_reason"]}
            )

        empty = "no lead was refused in this window: 0 of 0"
        return self._answer(metric("reason_mix"), by, window(since, until), whole, empty, basis=basis)

    def acceptance_rate(
        self,
        by: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        basis: Literal["period", "cohort"] = "cohort",
    ) -> Answer:
        """Hand-offs accepted, of those accepted, rejected or expired.

        As a ``cohort``, a window takes the hand-offs that were offered in it; as a ``period``, those answered in it.
        """

        def whole(rows: list[dict[str, Any]]) -> Whole:
            row = rows[0]
            excluded = {"hand-offs with another answer": row["other_answers"], "undecided hand-offs": row["undecided"]}
            return Whole(row["rate"], row["counted"], excluded)

        empty = "no hand-off was accepted, rejected or expired in this window: 0 of 0"
        return self._answer(metric("acceptance_rate"), by, window(since, until), whole, empty, basis=basis)


_APART = ("running", "not_started", "cancelled")
