"""Stages in their order, as the account's pipelines say: what a property's own list of options does not tell.

The lifecycle stages of contacts are a pipeline, too. Accounts add, remove and rename them, and the ones that people add
have numbers for ids. A stage of deals and of HubSpot's leads belongs to a pipeline; one property holds them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from leadbridge.adapter import KindInfo, Option
from leadbridge_hubspot.paths import object_type
from leadbridge_hubspot.wire import Wire

__all__ = ["with_stages"]

_HELD_BY: Mapping[str, tuple[str, str]] = {
    "contact": ("lifecyclestage", ""),
    "deal": ("dealstage", "pipeline"),
    "lead": ("hs_pipeline_stage", "hs_pipeline"),
}
"""For each kind, the property that holds the stage, and the one that names the pipeline."""

_NO_PIPELINES = frozenset({400, 403, 404})
"""The account or the token has none; the property's own options then have to do."""


def with_stages(wire: Wire, info: KindInfo, operation: str) -> KindInfo:
    """The kind with its stages as options, in the order of the pipelines; retired ones stay as inactive options."""
    held = _HELD_BY.get(info.name)
    if held is None or held[0] not in info.fields:
        return info
    path = wire.paths.pipelines.format(type=object_type(info.name, operation).path)
    reply = wire.get(path, operation, accept=_NO_PIPELINES)
    pipelines = [] if reply.status in _NO_PIPELINES else sorted(reply.json().get("results") or (), key=_place)
    stages = [stage for pipeline in pipelines for stage in sorted(pipeline.get("stages") or (), key=_place)]
    fields = dict(info.fields)
    for name, rows in ((held[0], stages), (held[1], pipelines)):
        if rows and name in fields:
            fields[name] = replace(fields[name], type="option", options=_options(rows, fields[name].options))
    stage = fields[held[0]]
    fields[held[0]] = replace(stage, restricted=bool(stage.options))
    return replace(info, fields=fields)


def _place(row: Mapping[str, Any]) -> int:
    return int(row.get("displayOrder") or 0)


def _options(rows: Sequence[Mapping[str, Any]], listed: Sequence[Option]) -> tuple[Option, ...]:
    """The rows first, then what only the property lists: records may still hold it, and nobody may choose it."""
    found = {
        str(row["id"]): Option(
            str(row["id"]), str(row.get("label") or row["id"]), active=not row.get("archived", False)
        )
        for row in rows
    }
    return (*found.values(), *(replace(option, active=False) for option in listed if option.value not in found))
