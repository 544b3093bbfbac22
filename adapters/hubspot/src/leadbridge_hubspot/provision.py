"""Creating our own properties in a HubSpot account, or saying what a person has to do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from leadbridge.adapter import OWN_FIELDS, OwnField, Provisioned
from leadbridge.errors import ConfigError, Forbidden
from leadbridge_hubspot.mappers import Raw, own_name
from leadbridge_hubspot.paths import object_type
from leadbridge_hubspot.wire import Wire

__all__ = ["provision"]

_OPERATION = "provision"


def provision(
    wire: Wire,
    properties: Callable[[str], Sequence[Raw]],
    kinds: Collection[str],
    purposes: Sequence[str],
    *,
    dry_run: bool,
) -> list[Provisioned]:
    """Creates the properties for these purposes on these kinds.

    Args:
        wire: the connection.
        properties: reads the properties of a kind.
        kinds: where they are needed.
        purposes: names of :data:`~leadbridge.adapter.OWN_FIELDS`; the ``always`` ones come in any case.
        dry_run: only say what would be done.

    Raises:
        ConfigError: when a purpose is unknown.
    """
    known = {field.purpose: field for field in OWN_FIELDS}
    unknown = sorted(set(purposes) - set(known))
    if unknown:
        raise ConfigError(f"there is no own field for {', '.join(unknown)}: use {', '.join(known)}")
    return [
        _one(wire, kind, field, existing, dry_run=dry_run)
        for kind in sorted(kinds)
        for existing in ({str(prop["name"]): prop for prop in properties(kind)},)
        for purpose, field in known.items()
        if field.always or purpose in purposes
    ]


def _one(wire: Wire, kind: str, field: OwnField, existing: Mapping[str, Raw], *, dry_run: bool) -> Provisioned:
    name = own_name(field.purpose)
    prop = existing.get(name)
    if prop is not None:
        if field.unique and not prop.get("hasUniqueValue"):
            return Provisioned(kind, name, "manual", _not_unique(name))
        return Provisioned(kind, name, "exists")
    if dry_run:
        return Provisioned(kind, name, "planned")
    target = object_type(kind, _OPERATION)
    body = {
        "name": name,
        "label": field.label,
        "type": field.type,
        "fieldType": "date" if field.type == "datetime" else "text",
        "groupName": target.group,
        "description": "Kept by leadbridge. Please do not edit by hand.",
        "hasUniqueValue": field.unique,
        "formField": False,
    }
    try:
        reply = wire.post(wire.paths.properties.format(type=target.path), _OPERATION, body, accept=frozenset({409}))
    except Forbidden:
        return Provisioned(kind, name, "manual", _by_hand(field, kind, name))
    # 409: somebody else was faster.
    return Provisioned(kind, name, "exists" if reply.status == 409 else "created")


def _not_unique(name: str) -> str:
    return (
        f"the property {name} exists but allows the same value twice, and HubSpot cannot change that: delete it in "
        "Settings > Properties, then provision again"
    )


def _by_hand(field: OwnField, kind: str, name: str) -> str:
    look = "Date and time picker" if field.type == "datetime" else "Single-line text"
    rule = ', tick "Require unique values for this property"' if field.unique else ""
    return (
        f"the token may not create properties: in HubSpot, Settings > Properties > {kind} > Create property, label "
        f'"{field.label}", internal name {name}, field type {look}{rule}; or give the token the scope '
        f"crm.schemas.{object_type(kind, _OPERATION).path}.write and provision again"
    )
