"""The rate budget: the only place in the whole program where an adapter waits."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable

from leadbridge.errors import ConfigError

__all__ = ["RateBudget"]

_LATE = 0.015
"""The share of the longest window that a slow answer can cost: with the usual margin, 98 % of the ceiling are left."""


class RateBudget:
    """Keeps requests within rolling windows, for all threads that share it: the only thing in an adapter that waits.

    A caller reserves the earliest free moment, in the order of asking, and sleeps until then; so the ceiling is reached
    without ever being passed, and no thread is woken in vain. What counts is the moment at which a request really
    left, because a connection may have had to be opened first; and a little later when its answer was slow, because
    nobody knows on which part of the way the time was lost.

    Args:
        windows: pairs of (requests, seconds); all of them hold at once.
        margin: the share of each window that is added to it, because requests overtake each other on their way.
        monotonic: what to use as the time.
        sleep: what to use for waiting; tests give their own.
    """

    def __init__(
        self,
        *windows: tuple[int, float],
        margin: float = 0.005,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        if any(maximum < 1 or seconds <= 0 for maximum, seconds in windows):
            raise ConfigError("a rate budget needs windows of at least one request in more than zero seconds")
        self._windows = {seconds: maximum for maximum, seconds in windows}
        self._others: dict[float, int] = {}
        self._margin = margin
        self._monotonic = monotonic
        self._sleep = sleep
        self._moments: list[float] = []
        self._fastest: dict[str, float] = {}
        self._lock = threading.Lock()

    @property
    def windows(self) -> tuple[tuple[int, float], ...]:
        """The windows in force, as pairs of (requests, seconds)."""
        return tuple((maximum, seconds) for seconds, maximum in self._windows.copy().items())

    def acquire(self) -> float:
        """Returns when one more request may be sent: the moment that was reserved for it."""
        with self._lock:
            now, moments = self._monotonic(), self._moments
            moment = max(now, moments[-1]) if moments else now
            for seconds, maximum in self._windows.items():
                room = max(1, maximum - self._others.get(seconds, 0))
                if len(moments) >= room:
                    moment = max(moment, moments[-room] + seconds * (1.0 + self._margin))
            moments.append(moment)
            self._forget(now)
        if moment > now:
            self._sleep(moment - now)
        return moment

    def departs(self, moment: float) -> float:
        """Says that the request for which a moment was reserved leaves now; returns the moment that counts for it."""
        with self._lock:
            return self._moved(moment, self._monotonic())

    def returns(self, moment: float, operation: str) -> float:
        """Says that the answer to a request came now; returns the moment that counts for it.

        Args:
            moment: when it left, as :meth:`departs` returned it.
            operation: what was asked for; answers are slow in comparison with others to the same.
        """
        with self._lock:
            took = self._monotonic() - moment
            fastest = self._fastest[operation] = min(took, self._fastest.get(operation, took))
            return self._moved(moment, moment + min(took - fastest, _LATE * max(self._windows, default=0.0)))

    def _moved(self, moment: float, to: float) -> float:
        if to <= moment:
            return moment
        place = bisect_left(self._moments, moment)
        if place < len(self._moments) and self._moments[place] == moment:
            del self._moments[place]
        insort(self._moments, to)
        return to

    def learn(self, *, maximum: int, seconds: float, remaining: int | None = None, moment: float | None = None) -> None:
        """Takes over what the CRM says in an answer: how many requests a window has, and how many are left.

        When fewer are left than we have used, somebody else uses the same account; we leave them what they use, until
        an answer says that they use less. Values that make no sense are ignored.

        Args:
            maximum: requests of the window.
            seconds: its length.
            remaining: how many were left when the CRM counted this request.
            moment: when the request left, as :meth:`returns` returned it; what left later was not counted yet.
        """
        if maximum < 1 or seconds <= 0:
            return
        with self._lock:
            self._windows[seconds] = maximum
            if remaining is None:
                return
            last = self._monotonic() if moment is None else moment
            slack = seconds * self._margin
            ours = bisect_right(self._moments, last + slack) - bisect_right(self._moments, last - seconds - slack)
            others = max(0, min(maximum, maximum - remaining) - ours)
            if others and remaining <= 0:
                # A full window does not say how far it was passed, so we give way until it is no longer full.
                others = max(others, self._others.get(seconds, 0)) + 1
            self._others[seconds] = others

    def _forget(self, now: float) -> None:
        """Drops the moments that no window and no answer under way can still see."""
        horizon = now - 2 * max(self._windows, default=0.0)
        if self._moments[0] < horizon:
            del self._moments[: bisect_left(self._moments, horizon)]
