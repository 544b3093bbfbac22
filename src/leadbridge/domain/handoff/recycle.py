"""How leads come back: when a recycled lead may be offered again, how often, and which go to and fro."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from leadbridge.domain.model import Frozen, Span, parse_span
from leadbridge.domain.reasons import Reason

__all__ = ["PING_PONG", "Recycling", "due_at", "is_ping_pong", "may_return"]

PING_PONG = 3
"""From so many passages on, a lead goes to and fro between the functions, and somebody should look."""


class Recycling(Frozen):
    """How leads come back: after which rest, and how often. From ``ping_pong`` passages on, somebody should look.

    A lead that has made ``max_passages`` trips is not offered again.
    """

    max_passages: int = Field(3, ge=1)
    default_cool_off: Span = parse_span("90 days")  # type: ignore[assignment]  # a timedelta, by its own parser
    ping_pong: int = Field(PING_PONG, ge=2)


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
