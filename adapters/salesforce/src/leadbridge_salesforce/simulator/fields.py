"""The kinds of a simulated org and their fields, as far as lead management meets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["FieldDef", "KindDef", "custom", "standard_kinds"]

_RECORDS = ("Lead", "Contact")
_OWNERS = ("User", "Group")


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field; the words are those of Salesforce's sObject describe."""

    name: str
    type: str
    label: str = ""
    length: int = 0
    writable: bool = True
    create_only: bool = False
    required: bool = False
    default: Any = None
    values: tuple[str, ...] = ()
    restricted: bool = False
    reference_to: tuple[str, ...] = ()
    unique: bool = False
    external_id: bool = False
    visible: bool = True

    @property
    def is_custom(self) -> bool:
        return self.name.endswith("__c")

    def describe(self) -> dict[str, Any]:
        """The field as describe words it."""
        return {
            "name": self.name,
            "label": self.label or self.name.removesuffix("__c").replace("_", " "),
            "type": self.type,
            "length": self.length,
            "byteLength": self.length * 3,
            "createable": self.writable,
            "updateable": self.writable and not self.create_only,
            "nillable": not self.required,
            "defaultedOnCreate": self.default is not None or self.type == "boolean",
            "defaultValue": self.default,
            "custom": self.is_custom,
            "externalId": self.external_id,
            "idLookup": self.external_id or self.name in {"Id", "Email"},
            "unique": self.unique,
            "caseSensitive": self.unique,
            "calculated": False,
            "compoundFieldName": None,
            "filterable": self.type != "textarea",
            "sortable": self.type != "textarea",
            "groupable": self.type != "textarea",
            "permissionable": self.is_custom,
            "restrictedPicklist": self.restricted,
            "picklistValues": [
                {
                    "value": value,
                    "label": value,
                    "active": True,
                    "defaultValue": value == self.default,
                    "validFor": None,
                }
                for value in self.values
            ],
            "referenceTo": list(self.reference_to),
            "relationshipName": self.name.removesuffix("Id") if self.reference_to else None,
        }


@dataclass(slots=True)
class KindDef:
    """One kind; ``fields`` may grow, as an administrator adds custom ones."""

    name: str
    prefix: str
    fields: dict[str, FieldDef] = field(default_factory=dict)
    writable: bool = True
    defaults: dict[str, Any] = field(default_factory=dict)
    needed: list[str] = field(default_factory=list)
    uniques: list[str] = field(default_factory=list)
    _by_lower: dict[str, FieldDef] = field(default_factory=dict)

    def add(self, *fields: FieldDef) -> None:
        """Adds fields, or replaces those of the same name."""
        self.fields.update({each.name: each for each in fields})
        self._sort_out()

    def drop(self, name: str) -> None:
        """Takes a field away."""
        self.fields.pop(name, None)
        self._sort_out()

    def _sort_out(self) -> None:
        """Works out once what every write asks for."""
        all_fields = list(self.fields.values())
        self._by_lower = {each.name.lower(): each for each in all_fields}
        self.defaults = {each.name: each.default for each in all_fields if each.default is not None}
        self.needed = [each.name for each in all_fields if each.required]
        self.uniques = [each.name for each in all_fields if each.unique]

    def get(self, name: str) -> FieldDef | None:
        """A field that the user may see; names are compared without regard to case."""
        found = self._by_lower.get(name.lower())
        return found if found is not None and found.visible else None

    def visible(self) -> list[FieldDef]:
        return [each for each in self.fields.values() if each.visible]

    def describe(self) -> dict[str, Any]:
        """The kind as describe words it."""
        return {
            "name": self.name,
            "label": self.name,
            "labelPlural": f"{self.name}s",
            "keyPrefix": self.prefix,
            "custom": False,
            "createable": self.writable,
            "updateable": self.writable,
            "deletable": self.writable,
            "queryable": True,
            "retrieveable": True,
            "fields": [each.describe() for each in self.visible()],
            "recordTypeInfos": [],
            "childRelationships": [],
        }


def _text(name: str, length: int = 255, **more: Any) -> FieldDef:
    return FieldDef(name, "string", length=length, **more)


def _pick(name: str, values: Sequence[str], **more: Any) -> FieldDef:
    return FieldDef(name, "picklist", length=255, values=tuple(values), **more)


