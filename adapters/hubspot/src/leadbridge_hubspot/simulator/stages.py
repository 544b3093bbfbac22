"""What HubSpot works out about stages: when a record entered and left each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from leadbridge_hubspot.simulator.values import Property, iso_ms, milliseconds

if TYPE_CHECKING:
    from leadbridge_hubspot.simulator.table import Table

__all__ = ["CURRENT", "STAGES", "entered", "note_stage", "stage_properties"]

STAGES = {"contact": "lifecyclestage", "company": "lifecyclestage", "deal": "dealstage", "lead": "hs_pipeline_stage"}
"""The property of each kind that holds its stage."""

CURRENT = "hs_v2_date_entered_current_stage"


def entered(stage: str) -> str:
    """The property that says when a record entered a stage, the latest time."""
    return f"hs_v2_date_entered_{stage}"


def stage_properties(stages: Iterable[tuple[str, str]], group: str) -> list[Property]:
    """The four computed properties of each stage (id, label), and the one of the present stage."""
    found = [Property(CURRENT, "Date entered current stage", "datetime", "date", group, read_only=True)]
    for id, label in stages:
        found += [
            Property(entered(id), f'Date entered "{label}"', "datetime", "date", group, read_only=True),
            Property(f"hs_v2_date_exited_{id}", f'Date exited "{label}"', "datetime", "date", group, read_only=True),
            Property(
                f"hs_v2_latest_time_in_{id}", f'Latest time in "{label}"', "number", "number", group, read_only=True
            ),
            Property(
                f"hs_v2_cumulative_time_in_{id}",
                f'Cumulative time in "{label}"',
                "number",
                "number",
                group,
                read_only=True,
            ),
        ]
    return found


def note_stage(table: Table, before: Mapping[str, str], props: dict[str, str], now: int) -> None:
    """Works out the computed properties after a change of stage; what an import set itself stays."""
    name = STAGES.get(table.kind.kind)
    if name is None:
        return
    old, new = before.get(name), props.get(name)
    if old == new:
        return
    at = iso_ms(now)
    if old:
        since = milliseconds(before[entered(old)]) if entered(old) in before else now
        spent = max(0, now - since)
        earlier = int(before.get(f"hs_v2_cumulative_time_in_{old}", "0"))
        _set(table, before, props, f"hs_v2_date_exited_{old}", at)
        _set(table, before, props, f"hs_v2_latest_time_in_{old}", str(spent))
        _set(table, before, props, f"hs_v2_cumulative_time_in_{old}", str(earlier + spent))
    if not new:
        props.pop(CURRENT, None)
        return
    _set(table, before, props, entered(new), at)
    _set(table, before, props, CURRENT, props.get(entered(new), at))
    if name == "lifecyclestage":
        _set(table, before, props, f"hs_lifecyclestage_{new}_date", at)


def _set(table: Table, before: Mapping[str, str], props: dict[str, str], name: str, value: str) -> None:
    if name in table.properties and props.get(name) == before.get(name):
        props[name] = value
