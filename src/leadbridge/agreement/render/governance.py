"""Targets, plan, incentives, reviews, assumptions, systems and signatures of the agreement as blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from leadbridge.agreement.render.blocks import Block, Heading, Text, table
from leadbridge.domain.model import span_text

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement
    from leadbridge.agreement.sections.governance import KpiTarget

__all__ = ["aims", "signatures", "systems"]


def aims(agreement: Agreement) -> Iterator[Block]:
    """What both functions want to reach together, how often they look, and what they assume."""
    if agreement.targets:
        yield Heading("Targets")
        yield table(("metric", "target", "owner", "note"), _targets(agreement.targets))
    if agreement.plan:
        yield Heading("Plan")
        planned = [
            (period.id, period.starts, period.ends, *row)
            for period in agreement.plan
            for row in _targets(period.targets)
        ]
        yield table(("period", "from", "to", "metric", "target", "owner", "note"), planned)
    if agreement.incentives:
        yield Heading("Shared incentives")
        incentives = [(i.id, ", ".join(i.functions), ", ".join(i.metrics), i.note) for i in agreement.incentives]
        yield table(("incentive", "shared by", "metrics", "note"), incentives)
    if agreement.reviews:
        yield Heading("Reviews")
        reviews = [(r.id, span_text(r.every), ", ".join(r.functions), "; ".join(r.agenda)) for r in agreement.reviews]
        yield table(("review", "every", "who", "what is looked at"), reviews)
    assumed = agreement.assumptions
    rows = [
        ("hours of work to win one qualified lead", assumed.hours_per_lead),
        ("money to win one qualified lead", assumed.cost_per_lead),
        ("share of followed-up qualified leads that are won", assumed.win_rate),
        ("value of a won opportunity", assumed.deal_value),
    ]
    known = [(what, f"{value:g}") for what, value in rows if value is not None]
    if known:
        yield Heading("Assumptions")
        yield Text(
            "What a lead without follow-up is counted with" + (f"; {assumed.source}." if assumed.source else ".")
        )
        yield table(("assumption", "figure"), known)


def _targets(targets: Iterable[KpiTarget]) -> list[tuple[object, ...]]:
    return [(t.metric, _figure(t.at_least, t.at_most), t.owner or "shared", t.note) for t in targets]


def _figure(at_least: float | None, at_most: float | None) -> str:
    parts = [f"at least {at_least:g}"] if at_least is not None else []
    parts += [f"at most {at_most:g}"] if at_most is not None else []
    return ", ".join(parts)


def systems(agreement: Agreement) -> Iterator[Block]:
    """Which function works where, which leads cross, and what values of the systems mean."""
    if not agreement.sync.systems:
        return
    yield Heading("Systems")
    yield table(("function", "system"), list(agreement.sync.systems.items()))
    yield Text(f"Leads cross when: {agreement.sync.include or 'always'}.")
    for system, kinds in agreement.crosswalks.items():
        rows = [
            (kind, field, value, ", ".join(f"{axis} {name}" for axis, name in meaning.items()))
            for kind, spec in kinds.items()
            for field, values in spec.values.items()
            for value, meaning in values.items()
        ]
        if rows:
            yield Heading(f"What {system} means", 3)
            yield table(("kind", "field", "value", "means"), rows)


def signatures(agreement: Agreement) -> Iterator[Block]:
    """Who stands for it, with a line for each role that has yet to sign."""
    yield Heading("Signatures")
    signed = [(each.role, each.name, each.on, "signed") for each in agreement.signatures]
    waiting = [(role, "", "", "open") for role in agreement.unsigned]
    if not signed and not waiting:
        waiting = [(role, "", "", "open") for role in (agreement.handoff.from_, agreement.handoff.to)]
    yield table(("role", "name", "date", "signature"), [*signed, *waiting], kind="signatures")
