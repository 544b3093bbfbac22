"""The metrics of money in the pipeline, and of whether two systems say the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from leadbridge.analytics.measuring import Measuring, Whole, window
from leadbridge.analytics.metric import metric
from leadbridge.analytics.result import Answer

__all__ = ["SystemMeasures"]


class SystemMeasures(Measuring):
    """Metrics about opportunities, and about what the CRMs hold."""

    def pipeline_velocity(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """What the open pipeline can be expected to bring a day; each of its four factors stands in the row."""

        def whole(rows: list[dict[str, Any]]) -> Whole:
            row = rows[0]
            lacking = [words for name, words in _FACTORS.items() if row[name] is None]
            why = f"of the opportunities closed in this window nobody knows {' or '.join(lacking)}" if lacking else ""
            return Whole(row["per_day"], row["closed"], {}, censored=row["opportunities"], why=why)

        return self._answer(
            metric("pipeline_velocity"), by, window(since, until), whole, "opportunities were won in no time at all"
        )

    def disagreement_rate(self, by: str | None = None) -> Answer:
        """Leads that stand in different stages in two systems, as a share of those that both hold."""

        def whole(rows: list[dict[str, Any]]) -> Whole:
            counted = sum(row["counted"] for row in rows)
            share = sum(row["differ"] for row in rows) / counted if counted else None
            silent = sum(row["silent"] for row in rows)
            return Whole(share, counted, {"leads of which a system says no stage": silent})

        empty = "two systems hold no lead in common of which both say a stage: 0 of 0"
        return self._answer(metric("disagreement_rate"), by, {}, whole, empty)


_FACTORS = {"win_rate": "which were won", "deal": "an amount", "cycle_days": "when they were opened"}