def _ref(name: str, *targets: str, **more: Any) -> FieldDef:
    return FieldDef(name, "reference", length=18, reference_to=targets, **more)


def _read_only(definition: FieldDef) -> FieldDef:
    return replace(definition, writable=False)


def _bool(name: str, **more: Any) -> FieldDef:
    return FieldDef(name, "boolean", default=False, **more)


def _system() -> list[FieldDef]:
    return [
        FieldDef("Id", "id", "Record ID", 18, writable=False),
        _bool("IsDeleted", writable=False),
        FieldDef("CreatedDate", "datetime", writable=False),
        _ref("CreatedById", "User", writable=False),
        FieldDef("LastModifiedDate", "datetime", writable=False),
        _ref("LastModifiedById", "User", writable=False),
        FieldDef("SystemModstamp", "datetime", writable=False),
    ]


def _address(prefix: str = "") -> list[FieldDef]:
    return [
        FieldDef(f"{prefix}Street", "textarea", length=255),
        _text(f"{prefix}City", 40),
        _text(f"{prefix}State", 80),
        _text(f"{prefix}PostalCode", 20),
        _text(f"{prefix}Country", 80),
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
        _text("FirstName", 40),
        _text("LastName", 80, required=True),
        _text("Name", 121, writable=False),
        _pick("Salutation", ("Mr.", "Ms.", "Dr.", "Prof.")),
        _text("Title", 128),
        FieldDef("Phone", "phone", length=40),
        FieldDef("MobilePhone", "phone", length=40),
        FieldDef("Email", "email", length=80),
        _bool("HasOptedOutOfEmail"),
        _bool("DoNotCall"),
        _pick("LeadSource", _SOURCES),
        FieldDef("Description", "textarea", length=32000),
        _ref("OwnerId", *_OWNERS, default=""),
        _ref("MasterRecordId", "Lead", writable=False),
        FieldDef("LastActivityDate", "date", writable=False),
    ]


def _lead(statuses: Sequence[str]) -> list[FieldDef]:
    return [
        *_person(),
        *_address(),
        _text("Company", 255, required=True),
        FieldDef("Website", "url", length=255),
        _pick("Industry", _INDUSTRIES),
        _pick("Rating", ("Hot", "Warm", "Cold")),
        FieldDef("AnnualRevenue", "currency"),
        FieldDef("NumberOfEmployees", "int"),
        _pick("Status", statuses, default=statuses[0], required=True),
        _bool("IsConverted", writable=False),
        FieldDef("ConvertedDate", "date", writable=False),
        _ref("ConvertedAccountId", "Account", writable=False),
        _ref("ConvertedContactId", "Contact", writable=False),
        _ref("ConvertedOpportunityId", "Opportunity", writable=False),
    ]


def _opportunity(stages: Sequence[str]) -> list[FieldDef]:
    return [
        _text("Name", 120, required=True),
        _ref("AccountId", "Account"),
        _ref("ContactId", "Contact", create_only=True),
        _pick("StageName", stages, required=True),
        FieldDef("Amount", "currency"),
        FieldDef("Probability", "percent"),
        FieldDef("CloseDate", "date", required=True),
        _pick("LeadSource", _SOURCES),
        _bool("IsClosed", writable=False),
        _bool("IsWon", writable=False),
        FieldDef("LastStageChangeDate", "datetime", writable=False),
        FieldDef("Description", "textarea", length=32000),
        _ref("OwnerId", "User", default=""),
    ]


def _activity() -> list[FieldDef]:
    return [
        _text("Subject", 255),
        _ref("WhoId", *_RECORDS),
        _ref("WhatId", "Account", "Opportunity"),
        FieldDef("ActivityDate", "date"),
        FieldDef("Description", "textarea", length=32000),
        _ref("OwnerId", "User", default=""),
        _bool("IsArchived", writable=False),
    ]


