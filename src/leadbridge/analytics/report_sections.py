"""What stands in a report, in which order, and which question each part answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from leadbridge.analytics.literature import benchmarks
from leadbridge.analytics.report_parts import Bridge, Card, Cards, Figure, Grid, Part, Section
from leadbridge.analytics.scorecard import ScoreLine

if TYPE_CHECKING:
    from leadbridge.analytics.measures import Metrics
    from leadbridge.analytics.snapshot import Snapshot

__all__ = ["sections"]


_TWO = 2
_BRIDGES = 3
"""Bridges on the page, from where the counts differ most."""


class Window(TypedDict):
    """The time that numbers are of, as arguments of a metric."""

    since: datetime | None
    until: datetime | None


def sections(snapshot: Snapshot, since: datetime | None, until: datetime | None) -> Iterator[Section]:
    """The sections of a snapshot's report; numbers that know a window are those between ``since`` and ``until``."""
    ask = snapshot.metrics
    window: Window = {"since": since, "until": until}
    for name, title, question, parts in (
        ("scorecard", "Scorecard", "How do we stand, and did we reach what we agreed on?", [_cards(snapshot)]),
        ("funnel", "Funnel", "How many leads come how far, and where do they stay behind?", _funnel(ask, window)),
        (
            "speed",
            "Speed",
            "How long does a lead wait until somebody speaks with it, and on whom?",
            _speed(ask, window),
        ),
        ("promises", "Promises", "Do both functions keep what they promised in time?", _promises(ask, window)),
        ("reasons", "Reasons", "Does sales take what marketing offers, and why not?", _reasons(ask, window)),
        ("recycling", "Recycling", "Which leads come back, and from where to where?", _recycling(ask, window)),
        ("content", "Content", "What do buyers meet, and what of it is used?", _content(ask, window)),
        (
            "coverage",
            "Coverage",
            "Who is with the buyer when, and what do the functions tell each other?",
            _coverage(ask, window),
        ),
        ("disagreement", "Disagreement", "Where do the two CRMs say different things?", [*_disagreement(snapshot)]),
        ("literature", "Literature", "What was found elsewhere? Triggers to ask why, never targets.", [_literature()]),
        ("quality", "Quality of the data", "What has to be known about these numbers?", [_quality(snapshot)]),
        ("agreement", "Agreement", "Under which agreement do these numbers stand?", [*_agreement(snapshot)]),
    ):
        yield Section(name, title, question, tuple(parts))


def _funnel(ask: Metrics, window: Window) -> list[Part]:
    ends = (ask.path[0], ask.path[-1]) if len(ask.path) > 1 else ("captured", "won")
    first, last = (stage.replace("_", " ") for stage in ends)
    reached = f"of the leads that entered {first} reached {last}"
    return [
        Figure("funnel-all", "Conversion", reached, ask.funnel(**window), drawn=True),
        Figure("funnel-source", "Conversion by source", reached, ask.funnel("source", **window)),
        Figure("duration", f"Time from {first} to {last}", "", ask.stage_duration(*ends, **window), drawn=True),
        Figure(
            "days",
            "When leads were handed over",
            "of the hand-offs have an answer",
            ask.handoffs_by_day(**window),
            drawn=True,
        ),
    ]


def _speed(ask: Metrics, window: Window) -> list[Part]:
    return [
        Figure("waiting", "Who still waits", "until the first talk", ask.speed_to_lead(**window), drawn=True),
        Figure(
            "untouched",
            "Untouched after so long",
            "of the leads were untouched after a day",
            ask.untouched(**window),
            drawn=True,
        ),
        Figure("delay", "System, queue, people", "of the waiting is for people", ask.delay_split(**window), drawn=True),
    ]


def _promises(ask: Metrics, window: Window) -> list[Part]:
    kept = "of the promises were kept in time"
    return [
        Figure("promises-all", "Kept in time", kept, ask.sla_attainment("duty_of"), drawn=True),
        Figure("promises-weeks", "Week by week", kept, ask.promises_by_week("duty_of", **window), drawn=True),
    ]


def _reasons(ask: Metrics, window: Window) -> list[Part]:
    told = "of the refusals carry a reason"
    return [
        Figure(
            "accepted",
            "Accepted",
            "of the decided hand-offs were accepted",
            ask.acceptance_rate("source", **window),
            drawn=True,
        ),
        Figure("reasons-all", "Why not", told, ask.reason_mix(**window), drawn=True),
        Figure("reasons-source", "Why not, by source", told, ask.reason_mix("source", **window), drawn=True),
        Figure(
            "unwanted",
            "Refused as not wanted",
            "of the decided hand-offs were not wanted",
            ask.definitional_rejection(**window),
            drawn=True,
        ),
        Figure(
            "earned", "Given after enough attempts", "of such reasons were earned", ask.no_response_validity(**window)
        ),
    ]


