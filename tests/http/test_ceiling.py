"""The ceiling of an account is reached and not passed: a CRM far away, simulated in a time of its own.

Workers send one request after another. A request waits for the budget, opens a connection when it is the worker's
first, travels, is counted by the CRM, travels back; what the answer says teaches the budget. Nothing here really waits.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.http import RateBudget

WINDOW = 10.0


@dataclass
class Far:
    """A CRM that counts requests when they arrive, in a rolling window, and says so in its answers."""

    maximum: int
    seconds: float = WINDOW
    arrivals: deque[float] = field(default_factory=deque)
    served: list[float] = field(default_factory=list)
    refused: int = 0

    def count(self, now: float, *, ours: bool = True) -> int:
        """One request arrives; how many are left."""
        while self.arrivals and self.arrivals[0] <= now - self.seconds:
            self.arrivals.popleft()
        self.arrivals.append(now)
        if len(self.arrivals) > self.maximum:
            self.refused += ours
        elif ours:
            self.served.append(now)
        return max(0, self.maximum - len(self.arrivals))


class Travel:
    """Workers, and the CRM that they ask, in the order of a simulated time."""

    def __init__(
        self,
        crm: Far,
        *,
        workers: int,
        latency: float,
        jitter: float = 0.0,
        handshake: float = 0.0,
        strangers: float = 0.0,
        start: int = 100,
        seed: int = 0,
    ) -> None:
        self.crm = crm
        self.now = 0.0
        self._random = Random(seed)
        self._latency, self._jitter, self._handshake, self._strangers = latency, jitter, handshake, strangers
        self._waits = 0.0
        self.budget = RateBudget((start, crm.seconds), monotonic=lambda: self.now, sleep=self._wait)
        self._events: list[tuple[float, int, Iterator[float]]] = []
        self._workers = [self._work(worker) for worker in range(workers)]
        if strangers:
            self._workers.append(self._stranger())

    def run(self, until: float) -> None:
        for number, worker in enumerate(self._workers):
            heapq.heappush(self._events, (0.0, number, worker))
        while self._events[0][0] < until:
            self.now, number, worker = heapq.heappop(self._events)
            heapq.heappush(self._events, (self.now + next(worker), number, worker))

    def _wait(self, seconds: float) -> None:
        self._waits = seconds

    def _way(self) -> float:
        return self._latency / 2 + self._random.uniform(0.0, self._jitter)

    def _work(self, worker: int) -> Iterator[float]:
        """One worker: each value is how long it does nothing."""
        first = True
        while True:
            self._waits = 0.0
            moment = self.budget.acquire()
            yield self._waits + self._random.uniform(0.0, self._jitter / 4)
            if first:
                yield self._handshake
                first = False
            moment = self.budget.departs(moment)
            yield self._way()
            remaining = self.crm.count(self.now)
            yield self._way()
            moment = self.budget.returns(moment, "fetch")
            self.budget.learn(maximum=self.crm.maximum, seconds=self.crm.seconds, remaining=remaining, moment=moment)

    def _stranger(self) -> Iterator[float]:
        while True:
            yield 1.0 / self._strangers
            self.crm.count(self.now, ours=False)


def reached(crm: Far, first: float, last: float) -> float:
    """The share of the ceiling that was served in a time."""
    return sum(1 for moment in crm.served if first <= moment < last) / (crm.maximum * (last - first) / crm.seconds)


@pytest.mark.parametrize("maximum", [100, 110, 190, 250])
@pytest.mark.parametrize("workers", [8, 16])
def test_a_quarter_of_a_second_away_the_ceiling_is_reached_and_never_passed(maximum: int, workers: int) -> None:
    crm = Far(maximum)
    Travel(crm, workers=workers, latency=0.25, handshake=0.5).run(100.0)
    assert crm.refused == 0
    assert reached(crm, 20.0, 90.0) >= 0.98


@settings(max_examples=40, deadline=None)
@given(
    maximum=st.sampled_from([100, 190, 250]),
    workers=st.integers(1, 24),
    latency=st.floats(0.01, 1.0),
    jitter=st.floats(0.0, 0.15),
    handshake=st.floats(0.0, 1.5),
    seed=st.integers(0, 10_000),
)
def test_no_request_is_refused_however_far_and_however_unsteady(
    maximum: int, workers: int, latency: float, jitter: float, handshake: float, seed: int
) -> None:
    crm = Far(maximum)
    Travel(crm, workers=workers, latency=latency, jitter=jitter, handshake=handshake, seed=seed).run(60.0)
    assert crm.refused == 0
    # Workers that wait for answers most of the time cannot reach it; then they go as fast as they can.
    possible = min(1.0, 0.9 * workers * crm.seconds / (latency + 2.5 * jitter) / maximum)
    assert reached(crm, 20.0, 50.0) >= possible * 0.97


def test_an_account_with_a_higher_ceiling_is_used_fully_after_the_first_answer() -> None:
    crm = Far(250)
    Travel(crm, workers=24, latency=0.25, start=100).run(100.0)
    assert reached(crm, 0.0, 10.0) >= 0.98


def test_what_strangers_use_is_left_to_them() -> None:
    crm = Far(190)
    Travel(crm, workers=12, latency=0.25, jitter=0.01, strangers=5.0).run(100.0)
    assert crm.refused < 0.25 * len(crm.served)
    assert 0.55 <= reached(crm, 20.0, 90.0) <= 140 / 190
