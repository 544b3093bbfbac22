"""sweep, recover and prune on the command line, against two simulated CRMs."""

from __future__ import annotations

import re
import shutil
from typing import Any

import pytest

from leadbridge.adapter import Ref
from tests.cli.conftest import Shop


@pytest.fixture
def synced(shop: Shop) -> Shop:
    shop.market(8)
    assert shop.run("sync").code == 0
    return shop


def test_sweep_says_what_came_back_and_writes_to_no_crm(synced: Shop) -> None:
    ran = synced.run("sweep", "--json")
    assert ran.code == 0
    contacts = next(each for each in ran.json["kinds"] if each["kind"] == "contact")
    assert (contacts["connection"], contacts["met"], contacts["missing"], contacts["ended"]) == ("hs", 8, 0, True)
    told = synced.run("sweep")
    assert told.code == 0
    assert "never read before" in told.out
    assert "Lead" in told.out


def test_a_list_that_is_not_believed_says_why_and_how_to_go_on(synced: Shop) -> None:
    portal: Any = synced.hubspot.crm
    for row in portal.dump("contact")[:4]:
        portal.erase(Ref("contact", str(row["id"])))
    ran = synced.run("sweep")
    assert ran.code == 7
    assert "only 4 of 8 known records came back" in " ".join(ran.err.split())
    approval = re.search(r"--yes-really=(\w{12})", ran.err)
    assert approval is not None
    assert "a permission may be lost" in " ".join(synced.run("quarantine").out.split())
    asked = synced.run("sweep", f"--yes-really={approval[1]}", "--json")
    assert asked.code == 0
    assert next(each["gone"] for each in asked.json["kinds"] if each["kind"] == "contact") == 4


def test_a_restored_database_is_refused_and_recovered(synced: Shop) -> None:
    file, saved = synced.folder / "leadbridge.db", synced.folder / "saved.db"
    shutil.copy(file, saved)
    contact = next(
        row for row in synced.hubspot.crm.dump("contact") if row["lifecyclestage"] == "marketingqualifiedlead"
    )
    synced.hubspot.crm.edit(Ref("contact", str(contact["id"])), {"jobtitle": "CTO"})
    assert synced.run("sync").code == 0
    shutil.copy(saved, file)
    refused = synced.run("sync")
    assert refused.code == 6
    assert "leadbridge recover" in refused.err
    looked = synced.run("recover", "--json")
    assert (looked.code, looked.json["done"], looked.json["plan"]) == (0, False, None)
    assert looked.json["forgotten_writes"] >= 1
    assert synced.run("sync").code == 6
    done = synced.run("recover", "--yes")
    assert done.code == 0
    assert "Secretname" not in done.out + done.err
    plan = synced.run("plan", "--json").json
    if plan["changes"]:
        assert synced.run("sync").code == 7
        assert synced.run("apply", plan["hash"], f"--yes-really={plan['hash']}").code == 0
    assert synced.run("sync").code == 0
    assert synced.run("recover").out.startswith("This database is not older")


def test_prune_follows_the_settings_and_removes_nothing_without_a_yes(synced: Shop) -> None:
    assert "kept for good" in synced.run("prune").out
    settings = synced.folder / "leadbridge.toml"
    settings.write_text(settings.read_text() + '\n[retention]\nwrites = "400 days"\naudit = "400 days"\n')
    ran = synced.run("prune", "--json")
    assert ran.json == {"removed": False, "rows": {"conflict": 0, "intent": 0, "quarantine": 0, "round": 0}}
    assert "writes of applied plans" in synced.run("prune", "--yes").out
    settings.write_text(settings.read_text().replace('writes = "400 days"', 'writes = "1 hour"'))
    assert synced.run("prune").code == 2


def test_doctor_names_the_extras_and_whether_tokens_are_kept(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {each["what"]: each["found"] for each in shop.run("doctor", "--json").json["findings"]}
    assert "prometheus-client" in found["packages"]
    assert "cryptography" in found["packages"]
    assert "LEADBRIDGE_TOKEN_KEY" in found["tokens"]
    assert found["tokens"].startswith("not kept")
    monkeypatch.setenv("LEADBRIDGE_TOKEN_KEY", "no key")
    ran = shop.run("doctor", "--json")
    tokens = next(each for each in ran.json["findings"] if each["what"] == "tokens")
    assert (ran.code, tokens["ok"]) == (2, False)
    assert "no key" not in ran.out
    monkeypatch.setenv("LEADBRIDGE_TOKEN_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    found = {each["what"]: each["found"] for each in shop.run("doctor", "--json").json["findings"]}
    assert found["tokens"].startswith("kept in the database, encrypted")
