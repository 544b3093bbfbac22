"""The agreement between marketing and sales as a program.

Every public name is here, and each is loaded when it is first used: ``import leadbridge`` itself imports nothing.
"""

from __future__ import annotations

# Type checkers take a name spelled like this for True; importing typing would cost more than all of this module.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from leadbridge.agreement import Agreement, clocks, offer
    from leadbridge.agreement.brief import Brief, brief
    from leadbridge.agreement.picklists import ReasonCrosswalk, picklist
    from leadbridge.agreement.route import route
    from leadbridge.agreement.versions import Agreements
    from leadbridge.analytics import (
        Comparison,
        NotComputable,
        Reconciliation,
        Replay,
        Result,
        Snapshot,
        benchmarks,
        reconcile,
    )
    from leadbridge.bridge import Bridge
    from leadbridge.clock import Clock, ManualClock, SystemClock
    from leadbridge.domain.buying.group import BuyingGroup
    from leadbridge.domain.calendar import BusinessCalendar
    from leadbridge.domain.campaign import Campaign
    from leadbridge.domain.company import Company
    from leadbridge.domain.continuity import continuity
    from leadbridge.domain.criteria import Verdict
    from leadbridge.domain.criteria.scores import ScoreCard
    from leadbridge.domain.enrichment import enrich, provenance
    from leadbridge.domain.feedback import raise_feedback
    from leadbridge.domain.handoff import Handoff
    from leadbridge.domain.handoff.dealing import Route
    from leadbridge.domain.history import LeadHistory
    from leadbridge.domain.interaction import Interaction
    from leadbridge.domain.lead import Lead
    from leadbridge.domain.lifecycle import Lifecycle, crosswalk
    from leadbridge.domain.matching import CompanyIndex, match_company
    from leadbridge.domain.opportunity import Opportunity
    from leadbridge.domain.shared_memory import memory_of
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
    "Agreements",
    "AuthExpired",
    "Board",
    "Bridge",
    "Brief",
    "BusinessCalendar",
    "BuyingGroup",
    "Campaign",
    "Clock",
    "Company",
    "CompanyIndex",
    "Comparison",
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
    "Lifecycle",
    "ManualClock",
    "NotComputable",
    "Opportunity",
    "Plan",
    "PlanRefused",
    "RateLimited",
    "ReasonCrosswalk",
    "Reconciliation",
    "Replay",
    "Result",
    "Route",
    "SLAClock",
    "ScoreCard",
    "Snapshot",
    "StoreError",
    "SyncResult",
    "SystemClock",
    "Unavailable",
    "Verdict",
    "__version__",
    "benchmarks",
    "brief",
    "clocks",
    "connect",
    "continuity",
    "crosswalk",
    "enrich",
    "match_company",
    "memory_of",
    "offer",
    "picklist",
    "provenance",
    "raise_feedback",
    "reconcile",
    "route",
]

__version__ = "0.1.0"

_HOMES = {
    "leadbridge.agreement": (
        "Agreement",
        "clocks",
        "offer",
    ),
    "leadbridge.agreement.brief": (
        "Brief",
        "brief",
    ),
    "leadbridge.agreement.picklists": (
        "ReasonCrosswalk",
        "picklist",
    ),
    "leadbridge.agreement.route": ("route",),
    "leadbridge.agreement.versions": ("Agreements",),
    "leadbridge.analytics": (
        "Comparison",
        "NotComputable",
        "Reconciliation",
        "Replay",
        "Result",
        "Snapshot",
        "benchmarks",
        "reconcile",
    ),
    "leadbridge.bridge": ("Bridge",),
    "leadbridge.clock": (
        "Clock",
        "ManualClock",
        "SystemClock",
    ),
    "leadbridge.domain.buying.group": ("BuyingGroup",),
    "leadbridge.domain.calendar": ("BusinessCalendar",),
    "leadbridge.domain.campaign": ("Campaign",),
    "leadbridge.domain.company": ("Company",),
    "leadbridge.domain.continuity": ("continuity",),
    "leadbridge.domain.criteria": ("Verdict",),
    "leadbridge.domain.criteria.scores": ("ScoreCard",),
    "leadbridge.domain.enrichment": (
        "enrich",
        "provenance",
    ),
    "leadbridge.domain.feedback": ("raise_feedback",),
    "leadbridge.domain.handoff": ("Handoff",),
    "leadbridge.domain.handoff.dealing": ("Route",),
    "leadbridge.domain.history": ("LeadHistory",),
    "leadbridge.domain.interaction": ("Interaction",),
    "leadbridge.domain.lead": ("Lead",),
    "leadbridge.domain.lifecycle": (
        "Lifecycle",
        "crosswalk",
    ),
    "leadbridge.domain.matching": (
        "CompanyIndex",
        "match_company",
    ),
    "leadbridge.domain.opportunity": ("Opportunity",),
    "leadbridge.domain.shared_memory": ("memory_of",),
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
