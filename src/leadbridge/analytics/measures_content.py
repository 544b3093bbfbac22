"""The metrics of content, interactions and buying stages: what is used, what resonates, how reading and talking mix."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from leadbridge.analytics.measuring import Measuring, Whole, horizon_us, window
from leadbridge.analytics.meta import NEEDS
from leadbridge.analytics.metric import metric
from leadbridge.analytics.result import Answer, NotComputable

__all__ = ["ContentMeasures"]


class ContentMeasures(Measuring):
    """Metrics about what passed between buyers and both functions."""

    def coverage(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """Who is with the buyer when: interactions by buying stage and function. ``value`` is the share in person."""
        return self._answer(
            metric("coverage"), by, window(since, until), _person_share, "no interactions in this window: 0 of 0"
        )

    def interaction_mix(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """Person-to-person interactions as a share of all, by buying stage; ``by="company"`` and ``by="lead"``, too."""
        return self._answer(
            metric("interaction_mix"), by, window(since, until), _person_share, "no interactions in this window: 0 of 0"
        )

    def function_coverage(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """Buying stages in which each function was in touch with the buyer; ``value`` is the share with all of them."""

        def whole(rows: list[dict[str, Any]]) -> Whole:
            every = [row for row in rows if row["function"] == "(every)"]
            entered = sum(row["entered"] for row in every)
            return Whole(sum(row["covered"] for row in every) / entered if entered else None, entered, {})

        nobody = "no lead entered a buying stage in this window"
        return self._answer(metric("function_coverage"), by, window(since, until), whole, nobody)

    def content_usage(
        self,
        by: str | None = None,
        *,
        function: str = "sales",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """Agreed assets that a function used, of those available, with what it made for itself apart.

        ``value`` is the share over all types of asset. A function of which no interaction ever named an asset cannot
        be measured: nobody wrote down what it uses.
        """
        one = metric("content_usage")
        known = "select count(*) as n from interactions where function = $function and asset is not null"
        if {"assets", "interactions"} <= self._source.meta.recorded:
            recorded = self._source.sql(known, {"function": function})[0]["n"]
            if not recorded:
                why = f"no interaction of {function} names an asset: what {function} uses was not recorded"
                return NotComputable(why, one.name, one.definition)

        def whole(rows: list[dict[str, Any]]) -> Whole:
            available = sum(row["available"] for row in rows)
            excluded = {
                f"assets that {function} made for itself": sum(row["own_used"] for row in rows),
                "assets used outside the days of their availability": sum(row["used_outside"] for row in rows),
            }
            used = sum(row["used"] for row in rows)
            return Whole(used / available if available else None, available, excluded)

        values = {"function": function, **window(since, until)}
        return self._answer(one, by, values, whole, "no agreed asset was available in this window: 0 of 0")

    def content_by_stage(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """Which asset was met in which buying stage, with the gaps. ``value`` is the share of stages with content."""

        def whole(rows: list[dict[str, Any]]) -> Whole:
            row = rows[0]
            outside = sum(each["interactions"] for each in rows if each["step"] < 0)
            left = {"interactions outside the agreed buying stages": outside}
            return Whole(row["covered_share"], row["stages"] or 0, left, why=NEEDS["buying"])

        nothing = "no interaction in this window names an asset: 0 of 0"
        return self._answer(metric("content_by_stage"), by, window(since, until), whole, nothing)

    def proposition_reach(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """Value propositions of which buyers met content, of those that have any."""

        def whole(rows: list[dict[str, Any]]) -> Whole:
            return Whole(rows[0]["reach"], rows[0]["offered"], {})

        nothing = "no asset carries a value proposition: tie messages to value propositions, and assets to messages"
        return self._answer(metric("proposition_reach"), by, window(since, until), whole, nothing)

    def resonance(
        self,
        by: str | None = None,
        *,
        subject: Literal["asset", "message"] = "asset",
        axis: Literal["buying_stage", "stage"] = "buying_stage",
        horizon: str = "90 days",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """How often leads went on from a stage, with and without an asset or message: an association, no effect.

        ``axis`` says which stages: the buyer's, or those of the lifecycle. ``value`` is the share that went on of those
        who met any asset (or message) at all; compare ``without_rate`` in the same row.

        Raises:
            ConfigError: for a horizon in business time.
        """
        one = metric("resonance")
        values = {
            "axis": axis,
            "subject": subject,
            "horizon_us": horizon_us(horizon),
            "now_us": self._source.meta.now_us,
            **window(since, until),
        }
        if axis == "buying_stage" and "buying" not in self._source.meta.recorded:
            return self._needs(one, "buying")

        def whole(rows: list[dict[str, Any]]) -> Whole:
            either = [row for row in rows if row["item"] == "(any)"]
            n = sum(row["with_n"] for row in either)
            share = sum(row["with_moved"] for row in either) / n if n else None
            return Whole(share, n, {}, sum(row["immature"] for row in either))

        empty = f"nobody met any {subject} while in a stage that can be left"
        return self._answer(one, by, values, whole, empty, {"horizon": horizon})


def _person_share(rows: list[dict[str, Any]]) -> Whole:
    n = sum(row["interactions"] for row in rows)
    return Whole(sum(row["person_to_person"] for row in rows) / n if n else None, n, {})
