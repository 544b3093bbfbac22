"""Where the buyer stands, between two CRMs: as a field of one says, or as the agreed evidence shows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leadbridge.adapter import FieldInfo, Ref
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock, iso
from leadbridge.domain import facts as f
from leadbridge.memory import MemoryAdapter
from leadbridge.memory.schema import default_kinds
from leadbridge.retry import Retry
from leadbridge.store import Store
from leadbridge.sync import Engine
from tests.sync.conftest import AGREEMENT, Bench, person

BUYING = (
    AGREEMENT.replace(
        "crosswalks:\n  right:\n    person:\n      values:\n",
        "crosswalks:\n  right:\n    person:\n      values:\n"
        "        phase:\n"
        "          looking around: {buying_stage: exploring_solutions}\n"
        "          choosing: {buying_stage: making_selection}\n",
    )
    + "buying_stages:\n  preset: siriusdecisions\n  evidence:\n"
    "    committing_to_solution: [{id: talked, nature: person_to_person}]\n"
)
ADA = "person1@buyer1.example"


@pytest.fixture
def bench(clock: ManualClock) -> Bench:
    """Sales has a picklist of its own for the buyer's phase; marketing's CRM has leadbridge's field."""
    kinds = default_kinds()
    kinds["person"]["phase"] = FieldInfo("phase", "Phase", "string", max_length=80)
    left, right = MemoryAdapter("left", clock=clock), MemoryAdapter("right", clock=clock, kinds=kinds)
    store = Store("sqlite://")
    agreement = Agreement.loads(BUYING)
    engine = Engine(
        agreement,
        {"left": left, "right": right},
        store,
        writes={"left": "on", "right": "on"},
        clock=clock,
        retry=Retry(attempts=3).without_waiting(),
        grace=timedelta(0),
    )
    made = Bench(clock, left, right, store, engine)
    left.crm.seed("person", [person(1)])
    made.sync()
    return made


def stages(bench: Bench) -> list[tuple[str, str, bool]]:
    facts = [fact for _, fact in bench.store.facts() if isinstance(fact, f.BuyingStageEntered)]
    return [(fact.buying_stage, fact.evidence, fact.inferred) for fact in facts]


def test_a_buying_stage_that_one_crm_knows_arrives_in_the_other(bench: Bench) -> None:
    bench.edit(bench.right, ADA, {"phase": "looking around"})
    bench.sync()
    assert stages(bench) == [("exploring_solutions", "crm field", False)]
    assert bench.by_email(bench.left, ADA)["leadbridge_buying_stage"] == "exploring_solutions"
    assert bench.sync().writes == {}


def test_evidence_marks_the_stage_in_both_crms(bench: Bench) -> None:
    ref = Ref("person", str(bench.by_email(bench.right, ADA)["id"]))
    bench.clock.advance(timedelta(minutes=5))
    bench.right.crm.seed("touch", [{"person": ref, "channel": "phone", "at": iso(bench.clock.now())}])
    bench.sync()
    assert stages(bench) == [("committing_to_solution", "talked", True)]
    for side in (bench.left, bench.right):
        assert bench.by_email(side, ADA)["leadbridge_buying_stage"] == "committing_to_solution"


def test_a_buyer_who_goes_back_goes_back_in_both_crms(bench: Bench) -> None:
    bench.edit(bench.right, ADA, {"phase": "choosing"})
    bench.sync()
    bench.edit(bench.right, ADA, {"phase": "looking around"})
    bench.sync()
    assert [stage for stage, _, _ in stages(bench)] == ["making_selection", "exploring_solutions"]
    assert bench.by_email(bench.left, ADA)["leadbridge_buying_stage"] == "exploring_solutions"


def test_what_a_person_wrote_beats_evidence_that_is_older(bench: Bench) -> None:
    ref = Ref("person", str(bench.by_email(bench.right, ADA)["id"]))
    called = iso(bench.clock.now())
    bench.clock.advance(timedelta(minutes=5))
    bench.edit(bench.right, ADA, {"phase": "choosing"})
    bench.right.crm.seed("touch", [{"person": ref, "channel": "phone", "at": called}])
    bench.sync()
    assert bench.by_email(bench.left, ADA)["leadbridge_buying_stage"] == "making_selection"
    bench.clock.advance(timedelta(minutes=5))
    bench.right.crm.seed("touch", [{"person": ref, "channel": "phone", "at": called}])
    bench.sync()
    assert bench.by_email(bench.left, ADA)["leadbridge_buying_stage"] == "making_selection", "told late, and older"
