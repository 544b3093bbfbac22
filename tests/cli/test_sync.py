"""plan, apply and sync, and what is known afterwards: clocks, explanations, quarantine, metrics."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leadbridge.adapter import Ref
from tests.cli.conftest import Shop

WHO = "person2@buyer2.example"


def test_a_plan_says_what_and_why_and_writes_to_neither(shop: Shop) -> None:
    shop.market(8)
    ran = shop.run("plan", "--rows", "2")
    assert ran.code == 0
    assert "sf: 4 creates" in ran.out
    assert "the lead is not in sf yet" in " ".join(ran.out.split())
    assert "... and 6 more" in ran.out
    assert shop.salesforce.crm.dump("Lead") == []


def test_only_an_explanation_that_was_asked_for_shows_values(shop: Shop) -> None:
    shop.market(8)
    plan, document = shop.run("plan"), shop.run("plan", "--json")
    assert "Secretname" not in plan.out + document.out
    assert "buyer2.example" not in plan.out + document.out
    assert document.json["writes"] == {"hs": {"update": 4}, "sf": {"create": 4}}
    assert document.json["conflicts"] == document.json["needs_a_person"] == []
    asked = shop.run("plan", "--explain", WHO)
    assert asked.code == 0
    assert "LastName: (blank) → 'Secretname2'" in asked.out
    assert shop.run("plan", "--explain", WHO, "--json").json["explanation"][1].startswith("  in hs")


def test_a_plan_for_somebody_unknown_is_a_usage_error_that_does_not_repeat_the_address(shop: Shop) -> None:
    ran = shop.run("plan", "--explain", "nobody@nowhere.example")
    assert ran.code == 2
    assert "nobody@" not in ran.err


def test_a_sync_writes_and_the_next_one_has_nothing_to_do(shop: Shop) -> None:
    shop.market(8)
    first, second = shop.run("sync"), shop.run("sync", "--json")
    assert (first.code, second.code) == (0, 0)
    assert "nothing is left to do" in first.out
    assert (second.json["writes"], second.json["quiet"], second.json["failed"]) == ({}, True, {})
    assert set(second.json["api_calls"]) == {"hs", "sf"}
    assert len(shop.salesforce.crm.dump("Lead")) == 4


def test_a_connection_set_to_ask_is_written_only_with_a_yes(shop: Shop, ask: Callable[[bool], None]) -> None:
    shop.settings(writes="ask")
    shop.market(4)
    shop.hubspot.log.clear()
    refused = shop.run("sync")
    assert refused.code == 7
    assert "leadbridge sync --yes" in refused.err
    assert shop.hubspot.log.total == 0
    ask(True)
    declined = shop.run("sync", stdin="n\n")
    assert declined.code == 7
    assert shop.salesforce.crm.dump("Lead") == []
    agreed = shop.run("sync", stdin="y\n")
    assert agreed.code == 0
    assert "Write to hs and sf?" in agreed.err
    assert len(shop.salesforce.crm.dump("Lead")) == 2
    assert shop.run("sync", "--yes").code == 0


def test_a_program_is_never_asked(shop: Shop, ask: Callable[[bool], None]) -> None:
    shop.settings(writes="ask")
    shop.market(4)
    ask(True)
    for command in ("sync", "apply"):
        ran = shop.run(command, "--json", stdin="y\n")
        assert (ran.code, ran.json["error"], ran.json["exit_code"]) == (7, "WritesOff", 7)


def test_apply_with_a_hash_does_exactly_the_plan_that_was_looked_at(shop: Shop) -> None:
    shop.settings(writes="ask")
    shop.market(4)
    seen = shop.run("plan", "--json").json["hash"]
    shop.hubspot.crm.seed("contact", [{"email": "new@late.example", "lifecyclestage": "marketingqualifiedlead"}])
    stale = shop.run("apply", seen)
    assert stale.code == 7
    assert "look at leadbridge plan again" in stale.err
    assert shop.salesforce.crm.dump("Lead") == []
    done = shop.run("apply", shop.run("plan", "--json").json["hash"], "--json")
    assert done.code == 0
    assert done.json["writes"] == {"hs": 3, "sf": 3}


def test_apply_shows_the_plan_and_asks(shop: Shop, ask: Callable[[bool], None]) -> None:
    shop.settings(writes="ask")
    shop.market(4)
    alone = shop.run("apply")
    assert alone.code == 7
    assert "sf: 2 creates" in alone.out
    assert "leadbridge apply " in alone.err
    ask(True)
    assert shop.run("apply", stdin="y\n").code == 0
    assert len(shop.salesforce.crm.dump("Lead")) == 2


@pytest.fixture
def changed(shop: Shop) -> Shop:
    """Everybody's title was changed, and the agreement allows no more than one change at once."""
    shop.market(8)
    assert shop.run("sync").code == 0
    for row in shop.hubspot.crm.dump("contact"):
        shop.hubspot.crm.edit(Ref("contact", str(row["id"])), {"jobtitle": "CFO"})
    path = shop.folder / "agreement.yaml"
    text = path.read_text("utf-8").replace("{count: 200, share: 0.2}", "{count: 1, share: 0.0}")
    path.write_text(text, encoding="utf-8")
    return shop


