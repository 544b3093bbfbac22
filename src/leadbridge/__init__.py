"""The agreement between marketing and sales as a program.

Every public name is here, and each is loaded when it is first used: ``import leadbridge`` itself imports nothing.
"""

from __future__ import annotations

# Type checkers take a name spelled like this for True; importing typing would cost more than all of this module.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadbridge.agreement import Agreement, clocks, offer
    from leadbridge.analytics import NotComputable, Result, Snapshot
    from leadbridge.bridge import Bridge
    from leadbridge.clock import Clock, ManualClock, SystemClock
    from leadbridge.domain.calendar import BusinessCalendar
    from leadbridge.domain.campaign import Campaign
    from leadbridge.domain.company import Company
    from leadbridge.domain.criteria import Verdict
    from leadbridge.domain.handoff import Handoff
    from leadbridge.domain.history import LeadHistory
    from leadbridge.domain.interaction import Interaction
    from leadbridge.domain.lead import Lead
    from leadbridge.domain.opportunity import Opportunity
    from leadbridge.domain.sla import Board, SLAClock
    from leadbridge.errors import (
        AdapterError,
        AdapterMissing,
        AgreementError,
        AuthExpired,
        ConfigError,
        DataError,
        Forbidden,
        IllegalMove,
        IncompletePackage,
        LeadbridgeError,
        PlanRefused,
        RateLimited,
        StoreError,
        Unavailable,
    )
    from leadbridge.ledger import Ledger
    from leadbridge.registry import connect
    from leadbridge.sync import Plan, SyncResult

__all__ = [
    "AdapterError",
    "AdapterMissing",
    "Agreement",
    "AgreementError",
    "AuthExpired",
    "Board",
    "Bridge",
    "BusinessCalendar",
    "Campaign",
    "Clock",
    "Company",
    "ConfigError",
    "DataError",
    "Forbidden",
    "Handoff",
    "IllegalMove",
    "IncompletePackage",
    "Interaction",
    "Lead",
    "LeadHistory",
    "LeadbridgeError",
    "Ledger",
    "ManualClock",
    "NotComputable",
    "Opportunity",
    "Plan",
    "PlanRefused",
    "RateLimited",
    "Result",
    "SLAClock",
    "Snapshot",
    "StoreError",
    "SyncResult",
    "SystemClock",
    "Unavailable",
    "Verdict",
    "__version__",
    "clocks",
    "connect",
    "offer",
]

__version__ = "0.1.0"

_HOMES = {
    "leadbridge.agreement": (
        "Agreement",
        "clocks",
        "offer",
    ),
    "leadbridge.analytics": (
        "NotComputable",
        "Result",
        "Snapshot",
    ),
    "leadbridge.bridge": ("Bridge",),
    "leadbridge.clock": (
        "Clock",
        "ManualClock",
        "SystemClock",
    ),
    "leadbridge.domain.calendar": ("BusinessCalendar",),
    "leadbridge.domain.campaign": ("Campaign",),
    "leadbridge.domain.company": ("Company",),
    "leadbridge.domain.criteria": ("Verdict",),
    "leadbridge.domain.handoff": ("Handoff",),
    "leadbridge.domain.history": ("LeadHistory",),
    "leadbridge.domain.interaction": ("Interaction",),
    "leadbridge.domain.lead": ("Lead",),
    "leadbridge.domain.opportunity": ("Opportunity",),
    "leadbridge.domain.sla": (
        "Board",
        "SLAClock",
    ),
    "leadbridge.errors": (
        "AdapterError",
        "AdapterMissing",
        "AgreementError",
        "AuthExpired",
        "ConfigError",
        "DataError",
        "Forbidden",
        "IllegalMove",
        "IncompletePackage",
        "LeadbridgeError",
        "PlanRefused",
        "RateLimited",
        "StoreError",
        "Unavailable",
    ),
    "leadbridge.ledger": ("Ledger",),
    "leadbridge.registry": ("connect",),
    "leadbridge.sync": (
        "Plan",
        "SyncResult",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'leadbridge' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
