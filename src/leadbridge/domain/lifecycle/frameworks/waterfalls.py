"""The spine itself, and the demand waterfalls of SiriusDecisions and Forrester."""

from __future__ import annotations

from leadbridge.domain.lifecycle.frameworks.framework import DETOUR_ROWS, Framework, build

__all__ = ["WATERFALLS"]

SPINE = Framework(
    "spine",
    "The spine of leadbridge",
    "leadbridge's own: what every other framework is translated through",
    None,
    build(
        (
            ("captured", "inventory", "Captured", "captured"),
            ("engaged", "inventory", "Engaged", "engaged"),
            ("marketing_qualified", "sla", "Marketing qualified", "marketing_qualified"),
            ("sales_accepted", "sla", "Sales accepted", "sales_accepted"),
            ("sales_qualified", "gate", "Sales qualified", "sales_qualified"),
            ("opportunity", "inventory", "Opportunity", "opportunity"),
            ("won", "gate", "Won", "won"),
            *DETOUR_ROWS,
        ),
        "captured engaged marketing_qualified sales_accepted sales_qualified opportunity won",
        {
            "rejected": ("marketing_qualified", "engaged marketing_qualified"),
            "recycled": (
                "marketing_qualified sales_accepted sales_qualified opportunity",
                "engaged marketing_qualified",
            ),
            "disqualified": ("captured engaged marketing_qualified sales_accepted sales_qualified opportunity", ""),
            "ineligible": ("captured engaged marketing_qualified sales_accepted sales_qualified opportunity", ""),
            "lost": ("opportunity", "engaged marketing_qualified"),
        },
        entries={
            "marketing": ("marketing", "captured", "Marketing sourced"),
            "partner": ("partner", "engaged", "Partner sourced"),
            "sales": ("sales", "sales_accepted", "Sales generated"),
        },
    ),
)

WATERFALL_2002 = Framework(
    "demand_waterfall_2002",
    "Demand Waterfall",
    "SiriusDecisions; the five names in public descriptions of the waterfall, which name no detours. A sales qualified "
    "lead is read as in 2012: an opportunity",
    2002,
    build(
        (
            ("inquiry", "inventory", "Inquiry", "engaged"),
            ("mql", "sla", "Marketing qualified lead", "marketing_qualified"),
            ("sal", "sla", "Sales accepted lead", "sales_accepted"),
            ("sql", "inventory", "Sales qualified lead", "opportunity"),
            ("closed_won", "gate", "Closed/Won", "won"),
        ),
        "inquiry mql sal sql closed_won",
        {},
    ),
)

WATERFALL_2012 = Framework(
    "demand_waterfall_2012",
    "Rearchitected Demand Waterfall",
    "SiriusDecisions; the acronyms in public glossaries, acceptance and rejection of TAL and SAL in descriptions of "
    "the waterfall. AQL, TQL and TGL together are the MQL of 2002; TGL and SGL are ways in. Detours other than "
    "rejection are those of the spine, so that hand-offs can be answered",
    2012,
    build(
        (
            ("inquiry", "inventory", "Inquiry", "engaged"),
            ("aql", "sla", "Automation qualified lead", "marketing_qualified"),
            ("tal", "sla", "Teleprospecting accepted lead", "marketing_qualified"),
            ("tql", "sla", "Teleprospecting qualified lead", "marketing_qualified"),
            ("sal", "sla", "Sales accepted lead", "sales_accepted"),
            ("sql", "inventory", "Sales qualified lead", "opportunity"),
            ("closed_won", "gate", "Closed won", "won"),
            *DETOUR_ROWS,
        ),
        "inquiry aql tal tql sal sql closed_won",
        {
            "rejected": ("aql tal tql", "inquiry aql"),
            "recycled": ("tal tql sal sql", "inquiry aql"),
            "disqualified": ("inquiry aql tal tql sal sql", ""),
            "ineligible": ("inquiry aql tal tql sal sql", ""),
            "lost": ("sql", "inquiry aql"),
        },
        entries={
            "inquiry": ("marketing", "inquiry", "Inquiry, inbound or outbound"),
            "tgl": ("teleprospecting", "tql", "Teleprospecting generated lead"),
            "sgl": ("sales", "sal", "Sales generated lead"),
        },
        unverified=("recycled", "disqualified", "ineligible", "lost"),
    ),
)

DEMAND_UNIT_2017 = Framework(
    "demand_unit_waterfall_2017",
    "Demand Unit Waterfall",
    "SiriusDecisions; only the first two names were seen in a publication",
    2017,
    build(
        (
            ("target_demand", "inventory", "Target demand", "captured"),
            ("active_demand", "inventory", "Active demand", "captured"),
            ("engaged_demand", "inventory", "Engaged demand", "engaged"),
            ("prioritized_demand", "sla", "Prioritized demand", "marketing_qualified"),
            ("qualified_demand", "gate", "Qualified demand", "sales_qualified"),
            ("pipeline", "inventory", "Pipeline", "opportunity"),
            ("closed", "gate", "Closed", "won"),
        ),
        "target_demand active_demand engaged_demand prioritized_demand qualified_demand pipeline closed",
        {},
        unverified=("engaged_demand", "prioritized_demand", "qualified_demand", "pipeline", "closed"),
    ),
)

REVENUE_2021 = Framework(
    "b2b_revenue_waterfall_2021",
    "B2B Revenue Waterfall",
    "Forrester; none of the names were seen in a publication. Each kind of opportunity (new, renewal, upsell, "
    "cross-sell) runs through it by itself",
    2021,
    build(
        (
            ("target", "inventory", "Target", "captured"),
            ("detected", "inventory", "Detected", "captured"),
            ("engaged", "inventory", "Engaged", "engaged"),
            ("prioritized", "sla", "Prioritized", "marketing_qualified"),
            ("qualified", "gate", "Qualified", "sales_qualified"),
            ("pipeline", "inventory", "Pipeline", "opportunity"),
            ("closed", "gate", "Closed", "won"),
        ),
        "target detected engaged prioritized qualified pipeline closed",
        {},
        unverified=("target", "detected", "engaged", "prioritized", "qualified", "pipeline", "closed"),
    ),
)

WATERFALLS: tuple[Framework, ...] = (SPINE, WATERFALL_2002, WATERFALL_2012, DEMAND_UNIT_2017, REVENUE_2021)
"""In the order of their years."""
