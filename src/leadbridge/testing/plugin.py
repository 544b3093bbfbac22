"""Fixtures that pytest finds by entry point: a clock that stands still, and simulators of the two CRMs.

Nothing but pytest is imported before a fixture is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from leadbridge.clock import ManualClock
    from leadbridge.simulator import Simulator

__all__ = ["hubspot_simulator", "manual_clock", "salesforce_simulator"]

pytest.register_assert_rewrite(
    "leadbridge.testing.manners",
    "leadbridge.testing.reading",
    "leadbridge.testing.steps",
    "leadbridge.testing.suite",
    "leadbridge.testing.writing",
)


@pytest.fixture
def manual_clock() -> ManualClock:
    """A clock that stands at nine o'clock UTC on Monday, 5 January 2026, until it is moved."""
    from datetime import UTC, datetime

    from leadbridge.clock import ManualClock

    return ManualClock(datetime(2026, 1, 5, 9, tzinfo=UTC))


@pytest.fixture
def hubspot_simulator(manual_clock: ManualClock) -> Iterator[Simulator]:
    """A running HubSpot simulator on ``manual_clock``; an error with the command when it is not installed."""
    yield from _running("hubspot", manual_clock)


@pytest.fixture
def salesforce_simulator(manual_clock: ManualClock) -> Iterator[Simulator]:
    """A running Salesforce simulator on ``manual_clock``; an error with the command when it is not installed."""
    yield from _running("salesforce", manual_clock)


def _running(name: str, clock: ManualClock) -> Iterator[Simulator]:
    from leadbridge.registry import start_simulator

    simulator: Simulator = start_simulator(name)(clock)
    try:
        yield simulator
    finally:
        simulator.stop()
