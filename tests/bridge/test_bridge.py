"""The front door, on two CRMs in memory: what people do with a bridge, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from leadbridge import Bridge
from leadbridge.adapter import Ref
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.domain.facts import HandoffDecided
from leadbridge.errors import ConfigError, IllegalMove, StalePlan, WritesOff
from leadbridge.memory import MemoryAdapter
from leadbridge.store import Store
from tests.sync.conftest import AGREEMENT, person

ADA = "person1@buyer1.example"
AGREED = Agreement.loads(AGREEMENT)

Open = Callable[..., Bridge]


@pytest.fixture
def open_bridge(clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter) -> Iterator[Open]:
    opened: list[Bridge] = []

    def opening(**options: object) -> Bridge:
        given = {"store": "sqlite://", "writes": "on", "grace": timedelta(0), **options}
        connections = given.pop("connections", {"left": left, "right": right})
        bridge = Bridge(AGREED, connections, clock=clock, **given)  # type: ignore[arg-type]  # options
        opened.append(bridge)
        return bridge

    yield opening
    for bridge in opened:
        bridge.close()


@pytest.fixture
def bridge(open_bridge: Open) -> Bridge:
    return open_bridge()


def sync(bridge: Bridge, clock: ManualClock) -> dict[str, int]:
    """Some time passes, then everything is synced; how many writes it took."""
    clock.advance(timedelta(minutes=1))
    result = bridge.sync(yes=True)
    assert result.quiet, result.failed
    return result.writes


def only(crm: MemoryAdapter) -> dict[str, object]:
    (row,) = crm.crm.dump("person")
    return dict(row)


# -- what a bridge is made of ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 3])
def test_a_bridge_has_one_or_two_connections(open_bridge: Open, count: int) -> None:
    with pytest.raises(ConfigError, match=f"one or two connections, not {count}"):
        open_bridge(connections={f"crm-{number}": MemoryAdapter(f"crm-{number}") for number in range(count)})


def test_a_mode_of_writing_that_does_not_exist_is_refused(open_bridge: Open) -> None:
    with pytest.raises(ConfigError, match="writes of right: 'maybe' is unknown; use off, ask or on"):
        open_bridge(writes={"right": "maybe"})


def test_one_connection_alone_has_a_ledger_too(open_bridge: Open, clock: ManualClock, left: MemoryAdapter) -> None:
    left.crm.seed("person", [person(1)])
    bridge = open_bridge(connections={"left": left})
    sync(bridge, clock)
    assert bridge.lead(ADA).stage == "marketing_qualified"
    assert len(bridge.ledger.open_handoffs()) == 1


def test_a_database_of_two_crms_is_not_synced_with_one_of_them(
    open_bridge: Open, clock: ManualClock, left: MemoryAdapter
) -> None:
    store = Store("sqlite://")
    sync(open_bridge(store=store), clock)
    half = open_bridge(store=store, connections={"left": left})
    for attempt in (half.plan, half.sync):
        with pytest.raises(ConfigError, match="also belongs to right"):
            attempt()


def test_a_database_is_not_used_for_another_account(open_bridge: Open, clock: ManualClock, left: MemoryAdapter) -> None:
    store = Store("sqlite://")
    sync(open_bridge(store=store), clock)
    other = open_bridge(store=store, connections={"left": left, "right": MemoryAdapter("another", clock=clock)})
    with pytest.raises(ConfigError, match="account another, but this database was made for memory account right"):
        other.sync()


def test_a_bridge_can_be_closed_twice(open_bridge: Open) -> None:
    with open_bridge() as bridge:
        assert bridge.links() == []
    bridge.close()


# -- how far a connection may be written -------------------------------------------------------------------------------


def test_by_default_nothing_is_written_without_a_yes(
    open_bridge: Open, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    left.crm.seed("person", [person(1)])
    bridge = open_bridge(writes={})
    with pytest.raises(WritesOff, match="left, right"):
        bridge.sync()
    assert right.crm.dump("person") == []
    bridge.apply(bridge.plan())
    assert len(right.crm.dump("person")) == 1


def test_a_connection_that_is_off_stays_as_it_is_and_the_other_is_written(
    open_bridge: Open, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    left.crm.seed("person", [person(1)])
    right.crm.seed("person", [person(2)])
    before = right.crm.dump("person")
    bridge = open_bridge(writes={"left": "on", "right": "off"})
    bridge.sync()
    assert right.crm.dump("person") == before
    assert {row["email"] for row in left.crm.dump("person")} == {ADA, "person2@buyer2.example"}
    assert bridge.plan().off == {"right"}


def test_what_was_held_back_is_written_once_the_connection_is_on(
    open_bridge: Open, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    left.crm.seed("person", [person(1)])
    store = Store("sqlite://")
    open_bridge(store=store, writes="off").sync()
    sync(open_bridge(store=store), clock)
    assert only(right)["email"] == ADA


# -- plan and apply ----------------------------------------------------------------------------------------------------


def test_a_plan_names_the_lead_by_address_record_and_id(bridge: Bridge, left: MemoryAdapter) -> None:
    (ref,) = left.crm.seed("person", [person(1)])
    plan = bridge.plan()
    (outcome,) = plan.outcomes
    assert plan.explain(ADA) == plan.explain(f" {ADA.upper()} ") == plan.explain(ref.id) == plan.explain(outcome.lead)
    with pytest.raises(ConfigError, match="lead id, a record id or an address"):
        plan.explain("nobody@buyer.example")


def test_a_plan_for_programs_shows_no_values_of_records(bridge: Bridge, left: MemoryAdapter) -> None:
    left.crm.seed("person", [person(1)])
    plan = bridge.plan()
    for shown in (str(plan.to_dict()), repr(plan), str(plan), plan._repr_html_()):
        assert ADA not in shown
        assert "Number1" not in shown


def test_a_plan_is_the_same_until_something_changes(bridge: Bridge, clock: ManualClock, left: MemoryAdapter) -> None:
    (ref,) = left.crm.seed("person", [person(1)])
    plan = bridge.plan()
    assert bridge.plan().hash == plan.hash
    clock.advance(timedelta(minutes=1))
    left.crm.edit(ref, {"title": "CFO"})
    assert bridge.plan().hash != plan.hash
    with pytest.raises(StalePlan):
        bridge.apply(plan)


def test_a_plan_is_applied_once(bridge: Bridge, left: MemoryAdapter, right: MemoryAdapter) -> None:
    left.crm.seed("person", [person(1)])
    plan = bridge.plan()
    assert bridge.apply(plan).delivered.done == len(plan)
    with pytest.raises(StalePlan):
        bridge.apply(plan)
    assert len(right.crm.dump("person")) == 1


# -- answering offers --------------------------------------------------------------------------------------------------


def test_a_rejection_given_by_a_tool_stands_in_both_crms_after_a_sync(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    left.crm.seed("person", [person(1)])
    sync(bridge, clock)
    clock.advance(timedelta(minutes=5))
    told = bridge.record(bridge.handoff(ADA).reject("wrong_industry"))
    assert told == 2
    sync(bridge, clock)
    for crm in (left, right):
        row = only(crm)
        assert (row["leadbridge_decision"], row["leadbridge_reason"]) == ("reject", "wrong_industry")
    assert only(right)["status"] == "rejected"
    assert only(left)["stage"] == "engaged"
    assert (bridge.lead(ADA).decision, bridge.lead(ADA).reason) == ("reject", "wrong_industry")
    assert sync(bridge, clock) == {}


def test_an_acceptance_given_by_a_tool_moves_the_lead_on_in_both_crms(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    left.crm.seed("person", [person(1)])
    sync(bridge, clock)
    bridge.record(bridge.handoff(ADA).accept())
    sync(bridge, clock)
    assert only(left)["stage"] == only(right)["stage"] == "sales_accepted"
    assert only(right)["status"] == "accepted"
    assert bridge.clocks().in_state("met")
    assert sync(bridge, clock) == {}


def test_an_offer_is_answered_once(bridge: Bridge, clock: ManualClock, left: MemoryAdapter) -> None:
    left.crm.seed("person", [person(1)])
    sync(bridge, clock)
    bridge.record(bridge.handoff(ADA).accept())
    with pytest.raises(IllegalMove, match="answered already"):
        bridge.handoff(ADA).reject("wrong_industry")


def test_what_is_recorded_twice_is_known_once(bridge: Bridge, clock: ManualClock, left: MemoryAdapter) -> None:
    left.crm.seed("person", [person(1)])
    sync(bridge, clock)
    facts = bridge.handoff(ADA).accept()
    assert bridge.record([*facts, *facts]) == len(facts)
    assert bridge.record(facts) == 0
    assert bridge.record(facts[0]) == 0
    assert sum(isinstance(fact, HandoffDecided) for fact in bridge.ledger.facts(ADA)) == 1


def test_a_lead_that_was_never_offered_has_no_offer_to_answer(
    open_bridge: Open, clock: ManualClock, left: MemoryAdapter
) -> None:
    left.crm.seed("person", [person(1, stage="engaged")])
    bridge = open_bridge()
    sync(bridge, clock)
    with pytest.raises(ConfigError, match="never offered"):
        bridge.handoff(ADA)


def test_the_promise_runs_from_the_offer_and_breaks_by_itself(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    left.crm.seed("person", [person(1)])
    sync(bridge, clock)
    assert len(bridge.clocks().due_within("4h")) == 1
    assert len(bridge.clocks(at=clock.now() + timedelta(hours=5)).breached()) == 1
    clock.advance(timedelta(hours=5))
    sync(bridge, clock)
    assert only(left)["leadbridge_sla_state"] == only(right)["leadbridge_sla_state"] == "breached"


# -- who is who --------------------------------------------------------------------------------------------------------


def test_a_copy_of_a_linked_record_is_merged_in_the_crm_and_never_linked_as_well(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    left.crm.seed("person", [person(1), person(2)])
    sync(bridge, clock)
    (one, two) = (row["id"] for row in right.crm.dump("person"))
    lead = bridge.ledger.find(str(one))
    clock.advance(timedelta(minutes=1))
    (stranger,) = right.crm.seed("person", [person(1, title="Copy")])
    sync(bridge, clock)
    (item,) = bridge.quarantine()
    assert (item.subject, item.ref) == ("identity", stranger)
    with pytest.raises(ConfigError, match="merge the two there"):
        bridge.link("right", stranger, lead)
    clock.advance(timedelta(minutes=1))
    right.crm.merge(Ref("person", str(one)), stranger)
    sync(bridge, clock)
    assert {row["id"] for row in right.crm.dump("person")} == {one, two}


def test_link_settles_an_unclear_identity(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    kept, _ = left.crm.seed("person", [person(1), person(2)])
    sync(bridge, clock)
    gone = Ref("person", next(str(row["id"]) for row in right.crm.dump("person") if row["email"] == ADA))
    clock.advance(timedelta(minutes=1))
    right.crm.delete(gone)
    sync(bridge, clock)
    (stranger,) = right.crm.seed("person", [person(1)])
    sync(bridge, clock)
    (item,) = bridge.quarantine()
    assert item.ref == stranger
    bridge.link("right", stranger, ADA)
    assert bridge.quarantine() == []
    clock.advance(timedelta(minutes=1))
    left.crm.edit(kept, {"title": "CFO"})
    sync(bridge, clock)
    titles = {row["email"]: row.get("title") for row in right.crm.dump("person")}
    assert titles[ADA] == "CFO"


def test_a_record_that_stands_for_a_lead_is_not_given_to_another(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter
) -> None:
    one, _ = left.crm.seed("person", [person(1), person(2)])
    sync(bridge, clock)
    with pytest.raises(ConfigError, match="merge the two there"):
        bridge.link("left", one, "person2@buyer2.example")
    bridge.link("left", one, ADA)
    assert sync(bridge, clock) == {}


def test_a_link_needs_a_connection_and_a_lead_that_exist(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter
) -> None:
    left.crm.seed("person", [person(1)])
    sync(bridge, clock)
    with pytest.raises(ConfigError, match="there is no connection elsewhere"):
        bridge.link("elsewhere", Ref("person", "x"), ADA)
    with pytest.raises(ConfigError, match="no lead is known by this"):
        bridge.link("left", Ref("person", "x"), "nobody@buyer.example")


# -- reading -----------------------------------------------------------------------------------------------------------


def test_a_lead_is_what_both_crms_and_the_ledger_say_of_it(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    (ref,) = left.crm.seed("person", [person(1)])
    sync(bridge, clock)
    lead = bridge.lead(ref.id)
    assert (lead.email, lead.stage, lead.source) == (ADA, "marketing_qualified", "webinar")
    assert bridge.lead(ADA) == bridge.lead(lead.id) == lead
    assert {link.connection for link in bridge.links()} == {"left", "right"}


def test_the_calls_of_each_connection_are_counted(bridge: Bridge, clock: ManualClock) -> None:
    sync(bridge, clock)
    assert bridge.calls().keys() == {"left", "right"}
    assert all(bridge.calls().values())


def test_missing_fields_of_ours_can_be_added(open_bridge: Open, clock: ManualClock) -> None:
    bare = MemoryAdapter("right", clock=clock, provisioned=False)
    bridge = open_bridge(connections={"right": bare})
    assert {found.state for found in bridge.provision()["right"]} == {"planned"}
    assert {found.state for found in bridge.provision(dry_run=False)["right"]} == {"created"}
    assert {found.state for found in bridge.provision()["right"]} == {"exists"}
