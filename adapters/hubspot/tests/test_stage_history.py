"""Past values: when a record got which, from the oldest that HubSpot still knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.adapter import History, Ref, Value
from leadbridge.clock import ManualClock
from leadbridge.errors import SchemaDrift
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator

Connect = Callable[..., HubSpot]
People = Callable[..., list[dict[str, Value]]]
WAYS = ("2026-09", "2026-03", "v3", "sdk")
DAY = timedelta(days=1)
STAGES = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")


def moved(simulator: HubSpotSimulator, clock: ManualClock, ref: Ref, *stages: str) -> list[tuple[datetime, str]]:
    """Moves a record through stages, a day each; returns when it got which."""
    told = []
    field = {"contact": "lifecyclestage", "deal": "dealstage", "lead": "hs_pipeline_stage"}[ref.kind]
    for stage in stages:
        clock.advance(DAY)
        simulator.crm.edit(ref, {field: stage})
        told.append((clock.now(), stage))
    return told


@pytest.mark.parametrize("way", WAYS)
def test_the_past_of_a_stage_is_told_from_its_oldest_entry(
    simulator: HubSpotSimulator, connect: Connect, clock: ManualClock, people: People, way: str
) -> None:
    ada, bob, eve = simulator.crm.seed("contact", people(3))
    expected = moved(simulator, clock, ada, "lead", "salesqualifiedlead", "marketingqualifiedlead")
    other = moved(simulator, clock, eve, "customer")
    hubspot = connect(way)
    assert isinstance(hubspot, History)
    found = hubspot.history([eve, Ref("contact", "404"), ada, bob], field="lifecyclestage")
    assert found == [tuple(other), (), tuple(expected), ()]


def test_values_are_what_reading_gives(
    simulator: HubSpotSimulator, connect: Connect, clock: ManualClock, people: People
) -> None:
    ada = simulator.crm.seed("contact", people(1))[0]
    for number in (10, None, 12):
        clock.advance(DAY)
        simulator.crm.edit(ada, {"numemployees": number})
    told = connect().history([ada], field="numemployees")[0]
    assert [value for _, value in told] == [10, None, 12]
    with pytest.raises(SchemaDrift):
        connect().history([ada], field="shoe_size")


def test_fifty_records_a_call_and_any_number_of_records(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    refs = simulator.crm.seed("contact", people(120))
    hubspot = connect()
    hubspot.describe()
    before = hubspot.calls
    found = hubspot.history(refs, field="email")
    assert hubspot.calls - before == 3
    assert [past[0][1] for past in found] == [f"person{number}@acme.example" for number in range(120)]


def test_the_stages_of_deals_and_leads_have_a_past(
    simulator: HubSpotSimulator, connect: Connect, clock: ManualClock
) -> None:
    deal = simulator.crm.seed("deal", [{"dealname": "One"}])[0]
    lead = simulator.crm.seed("lead", [{"hs_lead_name": "One"}])[0]
    expected = moved(simulator, clock, deal, "appointmentscheduled", "contractsent", "closedlost")
    assert connect().history([deal], field="dealstage") == [tuple(expected)]
    entered = moved(simulator, clock, lead, "attempting-stage-id", "connected-stage-id")
    told = connect().history([lead], field="hs_pipeline_stage")[0]
    # A lead begins in the first stage of its pipeline, without anybody's doing.
    assert (told[0][1], list(told[1:])) == ("new-stage-id", entered)


def test_what_hubspot_forgot_of_a_stage_comes_from_the_dates_that_it_worked_out(
    simulator: HubSpotSimulator, connect: Connect, clock: ManualClock, people: People
) -> None:
    ada = simulator.crm.seed("contact", people(1))[0]
    expected = moved(simulator, clock, ada, *STAGES)
    simulator.switches.history = 2
    assert connect().history([ada], field="lifecyclestage")[0] == tuple(expected)


def test_dates_that_lie_within_what_hubspot_still_knows_add_nothing(
    simulator: HubSpotSimulator, connect: Connect, clock: ManualClock, people: People
) -> None:
    ada = simulator.crm.seed("contact", people(1))[0]
    expected = moved(simulator, clock, ada, "lead", "customer", "lead", "customer", "lead")
    simulator.switches.history = 3
    # The date of a stage is that of its latest entry, which the versions already tell.
    assert connect().history([ada], field="lifecyclestage")[0] == tuple(expected[-3:])


def test_archived_and_merged_records_have_a_past(
    simulator: HubSpotSimulator, connect: Connect, clock: ManualClock, people: People
) -> None:
    ada, bob, eve = simulator.crm.seed("contact", people(3))
    expected = moved(simulator, clock, ada, "lead", "customer")
    moved(simulator, clock, eve, "lead")
    simulator.crm.delete(ada)
    survivor = simulator.crm.merge(bob, eve)
    hubspot = connect()
    assert hubspot.history([ada], field="lifecyclestage") == [tuple(expected)]
    old, new = hubspot.history([bob, survivor], field="lifecyclestage")
    assert old == new
    assert old[-1][1] == "lead"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stages=st.lists(st.sampled_from(STAGES), min_size=1, max_size=9).map(
        lambda found: [stage for stage, before in zip(found, [None, *found], strict=False) if stage != before]
    ),
    kept=st.integers(1, 10),
)
def test_however_little_hubspot_keeps_nothing_is_invented_and_the_end_is_right(
    simulator: HubSpotSimulator, connect: Connect, clock: ManualClock, stages: list[str], kept: int
) -> None:
    simulator.portal.reset()
    simulator.switches.history = kept
    contact = simulator.crm.seed("contact", [{"firstname": "One"}])[0]
    expected = moved(simulator, clock, contact, *stages)
    told: Any = connect().history([contact], field="lifecyclestage")[0]
    assert set(told) <= set(expected)
    assert list(told) == sorted(told, key=lambda each: each[0])
    assert list(told[-kept:]) == expected[-kept:]
