"""Service-level agreements, in one place: the policy, its running clocks, and the board that shows them.

The parts live in :mod:`leadbridge.domain.policy` (what was promised), :mod:`leadbridge.domain.clocks` (how it stands)
and :mod:`leadbridge.domain.board` (who has to act next).
"""

from __future__ import annotations

from leadbridge.domain.board import Board
from leadbridge.domain.clocks import clocks
from leadbridge.domain.policy import EVENTS, Allowance, Event, OnTransfer, SLAPolicy, Target
from leadbridge.domain.slaclock import STATES, ClockState, SLAClock, in_words

__all__ = [
    "EVENTS",
    "STATES",
    "Allowance",
    "Board",
    "ClockState",
    "Event",
    "OnTransfer",
    "SLAClock",
    "SLAPolicy",
    "Target",
    "clocks",
    "in_words",
]
