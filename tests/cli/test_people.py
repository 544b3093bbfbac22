"""``erase``, ``apart`` and ``agree-again`` against both vendors' simulators."""

from __future__ import annotations

from typing import Any

from leadbridge.adapter import Ref
from tests.cli.conftest import Shop

ADA = "person2@buyer2.example"


def lead_of(shop: Shop) -> str:
    """Ada is a contact in one CRM and a lead in the other."""
    shop.market(4)
    assert shop.run("sync").code == 0
    contact = next(row for row in shop.hubspot.crm.dump("contact") if row["email"] == ADA)
    return str(contact["leadbridge_id"])


def salesforce_record(shop: Shop) -> Ref:
    (row,) = [row for row in shop.salesforce.crm.dump("Lead") if row["Email"] == ADA]
    return Ref("Lead", str(row["id"]))


def test_a_person_is_erased_in_both_crms(shop: Shop) -> None:
    lead = lead_of(shop)
    record = salesforce_record(shop)
    planned = shop.run("erase", ADA)
    assert planned.code == 0
    assert "Nothing was removed" in planned.err
    assert ADA not in planned.out + planned.err
    assert any(row["email"] == ADA for row in shop.hubspot.crm.dump("contact"))
    done = shop.run("erase", ADA, "--yes", "--json").json
    assert not any(row["email"] == ADA for row in shop.hubspot.crm.dump("contact"))
    assert done["done"]
    assert record.id not in {row["id"] for row in shop.salesforce.crm.dump("Lead")}
    assert shop.run("sync").code == 0
    assert not any(row["email"] == ADA for row in shop.hubspot.crm.dump("contact"))
    assert shop.run("explain", lead).code == 2


def test_a_person_whom_hubspot_erased_on_request_is_not_erased_elsewhere_unasked(shop: Shop) -> None:
    lead = lead_of(shop)
    contact = next(row for row in shop.hubspot.crm.dump("contact") if row["email"] == ADA)
    portal: Any = shop.hubspot.crm
    portal.erase(Ref("contact", str(contact["id"])))
    shop.salesforce.crm.edit(salesforce_record(shop), {"Title": "CTO"})
    assert shop.run("sync").code == 0
    assert salesforce_record(shop)
    (item,) = [each for each in shop.run("quarantine", "--json").json if each["subject"] == "identity"]
    assert f"leadbridge erase {lead}" in item["remedy"]
    assert not any(row["email"] == ADA for row in shop.hubspot.crm.dump("contact"))


def test_an_opt_out_of_a_contact_that_hubspot_merged_away_holds_in_both_crms(shop: Shop) -> None:
    lead_of(shop)
    ada, other = [
        Ref("contact", str(row["id"]))
        for row in shop.hubspot.crm.dump("contact")
        if row["email"] in (ADA, "person3@buyer3.example")
    ]
    shop.salesforce.crm.edit(salesforce_record(shop), {"HasOptedOutOfEmail": True})
    assert shop.run("sync").code == 0
    shop.hubspot.crm.merge(other, ada)
    shop.run("sync")
    shop.run("sync")
    assert [row["HasOptedOutOfEmail"] for row in shop.salesforce.crm.dump("Lead")] == [True, True]


def test_a_record_is_kept_apart_in_one_line(shop: Shop) -> None:
    twins = [{"LastName": "Example", "Company": "Buyer", "Email": "office@buyer.example"} for _ in range(2)]
    one, two = shop.salesforce.crm.seed("Lead", twins)
    shop.run("sync")
    ran = [shop.run("apart", "sf", "Lead", each.id) for each in (one, two)]
    assert [each.code for each in ran] == [0, 0]
    shop.run("sync")
    waiting = [each["record"] for each in shop.run("quarantine", "--json").json if each["subject"] == "identity"]
    assert waiting == []


def test_consent_is_given_again_on_evidence_and_the_plan_asks_for_approval(shop: Shop) -> None:
    lead = lead_of(shop)
    shop.salesforce.crm.edit(salesforce_record(shop), {"HasOptedOutOfEmail": True})
    shop.run("sync")
    refused = shop.run("agree-again", lead, "--on", "2020-01-01", "--evidence", "form-7", "--by", "ann")
    assert (refused.code, "only an agreement that is newer counts" in refused.err) == (2, True)
    tomorrow = shop.run("agree-again", lead, "--on", "2999-01-01", "--evidence", "form-7", "--by", "ann")
    assert (tomorrow.code, "in the future" in tomorrow.err) == (2, True)
