"""What wakes the service: time, a webhook, or being told to stop. The one place in which the service waits."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from time import monotonic

__all__ = ["Bell"]


class Bell:
    """Rung from any thread, and stopped from a signal handler too.

    Attributes:
        stopping: somebody has said that it is enough.
    """

    def __init__(self) -> None:
        self.stopping = False
        # An Event may lock itself up when a signal handler sets it while the same thread begins to wait; this may not.
        self._rings: SimpleQueue[None] = SimpleQueue()

    def ring(self) -> None:
        """There is news: the wait may end early."""
        self._rings.put(None)

    def stop(self) -> None:
        """It is enough: waits end at once from now on."""
        self.stopping = True
        self._rings.put(None)

    def hush(self) -> None:
        """Forgets the rings so far: what they are about is looked at next."""
        while True:
            try:
                self._rings.get_nowait()
            except Empty:
                return

    def rest(self, seconds: float, *, least: float = 0.0) -> None:
        """Waits, until the time is over or somebody rings.

        Args:
            seconds: how long at most.
            least: how long at least, whoever rings; only :meth:`stop` ends it earlier.
        """
        begun, longest = monotonic(), seconds
        while not self.stopping and (left := begun + longest - monotonic()) > 0:
            try:
                self._rings.get(timeout=left)
            except Empty:
                return
            longest = min(least, seconds)
