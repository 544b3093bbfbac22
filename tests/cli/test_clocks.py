"""``leadbridge clocks``: narrowed by owner, queue and function, as a table and as JSON; alerts that are listed once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from leadbridge.clock import SystemClock
from leadbridge.domain import facts as f
from leadbridge.store import Store
from tests.cli.conftest import Shop

TERMS = """agreement: Desk
version: 1
effective: 2026-01-01
people: {ann: {manager: mia}}
slas:
  - id: sales
    targets:
      - id: touch
        starts: assigned
        stops: touched
        within: 4 hours
        grace: 2 hours
        escalate: [{at: warning, to: rep}, {at: due, to: manager}]
      - {id: reach, starts: assigned, within: 2 days, cadence: {touches: 3}}
"""


@pytest.fixture
def desk(shop: Shop) -> Shop:
    """A database with a lead of Ann's in the grace of its promise, and one that nobody of queue apac has."""
    now = SystemClock().now()
    told: list[f.Fact] = []
    for lead, queue, owner, hours in (("L1", "emea", "ann", 5.0), ("L2", "apac", "", 1.0)):
        at: dict[str, Any] = {"lead": lead, "occurred_at": now - timedelta(hours=hours), "recorded_at": now}
        told += [f.LeadCaptured(**at), f.HandoffOffered(handoff=lead, **at)]
        told += [f.HandoffRouted(handoff=lead, queue=queue, **at), f.HandoffAssigned(handoff=lead, owner=owner, **at)]
    (shop.folder / "terms.yaml").write_text(TERMS, encoding="utf-8")
    settings = shop.folder / "leadbridge.toml"
    lines = [line for line in settings.read_text(encoding="utf-8").splitlines() if not line.startswith("agreement")]
    head = 'agreement = "terms.yaml"\nstore = "sqlite:///told.db"\n'
    settings.write_text(head + "\n".join(lines), encoding="utf-8")
    store = Store("sqlite:///told.db")
    with store.transaction() as tx:
        tx.append(told)
    store.close()
    return shop


def test_clocks_are_narrowed_by_owner_queue_and_function(desk: Shop) -> None:
    ran = desk.run("clocks")
    assert (ran.code, "4 running" in ran.out) == (0, True)
    assert ("in grace" in ran.out, "0 of 3 touches" in ran.out, "nobody (queue apac)" in ran.out) == (True, True, True)
    assert {row["lead"] for row in desk.run("clocks", "--owner", "ann", "--json").json["clocks"]} == {"L1"}
    assert {row["lead"] for row in desk.run("clocks", "--queue", "apac", "--json").json["clocks"]} == {"L2"}
    assert "No such clocks." in desk.run("clocks", "--function", "legal").out


def test_who_is_to_be_told_is_listed_once(desk: Shop) -> None:
    document = desk.run("clocks", "--escalate", "--json").json
    found = [(one["to"], one["lead"], one["tier"], one["target"]) for one in document["escalations"]]
    assert found == [("ann", "L1", "warning", "touch"), ("mia", "L1", "due", "touch")]
    ran = desk.run("clocks", "--escalate")
    assert (ran.code, "Nobody is to be told anything new." in ran.out) == (0, True)


def test_alerts_are_a_table_for_people(desk: Shop) -> None:
    ran = desk.run("clocks", "--escalate")
    assert ("To be told now" in ran.out, "sales.touch" in ran.out, "mia" in ran.out) == (True, True, True)
