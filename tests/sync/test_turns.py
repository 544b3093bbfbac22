"""What is sent in which batch follows from the plan: neither from op markers nor from which thread is faster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from leadbridge.adapter import Receipt, Write
from leadbridge.clock import ManualClock
from leadbridge.memory import MemoryAdapter
from leadbridge.store.lineage import Lineage
from tests.sync.conftest import START, make_bench, person
from tests.sync.mortal import Serial, Waited, all_done

PEOPLE = 5


class Noting(MemoryAdapter):
    """Takes two writes at once, and notes which values each batch brings."""

    sent: list[list[object]]

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        self.sent.append([write.fields.get("stage", "-") for write in writes])
        return super().apply(writes)


def batches(patch: pytest.MonkeyPatch, keys: Iterable[int], wait: Callable[..., Waited]) -> list[list[object]]:
    """What goes to a CRM when the stage of several people falls there, by clearing, then setting."""
    markers = iter(keys)
    patch.setattr(Lineage, "marks", lambda _, count: [f"{next(markers):024x}" for _ in range(count)])
    patch.setattr("leadbridge.sync.deliver.ThreadPoolExecutor", Serial)
    patch.setattr("leadbridge.sync.deliver.wait", wait)
    clock = ManualClock(START)
    left = Noting("left", clock=clock, forward_only_stage=True, write_batch=2)
    left.sent = []
    bench = make_bench(clock, left=left)
    left.crm.seed("person", [person(number) for number in range(PEOPLE)])
    bench.sync()
    for number in range(PEOPLE):
        bench.edit(bench.right, str(person(number)["email"]), {"status": "rejected", "reason": "wrong_industry"})
    left.sent = []
    bench.sync()
    return left.sent


def slowest_first(running: Iterable[Future[Any]], return_when: str) -> Waited:
    """One answer at a time, the last request's first."""
    *rest, last = running
    return Waited([last], rest)


@pytest.mark.parametrize("wait", [all_done, slowest_first])
def test_what_is_cleared_first_is_set_when_all_is_cleared_whatever_the_markers(
    wait: Callable[..., Waited], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [[None, None], [None, None], [None], ["engaged", "engaged"], ["engaged", "engaged"], ["engaged"]]
    for keys in (range(1, 1000), range(1000, 0, -1)):
        assert batches(monkeypatch, keys, wait) == expected
