"""Histories and clocks as the rows of a snapshot's tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from leadbridge.clock import to_us
from leadbridge.domain import facts as f
from leadbridge.domain.feedback import NO_LEAD
from leadbridge.domain.history import HandoffTrail, LeadHistory
from leadbridge.domain.sla import SLAClock
from leadbridge.domain.sla.scope import informed_at

__all__ = ["clock_rows", "histories", "recorded", "table_rows"]

Row = dict[str, Any]

_FROM_HISTORIES = (
    *("leads", "entries", "handoffs", "assignments", "answers", "statuses", "governance"),
    *("interactions", "outcomes", "buying", "feedback"),
)


def histories(facts: Iterable[f.Fact], now: datetime) -> Iterator[LeadHistory]:
    """The history of each lead, in order of lead id, from what had happened by ``now``."""
    known = sorted((fact for fact in facts if fact.occurred_at <= now), key=lambda fact: fact.lead)
    for _, group in groupby(known, key=lambda fact: fact.lead):
        yield LeadHistory.fold(group)


def table_rows(many: Iterable[LeadHistory]) -> Mapping[str, list[Row]]:
    """The rows of the tables that come from histories."""
    tables: dict[str, list[Row]] = {name: [] for name in _FROM_HISTORIES}
    for history in many:
        tables["feedback"].extend(_feedback(history))
        if history.lead == NO_LEAD:
            continue  # what is about no lead is feedback and nothing else
        tables["leads"].append(
            {
                "lead_id": history.lead,
                "source": history.source or None,
                "captured_us": _us(history.captured_at),
                "precision": history.capture_precision,
                "sourced_by": history.sourced_by,
                "company": _company(history),
            }
        )
        tables["entries"].extend(_entries(history))
        tables["handoffs"].extend(_handoffs(history))
        tables["assignments"].extend(_assignments(history))
        tables["answers"].extend(_answers(history))
        tables["statuses"].extend(_statuses(history))
        tables["governance"].extend(_governance(history))
        tables["interactions"].extend(_interactions(history))
        tables["outcomes"].extend(_outcomes(history))
        tables["buying"].extend(_buying(history))
    return tables


def clock_rows(clocks: Iterable[SLAClock]) -> Iterator[Row]:
    """The rows of ``clocks``."""
    for clock in clocks:
        yield {
            "lead_id": clock.lead,
            "policy": clock.policy,
            "target": clock.target,
            "duty_of": clock.duty_of,
            "handoff_id": clock.handoff,
            "passage": clock.passage,
            "turn": clock.turn,
            "owner": clock.owner or None,
            "state": clock.state,
            "started_us": _us(clock.started_at),
            "due_us": _us(clock.due_at),
            "stopped_us": _us(clock.stopped_at),
            "elapsed_us": None if clock.elapsed is None else round(clock.elapsed.total_seconds() * 1_000_000),
        }


def recorded(tables: Mapping[str, list[Row]], *, clocks: bool) -> frozenset[str]:
    """Which kinds of facts the data has at all, see :data:`leadbridge.analytics.meta.NEEDS`."""
    handoffs, talks = tables["handoffs"], tables["interactions"]
    decided = [row for row in handoffs if row["decision"]]
    refused = [row for row in decided if row["decision"] != "accept"]
    has = {
        "stages": bool(tables["entries"]),
        "decisions": bool(decided) or any(row["expired_us"] is not None for row in handoffs),
        "refusals": bool(refused),
        "reasons": any(row["reason"] for row in refused),
        "clocks": clocks,
        "responses": bool(decided) or any(row["nature"] == "person_to_person" for row in talks),
        "interactions": bool(talks),
        "offers": any(row["offered_us"] is not None for row in handoffs),
        "touches": bool(
            {row["function"] for row in talks if row["nature"] == "person_to_person"}
            & {row["to_function"] for row in handoffs}
        ),
        "buying": bool(tables["buying"]),
        "outcomes": bool(tables["outcomes"]),
        "promises": any(row["promised"] for row in handoffs),
        "feedback": any(row["raised_us"] is not None for row in tables["feedback"]),
        "systems": len({row["connection"] for row in tables["said"] if row["axis"] == "stage"}) > 1,
        "requests": any(row["subject"] == "content_request" for row in tables["feedback"]),
        "sources": any(row["sourced_by"] for row in tables["leads"]),
    }
    return frozenset(name for name, there in has.items() if there)


def _us(instant: datetime | None) -> int | None:
    return None if instant is None else to_us(instant)


def _entries(history: LeadHistory) -> Iterator[Row]:
    for trip in history.passages:
        for entry in trip.entries:
            yield {
                "lead_id": history.lead,
                "passage": trip.number,
                "stage": entry.stage,
                "entered_us": to_us(entry.entered_at),
                "left_us": _us(entry.left_at),
                "inferred": entry.inferred,
                "reason": entry.reason,
                "precision": entry.precision,
            }


def _handoffs(history: LeadHistory) -> Iterator[Row]:
    made: dict[str, int] = {}
    for fact in history.facts:
        if isinstance(fact, f.HandoffOffered):
            made.setdefault(fact.handoff, fact.agreement)
    for number, trail in enumerate(history.handoffs, start=1):
        yield {
            "lead_id": history.lead,
            "handoff_id": trail.id,
            "passage": trail.passage,
            "from_function": trail.from_function,
            "to_function": trail.to_function,
            "offered_us": _us(trail.offered_at),
            "routed_us": _us(trail.routed_at),
            "assigned_us": _us(trail.assignments[0].since) if trail.assignments else None,
            "decided_us": _us(trail.decided_at),
            "expired_us": _us(trail.expired_at),
            "first_decision": trail.answers[0].decision if trail.answers else None,
            "decision": trail.answer.decision if trail.answer else None,
            "reason": (trail.answer.reason if trail.answer else None) or None,
            "owner": trail.owner or None,
            "transfers": _transfers(trail),
            "promised": trail.promised,
            "present": trail.completeness.present if trail.completeness else None,
            "missing": len(trail.missing),
            "informed_us": _us(informed_at(history, trail)),
            "attempts": trail.answer.attempts if trail.answer else None,
            "number": number,
            "agreement": made.get(trail.id, 0),
        }


def _assignments(history: LeadHistory) -> Iterator[Row]:
    for trail in history.handoffs:
        for turn, held in enumerate(trail.assignments, start=1):
            row = {"lead_id": history.lead, "handoff_id": trail.id, "turn": turn}
            yield {**row, "owner": held.owner or None, "since_us": to_us(held.since)}


def _answers(history: LeadHistory) -> Iterator[Row]:
    for trail in history.handoffs:
        for turn, answer in enumerate(trail.answers, start=1):
            row = {"lead_id": history.lead, "handoff_id": trail.id, "turn": turn}
            yield {**row, "decision": answer.decision, "reason": answer.reason, "given_us": to_us(answer.given_at)}


def _statuses(history: LeadHistory) -> Iterator[Row]:
    for turn, entry in enumerate(history.statuses, start=1):
        yield {"lead_id": history.lead, "turn": turn, "status": entry.status, "since_us": to_us(entry.since)}


def _governance(history: LeadHistory) -> Iterator[Row]:
    """A row where the version changes that the first fact of an instant names."""
    last, instant = None, None
    for fact in history.facts:
        if fact.occurred_at != instant and fact.agreement != last:
            yield {"lead_id": history.lead, "since_us": to_us(fact.occurred_at), "agreement": fact.agreement}
            last = fact.agreement
        instant = fact.occurred_at


def _transfers(trail: HandoffTrail) -> int:
    """How often the owner changed; a lead that was taken back and given to the same person did not change hands."""
    owners = [name for name, _ in groupby(one.owner for one in trail.assignments if one.owner)]
    return max(len(owners) - 1, 0)


def _company(history: LeadHistory) -> str | None:
    return next((fact.company for fact in reversed(history.facts) if isinstance(fact, f.CompanyMatched)), None)


def _buying(history: LeadHistory) -> Iterator[Row]:
    for entry in history.buying_stages:
        yield {
            "lead_id": history.lead,
            "buying_stage": entry.buying_stage,
            "entered_us": to_us(entry.since),
            "evidence": entry.evidence or None,
            "inferred": entry.inferred,
        }


def _interactions(history: LeadHistory) -> Iterator[Row]:
    for touch in history.touches:
        fact = touch.fact
        yield {
            "lead_id": history.lead,
            "interaction": fact.interaction,
            "asked": len(fact.asked),
            "passage": touch.passage,
            "happened_us": to_us(fact.occurred_at),
            "nature": fact.nature,
            "function": fact.function,
            "direction": fact.direction,
            "channel": fact.channel or None,
            "asset": fact.asset,
            "message": fact.message,
            "stage": touch.stage,
            "buying_stage": touch.buying_stage,
        }


def _feedback(history: LeadHistory) -> Iterator[Row]:
    for trail in history.feedback:
        yield {
            "feedback_id": trail.id,
            "lead_id": history.lead or None,
            "subject": trail.subject,
            "about": trail.about or None,
            "channel": trail.channel or None,
            "raised_by": trail.by or None,
            "to_function": trail.to_function or None,
            "raised_us": _us(trail.raised_at),
            "acknowledged_us": _us(trail.acknowledged_at),
            "acted_us": _us(trail.acted_at),
            "told_us": _us(trail.told_at),
            "asset": trail.asset,
        }


def _outcomes(history: LeadHistory) -> Iterator[Row]:
    for deal in history.opportunities:
        yield {
            "lead_id": history.lead,
            "opportunity_id": deal.id,
            "outcome": deal.outcome,
            "opened_us": _us(deal.opened_at),
            "closed_us": _us(deal.closed_at),
            "amount": deal.amount,
            "reason": deal.reason,
            "precision": deal.precision,
        }
