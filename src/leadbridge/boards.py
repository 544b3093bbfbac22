"""What is due, and by whom: the promises, the leads that come back, and the feedback of one ledger as they stand."""

from __future__ import annotations

from datetime import datetime

from leadbridge.agreement import Agreements
from leadbridge.agreement.boards import due_again, feedback
from leadbridge.clock import Clock
from leadbridge.domain.facts import SLAEscalated
from leadbridge.domain.feedback.due import FeedbackBoard
from leadbridge.domain.handoff.recycling import RecyclingBoard
from leadbridge.domain.sla.board import Board
from leadbridge.ledger import Ledger
from leadbridge.store import Timers

__all__ = ["Boards"]


class Boards:
    """The boards of a bridge.

    Attributes:
        ledger: where the facts are.
        agreements: what was promised, by version.
        clock: where the time comes from.
    """

    ledger: Ledger
    agreements: Agreements
    clock: Clock

    def clocks(self, *, at: datetime | None = None) -> Board:
        """Every promise about every lead as it stands now, or at an instant, those that have ended included."""
        return self.ledger.clocks(self.agreements, at or self.clock.now())

    def timers(self) -> Timers:
        """Who has to act, and by when: the open promises now, from what the database keeps of them."""
        return self.ledger.timers(self.agreements, self.clock.now())

    def escalations(self, *, at: datetime | None = None) -> tuple[SLAEscalated, ...]:
        """Who is to be told of a promise that is about to break or broke, and was not told yet: tell, then ``record``.

        For only one of several processes to tell somebody, take :meth:`escalate`.
        """
        return self.ledger.escalations(self.agreements, at or self.clock.now())

    def escalate(self) -> tuple[SLAEscalated, ...]:
        """:meth:`escalations` now, recorded at once: whoever gets one back is the only one who does, and tells."""
        return self.ledger.escalate(self.agreements, self.clock.now())

    def due_again(self, *, at: datetime | None = None) -> RecyclingBoard:
        """The leads that came back: whose rest is over, who still rests, who is spent, who goes to and fro."""
        return due_again(self.ledger.histories(), self.agreements, at or self.clock.now())

    def feedback(self, *, at: datetime | None = None) -> FeedbackBoard:
        """All feedback as it stands, and what the functions owe each other by when."""
        return feedback(self.ledger.histories(unattached=True), self.agreements, at or self.clock.now())
