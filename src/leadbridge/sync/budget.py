"""How many calls a plan takes, and how many of a day's calls leadbridge may make.

An account has one allowance for all its integrations, for any 24 hours. leadbridge takes a share of it, and stops
writing before the rest is so small that lost answers could not be looked up any more. Reading goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from leadbridge.adapter import Adapter
from leadbridge.errors import AdapterError, BudgetSpent
from leadbridge.http import Allowance, Usage
from leadbridge.mapping import ConnectionMapping
from leadbridge.store import Intent, Store

__all__ = ["Budget", "Meter", "estimate"]


@dataclass(frozen=True, slots=True)
class Budget:
    """What leadbridge may use of the calls that an account has for 24 hours.

    Attributes:
        share: the part that may be ours.
        reserve: the part that is left untouched by planned writes, whoever used the rest.
    """

    share: float = 0.4
    reserve: float = 0.1

    def left(self, usage: Usage, ours: int) -> int:
        """How many calls planned writes may still take.

        Args:
            usage: how much of the allowance is used, by everybody.
            ours: how many calls of the last 24 hours were leadbridge's.
        """
        return max(0, int(min(self.share * usage.allowed - ours, (1 - self.reserve) * usage.allowed - usage.used)))


def estimate(writes: Iterable[Intent], mappings: Mapping[str, ConnectionMapping]) -> dict[str, int]:
    """About how many calls writes take, by connection: looking first, writing, and reading back what has to be.

    A field of which a CRM refuses a batch, or an answer that is lost, makes it more.
    """
    batches: dict[tuple[str, str, str], list[Intent]] = {}
    for step in writes:
        batches.setdefault((step.connection, step.target.kind, step.action), []).append(step)
    calls: Counter[str] = Counter()
    for (connection, kind, action), steps in batches.items():
        if connection in mappings:
            calls[connection] += _calls(mappings[connection], kind, action, steps)
    return dict(calls)


def _calls(mapping: ConnectionMapping, kind: str, action: str, steps: Sequence[Intent]) -> int:
    promised = mapping.description.capabilities
    read, write = ceil(len(steps) / promised.read_batch), ceil(len(steps) / promised.write_batch)
    if action == "upsert":
        return read * len(mapping.lead_kinds) + write + read
    forward = {name for name, info in mapping.kinds[kind].info.fields.items() if info.forward_only}
    back = sum(bool(forward & step.fields.keys()) for step in steps)
    return read + write + ceil(back / promised.read_batch)


class Meter:
    """Counts the calls of a bridge, and says who has none left.

    Args:
        store: where the calls of earlier rounds are.
        adapters: by connection.
        budgets: by connection; without one, the usual.
    """

    def __init__(self, store: Store, adapters: Mapping[str, Adapter], budgets: Mapping[str, Budget]) -> None:
        self.store, self.adapters, self.budgets = store, adapters, budgets
        self._noted = self.made()

    def made(self) -> dict[str, int]:
        """Calls made so far in this process."""
        return {name: getattr(adapter, "calls", 0) for name, adapter in self.adapters.items()}

    def since(self, before: Mapping[str, int]) -> dict[str, int]:
        """Calls made since."""
        return {name: number - before.get(name, 0) for name, number in self.made().items()}

    def note(self) -> dict[str, int]:
        """Calls made since this was asked last: they are to be kept with the round."""
        made = self.since(self._noted)
        self._noted = self.made()
        return made

    def spent(self, now: datetime) -> dict[str, AdapterError]:
        """The connections that must not be written any more today, with what to do about it."""
        ours = Counter(self.since(self._noted))
        for counts in self.store.rounds(since=now - timedelta(hours=24)):
            ours.update(counts.get("calls", {}))
        spent: dict[str, AdapterError] = {}
        for name, adapter in self.adapters.items():
            usage = adapter.usage if isinstance(adapter, Allowance) else None
            if usage is not None and not self.budgets.get(name, Budget()).left(usage, ours[name]):
                spent[name] = BudgetSpent(
                    f"the account has used {usage.used:,} of {usage.allowed:,} calls of its day, {ours[name]:,} of "
                    "them ours: what is left to write waits; to go on, raise daily_share or lower daily_reserve",
                    connection=name,
                )
        return spent
