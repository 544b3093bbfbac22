"""The metrics of waiting: where the time goes before a lead is touched, and for how long leads wait untouched."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from leadbridge.analytics.curves import CurveMeasures
from leadbridge.analytics.measuring import UNITS, Unit, Whole, unit_us, window
from leadbridge.analytics.metric import metric
from leadbridge.analytics.result import Answer, Result
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.calendar.slots import load_numpy

__all__ = ["TimeMeasures"]


class TimeMeasures(CurveMeasures):
    """Metrics about how long leads wait, and for whom."""

    def delay_split(
        self,
        by: str | None = None,
        *,
        unit: Unit = "hours",
        calendar: BusinessCalendar | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """The time until a lead is touched, split into what the system, the queue and people take.

        ``value`` is the share of people (the part ``human``) in the whole plain time. With a ``calendar`` every row
        also has ``business_p50``, ``business_p90`` and ``business_share``: the same in open time of that calendar.

        Raises:
            ConfigError: for an unknown unit.
        """
        one = metric("delay_split")
        values = {"unit_us": unit_us(unit), **window(since, until)}

        def whole(rows: list[dict[str, Any]]) -> Whole:
            human = next((row for row in rows if row["part"] == "human"), None)
            excluded = {
                f"{row['part']} delays {words}": row[name]
                for row in rows
                for name, words in _APART.items()
                if name != "still_open"
            }
            still = human["still_open"] if human is not None else 0
            if human is None:
                return Whole(None, 0, excluded)
            return Whole(human["share"], human["complete"], excluded, censored=still)

        empty = "of no hand-off in this window all three parts of the delay are known"
        answer = self._answer(one, by, values, whole, empty, {"unit": unit})
        if calendar is None or not isinstance(answer, Result):
            return answer
        found = self._in_business_time(self._dimension(one, by), values, UNITS[unit], calendar)
        rows = tuple(
            {**row, **found.get((row[by] or "" if by else "all", row["part"]), _NOTHING)} for row in answer.rows
        )
        shown = {**answer.parameters, "zone": calendar.zone}
        return replace(answer, rows=rows, columns=(*answer.columns, *_NOTHING), parameters=shown)

    def speed_to_lead(
        self,
        by: str | None = None,
        *,
        unit: Unit = "minutes",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """The share of leads that still wait for their first touch, by the time since they were handed over.

        ``value`` is the median (``value_name`` says ``median``). Where more than half still wait at the end, there is
        no median yet: ``value`` is then the share that still waits, and ``parameters`` say that it is not reached.

        Raises:
            ConfigError: for an unknown unit.
        """
        values = {"now_us": self._source.meta.now_us, "unit_us": unit_us(unit), **window(since, until)}
        empty = "no hand-off was offered in this window"
        return self._curve(metric("speed_to_lead"), by, values, "touched", unit, empty)

    def handoff_times(
        self,
        by: str | None = None,
        *,
        unit: Unit = "hours",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Answer:
        """How long it takes from the offer until a lead is routed, assigned, tried, connected, answered and accepted.

        ``value`` is the median until it is answered.

        Raises:
            ConfigError: for an unknown unit.
        """

        def whole(rows: list[dict[str, Any]]) -> Whole:
            row = next(row for row in rows if row["step"] == "answered")
            excluded = {"steps recorded before the offer": sum(row["impossible"] for row in rows)}
            return Whole(row["p50"], row["n"], excluded, censored=row["not_taken"])

        values = {"unit_us": unit_us(unit), **window(since, until)}
        empty = "no hand-off of this window was answered"
        return self._answer(metric("handoff_times"), by, values, whole, empty, {"unit": unit})

    def untouched(
        self, by: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Answer:
        """Leads that nobody had touched an hour, four hours, a day, two days and a week after they were handed over.

        ``value`` is the share after a day; where no lead is that old, after the longest time that some lead is.
        """
        values = {"now_us": self._source.meta.now_us, **window(since, until)}

        def whole(rows: list[dict[str, Any]]) -> Whole:
            old = [row for row in rows if row["mature"]]
            row = next((row for row in old if row["after"] == "1 day"), old[-1] if old else None)
            if row is None:
                return Whole(None, 0, {}, immature=rows[0]["immature"])
            return Whole(row["untouched_rate"], row["mature"], {}, immature=row["immature"])

        return self._answer(
            metric("untouched"), by, values, whole, "no hand-off in this window is old enough to be judged"
        )

    def _in_business_time(
        self, dimension: str, values: dict[str, Any], unit_us: int, calendar: BusinessCalendar
    ) -> dict[tuple[str, str], dict[str, float | None]]:
        """The percentiles and shares in open time, by dimension and part."""
        np = load_numpy()
        known = "verdict = 'ended' or complete = 1"
        rows = self._source.sql(metric("delay_split").part("spans", dimension, known), values)
        spent = calendar.elapsed_many(
            np.array([row["start_us"] for row in rows], np.int64), np.array([row["end_us"] for row in rows], np.int64)
        ).tolist()
        ended: dict[tuple[str, str], list[float]] = {}
        total: dict[tuple[str, str], int] = {}
        for row, us in zip(rows, spent, strict=True):
            key = (row["dimension"], row["part"])
            if row["verdict"] == "ended":
                ended.setdefault(key, []).append(us / unit_us)
            total[key] = total.get(key, 0) + us * row["complete"]
        found: dict[tuple[str, str], dict[str, float | None]] = {}
        for key, us in total.items():
            together = sum(total.get((key[0], part), 0) for part in ("system", "queue", "human"))
            some = ended.get(key)
            halves = np.percentile(some, [50, 90]).tolist() if some else [None, None]
            found[key] = dict(zip(_NOTHING, [*halves, us / together if together else None], strict=True))
        return found


_NOTHING: dict[str, float | None] = {"business_p50": None, "business_p90": None, "business_share": None}
_APART = {
    "unstarted": "without a recorded start",
    "impossible": "that end before they start",
    "dates_only": "known by date only",
    "still_open": "still open",
}
