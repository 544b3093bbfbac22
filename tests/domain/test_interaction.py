"""Interactions become facts and come back; what a tool records is codes, never free words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from leadbridge.domain.buying import BuyingStage, EvidenceRule, infer
from leadbridge.domain.fact_codec import decode, encode
from leadbridge.domain.interaction import Interaction
from tests.domain.told import START


def talk(**more: Any) -> Interaction:
    usual: dict[str, Any] = {
        "id": "T1",
        "lead": "L1",
        "at": START,
        "nature": "person_to_person",
        "channel": "phone",
        "direction": "outbound",
        "function": "sales",
        "asset": "slides",
        "message": "one_view",
        "campaign": "spring",
        "buying_stage": "exploring",
        "asked": ("price",),
        "answers": {"next_step": "offer"},
    }
    return Interaction(**{**usual, **more})


def test_an_interaction_survives_the_way_into_the_ledger_and_back() -> None:
    fact = talk().to_fact(recorded_at=START + timedelta(hours=1), agreement=3, actor="ann", system="dialer")
    envelope = {name: getattr(fact, name) for name in ("lead", "occurred_at", "recorded_at", "actor", "system")}
    assert decode("Interacted", 1, {**envelope, "agreement": 3}, encode(fact)) == fact
    assert Interaction.of(fact) == talk()


@pytest.mark.parametrize("function", ["marketing", "sales", "partner"])
@pytest.mark.parametrize("nature", ["content", "person_to_person"])
def test_either_kind_may_be_by_any_function_at_any_stage(nature: Any, function: str) -> None:
    for stage in (None, "loosening", "selection"):
        touch = talk(nature=nature, function=function, buying_stage=stage)
        assert Interaction.of(touch.to_fact(recorded_at=START)) == touch


def test_an_interaction_without_an_id_gets_one_from_its_content() -> None:
    first, again = (talk(id="").to_fact(recorded_at=START + timedelta(hours=n)) for n in range(2))
    assert first.interaction == again.interaction != ""
    assert talk(id="", channel="mail").to_fact(recorded_at=START).interaction != first.interaction
    assert first.actor == "sales"


def test_what_cannot_be_recorded_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="give lead="):
        talk(lead="").to_fact(recorded_at=START)
    with pytest.raises(ValueError, match="time zone"):
        talk().to_fact(recorded_at=datetime(2026, 3, 3))  # noqa: DTZ001  # that is the point
    with pytest.raises(ValueError, match="before it happens"):
        talk().to_fact(recorded_at=START - timedelta(seconds=1))


@pytest.mark.parametrize(
    "words", [{"answers": {"next_step": "call Ada at home"}}, {"asked": ("who is ada@acme.example",)}, {"asked": ("",)}]
)
def test_free_words_do_not_become_facts(words: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="agreed codes") as caught:
        talk(**words).to_fact(recorded_at=START)
    assert "ada" not in str(caught.value).lower()


def test_a_recorded_answer_marks_the_entry_into_a_buying_stage() -> None:
    asked_for_terms = EvidenceRule.model_validate({"id": "asked_for_terms", "answer": "next_step", "is": ["offer"]})
    stages = (BuyingStage(id="selection", evidence=(asked_for_terms,)),)
    recorded = Interaction.of(talk().to_fact(recorded_at=START))
    (entry,) = infer(stages, [recorded])
    assert (entry.stage, entry.at, entry.evidence, entry.inferred) == ("selection", START, "asked_for_terms", True)