def standard_kinds(statuses: Sequence[str], stages: Sequence[str]) -> dict[str, KindDef]:
    """A fresh set of kinds for one org."""
    contact = [
        replace(each, reference_to=("Contact",)) if each.name == "MasterRecordId" else each for each in _person()
    ]
    task = [
        *_activity(),
        _pick("Status", ("Not Started", "In Progress", "Completed"), default="Not Started"),
        _pick("Priority", ("High", "Normal", "Low"), default="Normal"),
        _pick("TaskSubtype", ("Task", "Email", "ListEmail", "Call"), create_only=True, default="Task"),
        _pick("CallType", ("Internal", "Inbound", "Outbound")),
        FieldDef("CompletedDateTime", "datetime", writable=False),
        _bool("IsClosed", writable=False),
    ]
    event = [
        *_activity(),
        FieldDef("StartDateTime", "datetime"),
        FieldDef("EndDateTime", "datetime"),
        FieldDef("DurationInMinutes", "int"),
    ]
    member = [
        _ref("CampaignId", "Campaign", required=True, create_only=True),
        _ref("LeadId", "Lead", create_only=True),
        _ref("ContactId", "Contact", create_only=True),
        _pick("Status", ("Sent", "Responded"), default="Sent"),
        _bool("HasResponded", writable=False),
    ]
    kinds = [
        _kind("Lead", "00Q", _lead(statuses)),
        _kind("Contact", "003", [*contact, _ref("AccountId", "Account"), *_address("Mailing")]),
        _kind("Account", "001", _account()),
        _kind("Opportunity", "006", _opportunity(stages)),
        _kind("Task", "00T", task),
        _kind("Event", "00U", event),
        _kind("Campaign", "701", [_text("Name", 80, required=True), _bool("IsActive"), _pick("Status", ("Planned",))]),
        _kind("CampaignMember", "00v", member),
        *_setup_kinds(),
    ]
    return {each.name: each for each in kinds}


def _account() -> list[FieldDef]:
    return [
        _text("Name", 255, required=True),
        FieldDef("Website", "url", length=255),
        FieldDef("Phone", "phone", length=40),
        _pick("Industry", _INDUSTRIES),
        FieldDef("NumberOfEmployees", "int"),
        *_address("Billing"),
        _ref("OwnerId", "User", default=""),
        _ref("MasterRecordId", "Account", writable=False),
    ]


def _setup_kinds() -> list[KindDef]:
    user = [_text("Name", 121), FieldDef("Email", "email", length=128), _text("Username", 80), _bool("IsActive")]
    grant = [
        _ref("ParentId", "PermissionSet", required=True),
        _text("SobjectType", 255, required=True),
        _text("Field", 255, required=True),
        _bool("PermissionsRead"),
        _bool("PermissionsEdit"),
    ]
    return [
        _kind("User", "005", [*user, _text("UserType", 40)], writable=False),
        _kind("Group", "00G", [_text("Name", 40), FieldDef("Email", "email"), _text("Type", 40)], writable=False),
        _kind(
            "Organization",
            "00D",
            [_text("Name", 80), _text("OrganizationType", 40), _bool("IsSandbox")],
            writable=False,
        ),
        _kind("LeadStatus", "01J", _ranked(), writable=False),
        _kind("OpportunityStage", "01J", [*_ranked(), _bool("IsClosed"), _bool("IsWon")], writable=False),
        _kind("PermissionSet", "0PS", [_text("Name", 80, required=True), _text("Label", 80, required=True)]),
        _kind("FieldPermissions", "01k", grant),
        _kind("PermissionSetAssignment", "0Pa", [_ref("PermissionSetId", "PermissionSet"), _ref("AssigneeId", "User")]),
    ]


def _ranked() -> list[FieldDef]:
    return [
        _text("ApiName", 255),
        _text("MasterLabel", 255),
        FieldDef("SortOrder", "int"),
        _bool("IsDefault"),
        _bool("IsConverted"),
    ]


def _kind(name: str, prefix: str, fields: Sequence[FieldDef], *, writable: bool = True) -> KindDef:
    kind = KindDef(name, prefix, writable=writable)
    kind.add(*_system(), *(fields if writable else [_read_only(each) for each in fields]))
    return kind


def custom(
    name: str,
    type: str,
    *,
    label: str = "",
    length: int = 255,
    values: Sequence[str] = (),
    unique: bool = False,
    visible: bool = True,
) -> FieldDef:
    """A custom field, as Setup or the Tooling API makes it; picklists are restricted, as new ones are by default."""
    return FieldDef(
        name,
        type,
        label,
        length if type in {"string", "picklist", "textarea", "email", "multipicklist"} else 0,
        values=tuple(values),
        restricted=bool(values),
        unique=unique,
        external_id=unique,
        visible=visible,
        default=False if type == "boolean" else None,
    )
