"""Merged, converted, converted and then merged: a lead follows its record, and an opt-out follows the person."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from leadbridge.adapter import Missing, Record, Ref, Value
from leadbridge.clock import ManualClock
from leadbridge.domain.facts import ConsentWithdrawn, RecordMoved
from leadbridge.memory import MemoryAdapter
from leadbridge.store import Observation
from leadbridge.sync.aliases import VANISHED, answered, takers, upstream
from tests.sync.conftest import START, Bench, make_bench, person


def ref(name: str) -> Ref:
    return Ref("person", name)


def ended(name: str, heir: str | None) -> Record:
    return Record(ref(name), "1", START, {}, "merged", ref(heir) if heir else None)


def lead_of(bench: Bench, connection: str, record: Ref) -> str:
    (found,) = [link.lead for link in bench.store.links() if (link.connection, link.ref) == (connection, record)]
    return found


def live(bench: Bench, connection: str) -> set[str]:
    return {link.ref.id for link in bench.store.links() if (link.connection, link.status) == (connection, "live")}


# -- who waits for whom ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("into", "waiting"),
    [
        ({}, set()),
        ({"a": {"b"}}, {"b"}),
        ({"a": {"b"}, "b": {"c"}}, {"b", "c"}),
        ({"a": {"b"}, "b": {"a"}}, {"b"}),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}}, {"b", "c"}),
        ({"z": {"a"}, "a": {"b"}, "b": {"a"}}, {"b"}),
        ({"a": {"b", "c"}, "b": {"a"}, "c": {"a"}}, {"b", "c"}),
    ],
)
def test_of_leads_that_take_over_one_another_one_waits_for_nobody(into: dict[str, set[str]], waiting: set[str]) -> None:
    assert takers(into) == waiting


# -- the order of a chain ----------------------------------------------------------------------------------------------


def test_what_leads_to_another_record_is_followed_before_that_one() -> None:
    chain = {("left", ref("b")): ended("b", "a"), ("left", ref("a")): ended("a", "c")}
    for keys in permutations(chain):
        assert upstream(keys, chain) == [("left", ref("b"))]


def test_a_record_in_between_that_is_nobodys_does_not_hide_the_order() -> None:
    chain = {("left", ref(one)): ended(one, other) for one, other in (("b", "x"), ("x", "a"), ("a", "c"))}
    ready = [("left", ref("a")), ("left", ref("b"))]
    assert upstream(ready, chain) == [("left", ref("b"))]


def test_records_that_name_each_other_as_heirs_do_not_stop_a_sync() -> None:
    ring = {("left", ref("a")): ended("a", "b"), ("left", ref("b")): ended("b", "a")}
    assert upstream(list(ring), ring) == sorted(ring)


# -- answers of a look-up ----------------------------------------------------------------------------------------------


def test_an_answer_under_another_id_says_what_became_of_the_one_asked_for() -> None:
    survivor = Record(ref("new"), "7", START, {"email": "a@x.example"})
    found = {record.ref: record for record in answered([ref("old")], [survivor], [], START)}
    assert found[ref("new")] is survivor
    assert (found[ref("old")].state, found[ref("old")].successor) == ("merged", ref("new"))


def test_a_known_record_that_is_missing_is_gone_and_an_unknown_one_is_nothing() -> None:
    known = Observation("left", Record(ref("a"), "3", START, {"email": "a@x.example"}), dirty=False)
    answers = [Missing(ref("a")), Missing(ref("b"))]
    (record,) = answered([ref("a"), ref("b")], answers, [known], START)
    assert (record.ref, record.state, record.version, record.fields) == (
        ref("a"),
        "deleted",
        VANISHED,
        known.record.fields,
    )


def test_a_missing_heir_is_gone_even_if_nobody_ever_saw_it() -> None:
    (record,) = answered([ref("a")], [Missing(ref("a"))], [], START, heirs=True)
    assert (record.state, record.version) == ("deleted", VANISHED)


# -- chains in a sync --------------------------------------------------------------------------------------------------


def three(bench: Bench) -> tuple[Ref, Ref, Ref]:
    one, two, last = bench.left.crm.seed("person", [person(number) for number in (1, 2, 3)])
    bench.sync()
    return one, two, last


def test_a_chain_of_merges_of_three_leads_leaves_one_and_asks_about_the_others(bench: Bench) -> None:
    first, second, third = three(bench)
    leads = {each: lead_of(bench, "left", each) for each in (first, second, third)}
    bench.clock.advance(timedelta(minutes=1))
    bench.left.crm.merge(second, first)
    bench.left.crm.merge(third, second)
    bench.sync()
    assert live(bench, "left") == {third.id}
    assert lead_of(bench, "left", third) == leads[third]
    asked = {item.lead for item in bench.store.quarantined() if "became one record" in item.reason}
    assert asked == {leads[first], leads[second]}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_people_whom_the_crms_merge_each_the_other_way_round_do_not_wait_for_one_another(
    bench: Bench, order: tuple[int, int]
) -> None:
    pair = bench.left.crm.seed("person", [person(1), person(2)])
    bench.sync()
    there = [Ref("person", str(bench.by_email(bench.right, str(person(n)["email"]))["id"])) for n in (1, 2)]
    one, other = order
    bench.clock.advance(timedelta(minutes=1))
    bench.left.crm.edit(pair[one], {"opted_out": True})
    bench.left.crm.merge(pair[one], pair[other])
    bench.right.crm.merge(there[other], there[one])
    bench.sync()
    leads = {lead_of(bench, "left", each) for each in pair}
    asked = {item.lead for item in bench.store.quarantined() if "became one record" in item.reason}
    assert asked == leads, "each of them is asked about"
    assert [row["opted_out"] for side in (bench.left, bench.right) for row in side.crm.dump("person")] == [True, True]
    assert len(live(bench, "left")) == len(live(bench, "right")) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_opt_out_survives_a_merge_into_a_record_without_one_whichever_is_kept(
    bench: Bench, order: tuple[int, int]
) -> None:
    pair = bench.left.crm.seed("person", [person(1), person(2)])
    bench.sync()
    kept, given_up = pair[order[0]], pair[order[1]]
    bench.clock.advance(timedelta(minutes=1))
    bench.left.crm.edit(given_up, {"opted_out": True})
    bench.left.crm.edit(kept, {"opted_out": False})
    bench.left.crm.merge(kept, given_up)
    bench.sync()
    (row,) = bench.left.crm.dump("person")
    assert (row["id"], row["opted_out"]) == (kept.id, True)
    assert all(row["opted_out"] is True for row in bench.right.crm.dump("person"))


def test_an_opt_out_of_the_record_that_is_kept_holds_for_the_other_one_too(bench: Bench) -> None:
    kept, given_up = bench.left.crm.seed("person", [person(1), person(2)])
    bench.sync()
    bench.clock.advance(timedelta(minutes=1))
    bench.left.crm.edit(kept, {"opted_out": True})
    bench.left.crm.merge(kept, given_up)
    bench.sync()
    assert [row["opted_out"] for row in bench.right.crm.dump("person")] == [True, True]


def test_an_opt_out_goes_down_a_whole_chain_of_merges(bench: Bench) -> None:
    first, second, third = three(bench)
    bench.clock.advance(timedelta(minutes=1))
    for each in (second, third):
        bench.left.crm.edit(each, {"opted_out": False})
    bench.left.crm.edit(first, {"opted_out": True})
    bench.left.crm.merge(second, first)
    bench.left.crm.merge(third, second)
    bench.sync()
    (row,) = bench.left.crm.dump("person")
    assert row["opted_out"] is True
    assert all(each["opted_out"] is True for each in bench.right.crm.dump("person"))


def test_an_opt_out_of_a_record_that_nobody_had_linked_is_not_lost_in_a_merge(bench: Bench) -> None:
    kept, stranger = bench.left.crm.seed("person", [person(1), person(2, stage="captured", opted_out=True)])
    bench.sync()
    bench.clock.advance(timedelta(minutes=1))
    bench.left.crm.edit(kept, {"opted_out": False})
    bench.left.crm.merge(kept, stranger)
    bench.sync()
    assert bench.by_email(bench.left, "person1@buyer1.example")["opted_out"] is True
    assert bench.by_email(bench.right, "person1@buyer1.example")["opted_out"] is True


def test_a_merge_without_an_opt_out_opts_nobody_out(bench: Bench) -> None:
    first, second, _ = three(bench)
    bench.clock.advance(timedelta(minutes=1))
    bench.left.crm.merge(second, first)
    bench.sync()
    assert not [fact for _, fact in bench.store.facts() if isinstance(fact, ConsentWithdrawn)]


@pytest.fixture
def converting(clock: ManualClock) -> Bench:
    return make_bench(clock, right=MemoryAdapter("right", clock=clock, converts=True))


def test_a_lead_that_was_converted_and_then_merged_stands_for_the_record_that_is_left(converting: Bench) -> None:
    bench = converting
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    (row,) = bench.right.crm.dump("person")
    started = Ref("person", str(row["id"]))
    bench.clock.advance(timedelta(minutes=1))
    contact = bench.right.crm.convert(started)
    (survivor,) = bench.right.crm.seed("contact", [{"email": "other@buyer.example", "last_name": "Other"}])
    bench.right.crm.merge(survivor, contact)
    bench.sync()
    assert live(bench, "right") == {survivor.id}
    moved = [fact for _, fact in bench.store.facts() if isinstance(fact, RecordMoved)]
    assert [(fact.record, fact.to, fact.why) for fact in moved] == [
        (started.id, contact.id, "converted"),
        (contact.id, survivor.id, "merged"),
    ]


def test_an_opt_out_is_set_again_on_an_existing_contact_that_a_lead_was_converted_into(converting: Bench) -> None:
    bench = converting
    bench.left.crm.seed("person", [person(1, opted_out=True)])
    bench.sync()
    (row,) = bench.right.crm.dump("person")
    assert row["opted_out"] is True
    bench.clock.advance(timedelta(minutes=1))
    old: dict[str, Value] = {"email": "person1@buyer1.example", "last_name": "Number1", "opted_out": False}
    (existing,) = bench.right.crm.seed("contact", [old])
    lead = bench.right.crm.row(Ref("person", str(row["id"])))
    assert lead is not None
    bench.right.crm.retire(lead, "converted", existing)
    bench.sync()
    (contact,) = bench.right.crm.dump("contact")
    assert (contact["id"], contact["opted_out"]) == (existing.id, True)
    assert live(bench, "right") == {existing.id}


def test_an_heir_that_its_crm_does_not_show_ends_the_link_and_holds_nobody_up(converting: Bench) -> None:
    bench = converting
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    (row,) = bench.right.crm.dump("person")
    bench.clock.advance(timedelta(minutes=1))
    contact = bench.right.crm.convert(Ref("person", str(row["id"])))
    bench.right.crm.remove(contact)
    bench.sync()
    assert live(bench, "right") == set()
    bench.edit(bench.left, "person1@buyer1.example", {"company": "Renamed"})
    bench.sync()
    assert not bench.right.crm.dump("person")
    assert not bench.right.crm.dump("contact")
