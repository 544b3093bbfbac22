"""Histories that once went wrong, each reduced to a few steps. Most were found by ``test_simulation``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from leadbridge.adapter import FieldInfo, Missing, Receipt, Record, Ref, Value, Write
from leadbridge.bridge import Bridge
from leadbridge.clock import ManualClock
from leadbridge.errors import ConfigError, Unavailable
from leadbridge.memory import MemoryAdapter
from leadbridge.memory.schema import Kinds, default_kinds
from tests.sync.conftest import Bench, make_bench, person

ADDRESS = "person1@buyer1.example"


def kinds(**fields: FieldInfo) -> Kinds:
    """The default kinds with other fields of a person."""
    made = default_kinds()
    made["person"].update(fields)
    return made


class Interrupted(MemoryAdapter):
    """An adapter during whose requests somebody works in the CRM."""

    before_fetch: Callable[[], None] | None = None
    before_apply: Callable[[], None] | None = None
    after_apply: Callable[[], None] | None = None

    def fetch(self, refs: Sequence[Ref], *, fields: Sequence[str]) -> list[Record | Missing]:
        self._once("before_fetch")
        return super().fetch(refs, fields=fields)

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        self._once("before_apply")
        receipts = super().apply(writes)
        self._once("after_apply")
        return receipts

    def _once(self, name: str) -> None:
        work = getattr(self, name)
        if work is not None:
            setattr(self, name, None)
            work()


def ref_of(side: MemoryAdapter, number: int = 0) -> Ref:
    return Ref("person", str(side.crm.dump("person")[number]["id"]))


def pass_on(bench: Bench) -> None:
    bench.clock.advance(timedelta(minutes=1))


# -- edits that got lost -----------------------------------------------------------------------------------------------


def test_what_is_refused_in_one_crm_is_not_agreed_because_the_other_took_its_part(clock: ManualClock) -> None:
    right = MemoryAdapter("right", clock=clock, kinds=kinds(region=FieldInfo("region", "Region", "bool")))
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.left, ADDRESS, {"first_name": "Grace"})
    bench.edit(bench.right, ADDRESS, {"phone": "+44 20 7946 0000", "region": True})
    bench.sync()
    assert bench.left.crm.dump("person")[0]["phone"] == "+44 20 7946 0000"
    assert bench.right.crm.dump("person")[0]["first_name"] == "Grace"
    assert [item.subject for item in bench.store.quarantined()] == ["region"]


def test_an_edit_between_reading_and_reading_back_is_seen(clock: ManualClock) -> None:
    left = Interrupted("left", clock=clock, forward_only_stage=True)
    bench = make_bench(clock, left=left)
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    ref = ref_of(left)
    left.after_apply = lambda: left.crm.edit(ref, {"title": "CFO"})
    bench.edit(bench.right, ADDRESS, {"stage": "sales_accepted"})
    bench.sync()
    bench.sync()
    assert bench.right.crm.dump("person")[0]["title"] == "CFO"


def test_an_edit_of_a_new_record_is_no_default_of_its_crm(clock: ManualClock) -> None:
    right = Interrupted("right", clock=clock)
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1, title="Engineer")])
    right.after_apply = lambda: right.crm.edit(ref_of(right), {"title": "CFO", "country": "DE"})
    bench.sync()
    bench.sync()
    assert [bench.left.crm.dump("person")[0][name] for name in ("title", "country")] == ["CFO", "DE"]


@pytest.mark.parametrize("shown", [True, False], ids=["the merged record is shown", "only the one that is left"])
def test_a_record_whose_making_was_in_doubt_and_that_was_merged_into_another_leads_takes_nothing_from_that_lead(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, shown: bool
) -> None:
    (known,) = bench.left.crm.seed("person", [person(1)])
    bench.sync()
    (link,) = [each for each in bench.store.links() if each.ref == known]
    bench.right.crm.seed("person", [person(2)])
    bench.left.crm.fail(Unavailable("lost", sent=True), operation="apply", when="after")
    bench.engine.sync(rounds=1)
    (made,) = [row.ref for row in bench.left.crm.rows("person") if row.fields["email"] == person(2)["email"]]
    real = bench.left.find

    def find(*asked: Any, **more: Any) -> list[tuple[Record, ...]]:
        """Right before we look for what was made it is merged into a record that has lost its key."""
        if bench.left.crm.row(made).state == "live":  # type: ignore[union-attr]  # it was just made
            bench.left.crm.edit(known, {"leadbridge_id": None})
            bench.left.crm.merge(known, made)
        return [tuple(each for each in found if shown or each.state == "live") for found in real(*asked, **more)]

    monkeypatch.setattr(bench.left, "find", find)
    bench.sync()
    assert link in bench.store.links(), "who stood for a lead still does"
    assert [row["id"] for row in bench.left.crm.dump("person")] == [known.id], "and nobody is made once more"
    assert len(bench.right.crm.dump("person")) == 2
    assert bench.store.quarantined(), "a person is asked about the other one"


def test_an_edit_of_a_record_whose_making_was_in_doubt_is_no_default(clock: ManualClock) -> None:
    bench = make_bench(clock, grace=timedelta(seconds=30))
    bench.left.crm.seed("person", [person(1)])
    bench.right.crm.fail(Unavailable("the answer was lost"), operation="apply", when="after")
    pass_on(bench)
    bench.engine.sync(rounds=1)
    bench.edit(bench.right, ADDRESS, {"country": "DE", "title": "CFO"})
    bench.sync()
    bench.sync()
    assert [bench.left.crm.dump("person")[0][name] for name in ("title", "country")] == ["CFO", "DE"]


def test_a_stage_that_somebody_moves_while_we_read_back_is_not_called_refused(clock: ManualClock) -> None:
    left = Interrupted("left", clock=clock, forward_only_stage=True)
    bench = make_bench(clock, left=left)
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    ref = ref_of(left)
    left.after_apply = lambda: left.crm.edit(ref, {"stage": "opportunity"})
    bench.edit(bench.right, ADDRESS, {"stage": "sales_accepted"})
    bench.sync()
    bench.sync()
    assert bench.store.quarantined() == []
    assert left.crm.dump("person")[0]["stage"] == "opportunity"


def test_a_write_that_lands_long_after_the_time_out_does_not_beat_a_newer_edit(clock: ManualClock) -> None:
    class Late(MemoryAdapter):
        waiting: Callable[[], object] | None = None
        slow = False

        def apply(self, writes: Sequence[Write]) -> list[Receipt]:
            if not self.slow:
                return super().apply(writes)
            self.slow, self.waiting = False, lambda: super(Late, self).apply(writes)
            return [Receipt(write.key, "unknown") for write in writes]

    right = Late("right", clock=clock)
    bench = make_bench(clock, right=right, grace=timedelta(minutes=2))
    bench.left.crm.seed("person", [person(1, title="Engineer")])
    bench.sync()
    right.slow = True
    bench.edit(bench.left, ADDRESS, {"title": "Chief Engineer"})
    bench.engine.sync()
    pass_on(bench)
    bench.engine.sync()
    assert right.waiting is not None
    right.waiting()
    bench.edit(right, ADDRESS, {"title": "Director"})
    bench.clock.advance(timedelta(minutes=3))
    bench.sync()
    assert [side.crm.dump("person")[0]["title"] for side in (bench.left, right)] == ["Director", "Director"]


def test_the_rest_of_a_refused_write_goes_over_in_the_same_sync(clock: ManualClock) -> None:
    right = MemoryAdapter("right", clock=clock, kinds=kinds(region=FieldInfo("region", "Region", "number")))
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.right.crm.fail(Unavailable("down", sent=False), operation="apply", times=3)
    bench.edit(bench.left, ADDRESS, {"region": "North", "phone": "+44 20 7946 0000"})
    pass_on(bench)
    bench.engine.sync()
    bench.sync()
    assert bench.right.crm.dump("person")[0]["phone"] == "+44 20 7946 0000"


# -- people who were not recognised ------------------------------------------------------------------------------------


@pytest.mark.parametrize("known_by", [{}, {"email": None, "external_id": "key-1"}], ids=["address", "key"])
def test_two_records_that_stayed_where_they_were_are_recognised_when_one_qualifies(
    bench: Bench, known_by: dict[str, Value]
) -> None:
    bench.left.crm.seed("person", [person(1, stage="captured", **known_by)])
    bench.right.crm.seed("person", [person(1, stage=None, **known_by)])
    bench.sync()
    pass_on(bench)
    bench.left.crm.edit(ref_of(bench.left), {"stage": "marketing_qualified"})
    bench.sync()
    assert [row["stage"] for row in bench.right.crm.dump("person")] == ["marketing_qualified"]
    assert len({link.lead for link in bench.store.links()}) == 1


def test_a_lead_keeps_its_key_when_a_record_loses_it(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1, external_id="key-1", email=None)])
    bench.sync()
    for side in (bench.left, bench.right):
        pass_on(bench)
        side.crm.edit(ref_of(side), {"external_id": None})
        bench.sync()
    bench.left.crm.seed("person", [person(2, external_id="key-1", email=None)])
    bench.sync()
    assert len([link for link in bench.store.links() if link.status == "live"]) == 2


@pytest.mark.parametrize("unique", [True, False])
def test_people_who_share_an_address_do_not_keep_a_sync_busy_for_ever(clock: ManualClock, unique: bool) -> None:
    bench = make_bench(clock, right=MemoryAdapter("right", clock=clock, unique_email=unique))
    shared = "family@home.example"
    bench.left.crm.seed("person", [person(1, external_id="key-1", email=shared)])
    bench.sync()
    bench.left.crm.seed("person", [person(2, external_id="key-2", email=shared)])
    bench.sync()
    assert len(bench.right.crm.dump("person")) == (1 if unique else 2) or bench.store.quarantined()
    assert bench.sync().writes == {}


def test_an_address_that_somebody_else_has_waits_for_a_person(clock: ManualClock) -> None:
    bench = make_bench(clock, right=MemoryAdapter("right", clock=clock, unique_email=True))
    bench.left.crm.seed("person", [person(1)])
    bench.right.crm.seed("person", [person(2, stage="captured")])
    bench.sync()
    bench.edit(bench.left, ADDRESS, {"email": "person2@buyer2.example", "title": "CFO"})
    bench.sync()
    assert bench.by_email(bench.right, ADDRESS)["title"] == "CFO"
    assert "email" in {item.subject for item in bench.store.quarantined()}
    assert bench.sync().writes == {}


# -- people who must not be made ---------------------------------------------------------------------------------------


def test_nobody_is_made_whose_address_the_crm_refuses(clock: ManualClock) -> None:
    right = MemoryAdapter("right", clock=clock, kinds=kinds(email=FieldInfo("email", "Email", "number")))
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    assert bench.right.crm.dump("person") == []
    assert [item.subject for item in bench.store.quarantined()] == ["email"]


def test_nobody_is_made_who_was_deleted_before_the_write_went_out(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.right.crm.fail(Unavailable("down", sent=False), operation="apply", times=3)
    bench.engine.sync()
    pass_on(bench)
    bench.left.crm.delete(ref_of(bench.left))
    bench.sync()
    assert bench.right.crm.dump("person") == []
    assert bench.sync().writes == {}


def test_a_contact_that_was_deleted_before_anybody_looked_is_not_made_again(clock: ManualClock) -> None:
    bench = make_bench(clock, right=MemoryAdapter("right", clock=clock, converts=True))
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    pass_on(bench)
    contact = bench.right.crm.convert(ref_of(bench.right))
    pass_on(bench)
    bench.right.crm.delete(contact)
    bench.sync()
    bench.edit(bench.left, ADDRESS, {"title": "CFO"})
    bench.sync()
    assert bench.right.crm.dump("person") == bench.right.crm.dump("contact") == []


def test_a_converted_lead_whose_contact_cannot_be_read_yet_gets_no_second_record(clock: ManualClock) -> None:
    right = MemoryAdapter("right", clock=clock, converts=True, settle=timedelta(minutes=5))
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    pass_on(bench)
    contact = right.crm.convert(ref_of(right))
    row = right.crm.row(contact)
    assert row is not None
    row.visible_at = clock.now() + timedelta(minutes=3)
    right.crm.fail(Unavailable("down"), operation="fetch", times=3)
    bench.edit(bench.left, ADDRESS, {"title": "CFO"})
    bench.engine.sync()
    right.crm.recover()
    bench.clock.advance(timedelta(minutes=10))
    bench.sync()
    assert right.crm.dump("person") == []
    assert [each["title"] for each in right.crm.dump("contact")] == ["CFO"]


def test_the_loser_of_a_merge_is_not_made_again(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1), person(2)])
    bench.sync()
    pass_on(bench)
    bench.left.crm.merge(ref_of(bench.left, 0), ref_of(bench.left, 1))
    bench.sync()
    bench.edit(bench.right, "person2@buyer2.example", {"title": "CFO"})
    bench.sync()
    assert len(bench.left.crm.dump("person")) == 1
    assert "identity" in {item.subject for item in bench.store.quarantined()}


# -- consent -----------------------------------------------------------------------------------------------------------


def test_an_opt_out_is_heard_even_when_its_record_is_deleted_at_once(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    ref = bench.edit(bench.left, ADDRESS, {"opted_out": True})
    bench.left.crm.delete(ref)
    bench.sync()
    assert bench.right.crm.dump("person")[0]["opted_out"] is True


def test_an_edit_of_a_field_that_is_taken_away_for_a_while_goes_over_once_it_is_back(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1, country="DE")])
    bench.sync()
    address = str(person(1)["email"])
    bench.edit(bench.left, address, {"country": "FR"})
    field = bench.left.crm.schema["person"].pop("country")
    bench.edit(bench.right, address, {"phone": "+1 555 0100"})
    bench.sync()
    assert bench.by_email(bench.right, address)["country"] == "DE"
    bench.left.crm.schema["person"]["country"] = field
    bench.sync()
    assert [bench.by_email(side, address)["country"] for side in (bench.left, bench.right)] == ["FR", "FR"]
    assert bench.store.conflicts() == []


def test_text_that_only_looks_like_a_number_stops_nobodys_sync(clock: ManualClock) -> None:
    right = MemoryAdapter("right", clock=clock, kinds=kinds(region=FieldInfo("region", "Region", "number")))
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1, region="nan"), person(2)])
    bench.right.crm.seed("person", [person(1, region=5)])
    bench.sync()
    assert len(bench.right.crm.dump("person")) == 2


# -- what people use that nobody gave a meaning to ---------------------------------------------------------------------


def test_an_owner_whom_nobody_can_vouch_for_is_not_replaced(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1, owner="u-dana")])
    bench.right.crm.seed("person", [person(1, owner="u-who-is-this")])
    bench.sync()
    assert bench.right.crm.dump("person")[0]["owner"] == "u-who-is-this"
    assert bench.left.crm.dump("person")[0]["owner"] == "u-dana"


def test_a_status_of_sales_own_that_nobody_mapped_is_not_overwritten(clock: ManualClock) -> None:
    right = MemoryAdapter("right", clock=clock, kinds=kinds(status=FieldInfo("status", "Status", "string")))
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1, status="connected")])
    bench.sync()
    bench.edit(right, ADDRESS, {"status": "Parked until spring"})
    bench.edit(bench.left, ADDRESS, {"status": "attempting"})
    bench.sync()
    assert right.crm.dump("person")[0]["status"] == "Parked until spring"


def test_a_person_cannot_take_a_record_away_from_another_lead_by_linking_it(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1), person(2)])
    bench.sync()
    bridge = Bridge(bench.engine.agreement, {"left": bench.left, "right": bench.right}, bench.store, clock=bench.clock)
    one, two = (bridge.ledger.find(f"person{number}@buyer{number}.example") for number in (1, 2))
    (record,) = [link.ref for link in bench.store.links([two]) if link.connection == "right"]
    with pytest.raises(ConfigError, match="stands for lead"):
        bridge.link("right", record, one)
