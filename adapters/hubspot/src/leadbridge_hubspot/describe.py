"""Asking HubSpot what this account is: its id, its kinds with their properties, and its owners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import yaml

from leadbridge.adapter import Capabilities, Description, KindInfo, Owner
from leadbridge.errors import Forbidden, SchemaDrift, Unavailable
from leadbridge_hubspot.mappers import Raw, kind_info
from leadbridge_hubspot.paths import object_type
from leadbridge_hubspot.pipelines import with_stages
from leadbridge_hubspot.wire import Wire, listing

__all__ = ["crosswalk", "describe", "read_properties"]

_OWNERS_LIMIT = 500
_APART = frozenset({"email", "lead"})
"""Kinds whose properties may be visible although their records are not: these need a scope or product of their own."""
_OPERATION = "describe"


def read_properties(wire: Wire, kind: str, operation: str) -> list[Raw]:
    """The properties of a kind, as the account has them now."""
    path = wire.paths.properties.format(type=object_type(kind, operation).path)
    return [*listing(wire.get(path, operation), dict).rows]


def describe(wire: Wire, kinds: Sequence[str], capabilities: Capabilities) -> tuple[Description, dict[str, KindInfo]]:
    """The description, and what was learnt about the kinds.

    A kind that the token may not read, or that the account does not have, is left out, and so are owners; only the
    first kind must be readable.

    Raises:
        Forbidden: when the token may not even read the first kind.
    """
    account = wire.get(wire.paths.account, _OPERATION).json()
    if not isinstance(account, Mapping) or not account.get("portalId"):
        raise Unavailable(
            "the answer does not say which account this is: something answers in HubSpot's place; ask again",
            operation=_OPERATION,
        )
    found: dict[str, KindInfo] = {}
    for kind in kinds:
        try:
            found[kind] = with_stages(wire, kind_info(kind, read_properties(wire, kind, _OPERATION)), _OPERATION)
            if kind in _APART:
                wire.get(wire.objects(kind, _OPERATION), _OPERATION, {"limit": "1", "properties": "hs_object_id"})
        except (Forbidden, SchemaDrift):
            found.pop(kind, None)
            if kind == kinds[0]:
                raise
    portal = str(account["portalId"])
    description = Description(
        system="hubspot",
        account=portal,
        name=str(account.get("portalName") or f"HubSpot {portal}"),
        api_version=wire.paths.version,
        kinds=found,
        capabilities=capabilities,
        owners=tuple(_owners(wire)),
        crosswalk=crosswalk(),
    )
    return description, found


@cache
def crosswalk() -> Mapping[str, object]:
    """What our kinds, properties and values mean when the agreement says nothing else."""
    text = resources.files("leadbridge_hubspot").joinpath("crosswalk.yaml").read_text(encoding="utf-8")
    data: Mapping[str, object] = yaml.safe_load(text)
    return data


def _owners(wire: Wire) -> Iterator[Owner]:
    try:
        for archived in (False, True):
            for raw in _owner_rows(wire, archived=archived):
                name = " ".join(part for part in (raw.get("firstName"), raw.get("lastName")) if part)
                yield Owner(
                    id=str(raw["id"]),
                    kind="queue" if raw.get("type") == "QUEUE" else "person",
                    active=not archived,
                    email=raw.get("email") or None,
                    name=name or None,
                )
    except Forbidden:
        return


def _owner_rows(wire: Wire, *, archived: bool) -> Iterator[Mapping[str, Any]]:
    params: dict[str, str | list[str]] = {"limit": str(_OWNERS_LIMIT), "archived": "true" if archived else "false"}
    while True:
        part = listing(wire.get(wire.paths.owners, _OPERATION, params), dict)
        yield from part.rows
        if not part.after:
            return
        params["after"] = part.after
