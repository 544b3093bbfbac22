"""A bridge routes what waits: proposals first, facts when somebody records them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from leadbridge import Bridge
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.domain.handoff.dealing import Dealt
from leadbridge.memory import MemoryAdapter
from tests.sync.conftest import AGREEMENT, START, person

ROUTING = """
routing:
  queues:
    - {id: team, deal: round_robin, members: [ann, bob]}
    - pool
  rules:
    - {id: finance, when: lead.title = 'CFO', owner: fin}
    - {id: others, queue: team}
  reclaim: {after: 7 days, to: pool}
  owner_leaves:
    - {stage: marketing_qualified, queue: team}
"""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def bridge(clock: ManualClock) -> Iterator[Bridge]:
    left = MemoryAdapter("left", clock=clock)
    left.crm.seed("person", [person(1), person(2, title="CFO"), person(3)])
    connections = {"left": left, "right": MemoryAdapter("right", clock=clock)}
    agreed = Agreement.loads(AGREEMENT + ROUTING)
    with Bridge(agreed, connections, store="sqlite://", writes="on", clock=clock, grace=timedelta(0)) as opened:
        clock.advance(timedelta(minutes=1))
        opened.sync(yes=True)
        yield opened


def owners(bridge: Bridge) -> dict[str, str]:
    return {lead: trail.owner for lead, trail in bridge.ledger.open_handoffs()}


def test_routes_are_proposals_until_they_are_recorded(bridge: Bridge, clock: ManualClock) -> None:
    found = bridge.routes()
    assert sorted(each.owner or "" for each in found) == ["ann", "bob", "fin"]
    assert bridge.routes() == found
    assert set(owners(bridge).values()) == {""}
    clock.advance(timedelta(minutes=1))
    for each in bridge.routes():
        bridge.record(each.facts)
    assert bridge.routes() == []
    assert owners(bridge) == {each.lead: each.owner for each in found}
    assert Dealt.of(bridge.ledger.facts()).by_queue.keys() == {"team"}
    (finance,) = [each for each in found if each.owner == "fin"]
    assert "assigned to fin, rule finance by leadbridge" in bridge.ledger.explain(finance.lead)


def test_who_is_away_today_gets_nothing(bridge: Bridge) -> None:
    assert {each.owner for each in bridge.routes(away=["ann", "fin"])} == {"bob"}


def test_what_nobody_touches_is_taken_back_and_stays_taken_back_after_a_sync(
    bridge: Bridge, clock: ManualClock
) -> None:
    for each in bridge.routes():
        bridge.record(each.facts)
    assert bridge.reclaims() == ()
    clock.advance(timedelta(days=7))
    taken = bridge.reclaims()
    assert len(taken) == 3
    bridge.record(taken)
    bridge.sync(yes=True)
    assert bridge.reclaims() == ()
    assert set(owners(bridge).values()) == {""}
    assert {each.why for each in bridge.routes()} == {"waits there; people pick from this queue"}


def test_the_leads_of_somebody_who_leaves_are_dealt_out_again(bridge: Bridge, clock: ManualClock) -> None:
    for each in bridge.routes():
        bridge.record(each.facts)
    clock.advance(timedelta(days=1))
    left = bridge.leave("fin")
    assert (len(left.back), left.stay) == (1, ())
    bridge.record(left.facts)
    (again,) = bridge.routes()
    assert (again.lead, again.queue, again.rule) == (left.back[0], "team", "in_queue")
    assert again.owner in ("ann", "bob")
