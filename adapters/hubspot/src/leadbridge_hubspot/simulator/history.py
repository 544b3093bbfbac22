"""Earlier values of records, as ``propertiesWithHistory`` shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from leadbridge_hubspot.simulator.values import iso_ms

__all__ = ["API", "HUBSPOT", "IMPORT", "PEOPLE", "Source", "Version", "history_of"]


class Source(NamedTuple):
    """Who changed something."""

    type: str
    id: str
    label: str = ""
    user: int | None = None


API = Source("INTEGRATION", "2041", "simulator")
PEOPLE = Source("CRM_UI", "userId:970001", "", 970_001)
IMPORT = Source("IMPORT", "88120")
HUBSPOT = Source("CALCULATED", "LifecycleStageSync")


class Version(NamedTuple):
    """One change of a record: the values that were different from then on, with ``""`` for those that went."""

    at: int
    values: dict[str, str]
    source: Source


def history_of(versions: Sequence[Version], names: Sequence[str], most: int) -> dict[str, list[dict[str, Any]]]:
    """The values of properties, newest first, and at most so many of each."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for version in reversed(versions):
        for name in names:
            value = version.values.get(name)
            if value is not None and len(found[name]) < most:
                found[name].append(_shown(version, value))
    return found


def _shown(version: Version, value: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "value": value,
        "timestamp": iso_ms(version.at),
        "sourceType": version.source.type,
        "sourceId": version.source.id,
    }
    if version.source.label:
        body["sourceLabel"] = version.source.label
    if version.source.user is not None:
        body["updatedByUserId"] = version.source.user
    return body
