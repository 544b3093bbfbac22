"""The promises of an agreement about leads whose facts are at hand: no CRM and no database needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from leadbridge.agreement.schema import Agreement
from leadbridge.clock import Clock, SystemClock
from leadbridge.domain.board import Board
from leadbridge.domain.clocks import clocks as run
from leadbridge.domain.facts import Fact
from leadbridge.domain.history import LeadHistory

__all__ = ["clocks"]


def clocks(
    facts: Iterable[Fact], *, agreement: Agreement, at: datetime | None = None, clock: Clock | None = None
) -> Board:
    """How every promise stands about the leads that the facts are about.

    Args:
        facts: of any number of leads, in any order.
        at: the instant that is asked about; now when not given.
        clock: tells the time; the system's when not given.
    """
    now = at if at is not None else (clock or SystemClock()).now()
    by_lead: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_lead[fact.lead].append(fact)
    histories = (LeadHistory.fold(by_lead[lead]) for lead in sorted(by_lead))
    return Board(promise for history in histories for promise in run(history, agreement.slas, agreement.calendars, now))
