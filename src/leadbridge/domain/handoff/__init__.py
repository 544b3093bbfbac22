"""The offer of a lead: what goes with it, who gets it, how it is answered, how it comes back."""

from __future__ import annotations

from leadbridge.domain.handoff.handoff import Facts, Handoff, State, Terms, offered

__all__ = [
    "Facts",
    "Handoff",
    "State",
    "Terms",
    "offered",
]
