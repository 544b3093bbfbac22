"""What the numbers of an invented funnel have to come to, but for chance, as it follows from the parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import comb, exp, log
from typing import TYPE_CHECKING, Any

from leadbridge.testing.funnel_agreement import AGREED_TOUCHES, PROMISED_HOURS

if TYPE_CHECKING:
    from leadbridge.testing.funnel import Funnel

__all__ = ["Known", "truths"]

_PIECES, _MORE = 5, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One number that is known.

    Attributes:
        metric: its name.
        column: of a row.
        value: what it comes to.
        row: which row, by its columns; of a curve the last one at or before ``waited``.
        options: what the metric is asked with, besides a window.
        windowed: whether it only holds for what began before ``settled``.
    """

    metric: str
    column: str
    value: float
    row: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    windowed: bool = True


def truths(funnel: Funnel) -> Sequence[Known]:
    """All that is known of a funnel."""
    return [*_answers(funnel), *_stages(funnel), *_waits(funnel), *_talks(funnel), *_rest(funnel)]


def still(hours: float, *means: float) -> float:
    """The share that a sum of exponential waits, all of different means, still takes after some hours."""
    total = 0.0
    for one in means:
        weight = 1.0
        for other in means:
            if other != one:
                weight *= one / (one - other)
        total += weight * exp(-hours / one)
    return total


def half(*means: float) -> float:
    """The median of a sum of exponential waits of different means."""
    low, high = 0.0, 100 * sum(means)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if still(middle, *means) > 0.5 else (low, middle)
    return low


def _accepted(funnel: Funnel) -> float:
    """Of the offers that are answered and not recycled, the share that is accepted."""
    return (1 - _unwanted(funnel)) * (
        funnel.ready * funnel.accepted_ready + (1 - funnel.ready) * funnel.accepted_unready
    )


def _unwanted(funnel: Funnel) -> float:
    return funnel.in_target * funnel.refused_in_target + (1 - funnel.in_target) * funnel.refused_out_of_target


def _answers(funnel: Funnel) -> Iterator[Known]:
    answered, kept = 1 - funnel.ignored, 1 - funnel.recycled
    accepted, unwanted = _accepted(funnel), _unwanted(funnel)
    other = 1 - unwanted - accepted
    rejected = unwanted + other * funnel.rejected
    first = answered * kept
    yield Known(
        metric="acceptance_rate",
        column="rate",
        value=first * accepted / (first * (accepted + rejected) + funnel.ignored),
    )
    for row, share in (("in", funnel.refused_in_target), ("out", funnel.refused_out_of_target)):
        yield Known(
            metric="definitional_rejection",
            column="rejection_rate",
            value=kept * share,
            row={"target": row},
            options={"basis": "cohort"},
        )
    cohort = {"basis": "cohort"}
    yield Known(
        metric="belief_gap", column="rejection_rate", value=kept * unwanted, row={"criteria": "met"}, options=cohort
    )
    yield Known(
        metric="belief_gap",
        column="acceptance_rate",
        value=kept * (1 - unwanted) * funnel.accepted_unready,
        row={"criteria": "failed"},
        options=cohort,
    )
    said = funnel.recycled * (1 - funnel.no_reason) + kept * (unwanted + other * (1 - funnel.no_reason))
    refused = funnel.recycled + kept * (unwanted + other)
    reason = {"decision": "reject", "reason": "wrong_industry"}
    yield Known(metric="reason_mix", column="coverage", value=said / refused, row=reason, options=cohort)
    yield Known(metric="reason_mix", column="share", value=kept * unwanted / said, row=reason, options=cohort)
    yield Known(
        metric="no_response_validity",
        column="valid_share",
        value=funnel.enough,
        row={"reason": "no_response"},
        options=cohort,
    )
    yield Known(metric="information_completeness", column="share", value=funnel.complete)
    yield Known(metric="information_completeness", column="complete_share", value=funnel.complete**_PIECES)
    kept_in_time = funnel.acknowledged * (1 - exp(-PROMISED_HOURS / funnel.delays.listen))
    yield Known(metric="sla_attainment", column="attainment", value=kept_in_time)


def _stages(funnel: Funnel) -> Iterator[Known]:
    engaged = (1 - funnel.readers) * funnel.engaged
    answered = 1 - funnel.ignored
    accepts = answered * (1 - funnel.recycled) * _accepted(funnel)
    loops = answered * funnel.recycled * funnel.back
    steps = (
        ("engaged", engaged),
        ("marketing_qualified", funnel.qualified),
        ("sales_accepted", accepts),
        ("sales_qualified", funnel.sales_qualified),
        ("opportunity", funnel.opportunity),
        ("won", funnel.won),
    )
    total = 1.0
    for stage, share in steps:
        total *= share / (1 - loops) if stage == "sales_accepted" else share
        yield Known(metric="funnel", column="step_rate", value=share, row={"stage": stage})
        yield Known(metric="funnel", column="total_rate", value=total, row={"stage": stage})
    between = {"from_stage": "marketing_qualified", "to_stage": "sales_accepted"}
    yield Known(metric="stage_conversion", column="rate", value=accepts, options=between)
    again = engaged * funnel.qualified * loops
    yield Known(metric="ping_pong", column="ping_pong_rate", value=again, options={"passages": 2})
    yield Known(metric="ping_pong", column="again_rate", value=again, options={"passages": 2})
    yield Known(metric="rework", column="again_rate", value=again, row={"stage": "(any)"})
    weeks = {"horizon": "20 days"}
    for stage in ("(any)", "marketing_qualified"):
        row = {"back_to": stage}
        yield Known(metric="recycled_reconversion", column="back_rate", value=funnel.back, row=row, options=weeks)
    yield Known(metric="pipeline_velocity", column="win_rate", value=funnel.won, windowed=False)


