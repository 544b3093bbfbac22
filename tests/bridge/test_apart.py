"""Who is who, when a person has to say it: with the candidates, in one line, and only once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from leadbridge import Bridge
from leadbridge.adapter import Ref
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.errors import ConfigError
from leadbridge.memory import MemoryAdapter
from tests.sync.conftest import AGREEMENT, person

SHARED = "office@buyer.example"


@pytest.fixture
def bridge(clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter) -> Iterator[Bridge]:
    connections = {"left": left, "right": right}
    agreed = Agreement.loads(AGREEMENT)
    with Bridge(agreed, connections, store="sqlite://", writes="on", clock=clock, grace=timedelta(0)) as opened:
        yield opened


def sync(bridge: Bridge, clock: ManualClock) -> None:
    clock.advance(timedelta(minutes=1))
    assert bridge.sync(yes=True).quiet


def waiting(bridge: Bridge) -> dict[str, str]:
    return {item.ref.id: item.remedy for item in bridge.quarantine() if item.subject == "identity"}


def second(bridge: Bridge, clock: ManualClock, left: MemoryAdapter) -> Ref:
    """A second record with the address of a lead."""
    left.crm.seed("person", [person(1, email=SHARED)])
    sync(bridge, clock)
    (ref,) = left.crm.seed("person", [person(2, email=SHARED)])
    sync(bridge, clock)
    return ref


def test_the_question_shows_the_candidate_and_both_answers(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter
) -> None:
    ref = second(bridge, clock, left)
    (lead,) = bridge.ledger.leads()
    (item,) = bridge.quarantine()
    assert lead in item.reason
    assert f"leadbridge apart left person {ref.id}" in item.remedy


def test_a_record_that_was_kept_apart_is_a_lead_of_its_own_and_nobody_is_asked_again(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    ref = second(bridge, clock, left)
    lead = bridge.apart("left", ref)
    sync(bridge, clock)
    assert waiting(bridge) == {}
    assert len(bridge.ledger.leads()) == 2
    assert sorted(str(row["last_name"]) for row in right.crm.dump("person")) == ["Number1", "Number2"]
    clock.advance(timedelta(minutes=1))
    left.crm.edit(ref, {"company": "Renamed"})
    sync(bridge, clock)
    assert waiting(bridge) == {}
    assert {row["company"] for row in right.crm.dump("person")} == {"Buyer 1", "Renamed"}
    assert bridge.apart("left", ref) == lead


def test_twins_can_both_be_kept_apart(bridge: Bridge, clock: ManualClock, left: MemoryAdapter) -> None:
    twins = left.crm.seed("person", [person(1, email=SHARED), person(2, email=SHARED)])
    sync(bridge, clock)
    assert set(waiting(bridge)) == {ref.id for ref in twins}
    assert len({bridge.apart("left", ref) for ref in twins}) == 2
    sync(bridge, clock)
    assert waiting(bridge) == {}


def test_a_record_of_a_lead_with_records_elsewhere_is_not_taken_apart(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter
) -> None:
    (ref,) = left.crm.seed("person", [person(1)])
    sync(bridge, clock)
    sync(bridge, clock)
    (row,) = bridge.connections["right"].crm.dump("person")  # type: ignore[attr-defined]  # in memory
    with pytest.raises(ConfigError, match="cannot be taken apart"):
        bridge.apart("right", Ref("person", str(row["id"])))
    assert ref.id not in waiting(bridge)


def test_a_record_that_nobody_has_read_cannot_be_kept_apart(bridge: Bridge, clock: ManualClock) -> None:
    sync(bridge, clock)
    with pytest.raises(ConfigError, match="was read from left"):
        bridge.apart("left", Ref("person", "nobody"))
    with pytest.raises(ConfigError, match="there is no connection middle"):
        bridge.apart("middle", Ref("person", "1"))


def test_an_address_of_several_leads_is_asked_about_with_a_line_for_each_of_them(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    bridge.apart("left", second(bridge, clock, left))
    sync(bridge, clock)
    (third,) = right.crm.seed("person", [person(3, email=SHARED)])
    sync(bridge, clock)
    remedy = waiting(bridge)[third.id]
    for lead in bridge.ledger.leads():
        assert f"leadbridge link right person {third.id} {lead}" in remedy
    assert f"leadbridge apart right person {third.id}" in remedy


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_changed_address_never_makes_a_second_person(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter, side: str
) -> None:
    left.crm.seed("person", [person(1)])
    sync(bridge, clock)
    crm = left if side == "left" else right
    (row,) = crm.crm.dump("person")
    clock.advance(timedelta(minutes=1))
    crm.crm.edit(Ref("person", str(row["id"])), {"email": "married@buyer1.example"})
    sync(bridge, clock)
    assert [row["email"] for row in left.crm.dump("person")] == ["married@buyer1.example"]
    assert [row["email"] for row in right.crm.dump("person")] == ["married@buyer1.example"]
    assert len(bridge.ledger.leads()) == 1


def test_whoever_has_no_key_and_no_address_is_not_carried_over_run_after_run(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    left.crm.seed("person", [person(1, email=None)])
    for _ in range(3):
        sync(bridge, clock)
    assert right.crm.dump("person") == []
    assert bridge.ledger.leads() == []
