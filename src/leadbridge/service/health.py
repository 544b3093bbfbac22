"""Whether the service does what it is there for: for supervisors, load balancers and people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadbridge.clock import Clock, iso
from leadbridge.service.turn import Turn, worded

__all__ = ["PATIENCE", "Health", "Standing"]

PATIENCE = 3
"""So many intervals may pass without a good turn before that is called a failure."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the service stands: names of connections, classes of errors and instants, nothing of any record."""

    ok: bool
    reason: str
    last_good: datetime | None

    def to_dict(self) -> dict[str, object]:
        """As JSON values."""
        last = iso(self.last_good) if self.last_good is not None else None
        return {"status": "ok" if self.ok else "failing", "reason": self.reason, "last_good_round": last}


class Health:
    """Judges turns. It is well while the last good turn is at most some intervals ago and nothing needs a person.

    A turn is good when every connection worked; one that another worker is busy with is no failure. A long turn is well
    for as long as it moves: a first read of a large CRM takes hours.

    Args:
        clock: where the time comes from.
        every: the interval of the turns.
    """

    def __init__(self, clock: Clock, every: timedelta) -> None:
        self._clock, self._every = clock, every
        self._begun = clock.now()
        self._good: datetime | None = None
        self._beat: datetime | None = None
        self._problems: tuple[str, ...] = ()
        self._blocked: tuple[str, ...] = ()

    def beat(self) -> None:
        """The turn under way moves; that counts unless the last one ended badly."""
        if not self._problems:
            self._beat = self._clock.now()

    def __call__(self, turn: Turn) -> None:
        """Takes a turn into account."""
        self._problems = tuple(sorted(worded(name, error) for name, error in turn.problems.items()))
        self._blocked = tuple(sorted(worded(name, error) for name, error in turn.blocked.items()))
        self._beat = None
        if not self._problems:
            self._good = turn.ended

    def look(self) -> Standing:
        """How it stands now."""
        since = self._beat or self._good or self._begun
        late = self._clock.now() - since > PATIENCE * self._every
        if self._blocked:
            reason = f"a person is needed: {', '.join(self._blocked)}"
        elif late:
            reason = f"no good round since {iso(since)}: {', '.join(self._problems) or 'nothing moves'}"
        else:
            reason = ", ".join(self._problems)
        return Standing(not self._blocked and not late, reason, self._good)
