"""Evidence of the buyer's stage besides interactions of a CRM: fields of a record, answers that a tool records."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leadbridge.adapter import FieldInfo, Ref
from leadbridge.agreement import Agreement
from leadbridge.bridge import Bridge
from leadbridge.clock import ManualClock, iso
from leadbridge.domain import facts as f
from leadbridge.domain.interaction import Interaction
from leadbridge.memory import MemoryAdapter
from leadbridge.memory.schema import default_kinds
from tests.sync.conftest import AGREEMENT, person

BUYING = (
    AGREEMENT.replace("effective: 2026-01-01\n", "effective: 2026-01-01\nattributes: {urgency: text}\n").replace(
        "crosswalks:\n  right:\n    person:\n", "crosswalks:\n  right:\n    person:\n      fields: {urgency: urgency}\n"
    )
    + """
buying_stages:
  preset: siriusdecisions
  evidence:
    exploring_solutions: [{id: called, nature: person_to_person, channel: phone}]
    committing_to_change: [{id: has_to_move, field: urgency, is: [high]}]
    justifying_decision: [{id: has_no_choice, field: urgency, is: [burning]}]
    making_selection: [{id: asked_for_terms, answer: next_step, is: [offer, contract]}]
"""
)
ADA = "person1@buyer1.example"


@pytest.fixture
def bridge(clock: ManualClock) -> Bridge:
    kinds = default_kinds()
    kinds["person"]["urgency"] = FieldInfo("urgency", "Urgency", "string", max_length=10)
    left, right = MemoryAdapter("left", clock=clock), MemoryAdapter("right", clock=clock, kinds=kinds)
    left.crm.seed("person", [person(1)])
    agreement = Agreement.loads(BUYING)
    made = Bridge(agreement, {"left": left, "right": right}, "sqlite://", writes="on", clock=clock, grace=timedelta(0))
    sync(made)
    return made


def sync(bridge: Bridge) -> dict[str, int]:
    assert isinstance(bridge.clock, ManualClock)
    bridge.clock.advance(timedelta(minutes=1))
    result = bridge.sync()
    assert result.quiet, result.failed
    return result.writes


def ada(bridge: Bridge) -> Ref:
    (row,) = _crm(bridge, "right").crm.dump("person")
    return Ref("person", str(row["id"]))


def _crm(bridge: Bridge, name: str) -> MemoryAdapter:
    adapter = bridge.connections[name]
    assert isinstance(adapter, MemoryAdapter)
    return adapter


def edit(bridge: Bridge, urgency: str) -> None:
    assert isinstance(bridge.clock, ManualClock)
    bridge.clock.advance(timedelta(minutes=1))
    _crm(bridge, "right").crm.edit(ada(bridge), {"urgency": urgency})


def answer(bridge: Bridge, said: str, *, minutes: float = 0) -> None:
    now = bridge.clock.now()
    talk = Interaction(
        lead=bridge.ledger.find(ADA),
        at=now - timedelta(minutes=minutes),
        nature="person_to_person",
        function="marketing",
        answers={"next_step": said},
    )
    assert bridge.record(talk.to_fact(recorded_at=now)) == 1


def stages(bridge: Bridge) -> list[tuple[str, str, bool]]:
    facts = [fact for fact in bridge.ledger.facts(ADA) if isinstance(fact, f.BuyingStageEntered)]
    return [(fact.buying_stage, fact.evidence, fact.inferred) for fact in facts]


def test_a_field_that_marks_a_stage_is_an_observed_entry_told_once(bridge: Bridge) -> None:
    edit(bridge, "high")
    sync(bridge)
    assert stages(bridge) == [("committing_to_change", "has_to_move", False)]
    assert _crm(bridge, "left").crm.dump("person")[0]["leadbridge_buying_stage"] == "committing_to_change"
    for _ in range(3):
        assert sync(bridge) == {}
    assert len(stages(bridge)) == 1


def test_a_field_that_changes_back_brings_the_buyer_back(bridge: Bridge) -> None:
    for urgency in ("high", "burning", "high"):
        edit(bridge, urgency)
        sync(bridge)
    assert [stage for stage, _, _ in stages(bridge)] == [
        "committing_to_change",
        "justifying_decision",
        "committing_to_change",
    ]
    assert sync(bridge) == {}


def test_another_edit_of_the_record_does_not_tell_the_field_again(bridge: Bridge) -> None:
    edit(bridge, "high")
    sync(bridge)
    ref = ada(bridge)
    assert isinstance(bridge.clock, ManualClock)
    bridge.clock.advance(timedelta(minutes=1))
    _crm(bridge, "right").crm.seed("touch", [{"person": ref, "channel": "phone", "at": iso(bridge.clock.now())}])
    sync(bridge)
    bridge.clock.advance(timedelta(minutes=1))
    _crm(bridge, "right").crm.edit(ref, {"phone": "+44 20 7946 0000"})
    sync(bridge)
    assert [stage for stage, _, _ in stages(bridge)] == ["committing_to_change", "exploring_solutions"]


def test_an_answer_that_a_tool_records_marks_the_stage_at_the_next_sync(bridge: Bridge) -> None:
    answer(bridge, "offer")
    assert sync(bridge) != {}
    assert stages(bridge) == [("making_selection", "asked_for_terms", True)]
    assert _crm(bridge, "right").crm.dump("person")[0]["leadbridge_buying_stage"] == "making_selection"
    for _ in range(3):
        assert sync(bridge) == {}
    assert len(stages(bridge)) == 1


def test_an_answer_that_is_no_evidence_changes_nothing(bridge: Bridge) -> None:
    answer(bridge, "later")
    assert sync(bridge) == {}
    assert stages(bridge) == []


def test_an_answer_and_a_call_between_two_syncs_are_both_told_in_order(bridge: Bridge) -> None:
    called = bridge.clock.now()
    _crm(bridge, "right").crm.seed("touch", [{"person": ada(bridge), "channel": "phone", "at": iso(called)}])
    assert isinstance(bridge.clock, ManualClock)
    bridge.clock.advance(timedelta(minutes=5))
    answer(bridge, "contract")
    sync(bridge)
    assert [stage for stage, _, _ in stages(bridge)] == ["exploring_solutions", "making_selection"]
    assert sync(bridge) == {}


def test_a_lead_is_briefed_with_the_answers_that_tools_recorded(bridge: Bridge) -> None:
    answer(bridge, "offer")
    sync(bridge)
    page = bridge.brief(ADA)
    assert page.memory.answers["next_step"].answer == "offer"
    assert page.buying is not None
    assert page.buying.buying_stage == "making_selection"
    assert page.completeness is not None
    assert page.completeness.share == 1.0
    assert "Buyer 1" in page.markdown()


def test_the_attempts_of_sales_are_counted_when_it_answers(bridge: Bridge) -> None:
    assert bridge.handoff(ADA).attempts is None
    now = bridge.clock.now()
    lead = bridge.ledger.find(ADA)
    for number in range(2):
        at = now + timedelta(seconds=number)
        tried = Interaction(
            lead=lead, at=at, nature="person_to_person", direction="outbound", function="sales", channel="phone"
        )
        bridge.record(tried.to_fact(recorded_at=at))
    assert isinstance(bridge.clock, ManualClock)
    bridge.clock.advance(timedelta(minutes=1))
    handoff = bridge.handoff(ADA)
    assert handoff.attempts == 2
    (decided, *_) = (fact for fact in handoff.accept() if isinstance(fact, f.HandoffDecided))
    assert decided.attempts == 2
