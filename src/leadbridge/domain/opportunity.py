"""Opportunities. Leads and opportunities are many-to-many: a buying group decides together."""

from __future__ import annotations

from datetime import date

from leadbridge.domain.model import Frozen, Instant

__all__ = ["Opportunity"]


class Opportunity(Frozen):
    """A possible sale. ``closed_at`` is a business date; ``leads`` are the leadbridge ids of those who take part."""

    id: str
    leads: tuple[str, ...] = ()
    name: str | None = None
    amount: float | None = None
    opened_at: Instant | None = None
    closed: bool = False
    won: bool = False
    closed_at: date | None = None
    reason: str | None = None

    def __repr__(self) -> str:
        state = "won" if self.won else "lost" if self.closed else "open"
        return f"Opportunity(id={self.id!r}, {state}, leads={len(self.leads)})"

    __str__ = __repr__
