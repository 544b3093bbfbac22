"""``leadbridge route`` shows where open offers would go, and writes nothing."""

from __future__ import annotations

import re

from tests.cli.conftest import Shop

ROUTING = """
routing:
  queues:
    - {id: team, deal: round_robin, members: [ann, bob]}
  rules:
    - {id: large, when: company.employees > 100000, owner: kay}
    - {id: others, queue: team}
"""


def routing(shop: Shop, text: str = "") -> None:
    """Puts this in place of the routing of the example."""
    agreement = shop.folder / "agreement.yaml"
    kept = re.sub(r"^routing:\n(?: .*\n)+", "", agreement.read_text("utf-8"), flags=re.MULTILINE)
    agreement.write_text(kept + text, "utf-8")


def test_every_open_offer_is_shown_with_where_it_would_go_and_why(shop: Shop) -> None:
    routing(shop, ROUTING)
    shop.market(4)
    shop.run("sync")
    found = shop.run("route", "--json").json
    assert {each["owner"] for each in found} == {"ann", "bob"}
    assert {each["rule"] for each in found} == {"others"}
    assert {each["rule"] for each in found[0]["tried"]} == {"large"}
    assert shop.run("route", "--json").json == found, "nothing was recorded"
    ran = shop.run("route")
    assert (ran.code, "next by turn" in ran.out) == (0, True)
    away = shop.run("route", "--away", "ann", "--json").json
    assert {each["owner"] for each in away} == {"bob"}


def test_one_lead_is_shown_with_every_rule_that_was_passed_over(shop: Shop) -> None:
    routing(shop, ROUTING)
    shop.market(4)
    shop.run("sync")
    lead = shop.run("route", "--json").json[-1]["lead"]
    ran = shop.run("route", lead)
    assert (ran.code, "large: " in ran.out) == (0, True)
    assert [each["lead"] for each in shop.run("route", lead, "--json").json] == [lead]


def test_without_rules_every_offer_goes_nowhere_and_it_is_said(shop: Shop) -> None:
    routing(shop)
    shop.market(4)
    shop.run("sync")
    ran = shop.run("route")
    assert ran.code == 0
    assert "the agreement has no rules to route by" in ran.out


def test_with_no_open_offer_it_is_said(shop: Shop) -> None:
    shop.run("sync")
    assert shop.run("route").out.strip() == "No offer waits for somebody."