def _recycling(ask: Metrics, window: Window) -> list[Part]:
    return [
        Figure("moves", "Flow between stages", "of the moves lead back", ask.stage_moves(**window), drawn=True),
        Figure(
            "back",
            "What becomes of recycled leads",
            "of the recycled passages came back",
            ask.recycled_reconversion(**window),
            drawn=True,
        ),
        Figure("again", "Stages entered again", "of the leads entered a stage again", ask.rework(**window), drawn=True),
        Figure("pong", "To and fro", "of the leads needed three passages or more", ask.ping_pong(**window)),
    ]


def _content(ask: Metrics, window: Window) -> list[Part]:
    return [
        Figure(
            "matrix",
            "Content by buying stage",
            "of the buying stages have content that buyers met",
            ask.content_by_stage(**window),
            drawn=True,
        ),
        Figure(
            "usage",
            "Use of agreed content",
            "of the agreed assets are used by sales",
            ask.content_usage(**window),
            drawn=True,
        ),
        Figure(
            "reach", "Value propositions", "of the value propositions reached a buyer", ask.proposition_reach(**window)
        ),
        Figure(
            "resonance",
            "Association with going on",
            "of those who met any asset went on (an association, no effect)",
            ask.resonance(**window),
        ),
    ]


def _coverage(ask: Metrics, window: Window) -> list[Part]:
    return [
        Figure(
            "functions",
            "Functions by buying stage",
            "of the interactions are person to person",
            ask.coverage(**window),
            drawn=True,
        ),
        Figure(
            "covered",
            "Both functions there",
            "of the buying stages that leads entered had all functions",
            ask.function_coverage(**window),
            drawn=True,
        ),
        Figure(
            "information",
            "Information",
            "of what was promised came with the offers",
            ask.information_completeness(**window),
            drawn=True,
        ),
        Figure("feedback", "Feedback", "of the feedback was answered to its author", ask.feedback_loop(**window)),
    ]


def _cards(snapshot: Snapshot) -> Cards:
    return Cards(
        tuple(
            Card(line.name, line.part, line.text, line.target, _state(line), line.answer.metric)
            for line in snapshot.scorecard()
        )
    )


def _state(line: ScoreLine) -> str:
    return {True: "reached", False: "missed", None: ""}[line.reached]


def _disagreement(snapshot: Snapshot) -> Iterator[Part]:
    """How often two CRMs disagree, what each counts in every stage, and the bridges where the counts differ most."""
    rate = snapshot.metrics.disagreement_rate()
    yield Figure("disagree", "Different stages", "of the leads stand in different stages", rate, drawn=True)
    if len(snapshot.meta.connections) != _TWO:
        return
    found = [snapshot.reconcile(stage) for stage in snapshot.meta.path]
    rows = tuple(
        (
            each.what.replace("_", " "),
            *(f"{n:,}" for n in (each.left_count, each.right_count, each.agreed, len(each.rows))),
        )
        for each in found
    )
    head = ("stage", f"in {found[0].left}", f"in {found[0].right}", "in both", "in one only")
    yield Grid("Records in each stage", head, rows)
    worst = sorted((each for each in found if each.rows), key=lambda each: -len(each.rows))[:_BRIDGES]
    yield from (Bridge(f"bridge-{at}", each) for at, each in enumerate(worst))


def _literature() -> Part:
    rows = tuple((one.figure, one.about, one.origin, one.population, one.caveat) for one in benchmarks())
    return Grid("Figures from the literature", ("figure", "of what", "source", "population", "caveat"), rows)


def _quality(snapshot: Snapshot) -> Part:
    # The messages alone: what follows them are ids of leads, which in an export may be addresses.
    rows = tuple((finding.kind, finding.message, f"{finding.count:,}") for finding in snapshot.quality)
    note = "" if rows else "Nothing to report."
    return Grid("Findings about the data", ("kind", "finding", "count"), rows, note)


def _agreement(snapshot: Snapshot) -> Iterator[Part]:
    meta = snapshot.meta
    signed = "yes" if meta.signed else f"not by {', '.join(meta.unsigned) or 'anybody'}"
    rows = [
        ("agreement", meta.agreement or "none: numbers stand without an agreement"),
        ("version", str(meta.version) if meta.version else ""),
        ("signed", signed if meta.agreement else ""),
        ("in force from", meta.effective),
        ("in force until", meta.until),
        ("success path", " → ".join(meta.path)),
        *(
            (f"assumption: {name.replace('_', ' ')}", f"{value:g}" if isinstance(value, float) else str(value))
            for name, value in meta.assumptions.items()
        ),
    ]
    yield Grid("The agreement", ("what", "is"), tuple((name, value) for name, value in rows if value))
    targets = tuple(
        (
            target["metric"].replace("_", " "),
            " and ".join(
                f"{words} {target[name]:g}"
                for name, words in (("at_least", "at least"), ("at_most", "at most"))
                if target[name] is not None
            ),
            target["owner"] or "shared",
            target["period"] or "standing",
        )
        for target in meta.targets_now()
    )
    note = "" if targets else "No target is agreed on."
    yield Grid("Targets that hold today", ("number", "target", "owner", "period"), targets, note)
