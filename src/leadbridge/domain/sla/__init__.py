"""Service-level agreements, in one place: the policy, its running clocks, and the board that shows them.

The parts live in :mod:`leadbridge.domain.sla.policy` (what was promised), :mod:`leadbridge.domain.sla.clocks` (how it
stands) and :mod:`leadbridge.domain.sla.board` (who has to act next).
"""

from __future__ import annotations

from leadbridge.domain.sla.board import Board
from leadbridge.domain.sla.clocks import clocks
from leadbridge.domain.sla.people import Away, Person
from leadbridge.domain.sla.policy import EVENTS, Allowance, Cadence, Escalation, Event, OnTransfer, SLAPolicy, Target
from leadbridge.domain.sla.slaclock import STATES, Alert, ClockState, SLAClock, in_words

__all__ = [
    "EVENTS",
    "STATES",
    "Alert",
    "Allowance",
    "Away",
    "Board",
    "Cadence",
    "ClockState",
    "Escalation",
    "Event",
    "OnTransfer",
    "Person",
    "SLAClock",
    "SLAPolicy",
    "Target",
    "clocks",
    "in_words",
]
