"""Reading the facts: who is meant, what happened, what is still open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadbridge.adapter import Record, Ref
from leadbridge.agreement import Agreement
from leadbridge.domain import facts as f
from leadbridge.domain.lead import Lead
from leadbridge.errors import ConfigError
from leadbridge.ledger import Ledger
from leadbridge.store import Link, Store

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ADA, GRACE = "ada@buyer.example", "grace@other.example"


def at(hours: float) -> dict[str, Any]:
    when = NOON + timedelta(hours=hours)
    return {"occurred_at": when, "recorded_at": when}


def offered(lead: str, number: int, hours: float) -> f.HandoffOffered:
    return f.HandoffOffered(
        lead=lead,
        handoff=f"{lead}:{number}",
        from_function="marketing",
        to_function="sales",
        package=("email",),
        missing=(),
        **at(hours),
    )


STORY: list[f.Fact] = [
    f.LeadCaptured(lead="lead-1", source="webinar", **at(0)),
    f.LeadCaptured(lead="lead-2", **at(0)),
    f.StageEntered(lead="lead-1", stage="marketing_qualified", **at(1)),
    offered("lead-1", 1, 3),
    offered("lead-2", 1, 2),
    offered("lead-3", 1, 1),
    f.HandoffDecided(lead="lead-3", handoff="lead-3:1", decision="reject", reason="wrong_industry", **at(4)),
]


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store("sqlite://")
    with opened.transaction() as tx:
        tx.append(STORY)
        tx.save_links([Link("left", Ref("person", "p-1"), "lead-1"), Link("left", Ref("person", "p-2"), "lead-2")])
        tx.observe(
            "left",
            [
                Record(Ref("person", "p-1"), "1", NOON, {"mail": ADA, "title": "CFO"}),
                Record(Ref("person", "p-2"), "1", NOON, {"mail": GRACE}),
                Record(Ref("person", "p-9"), "1", NOON, {"mail": "stranger@buyer.example"}),
            ],
        )
    yield opened
    opened.close()


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return Ledger(store)


@pytest.mark.parametrize("who", ["lead-1", " lead-1 ", "p-1", ADA, "Ada@Buyer.example ", Lead(id="lead-1")])
def test_a_lead_is_found_by_its_id_the_id_of_its_record_or_its_address(ledger: Ledger, who: str | Lead) -> None:
    assert ledger.find(who) == "lead-1"


@pytest.mark.parametrize("who", ["p-9", "stranger@buyer.example", "CFO", "", "ada", "lead"])
def test_who_is_no_lead_is_not_found_and_not_repeated(ledger: Ledger, who: str) -> None:
    with pytest.raises(ConfigError, match="no lead is known by this") as caught:
        ledger.find(who)
    assert "stranger" not in str(caught.value)


def test_a_record_that_is_gone_still_tells_whose_it_was(store: Store, ledger: Ledger) -> None:
    with store.transaction() as tx:
        tx.save_links([Link("left", Ref("person", "p-1"), "lead-1", "gone")])
    assert ledger.find("p-1") == ledger.find(ADA) == "lead-1"


def test_facts_are_read_for_all_leads_or_for_one(ledger: Ledger) -> None:
    assert ledger.facts() == STORY
    assert ledger.facts(ADA) == [fact for fact in STORY if fact.lead == "lead-1"]
    assert ledger.leads() == ["lead-1", "lead-2", "lead-3"]
    assert len(ledger) == len(STORY)
    assert repr(ledger) == f"<Ledger: {len(STORY)} facts>"


def test_histories_are_those_of_the_leads_one_by_one(ledger: Ledger) -> None:
    histories = list(ledger.histories())
    assert [history.lead for history in histories] == ["lead-1", "lead-2", "lead-3"]
    assert histories[0].stage == ledger.history("lead-1").stage == "marketing_qualified"


def test_open_offers_come_with_the_oldest_first(ledger: Ledger) -> None:
    assert [(lead, trail.id) for lead, trail in ledger.open_handoffs()] == [
        ("lead-2", "lead-2:1"),
        ("lead-1", "lead-1:1"),
    ]


def test_without_promises_there_are_no_clocks(ledger: Ledger) -> None:
    assert len(ledger.clocks(Agreement.loads("agreement: Test\nversion: 1\neffective: 2026-01-01"), NOON)) == 0


def test_the_story_of_a_lead_is_told_without_showing_who_it_is(ledger: Ledger) -> None:
    told = ledger.explain(ADA)
    assert told.startswith("lead lead-1\n")
    assert "marketing_qualified" in told
    assert len(told.splitlines()) > 3
    assert ADA not in told


def test_an_empty_ledger_has_nothing_to_tell() -> None:
    store = Store("sqlite://")
    ledger = Ledger(store)
    assert (len(ledger), ledger.leads(), ledger.facts(), ledger.open_handoffs()) == (0, [], [], [])
    store.close()
