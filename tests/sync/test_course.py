"""What happened last has the last word, whatever kind of thing it was and whoever saw it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leadbridge.adapter import Ref, Value
from leadbridge.agreement import Agreement, Agreements
from leadbridge.clock import ManualClock
from leadbridge.domain import facts as f
from leadbridge.memory import MemoryAdapter
from tests.sync.conftest import AGREEMENT, Bench, make_bench, person
from tests.sync.test_regressions import ref_of

ADDRESS = "person1@buyer1.example"


@pytest.fixture
def bench(clock: ManualClock) -> Bench:
    """Two CRMs under the crosswalks that they bring themselves."""
    made = make_bench(clock)
    made.engine.agreements = Agreements.of(Agreement.loads(AGREEMENT.partition("crosswalks:")[0]))
    return made


def offered(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()


def stage(bench: Bench) -> str:
    entered = [fact for _, fact in bench.store.facts() if isinstance(fact, f.StageEntered)]
    return entered[-1].stage


def say(bench: Bench, side: MemoryAdapter, minutes: int = 10, **fields: Value) -> None:
    bench.clock.advance(timedelta(minutes=minutes))
    side.crm.edit(ref_of(side), fields)


def recycle(bench: Bench, minutes: int = 10) -> None:
    say(bench, bench.right, minutes, status="recycled", reason="no_response")


def test_a_lead_that_qualified_again_after_it_was_recycled_is_offered_again(bench: Bench) -> None:
    offered(bench)
    say(bench, bench.left, stage="engaged")
    bench.sync()
    recycle(bench)
    say(bench, bench.left, stage="sales_qualified")
    bench.sync()
    assert stage(bench) == "sales_qualified"
    last = [fact for _, fact in bench.store.facts() if isinstance(fact, f.StageEntered)][-3:]
    assert {fact.passage for fact in last} == {2}, "a new passage, through a stage that the detour sends it to"


def test_a_lead_that_was_recycled_after_its_stage_moved_is_recycled(bench: Bench) -> None:
    offered(bench)
    say(bench, bench.left, stage="sales_qualified")
    recycle(bench)
    bench.sync()
    assert stage(bench) == "recycled"


def deal(bench: Bench, minutes: int, **fields: Value) -> None:
    bench.clock.advance(timedelta(minutes=minutes))
    made: dict[str, Value] = {
        "name": "A deal",
        "person": ref_of(bench.right),
        "closed_at": None,
        "won": False,
        "closed": False,
    }
    bench.right.crm.seed("deal", [made | fields])


def test_a_deal_that_was_lost_before_the_lead_was_recycled_is_told_first(bench: Bench) -> None:
    offered(bench)
    deal(bench, 1)
    bench.sync()
    bench.clock.advance(timedelta(minutes=5))
    (lost,) = bench.right.crm.dump("deal")
    closed: dict[str, Value] = {"closed": True, "closed_at": bench.clock.now().date().isoformat()}
    bench.right.crm.edit(Ref("deal", str(lost["id"])), closed)
    recycle(bench)
    bench.sync()
    told = [type(fact) for _, fact in bench.store.facts()]
    assert told.index(f.OpportunityLost) < told.index(f.HandoffDecided)


def test_a_deal_that_was_won_after_the_lead_was_recycled_is_told_last(bench: Bench) -> None:
    offered(bench)
    deal(bench, 1)
    bench.sync()
    recycle(bench)
    bench.clock.advance(timedelta(minutes=20))
    (won,) = bench.right.crm.dump("deal")
    closed: dict[str, Value] = {"won": True, "closed": True, "closed_at": bench.clock.now().date().isoformat()}
    bench.right.crm.edit(Ref("deal", str(won["id"])), closed)
    bench.sync()
    told = [type(fact) for _, fact in bench.store.facts()]
    assert told.index(f.HandoffDecided) < told.index(f.OpportunityWon)
    assert stage(bench) == "won"


def test_what_a_record_says_when_it_is_seen_first_is_where_the_lead_was_not_what_happened(bench: Bench) -> None:
    bench.right.crm.seed("person", [person(1, stage=None, status="rejected", reason="wrong_industry")])
    bench.clock.advance(timedelta(minutes=30))
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    decided = [fact for _, fact in bench.store.facts() if isinstance(fact, f.HandoffDecided)]
    assert [fact.decision for fact in decided] == ["reject"]


def test_a_lead_that_is_disqualified_shows_no_stage_where_there_is_no_word_for_it(bench: Bench) -> None:
    offered(bench)
    say(bench, bench.right, status="disqualified", reason="wrong_industry")
    bench.sync()
    assert [side.crm.dump("person")[0].get("stage") for side in (bench.left, bench.right)] == [None, None]
    assert stage(bench) == "disqualified"


def test_a_person_who_puts_a_disqualified_lead_back_onto_the_path_is_heard(bench: Bench) -> None:
    offered(bench)
    say(bench, bench.right, status="disqualified", reason="wrong_industry")
    bench.sync()
    say(bench, bench.left, stage="marketing_qualified")
    bench.sync()
    said = [side.crm.dump("person")[0].get("stage") for side in (bench.left, bench.right)]
    assert said in ([None, None], ["marketing_qualified", "marketing_qualified"]), "both CRMs show the same"
