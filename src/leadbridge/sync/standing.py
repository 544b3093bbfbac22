"""Where a lead stands by what leadbridge has concluded so far: its facts in the order in which they were recorded.

The history of a lead (``leadbridge.domain.history``) orders facts by when they happened. A decision needs to know
instead what was concluded last, so that it never concludes the same thing twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from leadbridge.domain import facts as f

__all__ = ["BOOKKEEPING", "Standing"]

BOOKKEEPING = tuple(
    kind.__name__ for kind in (f.ConflictSettled, f.LeadLinked, f.RecordMoved, f.WriteApplied, f.WriteRefused)
)
"""Facts that say what leadbridge did: nothing about where a lead stands follows from them, and there are many."""


@dataclass(slots=True)
class Standing:
    """The conclusions about one lead.

    ``brought_by`` is the function whose lead it is, ``handoff`` the latest offer, ``decision`` the latest answer to it.
    ``requested`` is the person or queue that a tool gave the offer to and that no CRM has shown as the owner yet.
    ``agreed_again``: the person opted out and agreed again since, as somebody has approved on evidence.
    """

    captured: bool = False
    brought_by: str | None = None
    stage: str | None = None
    passage: int = 1
    status: str | None = None
    buying_stage: str | None = None
    buying_since: tuple[datetime, bool] | None = None
    handoff: str | None = None
    handoffs: int = 0
    handoff_passage: int = 0
    queue: str | None = None
    assignee: str | None = None
    requested: str | None = None
    decision: str | None = None
    reason: str | None = None
    opted_out: bool = False
    agreed_again: bool = False
    touched: bool = False
    interactions: set[str] = field(default_factory=set)
    opportunities: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Iterable[f.Fact]) -> Standing:
        """The conclusions of facts in the order of recording."""
        standing = cls()
        for fact in facts:
            standing.add(fact)
        return standing

    @property
    def offered(self) -> bool:
        """Whether an offer waits for its answer."""
        return self.handoff is not None and self.decision is None

    def add(self, fact: f.Fact) -> None:
        """Takes the next fact."""
        match fact:
            case f.LeadCaptured():
                self.captured, self.brought_by = True, fact.function
            case f.StageEntered():
                self.stage, self.passage = fact.stage, fact.passage
            case f.StatusChanged():
                self.status = fact.status
            case f.BuyingStageEntered():
                self._buying(fact)
            case f.Interacted():
                self.interactions.add(fact.interaction)
                self.touched |= fact.nature == "person_to_person"
            case f.OpportunityOpened():
                self.opportunities.setdefault(fact.opportunity, "open")
            case f.OpportunityWon():
                self.opportunities[fact.opportunity] = "won"
            case f.OpportunityLost():
                self.opportunities[fact.opportunity] = "lost"
            case f.ConsentWithdrawn():
                self.opted_out, self.agreed_again = True, False
            case f.ConsentGiven():
                self.opted_out, self.agreed_again = False, True
            case _:
                self._handoff(fact)

    def _handoff(self, fact: f.Fact) -> None:
        match fact:
            case f.HandoffOffered():
                self.handoff, self.handoffs, self.handoff_passage = fact.handoff, self.handoffs + 1, self.passage
                self.queue = self.assignee = self.requested = self.decision = self.reason = None
            case f.HandoffRouted():
                self.queue, self.requested = fact.queue, None if fact.system else fact.queue
            case f.HandoffAssigned():
                self.assignee, self.requested = fact.owner, None if fact.system else fact.owner
            case f.HandoffReclaimed() if fact.queue:
                self.assignee, self.queue, self.requested = None, fact.queue, fact.queue
            case f.HandoffDecided():
                self.decision, self.reason = fact.decision, fact.reason
            case f.HandoffExpired():
                self.decision = "expired"

    def _buying(self, fact: f.BuyingStageEntered) -> None:
        """The latest entry holds, and of simultaneous ones an observed one: evidence may be told late."""
        since = (fact.occurred_at, not fact.inferred)
        if self.buying_since is None or since >= self.buying_since:
            self.buying_stage, self.buying_since = fact.buying_stage, since
