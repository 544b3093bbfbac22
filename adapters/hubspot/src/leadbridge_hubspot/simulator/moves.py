"""Stages that HubSpot moves by itself: a deal makes an opportunity of its people, a won one makes customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadbridge_hubspot.simulator.history import HUBSPOT
from leadbridge_hubspot.simulator.table import Entry, Table

if TYPE_CHECKING:
    from leadbridge_hubspot.simulator.portal import Portal

__all__ = ["after_association", "after_deal", "forward"]


def after_association(portal: Portal, deal: Entry, table: Table, entry: Entry) -> None:
    """A deal and a contact or a company belong together now, or no longer."""
    values: dict[str, str] = {}
    if "num_associated_deals" in table.properties:
        values["num_associated_deals"] = str(len(list(portal.links.of(table.kind.kind, entry.id, "deal")))) or "0"
    linked = entry.id in portal.links.of("deal", deal.id, table.kind.kind)
    if linked and portal.switches.moves:
        values.update(_stage(table, entry, _target(deal)))
    if values:
        portal.update(table, entry, values, inside=True, source=HUBSPOT)


def after_deal(portal: Portal, deal: Entry) -> None:
    """A deal has another stage."""
    if not portal.switches.moves:
        return
    for kind in ("contact", "company"):
        table = portal.tables[kind]
        for id in list(portal.links.of("deal", deal.id, kind)):
            entry = table.get(id)
            values = _stage(table, entry, _target(deal)) if entry is not None and entry.live else {}
            if entry is not None and values:
                portal.update(table, entry, values, inside=True, source=HUBSPOT)


def forward(table: Table, before: str | None, after: str) -> bool:
    """Whether a stage of the lifecycle comes behind another one in this account; what it does not know, does."""
    order = [value for value, _ in table.properties["lifecyclestage"].options]
    return not before or before not in order or after not in order or order.index(after) > order.index(before)


def _target(deal: Entry) -> str:
    return "customer" if deal.props.get("hs_is_closed_won") == "true" else "opportunity"


def _stage(table: Table, entry: Entry, stage: str) -> dict[str, str]:
    known = any(value == stage for value, _ in table.properties["lifecyclestage"].options)
    return {"lifecyclestage": stage} if known and forward(table, entry.props.get("lifecyclestage"), stage) else {}
