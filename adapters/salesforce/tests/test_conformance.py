"""The laws of the contract, over both ways out: our own HTTP client and a ``simple_salesforce`` client's session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime

import pytest

from leadbridge.adapter import Adapter, Fields, Ref
from leadbridge.clock import ManualClock
from leadbridge.simulator import Crm, FaultQueue, RequestLog
from leadbridge.testing import AdapterSuite, Bench
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.simulator import SalesforceSimulator, start


class SalesforceBench:
    """A simulated org; ``through_sdk`` chooses the transport."""

    kind = "Lead"
    text_field = "Title"

    def __init__(self, *, through_sdk: bool = False, provisioned: bool = True) -> None:
        self.clock: ManualClock | None = ManualClock(datetime(2026, 1, 5, 9, tzinfo=UTC))
        self.simulator: SalesforceSimulator = start(self.clock, provisioned=provisioned)
        self.simulator.track(self.kind, self.text_field)
        self.crm: Crm = self.simulator.crm
        self.faults: FaultQueue | None = self.simulator.faults
        self.log: RequestLog | None = self.simulator.log
        self._through_sdk = through_sdk
        self._open = ExitStack()
        self._open.callback(self.simulator.stop)

    def adapter(self) -> Adapter:
        if not self._through_sdk:
            return self._open.enter_context(closing(self.simulator.connect()))
        client = self.simulator.sdk()
        self._open.callback(client.session.close)
        return Salesforce.from_sdk(client, connection="salesforce")

    def row(self, i: int) -> Fields:
        return {"LastName": f"Person {i}", "Company": "Acme", "Email": f"person.{i}@acme.example"}

    def associated(self) -> tuple[Ref, str, Ref]:
        """A task about a lead."""
        (person,) = self.crm.seed(self.kind, [self.row(0)])
        (task,) = self.crm.seed("Task", [{"Subject": "Call", "WhoId": person}])
        return task, "WhoId", person

    def close(self) -> None:
        self._open.close()


class TestOverHttp(AdapterSuite):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with closing(SalesforceBench()) as bench:
            yield bench


class TestOverTheSdk(AdapterSuite):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with closing(SalesforceBench(through_sdk=True)) as bench:
            yield bench


class TestWithoutOurFields(AdapterSuite):
    """An account that nobody has provisioned: reading works, creating is not promised."""

    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with closing(SalesforceBench(provisioned=False)) as bench:
            yield bench