def test_a_plan_over_the_limits_needs_its_hash(changed: Shop, ask: Callable[[bool], None]) -> None:
    plan = changed.run("plan")
    assert "over the agreed limits: 4 changed records" in plan.out
    seen = changed.run("plan", "--json").json["hash"]
    refused = changed.run("sync", "--yes")
    assert refused.code == 7
    assert f"approve {seen}" in refused.err
    ask(True)
    assert changed.run("apply", stdin="yes\n").code == 7
    typed = changed.run("apply", stdin=f"{seen}\n")
    assert typed.code == 0
    assert {row["Title"] for row in changed.salesforce.crm.dump("Lead")} == {"CFO"}


def test_a_plan_over_the_limits_is_not_approved_by_naming_it_once(changed: Shop) -> None:
    seen = changed.run("plan", "--json").json["hash"]
    refused = changed.run("apply", seen)
    assert refused.code == 7
    assert f"--yes-really={seen}" in refused.err
    assert changed.run("apply", "--yes-really", "0" * 12).code == 7
    assert {row["Title"] for row in changed.salesforce.crm.dump("Lead")} == {"COO"}
    assert changed.run("apply", f"--yes-really={seen}").code == 0
    assert {row["Title"] for row in changed.salesforce.crm.dump("Lead")} == {"CFO"}


def test_a_plan_over_the_limits_can_be_approved_on_the_command_line(changed: Shop) -> None:
    seen = changed.run("plan", "--json").json["hash"]
    assert changed.run("sync", "--yes", "--approve", "0" * 12).code == 7
    assert changed.run("sync", "--yes", "--approve", seen).code == 0


