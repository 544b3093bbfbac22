"""Adding our own properties to an account: shown first, made once, and explained where a person has to act."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from leadbridge.adapter import OWN_FIELDS, Provision, Provisioned
from leadbridge.clock import ManualClock
from leadbridge.errors import Forbidden
from leadbridge.simulator import Fault
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator, start

PURPOSES = tuple(own.purpose for own in OWN_FIELDS)
Open = Callable[..., HubSpot]


@pytest.fixture
def bare(clock: ManualClock) -> Iterator[HubSpotSimulator]:
    running = start(clock, provisioned=False)
    yield running
    running.stop()


@pytest.fixture
def opened(bare: HubSpotSimulator) -> Iterator[Open]:
    made: list[HubSpot] = []

    def make(*key_kinds: str, api_version: str = "2026-09") -> HubSpot:
        hubspot = HubSpot(
            token=bare.token, base_url=bare.base_url, api_version=api_version, key_kinds=key_kinds or ("contact",)
        )
        made.append(hubspot)
        return hubspot

    yield make
    for hubspot in made:
        hubspot.close()


def states(done: list[Provisioned]) -> dict[tuple[str, str], str]:
    return {(each.kind, each.field.removeprefix("leadbridge_")): each.state for each in done}


@pytest.mark.parametrize("version", ["2026-09", "2026-03", "v3"])
def test_what_would_be_made_is_told_first_and_nothing_is_sent(
    bare: HubSpotSimulator, opened: Open, version: str
) -> None:
    hubspot = opened("deal", "contact", "company", api_version=version)
    assert isinstance(hubspot, Provision)
    planned = hubspot.provision(["decision", "sla_due"], dry_run=True)
    assert states(planned) == dict.fromkeys(
        [
            ("contact", "id"),
            ("contact", "op"),
            ("contact", "decision"),
            ("contact", "sla_due"),
            ("company", "id"),
            ("company", "op"),
            ("deal", "id"),
            ("deal", "op"),
        ],
        "planned",
    )
    assert {each.method for each in bare.log.entries} == {"GET"}
    made = hubspot.provision(["decision", "sla_due"], dry_run=False)
    assert {each.state for each in made} == {"created"}
    assert [(each.kind, each.field) for each in made] == [(each.kind, each.field) for each in planned]
    assert {each.state for each in hubspot.provision(["decision", "sla_due"], dry_run=False)} == {"exists"}


def test_our_properties_have_a_group_of_their_own(bare: HubSpotSimulator, opened: Open) -> None:
    opened().provision(PURPOSES, dry_run=False)
    table = bare.portal.tables["contact"]
    ours = [prop for name, prop in table.properties.items() if name.startswith("leadbridge_")]
    assert len(ours) == len(PURPOSES)
    assert {prop.group for prop in ours} == {"leadbridge"}
    assert sum(each.path.endswith("/groups") for each in bare.log.entries) == 1
    opened().provision(PURPOSES, dry_run=False)
    assert sum(each.path.endswith("/groups") for each in bare.log.entries) == 1


def test_a_group_that_cannot_be_made_is_done_without(bare: HubSpotSimulator, opened: Open) -> None:
    bare.faults.add(Fault(effect="status", path="/groups", status=400, body={"status": "error"}))
    done = opened().provision([], dry_run=False)
    assert {each.state for each in done} == {"created"}
    assert bare.portal.tables["contact"].properties["leadbridge_id"].group == "contactinformation"


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_property_of_the_wrong_type_is_said_to_be_so(bare: HubSpotSimulator, opened: Open, dry_run: bool) -> None:
    bare.crm.add_property("contact", "leadbridge_sla_due")
    bare.crm.add_property("contact", "leadbridge_op", type="number")
    bare.crm.add_property("contact", "leadbridge_id")
    done = {each.field: each for each in opened().provision(["sla_due"], dry_run=dry_run)}
    assert {each.state for each in done.values()} == {"manual"}
    assert "type string" in done["leadbridge_sla_due"].instructions
    assert "type number" in done["leadbridge_op"].instructions
    assert "same value twice" in done["leadbridge_id"].instructions


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_account_that_has_ten_unique_properties_is_told_before_anything_is_made(
    bare: HubSpotSimulator, opened: Open, dry_run: bool
) -> None:
    for number in range(10):
        bare.crm.add_property("contact", f"number_{number}", unique=True)
    done = {each.field: each for each in opened().provision([], dry_run=dry_run)}
    assert done["leadbridge_id"].state == "manual"
    assert "10 unique properties" in done["leadbridge_id"].instructions
    assert done["leadbridge_op"].state == ("planned" if dry_run else "created")


def test_a_token_without_the_scope_gets_instructions_for_a_person(bare: HubSpotSimulator, opened: Open) -> None:
    bare.portal.scopes_missing = {"crm.schemas.contacts.write"}
    done = opened("contact", "company").provision(["sla_due"], dry_run=False)
    by_hand = {each.field: each.instructions for each in done if each.kind == "contact"}
    assert {each.state for each in done if each.kind == "contact"} == {"manual"}
    assert {each.state for each in done if each.kind == "company"} == {"created"}
    assert "Require unique values" in by_hand["leadbridge_id"]
    assert "Date and time picker" in by_hand["leadbridge_sla_due"]
    assert all("crm.schemas.contacts.write" in text for text in by_hand.values())


def test_a_token_that_may_not_even_look_is_an_error(bare: HubSpotSimulator, opened: Open) -> None:
    bare.portal.scopes_missing = {"crm.schemas.contacts.read"}
    with pytest.raises(Forbidden, match=r"crm\.schemas\.contacts\.read"):
        opened().provision([], dry_run=True)


def test_somebody_who_was_faster_is_fine_and_a_refusal_is_left_to_a_person(
    bare: HubSpotSimulator, opened: Open
) -> None:
    bare.faults.add(Fault(effect="status", path="properties/2026-09/contacts$", method="POST", status=409))
    bare.faults.add(
        Fault(effect="status", path="properties/2026-09/contacts$", method="POST", status=400, body={"status": "error"})
    )
    done = opened().provision([], dry_run=False)
    assert [each.state for each in done] == ["exists", "manual"]
    assert "HubSpot refused it" in done[1].instructions
