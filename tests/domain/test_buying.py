"""Buying stages: what marks their entry, where the buyer stands, who is present."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from leadbridge.domain.buying import (
    UNKNOWN_STAGE,
    BuyingStage,
    EvidenceRule,
    StageEntry,
    coverage,
    current,
    infer,
)
from leadbridge.domain.buying.presets import BUYING_PRESETS, REVISITED
from leadbridge.domain.facts import Interacted
from leadbridge.domain.interaction import Interaction

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
STAGES = (
    BuyingStage(
        id="education",
        evidence=(
            EvidenceRule(id="webinar", asset_type="webinar"),
            EvidenceRule(id="reads", nature="content", at_least=3, within=timedelta(days=10)),
        ),
    ),
    BuyingStage(id="solution", evidence=(EvidenceRule(id="talks", nature="person_to_person", function="sales"),)),
    BuyingStage(
        id="selection",
        evidence=(
            EvidenceRule.model_validate({"id": "asked", "answer": "next_step", "is": ["contract"]}),
            EvidenceRule.model_validate({"id": "field", "field": "status", "is": ["open_deal"]}),
        ),
    ),
)
TYPES = {"w1": "webinar"}


def touch(day: float, **more: Any) -> Interaction:
    return Interaction.model_validate({"at": START + timedelta(days=day), "nature": "content", **more})


def test_an_asset_of_the_agreed_type_marks_the_entry() -> None:
    (entry,) = infer(STAGES, [touch(3, asset="w1"), touch(1, asset="else")], asset_types=TYPES)
    assert (entry.stage, entry.evidence, entry.at, entry.inferred) == (
        "education", "webinar", START + timedelta(days=3), True
    )  # fmt: skip


def test_several_interactions_count_only_when_they_come_close_together() -> None:
    assert infer(STAGES, [touch(0), touch(1), touch(20)]) == ()
    (entry,) = infer(STAGES, [touch(0), touch(15), touch(16), touch(24)])
    assert entry.at == START + timedelta(days=24)


def test_the_earliest_evidence_of_a_stage_counts() -> None:
    touches = [touch(0), touch(1), touch(2), touch(1.5, asset="w1")]
    (entry,) = infer(STAGES, touches, asset_types=TYPES)
    assert entry.evidence == "webinar"


def test_an_answer_and_a_field_are_evidence_too() -> None:
    answered = infer(STAGES, [touch(1, answers={"next_step": "contract"}), touch(0, answers={"next_step": "later"})])
    assert [(entry.stage, entry.at) for entry in answered] == [("selection", START + timedelta(days=1))]
    seen = infer(STAGES, [], fields={"status": "open_deal"}, at=START)
    assert [(entry.evidence, entry.inferred) for entry in seen] == [("field", False)]
    assert infer(STAGES, [], fields={"status": "open_deal"}) == ()
    assert infer(STAGES, [], fields={"status": "new"}, at=START) == ()


touches = st.lists(
    st.builds(
        touch,
        st.integers(0, 40),
        nature=st.sampled_from(["content", "person_to_person"]),
        function=st.sampled_from(["marketing", "sales", "partner"]),
        asset=st.sampled_from([None, "w1"]),
        buying_stage=st.sampled_from([None, "education", "solution", "gone"]),
    ),
    max_size=12,
)


@given(touches, st.randoms())
def test_the_order_in_which_interactions_are_told_does_not_matter(found: list[Interaction], random: Any) -> None:
    before = infer(STAGES, found, asset_types=TYPES)
    random.shuffle(found)
    assert infer(STAGES, found, asset_types=TYPES) == before


@given(touches, touches)
def test_more_evidence_never_makes_an_entry_later(some: list[Interaction], more: list[Interaction]) -> None:
    first = {entry.stage: entry.at for entry in infer(STAGES, some, asset_types=TYPES)}
    both = {entry.stage: entry.at for entry in infer(STAGES, [*some, *more], asset_types=TYPES)}
    assert all(both[stage] <= at for stage, at in first.items())


@given(touches)
def test_the_coverage_matrix_counts_every_interaction_once(found: list[Interaction]) -> None:
    matrix = coverage(found, STAGES)
    assert sum(matrix.counts.values()) == len(found)
    assert sum(count for row in matrix.rows() for count in row[1:] if isinstance(count, int)) == len(found)


def test_coverage_shows_gaps_and_hides_nothing() -> None:
    found = [
        touch(0, buying_stage="education"),
        touch(1, buying_stage="education", nature="person_to_person", function="sales"),
        touch(2, buying_stage="gone", function="partner"),
    ]
    matrix = coverage(found, STAGES)
    assert matrix.rows()[0] == ("education", 1, 1, 0)
    assert matrix.rows()[-1] == (UNKNOWN_STAGE, 0, 0, 1)
    assert ("solution", "sales") in matrix.gaps
    assert ("education", "sales") not in matrix.gaps
    assert matrix.mix("education") == 0.5
    assert matrix.mix("solution") is None
    assert "<td>education</td><td>1</td><td>1</td>" in matrix._repr_html_()


def test_the_buyer_stands_where_the_latest_entry_was() -> None:
    entries = infer(
        STAGES, [touch(5, asset="w1"), touch(1, nature="person_to_person", function="sales")], asset_types=TYPES
    )
    assert current(STAGES, entries) == "education"
    assert current(STAGES, []) is None


def test_the_preset_has_six_stages_in_three_phases_and_no_evidence_of_its_own() -> None:
    stages = BUYING_PRESETS["siriusdecisions"]
    assert [stage.phase for stage in stages] == ["education"] * 2 + ["solution"] * 2 + ["selection"] * 2
    assert not any(stage.evidence for stage in stages)


@pytest.mark.parametrize("parts", [{}, {"nature": "content", "field": "status"}, {"field": "a", "answer": "b"}])
def test_evidence_is_of_exactly_one_kind(parts: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="exactly one kind"):
        EvidenceRule.model_validate({"id": "x", **parts})


def test_a_fact_of_the_ledger_is_an_interaction() -> None:
    fact = Interacted(
        lead="L1", occurred_at=START, recorded_at=START, interaction="i1", nature="person_to_person", function="sales"
    )
    assert Interaction.of(fact).function == "sales"
    assert infer(STAGES, [Interaction.of(fact)])[0].stage == "solution"


def test_gartner_s_jobs_are_six_and_revisited_not_strictly_ordered() -> None:
    jobs = BUYING_PRESETS["gartner"]
    assert [job.id for job in jobs] == [
        "problem_identification",
        "solution_exploration",
        "requirements_building",
        "supplier_selection",
        "validation",
        "consensus_creation",
    ]
    assert "gartner" in REVISITED
    assert "siriusdecisions" not in REVISITED
    first, later = jobs[0].id, jobs[3].id
    entries = [
        StageEntry(first, START, "a"),
        StageEntry(later, START + DAY, "b"),
        StageEntry(first, START + 2 * DAY, "c"),
    ]
    assert current(jobs, entries) == first, "a buyer who returns to a job stands there again"


def test_of_what_is_seen_at_one_instant_the_observed_beats_the_inferred() -> None:
    asked = touch(0, nature="person_to_person", answers={"next_step": "contract"})
    (entry,) = (
        one for one in infer(STAGES, [asked], fields={"status": "open_deal"}, at=START) if one.stage == "selection"
    )
    assert (entry.evidence, entry.inferred) == ("field", False)
    entries = [StageEntry("selection", START, "rule"), StageEntry("education", START, "field", inferred=False)]
    assert current(STAGES, entries) == "education"
    assert current(STAGES, [*entries, StageEntry("solution", START + DAY, "rule")]) == "solution", (
        "later evidence holds"
    )


def test_an_answer_that_a_fact_carries_is_evidence() -> None:
    fact = Interacted(
        lead="L1",
        occurred_at=START,
        recorded_at=START,
        interaction="i",
        nature="person_to_person",
        answers=(("next_step", "contract"),),
        campaign="spring",
    )
    assert Interaction.of(fact).campaign == "spring"
    assert [entry.stage for entry in infer(STAGES, [Interaction.of(fact)])] == ["selection"]
