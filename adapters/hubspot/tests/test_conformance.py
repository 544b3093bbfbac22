"""The laws that every adapter keeps, over each API version and over both transports."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadbridge.adapter import Adapter, Fields
from leadbridge.clock import ManualClock
from leadbridge.simulator import Crm, FaultQueue, RequestLog
from leadbridge.testing import AdapterSuite, Bench
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator, start

LAG = timedelta(seconds=30)


class HubSpotBench:
    """A simulated account whose search index lags."""

    kind = "contact"
    text_field = "jobtitle"

    def __init__(self, simulator: HubSpotSimulator, clock: ManualClock, way: str) -> None:
        simulator.switches.lag = LAG
        self._simulator = simulator
        self._way = way
        self._made: list[HubSpot] = []
        self.clock: ManualClock | None = clock
        self.crm: Crm = simulator.crm
        self.faults: FaultQueue | None = simulator.faults
        self.log: RequestLog | None = simulator.log

    def adapter(self) -> Adapter:
        """A new adapter, over httpx or over an SDK client."""
        if self._way != "sdk":
            dated = self._simulator.connect(api_version=self._way)
            self._made.append(dated)
            return dated
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from hubspot import HubSpot as SdkHubSpot

            client = SdkHubSpot(access_token=self._simulator.token, host=self._simulator.base_url)
            adapter = HubSpot.from_sdk(client, rate=(10_000, 1.0), search_rate=(10_000, 1.0))
        self._made.append(adapter)
        return adapter

    def row(self, i: int) -> Fields:
        """A person called by a number."""
        return {"email": f"person.{i}@acme.example", "firstname": f"Person {i}", "lastname": "Example"}

    def close(self) -> None:
        """Closes all adapters, and the connections of SDK clients, which adapters leave to their owner."""
        for adapter in self._made:
            adapter.close()
            if self._way == "sdk":
                transport: Any = adapter._http._transport
                transport._pool.clear()


class _HubSpotLaws(AdapterSuite):
    way: str

    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        clock = ManualClock(datetime(2026, 1, 5, 9, tzinfo=UTC))
        simulator = start(clock)
        bench = HubSpotBench(simulator, clock, self.way)
        yield bench
        bench.close()
        simulator.stop()


class TestDated(_HubSpotLaws):
    way = "2026-09"


class TestV3(_HubSpotLaws):
    way = "v3"


class TestSdkClient(_HubSpotLaws):
    way = "sdk"


del AdapterSuite
