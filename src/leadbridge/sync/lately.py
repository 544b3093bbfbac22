"""What leadbridge itself has written lately: how a loop is told from work.

Two CRMs that each put back what the other says make a sync write the same value for ever. The ledger knows which fields
were written when; only for leads that it makes look suspicious is the outbox asked what was written.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from leadbridge.adapter import Value
from leadbridge.domain.facts import Fact, WriteApplied
from leadbridge.store import Store
from leadbridge.sync.held import LOOP_WINDOW, LOOP_WRITES

__all__ = ["Written", "written_lately"]

Written: TypeAlias = Mapping[tuple[str, str], tuple[Value, ...]]
"""(connection, field of the CRM) → one value a write."""


def written_lately(store: Store, facts: Mapping[str, Sequence[Fact]], now: datetime) -> dict[str, Written]:
    """The recent writes of those leads of which some field was written often, by lead.

    Args:
        facts: what is known of the leads that are about to be decided about.
    """
    since = now - LOOP_WINDOW
    often = [lead for lead, known in facts.items() if _most(known, since) >= LOOP_WRITES]
    found: dict[str, dict[tuple[str, str], list[Value]]] = {lead: defaultdict(list) for lead in often}
    for intent in store.intents(states=("done",), leads=often) if often else ():
        if intent.sent_at is not None and intent.sent_at > since:
            for name, value in intent.fields.items():
                found[intent.lead][intent.connection, name].append(value)
    return {lead: {place: tuple(values) for place, values in places.items()} for lead, places in found.items()}


def _most(facts: Sequence[Fact], since: datetime) -> int:
    """How often the field that was written most often was written since then."""
    written: Counter[tuple[str, str]] = Counter()
    for fact in reversed(facts):
        # The newest come last: nothing before the first one that is too old was recorded lately.
        if fact.recorded_at <= since:
            break
        if isinstance(fact, WriteApplied):
            written.update((fact.system, name) for name in fact.written)
    return max(written.values(), default=0)
