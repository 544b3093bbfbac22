"""A simulated org for each test, on a clock that stands still until it is moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from leadbridge.clock import ManualClock
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.simulator import SalesforceSimulator, start

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def sim(clock: ManualClock) -> Iterator[SalesforceSimulator]:
    with start(clock) as running:
        yield running


@pytest.fixture
def sf(sim: SalesforceSimulator) -> Iterator[Salesforce]:
    adapter = sim.connect()
    yield adapter
    adapter.close()


@pytest.fixture
def http(sim: SalesforceSimulator) -> Iterator[httpx.Client]:
    """A plain client that is signed in to the simulated org."""
    headers = {"Authorization": f"Bearer {sim.token}"}
    with httpx.Client(base_url=sim.base_url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture(params=["http", "sdk"])
def adapter(sim: SalesforceSimulator, request: pytest.FixtureRequest) -> Iterator[Salesforce]:
    """The adapter over both ways out."""
    if request.param == "http":
        connected = sim.connect()
        yield connected
        connected.close()
    else:
        client = sim.sdk()
        yield Salesforce.from_sdk(client)
        client.session.close()
