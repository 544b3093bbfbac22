"""A bridge between two CRMs in memory, a clock that moves only when the service rests, and a service over both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from leadbridge.agreement import Agreement
from leadbridge.bridge import Bridge, Writes
from leadbridge.clock import ManualClock
from leadbridge.memory import MemoryAdapter
from leadbridge.retry import Retry
from leadbridge.service import Bell, Service, Turn
from leadbridge.service.service import LONGEST
from tests.sync.conftest import AGREEMENT

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
EVERY = timedelta(minutes=1)
TOLD = AGREEMENT.replace("within: 4 hours}", "within: 4 hours, escalate: [{at: due, to: manager}]}")


class ManualBell(Bell):
    """Does not wait: time is what the clock is told, and a test says what happens meanwhile.

    Attributes:
        rests: how long the service meant to rest, and how long at least.
    """

    def __init__(self, clock: ManualClock, meanwhile: list[Callable[[], object]]) -> None:
        super().__init__()
        self.clock, self.meanwhile = clock, meanwhile
        self.rests: list[tuple[float, float]] = []

    def rest(self, seconds: float, *, least: float = 0.0) -> None:
        self.rests.append((seconds, least))
        if not self.meanwhile:
            self.stop()
            return
        self.meanwhile.pop(0)()
        rung = not self._rings.empty()
        self.clock.advance(timedelta(seconds=least if rung else seconds))


@dataclass
class Works:
    """A service and everything around it.

    Attributes:
        turns: what the service did.
    """

    clock: ManualClock
    left: MemoryAdapter
    right: MemoryAdapter
    bridge: Bridge
    bell: ManualBell
    service: Service
    turns: list[Turn] = field(default_factory=list)

    def run(self, *meanwhile: Callable[[], object]) -> None:
        """Turns with these things happening in the rests between them: one more turn than things."""
        self.bell.meanwhile[:] = meanwhile
        self.bell.stopping = False
        self.service.run()


def nothing() -> None:
    """What happens when nothing happens."""


@pytest.fixture
def works(request: pytest.FixtureRequest) -> Iterator[Works]:
    """The parameter, if there is one, is how the two connections may be written."""
    writes: dict[str, Writes] = getattr(request, "param", {"left": "on", "right": "on"})
    clock = ManualClock(START)
    left, right = MemoryAdapter("left", clock=clock), MemoryAdapter("right", clock=clock)
    bridge = Bridge(
        Agreement.loads(TOLD),
        {"left": left, "right": right},
        "sqlite://",
        writes=writes,
        clock=clock,
        retry=Retry(attempts=1).without_waiting(),
        grace=timedelta(0),
    )
    bell = ManualBell(clock, [])
    patience = Retry(first=EVERY.total_seconds(), longest=LONGEST.total_seconds(), jitter=lambda: 1.0)
    service = Service(bridge, every=EVERY, bell=bell, patience=patience)
    works = Works(clock, left, right, bridge, bell, service)
    service.watch(works.turns.append)
    yield works
    bridge.close()
