"""undo: what was applied is listed, shown and taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leadbridge.adapter import Ref
from tests.cli.conftest import Shop


@pytest.fixture
def retitled(shop: Shop) -> tuple[Shop, str]:
    """Everybody's new title has gone over; with the hash of that plan."""
    shop.market(8)
    assert shop.run("sync").code == 0
    for row in shop.hubspot.crm.dump("contact"):
        shop.hubspot.crm.edit(Ref("contact", str(row["id"])), {"jobtitle": "CFO"})
    seen = str(shop.run("plan", "--json").json["hash"])
    assert shop.run("apply", seen).code == 0
    return shop, seen


def titles(shop: Shop) -> set[object]:
    return {row["Title"] for row in shop.salesforce.crm.dump("Lead")}


def test_undo_lists_what_can_be_taken_back_the_latest_first(retitled: tuple[Shop, str]) -> None:
    shop, seen = retitled
    listed = shop.run("undo", "--json").json
    assert (listed[0]["hash"], listed[0]["writes"]) == (seen, 4)
    assert len(listed) > 1
    assert seen in shop.run("undo").out


def test_undo_shows_a_plan_first_and_then_does_it(retitled: tuple[Shop, str]) -> None:
    shop, seen = retitled
    shown = shop.run("undo", seen)
    assert shown.code == 0
    assert f"takes back plan {seen}" in shown.out
    assert f"leadbridge undo {seen} --yes" in shown.err
    assert titles(shop) == {"CFO"}
    assert shop.run("undo", seen, "--json").json["undoes"] == seen
    assert shop.run("undo", seen, "--dry-run", "--yes").code == 0
    assert titles(shop) == {"CFO"}
    assert shop.run("undo", seen, "--yes").code == 0
    assert titles(shop) == {"COO"}
    assert shop.run("sync").code == 0
    assert titles(shop) == {"COO"}, "what a person has taken back is not done again"
    waiting = shop.run("quarantine", "--class", "undone", "--json").json
    assert {each["subject"] for each in waiting} == {"Title"}


def test_undo_asks_at_a_terminal(retitled: tuple[Shop, str], ask: Callable[[bool], None]) -> None:
    shop, seen = retitled
    ask(True)
    assert shop.run("undo", seen, stdin="n\n").code == 7
    assert titles(shop) == {"CFO"}
    assert shop.run("undo", seen, stdin="y\n").code == 0
    assert titles(shop) == {"COO"}


def test_new_records_are_taken_back_only_with_the_hash_of_exactly_that(shop: Shop) -> None:
    shop.market(4)
    seen = shop.run("plan", "--json").json["hash"]
    assert shop.run("apply", seen).code == 0
    back = shop.run("undo", seen, "--json").json
    assert back["writes"]["sf"] == {"archive": 2}
    assert shop.run("undo", seen, "--yes").code == 7
    assert len(shop.salesforce.crm.dump("Lead")) == 2
    assert shop.run("undo", seen, "--yes-really", "0" * 12).code == 7
    done = shop.run("undo", seen, f"--yes-really={back['hash']}")
    assert done.code == 0
    assert shop.salesforce.crm.dump("Lead") == []


def test_an_unknown_plan_is_a_usage_error(shop: Shop) -> None:
    shop.market(2)
    assert shop.run("sync").code == 0
    ran = shop.run("undo", "0" * 12)
    assert ran.code == 2
    assert "leadbridge undo lists" in ran.err
