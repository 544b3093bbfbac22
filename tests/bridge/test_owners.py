"""Who a tool gives an offer to becomes the owner in the CRM; what people do there afterwards counts more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from leadbridge import Bridge
from leadbridge.adapter import Owner, Ref
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.domain.facts import HandoffReclaimed
from leadbridge.memory import MemoryAdapter
from tests.sync.conftest import AGREEMENT, START, person

ANN = Owner("ann", "person", email="ann@seller.example")
BOB = Owner("bob", "person", email="bob@seller.example")
POOL = Owner("pool", "queue")
LEFT_ANN = Owner("1", "person", email="ann@seller.example")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def left(clock: ManualClock) -> MemoryAdapter:
    return MemoryAdapter("left", clock=clock, owners=[LEFT_ANN])


@pytest.fixture
def right(clock: ManualClock) -> MemoryAdapter:
    return MemoryAdapter("right", clock=clock, owners=[ANN, BOB, POOL])


@pytest.fixture
def bridge(clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter) -> Iterator[Bridge]:
    left.crm.seed("person", [person(1)])
    connections = {"left": left, "right": right}
    agreed = Agreement.loads(AGREEMENT)
    with Bridge(agreed, connections, store="sqlite://", writes="on", clock=clock, grace=timedelta(0)) as opened:
        opened.sync(yes=True)
        clock.advance(timedelta(minutes=1))
        yield opened


def there(adapter: MemoryAdapter) -> Ref:
    (row,) = adapter.crm.dump("person")
    return Ref("person", str(row["id"]))


def owner(adapter: MemoryAdapter) -> object:
    (row,) = adapter.crm.dump("person")
    return row.get("owner")


def give(bridge: Bridge, name: str) -> None:
    (lead,) = bridge.ledger.leads()
    bridge.record(bridge.handoff(lead).assign(name))


def settle(bridge: Bridge, clock: ManualClock) -> int:
    clock.advance(timedelta(minutes=1))
    bridge.sync(yes=True)
    clock.advance(timedelta(minutes=1))
    return sum(bridge.sync(yes=True).writes.values())


def assignments(bridge: Bridge) -> list[str]:
    (lead,) = bridge.ledger.leads()
    handoff = bridge.ledger.history(lead).handoff
    assert handoff is not None
    return [each.owner for each in handoff.assignments]


def test_an_owner_given_by_a_tool_reaches_both_crms_and_the_next_round_is_quiet(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    give(bridge, "ann")
    assert settle(bridge, clock) == 0
    assert (owner(right), owner(left)) == ("ann", "1")
    assert assignments(bridge) == ["ann"]


def test_an_owner_that_a_person_chose_in_the_crm_before_is_replaced_only_once(
    bridge: Bridge, clock: ManualClock, right: MemoryAdapter
) -> None:
    right.crm.assign(there(right), "bob")
    settle(bridge, clock)
    give(bridge, "ann")
    assert settle(bridge, clock) == 0
    assert owner(right) == "ann"
    assert assignments(bridge) == ["bob", "ann"]
    right.crm.assign(there(right), "bob")
    assert settle(bridge, clock) == 0
    assert owner(right) == "bob"
    assert assignments(bridge) == ["bob", "ann", "bob"]


def test_an_owner_whom_a_person_changes_while_ours_is_on_its_way_stays_theirs(
    bridge: Bridge, clock: ManualClock, right: MemoryAdapter
) -> None:
    give(bridge, "ann")
    clock.advance(timedelta(minutes=1))
    right.crm.assign(there(right), "bob")
    assert settle(bridge, clock) == 0
    assert owner(right) == "bob"
    assert assignments(bridge)[-1] == "bob"


def test_a_lead_that_is_taken_back_waits_in_the_queue_of_the_crm(
    bridge: Bridge, clock: ManualClock, right: MemoryAdapter
) -> None:
    give(bridge, "ann")
    settle(bridge, clock)
    (lead,) = bridge.ledger.leads()
    handoff = bridge.handoff(lead)
    now = clock.now()
    bridge.record(
        HandoffReclaimed(
            lead=lead, occurred_at=now, recorded_at=now, handoff=handoff.id, owner="ann", why="untouched", queue="pool"
        )
    )
    assert settle(bridge, clock) == 0
    assert owner(right) == "pool"
    assert assignments(bridge) == ["ann", ""]


def test_somebody_whom_the_crm_does_not_know_is_not_written_and_does_not_come_back_as_another(
    bridge: Bridge, clock: ManualClock, right: MemoryAdapter
) -> None:
    give(bridge, "nobody")
    assert settle(bridge, clock) == 0
    assert owner(right) != "nobody"
    assert assignments(bridge) == ["nobody"]


@pytest.mark.parametrize("left_active", [True, False])
def test_who_has_left_gets_nothing_where_the_account_is_closed_and_is_known_by_the_other_one(
    clock: ManualClock, left_active: bool
) -> None:
    left = MemoryAdapter("left", clock=clock, owners=[replace(LEFT_ANN, active=left_active)])
    right = MemoryAdapter("right", clock=clock, owners=[replace(ANN, active=not left_active), BOB])
    left.crm.seed("person", [person(1)])
    agreed = Agreement.loads(AGREEMENT)
    connections = {"left": left, "right": right}
    with Bridge(agreed, connections, store="sqlite://", writes="on", clock=clock, grace=timedelta(0)) as bridge:
        bridge.sync(yes=True)
        clock.advance(timedelta(minutes=1))
        right.crm.assign(there(right), "ann")
        assert settle(bridge, clock) == 0
    assert owner(left) == ("1" if left_active else None)
    assert owner(right) == "ann"


def test_a_check_says_whom_the_routing_names_and_the_crm_does_not_know(
    clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    routing = """
routing:
  queues: [{id: team, deal: round_robin, members: [ann, cleo]}]
  rules: [{id: finance, when: lead.title = 'CFO', owner: dora}, {id: others, queue: team}]
"""
    connections = {"left": left, "right": right}
    with Bridge(Agreement.loads(AGREEMENT + routing), connections, store="sqlite://", clock=clock) as bridge:
        (note,) = [note for note in bridge.check().notes if "routing names" in note]
    assert note == (
        "the routing names cleo, dora, whom right does not know → use the ids of its owners, such as ann, bob, pool"
    )
