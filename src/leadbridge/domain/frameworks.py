"""Published stage frameworks as presets over the spine. Names only: what a stage means is for each company to agree on.

Sources: the SiriusDecisions demand waterfall as rearchitected in 2012 (its acronyms are listed in many public
glossaries) and HubSpot's default lifecycle stages (knowledge.hubspot.com).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from leadbridge.domain.lifecycle import Detour, Lifecycle, Stage

__all__ = ["FRAMEWORKS"]

_Kind: TypeAlias = Literal["inventory", "gate", "sla"]
_Row: TypeAlias = tuple[str, _Kind, str, str]


def _lifecycle(rows: tuple[_Row, ...], path: tuple[str, ...], detours: Mapping[str, tuple[str, str]]) -> Lifecycle:
    """Rows are (id, kind, label, spine); detours are name → (from, return), stages separated by spaces."""
    return Lifecycle(
        stages=tuple(
            Stage(id=id, kind=kind, label=label, spine=None if spine == id else spine)
            for id, kind, label, spine in rows
        ),
        success_path=path,
        detours={name: Detour(from_=tuple(a.split()), returns=tuple(b.split())) for name, (a, b) in detours.items()},
    )


_DETOUR_ROWS: tuple[_Row, ...] = (
    ("rejected", "sla", "Rejected", "rejected"),
    ("recycled", "inventory", "Recycled", "recycled"),
    ("disqualified", "gate", "Disqualified", "disqualified"),
    ("ineligible", "gate", "Ineligible", "ineligible"),
    ("lost", "gate", "Lost", "lost"),
)

_SPINE = _lifecycle(
    (
        ("captured", "inventory", "Captured", "captured"),
        ("engaged", "inventory", "Engaged", "engaged"),
        ("marketing_qualified", "sla", "Marketing qualified", "marketing_qualified"),
        ("sales_accepted", "sla", "Sales accepted", "sales_accepted"),
        ("sales_qualified", "gate", "Sales qualified", "sales_qualified"),
        ("opportunity", "inventory", "Opportunity", "opportunity"),
        ("won", "gate", "Won", "won"),
        *_DETOUR_ROWS,
    ),
    ("captured", "engaged", "marketing_qualified", "sales_accepted", "sales_qualified", "opportunity", "won"),
    {
        "rejected": ("marketing_qualified", "engaged marketing_qualified"),
        "recycled": ("marketing_qualified sales_accepted sales_qualified opportunity", "engaged marketing_qualified"),
        "disqualified": ("captured engaged marketing_qualified sales_accepted sales_qualified opportunity", ""),
        "ineligible": ("captured engaged marketing_qualified sales_accepted sales_qualified opportunity", ""),
        "lost": ("opportunity", "engaged marketing_qualified"),
    },
)

_DEMAND_WATERFALL_2012 = _lifecycle(
    (
        ("inquiry", "inventory", "Inquiry", "engaged"),
        ("aql", "sla", "Automation qualified lead", "marketing_qualified"),
        ("tal", "sla", "Teleprospecting accepted lead", "marketing_qualified"),
        ("tql", "sla", "Teleprospecting qualified lead", "marketing_qualified"),
        ("sal", "sla", "Sales accepted lead", "sales_accepted"),
        ("sql", "inventory", "Sales qualified lead", "opportunity"),
        ("closed_won", "gate", "Closed won", "won"),
        *_DETOUR_ROWS,
    ),
    ("inquiry", "aql", "tal", "tql", "sal", "sql", "closed_won"),
    {
        "rejected": ("aql tal tql", "inquiry aql"),
        "recycled": ("tal tql sal sql", "inquiry aql"),
        "disqualified": ("inquiry aql tal tql sal sql", ""),
        "ineligible": ("inquiry aql tal tql sal sql", ""),
        "lost": ("sql", "inquiry aql"),
    },
)

_HUBSPOT = _lifecycle(
    (
        ("subscriber", "inventory", "Subscriber", "captured"),
        ("lead", "inventory", "Lead", "engaged"),
        ("marketingqualifiedlead", "sla", "Marketing qualified lead", "marketing_qualified"),
        ("salesqualifiedlead", "sla", "Sales qualified lead", "sales_qualified"),
        ("opportunity", "inventory", "Opportunity", "opportunity"),
        ("customer", "gate", "Customer", "won"),
        ("other", "inventory", "Other", "disqualified"),
    ),
    ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer"),
    {"other": ("subscriber lead marketingqualifiedlead salesqualifiedlead opportunity", "lead")},
)

FRAMEWORKS: Mapping[str, Lifecycle] = {
    "spine": _SPINE,
    "demand_waterfall_2012": _DEMAND_WATERFALL_2012,
    "hubspot": _HUBSPOT,
}
"""Lifecycle presets by name."""
