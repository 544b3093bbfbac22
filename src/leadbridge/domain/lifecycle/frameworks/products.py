"""The stages that products come with, and those of one company that publishes its handbook.

What a CRM of sales calls new or open is read as a lead that waits for sales to take it: marketing qualified.
"""

from __future__ import annotations

from datetime import timedelta

from leadbridge.domain.lifecycle.frameworks.framework import Framework, build

__all__ = ["PRODUCTS"]

HUBSPOT = Framework(
    "hubspot",
    "HubSpot lifecycle stages",
    "knowledge.hubspot.com; the property lifecyclestage of contacts and companies",
    None,
    build(
        (
            ("subscriber", "inventory", "Subscriber", "captured"),
            ("lead", "inventory", "Lead", "engaged"),
            ("marketingqualifiedlead", "sla", "Marketing qualified lead", "marketing_qualified"),
            ("salesqualifiedlead", "sla", "Sales qualified lead", "sales_qualified"),
            ("opportunity", "inventory", "Opportunity", "opportunity"),
            ("customer", "gate", "Customer", "won"),
            ("evangelist", "inventory", "Evangelist", "won"),
            ("other", "inventory", "Other", "disqualified"),
        ),
        "subscriber lead marketingqualifiedlead salesqualifiedlead opportunity customer",
        {
            # Beside the path, not at its end: the way to success ends with the customer.
            "evangelist": ("customer", "customer"),
            "other": ("subscriber lead marketingqualifiedlead salesqualifiedlead opportunity", "lead"),
        },
    ),
)

HUBSPOT_LEADS = Framework(
    "hubspot_leads",
    "HubSpot Leads object",
    "knowledge.hubspot.com; the default pipeline of the Leads object, which begins when sales is to act. Attempting "
    "and connected say what the salesperson is doing: HubSpot mixes the axes here",
    None,
    build(
        (
            ("new", "sla", "New", "marketing_qualified"),
            ("attempting", "sla", "Attempting", "sales_accepted"),
            ("connected", "inventory", "Connected", "sales_accepted"),
            ("qualified", "gate", "Qualified", "sales_qualified"),
            ("disqualified", "gate", "Disqualified", "disqualified"),
        ),
        "new attempting connected qualified",
        {"disqualified": ("new attempting connected", "")},
    ),
)

SALESFORCE = Framework(
    "salesforce",
    "Salesforce lead status",
    "Salesforce's documentation; the values that Lead.Status comes with. Conversion makes the opportunity",
    None,
    build(
        (
            ("open_not_contacted", "sla", "Open - Not Contacted", "marketing_qualified"),
            ("working_contacted", "sla", "Working - Contacted", "sales_accepted"),
            ("closed_converted", "gate", "Closed - Converted", "opportunity"),
            ("closed_not_converted", "gate", "Closed - Not Converted", "disqualified"),
        ),
        "open_not_contacted working_contacted closed_converted",
        {"closed_not_converted": ("open_not_contacted working_contacted", "")},
    ),
)

MARKETO = Framework(
    "marketo",
    "Marketo revenue cycle, sample model",
    "blog.marketo.com 2010; stage kinds, success path and detours of the sample. That its lead stage lasts 14 days is "
    "published, the stages that detours return to are our reading",
    2010,
    build(
        (
            ("anonymous", "inventory", "Anonymous", "captured"),
            ("new_names_review", "gate", "New Names Review", "captured"),
            ("prospect", "inventory", "Prospect", "engaged"),
            ("lead", "sla", "Lead", "marketing_qualified"),
            ("sales_lead", "sla", "Sales Lead", "sales_accepted"),
            ("opportunity", "inventory", "Opportunity", "opportunity"),
            ("customer", "gate", "Customer", "won"),
            ("disqualified", "gate", "Disqualified", "disqualified"),
            ("recycled", "inventory", "Recycled", "recycled"),
            ("inactive", "inventory", "Inactive", "recycled"),
            ("lost", "inventory", "Lost", "lost"),
        ),
        "anonymous new_names_review prospect lead sales_lead opportunity customer",
        {
            "disqualified": ("new_names_review prospect lead sales_lead opportunity", ""),
            "recycled": ("lead sales_lead opportunity", "prospect lead"),
            "inactive": ("prospect", "prospect"),
            "lost": ("opportunity", "prospect lead"),
        },
        max_age={"lead": timedelta(days=14)},
    ),
)

