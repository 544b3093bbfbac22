"""The laws that every adapter keeps, over each API version and over both transports."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadbridge.adapter import Adapter, Fields, Ref
from leadbridge.clock import ManualClock, to_us
from leadbridge.simulator import Crm, FaultQueue, RequestLog
from leadbridge.testing import AdapterSuite, Bench, Webhook
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator, start
from leadbridge_hubspot.simulator.webhooks import signed_headers

LAG = timedelta(seconds=30)


class HubSpotBench:
    """A simulated account whose search index lags."""

    kind = "contact"
    text_field = "jobtitle"

    def __init__(self, simulator: HubSpotSimulator, clock: ManualClock, version: str, *, sdk: bool) -> None:
        simulator.switches.lag = LAG
        self._simulator = simulator
        self._version = version
        self._sdk = sdk
        self._made: list[HubSpot] = []
        self.clock: ManualClock | None = clock
        self.crm: Crm = simulator.crm
        self.faults: FaultQueue | None = simulator.faults
        self.log: RequestLog | None = simulator.log

    def adapter(self) -> Adapter:
        """A new adapter, over httpx or over an SDK client."""
        if not self._sdk:
            direct = self._simulator.connect(api_version=self._version)
            self._made.append(direct)
            return direct
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from hubspot import HubSpot as SdkHubSpot

            client = SdkHubSpot(access_token=self._simulator.token, host=self._simulator.base_url)
            adapter = HubSpot.from_sdk(
                client,
                api_version=self._version,
                rate=(10_000, 1.0),
                search_rate=(10_000, 1.0),
                webhook_secret=self._simulator.app.client_secret,
                clock=self._simulator.clock,
            )
        self._made.append(adapter)
        return adapter

    def row(self, i: int) -> Fields:
        """A person called by a number."""
        return {"email": f"person.{i}@acme.example", "firstname": f"Person {i}", "lastname": "Example"}

    def webhook(self, refs: Sequence[Ref]) -> Webhook:
        """A webhook of the app that is installed in the account."""
        url = "https://hooks.acme.example/hs?from=a%20b"
        events = [{"subscriptionType": "contact.propertyChange", "objectId": int(ref.id)} for ref in refs]
        body, now = json.dumps(events).encode(), to_us(self._simulator.clock.now()) // 1000
        signed = signed_headers(self._simulator.app.client_secret, "POST", url, body, now)
        # The old signature would do by itself where it is accepted; the one that counts has to be found out.
        headers = {name: value for name, value in signed.items() if "v3" in name or "Timestamp" in name}
        return Webhook("POST", url, {"Content-Type": "application/json", **headers}, body)

    def associated(self) -> tuple[Ref, str, Ref]:
        """A deal of a contact."""
        (person,) = self.crm.seed(self.kind, [self.row(0)])
        (deal,) = self.crm.seed("deal", [{"dealname": "Deal"}])
        self._simulator.crm.associate(deal, person)
        return deal, "associations.contacts", person

    def close(self) -> None:
        """Closes all adapters, and the connections of SDK clients, which adapters leave to their owner."""
        for adapter in self._made:
            adapter.close()
            if self._sdk:
                transport: Any = adapter._http._transport
                transport._pool.clear()


class _HubSpotLaws(AdapterSuite):
    version: str
    sdk = False

    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        clock = ManualClock(datetime(2026, 1, 5, 9, tzinfo=UTC))
        simulator = start(clock)
        bench = HubSpotBench(simulator, clock, self.version, sdk=self.sdk)
        yield bench
        bench.close()
        simulator.stop()


class TestNewest(_HubSpotLaws):
    version = "2026-09"


class TestOlder(_HubSpotLaws):
    version = "2026-03"


class TestV3(_HubSpotLaws):
    version = "v3"


class TestNewestThroughSdkClient(TestNewest):
    sdk = True


class TestOlderThroughSdkClient(TestOlder):
    sdk = True


class TestV3ThroughSdkClient(TestV3):
    sdk = True


del AdapterSuite
