"""The people and fields of the simulated org. Everybody is invented."""

from __future__ import annotations

from leadbridge_salesforce.settings import OWN_NAMES
from leadbridge_salesforce.simulator.fields import custom
from leadbridge_salesforce.simulator.org import CLOSED, CONVERTED, STAGES, STATUSES, Org

__all__ = ["REASONS", "furnish", "provide"]

REASONS = (
    "Wrong industry",
    "No budget",
    "No response",
    "Duplicate",
    "Wrong role",
    "Competitor",
    "Student",
    "Bad data",
)
"""What sales may choose when it refuses a lead."""

_PEOPLE = (
    ("Dana Reyes", "dana.reyes@vendor.example", True),
    ("Kofi Mensah", "kofi.mensah@vendor.example", True),
    ("Mai Tanaka", "mai.tanaka@vendor.example", True),
    ("Sol Lindqvist", "sol.lindqvist@vendor.example", False),
)
_QUEUES = ("Inbound Leads", "Partner Leads")


def furnish(org: Org) -> None:
    """Fills an empty org: its own record, users, queues, statuses, and two custom fields that a company might have."""
    org.id = org.insert("Organization", _organization())["Id"]
    integration = _user("Integration User", "integration@vendor.example", active=True)
    org.user = org.insert("User", integration)["Id"]
    people = [org.insert("User", _user(name, email, active=active)) for name, email, active in _PEOPLE]
    org.person = people[0]["Id"]
    for name in _QUEUES:
        org.insert("Group", {"Name": name, "Type": "Queue", "Email": None})
    for number, status in enumerate(STATUSES):
        row = {"ApiName": status, "MasterLabel": status, "SortOrder": number + 1, "IsDefault": number == 0}
        org.insert("LeadStatus", {**row, "IsConverted": status == CONVERTED})
    for number, (stage, probability) in enumerate(STAGES.items()):
        closed = CLOSED.get(stage)
        row = {"ApiName": stage, "MasterLabel": stage, "SortOrder": number + 1, "IsActive": True}
        forecast = "Pipeline" if closed is None else "Closed" if closed else "Omitted"
        row.update(DefaultProbability=probability, ForecastCategoryName=forecast)
        org.insert("OpportunityStage", {**row, "IsClosed": closed is not None, "IsWon": closed is True})
    org.add_field("Lead", custom("Rejection_Reason__c", "picklist", label="Rejection Reason", values=REASONS))
    for kind in ("Lead", "Contact"):
        org.add_field(kind, custom("MQL_Id__c", "string", label="MQL Id", length=40))


def provide(org: Org) -> None:
    """Adds leadbridge's own fields, as provisioning would, visible to everybody."""
    for kind in ("Lead", "Contact"):
        for purpose, name in OWN_NAMES.items():
            type_ = "datetime" if purpose == "sla_due" else "string"
            org.add_field(kind, custom(name, type_, length=80, unique=purpose == "id"))


def _organization() -> dict[str, object]:
    return {
        "Name": "Vendor Example (simulated)",
        "OrganizationType": "Enterprise Edition",
        "IsSandbox": True,
        "InstanceName": "SIM1",
        "TimeZoneSidKey": "Europe/Paris",
        "DefaultLocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
        "NamespacePrefix": None,
    }


def _user(name: str, email: str, *, active: bool) -> dict[str, object]:
    return {"Name": name, "Email": email, "Username": email, "IsActive": active, "UserType": "Standard"}