GITLAB = Framework(
    "gitlab",
    "GitLab lead lifecycle",
    "GitLab's public handbook; nine statuses. It starts a clock of two business hours at MQL",
    None,
    build(
        (
            ("raw", "inventory", "Raw", "captured"),
            ("inquiry", "inventory", "Inquiry", "engaged"),
            ("mql", "sla", "MQL", "marketing_qualified"),
            ("accepted", "sla", "Accepted", "sales_accepted"),
            ("qualifying", "inventory", "Qualifying", "sales_accepted"),
            ("qualified", "gate", "Qualified", "sales_qualified"),
            ("recycle", "inventory", "Recycle", "recycled"),
            ("disqualified", "gate", "Disqualified", "disqualified"),
            ("ineligible", "gate", "Ineligible", "ineligible"),
        ),
        "raw inquiry mql accepted qualifying qualified",
        {
            "recycle": ("mql accepted qualifying", "inquiry mql"),
            "disqualified": ("raw inquiry mql accepted qualifying", ""),
            "ineligible": ("raw inquiry mql accepted qualifying", ""),
        },
    ),
)

DYNAMICS_365 = Framework(
    "dynamics_365",
    "Dynamics 365 lead",
    "Microsoft's documentation; states open, qualified and disqualified with their status reasons. Four of them are "
    "ways to be disqualified",
    None,
    build(
        (
            ("new", "sla", "New", "marketing_qualified"),
            ("contacted", "sla", "Contacted", "sales_accepted"),
            ("qualified", "gate", "Qualified", "sales_qualified"),
            ("lost", "gate", "Lost", "disqualified"),
            ("cannot_contact", "gate", "Cannot Contact", "disqualified"),
            ("no_longer_interested", "gate", "No Longer Interested", "disqualified"),
            ("canceled", "gate", "Canceled", "disqualified"),
        ),
        "new contacted qualified",
        dict.fromkeys(("lost", "cannot_contact", "no_longer_interested", "canceled"), ("new contacted", "")),
    ),
)

ORACLE_CRM_ON_DEMAND = Framework(
    "oracle_crm_on_demand",
    "Oracle CRM On Demand lead",
    "Oracle's documentation; the values of the lead's status. That a qualified lead is one that sales may convert or "
    "reject is our reading",
    None,
    build(
        (
            ("qualifying", "inventory", "Qualifying", "engaged"),
            ("qualified", "sla", "Qualified", "marketing_qualified"),
            ("converted", "gate", "Converted", "opportunity"),
            ("rejected", "sla", "Rejected", "rejected"),
            ("archived", "gate", "Archived", "disqualified"),
        ),
        "qualifying qualified converted",
        {"rejected": ("qualified", "qualifying qualified"), "archived": ("qualifying qualified", "")},
    ),
)

ESPOCRM = Framework(
    "espocrm",
    "EspoCRM and SuiteCRM lead",
    "their source code; the values that the lead's status comes with. Conversion makes the opportunity",
    None,
    build(
        (
            ("new", "sla", "New", "marketing_qualified"),
            ("assigned", "sla", "Assigned", "marketing_qualified"),
            ("in_process", "inventory", "In Process", "sales_accepted"),
            ("converted", "gate", "Converted", "opportunity"),
            ("recycled", "inventory", "Recycled", "recycled"),
            ("dead", "gate", "Dead", "disqualified"),
        ),
        "new assigned in_process converted",
        {"recycled": ("new assigned in_process", "new assigned"), "dead": ("new assigned in_process", "")},
    ),
)

PRODUCTS: tuple[Framework, ...] = (
    HUBSPOT,
    HUBSPOT_LEADS,
    SALESFORCE,
    MARKETO,
    GITLAB,
    DYNAMICS_365,
    ORACLE_CRM_ON_DEMAND,
    ESPOCRM,
)
"""Those that marketing works in come first."""
