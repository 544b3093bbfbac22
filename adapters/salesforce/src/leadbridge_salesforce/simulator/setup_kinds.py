"""Kinds that no business record is of: users and queues, picklists that can be queried, set-up, histories."""

from __future__ import annotations

from leadbridge_salesforce.simulator.field_kinds import flag, kind_with, read_only, ref, system, text
from leadbridge_salesforce.simulator.fields import FieldDef, KindDef

__all__ = ["history_kinds", "setup_kinds"]


def setup_kinds() -> list[KindDef]:
    """Kinds of the org itself."""
    user = [text("Name", 121), FieldDef("Email", "email", length=128), text("Username", 80), flag("IsActive")]
    grant = [
        ref("ParentId", "PermissionSet", required=True),
        text("SobjectType", 255, required=True),
        text("Field", 255, required=True),
        flag("PermissionsRead"),
        flag("PermissionsEdit"),
    ]
    return [
        kind_with("User", "005", [*user, text("UserType", 40)], writable=False),
        kind_with("Group", "00G", [text("Name", 40), FieldDef("Email", "email"), text("Type", 40)], writable=False),
        kind_with(
            "Organization",
            "00D",
            [
                text("Name", 80),
                text("OrganizationType", 40),
                flag("IsSandbox"),
                text("InstanceName", 10),
                text("TimeZoneSidKey", 40),
                text("DefaultLocaleSidKey", 40),
                text("LanguageLocaleKey", 40),
                text("NamespacePrefix", 15),
            ],
            writable=False,
        ),
        kind_with("LeadStatus", "01J", [*_ranked(), flag("IsDefault"), flag("IsConverted")], writable=False),
        kind_with("OpportunityStage", "01J", _stage(), writable=False),
        kind_with(
            "FieldDefinition",
            "000",
            [
                text("DurableId", 255),
                text("QualifiedApiName", 80),
                text("EntityDefinitionId", 80),
                text("Label", 80),
                flag("IsFieldHistoryTracked"),
            ],
            writable=False,
        ),
        kind_with("PermissionSet", "0PS", [text("Name", 80, required=True), text("Label", 80, required=True)]),
        kind_with("FieldPermissions", "01k", grant),
        kind_with(
            "PermissionSetAssignment", "0Pa", [ref("PermissionSetId", "PermissionSet"), ref("AssigneeId", "User")]
        ),
    ]


def _ranked() -> list[FieldDef]:
    return [text("ApiName", 255), text("MasterLabel", 255), FieldDef("SortOrder", "int")]


def _stage() -> list[FieldDef]:
    return [
        *_ranked(),
        flag("IsActive"),
        flag("IsClosed"),
        flag("IsWon"),
        FieldDef("DefaultProbability", "percent"),
        text("ForecastCategoryName", 40),
    ]


def history_kinds() -> list[KindDef]:
    """Histories have no stamp: only when their rows were made. What a field held cannot be filtered by."""
    value = [
        text("Field"),
        text("DataType", 40),
        FieldDef("OldValue", "anyType"),
        FieldDef("NewValue", "anyType"),
    ]
    made = {"Id", "IsDeleted", "CreatedById", "CreatedDate"}
    kinds = [
        KindDef(name, prefix, writable=False)
        for name, prefix in (
            ("LeadHistory", "01L"),
            ("ContactHistory", "03F"),
            ("AccountHistory", "01M"),
            ("OpportunityFieldHistory", "017"),
        )
    ]
    for kind in kinds:
        parent = kind.name.removesuffix("History").removesuffix("Field")
        kind.add(*(each for each in system() if each.name in made), read_only(ref(f"{parent}Id", parent)))
        kind.add(*(read_only(each) for each in value))
    deal = KindDef("OpportunityHistory", "008", writable=False)
    deal.add(*(each for each in system() if each.name in {*made, "SystemModstamp"}))
    values = [
        ref("OpportunityId", "Opportunity"),
        text("StageName"),
        FieldDef("Amount", "currency"),
        FieldDef("Probability", "percent"),
        FieldDef("CloseDate", "date"),
        FieldDef("PrevAmount", "currency"),
        FieldDef("PrevCloseDate", "date"),
    ]
    deal.add(*(read_only(each) for each in values))
    return [*kinds, deal]
