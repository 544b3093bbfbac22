"""Keeps the open promises of the database up to date: whatever changed since the last time is folded again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from leadbridge.adapter import Fields
from leadbridge.agreement.promises import promises
from leadbridge.agreement.versions import Agreements, digest
from leadbridge.clock import to_us
from leadbridge.domain.facts import Fact
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla.board import Board
from leadbridge.domain.sla.clocks import RULES
from leadbridge.domain.sla.slaclock import SLAClock
from leadbridge.store.codec import fingerprint
from leadbridge.store.store import Store
from leadbridge.store.timers import Folded, Timer, Timers

__all__ = ["kept_timers"]

_AFTER = timedelta(microseconds=1)


def kept_timers(store: Store, series: Agreements, now: datetime) -> Timers:
    """The open promises at the present instant.

    Leads about which something was recorded are folded again, and those whose clocks stand still or go on by
    themselves; under other words of the agreement, or by other rules of folding, all leads are.
    """
    words = fingerprint(str(RULES), *(digest(each) for each in series))
    if store.basis() != words:
        with store.transaction() as tx:
            tx.rebase(words)
    while stale := dict(store.to_refold(now)):
        folded = [
            _folded(lead, stale[lead], facts, running, now) for lead, facts, running in _open(store, series, stale, now)
        ]
        with store.transaction() as tx:
            tx.keep_clocks(folded)
    version = series.judging(now)
    teams = version.routing.teams

    def unfold(timers: Sequence[Timer]) -> Board:
        wanted = {timer.key for timer in timers}
        leads = {timer.lead for timer in timers}
        running = (clock for _, _, clocks in _open(store, series, leads, now) for clock in clocks)
        return Board((each for each in running if _timer(each).key in wanted), version.standing(now), teams)

    return store.timers(now, unfold, teams)


def _open(
    store: Store, series: Agreements, leads: Collection[str], now: datetime
) -> Iterator[tuple[str, list[Fact], list[SLAClock]]]:
    """The facts and the open promises of each lead, by lead id."""
    told: dict[str, list[Fact]] = defaultdict(list)
    for _, fact in store.facts(leads):
        told[fact.lead].append(fact)
    fields: dict[str, Fields] = defaultdict(dict)
    if any(each.sla_rules for each in series):
        for (lead, _), base in sorted(store.bases(leads).items()):
            fields[lead] = {**fields[lead], **{name: value for name, value in base.items() if value not in (None, "")}}
    for lead in sorted(leads):
        facts = told.get(lead, [])
        found = promises(LeadHistory.fold(facts), series, now, fields=fields.get(lead)) if facts else ()
        yield lead, facts, [clock for clock in found if clock.open]


def _folded(lead: str, stamp: str, facts: Sequence[Fact], running: Sequence[SLAClock], now: datetime) -> Folded:
    # A fact may be told before it happens, such as a meeting: it counts from then on, and some of it only after that
    # instant, such as the time that it gives anew.
    again = [max(fact.occurred_at, now + _AFTER) for fact in facts if fact.occurred_at >= now]
    again += [clock.changes_at for clock in running if clock.changes_at is not None]
    return Folded(lead, stamp, tuple(_timer(clock) for clock in running), min(again, default=None))


def _timer(clock: SLAClock) -> Timer:
    started, *later = (
        None if instant is None else to_us(instant)
        for instant in (clock.started_at, clock.warns_at, clock.due_at, clock.broken_at)
    )
    warns, due, broken = later
    return Timer(
        lead=clock.lead,
        policy=clock.policy,
        target=clock.target,
        about=clock.handoff or clock.subject or str(clock.passage),
        turn=clock.turn,
        agreement=clock.agreement,
        duty_of=clock.duty_of,
        owner=clock.owner,
        queue=clock.queue,
        state=clock.state,
        started_us=started or 0,
        warns_us=warns,
        due_us=due,
        broken_us=broken,
    )
