"""The first minutes: init, doctor, check and provision."""

from __future__ import annotations

import json
import stat
from typing import Any

import pytest

from leadbridge.agreement import Agreement
from leadbridge.cli.output import clean
from leadbridge.clock import SystemClock
from leadbridge.registry import start_simulator
from leadbridge.settings import Settings
from tests.cli.conftest import Shop


def test_init_writes_an_agreement_that_loads_settings_that_load_and_a_schema(bare: Shop) -> None:
    ran = bare.run("init", "acme")
    folder = bare.folder / "acme"
    assert ran.code == 0
    assert sorted(each.name for each in folder.iterdir()) == [
        "agreement.schema.json",
        "agreement.yaml",
        "leadbridge.toml",
    ]
    text = (folder / "agreement.yaml").read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=agreement.schema.json\n")
    assert Agreement.loads(text) == Agreement.preset("example")
    assert json.loads((folder / "agreement.schema.json").read_text("utf-8")) == Agreement.json_schema()
    settings = Settings.load(folder / "leadbridge.toml", environment={})
    assert {name: each.writes for name, each in settings.connections.items()} == {"hs": "ask", "sf": "ask"}
    assert stat.S_IMODE((folder / "leadbridge.toml").stat().st_mode) == 0o600
    assert "cd acme" in ran.out
    assert "leadbridge check" in ran.out


def test_init_overwrites_nothing_unless_it_is_told_to(bare: Shop) -> None:
    mine = bare.folder / "agreement.yaml"
    mine.write_text("mine", encoding="utf-8")
    refused = bare.run("init")
    assert (refused.code, mine.read_text("utf-8")) == (2, "mine")
    assert "agreement.yaml: already there; --force overwrites" in refused.err
    assert list(bare.folder.iterdir()) == [mine]
    assert bare.run("init", "--force").code == 0
    assert mine.read_text("utf-8") != "mine"


def test_doctor_says_what_is_there_and_tests_every_connection(shop: Shop) -> None:
    ran = shop.run("doctor")
    assert ran.code == 0
    assert "hubspot (leadbridge-hubspot" in ran.out
    assert "none yet: the first plan or sync makes it" in ran.out
    assert "API v68.0, writes = on" in ran.out
    assert not (shop.folder / "leadbridge.db").exists()


def test_doctor_goes_on_after_a_problem_and_exits_with_its_code(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADBRIDGE_HS_TOKEN", "wrong-token")
    ran = shop.run("doctor", "--json")
    found = {each["what"]: each for each in ran.json["findings"]}
    assert (ran.code, ran.json["exit_code"], ran.json["ok"]) == (4, 4, False)
    assert not found["connection hs"]["ok"]
    assert found["connection sf"]["ok"]
    assert "wrong-token" not in ran.out + ran.err


def test_check_counts_what_has_no_meaning_and_leaves_no_database(shop: Shop) -> None:
    evangelist = shop.market(4)[1]
    ran = shop.run("check")
    assert ran.code == 0
    line = next(each for each in ran.out.splitlines() if "evangelist" in each)
    assert line.split() == ["hs", "contact.lifecyclestage", "evangelist", "Evangelist", "1"]
    assert not (shop.folder / "leadbridge.db").exists()
    assert shop.run("check", "--strict").code == 2
    shop.hubspot.crm.edit(evangelist, {"lifecyclestage": "lead"})
    unused = shop.run("check", "--connection", "hs").out.partition("people may choose")[2]
    assert "Evangelist" in unused


def test_check_works_on_an_account_without_our_fields_settings_and_agreement(
    bare: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = start_simulator("hubspot")(SystemClock(), provisioned=False)
    try:
        plain.crm.seed("contact", [{"email": "ada@buyer.example", "lifecyclestage": "evangelist"}])
        plain.log.clear()
        monkeypatch.setenv("LEADBRIDGE_HUBSPOT_TOKEN", plain.token)
        ran = bare.run("check", "--adapter", "hubspot", "--set", f"base_url={plain.base_url}", "--json")
        writes = [each for each in plain.log.entries if each.method not in ("GET", "POST") or "batch/up" in each.path]
    finally:
        plain.stop()
    assert ran.code == 0
    assert ran.json["unmapped"] == [
        {
            "connection": "hubspot",
            "kind": "contact",
            "field": "lifecyclestage",
            "value": "evangelist",
            "label": "Evangelist",
            "rows": 1,
        }
    ]
    assert ran.json["unprovisioned"][0]["purposes"][0] == "id"
    assert "example agreement" in ran.json["notes"][-1]
    assert "ada@" not in ran.out + ran.err
    assert writes == []
    assert list(bare.folder.iterdir()) == []


def test_the_connection_gives_the_name_of_the_variables(bare: Shop) -> None:
    ran = bare.run("check", "--adapter", "hubspot", "--connection", "hs", "--set", f"base_url={bare.hubspot.base_url}")
    assert ran.code == 0
    assert "today)" in ran.out + ran.err, "what the account has used of its day"
    missing = bare.run("check", "--adapter", "hubspot", "--connection", "eu-shop")
    assert missing.code == 2
    assert "connection eu-shop: " in missing.err
    assert "LEADBRIDGE_EU_SHOP_TOKEN" in missing.err


def test_a_secret_on_the_command_line_is_refused_and_not_repeated(bare: Shop) -> None:
    ran = bare.run("check", "--adapter", "hubspot", "--set", "token=pat-eu1-very-secret")
    assert ran.code == 2
    assert "LEADBRIDGE_HUBSPOT_TOKEN" in ran.err
    assert "very-secret" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "base_url=x"), "needs --adapter"),
        (("--adapter", "hubspot", "--config", "x.toml"), "either --adapter or --config"),
        (("--adapter", "hubspot", "--set", "base_url"), "NAME=VALUE"),
    ],
)
def test_options_that_do_not_go_together_are_usage_errors(bare: Shop, arguments: tuple[str, ...], said: str) -> None:
    ran = bare.run("check", *arguments)
    assert ran.code == 2
    assert said in " ".join(ran.err.split())


