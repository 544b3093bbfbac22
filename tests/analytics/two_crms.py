"""Marketing's and sales' CRM in memory, under one agreement, with a clock that only goes when it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from leadbridge.adapter import Ref, Value
from leadbridge.agreement import Agreement
from leadbridge.analytics import Snapshot
from leadbridge.clock import ManualClock
from leadbridge.memory import MemoryAdapter
from leadbridge.retry import Retry

TERMS = """
agreement: Two CRMs
version: 1
effective: 2026-01-01
sync: {systems: {marketing: hs, sales: sf}}
handoff: {from: marketing, to: sales, at: marketing_qualified}
calendars: {always: {zone: UTC, hours: {mon-sun: ["00:00-24:00"]}}}
slas:
  - id: response
    duty_of: sales
    calendar: always
    targets: [{id: answer, starts: offered, stops: decided, within: 2 days}]
"""
AGREEMENT = Agreement.loads(TERMS)
BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Market:
    """Two CRMs; what people do in them is done at the time of the clock."""

    def __init__(self) -> None:
        self.clock = ManualClock(BEGIN)
        self.hs = MemoryAdapter("hs", clock=self.clock)
        self.sf = MemoryAdapter("sf", clock=self.clock)
        self.agreement = AGREEMENT

    def later(self, **span: float) -> None:
        """Time passes."""
        self.clock.advance(timedelta(**span))

    def person(self, crm: MemoryAdapter, email: str | None, **fields: Value) -> Ref:
        """Somebody is entered into a CRM."""
        given: dict[str, Value] = {"first_name": "Ada", "last_name": "Secretname", "email": email, **fields}
        (ref,) = crm.crm.seed("person", [{name: value for name, value in given.items() if value is not None}])
        return ref

    def snapshot(self, **options: object) -> Snapshot:
        """Both CRMs as they are."""
        settings = {"retry": Retry(attempts=3).without_waiting(), "clock": self.clock, **options}
        return Snapshot.from_crm({"hs": self.hs, "sf": self.sf}, agreement=self.agreement, **settings)  # type: ignore[arg-type]  # options of the test
