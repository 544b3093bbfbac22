"""Record: stores decisions. The facts of a lead, its bases, links, intents and timer go in together, or not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from leadbridge.store import OPT_OUTS, Intent, Lease, Store, Transaction
from leadbridge.sync.case import Outcome
from leadbridge.sync.gather import Gathered
from leadbridge.sync.identity import unclear
from leadbridge.sync.opt_outs import opts_out

__all__ = ["LEASE", "record"]

LEASE = timedelta(minutes=10)
"""How long the lease of reading or deciding holds without a sign of life."""

_LEADS = 500


def _with_keys(steps: Sequence[Intent], sequence: int, plan: str, marks: Iterator[str]) -> list[Intent]:
    """Gives the steps of one write their op markers; each waits for the one before it."""
    keyed: list[Intent] = []
    for step in steps:
        after = keyed[-1].key if keyed else None
        keyed.append(
            Intent(
                next(marks),
                step.lead,
                step.connection,
                step.action,
                step.target,
                step.fields,
                step.expect,
                step.agreed,
                step.because,
                after,
                sequence=sequence,
                plan=plan,
            )
        )
    return keyed


def _no_longer(outcome: Outcome, gathered: Gathered) -> set[str]:
    """What an earlier decision about the lead lacked and this one does not; a part of a decision does not say."""
    lacked = set() if outcome.partial else gathered.waiting.get(outcome.lead, set())
    return lacked - {item.fingerprint for item in outcome.quarantine}


def _store(
    tx: Transaction,
    numbered: Sequence[tuple[int, Outcome]],
    gathered: Gathered,
    off: Collection[str],
    now: datetime,
    plan: str,
) -> int:
    outcomes = [outcome for _, outcome in numbered]
    intents: list[Intent] = []
    clean = []
    marks = iter(tx.lineage.marks(sum(len(steps) for outcome in outcomes for steps in outcome.intents)))
    for number, outcome in numbered:
        withheld = outcome.partial
        for steps in outcome.intents:
            if steps[0].connection in off:
                withheld = True
            else:
                place = number + OPT_OUTS if any(map(opts_out, steps)) else number
                intents += _with_keys(steps, place, plan, marks)
        if not withheld:
            clean += gathered.settles.get(outcome.lead, [])
    tx.append(fact for outcome in outcomes for fact in outcome.facts)
    tx.save_links(link for outcome in outcomes for link in outcome.links)
    tx.relate(relation for outcome in outcomes for relation in outcome.relations)
    bases = {(o.lead, connection): base for o in outcomes for connection, base in o.bases.items()}
    tx.save_bases({key: base for key, base in bases.items() if base != gathered.bases.get(key)})
    tx.enqueue(intents)
    tx.set_timers({outcome.lead: outcome.timer for outcome in outcomes if not outcome.partial})
    tx.keep((conflict for outcome in outcomes for conflict in outcome.conflicts), now)
    tx.quarantine((item for outcome in outcomes for item in outcome.quarantine), now)
    tx.resolve((each for outcome in outcomes for each in _no_longer(outcome, gathered)), now)
    tx.resolve((unclear(link.connection, link.ref) for o in outcomes for link in o.links), now)
    tx.decided(clean, gathered.seen)
    tx.append(fact for outcome in outcomes for fact, _ in outcome.elsewhere)
    tx.mark((key for outcome in outcomes for _, key in outcome.elsewhere), dirty=True)
    return len(intents)


def _hold(tx: Transaction, lease: Lease | None, now: datetime) -> None:
    if lease is not None:
        tx.leases.hold(lease, now + LEASE)


def record(
    store: Store,
    outcomes: Iterable[Outcome],
    gathered: Gathered,
    *,
    off: Collection[str],
    now: datetime,
    plan: str = "",
    lease: Lease | None = None,
) -> int:
    """Stores decisions, some hundred leads a transaction; returns how many intents were added to the outbox.

    Args:
        off: connections that must not be written; what is decided for them is not queued and stays undecided.
        plan: hash of the plan that they make up.
        lease: under which was decided; whoever has lost it stores nothing more.

    Raises:
        StoreConflict: another worker has taken the lease.
    """
    with store.transaction() as tx:
        _hold(tx, lease, now)
        tx.handles.save(gathered.handles)
        tx.quarantine(gathered.unclear, now)
        tx.decided(gathered.nobodys, gathered.seen)
    queued = 0
    rest = enumerate(outcomes)
    while batch := list(islice(rest, _LEADS)):
        with store.transaction() as tx:
            _hold(tx, lease, now)
            queued += _store(tx, batch, gathered, off, now, plan)
    return queued
