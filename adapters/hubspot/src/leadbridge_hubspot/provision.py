"""Creating our own properties in a HubSpot account, or saying what a person has to do.

The fields that make creating and repeating safe come on every kind that is created by our key; those that show
decisions, promises and buying stages come on contacts, because contacts stand for leads. They lie in a group of their
own, where they are easily found. HubSpot lets ten properties of a kind be unique, and changes neither a property's type
nor its uniqueness once it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from leadbridge.adapter import OWN_FIELDS, OwnField, Provisioned
from leadbridge.errors import ConfigError, Forbidden
from leadbridge_hubspot.mappers import Raw, own_name
from leadbridge_hubspot.paths import object_type
from leadbridge_hubspot.wire import Wire

__all__ = ["provision"]

_OPERATION = "provision"
_GROUP = "leadbridge"
_LEADS = "contact"
_MOST_UNIQUE = 10
"""https://developers.hubspot.com, guide to properties: unique value properties of one object."""
_REFUSED = frozenset({400, 404, 409})


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
        kinds: where they are needed, the most important kind first.
        purposes: names of :data:`~leadbridge.adapter.OWN_FIELDS`; the ``always`` ones come in any case.
        dry_run: only say what would be done.

    Raises:
        ConfigError: when a purpose is unknown.
    """
    known = {field.purpose: field for field in OWN_FIELDS}
    unknown = sorted(set(purposes) - set(known))
    if unknown:
        raise ConfigError(f"there is no own field for {', '.join(unknown)}: use {', '.join(known)}")
    done: list[Provisioned] = []
    for kind in kinds:
        account = _Kind(wire, kind, {str(prop["name"]): prop for prop in properties(kind)})
        wanted = [field for field in OWN_FIELDS if field.always or (kind == _LEADS and field.purpose in purposes)]
        done += [account.one(field, dry_run=dry_run) for field in wanted]
    return done


@dataclass(slots=True)
class _Kind:
    """One kind of the account: what it has, and the group for what is added."""

    wire: Wire
    kind: str
    existing: Mapping[str, Raw]
    group: str = ""

    def one(self, field: OwnField, *, dry_run: bool) -> Provisioned:
        """One property: there, planned, made, or left to a person."""
        name = own_name(field.purpose)
        prop = self.existing.get(name)
        if prop is not None:
            problem = _unfit(field, prop, name)
            return Provisioned(self.kind, name, "manual" if problem else "exists", problem)
        if field.unique and sum(1 for each in self.existing.values() if each.get("hasUniqueValue")) >= _MOST_UNIQUE:
            return Provisioned(self.kind, name, "manual", _too_many_unique(self.kind))
        if dry_run:
            return Provisioned(self.kind, name, "planned")
        try:
            status = self._make(field, name)
        except Forbidden:
            return Provisioned(self.kind, name, "manual", _by_hand(field, self.kind, name))
        if status in (400, 404):
            return Provisioned(self.kind, name, "manual", f"HubSpot refused it; {_by_hand(field, self.kind, name)}")
        # 409: somebody else was faster.
        return Provisioned(self.kind, name, "exists" if status == 409 else "created")

    def _make(self, field: OwnField, name: str) -> int:
        path = self.wire.paths.properties.format(type=object_type(self.kind, _OPERATION).path)
        self.group = self.group or self._own_group(path)
        body = {
            "name": name,
            "label": field.label,
            "type": field.type,
            "fieldType": "date" if field.type == "datetime" else "text",
            "groupName": self.group,
            "description": "Kept by leadbridge. Please do not edit by hand.",
            "hasUniqueValue": field.unique,
            "formField": False,
        }
        return self.wire.post(path, _OPERATION, body, accept=_REFUSED).status

    def _own_group(self, path: str) -> str:
        """Our group of properties, made when it is not there; the kind's usual one where HubSpot refuses that."""
        body = {"name": _GROUP, "label": "leadbridge", "displayOrder": -1}
        reply = self.wire.post(f"{path}/groups", _OPERATION, body, accept=_REFUSED)
        return object_type(self.kind, _OPERATION).group if reply.status in (400, 404) else _GROUP


def _unfit(field: OwnField, prop: Raw, name: str) -> str:
    """Why a property that is there cannot serve, and what to do; empty when it can."""
    if prop.get("type") != field.type:
        return (
            f"the property {name} exists with the type {prop.get('type')}, and HubSpot cannot make a {field.type} of "
            "it: delete it in Settings > Properties, then provision again"
        )
    if field.unique and not prop.get("hasUniqueValue"):
        return (
            f"the property {name} exists but allows the same value twice, and HubSpot cannot change that: delete it in "
            "Settings > Properties, then provision again"
        )
    return ""


def _too_many_unique(kind: str) -> str:
    return (
        f"this account has {_MOST_UNIQUE} unique properties of a {kind} already, and HubSpot allows no more: in "
        "Settings > Properties, delete one that nobody needs, then provision again"
    )


def _by_hand(field: OwnField, kind: str, name: str) -> str:
    look = "Date and time picker" if field.type == "datetime" else "Single-line text"
    rule = ', tick "Require unique values for this property"' if field.unique else ""
    return (
        f"the token may not create properties: in HubSpot, Settings > Properties > {kind} > Create property, label "
        f'"{field.label}", internal name {name}, field type {look}{rule}; or give the token the scope '
        f"crm.schemas.{object_type(kind, _OPERATION).path}.write and provision again"
    )
