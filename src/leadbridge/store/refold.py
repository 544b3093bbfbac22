"""Keeps the open promises of the database up to date: whatever changed since the last time is folded again."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from leadbridge import __version__
from leadbridge.adapter import Fields
from leadbridge.agreement.promises import promises
from leadbridge.agreement.versions import Agreements, digest
from leadbridge.clock import to_us
from leadbridge.domain.facts import Fact
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla.slaclock import SLAClock
from leadbridge.store.codec import fingerprint
from leadbridge.store.store import Store
from leadbridge.store.timers import Folded, Timer, Timers

__all__ = ["kept_timers"]


def kept_timers(store: Store, series: Agreements, now: datetime) -> Timers:
    """The open promises at the present instant.

    Leads about which something was recorded are folded again, and those whose clocks stand still or go on by
    themselves; under other words of the agreement, or by another release of leadbridge, all leads are.
    """
    words = fingerprint(__version__, *(digest(each) for each in series))
    if store.basis() != words:
        with store.transaction() as tx:
            tx.rebase(words)
    while stale := dict(store.to_refold(now)):
        folded = _fold(store, series, stale, now)
        with store.transaction() as tx:
            tx.keep_clocks(folded)
    return store.timers(now)


def _fold(store: Store, series: Agreements, stale: dict[str, str], now: datetime) -> list[Folded]:
    told: dict[str, list[Fact]] = defaultdict(list)
    for _, fact in store.facts(stale):
        told[fact.lead].append(fact)
    fields: dict[str, Fields] = defaultdict(dict)
    if any(each.sla_rules for each in series):
        for (lead, _), base in sorted(store.bases(stale).items()):
            fields[lead] = {**fields[lead], **{name: value for name, value in base.items() if value not in (None, "")}}
    found: list[Folded] = []
    for lead, stamp in stale.items():
        facts = told.get(lead)
        if not facts:
            found.append(Folded(lead, stamp, ()))
            continue
        clocks = list(promises(LeadHistory.fold(facts), series, now, fields=fields.get(lead)))
        running = [clock for clock in clocks if clock.open]
        # A fact may be told before it happens, such as a meeting: it counts from then on.
        again = [fact.occurred_at for fact in facts if fact.occurred_at > now]
        again += [clock.changes_at for clock in running if clock.changes_at is not None]
        found.append(Folded(lead, stamp, tuple(_timer(clock) for clock in running), min(again, default=None)))
    return found


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
        duty_of=clock.duty_of,
        owner=clock.owner,
        queue=clock.queue,
        state=clock.state,
        started_us=started or 0,
        warns_us=warns,
        due_us=due,
        broken_us=broken,
    )
