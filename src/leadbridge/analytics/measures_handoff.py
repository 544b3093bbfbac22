"""The metrics of hand-offs: what is refused and ignored, what that costs, and how one function follows another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from leadbridge.analytics.measuring import Measuring, Unit, Whole, horizon_us, unit_us, window
from leadbridge.analytics.meta import NEEDS
from leadbridge.analytics.metric import metric
from leadbridge.analytics.result import Answer, NotComputable

__all__ = ["HandoffMeasures"]

_PARTS: Mapping[str, tuple[str, ...]] = {
    "leads": (),
    "hours": ("hours_per_lead",),
    "cost": ("cost_per_lead",),
    "expected_revenue": ("win_rate", "deal_value"),
}
"""What each part of the waste is computed from."""


class HandoffMeasures(Measuring):
    """Metrics about what became of leads after they were handed over."""

    def information_completeness(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """How much of the information that was promised came with the hand-offs: the score of marketing's duty."""

        def whole(rows: list[dict[str, Any]]) -> Whole:
            row = rows[0]
            return Whole(row["share"], row["promised"], {"hand-offs without a promise": row["without_promise"]})

        empty = "no information was promised with the hand-offs of this window: 0 of 0"
        return self._answer(metric("information_completeness"), by, window(since, until), whole, empty)

    def definitional_rejection(
        self,
        by: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        basis: Literal["period", "cohort"] = "period",
    ) -> Answer:
        """Hand-offs refused because the lead is not wanted, in and out of the target market.

        ``value`` is the share over all leads of which it is known whether they are in the target market.
        """

        def whole(rows: list[dict[str, Any]]) -> Whole:
            known = [row for row in rows if row["target"] != "unknown"]
            decided = sum(row["decided"] for row in known)
            excluded = {
                "hand-offs of leads of which nobody knows whether they are in the target market": sum(
                    row["decided"] for row in rows if row["target"] == "unknown"
                )
            }
            share = sum(row["definitional"] for row in known) / decided if decided else None
            return _unless_silent(rows, Whole(share, decided, excluded))

        empty = "no hand-off was decided in this window"
        return self._answer(metric("definitional_rejection"), by, window(since, until), whole, empty, basis=basis)

    def belief_gap(
        self,
        by: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        basis: Literal["period", "cohort"] = "period",
    ) -> Answer:
        """Whether the receiving function believes in the criteria: refused though met, accepted though failed.

        ``value`` is the share of leads that met the criteria and were refused as not wanted; the row ``failed`` has the
        share that was accepted all the same.
        """

        def whole(rows: list[dict[str, Any]]) -> Whole:
            met = next((row for row in rows if row["criteria"] == "met"), None)
            unknown = sum(row["decided"] for row in rows if row["criteria"] == "unknown")
            excluded = {"hand-offs of leads of which nobody knows whether they meet the criteria": unknown}
            value, n = (met["rejection_rate"], met["decided"]) if met else (None, 0)
            return _unless_silent(rows, Whole(value, n, excluded))

        empty = "no hand-off of a lead that meets the criteria was decided in this window: 0 of 0"
        return self._answer(metric("belief_gap"), by, window(since, until), whole, empty, basis=basis)

    def ignored_rate(
        self,
        by: str | None = None,
        *,
        horizon: str = "30 days",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """Leads that were handed over and that nobody followed up or refused within the horizon.

        Raises:
            ConfigError: for a horizon in business time.
        """

        values = self._by_horizon(horizon, since, until)
        return self._answer(
            metric("ignored_rate"), by, values, _cohort("ignored_rate", "mature"), _TOO_YOUNG, {"horizon": horizon}
        )

    def waste(
        self,
        by: str | None = None,
        *,
        horizon: str = "30 days",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """What ignored leads are assumed to have cost: leads, hours, cost, expected revenue, a row each.

        ``value`` is the number of leads. The assumptions of the agreement stand under ``parameters``; a part whose
        assumption is missing has the amount ``None``, with the reason beside it, and never 0.

        Raises:
            ConfigError: for a horizon in business time.
        """
        assumed = self._source.meta.assumptions
        figures = {name: assumed.get(name) for part in _PARTS.values() for name in part}

        shown = {name: "not agreed" if value is None else value for name, value in figures.items()}
        if assumed.get("source"):
            shown["source"] = assumed["source"]
        values = {**self._by_horizon(horizon, since, until), **figures}
        whole = _cohort("ignored", "mature")
        answer = self._answer(metric("waste"), by, values, whole, _TOO_YOUNG, {"horizon": horizon, **shown})
        if isinstance(answer, NotComputable):
            return answer
        rows = tuple({**row, "not_computable": _missing(row["part"], figures)} for row in answer.rows)
        return replace(answer, rows=rows, columns=(*answer.columns, "not_computable"))

    def follow_up_depth(
        self,
        by: str | None = None,
        *,
        horizon: str = "30 days",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """Attempts of the receiving function to reach a buyer, for each passage that was handed over.

        Raises:
            ConfigError: for a horizon in business time.
        """

        values = self._by_horizon(horizon, since, until)
        whole = _cohort("attempts_per_passage", "passages")
        return self._answer(metric("follow_up_depth"), by, values, whole, _TOO_YOUNG, {"horizon": horizon})

    def cadence_adherence(
        self,
        by: str | None = None,
        *,
        touches: int | None = None,
        channels: int = 1,
        horizon: str = "14 days",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """Hand-offs that were followed up as often, and over as many channels, as agreed.

        Args:
            by: a dimension.
            touches: attempts that are agreed on; without it, the most that a reason of the agreement takes.
            channels: channels over which they go.
            horizon: time in which they should be made.
            since: hand-offs offered at this instant or later.
            until: hand-offs offered before this instant.

        Raises:
            ConfigError: for a horizon in business time.
        """
        one = metric("cadence_adherence")
        if touches is None:
            touches = self._source.sql("select max(needs_attempts) as n from reasons")[0]["n"]
        if not touches:
            return self._needs(one, "attempts")

        def whole(rows: list[dict[str, Any]]) -> Whole:
            row = rows[0]
            return Whole(row["kept_rate"], row["counted"], {"ended early": row["ended_early"]}, row["immature"])

        values = {"touches": touches, "channels": channels, **self._by_horizon(horizon, since, until)}
        return self._answer(one, by, values, whole, _TOO_YOUNG, {"horizon": horizon})

    def continuity(
        self,
        by: str | None = None,
        *,
        unit: Unit = "hours",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """The gap between the last touch of one function and the first of the next, and changes of the owner.

        ``value`` is the median gap in whole units.

        Raises:
            ConfigError: for an unknown unit.
        """

        def whole(rows: list[dict[str, Any]]) -> Whole:
            row = rows[0]
            excluded = {
                "hand-offs without a touch of the receiving function": row["not_received"],
                "hand-offs without an earlier touch of the other function": row["not_begun"],
            }
            return Whole(row["p50"], row["n"], excluded)

        values = {"unit_us": unit_us(unit), **window(since, until)}
        empty = "no lead was touched by both functions around its hand-off in this window"
        return self._answer(metric("continuity"), by, values, whole, empty, {"unit": unit})

    def sourced_by(
        self,
        by: str | None = None,
        *,
        lookback: str = "180 days",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """Leads and won opportunities by the function that brought them; ``value`` counts all that were won.

        ``influenced_won`` counts won opportunities that a function touched within the lookback before they were opened,
        or later. It is another view of the same sales and is never added to ``won``.

        Raises:
            ConfigError: for a lookback in business time.
        """

        def whole(rows: list[dict[str, Any]]) -> Whole:
            leads = sum(row["leads"] for row in rows)
            return Whole(sum(row["won"] for row in rows) if leads else None, leads, {})

        values = {"lookback_us": horizon_us(lookback), **window(since, until)}
        return self._answer(
            metric("sourced_by"), by, values, whole, "no lead was captured in this window", {"lookback": lookback}
        )

    def _by_horizon(self, horizon: str, since: datetime | None, until: datetime | None) -> dict[str, Any]:
        return {"horizon_us": horizon_us(horizon), "now_us": self._source.meta.now_us, **window(since, until)}


_TOO_YOUNG = "no hand-off in this window is old enough to be judged"


def _cohort(value: str, n: str) -> Callable[[list[dict[str, Any]]], Whole]:
    """What all leads together came to, from the columns that hold it; those that are too young are counted apart."""
    return lambda rows: Whole(rows[0][value], rows[0][n], {}, rows[0]["immature"])


def _unless_silent(rows: list[dict[str, Any]], whole: Whole) -> Whole:
    """Where leads were refused and nobody ever said why, the share refused for one reason is not known."""
    refused = sum(row["refused"] for row in rows)
    if refused and refused == sum(row["no_reason"] for row in rows):
        return Whole(None, 0, {}, why=NEEDS["reasons"])
    return whole


def _missing(part: str, figures: Mapping[str, Any]) -> str | None:
    lacking = [name for name in _PARTS[part] if figures[name] is None]
    if not lacking:
        return None
    return f"the agreement assumes no {' and no '.join(lacking)}: agree on it under assumptions"
