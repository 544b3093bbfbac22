"""Conversion of leads and merging of records: what both a person in the org and the SOAP API can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leadbridge_salesforce.simulator.org import CONVERTED, Org
from leadbridge_salesforce.simulator.problems import Problem
from leadbridge_salesforce.simulator.table import Row

__all__ = ["MERGED", "Conversion", "Converted", "convert", "make_deal", "merge"]

MERGED = frozenset({"Lead", "Contact", "Account"})
"""The kinds that can be merged."""

_SAME = {
    "FirstName": "FirstName",
    "LastName": "LastName",
    "Salutation": "Salutation",
    "Title": "Title",
    "Phone": "Phone",
    "MobilePhone": "MobilePhone",
    "Email": "Email",
    "HasOptedOutOfEmail": "HasOptedOutOfEmail",
    "DoNotCall": "DoNotCall",
    "LeadSource": "LeadSource",
    "Description": "Description",
    "Street": "MailingStreet",
    "City": "MailingCity",
    "State": "MailingState",
    "PostalCode": "MailingPostalCode",
    "Country": "MailingCountry",
}
"""What conversion carries from a lead to its contact, besides custom fields."""

_CHILDREN = {
    "Lead": (("Task", "WhoId"), ("Event", "WhoId"), ("CampaignMember", "LeadId")),
    "Contact": (
        ("Task", "WhoId"),
        ("Event", "WhoId"),
        ("CampaignMember", "ContactId"),
        ("Opportunity", "ContactId"),
        ("Lead", "ConvertedContactId"),
    ),
    "Account": (
        ("Contact", "AccountId"),
        ("Opportunity", "AccountId"),
        ("Task", "WhatId"),
        ("Event", "WhatId"),
        ("Lead", "ConvertedAccountId"),
    ),
}


@dataclass(frozen=True, slots=True)
class Conversion:
    """What is wished of a conversion.

    Attributes:
        lead: the lead.
        owner: who owns what is made; necessary when a queue has the lead.
        account: an account that exists; ``None`` makes one.
        contact: a contact that exists, whose blank fields are filled; ``None`` makes one.
        deal: the name of the opportunity to make; ``None`` makes none.
        amount: the opportunity's amount.
        status: the lead's status afterwards.
        overwrite_source: the contact takes the lead's source.
        by: who does it.
    """

    lead: Row
    owner: str | None = None
    account: str | None = None
    contact: str | None = None
    deal: str | None = None
    amount: float | None = None
    status: str = CONVERTED
    overwrite_source: bool = False
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Converted:
    """The ids that a conversion led to."""

    account: str
    contact: str
    deal: str | None


def convert(org: Org, wish: Conversion) -> Converted:
    """Converts a lead; it stays, read-only, and names what became of it.

    Raises:
        Problem: it is converted already, nobody can own the result, or what is named does not fit.
    """
    lead = wish.lead
    if lead.get("IsConverted"):
        raise Problem("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    owner = wish.owner or str(lead.get("OwnerId") or "")
    if owner not in org.tables["User"].rows:
        raise Problem(
            "UNKNOWN_EXCEPTION",
            "Converted objects can only be owned by users.  If the lead is not owned by a user, you must specify a "
            "user for the Owner field.",
        )
    if not any(row["MasterLabel"] == wish.status and row["IsConverted"] for row in org.tables["LeadStatus"].live()):
        raise Problem("INVALID_STATUS", f"invalid convertedStatus: {wish.status}")
    contact = _named(org, "Contact", wish.contact)
    account = _named(org, "Account", wish.account or (contact or {}).get("AccountId"))
    if account is None:
        fresh = {"Name": lead.get("Company"), "OwnerId": owner, "Industry": lead.get("Industry")}
        account = org.insert("Account", {**fresh, "Website": lead.get("Website")})
    carried = _carried(org, lead)
    if contact is None:
        contact = org.insert("Contact", {**carried, "AccountId": account["Id"], "OwnerId": owner})
    else:
        filled = {name: value for name, value in carried.items() if contact.get(name) is None and value is not None}
        if wish.overwrite_source:
            filled["LeadSource"] = lead.get("LeadSource")
        org.change("Contact", contact, filled, by=wish.by)
    deal = None
    if wish.deal is not None:
        deal = make_deal(org, wish.deal, contact, owner=owner, amount=wish.amount)["Id"]
    done = {
        "IsConverted": True,
        "Status": wish.status,
        "ConvertedDate": org.clock.now().date().isoformat(),
        "ConvertedAccountId": account["Id"],
        "ConvertedContactId": contact["Id"],
        "ConvertedOpportunityId": deal,
        "OwnerId": owner,
    }
    org.change("Lead", lead, done, by=wish.by)
    for kind, field in _CHILDREN["Lead"]:
        moved = {"LeadId": None, "ContactId": contact["Id"]} if field == "LeadId" else {field: contact["Id"]}
        _move(org, kind, field, lead["Id"], moved)
    return Converted(account["Id"], contact["Id"], deal)


def make_deal(org: Org, name: str, contact: Row, *, owner: str, amount: float | None = None) -> Row:
    """A new opportunity of a contact."""
    row = {
        "Name": name,
        "AccountId": contact.get("AccountId"),
        "ContactId": contact["Id"],
        "OwnerId": owner,
        "Amount": amount,
        "StageName": "Qualification",
        "Probability": 10.0,
        "CloseDate": org.clock.now().date().isoformat(),
        "LeadSource": contact.get("LeadSource"),
    }
    return org.insert("Opportunity", row)


def merge(org: Org, kind: str, kept: Row, losers: Sequence[Row], *, by: str | None = None) -> list[str]:
    """The losers go to the recycle bin and name the winner; what belonged to them belongs to it. Returns what moved."""
    moved: list[str] = []
    for gone in losers:
        org.change(kind, gone, {"IsDeleted": True, "MasterRecordId": kept["Id"]}, by=by)
        for child, field in _CHILDREN[kind]:
            moved += _move(org, child, field, gone["Id"], {field: kept["Id"]})
    return moved


def _named(org: Org, kind: str, key: str | None) -> Row | None:
    if key is None:
        return None
    row = org.tables[kind].rows.get(key)
    if row is None or row["IsDeleted"]:
        raise Problem("INVALID_CROSS_REFERENCE_KEY", f"invalid {kind.lower()} id")
    return row


def _carried(org: Org, lead: Row) -> Row:
    carried = {target: lead.get(source) for source, target in _SAME.items()}
    if org.switches.carry_custom:
        names = org.kinds["Contact"].fields
        carried.update(
            {name: lead.get(name) for name in org.kinds["Lead"].fields if name.endswith("__c") and name in names}
        )
    return carried


def _move(org: Org, kind: str, field: str, old: str, change: Row) -> list[str]:
    rows = [row for row in org.tables[kind].rows.values() if row.get(field) == old]
    for row in rows:
        org.change(kind, row, change)
    return [row["Id"] for row in rows]
