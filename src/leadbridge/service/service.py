"""The loop: a turn, a rest, and so on; earlier when a webhook came, later when nothing works."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from leadbridge.bridge import Bridge
from leadbridge.domain.facts import SLAEscalated
from leadbridge.errors import LeadbridgeError
from leadbridge.retry import Retry
from leadbridge.service.bell import Bell
from leadbridge.service.chores import Chores, Done
from leadbridge.service.health import Health
from leadbridge.service.turn import Turn, Watcher, by_connection
from leadbridge.sync import RoundResult

__all__ = ["BREATH", "LONGEST", "Service"]

BREATH = timedelta(seconds=5)
"""At least so long after a turn comes the next, whatever webhooks say: a burst of them is one reason, not a hundred."""

LONGEST = timedelta(minutes=15)
"""The longest rest while nothing works, unless turns are further apart than this anyway."""


class _Stopped(Exception):
    """Raised between two batches when the service is told to stop; what is under way is answered and stored first."""


class Service:
    """Keeps CRMs in step until it is told to stop.

    New writes to connections that are set to ``ask`` are planned and left to a person; what a person has applied is
    carried on with. A plan over the agreed limits waits for its approval. Whatever goes wrong in a turn and is known by
    a :class:`~leadbridge.LeadbridgeError` does not end the service.

    Args:
        bridge: what is synced; whoever opened it closes it.
        every: from the beginning of a turn to that of the next.
        watchers: told about every turn.
        bell: what wakes and stops it.
        breath: the least time between two turns.
        patience: how rests grow while nothing works; by default from ``every`` to :data:`LONGEST`.
        chores: what is done between rounds, when all connections work.

    Attributes:
        bell: ring it to have a turn now, stop it to end.
        health: how the service stands.
    """

    def __init__(
        self,
        bridge: Bridge,
        *,
        every: timedelta,
        watchers: Sequence[Watcher] = (),
        bell: Bell | None = None,
        breath: timedelta = BREATH,
        patience: Retry | None = None,
        chores: Chores | None = None,
    ) -> None:
        self.bridge, self.bell = bridge, bell or Bell()
        self.health = Health(bridge.clock, every)
        self._every, self._breath = every, min(breath, every)
        self._watchers: list[Watcher] = [self.health, *watchers]
        self._patience = patience or Retry(first=every.total_seconds(), longest=max(every, LONGEST).total_seconds())
        self._chores = chores or Chores(bridge)
        self._failures = 0
        self._reminded: date | None = None

    def watch(self, watcher: Watcher) -> None:
        """Tells one more about every turn from now on."""
        self._watchers.append(watcher)

    def run(self) -> None:
        """Takes turns until the bell is stopped; the batches that are under way then are finished."""
        while not self.bell.stopping:
            turn = self.turn()
            if turn is None:
                return
            pause = self.pause(turn)
            self.bell.rest(pause, least=min(pause, max(self._breath.total_seconds(), turn.asked_wait)))

    def turn(self) -> Turn | None:
        """One turn: a sync, who is to be told of promises, what is due in the agreement; ``None``: it was stopped."""
        self.bell.hush()
        started = self.bridge.clock.now()
        problems: dict[str, LeadbridgeError] = {}
        rounds: tuple[RoundResult, ...] = ()
        alerts: tuple[SLAEscalated, ...] = ()
        waiting: int | None = None
        done = Done()
        try:
            result = self.bridge.sync(yes=None, progress=self._go_on)
            rounds = tuple(result.rounds)
            problems.update(result.failed)
            if not problems:
                done = self._chores.do(self._go_on)
                problems.update(done.swept.failed)
        except _Stopped:
            return None
        except LeadbridgeError as error:
            problems.update(by_connection(error))
        try:
            # Promises break whether CRMs answer or not.
            alerts = self.bridge.escalate()
            waiting = len(self.bridge.quarantine())
        except LeadbridgeError as error:
            problems.setdefault("", error)
        turn = Turn(
            started,
            self.bridge.clock.now(),
            rounds,
            problems,
            alerts,
            self._reminders(),
            self.bridge.calls(),
            waiting,
            done.swept,
            done.pruned,
        )
        for watcher in self._watchers:
            watcher(turn)
        return turn

    def pause(self, turn: Turn) -> float:
        """Seconds until the next turn: to the next beat, or longer each time when nothing at all works."""
        spent = (self.bridge.clock.now() - turn.started).total_seconds()
        beat = max(0.0, self._every.total_seconds() - spent)
        if turn.rounds:
            self._failures = 0
            # The other connection works: it goes on in time, unless this one asked for patience.
            return max(beat, min(turn.asked_wait, self._patience.longest))
        self._failures += 1
        waits = (self._patience.wait(error, self._failures) for error in turn.problems.values())
        return max(beat, min(max(waits, default=0.0), self._patience.longest))

    def _go_on(self, step: str, connection: str, amount: int) -> None:
        """Between two batches: a sign of life, and the place to stop."""
        if self.bell.stopping:
            raise _Stopped
        self.health.beat()

    def _reminders(self) -> tuple[str, ...]:
        today = self.bridge.clock.now().date()
        if self._reminded == today:
            return ()
        self._reminded = today
        return self.bridge.agreement.reminders(today)
