"""The properties that a HubSpot account has from the start, as far as anything here uses them."""

from __future__ import annotations

from leadbridge.adapter import OWN_FIELDS
from leadbridge_hubspot.mappers import own_name
from leadbridge_hubspot.paths import KINDS
from leadbridge_hubspot.simulator.values import Property

__all__ = [
    "DEAL_STAGES",
    "DEFAULT_SHOWN",
    "LEAD_STAGES",
    "LIFECYCLE",
    "created_name",
    "own_properties",
    "standard_properties",
]

LIFECYCLE = [
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
]

DEAL_STAGES = {
    "appointmentscheduled": ("Appointment Scheduled", "0.2"),
    "qualifiedtobuy": ("Qualified To Buy", "0.4"),
    "presentationscheduled": ("Presentation Scheduled", "0.6"),
    "decisionmakerboughtin": ("Decision Maker Bought-In", "0.8"),
    "contractsent": ("Contract Sent", "0.9"),
    "closedwon": ("Closed Won", "1.0"),
    "closedlost": ("Closed Lost", "0.0"),
}

LEAD_STAGES = {
    "new-stage-id": ("New", "NEW"),
    "attempting-stage-id": ("Attempting", "IN_PROGRESS"),
    "connected-stage-id": ("Connected", "IN_PROGRESS"),
    "qualified-stage-id": ("Qualified", "QUALIFIED"),
    "unqualified-stage-id": ("Unqualified", "UNQUALIFIED"),
}

_LEAD_STATUS = [
    ("NEW", "New"),
    ("OPEN", "Open"),
    ("IN_PROGRESS", "In Progress"),
    ("OPEN_DEAL", "Open Deal"),
    ("UNQUALIFIED", "Unqualified"),
    ("ATTEMPTED_TO_CONTACT", "Attempted to Contact"),
    ("CONNECTED", "Connected"),
    ("BAD_TIMING", "Bad Timing"),
]

_SOURCES = [
    ("ORGANIC_SEARCH", "Organic Search"),
    ("PAID_SEARCH", "Paid Search"),
    ("EMAIL_MARKETING", "Email Marketing"),
    ("SOCIAL_MEDIA", "Organic Social"),
    ("REFERRALS", "Referrals"),
    ("OTHER_CAMPAIGNS", "Other Campaigns"),
    ("DIRECT_TRAFFIC", "Direct Traffic"),
    ("OFFLINE", "Offline Sources"),
    ("PAID_SOCIAL", "Paid Social"),
    ("AI_REFERRALS", "AI Referrals"),
]

_LEAD_TYPES = [("NEW_BUSINESS", "New business"), ("UPSELL", "Upsell"), ("RE_ATTEMPTING", "Re-attempting")]
_LEAD_LABELS = [("HOT", "Hot"), ("WARM", "Warm"), ("COLD", "Cold")]

_DIRECTIONS = [("INBOUND", "Inbound"), ("OUTBOUND", "Outbound")]
_TASK_STATUS = [
    ("NOT_STARTED", "Not started"),
    ("IN_PROGRESS", "In progress"),
    ("WAITING", "Waiting"),
    ("DEFERRED", "Deferred"),
    ("COMPLETED", "Completed"),
]
_TASK_TYPES = [
    ("CALL", "Call"),
    ("EMAIL", "Email"),
    ("LINKED_IN_CONNECT", "Connection request"),
    ("LINKED_IN_MESSAGE", "Network message"),
]
_MAIL_DIRECTIONS = [("EMAIL", "Outgoing"), ("INCOMING_EMAIL", "Incoming"), ("FORWARDED_EMAIL", "Forwarded")]

# Each line: name, label, type, what it looks like in forms. "!" behind the type: people cannot write it.
_TEXT = {
    "contact": """
        email, Email, string, text
        firstname, First Name, string, text
        lastname, Last Name, string, text
        company, Company Name, string, text
        jobtitle, Job Title, string, text
        phone, Phone Number, phone_number, phonenumber
        mobilephone, Mobile Phone Number, phone_number, phonenumber
        website, Website URL, string, text
        address, Street Address, string, text
        city, City, string, text
        state, State/Region, string, text
        zip, Postal Code, string, text
        country, Country/Region, string, text
        industry, Industry, string, text
        numemployees, Number of Employees, number, number
        annualrevenue, Annual Revenue, string, text
        message, Message, string, textarea
        hs_email_optout, Unsubscribed from all email, bool!, booleancheckbox
        hs_additional_emails, Additional email addresses, string!, text
        recent_conversion_date, Recent Conversion Date, datetime!, date
        recent_conversion_event_name, Recent Conversion, string!, text
        hs_analytics_first_touch_converting_campaign, First Touch Converting Campaign, string!, text
        first_conversion_date, First Conversion Date, datetime!, date
        first_conversion_event_name, First Conversion, string!, text
        num_conversion_events, Number of Form Submissions, number!, number
        num_associated_deals, Number of Associated Deals, number!, number
        hubspotscore, HubSpot Score, number!, number
        closedate, Close Date, datetime, date
        notes_last_contacted, Last Contacted, datetime!, date
    """,
    "company": """
        name, Company name, string, text
        domain, Company Domain Name, string, text
        website, Website URL, string, text
        industry, Industry, string, text
        numberofemployees, Number of Employees, number, number
        annualrevenue, Annual Revenue, number, number
        phone, Phone Number, phone_number, phonenumber
        city, City, string, text
        state, State/Region, string, text
        country, Country/Region, string, text
    """,
    "deal": """
        dealname, Deal Name, string, text
        amount, Amount, number, number
        closedate, Close Date, datetime, date
        pipeline, Pipeline, string, text
        description, Deal Description, string, textarea
        hs_is_closed, Is Deal Closed?, bool!, booleancheckbox
        hs_is_closed_won, Is Closed Won, bool!, booleancheckbox
        hs_deal_stage_probability, Deal probability, number!, number
    """,
    "note": "hs_timestamp, Activity date, datetime, date\nhs_note_body, Note body, string, html",
    "call": """
        hs_timestamp, Activity date, datetime, date
        hs_call_title, Call title, string, text
        hs_call_body, Call notes, string, html
        hs_call_disposition, Call outcome, string, text
        hs_call_duration, Call duration, number, number
        hs_call_status, Call status, string, text
    """,
    "meeting": """
        hs_timestamp, Activity date, datetime, date
        hs_meeting_title, Meeting name, string, text
        hs_meeting_body, Meeting description, string, html
        hs_meeting_outcome, Meeting outcome, string, text
        hs_meeting_start_time, Meeting start time, datetime, date
        hs_meeting_end_time, Meeting end time, datetime, date
    """,
    "email": """
        hs_timestamp, Activity date, datetime, date
        hs_email_subject, Email subject, string, text
        hs_email_text, Email body, string, textarea
        hs_email_status, Email send status, string, text
    """,
    "lead": """
        hs_lead_name, Lead name, string, text
        hs_pipeline, Pipeline, string, text
    """,
    "task": """
        hs_timestamp, Due date, datetime, date
        hs_task_subject, Task title, string, text
        hs_task_body, Task notes, string, html
        hs_task_priority, Priority, string, text
        hs_task_completion_date, Completed at, datetime!, date
    """,
}

