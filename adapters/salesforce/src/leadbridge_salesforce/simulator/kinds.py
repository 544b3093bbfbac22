"""The standard kinds of a simulated org, as far as lead management meets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from leadbridge_salesforce.simulator.field_kinds import flag, kind_with, pick, ref, text
from leadbridge_salesforce.simulator.fields import FieldDef, KindDef
from leadbridge_salesforce.simulator.setup_kinds import history_kinds, setup_kinds

__all__ = ["standard_kinds"]

_RECORDS = ("Lead", "Contact")
_OWNERS = ("User", "Group")


def _address(prefix: str = "") -> list[FieldDef]:
    return [
        FieldDef(f"{prefix}Street", "textarea", length=255),
        text(f"{prefix}City", 40),
        text(f"{prefix}State", 80),
        text(f"{prefix}PostalCode", 20),
        text(f"{prefix}Country", 80),
        FieldDef(f"{prefix}Address", "address", writable=False),
    ]


_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
_INDUSTRIES = (
    "Agriculture",
    "Banking",
    "Consulting",
    "Education",
    "Engineering",
    "Healthcare",
    "Manufacturing",
    "Retail",
    "Technology",
    "Other",
)


def _person() -> list[FieldDef]:
    return [
        text("FirstName", 40),
        text("LastName", 80, required=True),
        text("Name", 121, writable=False),
        pick("Salutation", ("Mr.", "Ms.", "Dr.", "Prof.")),
        text("Title", 128),
        FieldDef("Phone", "phone", length=40),
        FieldDef("MobilePhone", "phone", length=40),
        FieldDef("Email", "email", length=80),
        flag("HasOptedOutOfEmail"),
        flag("DoNotCall"),
        pick("LeadSource", _SOURCES),
        FieldDef("Description", "textarea", length=32000),
        ref("OwnerId", *_OWNERS, default=""),
        ref("MasterRecordId", "Lead", writable=False),
        FieldDef("LastActivityDate", "date", writable=False),
    ]


def _lead(statuses: Sequence[str]) -> list[FieldDef]:
    return [
        *_person(),
        *_address(),
        text("Company", 255, required=True),
        FieldDef("Website", "url", length=255),
        pick("Industry", _INDUSTRIES),
        pick("Rating", ("Hot", "Warm", "Cold")),
        FieldDef("AnnualRevenue", "currency"),
        FieldDef("NumberOfEmployees", "int"),
        pick("Status", statuses, default=statuses[0], required=True),
        flag("IsConverted", writable=False),
        FieldDef("ConvertedDate", "date", writable=False),
        ref("ConvertedAccountId", "Account", writable=False),
        ref("ConvertedContactId", "Contact", writable=False),
        ref("ConvertedOpportunityId", "Opportunity", writable=False),
    ]


def _opportunity(stages: Sequence[str]) -> list[FieldDef]:
    return [
        text("Name", 120, required=True),
        ref("AccountId", "Account"),
        ref("ContactId", "Contact", create_only=True),
        pick("StageName", stages, required=True),
        FieldDef("Amount", "currency"),
        FieldDef("Probability", "percent"),
        FieldDef("CloseDate", "date", required=True),
        pick("LeadSource", _SOURCES),
        flag("IsClosed", writable=False),
        flag("IsWon", writable=False),
        FieldDef("LastStageChangeDate", "datetime", writable=False),
        FieldDef("Description", "textarea", length=32000),
        ref("OwnerId", "User", default=""),
    ]


def _activity() -> list[FieldDef]:
    return [
        text("Subject", 255),
        ref("WhoId", *_RECORDS),
        ref("WhatId", "Account", "Opportunity"),
        FieldDef("ActivityDate", "date"),
        FieldDef("Description", "textarea", length=32000),
        ref("OwnerId", "User", default=""),
        flag("IsArchived", writable=False),
    ]


def standard_kinds(statuses: Sequence[str], stages: Sequence[str]) -> dict[str, KindDef]:
    """A fresh set of kinds for one org."""
    contact = [
        replace(each, reference_to=("Contact",)) if each.name == "MasterRecordId" else each for each in _person()
    ]
    task = [
        *_activity(),
        pick("Status", ("Not Started", "In Progress", "Completed"), default="Not Started"),
        pick("Priority", ("High", "Normal", "Low"), default="Normal"),
        pick("TaskSubtype", ("Task", "Email", "ListEmail", "Call"), create_only=True, default="Task"),
        pick("CallType", ("Internal", "Inbound", "Outbound")),
        FieldDef("CompletedDateTime", "datetime", writable=False),
        flag("IsClosed", writable=False),
    ]
    event = [
        *_activity(),
        FieldDef("StartDateTime", "datetime"),
        FieldDef("EndDateTime", "datetime"),
        FieldDef("DurationInMinutes", "int"),
    ]
    member = [
        ref("CampaignId", "Campaign", required=True, create_only=True),
        ref("LeadId", "Lead", create_only=True),
        ref("ContactId", "Contact", create_only=True),
        pick("Status", ("Sent", "Responded"), default="Sent"),
        ref("LeadOrContactId", *_RECORDS, writable=False),
        flag("HasResponded", writable=False),
    ]
    campaign = [
        text("Name", 80, required=True),
        flag("IsActive"),
        pick("Status", ("Planned",)),
        FieldDef("StartDate", "date"),
        FieldDef("EndDate", "date"),
        ref("OwnerId", "User", default=""),
    ]
    kinds = [
        kind_with("Lead", "00Q", _lead(statuses)),
        kind_with("Contact", "003", [*contact, ref("AccountId", "Account"), *_address("Mailing")]),
        kind_with("Account", "001", _account()),
        kind_with("Opportunity", "006", _opportunity(stages)),
        kind_with("Task", "00T", task),
        kind_with("Event", "00U", event),
        kind_with("Campaign", "701", campaign),
        kind_with("CampaignMember", "00v", member),
        *history_kinds(),
        *setup_kinds(),
    ]
    return {each.name: each for each in kinds}


def _account() -> list[FieldDef]:
    return [
        text("Name", 255, required=True),
        FieldDef("Website", "url", length=255),
        FieldDef("Phone", "phone", length=40),
        pick("Industry", _INDUSTRIES),
        FieldDef("NumberOfEmployees", "int"),
        *_address("Billing"),
        ref("OwnerId", "User", default=""),
        ref("MasterRecordId", "Account", writable=False),
    ]
