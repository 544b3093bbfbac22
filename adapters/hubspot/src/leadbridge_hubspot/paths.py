"""Where HubSpot's endpoints are, by API version, and what its object types are called.

One table, because the way from the old paths to the dated ones is not a pattern: the version moves behind the family,
and associations go from v4 to a date while objects come from v3.
"""

from __future__ import annotations

from dataclasses import dataclass

from leadbridge.errors import ConfigError, Unsupported

__all__ = ["DEFAULT_VERSION", "KINDS", "VERSIONS", "ObjectType", "Paths", "object_type", "paths_of"]

DEFAULT_VERSION = "2026-09"


@dataclass(frozen=True, slots=True)
class Paths:
    """The addresses of one API version; ``{type}`` stands for an object type."""

    version: str
    objects: str
    properties: str
    owners: str
    account: str
    associations: str
    pipelines: str
    preferences: str
    token: str


_V3 = Paths(
    version="v3",
    objects="/crm/v3/objects/{type}",
    properties="/crm/v3/properties/{type}",
    owners="/crm/v3/owners",
    account="/account-info/v3/details",
    associations="/crm/v4/associations/{type}/{to}",
    pipelines="/crm/v3/pipelines/{type}",
    preferences="/communication-preferences/v4/statuses",
    token="/oauth/v1/token",
)


def _dated(version: str) -> Paths:
    return Paths(
        version=version,
        objects=f"/crm/objects/{version}/{{type}}",
        properties=f"/crm/properties/{version}/{{type}}",
        owners=f"/crm/owners/{version}",
        account=f"/account-info/{version}/details",
        associations=f"/crm/associations/{version}/{{type}}/{{to}}",
        pipelines=f"/crm/pipelines/{version}/{{type}}",
        preferences=f"/communication-preferences/{version}/statuses",
        token=f"/oauth/{version}/token",
    )


VERSIONS = {"v3": _V3, "2026-03": _dated("2026-03"), "2026-09": _dated("2026-09")}


def paths_of(version: str) -> Paths:
    """The addresses of an API version.

    Raises:
        ConfigError: when this adapter does not speak that version.
    """
    try:
        return VERSIONS[version]
    except KeyError:
        known = ", ".join(sorted(VERSIONS))
        raise ConfigError(f"api_version must be one of {known}; 2026-09 is the one to choose for new work") from None


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One kind of record: our name, HubSpot's name in paths, its type id, the property that says when it changed."""

    kind: str
    path: str
    type_id: str
    modified: str = "hs_lastmodifieddate"
    writable: bool = False
    mergeable: bool = False
    group: str = ""


KINDS = {
    each.kind: each
    for each in (
        ObjectType(
            "contact", "contacts", "0-1", "lastmodifieddate", writable=True, mergeable=True, group="contactinformation"
        ),
        ObjectType("company", "companies", "0-2", writable=True, mergeable=True, group="companyinformation"),
        ObjectType("deal", "deals", "0-3", writable=True, mergeable=True, group="dealinformation"),
        ObjectType("lead", "leads", "0-136", writable=True),
        ObjectType("note", "notes", "0-46", writable=True),
        ObjectType("meeting", "meetings", "0-47", writable=True),
        ObjectType("call", "calls", "0-48", writable=True),
        ObjectType("email", "emails", "0-49", writable=True),
        ObjectType("task", "tasks", "0-27", writable=True),
    )
}
"""The kinds that this adapter reads and changes. ``lead`` is HubSpot's Lead object, not a person."""


def object_type(kind: str, operation: str) -> ObjectType:
    """The object type of a kind.

    Raises:
        Unsupported: when this adapter does not know the kind.
    """
    try:
        return KINDS[kind]
    except KeyError:
        raise Unsupported(f"the kind {kind!r}", operation=operation) from None
