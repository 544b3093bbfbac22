"""When a plan goes further than was agreed, a person has to read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.adapter import Ref, Value
from leadbridge.agreement import Agreement, Agreements
from leadbridge.agreement.policies import Guard, Guards
from leadbridge.clock import ManualClock
from leadbridge.errors import ApprovalNeeded, Unavailable
from leadbridge.memory import MemoryAdapter
from leadbridge.store import Intent
from leadbridge.sync.case import Outcome
from leadbridge.sync.guards import Ground, over_limits
from leadbridge.testing import invariants as must
from tests.sync.conftest import AGREEMENT, START, Bench, make_bench, person
from tests.sync.judge import uphold
from tests.sync.test_plan import ONE, TWO, outcome, write

NONE = Guard(count=0, share=0)
TIGHT = Guards(max_changes=Guard(count=1, share=0), max_clears=NONE, max_creates=NONE, max_same=Guard(count=9, share=0))
BOTH = frozenset({"lead-1", "lead-2"})


def archive(lead: str) -> Intent:
    return Intent("", lead, "right", "archive", Ref("person", lead), {}, {}, {}, {})


def many(number: int, fields: Mapping[str, Value], before: Mapping[str, Value] | None = None) -> list[Outcome]:
    return [outcome(f"lead-{n}", write(f"lead-{n}", fields, before)) for n in range(number)]


def everybody(number: int) -> Ground:
    return Ground(links=number, known=frozenset(f"lead-{n}" for n in range(number)))


def test_a_plan_within_the_limits_needs_nobody() -> None:
    assert over_limits([ONE, TWO], TIGHT, Ground(2, BOTH)) == ()


def test_too_many_changed_records_need_a_person() -> None:
    two = [outcome(lead, write(lead, {"title": "CFO"})) for lead in ("lead-1", "lead-2")]
    (said,) = over_limits(two, TIGHT, Ground(2, BOTH))
    assert said == "2 changed records (sync.guards.max_changes), agreed are 1"
    assert over_limits(two, TIGHT, Ground(2, frozenset({"lead-1"}))) == (), "the first writes of a lead do not count"


def test_a_record_counts_once_however_many_steps_it_takes() -> None:
    steps = (write("lead-1", {"stage": None}, {"stage": "won"}), write("lead-1", {"stage": "engaged"}))
    both = Outcome("lead-1", intents=[steps])
    assert over_limits([both], TIGHT, Ground(1, BOTH)) == (), "what is set again is not emptied"


def test_an_emptied_field_needs_a_person_and_one_that_was_empty_does_not() -> None:
    emptied = outcome("lead-1", write("lead-1", {"title": None}, {"title": "CFO"}))
    assert over_limits([emptied], TIGHT, Ground(1, BOTH)) == (
        "1 emptied fields (sync.guards.max_clears), agreed are 0",
    )
    for blank in ("", None):
        nothing = outcome("lead-1", write("lead-1", {"title": None}, {"title": blank}))
        assert over_limits([nothing], TIGHT, Ground(1, BOTH)) == ()


def test_new_records_count_once_their_crm_is_no_longer_empty() -> None:
    assert over_limits([TWO], TIGHT, Ground(0)) == ()
    (said,) = over_limits([TWO], TIGHT, Ground(5, loaded=frozenset({"right"})))
    assert said.startswith("1 new records after the first load (sync.guards.max_creates)")


def test_not_one_record_is_deleted_unseen() -> None:
    (said,) = over_limits([outcome("lead-1", archive("lead-1"))], Guards(), Ground(1000, BOTH))
    assert said == "1 deleted records (sync.guards.max_deletes), agreed are 0"


def test_the_same_value_for_a_third_of_all_leads_looks_like_a_bad_import() -> None:
    guards = Guards(max_same=Guard(count=1, share=0.3), max_changes=Guard(count=0, share=1))
    assert over_limits(many(3, {"title": "n/a"}), guards, everybody(10)) == ()
    (said,) = over_limits(many(4, {"title": "n/a"}), guards, everybody(10))
    assert "4 records with the same new value in the same field (sync.guards.max_same)" in said
    assert "n/a" not in said


def test_no_opt_out_is_taken_back_unseen(bench: Bench) -> None:
    mappings = bench.engine.mappings()
    kinds = {(name, kind.kind): kind for name, m in mappings.items() for kind in m.kinds.values()}
    ground = Ground(10, BOTH, kinds=kinds)
    back = outcome("lead-1", write("lead-1", {"opted_out": False}, {"opted_out": True}))
    (said,) = over_limits([back], Guards(), ground)
    assert said == "1 opt-outs taken back (sync.guards.max_opt_ins), agreed are 0"
    for before, after in ((False, True), (None, False), (True, True)):
        fine = outcome("lead-1", write("lead-1", {"opted_out": after}, {"opted_out": before}))
        assert over_limits([fine], Guards(), ground) == ()


def test_the_larger_of_count_and_share_is_the_limit() -> None:
    assert Guard(count=5, share=0.1).limit(20) == 5
    assert Guard(count=5, share=0.1).limit(1000) == 100


@given(number=st.integers(0, 60), count=st.integers(0, 30), share=st.floats(0, 1))
def test_a_limit_stops_exactly_what_is_beyond_it(number: int, count: int, share: float) -> None:
    guard = Guard(count=count, share=share)
    guards = Guards(max_changes=guard, max_same=Guard(count=0, share=1))
    over = over_limits(many(number, {"title": "CFO"}), guards, everybody(number))
    assert bool(over) == (number > guard.limit(number))


@given(number=st.integers(1, 20), extra=st.integers(0, 20))
def test_a_longer_plan_never_exceeds_less(number: int, extra: int) -> None:
    ground = everybody(number + extra)
    guards = Guards(max_changes=Guard(count=8, share=0), max_clears=Guard(count=4, share=0), max_same=NONE)
    few = over_limits(many(number, {"title": None, "phone": "1"}, {"title": "CFO"}), guards, ground)
    more = over_limits(many(number + extra, {"title": None, "phone": "1"}, {"title": "CFO"}), guards, ground)
    assert {each.partition(" (")[2] for each in few} <= {each.partition(" (")[2] for each in more}


@pytest.mark.parametrize("edits", [2, 3, 4, 9])
def test_nothing_is_written_beyond_a_limit_before_a_person_approved_it(bench: Bench, edits: int) -> None:
    bench.left.crm.seed("person", [person(number) for number in range(9)])
    bench.sync()
    limits = "guards: {max_changes: {count: 3, share: 0}, "
    bench.engine.agreements = Agreements.of(Agreement.loads(AGREEMENT.replace("guards: {", limits)))
    for number in range(edits):
        bench.edit(bench.left, f"person{number}@buyer{number}.example", {"title": "CFO"})

    def written() -> int:
        return sum(row.get("title") == "CFO" for row in bench.right.crm.dump("person"))

    with suppress(ApprovalNeeded):
        bench.engine.sync()
    uphold(must.nothing_beyond_the_limits(written(), 3, approved=False))
    assert written() == (edits if edits <= 3 else 0)
    bench.engine.sync(approve=bench.engine.plan().hash)
    uphold(must.nothing_beyond_the_limits(written(), 3, approved=True))
    assert written() == edits


# -- two CRMs that both hold leads -------------------------------------------------------------------------------------


@pytest.fixture
def meeting(clock: ManualClock) -> Bench:
    bench = make_bench(clock)
    bench.engine.agreements = Agreements.of(Agreement.loads(re.sub(r" *guards: .*max_first_match.*\n", "", AGREEMENT)))
    bench.left.crm.seed("person", [person(n) for n in range(4)])
    bench.right.crm.seed("person", [person(n, title="COO") for n in range(2, 6)])
    return bench


def test_the_first_match_of_two_crms_that_both_hold_leads_is_looked_at_first(meeting: Bench) -> None:
    with pytest.raises(ApprovalNeeded, match="6 leads in the first match of two CRMs that both hold some"):
        meeting.engine.sync()
    assert len(meeting.right.crm.dump("person")) == 4
    plan = meeting.engine.plan()
    assert "first match" in plan.summary()
    done = meeting.engine.apply(plan, approve=plan.hash)
    assert done.delivered.applied["right"] > 0
    assert meeting.engine.sync().quiet, "what follows is no first match"
    assert len(meeting.right.crm.dump("person")) == len(meeting.left.crm.dump("person")) == 6


def test_a_first_match_that_was_approved_goes_on_where_it_was_stopped(meeting: Bench) -> None:
    plan = meeting.engine.plan()
    meeting.right.crm.fail(Unavailable("down", sent=False), operation="apply", times=10)
    first = meeting.engine.apply(plan, approve=plan.hash)
    assert "right" in first.failed
    meeting.right.crm.recover()
    meeting.clock.advance(timedelta(minutes=10))
    assert meeting.engine.sync().quiet, "nobody is asked a second time"
    assert len(meeting.right.crm.dump("person")) == 6


def test_a_crm_that_holds_nobody_yet_is_filled_without_asking(clock: ManualClock) -> None:
    bench = make_bench(clock, right=MemoryAdapter("right", clock=clock))
    bench.left.crm.seed("person", [person(n) for n in range(4)])
    assert bench.engine.sync().quiet
    assert clock.now() >= START
