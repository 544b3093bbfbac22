"""What a round and a sync came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from leadbridge.errors import AdapterError
from leadbridge.sync.deliver import Delivered
from leadbridge.sync.plan import counted
from leadbridge.sync.pull import Pulled

__all__ = ["RoundResult", "SyncResult"]


@dataclass(slots=True)
class RoundResult:
    """What one round did.

    ``later``: leads that the next round decides about, once this one is stored. ``left``: writes that were planned, by
    connection, and are not made without a person. ``estimate`` and ``calls``: how many calls the delivery was thought
    to take and took, by connection.
    """

    pulled: Pulled = field(default_factory=Pulled)
    decided: int = 0
    queued: int = 0
    later: int = 0
    left: Counter[str] = field(default_factory=Counter)
    estimate: Mapping[str, int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    delivered: Delivered = field(default_factory=Delivered)

    @property
    def failed(self) -> dict[str, AdapterError]:
        """Connections that did not work, with the reason; what they missed is done in a later round."""
        return {**self.pulled.failed, **self.delivered.failed}

    def summary(self) -> str:
        """One line a connection."""
        return _summary(self.delivered.applied, self.delivered.refused.total(), self.delivered.in_doubt, self.failed)

    __str__ = summary

    @property
    def busy(self) -> frozenset[str]:
        """Connections that another worker was busy with."""
        return frozenset(self.pulled.busy)

    @property
    def quiet(self) -> bool:
        """Nothing was written, queued, put off or is in doubt, and nobody else is at it."""
        done = self.delivered
        return not (
            self.busy
            or self.queued
            or self.later
            or done.done
            or done.refused.total()
            or done.dropped.total()
            or done.in_doubt
        )


@dataclass(slots=True)
class SyncResult:
    """What a sync did, round by round."""

    rounds: list[RoundResult] = field(default_factory=list)

    @property
    def writes(self) -> dict[str, int]:
        """Writes that happened, by connection."""
        names = {name for each in self.rounds for name in each.delivered.applied}
        return {name: sum(each.delivered.applied[name] for each in self.rounds) for name in sorted(names)}

    @property
    def refused(self) -> int:
        """Writes that a CRM refused; they wait in quarantine."""
        return sum(each.delivered.refused.total() for each in self.rounds)

    @property
    def in_doubt(self) -> int:
        """Writes whose answer was lost and that a later sync will look up."""
        return self.rounds[-1].delivered.in_doubt if self.rounds else 0

    @property
    def failed(self) -> dict[str, AdapterError]:
        """Connections that did not work in the last round."""
        return self.rounds[-1].failed if self.rounds else {}

    def summary(self) -> str:
        """What the sync came to, in a few lines."""
        return _summary(self.writes, self.refused, self.in_doubt, self.failed)

    __str__ = summary

    @property
    def quiet(self) -> bool:
        """Whether everything is done: the last round had nothing to do."""
        return bool(self.rounds) and self.rounds[-1].quiet and not self.failed


def _summary(writes: Mapping[str, int], refused: int, in_doubt: int, failed: Mapping[str, AdapterError]) -> str:
    """What was written where, and what was not."""
    lines = [f"{name}: {counted(number, 'write')}" for name, number in sorted(writes.items()) if number]
    lines += [f"{counted(refused, 'write')} refused: see quarantine"] if refused else []
    lines += [f"{counted(in_doubt, 'write')} without an answer: looked up by the next sync"] if in_doubt else []
    lines += [f"{name} failed: {error}" for name, error in failed.items()]
    return "\n".join(lines or ["nothing to write"])
