"""A bench around the in-memory adapter: what the suite itself is proved with."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from leadbridge.adapter import Adapter, Fields, Ref
from leadbridge.clock import ManualClock
from leadbridge.errors import AuthExpired, BadRequest, Forbidden, RateLimited, Unavailable
from leadbridge.memory import MemoryAdapter, MemoryCrm
from leadbridge.memory.webhooks import webhook
from leadbridge.simulator.faults import Fault, FaultQueue
from leadbridge.simulator.requests import RequestLog
from leadbridge.testing.bench import Webhook

__all__ = ["MemoryBench"]

SETTLE = timedelta(seconds=30)

Make: TypeAlias = Callable[[MemoryCrm], Adapter]


class MemoryBench:
    """The in-memory adapter with small batches, and a CRM whose changes show as late as it says.

    Args:
        make: makes the adapter under test on the CRM.
        provisioned: whether the CRM has our own fields.
        converts: whether its persons can be turned into contacts.
        ratchet: whether its stages go forward only.
    """

    kind = "person"
    text_field = "title"

    def __init__(
        self, make: Make | None = None, *, provisioned: bool = True, converts: bool = True, ratchet: bool = True
    ) -> None:
        self.clock: ManualClock | None = ManualClock(datetime(2026, 1, 5, 9, tzinfo=UTC))
        self.crm = MemoryCrm(
            "bench", clock=self.clock, provisioned=provisioned, converts=converts, forward_only_stage=ratchet
        )
        self.crm.lag = SETTLE
        self.faults: FaultQueue | None = _Faults(self.crm)
        self.log: RequestLog | None = _Log(self.crm)
        self._make = make or (lambda crm: MemoryAdapter(crm=crm, settle=SETTLE, read_batch=10, write_batch=10))

    def adapter(self) -> Adapter:
        """A new adapter on the CRM."""
        return self._make(self.crm)

    def row(self, i: int) -> Fields:
        """A person called by a number."""
        return {"email": f"person.{i}@acme.example", "first_name": f"Person {i}", "last_name": "Example"}

    def webhook(self, refs: Sequence[Ref]) -> Webhook:
        """A webhook of the CRM."""
        url = "https://hooks.acme.example/bench"
        headers, body = webhook(self.crm.secret, url, refs)
        return Webhook("POST", url, headers, body)

    def associated(self) -> tuple[Ref, str, Ref]:
        """A deal of a person."""
        (person,) = self.crm.seed(self.kind, [self.row(0)])
        (deal,) = self.crm.seed("deal", [{"name": "Deal", "person": person}])
        return deal, "person", person


class _Faults(FaultQueue):
    """Turns faults of the wire into what the in-memory CRM can do wrong."""

    def __init__(self, crm: MemoryCrm) -> None:
        super().__init__()
        self._crm = crm

    def add(self, fault: Fault) -> None:
        after = fault.effect in ("drop_after", "cut")
        self._crm.fail(_error(fault), when="after" if after else "before", times=fault.times, skip=fault.after)

    def clear(self) -> None:
        self._crm.recover()

    @property
    def pending(self) -> int:
        return self._crm.troubles


class _Log(RequestLog):
    """The requests of the in-memory CRM, whose paths are the names of the contract's methods."""

    def __init__(self, crm: MemoryCrm) -> None:
        super().__init__()
        self._crm = crm

    @property
    def total(self) -> int:
        return self._crm.requests.total()

    def count(self, path_regex: str = "", method: str = "") -> int:
        return sum(number for name, number in self._crm.requests.items() if re.search(path_regex, name))

    def clear(self) -> None:
        self._crm.requests.clear()


def _error(fault: Fault) -> Exception:
    if fault.effect != "status":
        return Unavailable("the CRM gave no proper answer")
    wait = fault.headers.get("Retry-After")
    match fault.status:
        case 401:
            return AuthExpired("reconnect this connection")
        case 403:
            return Forbidden("a permission is missing")
        case 429:
            return RateLimited("slow down", retry_after=float(wait) if wait else None)
        case status if status < 500:
            return BadRequest("the request was refused")
        case _:
            return Unavailable("the CRM is down")
