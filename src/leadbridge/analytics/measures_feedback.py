"""The metrics of reasons that take attempts, and of feedback: what becomes of what the functions tell each other."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from leadbridge.analytics.measuring import Measuring, Whole, horizon_us, window
from leadbridge.analytics.metric import metric
from leadbridge.analytics.result import Answer

__all__ = ["FeedbackMeasures"]


class FeedbackMeasures(Measuring):
    """Metrics about whether the functions keep talking, and whether reasons are earned."""

    def no_response_validity(
        self,
        by: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        basis: Literal["period", "cohort"] = "period",
    ) -> Answer:
        """Reasons such as ``no_response`` that were given after the agreed attempts. ``value`` is over all of them."""

        def whole(rows: list[dict[str, Any]]) -> Whole:
            counted = sum(row["counted"] for row in rows)
            share = sum(row["valid"] for row in rows) / counted if counted else None
            left = sum(row["answers"] for row in rows) - counted
            return Whole(share, counted, {"answers whose attempts nobody counted": left})

        empty = (
            "no lead was refused in this window for a reason that takes attempts, with attempts that are known: 0 of 0"
        )
        return self._answer(metric("no_response_validity"), by, window(since, until), whole, empty, basis=basis)

    def feedback_loop(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """What becomes of feedback, by subject. ``value`` is the share whose author was told what came of it."""

        def whole(rows: list[dict[str, Any]]) -> Whole:
            raised, told = sum(row["raised"] for row in rows), sum(row["told"] for row in rows)
            return Whole(told / raised if raised else None, raised, {}, censored=raised - told)

        empty = "no feedback was raised in this window: 0 of 0"
        return self._answer(metric("feedback_loop"), by, window(since, until), whole, empty)

    def request_fill_rate(
        self,
        by: str | None = None,
        *,
        horizon: str = "90 days",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """Requests for content that led to an asset within the horizon, as a share of those that are old enough.

        Raises:
            ConfigError: for a horizon in business time.
        """
        values = {"horizon_us": horizon_us(horizon), "now_us": self._source.meta.now_us, **window(since, until)}

        def whole(rows: list[dict[str, Any]]) -> Whole:
            row = rows[0]
            left = {"requests that were answered without an asset": row["answered_only"]}
            return Whole(row["fill_rate"], row["mature"], left, row["immature"])

        empty = "no request for content in this window is old enough to be judged"
        return self._answer(metric("request_fill_rate"), by, values, whole, empty, {"horizon": horizon})
