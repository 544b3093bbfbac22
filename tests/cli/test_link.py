"""A person settles what the CRMs leave open."""

from __future__ import annotations

from tests.cli.conftest import Shop


def test_a_person_says_which_lead_a_record_stands_for(shop: Shop) -> None:
    contacts = [
        {
            "email": "ada@buyer.example",
            "lastname": "Example",
            "company": "Buyer",
            "lifecyclestage": "marketingqualifiedlead",
        }
    ]
    shop.hubspot.crm.seed("contact", contacts)
    twins = [{"LastName": "Example", "Company": "Buyer", "Email": "ada@buyer.example"} for _ in range(2)]
    one, _ = shop.salesforce.crm.seed("Lead", twins)
    shop.run("sync", "--yes-really", shop.run("plan", "--json").json["hash"])
    waiting = shop.run("quarantine", "--json").json
    assert len([each for each in waiting if each["subject"] == "identity"]) == 2
    ran = shop.run("link", "sf", "Lead", one.id, "ada@buyer.example")
    assert (ran.code, "leadbridge sync" in ran.out) == (0, True)
    shop.run("sync")
    linked = [row for row in shop.salesforce.crm.dump("Lead") if row["LeadBridge_Id__c"]]
    assert [row["id"] for row in linked] == [one.id]


def test_a_record_of_a_connection_that_nobody_knows_is_refused(shop: Shop) -> None:
    shop.market(4)
    shop.run("sync")
    lead = shop.run("clocks", "--all", "--json").json["clocks"][0]["lead"]
    ran = shop.run("link", "nowhere", "Lead", "00Q000000000001AAA", lead)
    assert ran.code == 2
    assert "there is no connection nowhere" in ran.err