def _waits(funnel: Funnel) -> Iterator[Known]:
    waits = funnel.delays
    first = (waits.route, waits.assign, waits.touch)
    minutes = {"unit": "minutes"}
    ends = {"from_stage": "captured", "to_stage": "engaged"}
    yield Known(metric="stage_duration", column="p50", value=60 * waits.engage * log(2), options={**ends, **minutes})
    engaged = (1 - funnel.readers) * funnel.engaged
    yield Known(
        metric="stage_survival",
        column="still_waiting",
        value=1 - engaged * (1 - exp(-9 / waits.engage)),
        row={"waited": 8},
        options={**ends, "unit": "hours"},
        windowed=False,
    )
    yield Known(
        metric="speed_to_lead",
        column="still_waiting",
        value=funnel.ignored + (1 - funnel.ignored) * still(10, *first),
        row={"waited": 9},
        options={"unit": "hours"},
        windowed=False,
    )
    for words, hours in (("4 hours", 4), ("1 day", 24)):
        untouched = funnel.ignored + (1 - funnel.ignored) * still(hours, *first)
        yield Known(metric="untouched", column="untouched_rate", value=untouched, row={"after": words})
    horizon = {"horizon": "9 days"}
    yield Known(metric="ignored_rate", column="ignored_rate", value=funnel.ignored, options=horizon)
    yield Known(metric="ignored_rate", column="untouched_rate", value=funnel.ignored, options=horizon)
    parts: Sequence[tuple[str, tuple[float, ...]]] = (
        ("system", (waits.qualify, waits.route)),
        ("queue", (waits.assign,)),
        ("human", (waits.touch,)),
    )
    for part, means in parts:
        yield Known(metric="delay_split", column="p50", value=half(*means), row={"part": part})
    taken: Sequence[tuple[str, tuple[float, ...], float]] = (
        ("routed", first[:1], 1.0),
        ("assigned", first[:2], 1.0),
        ("tried", first, 1 - funnel.ignored),
    )
    for step, means, share in taken:
        yield Known(metric="handoff_times", column="p50", value=half(*means), row={"step": step})
        yield Known(metric="handoff_times", column="taken_share", value=share, row={"step": step})
    yield Known(metric="continuity", column="p50", value=60 * half(*first), options=minutes)
    yield Known(metric="continuity", column="owner_changed_share", value=funnel.transferred, options=minutes)


def _talks(funnel: Funnel) -> Iterator[Known]:
    tried = 1 - funnel.ignored
    horizon = {"horizon": "9 days"}
    mean = tried * (1 + _MORE * funnel.more_attempts)
    yield Known(metric="follow_up_depth", column="attempts_per_passage", value=mean, options=horizon)
    yield Known(metric="follow_up_depth", column="never_tried_share", value=funnel.ignored, options=horizon)
    often = tried * sum(
        comb(_MORE, k) * funnel.more_attempts**k * (1 - funnel.more_attempts) ** (_MORE - k)
        for k in range(AGREED_TOUCHES - 1, _MORE + 1)
    )
    yield Known(metric="cadence_adherence", column="kept_rate", value=often / (often + funnel.ignored), options=horizon)
    stage = {"buying_stage": "education"}
    mix = funnel.talked / (funnel.talked + funnel.read)
    yield Known(metric="interaction_mix", column="person_share", value=mix, row=stage, windowed=False)
    talk = {**stage, "function": "sales"}
    yield Known(metric="coverage", column="person_share", value=1.0, row=talk, windowed=False)
    there = (("marketing", funnel.read), ("sales", funnel.talked), ("(every)", funnel.read * funnel.talked))
    for who, share in there:
        yield Known(metric="function_coverage", column="covered_share", value=share, row={**stage, "function": who})
    in_time = 1 - exp(-(30 - 2 / 24) / 5)
    month = {"horizon": "30 days"}
    met = {"item": "(any)", "stage": "education"}
    for column, share in (("with_rate", funnel.moved_with), ("without_rate", funnel.moved_without)):
        yield Known(metric="resonance", column=column, value=share * in_time, row=met, options=month)


def _rest(funnel: Funnel) -> Iterator[Known]:
    read = funnel.acknowledged
    lead = {"subject": "lead"}
    for column, share in (
        ("acknowledged_share", read),
        ("acted_share", read * funnel.acted),
        ("told_share", read * funnel.acted * funnel.told),
    ):
        yield Known(metric="feedback_loop", column=column, value=share, row=lead)
    month = {"horizon": "30 days"}
    in_time = 1 - exp(-30 / 5)
    yield Known(metric="request_fill_rate", column="fill_rate", value=funnel.filled * in_time, options=month)
    yield Known(metric="request_fill_rate", column="p50_days", value=-5 * log(1 - in_time / 2), options=month)
    yield Known(metric="disagreement_rate", column="disagreement_rate", value=funnel.disagreeing, windowed=False)
    last = funnel.now.replace(day=1) - timedelta(days=1)
    before = last.replace(day=1) - timedelta(days=1)
    yield Known(
        metric="lead_velocity",
        column="growth",
        value=last.day / before.day - 1,
        row={"month": last.year * 100 + last.month},
        options={"stage": "captured"},
        windowed=False,
    )
