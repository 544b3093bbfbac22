"""How leads come back: when a recycled lead may be offered again, how often, and which go to and fro."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field

from leadbridge.domain.facts import Fact, HandoffDecided, HandoffOffered
from leadbridge.domain.model import Frozen, Span, parse_span
from leadbridge.domain.reasons import Reason

__all__ = ["PING_PONG", "DueAgain", "Recycling", "due_again", "due_at", "is_ping_pong", "may_return"]

PING_PONG = 3
"""From so many passages on, a lead goes to and fro between the functions, and somebody should look."""


class Recycling(Frozen):
    """How leads come back: after which rest, and how often. From ``ping_pong`` passages on, somebody should look.

    A lead that has made ``max_passages`` trips is not offered again.
    """

    max_passages: int = Field(3, ge=1)
    default_cool_off: Span = parse_span("90 days")  # type: ignore[assignment]  # a timedelta, by its own parser
    ping_pong: int = Field(PING_PONG, ge=2)


@dataclass(frozen=True, slots=True)
class DueAgain:
    """A recycled lead whose rest is over."""

    lead: str
    handoff: str
    reason: str | None
    due_at: datetime


def due_at(reason: Reason | None, decided_at: datetime, default: timedelta) -> datetime:
    """When a lead may be offered again: after the reason's cool-off, or the default where it has none."""
    cool_off = reason.cool_off if reason is not None and reason.cool_off is not None else default
    return decided_at + cool_off


def may_return(passage: int, *, max_passages: int) -> bool:
    """Whether a lead on this passage may begin another one."""
    return passage < max_passages


def is_ping_pong(passages: int, *, limit: int = PING_PONG) -> bool:
    """Whether a lead goes to and fro: it makes its ``limit``-th trip, or has come back as often."""
    return passages >= limit


def due_again(facts: Iterable[Fact], *, at: datetime) -> tuple[DueAgain, ...]:
    """The recycled leads whose rest is over at an instant and that have not been offered again, longest waiting first.

    Args:
        facts: of any number of leads, in any order.
    """
    resting: dict[str, DueAgain] = {}
    for fact in sorted(facts, key=lambda fact: (fact.occurred_at, fact.recorded_at)):
        if isinstance(fact, HandoffDecided) and fact.decision == "recycle" and fact.due_at is not None:
            resting[fact.lead] = DueAgain(fact.lead, fact.handoff, fact.reason, fact.due_at)
        elif isinstance(fact, HandoffOffered) or (isinstance(fact, HandoffDecided) and fact.decision != "recycle"):
            resting.pop(fact.lead, None)
    return tuple(sorted((entry for entry in resting.values() if entry.due_at <= at), key=lambda entry: entry.due_at))
