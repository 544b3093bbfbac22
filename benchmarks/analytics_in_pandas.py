"""The same numbers in pandas, as somebody who knows it well would write them, with only the columns that are needed.

Each function takes ``read``, which gives the columns of a table, and the instant of the history; it gives rows as the
queries of :mod:`analytics_by_hand` do, so that the answers can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from analytics_by_hand import DAY, HOUR

__all__ = ["IN_PANDAS"]

Read = Callable[[str, list[str] | None], Any]
Rows = list[tuple[Any, ...]]

PASSAGE = ["lead_id", "passage"]
TURN = ["lead_id", "passage", "to_function"]
LAST = 99
"""A passage after all others."""


def _rows(frame: Any) -> Rows:
    blanks = frame.astype(object).where(frame.notna(), None)
    return list(blanks.itertuples(index=False, name=None))


def _with_source(frame: Any, read: Read) -> Any:
    return frame.merge(read("leads", ["lead_id", "source"]), on="lead_id")


def _funnel(read: Read, now_us: int) -> Rows:
    del now_us
    path = read("path", None)
    entries = read("entries", ["lead_id", "passage", "stage"]).merge(path, on="stage")[[*PASSAGE, "step"]]
    firsts = _with_source(entries.drop_duplicates().sort_values("passage"), read)
    firsts["again"] = firsts.groupby(["lead_id", "step"]).passage.shift(-1).fillna(LAST)
    entered = firsts.groupby(["source", "step"]).size().rename("entered")

    def met(begun: Any, ended: Any, keys: list[str]) -> Any:
        both = begun.merge(ended, left_on=keys, right_on=["lead_id", "step"][: len(keys)], suffixes=("", "_end"))
        both = both[(both.passage_end >= both.passage) & (both.passage_end < both.again)]
        return both.drop_duplicates([*PASSAGE, "step_end"]).groupby(["source", "step_end"]).size()

    ends = firsts[[*PASSAGE, "step"]]
    reached = met(firsts[firsts.step == 0], ends[ends.step > 0], ["lead_id"])
    converted = met(firsts.assign(next=firsts.step + 1), ends, ["lead_id", "next"])
    every = [(source, step) for source in firsts.source.unique() for step in path.step]
    columns = [one.reindex(every).fillna(0) for one in (entered, reached, converted)]
    return [(*key, *counts) for key, *counts in zip(every, *columns, strict=True)]


def _durations(read: Read, now_us: int) -> Rows:
    del now_us
    entries = read("entries", ["lead_id", "passage", "stage", "entered_us"])

    def firsts(stage: str) -> Any:
        return entries[entries.stage == stage].groupby(PASSAGE).entered_us.min().reset_index()

    starts, ends = firsts("marketing_qualified"), firsts("sales_accepted")
    starts["again"] = starts.groupby("lead_id").passage.shift(-1).fillna(LAST)
    pairs = starts.merge(ends, on="lead_id", suffixes=("", "_end"))
    pairs = pairs[(pairs.passage_end >= pairs.passage) & (pairs.passage_end < pairs.again)]
    pairs = pairs.sort_values("passage_end").drop_duplicates(PASSAGE)
    pairs["units"] = (pairs.entered_us_end - pairs.entered_us) // HOUR
    spans = _with_source(starts[PASSAGE].merge(pairs[[*PASSAGE, "units"]], on=PASSAGE, how="left"), read)
    groups = spans.groupby("source").units
    quantiles = groups.quantile([0.5, 0.9]).unstack()
    found = groups.agg(["count", "size"]).join(quantiles).reset_index()
    found["censored"] = found["size"] - found["count"]
    return _rows(found[["source", "count", 0.5, 0.9, "censored"]])


def _touched(read: Read) -> Any:
    offers = read("handoffs", [*TURN, "offered_us", "first_decision", "decided_us"])
    offers = offers.sort_values("offered_us").drop_duplicates(TURN)
    talks = read("interactions", ["lead_id", "nature", "function", "happened_us"])
    talks = talks[talks.nature == "person_to_person"]
    both = offers.merge(talks, left_on=["lead_id", "to_function"], right_on=["lead_id", "function"])
    both = both[both.happened_us >= both.offered_us]
    first = both.groupby(TURN).happened_us.min().rename("touched_us").reset_index()
    found = _with_source(offers.merge(first, on=TURN, how="left"), read)
    found["waited_us"] = found.touched_us - found.offered_us
    return found


def _counts(old: Any, flags: Mapping[str, Any]) -> Any:
    return old[["source"]].assign(mature=1, **flags).groupby("source").sum().reset_index()


def _untouched(read: Read, now_us: int) -> Rows:
    waits = _touched(read)
    rows: Rows = []
    lengths = {"1 hour": HOUR, "4 hours": 4 * HOUR, "1 day": DAY, "2 days": 2 * DAY, "7 days": 7 * DAY}
    for after, us in lengths.items():
        old = waits[now_us - waits.offered_us >= us]
        found = _counts(old, {"untouched": ~(old.waited_us <= us)})
        rows += [(source, after, *rest) for source, *rest in _rows(found)]
    return rows


def _ignored(read: Read, now_us: int) -> Rows:
    waits = _touched(read)
    old = waits[now_us - waits.offered_us >= 30 * DAY]
    refused = old.first_decision.isin(["reject", "disqualify", "ineligible"])
    refused &= old.decided_us <= old.offered_us + 30 * DAY
    untouched = ~(old.waited_us <= 30 * DAY)
    return _rows(_counts(old, {"untouched": untouched, "ignored": untouched & ~refused}))


def _tries(read: Read, now_us: int) -> Rows:
    offers = read("handoffs", [*TURN, "offered_us"]).sort_values("offered_us").drop_duplicates(TURN)
    offers["again_us"] = offers.groupby(["lead_id", "to_function"]).offered_us.shift(-1)
    offers = offers[now_us - offers.offered_us >= 30 * DAY]
    talks = read("interactions", ["lead_id", "direction", "function", "happened_us"])
    talks = talks[talks.direction == "outbound"]
    both = offers.merge(talks, left_on=["lead_id", "to_function"], right_on=["lead_id", "function"])
    both = both[both.happened_us.between(both.offered_us, both.offered_us + 30 * DAY)]
    both = both[~(both.happened_us >= both.again_us)]
    found = offers.merge(both.groupby(TURN).size().rename("n").reset_index(), on=TURN, how="left")
    found = _with_source(found.assign(n=found.n.fillna(0)), read)
    found["never"] = found.n == 0
    groups = found.groupby("source").agg({"passage": "size", "n": ["sum", "median"], "never": "sum"})
    return _rows(groups.reset_index())


def _promises(read: Read, now_us: int) -> Rows:
    del now_us
    keys = ["owner", "policy", "target"]
    clocks = read("clocks", ["lead_id", *keys, "state"]).merge(read("leads", ["lead_id"]), on="lead_id")
    clocks["met"] = clocks.state == "met"
    clocks["counted"] = clocks.state.isin(["met", "met_late", "breached"])
    return _rows(clocks.groupby(keys, dropna=False)[["met", "counted"]].sum().reset_index())


def _reasons(read: Read, now_us: int) -> Rows:
    del now_us
    offers = read("handoffs", ["lead_id", "decision", "reason"])
    refused = _with_source(offers[offers.decision.notna() & (offers.decision != "accept")], read)
    return _rows(refused.groupby(["source", "decision", "reason"], dropna=False).size().reset_index())


def _accepted(read: Read, now_us: int) -> Rows:
    del now_us
    offers = _with_source(read("handoffs", ["lead_id", "first_decision", "expired_us"]), read)
    offers["accepted"] = offers.first_decision == "accept"
    expired = offers.first_decision.isna() & offers.expired_us.notna()
    offers["counted"] = offers.first_decision.isin(["accept", "reject"]) | expired
    found = offers.groupby("source")[["accepted", "counted"]].sum().reset_index()
    return _rows(found.assign(rate=found.accepted / found.counted))


def _coverage(read: Read, now_us: int) -> Rows:
    del now_us
    talks = _with_source(read("interactions", ["lead_id", "nature", "function", "buying_stage"]), read)
    talks["in_person"] = talks.nature == "person_to_person"
    groups = talks.groupby(["source", "buying_stage", "function"], dropna=False)
    return _rows(groups.agg({"nature": "size", "lead_id": "nunique", "in_person": "sum"}).reset_index())


IN_PANDAS: Mapping[str, Callable[[Read, int], Rows]] = {
    "funnel": _funnel,
    "stage_duration": _durations,
    "untouched": _untouched,
    "ignored_rate": _ignored,
    "follow_up_depth": _tries,
    "sla_attainment": _promises,
    "reason_mix": _reasons,
    "acceptance_rate": _accepted,
    "coverage": _coverage,
}
"""All but the curves of waiting, which lifelines is for."""
