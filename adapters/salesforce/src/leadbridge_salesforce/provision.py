"""Adding our own fields to an org: Tooling API for the fields, a permission set that makes them visible.

A custom field made through an API is hidden from everybody, its maker included, until field-level security says
otherwise. So the fields are granted in a permission set of our own, which is assigned to the user that we sign in as.
What the user may not do is left to a person, with instructions. So is the mapping of lead fields to contact fields at
conversion: neither REST nor the Tooling API can set it. (The Metadata API can deploy the type
``LeadConvertSettings``; that replaces what the org has, which is not ours to do unseen.)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from leadbridge.adapter import OWN_FIELDS, OwnField, Provisioned
from leadbridge.errors import BadRequest, ConfigError, Forbidden
from leadbridge_salesforce.mappers import Shape
from leadbridge_salesforce.settings import KEY_KINDS, OWN_NAMES, PERMISSION_SET
from leadbridge_salesforce.soql import quote, select
from leadbridge_salesforce.wire import Wire

__all__ = ["Provisioner"]

_EXISTS = "DUPLICATE_DEVELOPER_NAME"


class Provisioner:
    """Makes the fields and grants them. ``forget`` is called after anything was made."""

    def __init__(
        self, wire: Wire, shape: Callable[[str], Shape], forget: Callable[[], None], kinds: Collection[str] = KEY_KINDS
    ) -> None:
        self._wire = wire
        self._kinds = kinds
        self._shape = shape
        self._forget = forget

    def provision(self, purposes: Sequence[str], *, dry_run: bool) -> list[Provisioned]:
        """See :meth:`leadbridge.adapter.Provision.provision`; the last row is always the mapping at conversion."""
        known = {own.purpose: own for own in OWN_FIELDS}
        unknown = [purpose for purpose in purposes if purpose not in known]
        if unknown:
            raise ConfigError(f"there is no own field for {', '.join(unknown)}: choose from {', '.join(known)}")
        chosen = [own for own in OWN_FIELDS if own.always or own.purpose in purposes]
        rows: list[Provisioned] = []
        for kind, own in _wanted(self._kinds, chosen):
            # Whoever may not make one field may not make any: a person is told about all of them without asking again.
            allowed = not any(row.state == "manual" for row in rows)
            rows.append(self._field(kind, own, dry_run=dry_run, allowed=allowed))
        made = [row for row in rows if row.state == "created"]
        if made:
            self._forget()
            problem = self._grant(made)
            if problem:
                rows = [
                    Provisioned(row.kind, row.field, "manual", problem) if row.state == "created" else row
                    for row in rows
                ]
        return [*rows, _mapping(chosen)]

    def _field(self, kind: str, own: OwnField, *, dry_run: bool, allowed: bool) -> Provisioned:
        name = OWN_NAMES[own.purpose]
        if name in self._shape(kind).info.fields:
            return Provisioned(kind, name, "exists")
        if dry_run:
            return Provisioned(kind, name, "planned")
        if not allowed:
            return Provisioned(kind, name, "manual", _by_hand(kind, own))
        body = {"FullName": f"{kind}.{name}", "Metadata": _metadata(own)}
        try:
            self._wire.create("/tooling/sobjects/CustomField", body, operation="provision")
        except Forbidden:
            return Provisioned(kind, name, "manual", _by_hand(kind, own))
        except BadRequest as error:
            if error.code != _EXISTS:
                return Provisioned(kind, name, "manual", f"{_by_hand(kind, own)} (Salesforce refused: {error.code})")
            # It is there, but hidden from us: granting it is all that is left to do.
        return Provisioned(kind, name, "created")

    def _grant(self, made: Sequence[Provisioned]) -> str:
        """Makes the new fields visible; returns what a person has to do when we may not."""
        try:
            parent = self._permission_set()
            for row in made:
                grant = {
                    "ParentId": parent,
                    "SobjectType": row.kind,
                    "Field": f"{row.kind}.{row.field}",
                    "PermissionsRead": True,
                    "PermissionsEdit": True,
                }
                self._wire.create("/sobjects/FieldPermissions", grant, operation="provision")
        except (Forbidden, BadRequest):
            return (
                f"the field exists but is hidden: in Setup > Permission Sets, give a permission set {PERMISSION_SET} "
                "Read and Edit Access to it, and assign that set to the user that leadbridge signs in as"
            )
        return ""

    def _permission_set(self) -> str:
        """The id of our permission set; made, and assigned to ourselves, where that has not happened yet."""
        parent = self._id("PermissionSet", [f"Name = {quote(PERMISSION_SET)}"])
        if parent is None:
            made: Any = self._wire.create(
                "/sobjects/PermissionSet",
                {"Name": PERMISSION_SET, "Label": "leadbridge own fields"},
                operation="provision",
            )
            parent = str(made["id"])
        mine = {"PermissionSetId": parent, "AssigneeId": self._wire.user(operation="provision")}
        if self._id("PermissionSetAssignment", [f"{name} = {quote(value)}" for name, value in mine.items()]) is None:
            self._wire.create("/sobjects/PermissionSetAssignment", mine, operation="provision")
        return parent

    def _id(self, kind: str, where: Sequence[str]) -> str | None:
        soql = select(["Id"], kind, where=where, limit=1)
        return next((str(row["Id"]) for row in self._wire.rows(soql, operation="provision")), None)


def _wanted(kinds: Collection[str], chosen: Sequence[OwnField]) -> Iterator[tuple[str, OwnField]]:
    """Every field on people; on other kinds only what safe writing needs."""
    for kind in (*sorted(KEY_KINDS, reverse=True), *sorted(set(kinds) - KEY_KINDS)):
        for own in chosen:
            if own.always or kind in KEY_KINDS:
                yield kind, own


def _metadata(own: OwnField) -> dict[str, object]:
    """The field in the words of the Metadata API, type CustomField."""
    if own.type == "datetime":
        return {"type": "DateTime", "label": own.label}
    body: dict[str, object] = {"type": "Text", "label": own.label, "length": own.max_length}
    if own.unique:
        body.update(externalId=True, unique=True, caseSensitive=True)
    return body


def _by_hand(kind: str, own: OwnField) -> str:
    what = "Date/Time" if own.type == "datetime" else f"Text({own.max_length})"
    unique = ", Unique (case sensitive), External ID" if own.unique else ""
    name = OWN_NAMES[own.purpose].removesuffix("__c")
    return (
        f"in Setup > Object Manager > {kind} > Fields & Relationships > New: {what}{unique}, field name {name}, "
        "and make it visible and editable for the user that leadbridge signs in as"
    )


def _mapping(chosen: Sequence[OwnField]) -> Provisioned:
    names = ", ".join(OWN_NAMES[own.purpose] for own in chosen)
    return Provisioned(
        "Lead",
        "Map Lead Fields",
        "manual",
        "in Setup > Object Manager > Lead > Fields & Relationships > Map Lead Fields, "
        f"on the tab Contact, map each of these lead fields to the contact field of the same name: {names}; without it "
        "a converted lead loses them",
    )
