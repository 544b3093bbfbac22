"""The metrics behind calendars and flows: promises by the week, hand-offs by the day, moves between stages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from leadbridge.analytics.measuring import Measuring, Whole, window
from leadbridge.analytics.metric import metric
from leadbridge.analytics.result import Answer

__all__ = ["MoveMeasures"]


class MoveMeasures(Measuring):
    """Metrics about when things happened, and where leads went."""

    def promises_by_week(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """Promises kept in time by the week in which they were made; ``by="duty_of"`` tells the functions apart.

        ``week_us`` is the Monday, 00:00 UTC, in microseconds since 1970. ``value`` is over all weeks.
        """

        def whole(rows: list[dict[str, Any]]) -> Whole:
            counted = sum(row["counted"] for row in rows)
            share = sum(row["met"] for row in rows) / counted if counted else None
            return Whole(share, counted, {"clocks running": sum(row["running"] for row in rows)})

        empty = "no promise that was made in this window has come to its end yet: 0 of 0"
        return self._answer(metric("promises_by_week"), by, window(since, until), whole, empty)

    def handoffs_by_day(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """Hand-offs by the day on which they were offered, and what became of them.

        ``day_us`` is the beginning of the day in UTC, in microseconds since 1970. ``value`` is the share that was
        answered.
        """

        def whole(rows: list[dict[str, Any]]) -> Whole:
            offered = sum(row["offered"] for row in rows)
            answered = sum(row["accepted"] + row["refused"] for row in rows)
            return Whole(answered / offered, offered, {}, censored=sum(row["undecided"] for row in rows))

        return self._answer(
            metric("handoffs_by_day"), by, window(since, until), whole, "no hand-off was offered in this window: 0 of 0"
        )

    def stage_moves(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """Where leads went from each stage, loops included. ``value`` is the share of the moves that lead back."""

        def whole(rows: list[dict[str, Any]]) -> Whole:
            new = sum(row["moves"] for row in rows if row["direction"] == "new")
            moves = sum(row["moves"] for row in rows) - new
            return Whole(rows[0]["back_share"], moves, {"first entries of leads": new})

        return self._answer(
            metric("stage_moves"), by, window(since, until), whole, "no lead moved from one stage to another: 0 of 0"
        )
