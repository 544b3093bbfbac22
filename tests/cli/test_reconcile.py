"""``leadbridge reconcile``: two live CRMs, or a saved snapshot of them, and a bridge that adds up."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shop


@pytest.fixture
def desk(shop: Shop) -> Shop:
    """Marketing has four contacts, two of them qualified; sales knows one of these, and someone else."""
    shop.market(4)
    rows = [
        {"LastName": "Secretname", "Company": "Buyer 3", "Email": "person3@buyer3.example"},
        {"LastName": "Other", "Company": "Nobody", "Email": "other@nobody.example", "Status": "Working - Contacted"},
    ]
    shop.salesforce.crm.seed("Lead", rows)
    return shop


def test_two_live_crms_are_compared_and_every_record_has_its_cause(desk: Shop) -> None:
    ran = desk.run("reconcile", "marketing_qualified", "--json")
    assert ran.code == 0
    found = ran.json
    assert (found["left"], found["right"]["count"]) == ({"connection": "hs", "count": 2}, 1)
    assert found["left"]["count"] + sum(step["delta"] for step in found["steps"]) == found["right"]["count"]
    assert "not_linked" in {row["cause"] for row in found["rows"]}
    assert desk.salesforce.log.count("sobjects", method="PATCH") == desk.hubspot.log.count("/batch/u") == 0


def test_people_see_a_table_that_adds_up_and_no_names(desk: Shop) -> None:
    ran = desk.run("reconcile", "marketing_qualified")
    assert ran.code == 0
    assert "marketing_qualified in hs" in ran.out
    assert "not linked" in ran.out
    assert "Record by record" in ran.out
    assert "Secretname" not in ran.out + ran.err
    assert "@" not in ran.out + ran.err


def test_what_was_read_once_can_be_asked_again_without_the_crms(desk: Shop) -> None:
    first = desk.run("reconcile", "marketing_qualified", "--save", "kept", "--json")
    desk.hubspot.log.clear()
    again = desk.run("reconcile", "marketing_qualified", "--snapshot", "kept", "--json")
    assert again.json == first.json
    assert desk.hubspot.log.total == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("wonn",), "nothing in the CRMs is called 'wonn'"),
        (("won", "--filter", "country=Germany"), "CONNECTION.FIELD=VALUE"),
        (("won", "--since", "yesterday"), "2026-03-01"),
        (("won", "--snapshot", "kept", "--save", "more"), "not saved again"),
        (("won", "--snapshot", "nowhere"), "is not a snapshot"),
        (("won", "--left", "xx"), "no connection 'xx'"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_way_out(desk: Shop, arguments: tuple[str, ...], said: str) -> None:
    ran = desk.run("reconcile", *arguments)
    assert ran.code == 2
    assert said in ran.err
