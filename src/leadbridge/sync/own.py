"""Which of our own fields a CRM needs."""

from __future__ import annotations

from leadbridge.adapter import OWN_FIELDS
from leadbridge.agreement import Agreements

__all__ = ["own_purposes"]


def own_purposes(agreements: Agreements) -> tuple[str, ...]:
    """The purposes of the own fields that some version of an agreement has a use for, as a sync fills them.

    Every lead has a key, an op marker, a buying stage and a decision with its reason; a promise in time it has only
    where one is made.
    """
    promised = any(version.slas for version in agreements)
    return tuple(own.purpose for own in OWN_FIELDS if promised or own.purpose not in ("sla_due", "sla_state"))
