"""Two CRMs in memory for one bridge."""

from __future__ import annotations

import pytest

from leadbridge.clock import ManualClock
from leadbridge.memory import MemoryAdapter
from tests.sync.conftest import START


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def left(clock: ManualClock) -> MemoryAdapter:
    return MemoryAdapter("left", clock=clock)


@pytest.fixture
def right(clock: ManualClock) -> MemoryAdapter:
    return MemoryAdapter("right", clock=clock)
