"""What an org says of itself: its kinds and fields (sObject describe), its owners, its id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from leadbridge.adapter import FieldInfo, KindInfo, Option, Owner
from leadbridge.errors import BadRequest, Forbidden, SchemaDrift, Unavailable
from leadbridge_salesforce.mappers import PREFIXES, Shape, id18
from leadbridge_salesforce.settings import OWN_NAMES
from leadbridge_salesforce.soql import name as checked
from leadbridge_salesforce.wire import Wire

__all__ = ["Shapes", "owners", "shape_of"]

_NEEDED = "Lead"

FieldType: TypeAlias = Literal["string", "number", "bool", "date", "datetime", "option", "options", "ref"]

_TYPES: Mapping[str, FieldType] = {
    "boolean": "bool",
    "currency": "number",
    "date": "date",
    "datetime": "datetime",
    "double": "number",
    "int": "number",
    "long": "number",
    "multipicklist": "options",
    "percent": "number",
    "picklist": "option",
}
_NOT_VALUES = frozenset({"address", "base64", "complexvalue", "location"})
"""Types whose JSON is an object or a stream; the parts of an address are fields of their own."""

_STATE = ("IsDeleted", "MasterRecordId", "IsConverted", "ConvertedContactId")
_STATES = {
    "Lead": ("Status", "LeadStatus", "IsConverted", False),
    "Opportunity": ("StageName", "OpportunityStage", "IsActive", True),
}
"""For each kind the field of its state, the kind that lists the states, and what there says that one may be chosen."""

_RECORDS = frozenset(PREFIXES.values())


class Shapes:
    """The kinds of one org, each described once until it is forgotten."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._known: dict[str, Shape] = {}

    def __call__(self, kind: str) -> Shape:
        """A kind.

        Raises:
            SchemaDrift: the org does not have it, or hides it from us.
        """
        known = self._known.get(kind)
        if known is not None:
            return known
        try:
            shape = shape_of(self._wire.get(f"/sobjects/{checked(kind)}/describe", operation="describe"))
        except BadRequest as error:
            if error.code != "NOT_FOUND":
                raise
            shape = None
        if shape is None:
            raise SchemaDrift(
                f"{kind} does not exist or is hidden from this user: grant access to it", field=kind, code="NOT_FOUND"
            )
        self._known[kind] = shape
        return shape

    def all(self, kinds: Sequence[str]) -> dict[str, Shape]:
        """The kinds that the org has; Lead must be one of them. Statuses and stages come in the org's own order."""
        found: dict[str, Shape] = {}
        for kind in kinds:
            try:
                found[kind] = self._known[kind] = self._with_states(self(kind))
            except (Forbidden, SchemaDrift):
                if kind == _NEEDED:
                    raise
        return found

    def _with_states(self, shape: Shape) -> Shape:
        """The kind with the options of its status or stage as the org's own lists have them.

        Only conversion may put a lead into a converted status, so nobody chooses one: it is an option for old records,
        as a stage is that the org has retired.
        """
        field, listed, flag, chosen = _STATES.get(shape.kind, ("", "", "", False))
        info = shape.info.fields.get(field)
        if info is None:
            return shape
        soql = f"SELECT ApiName, MasterLabel, {flag} FROM {listed} ORDER BY SortOrder"
        try:
            rows = list(self._wire.rows(soql, operation="describe"))
        except (BadRequest, Forbidden, SchemaDrift):
            return shape
        options = {
            row["ApiName"]: Option(row["ApiName"], row["MasterLabel"] or row["ApiName"], row[flag] is chosen)
            for row in rows
        }
        others = [replace(option, active=False) for option in info.options if option.value not in options]
        fields = {**shape.info.fields, field: replace(info, options=(*options.values(), *others))}
        return replace(shape, info=replace(shape.info, fields=fields)) if options else shape

    def clear(self) -> None:
        """Forgets everything: the org may have changed."""
        self._known.clear()

    @contextmanager
    def forgotten_on_drift(self) -> Iterator[None]:
        """Whoever meets a field that is gone should not meet it again."""
        try:
            yield
        except SchemaDrift:
            self.clear()
            raise


def shape_of(body: Any) -> Shape:
    """A kind from the answer of ``GET /sobjects/{kind}/describe``.

    Fields that the user may not read are not in it: they are absent, which is not the same as blank.
    """
    try:
        listed = [field for field in body["fields"] if field["type"] not in _NOT_VALUES]
        fields = {field["name"]: _field(field) for field in listed}
        kind: str = body["name"]
        writable = bool(body.get("updateable", True))
        lookups = {field["name"]: _targets(field) for field in listed if field["type"] == "reference"}
    except (KeyError, TypeError):
        raise Unavailable("Salesforce described a kind in an unknown way: ask again later") from None
    own = {purpose: name for purpose, name in OWN_NAMES.items() if name in fields}
    return Shape(
        info=KindInfo(kind, fields, own, writable=writable),
        state=tuple(name for name in _STATE if name in fields),
        lookups=lookups,
        salesforce_types={field["name"]: field["type"] for field in listed},
    )


def _targets(field: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(kind for kind in field.get("referenceTo") or () if kind in _RECORDS)


def _field(field: Mapping[str, Any]) -> FieldInfo:
    kind = field["type"]
    type_: FieldType = "ref" if kind == "reference" and _targets(field) else _TYPES.get(kind, "string")
    required = bool(
        field.get("createable") and not field.get("nillable") and not field.get("defaultedOnCreate") and type_ != "bool"
    )
    return FieldInfo(
        name=field["name"],
        label=field.get("label") or field["name"],
        type=type_,
        writable=bool(field.get("updateable")),
        required=required,
        unique=bool(field.get("unique")),
        max_length=int(field.get("length") or 0) if type_ == "string" else 0,
        options=tuple(
            Option(option["value"], option.get("label") or option["value"], bool(option.get("active", True)))
            for option in field.get("picklistValues") or ()
        ),
        restricted=bool(field.get("restrictedPicklist")),
    )


def owners(users: Sequence[Mapping[str, Any]], queues: Sequence[Mapping[str, Any]]) -> tuple[Owner, ...]:
    """People and queues that records can belong to."""
    people = [
        Owner(id18(row["Id"]), "person", bool(row.get("IsActive")), row.get("Email") or None, row.get("Name"))
        for row in users
    ]
    return (
        *people,
        *(Owner(id18(row["Id"]), "queue", True, row.get("Email") or None, row.get("Name")) for row in queues),
    )
