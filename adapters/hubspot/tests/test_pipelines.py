"""The order of stages, as the account's pipelines say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leadbridge.adapter import FieldInfo, Option
from leadbridge.simulator import Fault
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator

Connect = Callable[..., HubSpot]
WAYS = ("2026-09", "2026-03", "v3", "sdk")


def field(hubspot: HubSpot, kind: str, name: str) -> FieldInfo:
    return hubspot.describe().kinds[kind].fields[name]


@pytest.mark.parametrize("way", WAYS)
def test_the_lifecycle_has_the_order_of_its_pipeline_with_the_accounts_own_stages(
    simulator: HubSpotSimulator, connect: Connect, way: str
) -> None:
    own = simulator.crm.add_stage("contact", "Nurturing", place=2)
    stage = field(connect(way), "contact", "lifecyclestage")
    assert own.isdigit()
    assert stage.options[1:4] == (
        Option("lead", "Lead"),
        Option(own, "Nurturing"),
        Option("marketingqualifiedlead", "Marketing Qualified Lead"),
    )
    assert (stage.type, stage.restricted, stage.forward_only) == ("option", True, True)


@pytest.mark.parametrize("way", WAYS)
def test_stages_of_all_pipelines_of_deals_and_leads_are_options(
    simulator: HubSpotSimulator, connect: Connect, way: str
) -> None:
    renewals = simulator.crm.add_pipeline("deal", "Renewals")
    due = simulator.crm.add_stage("deal", "Due", pipeline=renewals)
    hubspot = connect(way)
    assert [option.value for option in field(hubspot, "deal", "pipeline").options] == ["default", renewals]
    stages = field(hubspot, "deal", "dealstage")
    assert (stages.options[0].value, stages.options[-1]) == ("appointmentscheduled", Option(due, "Due"))
    assert not stages.forward_only
    lead = field(hubspot, "lead", "hs_pipeline_stage")
    assert (lead.type, lead.options[0].value, lead.restricted) == ("option", "new-stage-id", True)


@pytest.mark.parametrize("status", [403, 404])
def test_without_pipelines_the_property_itself_says_what_there_is(
    simulator: HubSpotSimulator, connect: Connect, status: int
) -> None:
    simulator.faults.add(Fault(effect="status", status=status, path="/pipelines/", times=10))
    seen = connect().describe()
    assert seen.kinds["contact"].fields["lifecyclestage"].options[0] == Option("subscriber", "Subscriber")
    assert seen.kinds["contact"].fields["lifecyclestage"].restricted
    assert "deal" in seen.kinds


def test_a_stage_that_only_the_property_lists_can_be_read_and_not_be_chosen(
    simulator: HubSpotSimulator, connect: Connect
) -> None:
    simulator.portal.tables["deal"].properties["dealstage"].options.append(("retired", "Retired"))
    found = {option.value: option.active for option in field(connect(), "deal", "dealstage").options}
    assert found["retired"] is False
    assert found["closedwon"] is True


def test_kinds_whose_records_the_token_may_not_read_are_left_out(simulator: HubSpotSimulator, connect: Connect) -> None:
    simulator.portal.scopes_missing = {"crm.objects.emails.read", "crm.objects.leads.read"}
    seen = connect().describe()
    assert {"email", "lead"}.isdisjoint(seen.kinds)
    assert {"contact", "company", "deal", "note", "call", "meeting", "task"} <= set(seen.kinds)
