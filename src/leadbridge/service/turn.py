"""One turn of the service, as those who look on get to see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from leadbridge.domain.facts import SLAEscalated
from leadbridge.errors import (
    AdapterError,
    CursorExpired,
    LeadbridgeError,
    RateLimited,
    StoreBusy,
    StoreConflict,
    Unavailable,
)
from leadbridge.sync import RoundResult
from leadbridge.sync.sweep import SweepResult

__all__ = ["Turn", "Watcher", "by_connection", "needs_a_person", "worded"]

_PASSING = (CursorExpired, RateLimited, StoreBusy, StoreConflict, Unavailable)


def needs_a_person(error: LeadbridgeError) -> bool:
    """Whether time alone does not help: credentials, a permission, a setting, an approval."""
    return not isinstance(error, _PASSING)


def worded(name: str, error: LeadbridgeError) -> str:
    """A problem in stable words, without the message: the connection if there is one, class, word for alert rules."""
    return f"{name + ': ' if name else ''}{type(error).__name__} ({error.alert})"


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn came to.

    Attributes:
        started: when it began.
        ended: when it ended.
        rounds: its rounds; none when it failed before there was a result.
        problems: what did not work, by connection; under the empty name what is nobody's in particular.
        alerts: who is to be told of promises, and why.
        reminders: sentences about the agreement that are due today; each is said once a day.
        calls: API calls since the service began, by connection.
        waiting: how many things wait in quarantine for a person.
        swept: what a look through all ids found, as far as it got.
        pruned: rows that were old enough to be removed, by table.
    """

    started: datetime
    ended: datetime
    rounds: tuple[RoundResult, ...] = field(default=(), repr=False)
    problems: Mapping[str, LeadbridgeError] = field(default_factory=dict)
    alerts: tuple[SLAEscalated, ...] = field(default=(), repr=False)
    reminders: tuple[str, ...] = ()
    calls: Mapping[str, int] = field(default_factory=dict)
    waiting: int | None = None
    swept: SweepResult = field(default_factory=SweepResult)
    pruned: Mapping[str, int] = field(default_factory=dict)

    @property
    def busy(self) -> frozenset[str]:
        """Connections that another worker was busy with."""
        return frozenset().union(*(each.busy for each in self.rounds))

    @property
    def blocked(self) -> dict[str, LeadbridgeError]:
        """The problems for which somebody has to do something."""
        return {name: error for name, error in self.problems.items() if needs_a_person(error)}

    @property
    def asked_wait(self) -> float:
        """Seconds that a CRM asked us to leave it alone."""
        asked = [error.retry_after or 0.0 for error in self.problems.values() if isinstance(error, RateLimited)]
        return max(asked, default=0.0)


Watcher = Callable[[Turn], None]
"""Looks on: called after every turn, in the thread of the service. It must not raise."""


def by_connection(error: LeadbridgeError) -> dict[str, LeadbridgeError]:
    """An error that ended a turn, under the name of its connection."""
    return {error.connection if isinstance(error, AdapterError) else "": error}
