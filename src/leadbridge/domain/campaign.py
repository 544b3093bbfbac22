"""Campaigns: planned efforts that both functions agree on."""

from __future__ import annotations

from datetime import date

from leadbridge.domain.model import Frozen, Id

__all__ = ["Campaign"]


class Campaign(Frozen):
    """One campaign: who owns it, when it runs, and in words what success looks like."""

    id: Id
    label: str = ""
    owner: str | None = None
    starts: date | None = None
    ends: date | None = None
    success: str = ""
