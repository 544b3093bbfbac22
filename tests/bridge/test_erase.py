"""Erasing a person: said before it is done, gone from both CRMs and from here, and not back unnoticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from leadbridge import Bridge
from leadbridge.adapter import Ref
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.errors import ConfigError, StoreBusy, Unavailable
from leadbridge.memory import MemoryAdapter
from leadbridge.store import Store
from tests.sync.conftest import AGREEMENT, person

ADA = "person1@buyer1.example"
BOB = "person2@buyer2.example"
ROWS = ("fact", "link", "observation", "base", "intent", "conflict", "quarantine", "timer", "relation", "handle")

Open = Callable[..., Bridge]


class NoEraser(MemoryAdapter):
    """A CRM that lets no program erase anybody."""

    erase = None  # type: ignore[assignment]  # how a class says that it lacks an ability


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'people.db'}")
    yield opened
    opened.close()


@pytest.fixture
def open_bridge(clock: ManualClock, store: Store, left: MemoryAdapter, right: MemoryAdapter) -> Open:
    def opening(**options: object) -> Bridge:
        given = {"store": store, "writes": "on", "grace": timedelta(seconds=60), **options}
        connections = given.pop("connections", {"left": left, "right": right})
        return Bridge(Agreement.loads(AGREEMENT), connections, clock=clock, **given)  # type: ignore[arg-type]  # options

    return opening


@pytest.fixture
def bridge(open_bridge: Open, left: MemoryAdapter, clock: ManualClock) -> Bridge:
    """Ada and Bob are in both CRMs."""
    left.crm.seed("person", [person(1), person(2)])
    opened = open_bridge()
    sync(opened, clock)
    return opened


def sync(bridge: Bridge, clock: ManualClock) -> dict[str, int]:
    clock.advance(timedelta(minutes=2))
    result = bridge.sync(yes=True)
    assert result.quiet, result.failed
    return result.writes


def emails(crm: MemoryAdapter) -> set[object]:
    return {row["email"] for row in crm.crm.dump("person")}


def record(crm: MemoryAdapter, email: str) -> Ref:
    (found,) = [row["id"] for row in crm.crm.dump("person") if row["email"] == email]
    return Ref("person", str(found))


def counts(store: Store) -> dict[str, int]:
    return {name: store.count(name) for name in ROWS}


def test_without_yes_it_is_only_said_what_would_be_removed(
    bridge: Bridge, left: MemoryAdapter, right: MemoryAdapter, store: Store
) -> None:
    before, lead = counts(store), bridge.ledger.find(ADA)
    told = bridge.erase(ADA)
    assert not told.done
    assert told.lead == lead
    assert {each.ref for each in told.records} == {record(left, ADA), record(right, ADA)}
    assert all(each.state == "open" for each in told.records)
    assert counts(store) == before
    assert emails(left) == emails(right) == {ADA, BOB}
    assert ADA not in told.summary()


def test_a_person_is_gone_from_both_crms_and_from_here_and_nobody_else_is(
    bridge: Bridge, left: MemoryAdapter, right: MemoryAdapter, store: Store
) -> None:
    lead, bob = bridge.ledger.find(ADA), bridge.ledger.find(BOB)
    facts = len(bridge.ledger.facts(bob))
    told = bridge.erase(ADA, yes=True)
    assert told.done
    assert emails(left) == emails(right) == {BOB}
    assert store.facts([lead]) == []
    assert store.links([lead]) == []
    assert store.bases([lead]) == {}
    assert {o.ref for o in store.observations()} == {record(left, BOB), record(right, BOB)}
    assert len(bridge.ledger.facts(bob)) == facts


def test_nothing_of_the_person_is_left_in_the_files_of_the_database(bridge: Bridge, tmp_path: Path) -> None:
    lead = bridge.ledger.find(ADA)
    bridge.erase(ADA, yes=True)
    files = [path.read_bytes() for path in tmp_path.iterdir()]
    for said in (ADA, "Number1", "Buyer 1", lead):
        assert not any(said.encode() in text for text in files), said


def test_the_receipt_holds_numbers_and_no_person(bridge: Bridge, store: Store) -> None:
    told = bridge.erase(ADA, yes=True)
    (receipt,) = store.erasures(done=True)
    assert (receipt.id, receipt.lead, receipt.records) == (told.receipt, None, ())
    assert receipt.done_at == bridge.clock.now()
    assert receipt.counts["left records"] == receipt.counts["right records"] == 1
    assert receipt.counts["fact rows"] > 0


@pytest.mark.parametrize("by", ["address", "capitals", "lead", "record"])
def test_erasing_somebody_again_finds_nothing_left(bridge: Bridge, left: MemoryAdapter, by: str) -> None:
    who = {
        "address": ADA,
        "capitals": ADA.upper(),
        "lead": bridge.ledger.find(ADA),
        "record": record(left, ADA).id,
    }[by]
    assert bridge.erase(ADA, yes=True).done
    again = bridge.erase(who, yes=True)
    assert again.done
    assert again.records == ()


def test_somebody_nobody_ever_knew_is_no_success(bridge: Bridge) -> None:
    with pytest.raises(ConfigError, match="no lead is known by this"):
        bridge.erase("nobody@nowhere.example", yes=True)


# -- coming back -------------------------------------------------------------------------------------------------------


def test_a_reimport_does_not_bring_the_person_back_unnoticed(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    bridge.erase(ADA, yes=True)
    (back,) = left.crm.seed("person", [person(1, email=ADA.upper())])
    assert sync(bridge, clock) == {}
    assert emails(right) == {BOB}
    (item,) = bridge.quarantine()
    assert item.ref == back
    assert "erased on request" in item.reason
    assert f"leadbridge apart left person {back.id}" in item.remedy
    assert ADA not in repr(item).lower()


def test_somebody_who_came_back_by_an_own_wish_is_a_new_lead(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    old = bridge.ledger.find(ADA)
    bridge.erase(ADA, yes=True)
    (back,) = left.crm.seed("person", [person(1)])
    sync(bridge, clock)
    lead = bridge.apart("left", back)
    sync(bridge, clock)
    assert lead != old
    assert emails(right) == {ADA, BOB}
    assert bridge.quarantine() == []
    assert bridge.ledger.find(ADA) == lead


def test_what_is_left_in_a_recycle_bin_is_not_stored_again(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, store: Store
) -> None:
    ref = record(left, ADA)
    row = left.crm.row(ref)
    assert row is not None
    bridge.erase(ADA, yes=True)
    left.crm._rows["person"][ref] = row  # the CRM shows it as deleted, as a recycle bin does
    left.crm.retire(row, "deleted")
    assert sync(bridge, clock) == {}
    assert store.seen([("left", ref)]) == []


# -- by hand -----------------------------------------------------------------------------------------------------------


def test_where_no_program_may_erase_a_person_is_told_what_to_do_and_it_ends_when_that_is_done(
    open_bridge: Open, clock: ManualClock, left: MemoryAdapter, store: Store
) -> None:
    right = NoEraser("right", clock=clock)
    left.crm.seed("person", [person(1), person(2)])
    bridge = open_bridge(connections={"left": left, "right": right})
    sync(bridge, clock)
    lead, there = bridge.ledger.find(ADA), record(right, ADA)
    told = bridge.erase(ADA, yes=True)
    assert not told.done
    assert [(each.connection, each.ref) for each in told.by_hand] == [("right", there)]
    assert emails(left) == {BOB}
    assert store.facts([lead]) == []
    assert sync(bridge, clock) == {}
    assert store.seen([("right", there)]) == []
    assert emails(left) == {BOB}
    assert not bridge.erase(lead, yes=True).done
    right.crm.remove(there)
    ended = bridge.erase(there.id, yes=True)
    assert ended.done
    assert ended.receipt == told.receipt
    assert store.erasures(done=False) == []


def test_a_connection_that_is_never_written_is_left_to_a_person(bridge: Bridge, open_bridge: Open) -> None:
    careful = open_bridge(writes={"left": "on", "right": "off"})
    told = careful.erase(ADA, yes=True)
    assert [(each.connection, each.state) for each in told.by_hand] == [("right", "by_hand")]
    assert "writes are off" in told.summary()


def test_a_record_that_only_lies_in_the_bin_is_not_taken_for_erased(
    bridge: Bridge, left: MemoryAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = record(left, ADA)
    left.crm.delete(ref)
    monkeypatch.setattr(left.crm, "remove", lambda ref: False)
    told = bridge.erase(ADA, yes=True)
    assert [(each.ref, "recycle bin" in each.reason) for each in told.by_hand] == [(ref, True)]


# -- in the middle -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("skip", [0, 1])
def test_an_erasure_that_stopped_in_the_middle_goes_on_and_meanwhile_nobody_comes_back(
    bridge: Bridge,
    clock: ManualClock,
    left: MemoryAdapter,
    right: MemoryAdapter,
    store: Store,
    when: str,
    skip: int,
) -> None:
    lead = bridge.ledger.find(ADA)
    side = right if skip else left
    side.crm.fail(Unavailable("down", sent=when == "after"), operation="erase", when=when, times=100)  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        bridge.erase(ADA, yes=True)
    assert sync(bridge, clock) == {}
    assert store.suppression().holds("email", ADA)
    side.crm.recover()
    assert bridge.erase(lead, yes=True).done
    assert emails(left) == emails(right) == {BOB}
    assert sync(bridge, clock) == {}


def test_a_write_that_may_still_happen_is_waited_for(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    clock.advance(timedelta(minutes=1))
    left.crm.edit(record(left, ADA), {"company": "Renamed"})
    right.crm.fail(Unavailable("lost", sent=True), operation="apply", when="after")
    clock.advance(timedelta(minutes=1))
    bridge.sync(yes=True)
    with pytest.raises(StoreBusy, match="run this again in"):
        bridge.erase(ADA, yes=True)
    clock.advance(timedelta(minutes=2))
    assert bridge.erase(ADA, yes=True).done


def test_a_record_that_was_made_and_never_seen_is_erased_as_well(
    open_bridge: Open, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    left.crm.seed("person", [person(1)])
    bridge = open_bridge()
    right.crm.fail(Unavailable("lost", sent=True), operation="apply", when="after")
    bridge.sync(yes=True)
    assert emails(right) == {ADA}
    clock.advance(timedelta(minutes=2))
    assert bridge.erase(ADA, yes=True).done
    assert emails(right) == set()


def test_records_of_every_age_of_a_merged_and_converted_person_are_erased(
    open_bridge: Open, clock: ManualClock, left: MemoryAdapter
) -> None:
    right = MemoryAdapter("right", clock=clock, converts=True)
    left.crm.seed("person", [person(1)])
    bridge = open_bridge(connections={"left": left, "right": right})
    sync(bridge, clock)
    old = record(right, ADA)
    contact = right.crm.convert(old)
    sync(bridge, clock)
    told = bridge.erase(ADA)
    assert {each.ref for each in told.records if each.connection == "right"} == {old, contact}
    assert bridge.erase(ADA, yes=True).done
    assert right.crm.row(old) is None
    assert right.crm.row(contact) is None


def test_erasing_one_of_two_merged_leads_leaves_the_record_of_the_other(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter
) -> None:
    ada, bob = record(left, ADA), record(left, BOB)
    left.crm.merge(bob, ada)
    lead = bridge.ledger.find(ADA)
    sync(bridge, clock)
    bridge.erase(lead, yes=True)
    row = left.crm.row(bob)
    assert row is not None
    assert row.state == "live"
