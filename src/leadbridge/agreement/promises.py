"""The promises of an agreement about leads whose facts are at hand: no CRM and no database needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from leadbridge.agreement.schema import Agreement
from leadbridge.agreement.versions import Agreements
from leadbridge.clock import Clock, SystemClock
from leadbridge.domain.facts import Fact, HandoffOffered
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla.board import Board
from leadbridge.domain.sla.clocks import clocks as run
from leadbridge.domain.sla.slaclock import SLAClock

__all__ = ["board", "clocks", "promises"]


def clocks(
    facts: Iterable[Fact], *, agreement: Agreement | Agreements, at: datetime | None = None, clock: Clock | None = None
) -> Board:
    """How every promise stands about the leads that the facts are about.

    Args:
        facts: of any number of leads, in any order.
        agreement: one, or several versions of it: each promise is judged by the version in which it was made.
        at: the instant that is asked about; now when not given.
        clock: tells the time; the system's when not given.
    """
    now = at if at is not None else (clock or SystemClock()).now()
    by_lead: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_lead[fact.lead].append(fact)
    return board((LeadHistory.fold(by_lead[lead]) for lead in sorted(by_lead)), agreement, now)


def board(histories: Iterable[LeadHistory], agreement: Agreement | Agreements, now: datetime) -> Board:
    """Every promise about leads whose histories are folded already, and the agreement that the board stands under."""
    series = Agreements.of(agreement)
    found = (promise for history in histories for promise in promises(history, series, now))
    return Board(found, agreement=series.judging(now).standing(now))


def promises(history: LeadHistory, series: Agreements, now: datetime) -> Iterator[SLAClock]:
    """Every promise about one lead at an instant, each under the version in which it was made.

    For a hand-off that is the version that its offer was made under; for other promises the one under which the event
    happened that started the clock. An event whose fact names no version of the series is judged by its day.
    """
    if len(series) == 1:
        (only,) = series
        for clock in run(history, only.slas, only.calendars, now):
            yield replace(clock, agreement=only.version)
        return
    offers: dict[str, HandoffOffered] = {}
    for fact in history.facts:
        if isinstance(fact, HandoffOffered):
            offers.setdefault(fact.handoff, fact)
    told: dict[datetime, int] = {}
    for fact in history.facts:
        told.setdefault(fact.occurred_at, fact.agreement)
    for version in series:
        begun: dict[tuple[str, str, int], int] = {}
        for clock in run(history, version.slas, version.calendars, now):
            if clock.handoff is not None:
                offer = offers.get(clock.handoff)
                made = offer.agreement if offer is not None else 0
                since = offer.occurred_at if offer is not None else clock.started_at
            else:
                since = clock.started_at
                made = told.get(since, 0) if since is not None else 0
            number = made if made in series else series.judging(since if since is not None else now).version
            if clock.handoff is None:
                # Later turns of a promise, after a change of owner, stay with the version in which it began.
                number = begun.setdefault((clock.policy, clock.target, clock.passage), number)
            if number == version.version:
                yield replace(clock, agreement=number)
