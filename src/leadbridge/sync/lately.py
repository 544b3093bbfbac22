"""What leadbridge itself has written lately: how a loop is told from work.

Two CRMs that each put back what the other says make a sync write the same value for ever. The ledger knows which fields
were written when; only for leads that it makes look suspicious is the outbox asked what was written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TypeAlias

from leadbridge.adapter import Value
from leadbridge.store import Store
from leadbridge.sync.held import LOOP_WINDOW, LOOP_WRITES

__all__ = ["Written", "written_lately"]

Written: TypeAlias = Mapping[tuple[str, str], tuple[Value, ...]]
"""(connection, field of the CRM) → one value a write."""


def written_lately(store: Store, leads: Collection[str], now: datetime) -> dict[str, Written]:
    """The recent writes of those leads that were written often, by lead.

    Args:
        store: where facts and the outbox are.
        leads: those that are about to be decided about.
        now: the present instant.
    """
    since = now - LOOP_WINDOW
    often = store.written_since(since, leads, least=LOOP_WRITES)
    found: dict[str, dict[tuple[str, str], list[Value]]] = {lead: defaultdict(list) for lead in often}
    for intent in store.intents(states=("done",), leads=sorted(often)) if often else ():
        if intent.sent_at is not None and intent.sent_at > since:
            for name, value in intent.fields.items():
                found[intent.lead][intent.connection, name].append(value)
    return {lead: {place: tuple(values) for place, values in places.items()} for lead, places in found.items()}
