"""Service-level agreements, in one place: the policy, its running clocks, and the board that shows them.

The parts live in :mod:`leadbridge.domain.policy` (what was promised), :mod:`leadbridge.domain.clocks` (how it stands)
and :mod:`leadbridge.domain.board` (who has to act next).
"""

from __future__ import annotations

from leadbridge.domain.policy import EVENTS, Allowance, Event, OnTransfer, SLAPolicy, Target

__all__ = ["EVENTS", "Allowance", "Event", "OnTransfer", "SLAPolicy", "Target"]
