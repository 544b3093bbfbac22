"""Values that are wanted and cannot be written: said to a person with the way out, and never forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from leadbridge.adapter import FieldInfo, Option, Receipt, Ref, Value, Write
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.memory import MemoryAdapter
from leadbridge.memory.schema import Kinds, default_kinds
from leadbridge.store import Quarantined
from leadbridge.sync.held import LOOP_WRITES
from tests.sync.conftest import AGREEMENT, Bench, make_bench, person

ADDRESS = "person1@buyer1.example"


def kinds(**fields: FieldInfo) -> Kinds:
    made = default_kinds()
    made["person"].update(fields)
    return made


def only(bench: Bench) -> Quarantined:
    (item,) = bench.store.quarantined()
    return item


def value(side: MemoryAdapter, name: str) -> Value:
    return side.crm.dump("person")[0].get(name)


# -- what no option stands for -----------------------------------------------------------------------------------------


def choices(*names: str) -> FieldInfo:
    return FieldInfo("industry", "Industry", "option", options=tuple(Option(n, n) for n in names), restricted=True)


def test_a_value_without_an_option_is_said_to_a_person_and_goes_over_once_there_is_one(clock: ManualClock) -> None:
    schema = kinds(industry=choices("Steel"))
    right = MemoryAdapter("right", clock=clock, kinds=schema)
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1, industry="Steel")])
    bench.sync()
    bench.edit(bench.left, ADDRESS, {"industry": "Witchcraft", "title": "CFO"})
    bench.sync()
    assert (value(right, "industry"), value(right, "title")) == ("Steel", "CFO")
    item = only(bench)
    assert (item.connection, item.subject, item.origin) == ("right", "industry", "decision")
    assert "crosswalks" in item.remedy
    assert "Witchcraft" not in item.reason + item.remedy
    schema["person"]["industry"] = choices("Steel", "Witchcraft")
    bench.edit(bench.left, ADDRESS, {"title": "CEO"})
    bench.sync()
    assert value(right, "industry") == "Witchcraft"
    assert bench.store.quarantined() == []


def test_a_new_record_is_made_without_what_it_cannot_say_and_gets_it_later(clock: ManualClock) -> None:
    right = MemoryAdapter("right", clock=clock, kinds=kinds(industry=choices("Steel")))
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1, industry="Retail")])
    bench.sync()
    assert value(right, "industry") is None
    assert only(bench).subject == "industry"
    bench.edit(bench.left, ADDRESS, {"industry": "Steel"})
    bench.sync()
    assert value(right, "industry") == "Steel"
    assert bench.store.quarantined() == []


# -- what the CRM refused ----------------------------------------------------------------------------------------------


def test_what_was_refused_stays_wanted_and_goes_over_when_it_is_released(clock: ManualClock) -> None:
    schema = kinds(region=FieldInfo("region", "Region", "number"))
    right = MemoryAdapter("right", clock=clock, kinds=schema)
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.left, ADDRESS, {"region": "North"})
    bench.sync()
    bench.edit(bench.left, ADDRESS, {"title": "CFO"})
    bench.sync()
    item = only(bench)
    assert item.subject == "region"
    schema["person"]["region"] = FieldInfo("region", "Region", "string")
    with bench.store.transaction() as tx:
        tx.resolve([item.fingerprint], clock.now())
        tx.mark([("right", item.ref)], dirty=True)
    bench.sync()
    assert value(right, "region") == "North"
    assert bench.store.quarantined() == []


def test_an_edit_of_a_field_whose_other_value_was_refused_is_a_conflict_that_keeps_both(clock: ManualClock) -> None:
    right = MemoryAdapter("right", clock=clock, kinds=kinds(region=FieldInfo("region", "Region", "number")))
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.left, ADDRESS, {"region": "North"})
    bench.sync()
    bench.edit(right, ADDRESS, {"region": 7})
    bench.sync()
    assert (value(bench.left, "region"), value(right, "region")) == ("7", 7)
    (conflict,) = bench.store.conflicts()
    assert conflict.values == {"left": "North", "right": 7}


# -- what a person decides ---------------------------------------------------------------------------------------------


def manual(bench: Bench) -> None:
    text = AGREEMENT.replace("title: {policy: latest, owner: sales}", "title: {policy: manual}")
    bench.engine.agreements = type(bench.engine.agreements).of(Agreement.loads(text))


def test_a_field_left_to_a_person_waits_in_quarantine_until_both_crms_say_the_same(bench: Bench) -> None:
    manual(bench)
    bench.left.crm.seed("person", [person(1, title="CFO")])
    bench.sync()
    assert value(bench.right, "title") == "CFO", "there is nothing to decide about a new record"
    bench.edit(bench.left, ADDRESS, {"title": "CEO", "country": "GB"})
    bench.sync()
    assert (value(bench.right, "title"), value(bench.right, "country")) == ("CFO", "GB")
    item = only(bench)
    assert (item.subject, item.origin) == ("title", "decision")
    bench.edit(bench.right, ADDRESS, {"title": "CEO"})
    bench.sync()
    assert bench.store.quarantined() == []


# -- loops -------------------------------------------------------------------------------------------------------------


class Stubborn(MemoryAdapter):
    """A CRM in which a workflow puts a field back after every write."""

    wants: Value = None
    put_back: Callable[[str], Value] | None = None

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        receipts = super().apply(writes)
        for write, receipt in zip(writes, receipts, strict=True):
            if self.put_back is not None and receipt.ref is not None and "title" in write.fields:
                self.crm.edit(receipt.ref, {"title": self.put_back(str(write.fields["title"]))})
        return receipts


def fight(clock: ManualClock) -> Bench:
    """Two CRMs of which each writes a title in its own way."""
    left, right = Stubborn("left", clock=clock), Stubborn("right", clock=clock)
    bench = make_bench(clock, left=left, right=right)
    left.crm.seed("person", [person(1, title="cfo")])
    bench.sync()
    left.put_back, right.put_back = str.lower, str.upper
    return bench


def test_two_crms_that_put_back_what_the_other_says_are_stopped_and_reported(clock: ManualClock) -> None:
    bench = fight(clock)
    bench.edit(bench.left, ADDRESS, {"title": "ceo"})
    for _ in range(6):
        clock.advance(timedelta(minutes=1))
        bench.engine.sync()
    assert bench.sync().writes == {}
    item = next(item for item in bench.store.quarantined() if item.subject == "title")
    assert "put it back" in item.reason
    assert "workflow" in item.remedy
    written = [i for i in bench.store.intents(states=("done",)) if i.fields.get("title") in ("ceo", "CEO")]
    assert max(sum(i.connection == side for i in written) for side in ("left", "right")) == LOOP_WRITES


def test_a_person_who_changes_a_field_often_is_no_loop(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    for number in range(8):
        bench.edit(bench.left, ADDRESS, {"title": f"Title {number}"})
        bench.sync()
    assert value(bench.right, "title") == "Title 7"
    assert bench.store.quarantined() == []


def test_a_loop_of_yesterday_does_not_count_today(clock: ManualClock) -> None:
    bench = make_bench(clock)
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    for title in ("CFO", "CEO") * 5:
        bench.edit(bench.left, ADDRESS, {"title": title})
        bench.sync()
        clock.advance(timedelta(minutes=40))
    assert value(bench.right, "title") == "CEO"
    assert bench.store.quarantined() == []


def test_what_is_kept_of_a_refusal_names_its_record(clock: ManualClock) -> None:
    bench = fight(clock)
    bench.edit(bench.left, ADDRESS, {"title": "ceo"})
    for _ in range(6):
        clock.advance(timedelta(minutes=1))
        bench.engine.sync()
    assert {replace(item.ref, id="") for item in bench.store.quarantined()} == {Ref("person", "")}