def test_provision_shows_first_and_makes_only_with_a_yes(bare: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = start_simulator("hubspot")(SystemClock(), provisioned=False)
    try:
        bare.run("init")
        text = f'[connections.hs]\nadapter = "hubspot"\nbase_url = "{plain.base_url}"\n'
        (bare.folder / "leadbridge.toml").write_text(text, encoding="utf-8")
        shown = bare.run("provision")
        again = bare.run("provision", "--json")
        made = bare.run("provision", "--yes")
        after = bare.run("provision")
    finally:
        plain.stop()
    assert [each.code for each in (shown, again, made, after)] == [0, 0, 0, 0]
    assert "To make 7 fields: leadbridge provision --yes" in shown.out
    assert {each["state"] for each in again.json["fields"]} == {"planned"}
    assert made.out.count(" made") == 7
    assert "nothing that leadbridge has to make" in after.out
    assert not (bare.folder / "leadbridge.db").exists()


def test_one_connection_is_provisioned_by_its_name(shop: Shop) -> None:
    by_name, by_option = shop.run("provision", "hs", "--json"), shop.run("provision", "--connection", "hs", "--json")
    assert by_name.json == by_option.json
    assert {each["connection"] for each in by_name.json["fields"]} == {"hs"}
    torn = shop.run("provision", "hs", "--connection", "sf")
    assert torn.code == 2
    assert "name one connection" in torn.err
    assert shop.run("provision", "nobody").code == 2


def test_a_hubspot_field_of_the_wrong_type_is_left_to_a_person(bare: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = start_simulator("hubspot")(SystemClock(), provisioned=False)
    try:
        plain.crm.add_property("contact", "leadbridge_sla_due")
        plain.portal.scopes_missing = {"crm.schemas.contacts.write"}
        bare.run("init")
        text = f'[connections.hs]\nadapter = "hubspot"\nbase_url = "{plain.base_url}"\n'
        (bare.folder / "leadbridge.toml").write_text(text, encoding="utf-8")
        shown, tried = bare.run("provision", "hs"), bare.run("provision", "hs", "--yes")
    finally:
        plain.stop()
    assert "To make 6 fields: leadbridge provision hs --yes" in " ".join(shown.out.split())
    assert "exists with the type string" in " ".join(shown.out.split())
    assert " made" not in tried.out
    assert "crm.schemas.contacts.write" in tried.out


def test_what_only_a_person_can_do_comes_with_instructions(shop: Shop) -> None:
    ran = shop.run("provision", "--connection", "sf")
    assert "a person has to make it" in ran.out
    assert "by hand in sf: " in ran.out


def test_text_from_a_crm_cannot_command_the_terminal() -> None:
    assert clean("plain \x1b[31mred\x07\r\nnext ä") == "plain \\x1b[31mred\\x07\\x0d\nnext ä"


def test_text_from_a_crm_is_not_read_as_markup(shop: Shop) -> None:
    simulator: Any = shop.salesforce
    simulator.crm.seed(
        "Lead", [{"LastName": "X", "Company": "Y", "Status": "Open - Not Contacted", "LeadSource": "[red]"}]
    )
    assert shop.run("check", "--connection", "sf").code == 0


def test_the_agreement_alone_is_checked_shown_and_compared(shop: Shop) -> None:
    path = shop.folder / "draft.yaml"
    text = (shop.folder / "agreement.yaml").read_text("utf-8")
    path.write_text(text.replace("version: 1", "version: 2").replace("10 days", "5 days", 1), encoding="utf-8")
    assert "holds together" in shop.run("agreement", "check").out
    assert shop.run("agreement", "check", str(path), "--json").json["ok"] is True
    assert shop.run("agreement", "show").out.startswith("#")
    assert shop.run("agreement", "show", "--json").json["version"] == 1
    assert shop.run("agreement", "schema").json["title"] == "leadbridge agreement"
    changed = shop.run("agreement", "diff", "agreement.yaml", "draft.yaml")
    assert "version 1 became version 2" in changed.out
    assert "an offer runs out after 5 days, before 10 days" in changed.out
    assert "They say the same" in shop.run("agreement", "diff", "agreement.yaml", "agreement.yaml").out
    paths = [each["path"] for each in shop.run("agreement", "diff", "agreement.yaml", "draft.yaml", "--json").json]
    assert paths == ["version", "handoff.expires_after"]
