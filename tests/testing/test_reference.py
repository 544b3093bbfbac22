"""The reference adapter keeps every law, whatever it promises."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leadbridge.memory import MemoryAdapter, MemoryCrm
from leadbridge.testing import AdapterSuite, Bench, MemoryBench


class TestMemory(AdapterSuite):
    @pytest.fixture
    def bench(self) -> Bench:
        return MemoryBench()


class TestMemoryThatPromisesNothing(AdapterSuite):
    @pytest.fixture
    def bench(self) -> Bench:
        def make(crm: MemoryCrm) -> MemoryAdapter:
            crm.lag = timedelta(0)
            return MemoryAdapter(
                crm=crm, conditional_writes=False, archives=False, sees_deleted=False, read_batch=1, write_batch=1
            )

        return MemoryBench(make, provisioned=False, converts=False, ratchet=False)
