"""A CRM gets the fields that the agreement has a use for, and no others."""

from __future__ import annotations

from datetime import UTC, datetime

from leadbridge.adapter import OWN_FIELDS
from leadbridge.agreement import Agreement, Agreements
from leadbridge.bridge import Bridge
from leadbridge.clock import ManualClock
from leadbridge.memory import MemoryAdapter
from leadbridge.store import Store
from leadbridge.sync.own import own_purposes

BARE = Agreement.loads("agreement: bare\nversion: 1\neffective: 2026-01-01\nsync: {systems: {marketing: hubspot}}\n")
PROMISING = Agreement.loads(
    """
agreement: bare
version: 2
effective: 2027-01-01
calendars: {office: {zone: Europe/London, hours: {mon-fri: ["09:00-17:30"]}}}
slas:
  - id: sales
    calendar: office
    targets:
      - {id: first_touch, starts: assigned, stops: touched, within: 1 business day, warn_at: 0.75}
"""
)
ALL = tuple(own.purpose for own in OWN_FIELDS)


def test_without_promises_nothing_is_made_for_them() -> None:
    clock = ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
    crm = MemoryAdapter("right", clock=clock, provisioned=False)
    with Bridge(BARE, {"hubspot": crm}, Store("sqlite://"), clock=clock) as bridge:
        planned = {each.field for each in bridge.provision()["hubspot"]}
        (missing,) = set(bridge.check().unprovisioned.values())
    assert missing == ("id", "op", "decision", "reason", "buying_stage")
    assert not any("sla" in name for name in planned)
    assert any("buying_stage" in name for name in planned)


def test_a_version_that_comes_later_wants_its_fields_now() -> None:
    assert own_purposes(Agreements.of(BARE)) == ("id", "op", "decision", "reason", "buying_stage")
    assert own_purposes(Agreements([BARE, PROMISING])) == ALL
