"""``leadbridge brief``: the page for whoever is to call."""

from __future__ import annotations

from tests.cli.conftest import Shop


def synced(shop: Shop) -> str:
    shop.hubspot.crm.seed(
        "contact",
        [
            {
                "email": "ada@buyer.example",
                "lastname": "Winter & Söhne",
                "company": "Buyer",
                "jobtitle": "COO",
                "lifecyclestage": "marketingqualifiedlead",
            }
        ],
    )
    assert shop.run("sync").code == 0
    return "ada@buyer.example"


def test_a_brief_is_markdown_for_people_and_json_for_programs(shop: Shop) -> None:
    who = synced(shop)
    page = shop.run("brief", who)
    assert page.code == 0
    assert page.out.startswith("# Brief for sales\n")
    assert "- last name: Winter \\& Söhne" in page.out
    found = shop.run("brief", who, "--json").json
    assert (found["for"], found["who"]["company"], found["stage"]) == ("sales", "Buyer", "marketing_qualified")
    assert found["completeness"]["missing"] == ["source"]
    assert {each["promise"] for each in found["due"]} == {"sales_response.accept", "sales_response.first_touch"}


def test_a_brief_is_html_when_asked_for(shop: Shop) -> None:
    page = shop.run("brief", synced(shop), "--html")
    assert "<li>last name: Winter &amp; Söhne</li>" in page.out
    both = shop.run("brief", "ada@buyer.example", "--html", "--json")
    assert both.code == 2


def test_a_brief_of_nobody_says_how_to_name_a_lead(shop: Shop) -> None:
    synced(shop)
    ran = shop.run("brief", "nobody@buyer.example")
    assert ran.code == 2
    assert "give a lead id" in ran.err
