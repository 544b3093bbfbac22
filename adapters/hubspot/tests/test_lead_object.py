"""HubSpot's Lead object: a piece of sales work about a contact, whose outcome is the answer to the hand-off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from leadbridge import Bridge
from leadbridge.adapter import Record, Ref, Value
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.domain.facts import HandoffDecided, StageEntered, StatusChanged
from leadbridge.store import Store
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator

Connect = Callable[..., HubSpot]
People = Callable[..., list[dict[str, Value]]]
HOUR = timedelta(hours=1)

AGREEMENT = """
agreement: work of sales
version: 1
effective: 2026-01-01
lifecycle: {preset: spine}
sync: {systems: {marketing: hubspot}}
crosswalks:
  hubspot:
    lead:
      values:
        hs_lead_disqualification_reason:
          NOT_A_GOOD_FIT: {reason: wrong_industry}
"""


@pytest.fixture
def bridge(connect: Connect, clock: ManualClock) -> Iterator[Bridge]:
    with Bridge(Agreement.loads(AGREEMENT), {"hubspot": connect()}, Store("sqlite://"), clock=clock) as made:
        yield made


@pytest.fixture
def work(simulator: HubSpotSimulator, bridge: Bridge, clock: ManualClock, people: People) -> tuple[Ref, Ref]:
    """A contact that was handed to sales, and the Lead object of it."""
    ada = simulator.crm.seed("contact", [{**people(1)[0], "lifecyclestage": "marketingqualifiedlead"}])[0]
    lead = simulator.crm.seed("lead", [{"hs_lead_name": "First interest"}])[0]
    simulator.crm.associate(lead, ada)
    bridge.sync(yes=True)
    clock.advance(HOUR)
    return ada, lead


def decisions(bridge: Bridge) -> list[tuple[str, str | None]]:
    return [(fact.decision, fact.reason) for fact in bridge.ledger.facts() if isinstance(fact, HandoffDecided)]


def test_it_is_no_second_person(bridge: Bridge, work: tuple[Ref, Ref]) -> None:
    assert len(bridge.ledger.leads()) == 1
    assert decisions(bridge) == []


def test_its_stages_are_the_status_of_the_lead(
    simulator: HubSpotSimulator, connect: Connect, bridge: Bridge, clock: ManualClock, work: tuple[Ref, Ref]
) -> None:
    for stage in ("attempting-stage-id", "connected-stage-id"):
        simulator.crm.edit(work[1], {"hs_pipeline_stage": stage})
        bridge.sync(yes=True)
        clock.advance(HOUR)
    told = [fact.status for fact in bridge.ledger.facts() if isinstance(fact, StatusChanged)]
    assert told == ["new", "attempting", "connected"]
    (contact,) = connect().fetch([work[0]], fields=["hs_lead_status"])
    assert isinstance(contact, Record)
    assert contact.fields == {"hs_lead_status": "CONNECTED"}


def test_qualified_is_the_acceptance_of_the_hand_off(
    simulator: HubSpotSimulator, bridge: Bridge, work: tuple[Ref, Ref]
) -> None:
    simulator.crm.edit(work[1], {"hs_pipeline_stage": "qualified-stage-id"})
    bridge.sync(yes=True)
    assert decisions(bridge) == [("accept", None)]
    stages = [fact.stage for fact in bridge.ledger.facts() if isinstance(fact, StageEntered)]
    assert stages[-1] == "sales_accepted"


def test_disqualified_with_a_reason_is_the_refusal_that_the_reason_means(
    simulator: HubSpotSimulator, bridge: Bridge, work: tuple[Ref, Ref]
) -> None:
    simulator.crm.edit(
        work[1],
        {"hs_pipeline_stage": "unqualified-stage-id", "hs_lead_disqualification_reason": "NOT_A_GOOD_FIT"},
    )
    bridge.sync(yes=True)
    assert decisions(bridge) == [("reject", "wrong_industry")]


def test_disqualified_without_a_reason_waits_for_one(
    simulator: HubSpotSimulator, bridge: Bridge, clock: ManualClock, work: tuple[Ref, Ref]
) -> None:
    simulator.crm.edit(work[1], {"hs_pipeline_stage": "unqualified-stage-id"})
    bridge.sync(yes=True)
    assert decisions(bridge) == []
    assert [item.ref for item in bridge.quarantine()] == [work[1]]
    clock.advance(HOUR)
    simulator.crm.edit(work[1], {"hs_lead_disqualification_reason": "NOT_A_GOOD_FIT"})
    bridge.sync(yes=True)
    assert decisions(bridge) == [("reject", "wrong_industry")]
    assert list(bridge.quarantine()) == []


def test_what_it_says_is_told_once_however_often_it_is_edited(
    simulator: HubSpotSimulator, bridge: Bridge, clock: ManualClock, work: tuple[Ref, Ref]
) -> None:
    simulator.crm.edit(work[1], {"hs_pipeline_stage": "qualified-stage-id"})
    bridge.sync(yes=True)
    for name in ("Second name", "Third name"):
        clock.advance(HOUR)
        simulator.crm.edit(work[1], {"hs_lead_name": name})
        bridge.sync(yes=True)
    assert decisions(bridge) == [("accept", None)]
    assert len([fact for fact in bridge.ledger.facts() if isinstance(fact, StatusChanged)]) == 1


def test_an_older_piece_of_work_does_not_take_back_what_a_newer_one_says(
    simulator: HubSpotSimulator, bridge: Bridge, clock: ManualClock, work: tuple[Ref, Ref]
) -> None:
    ada, first = work
    simulator.crm.edit(
        first, {"hs_pipeline_stage": "unqualified-stage-id", "hs_lead_disqualification_reason": "NOT_A_GOOD_FIT"}
    )
    bridge.sync(yes=True)
    clock.advance(HOUR)
    second = simulator.crm.seed(
        "lead", [{"hs_lead_name": "Second interest", "hs_pipeline_stage": "qualified-stage-id"}]
    )[0]
    simulator.crm.associate(second, ada)
    bridge.sync(yes=True)
    clock.advance(HOUR)
    simulator.crm.edit(first, {"hs_lead_name": "Old interest"})
    bridge.sync(yes=True)
    assert decisions(bridge) == [("reject", "wrong_industry"), ("accept", None)]


def test_one_that_is_associated_later_is_told_then(
    simulator: HubSpotSimulator, bridge: Bridge, clock: ManualClock, people: People
) -> None:
    ada = simulator.crm.seed("contact", [{**people(1)[0], "lifecyclestage": "marketingqualifiedlead"}])[0]
    lead = simulator.crm.seed("lead", [{"hs_lead_name": "Late", "hs_pipeline_stage": "qualified-stage-id"}])[0]
    bridge.sync(yes=True)
    assert decisions(bridge) == []
    clock.advance(HOUR)
    simulator.crm.associate(lead, ada)
    simulator.crm.edit(lead, {"hs_lead_name": "Now associated"})
    bridge.sync(yes=True)
    assert decisions(bridge) == [("accept", None)]


def test_stages_and_reasons_that_nobody_gave_a_meaning_to_are_listed_by_the_check(
    bridge: Bridge, simulator: HubSpotSimulator, work: tuple[Ref, Ref]
) -> None:
    with Bridge(
        Agreement.loads(AGREEMENT.partition("crosswalks:")[0]), bridge.connections, Store("sqlite://")
    ) as plain:
        report = plain.check()
    assert ("lead", "hs_lead_disqualification_reason", "NOT_A_GOOD_FIT") in [
        (each.kind, each.field, each.value) for each in report.choices
    ]
