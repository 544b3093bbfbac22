"""plan and apply: a part of a plan, one field of it, and pages of it."""

from __future__ import annotations

import stat

import pytest

from leadbridge.adapter import Ref
from tests.cli.conftest import Shop

WHO = "person2@buyer2.example"


@pytest.fixture
def edited(shop: Shop) -> Shop:
    """Both CRMs agreed on four people; then everybody got another title and telephone number in one of them."""
    shop.market(8)
    assert shop.run("sync").code == 0
    for row in shop.hubspot.crm.dump("contact"):
        shop.hubspot.crm.edit(Ref("contact", str(row["id"])), {"jobtitle": "CFO", "phone": "0123"})
    return shop


def titles(shop: Shop) -> list[str]:
    return sorted(str(row["Title"]) for row in shop.salesforce.crm.dump("Lead"))


def test_one_lead_alone_is_written_and_the_rest_comes_later(edited: Shop) -> None:
    plan = edited.run("plan", "--only", WHO)
    assert "3 writes left for later by the selection" in plan.out
    assert f"--only {WHO}" in plan.err
    assert edited.run("apply", "--only", WHO, "--yes").code == 0
    assert titles(edited) == ["CFO", "COO", "COO", "COO"]
    assert edited.run("sync").code == 0
    assert titles(edited) == ["CFO"] * 4


def test_at_most_so_many_leads_are_written(edited: Shop) -> None:
    assert edited.run("apply", "--limit", "3", "--yes").code == 0
    assert titles(edited) == ["CFO", "CFO", "CFO", "COO"]


def test_one_field_alone_is_written_and_the_others_are_still_seen_as_changed(edited: Shop) -> None:
    for name in ("phone", "Phone"):
        document = edited.run("plan", "--only", name, "--json").json
        assert {field for change in document["changes"] for field in change["fields"]} == {"Phone"}
    assert edited.run("apply", "--only", "phone", "--yes").code == 0
    assert titles(edited) == ["COO"] * 4
    assert {row["Phone"] for row in edited.salesforce.crm.dump("Lead")} == {"0123"}
    assert edited.run("sync").code == 0
    assert titles(edited) == ["CFO"] * 4


def test_a_kind_alone_is_written(edited: Shop) -> None:
    assert edited.run("plan", "--only", "contact", "--json").json["writes"] == {}
    assert edited.run("plan", "--only", "Lead", "--json").json["writes"] == {"sf": {"update": 4}}


def test_what_is_in_no_plan_is_a_usage_error_that_does_not_repeat_it(edited: Shop) -> None:
    ran = edited.run("plan", "--only", "nobody@nowhere.example")
    assert ran.code == 2
    assert "--only" in ran.err
    assert "nobody@" not in ran.err


def test_a_plan_of_a_part_is_not_the_whole_plan(edited: Shop) -> None:
    part = edited.run("plan", "--only", WHO, "--json").json["hash"]
    assert edited.run("apply", part).code == 7
    assert titles(edited) == ["COO"] * 4
    assert edited.run("apply", part, "--only", WHO).code == 0


@pytest.mark.parametrize("command", ["apply", "sync"])
def test_a_dry_run_shows_and_writes_nothing(edited: Shop, command: str) -> None:
    ran = edited.run(command, "--dry-run")
    assert ran.code == 0
    assert "sf: 4 updates" in ran.out
    assert edited.run(command, "--dry-run", "--json").json["writes"] == {"sf": {"update": 4}}
    assert titles(edited) == ["COO"] * 4


def test_one_field_is_explained_side_by_side(edited: Shop) -> None:
    ran = edited.run("plan", "--explain", WHO, "--field", "title")
    assert ran.code == 0
    assert "hs says 'CFO', a change from 'COO'" in ran.out
    assert "sf says 'COO', as when the sides last agreed" in ran.out
    assert "Title: 'COO' → 'CFO'  (changed in hs only)" in ran.out
    assert (
        edited.run("plan", "--explain", WHO, "--field", "Title", "--json").json["explanation"][-1].startswith("  in sf")
    )
    assert "nothing to write" in edited.run("plan", "--explain", WHO, "--field", "email").out
    assert edited.run("plan", "--explain", WHO, "--field", "frobs").code == 2
    assert edited.run("plan", "--field", "title").code == 2


@pytest.mark.parametrize("values", [False, True])
def test_pages_are_readable_by_us_alone_and_hold_values_only_when_asked_for(edited: Shop, values: bool) -> None:
    more = ["--values"] if values else []
    assert edited.run("plan", "--html", "plan.html", "--markdown", "plan.md", *more).code == 0
    for name in ("plan.html", "plan.md"):
        path = edited.folder / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert ("0123" in path.read_text("utf-8")) == values
    assert ("0123" in edited.run("plan", "--json", *more).out) == values


def test_a_page_that_cannot_be_written_is_a_usage_error(edited: Shop) -> None:
    ran = edited.run("plan", "--html", "nowhere/plan.html")
    assert ran.code == 2
    assert "choose another path" in ran.err
