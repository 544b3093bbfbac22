"""A lead that a salesperson typed into the CRM of sales never was a lead of marketing, whatever came of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leadbridge.adapter import FieldInfo
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.domain import facts as f
from leadbridge.domain.history import LeadHistory
from leadbridge.memory import MemoryAdapter
from leadbridge.memory.schema import default_kinds
from leadbridge.retry import Retry
from leadbridge.sync import Engine
from tests.sync.conftest import AGREEMENT, Bench, make_bench, person

ADDRESS = "person1@buyer1.example"


@pytest.fixture
def bench(clock: ManualClock) -> Bench:
    return make_bench(clock)


def history(bench: Bench) -> LeadHistory:
    return LeadHistory.fold(fact for _, fact in bench.store.facts())


def entered(bench: Bench) -> list[tuple[str, bool]]:
    return [(fact.stage, fact.inferred) for _, fact in bench.store.facts() if isinstance(fact, f.StageEntered)]


def test_a_lead_of_sales_enters_where_sales_brings_its_leads_in(bench: Bench) -> None:
    bench.right.crm.seed("person", [person(1, stage="sales_accepted")])
    bench.sync()
    assert entered(bench) == [("captured", False), ("sales_accepted", False)]
    assert history(bench).sourced_by == "sales"


def test_a_lead_of_marketing_that_sales_has_accepted_was_qualified_before(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1, stage="sales_accepted")])
    bench.sync()
    assert [stage for stage, inferred in entered(bench) if inferred] == ["engaged", "marketing_qualified"]
    assert history(bench).sourced_by == "marketing"


def test_a_lead_of_sales_that_marketing_is_to_qualify_comes_the_common_way(bench: Bench) -> None:
    bench.right.crm.seed("person", [person(1, stage="marketing_qualified")])
    bench.sync()
    assert entered(bench) == [("captured", False), ("engaged", True), ("marketing_qualified", False)]


def test_whose_lead_it_is_stays_known_when_its_stage_comes_later(bench: Bench) -> None:
    bench.right.crm.seed("person", [person(1, stage=None)])
    bench.sync()
    bench.edit(bench.right, ADDRESS, {"stage": "sales_accepted"})
    bench.sync()
    assert entered(bench) == [("captured", False), ("sales_accepted", False)]


def test_a_date_that_the_record_gives_for_an_earlier_stage_is_believed(clock: ManualClock) -> None:
    kinds = default_kinds()
    kinds["person"]["mql_date"] = FieldInfo("mql_date", "Qualified on", "date")
    bench = make_bench(clock, right=MemoryAdapter("right", clock=clock, kinds=kinds))
    dated = "  right:\n    person:\n      stage_dates: {marketing_qualified: mql_date}\n"
    bench.engine = Engine(
        Agreement.loads(AGREEMENT.replace("  right:\n    person:\n", dated)),
        {"left": bench.left, "right": bench.right},
        bench.store,
        writes={"left": "on", "right": "on"},
        clock=clock,
        retry=Retry(attempts=3).without_waiting(),
        grace=timedelta(0),
    )
    bench.right.crm.seed("person", [person(1, stage="sales_accepted", mql_date="2026-02-20")])
    bench.sync()
    stages = [fact for _, fact in bench.store.facts() if isinstance(fact, f.StageEntered)]
    assert [(fact.stage, fact.inferred) for fact in stages] == [
        ("captured", False),
        ("engaged", True),
        ("marketing_qualified", False),
        ("sales_accepted", False),
    ]
    assert [fact.precision for fact in stages] == ["instant", "instant", "day", "instant"]
