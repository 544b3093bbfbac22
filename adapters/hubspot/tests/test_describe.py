"""Who the account is, what it has, and creating our own fields there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leadbridge.adapter import OWN_FIELDS, Option, Provision, Ref, Value, Write
from leadbridge.clock import ManualClock
from leadbridge.errors import ConfigError, Forbidden
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator, start

Connect = Callable[..., HubSpot]
WAYS = ("2026-09", "2026-03", "v3", "sdk")


@pytest.mark.parametrize("way", WAYS)
def test_an_account_describes_itself(simulator: HubSpotSimulator, connect: Connect, way: str) -> None:
    ada = simulator.crm.add_owner("ada@acme.example", first_name="Ada", last_name="Example")
    queue = simulator.crm.add_owner("", first_name="Inbound", queue=True)
    gone = simulator.crm.add_owner("gone@acme.example", archived=True)
    seen = connect(way).describe()
    assert (seen.system, seen.account) == ("hubspot", "48310021")
    assert seen.api_version == ("v3" if way == "sdk" else way)
    assert [(owner.id, owner.kind, owner.active) for owner in seen.owners] == [
        (ada, "person", True),
        (queue, "queue", True),
        (gone, "person", False),
    ]
    assert (seen.owners[0].email, seen.owners[0].name) == ("ada@acme.example", "Ada Example")
    contact = seen.kinds["contact"]
    assert contact.own == {own.purpose: f"leadbridge_{own.purpose}" for own in OWN_FIELDS}
    assert contact.writable
    assert seen.kinds["note"].writable
    promised = seen.capabilities
    assert (promised.read_batch, promised.write_batch, promised.key_kinds) == (100, 100, frozenset({"contact"}))
    assert (promised.conditional_writes, promised.converts) == (False, False)
    assert (promised.archives, promised.sees_deleted) == (True, True)


def test_fields_are_described_as_hubspot_takes_them(simulator: HubSpotSimulator, connect: Connect) -> None:
    simulator.crm.add_property("contact", "topics", type="enumeration", look="checkbox", options=("sla", "crm"))
    fields = connect().describe().kinds["contact"].fields
    stage = fields["lifecyclestage"]
    assert (stage.type, stage.restricted, stage.forward_only) == ("option", True, True)
    assert stage.options[:2] == (Option("subscriber", "Subscriber"), Option("lead", "Lead"))
    assert [name for name, info in fields.items() if info.forward_only] == ["lifecyclestage"]
    assert (fields["topics"].type, fields["hs_email_optout"].type) == ("options", "bool")
    assert (fields["numemployees"].type, fields["closedate"].type) == ("number", "datetime")
    assert (fields["phone"].type, fields["hubspot_owner_id"].type) == ("string", "option")
    assert not fields["hubspot_owner_id"].restricted
    assert not fields["createdate"].writable
    assert sorted(name for name, info in fields.items() if info.unique) == ["email", "leadbridge_id"]


def test_the_default_crosswalk_names_fields_that_every_account_has(connect: Connect) -> None:
    seen = connect().describe()
    for kind, crosswalk in seen.crosswalk.items():
        assert isinstance(crosswalk, dict)
        fields = seen.kinds[kind].fields
        named = [
            *crosswalk["fields"].values(),
            *crosswalk.get("values", {}),
            *crosswalk.get("stage_dates", {}).values(),
        ]
        named += [touch[part] for touch in crosswalk.get("touches", ()) for part in ("at", "asset")]
        assert [name for name in named if name not in fields] == []
        for name, meanings in crosswalk.get("values", {}).items():
            assert set(meanings) <= {option.value for option in fields[name].options}


def test_a_token_with_few_scopes_sees_what_it_may(simulator: HubSpotSimulator, connect: Connect) -> None:
    simulator.portal.scopes_missing = {"crm.schemas.companies.read", "crm.objects.owners.read"}
    seen = connect().describe()
    assert "company" not in seen.kinds
    assert "deal" in seen.kinds
    assert seen.owners == ()
    simulator.portal.scopes_missing = {"crm.schemas.contacts.read"}
    with pytest.raises(Forbidden, match=r"crm\.schemas\.contacts\.read"):
        connect().describe()


def test_describing_is_fresh_each_time(simulator: HubSpotSimulator, connect: Connect) -> None:
    hubspot = connect()
    assert "colour" not in hubspot.describe().kinds["contact"].fields
    simulator.crm.add_property("contact", "colour")
    assert "colour" in hubspot.describe().kinds["contact"].fields


@pytest.mark.parametrize("way", WAYS)
def test_our_fields_are_created_once(clock: ManualClock, way: str) -> None:
    simulator = start(clock, provisioned=False)
    hubspot = simulator.connect(api_version="v3" if way == "sdk" else way)
    assert isinstance(hubspot, Provision)
    assert hubspot.describe().kinds["contact"].own == {}
    purposes = [own.purpose for own in OWN_FIELDS]
    planned = hubspot.provision(purposes, dry_run=True)
    assert {found.state for found in planned} == {"planned"}
    assert hubspot.describe().kinds["contact"].own == {}
    assert {found.state for found in hubspot.provision([], dry_run=False)} == {"created"}
    assert set(hubspot.describe().kinds["contact"].own) == {"id", "op"}
    states = {found.field: found.state for found in hubspot.provision(purposes, dry_run=False)}
    assert (states["leadbridge_id"], states["leadbridge_sla_due"]) == ("exists", "created")
    fields = hubspot.describe().kinds["contact"].fields
    assert fields["leadbridge_id"].unique
    assert fields["leadbridge_sla_due"].type == "datetime"
    due: dict[str, Value] = {"leadbridge_sla_due": "2026-03-03T10:00:00.000Z"}
    receipt = hubspot.apply([Write("op-1", "upsert", Ref("contact", "k"), due)])[0]
    assert receipt.outcome == "applied"
    hubspot.close()
    simulator.stop()


def test_what_the_token_may_not_create_is_explained_to_a_person(clock: ManualClock) -> None:
    simulator = start(clock, provisioned=False)
    simulator.portal.scopes_missing = {"crm.schemas.contacts.write"}
    hubspot = simulator.connect()
    found = hubspot.provision(["decision"], dry_run=False)
    assert [(each.field, each.state) for each in found] == [
        ("leadbridge_id", "manual"),
        ("leadbridge_op", "manual"),
        ("leadbridge_decision", "manual"),
    ]
    assert "unique" in found[0].instructions
    assert "crm.schemas.contacts.write" in found[0].instructions
    simulator.portal.scopes_missing = set()
    simulator.crm.add_property("contact", "leadbridge_id")
    assert hubspot.provision([], dry_run=False)[0].state == "manual"
    with pytest.raises(ConfigError, match="shoe_size"):
        hubspot.provision(["shoe_size"], dry_run=True)
    hubspot.close()
    simulator.stop()


def test_settings_make_a_connection(simulator: HubSpotSimulator) -> None:
    settings = {"token": simulator.token, "base_url": simulator.base_url, "kinds": "contact, deal", "rate": "1000"}
    hubspot = HubSpot.from_settings(settings)
    assert set(hubspot.describe().kinds) == {"contact", "deal"}
    assert hubspot.calls == 7
    assert set(settings) <= set(HubSpot.SETTINGS)
    hubspot.close()


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, "token"),
        ({"token": "two words"}, "token"),
        ({"token": "t", "colour": "red"}, "colour"),
        ({"token": "t", "api_version": "2011-01"}, "api_version"),
        ({"token": "t", "settle_minutes": "soon"}, "settle_minutes"),
        ({"token": "t", "kinds": "contact,butterfly"}, "butterfly"),
        ({"token": "t", "base_url": "https://api.hubapi.com.evil.example"}, "base_url"),
        ({"token": "t", "base_url": "http://api.hubapi.com"}, "base_url"),
        ({"token": "t", "base_url": "https://user@api.hubapi.com"}, "base_url"),
        ({"token": "t", "base_url": "https://10.0.0.7"}, "base_url"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, str], names: str) -> None:
    with pytest.raises(ConfigError, match=names):
        HubSpot.from_settings(settings)


@pytest.mark.parametrize("address", ["https://api.hubapi.com", "https://api-eu1.hubapi.com/", "http://127.0.0.1:9"])
def test_hubspots_own_hosts_and_this_computer_are_trusted_with_the_token(address: str) -> None:
    hubspot = HubSpot(token="secret-token", base_url=address, connection="hs")
    assert "secret-token" not in repr(hubspot)
    hubspot.close()


def test_the_simulator_speaks_tls(clock: ManualClock) -> None:
    simulator = start(clock, tls=True)
    hubspot: Any = simulator.connect()
    assert simulator.base_url.startswith("https://")
    assert hubspot.describe().account == "48310021"
    hubspot.close()
    simulator.stop()