DEFAULT_SHOWN = {
    "contact": ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    "company": ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    "deal": (
        "amount",
        "closedate",
        "createdate",
        "dealname",
        "dealstage",
        "hs_lastmodifieddate",
        "hs_object_id",
        "pipeline",
    ),
}
"""What HubSpot shows when nobody says which properties."""


def created_name(kind: str) -> str:
    """The property that says when a record was created."""
    return "createdate" if kind in DEFAULT_SHOWN else "hs_createdate"


def standard_properties(kind: str) -> list[Property]:
    """The properties of a kind in a new account."""
    group = KINDS[kind].group or "engagement"
    found = [_parsed(line, group) for line in _TEXT[kind].strip().splitlines()]
    found += [
        Property("hs_object_id", "Record ID", "number", "number", group, read_only=True),
        Property(created_name(kind), "Create Date", "datetime", "date", group, read_only=True),
        Property(KINDS[kind].modified, "Last Modified Date", "datetime", "date", group, read_only=True),
        Property("hubspot_owner_id", "Owner", "enumeration", "select", group, external=True),
    ]
    if KINDS[kind].mergeable:
        found.append(Property("hs_merged_object_ids", "Merged record IDs", "string", "text", group, read_only=True))
    return found + _with_options(kind, group)


def _with_options(kind: str, group: str) -> list[Property]:
    if kind == "call":
        return [Property("hs_call_direction", "Call direction", "enumeration", "select", group, _DIRECTIONS)]
    if kind == "email":
        return [Property("hs_email_direction", "Email direction", "enumeration", "select", group, _MAIL_DIRECTIONS)]
    if kind == "task":
        return [
            Property("hs_task_status", "Task status", "enumeration", "select", group, _TASK_STATUS),
            # There are more types than these, and people use them: others are taken as they come.
            Property("hs_task_type", "Task type", "enumeration", "select", group, _TASK_TYPES, external=True),
        ]
    if kind == "deal":
        stages = [(value, label) for value, (label, _) in DEAL_STAGES.items()]
        return [Property("dealstage", "Deal Stage", "enumeration", "radio", group, stages)]
    if kind == "lead":
        stages = [(value, label) for value, (label, _) in LEAD_STAGES.items()]
        return [
            Property("hs_pipeline_stage", "Lead Pipeline Stage", "enumeration", "radio", group, stages),
            Property(
                "hs_lead_disqualification_reason",
                "Disqualification Reason",
                "enumeration",
                "select",
                group,
                [("NOT_A_GOOD_FIT", "Not a good fit")],
            ),
            Property("hs_lead_type", "Lead Type", "enumeration", "select", group, list(_LEAD_TYPES)),
            Property("hs_lead_label", "Lead Label", "enumeration", "select", group, list(_LEAD_LABELS)),
        ]
    if kind not in ("contact", "company"):
        return []
    found = [Property("hs_pipeline", "Pipeline", "string", "text", group, read_only=True)]
    found += [Property("lifecyclestage", "Lifecycle Stage", "enumeration", "radio", group, list(LIFECYCLE))]
    found += [
        Property(f"hs_lifecyclestage_{value}_date", f"Became a {label} Date", "datetime", "date", group, read_only=True)
        for value, label in LIFECYCLE
    ]
    if kind == "contact":
        found += [
            Property("hs_lead_status", "Lead Status", "enumeration", "radio", group, list(_LEAD_STATUS)),
            Property("hs_analytics_source", "Original Traffic Source", "enumeration", "select", group, list(_SOURCES)),
        ]
    return found


def own_properties(kind: str) -> list[Property]:
    """The properties that leadbridge adds, as an account has them that was provisioned."""
    group = KINDS[kind].group
    return [
        Property(
            own_name(field.purpose),
            field.label,
            field.type,
            "date" if field.type == "datetime" else "text",
            group,
            unique=field.unique,
            made_by_hubspot=False,
        )
        for field in OWN_FIELDS
    ]


def _parsed(line: str, group: str) -> Property:
    name, label, kind, look = (part.strip() for part in line.split(","))
    return Property(name, label, kind.rstrip("!"), look, group, read_only=kind.endswith("!"))
