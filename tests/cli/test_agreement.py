"""``leadbridge agreement``: versions in a folder and in the database, the page to sign, remarks, what is due."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from leadbridge.agreement import Agreement
from leadbridge.cli.agreement import build
from leadbridge.clock import SystemClock
from tests.cli.conftest import Shop

HEAD = "agreement: Test\nversion: {version}\neffective: {effective}\n"
SLA = """
calendars: {office: {zone: UTC, hours: always}}
slas: [{id: answer, calendar: office, targets: [{id: accept, starts: offered, stops: decided, within: %s}]}]
"""


@pytest.fixture
def versions(bare: Shop) -> Shop:
    folder = bare.folder / "agreements"
    folder.mkdir()
    for number, effective, hours in ((1, "2025-01-01", 4), (2, "2025-06-01", 2), (3, "2999-01-01", 1)):
        text = HEAD.format(version=number, effective=effective) + SLA % f"{hours} business hours"
        (folder / f"v{number}.yaml").write_text(text, encoding="utf-8")
    (bare.folder / "leadbridge.toml").write_text('agreement = "agreements"\n', encoding="utf-8")
    return bare


def test_two_versions_are_compared_by_their_numbers(versions: Shop) -> None:
    ran = versions.run("agreement", "diff", "v1", "v2")
    assert "sales promises accept within 2 business hours, before 4 business hours" in ran.out
    assert ran.out.splitlines()[0] == "The agreement"
    assert "Promises" in ran.out.splitlines()
    (promise,) = [
        each for each in versions.run("agreement", "diff", "1", "v3", "--json").json if "slas" in each["path"]
    ]
    assert (promise["section"], promise["before"], promise["after"]) == (
        "Promises",
        "4 business hours",
        "1 business hours",
    )


def test_a_version_and_a_file_are_compared_too(versions: Shop) -> None:
    assert "They say the same" in versions.run("agreement", "diff", "v1", "agreements/v1.yaml").out


def test_an_unknown_version_is_answered_with_those_there_are(versions: Shop) -> None:
    ran = versions.run("agreement", "diff", "v1", "v9")
    assert ran.code == 2
    assert "there is no version v9 in the settings or the database (there are: v1, v2, v3)" in ran.err


def test_versions_that_only_the_database_knows_are_compared(shop: Shop) -> None:
    shop.run("plan")
    path = shop.folder / "agreement.yaml"
    text = path.read_text("utf-8").replace("version: 1", "version: 2", 1).replace("2026-01-01", "2026-02-01", 1)
    path.write_text(text.replace("expires_after: 10 days", "expires_after: 5 days"), encoding="utf-8")
    ran = shop.run("agreement", "diff", "v1", "v2")
    assert "an offer runs out after 5 days, before 10 days" in ran.out


def test_without_a_file_the_version_in_force_is_meant(versions: Shop) -> None:
    assert versions.run("agreement", "show", "--json").json["version"] == 2
    assert versions.run("agreement", "show", "v1", "--json").json["version"] == 1
    assert "Test v2, in force, not signed: it holds together." in versions.run("agreement", "check").out


def test_the_page_to_sign_is_a_complete_document(versions: Shop) -> None:
    page = versions.run("agreement", "render", "--html").out
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
    assert versions.run("agreement", "render").out == versions.run("agreement", "show").out


def test_what_is_due_and_worth_a_look_is_said(bare: Shop) -> None:
    soon = SystemClock().now().date() + timedelta(days=10)
    text = HEAD.format(version=1, effective="2025-01-01") + f"until: {soon}\nrequired_signatures: [cmo]\n"
    Path(bare.folder / "draft.yaml").write_text(text, encoding="utf-8")
    ran = bare.run("agreement", "check", "draft.yaml")
    assert "due: cmo has not signed version 1" in ran.out
    assert f"due: version 1 ends on {soon}, in 10 days" in ran.out
    assert "worth a look: definitions: nothing is defined" in ran.out
    document = bare.run("agreement", "check", "draft.yaml", "--json").json
    assert any("cmo" in each for each in document["reminders"])
    assert {"path", "message", "remedy"} == set(document["remarks"][0])
    assert "nothing is defined" in bare.run("agreement", "lint", "draft.yaml").out


def test_the_ledger_of_the_settings_says_what_is_not_used(shop: Shop) -> None:
    shop.market(8)
    shop.run("sync", "--yes")
    ran = shop.run("agreement", "lint", "--ledger", "--json")
    messages = [each["message"] for each in ran.json["remarks"]]
    assert any("ever entered" in message for message in messages)
    assert any("ever gave the decision" in message for message in messages)


def test_clocks_say_under_which_agreement_they_stand(shop: Shop) -> None:
    shop.run("plan")
    document = shop.run("clocks", "--json").json
    assert document["agreement"] == Agreement.load(shop.folder / "agreement.yaml").standing(SystemClock().now().date())


def test_every_command_of_the_group_has_examples() -> None:
    assert all("leadbridge agreement" in str(command.epilog) for command in build().registered_commands)
