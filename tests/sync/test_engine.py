"""The promises of a sync, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from leadbridge.adapter import FieldInfo, Value
from leadbridge.agreement import Agreement, Agreements
from leadbridge.clock import ManualClock
from leadbridge.domain import facts as f
from leadbridge.errors import StalePlan, Unavailable, WritesOff
from leadbridge.memory import MemoryAdapter
from leadbridge.memory.schema import default_kinds
from tests.sync.conftest import AGREEMENT, Bench, make_bench, person


def test_a_qualified_lead_appears_in_the_other_crm_once(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1), person(2)])
    bench.sync()
    assert bench.by_email(bench.right, "person1@buyer1.example")["company"] == "Buyer 1"
    assert len(bench.right.crm.dump("person")) == 2


def test_after_a_sync_the_next_one_writes_nothing(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(number) for number in range(30)])
    bench.sync()
    quiet = bench.sync()
    assert quiet.writes == {}
    assert len(quiet.rounds) == 1


def test_a_lead_outside_the_inclusion_rule_stays_where_it_is(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1, stage="captured")])
    bench.sync()
    assert bench.right.crm.dump("person") == []
    assert bench.store.facts() == []


def test_a_lead_that_was_carried_over_is_followed_even_where_the_rule_would_not_take_it_any_more(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    text = AGREEMENT.replace("include: stage <> 'captured'", "include: country = 'DE'")
    bench.engine.agreements = Agreements.of(Agreement.loads(text))
    bench.left.crm.seed("person", [person(2)])
    bench.edit(bench.left, "person1@buyer1.example", {"title": "CFO"})
    bench.sync()
    (there,) = bench.right.crm.dump("person")
    assert (there["email"], there["title"]) == ("person1@buyer1.example", "CFO")


def test_a_record_without_any_key_is_not_carried_over(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1, email=None)])
    bench.sync()
    assert bench.right.crm.dump("person") == []


def test_people_who_are_in_both_crms_are_recognised_by_their_address(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.right.crm.seed("person", [person(1, email=" PERSON1@buyer1.example", stage=None, title="CFO")])
    bench.sync()
    assert len(bench.right.crm.dump("person")) == 1
    assert bench.left.crm.dump("person")[0]["title"] == "CFO"


def test_two_records_with_one_address_are_for_a_person_to_decide(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1), person(1)])
    bench.sync()
    assert bench.right.crm.dump("person") == []
    assert {item.subject for item in bench.store.quarantined()} == {"identity"}


def test_an_edit_on_one_side_goes_over_and_does_not_come_back(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.right, "person1@buyer1.example", {"title": "Head of Purchasing"})
    result = bench.sync()
    assert bench.left.crm.dump("person")[0]["title"] == "Head of Purchasing"
    assert result.writes == {"left": 1}


def test_when_both_sides_edit_a_field_the_loser_is_kept(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.left, "person1@buyer1.example", {"title": "Engineer"})
    bench.edit(bench.right, "person1@buyer1.example", {"title": "Chief Engineer"})
    bench.sync()
    assert bench.left.crm.dump("person")[0]["title"] == "Chief Engineer"
    (conflict,) = bench.store.conflicts()
    assert conflict.values == {"left": "Engineer", "right": "Chief Engineer"}
    assert conflict.winner == "right"


def test_the_owner_of_a_field_has_the_word_and_a_change_elsewhere_is_reverted_and_kept(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.right, "person1@buyer1.example", {"company": "Renamed by sales"})
    bench.sync()
    assert bench.right.crm.dump("person")[0]["company"] == "Buyer 1"
    assert bench.store.conflicts()[0].values["right"] == "Renamed by sales"


def test_a_clear_is_passed_on_only_where_the_agreement_says_so(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1, phone="+44 20 7946 0000", title="CFO")])
    bench.sync()
    bench.edit(bench.right, "person1@buyer1.example", {"phone": None, "title": None})
    bench.sync()
    assert bench.left.crm.dump("person")[0]["phone"] is None
    assert bench.right.crm.dump("person")[0]["title"] == "CFO"


def test_an_opt_out_wins_on_every_side_and_is_never_undone(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.right, "person1@buyer1.example", {"opted_out": True})
    bench.sync()
    assert bench.left.crm.dump("person")[0]["opted_out"] is True
    bench.edit(bench.left, "person1@buyer1.example", {"opted_out": False})
    bench.edit(bench.right, "person1@buyer1.example", {"opted_out": False})
    bench.sync()
    assert bench.left.crm.dump("person")[0]["opted_out"] is True
    assert bench.right.crm.dump("person")[0]["opted_out"] is True


def test_a_changed_address_never_makes_a_second_person(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.left, "person1@buyer1.example", {"email": "new@buyer1.example"})
    bench.sync()
    assert [row["email"] for row in bench.right.crm.dump("person")] == ["new@buyer1.example"]


def test_a_rejection_reason_given_by_sales_stands_in_marketings_crm(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.right, "person1@buyer1.example", {"status": "rejected", "reason": "wrong_industry"})
    bench.sync()
    row = bench.left.crm.dump("person")[0]
    assert (row["leadbridge_decision"], row["leadbridge_reason"]) == ("reject", "wrong_industry")
    decided = [fact for _, fact in bench.store.facts() if isinstance(fact, f.HandoffDecided)]
    assert [(fact.decision, fact.reason) for fact in decided] == [("reject", "wrong_industry")]
    assert bench.sync().writes == {}


def test_a_closed_lead_without_a_reason_waits_until_somebody_gives_one(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.right, "person1@buyer1.example", {"status": "rejected"})
    bench.sync()
    assert [item.subject for item in bench.store.quarantined()] == ["reason"]
    bench.edit(bench.right, "person1@buyer1.example", {"title": "CFO"})
    bench.sync()
    assert [item.subject for item in bench.store.quarantined()] == ["reason"]
    assert not any(isinstance(fact, f.HandoffDecided) for _, fact in bench.store.facts())
    bench.edit(bench.right, "person1@buyer1.example", {"reason": "wrong_industry"})
    bench.sync()
    assert bench.store.quarantined() == []
    assert [fact.reason for _, fact in bench.store.facts() if isinstance(fact, f.HandoffDecided)] == ["wrong_industry"]


def test_a_refused_field_that_is_written_after_all_leaves_quarantine(clock: ManualClock) -> None:
    kinds = default_kinds()
    kinds["person"]["title"] = FieldInfo("title", "Title", "string", max_length=0, unique=True)
    bench = make_bench(clock, right=MemoryAdapter("right", clock=clock, kinds=kinds))
    bench.left.crm.seed("person", [person(1, title="CFO"), person(2, title="CFO")])
    bench.sync()
    assert [item.subject for item in bench.store.quarantined()] != []
    bench.edit(bench.left, "person2@buyer2.example", {"title": "COO"})
    bench.edit(bench.left, "person1@buyer1.example", {"title": "CTO"})
    bench.sync()
    assert {row["title"] for row in bench.right.crm.dump("person")} == {"COO", "CTO"}
    assert bench.store.quarantined() == []


def test_a_stage_never_goes_backward_by_a_plain_edit(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1, stage="sales_qualified")])
    bench.sync()
    bench.edit(bench.left, "person1@buyer1.example", {"stage": "engaged"})
    bench.sync()
    assert bench.left.crm.dump("person")[0]["stage"] == "sales_qualified"


def test_a_rejected_lead_that_qualifies_again_is_offered_again(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.right, "person1@buyer1.example", {"status": "rejected", "reason": "wrong_industry"})
    bench.sync()
    assert bench.left.crm.dump("person")[0]["stage"] == "engaged"
    bench.edit(bench.left, "person1@buyer1.example", {"stage": "marketing_qualified"})
    bench.sync()
    offers = [fact for _, fact in bench.store.facts() if isinstance(fact, f.HandoffOffered)]
    assert len(offers) == 2
    passages = [fact.passage for _, fact in bench.store.facts() if isinstance(fact, f.StageEntered)]
    assert max(passages) == 2


def test_a_deleted_record_is_never_made_again(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    ref = bench.edit(bench.right, "person1@buyer1.example", {"title": "gone soon"})
    bench.clock.advance(timedelta(minutes=1))
    bench.right.crm.delete(ref)
    bench.sync()
    bench.edit(bench.left, "person1@buyer1.example", {"title": "still here"})
    bench.sync()
    assert bench.right.crm.dump("person") == []


def test_a_lost_answer_is_looked_up_before_it_is_repeated(clock: ManualClock) -> None:
    bench = make_bench(clock, grace=timedelta(seconds=30))
    bench.left.crm.seed("person", [person(number) for number in range(5)])
    bench.right.crm.fail(Unavailable("the answer was lost"), operation="apply", when="after")
    bench.clock.advance(timedelta(minutes=1))
    first = bench.engine.sync(rounds=1)
    bench.sync()
    assert first.rounds[0].delivered.in_doubt == 5
    assert len(bench.right.crm.dump("person")) == 5


def test_a_connection_that_fails_does_not_hold_up_the_other(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.right.crm.fail(Unavailable("down"), operation="changes", times=20)
    bench.edit(bench.left, "person1@buyer1.example", {"title": "CFO"})
    bench.clock.advance(timedelta(minutes=1))
    assert list(bench.engine.sync().failed) == ["right"]


def test_a_value_that_the_crm_refuses_waits_in_quarantine_and_holds_up_nobody(clock: ManualClock) -> None:
    kinds = default_kinds()
    kinds["person"]["title"] = FieldInfo("title", "Title", "number")
    bench = make_bench(clock, right=MemoryAdapter("right", clock=clock, kinds=kinds))
    bench.left.crm.seed("person", [person(1, title="Chief of nothing"), person(2)])
    bench.sync()
    assert bench.by_email(bench.right, "person1@buyer1.example")["company"] == "Buyer 1"
    assert bench.by_email(bench.right, "person2@buyer2.example")["company"] == "Buyer 2"
    (waiting,) = bench.store.quarantined()
    assert (waiting.connection, waiting.subject) == ("right", "title")
    assert "crosswalk" in waiting.remedy
    assert bench.sync().writes == {}


def test_a_forward_only_stage_is_cleared_and_set_and_read_back(clock: ManualClock) -> None:
    bench = make_bench(clock, left=MemoryAdapter("left", clock=clock, forward_only_stage=True))
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.right, "person1@buyer1.example", {"status": "rejected", "reason": "wrong_industry"})
    result = bench.sync()
    assert bench.left.crm.dump("person")[0]["stage"] == "engaged"
    assert result.writes["left"] == 2
    assert bench.sync().writes == {}


def test_a_plan_writes_nothing_and_says_why(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    plan = bench.engine.plan()
    assert bench.right.crm.dump("person") == []
    assert bench.store.facts() == []
    text = plan.explain("person1@buyer1.example")
    assert "create a person" in text
    assert "not in right yet" in text


def test_an_applied_plan_does_what_it_said(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    plan = bench.engine.plan()
    result = bench.engine.apply(plan)
    assert result.delivered.done == len(plan)
    assert len(bench.right.crm.dump("person")) == 1


def test_a_plan_that_no_longer_holds_is_refused(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    plan = bench.engine.plan()
    bench.edit(bench.left, "person1@buyer1.example", {"title": "CFO"})
    bench.engine.plan()
    with pytest.raises(StalePlan, match="make a new plan"):
        bench.engine.apply(plan)


def test_a_connection_set_to_ask_is_not_written_without_a_yes(clock: ManualClock) -> None:
    bench = make_bench(clock, writes="ask")
    bench.left.crm.seed("person", [person(1)])
    with pytest.raises(WritesOff, match="left, right"):
        bench.engine.sync()
    assert bench.engine.sync(yes=True).writes["right"] == 1


def test_a_connection_set_to_off_is_read_but_never_written(clock: ManualClock) -> None:
    bench = make_bench(clock, writes="off")
    bench.left.crm.seed("person", [person(1)])
    bench.engine.sync()
    assert bench.right.crm.dump("person") == []
    assert any(isinstance(fact, f.HandoffOffered) for _, fact in bench.store.facts())


def test_what_a_crm_fills_into_a_new_record_by_itself_is_no_change_that_somebody_made(clock: ManualClock) -> None:
    bench = make_bench(clock)
    insert = bench.right.crm.insert

    def with_default(kind: str, fields: Mapping[str, Value]) -> object:
        return insert(kind, {"status": "new", "stage": "marketing_qualified", **fields})

    bench.right.crm.insert = with_default  # type: ignore[method-assign,assignment]  # a CRM with defaults of its own
    bench.left.crm.seed("person", [person(1, stage="engaged")])
    bench.sync()
    assert bench.right.crm.dump("person")[0]["stage"] == "marketing_qualified"
    bench.sync()
    assert bench.left.crm.dump("person")[0]["stage"] == "engaged"
    assert not any(isinstance(fact, f.HandoffOffered) for _, fact in bench.store.facts())