def test_what_is_known_here_needs_no_credentials(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.market(8)
    assert shop.run("sync").code == 0
    monkeypatch.delenv("LEADBRIDGE_HS_TOKEN")
    monkeypatch.delenv("LEADBRIDGE_SF_ACCESS_TOKEN")
    shop.hubspot.log.clear()
    board = shop.run("clocks")
    assert board.code == 0
    assert "sales_response.accept" in board.out
    document = shop.run("clocks", "--json", "--all")
    assert document.json["counts"]["running"] > 0
    assert len(document.json["clocks"]) == sum(document.json["counts"].values())
    assert shop.run("clocks", "--breached", "--json").json["clocks"] == []
    assert shop.run("clocks", "--due-within", "90 days", "--json").json["clocks"] != []
    assert shop.run("clocks", "--owner", "nobody", "--json").json["clocks"] == []
    assert "No such clocks." in shop.run("clocks", "--breached").out
    told = shop.run("explain", WHO)
    assert told.code == 0
    assert "offered to sales" in told.out
    assert "Secretname" not in told.out
    assert shop.run("explain", WHO, "--json").json["lines"]
    assert "Nothing waits for a person." in shop.run("quarantine").out
    assert shop.hubspot.log.total == 0


def test_a_span_in_business_time_is_a_usage_error(shop: Shop) -> None:
    shop.market(4)
    shop.run("sync")
    ran = shop.run("clocks", "--due-within", "4 business hours")
    assert ran.code == 2
    assert "ask for plain time" in " ".join(ran.err.replace("│", " ").split())


def test_what_a_crm_refused_waits_with_its_remedy(shop: Shop) -> None:
    rows = [{"email": f"twin{n}@buyer.example", "lifecyclestage": "marketingqualifiedlead"} for n in range(2)]
    shop.hubspot.crm.seed("contact", rows)
    leads = [{"LastName": "A", "Company": "B", "Email": "twin0@buyer.example"} for _ in range(2)]
    shop.salesforce.crm.seed("Lead", leads)
    first = shop.run("sync", "--json")
    assert (first.code, first.json["error"]) == (7, "ApprovalNeeded"), "two CRMs that both hold leads: look first"
    ran = shop.run("sync", "--yes-really", shop.run("plan", "--json").json["hash"], "--json")
    waiting = shop.run("quarantine", "--json").json
    assert ran.json["quarantine"] == len(waiting) > 0
    assert all(each["remedy"] for each in waiting)
    assert waiting[0]["connection"] in shop.run("quarantine").out


@pytest.mark.parametrize("command", ["clocks", "explain x", "quarantine", "metrics funnel"])
def test_before_the_first_sync_there_is_nothing_to_read(shop: Shop, command: str) -> None:
    ran = shop.run(*command.split())
    assert ran.code == 2
    assert "run leadbridge plan or leadbridge sync first" in ran.err
    assert not (shop.folder / "leadbridge.db").exists()


def test_metrics_come_with_their_definition_or_the_reason_why_not(shop: Shop) -> None:
    shop.market(8)
    assert shop.run("sync").code == 0
    names = {each["name"] for each in shop.run("metrics", "--json").json}
    assert {"funnel", "stage_duration", "sla_attainment", "reason_mix"} <= names
    funnel = shop.run("metrics", "funnel", "--by", "source")
    assert "definition: Of the passages" in funnel.out
    assert "ORGANIC_SEARCH" in funnel.out
    assert shop.run("metrics", "funnel", "--json").json["n"] == 4
    missing = shop.run("metrics", "acceptance_rate", "--json")
    assert missing.code == 0
    assert missing.json["not_computable"].startswith("no decisions were recorded")
    assert "not computable: " in shop.run("metrics", "acceptance_rate").out
    assert len(shop.run("metrics", "scorecard", "--json").json["scorecard"]) == 9
    for name in sorted(names):
        assert shop.run("metrics", name).code == 0
    unknown = shop.run("metrics", "frobs")
    assert unknown.code == 2
    assert "funnel" in unknown.err


def test_metrics_of_an_export_need_no_crm_and_no_settings(bare: Shop) -> None:
    rows = ["id,created,won_on", "1,2026-01-01,2026-01-11", "2,2026-01-02,", "3,2026-01-03,2026-01-23"]
    (bare.folder / "leads.csv").write_text("\n".join(rows), encoding="utf-8")
    columns = ("--column", "lead=id", "--column", "captured=created", "--column", "stage:won=won_on")
    ran = bare.run("metrics", "stage_duration", "--csv", "leads.csv", *columns, "--json")
    assert ran.code == 0
    assert (ran.json["value"], ran.json["n"]) == (15.0, 2)
    wrong = bare.run("metrics", "funnel", "--csv", "leads.csv", *columns[:4], "--column", "stage:won=closed")
    assert wrong.code == 2
    assert "closed" in wrong.err
    assert "won_on" in wrong.err
    assert "--column lead=" in bare.run("metrics", "funnel", "--csv", "leads.csv").err
    assert bare.run("metrics", "funnel", "--csv", "leads.csv", *columns, "--since", "gestern").code == 2
