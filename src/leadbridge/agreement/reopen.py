"""Hand-offs as the ledger knows them, open again: to be answered, routed or taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from leadbridge.agreement.offer import terms_of
from leadbridge.agreement.schema import Agreement
from leadbridge.domain.handoff import Handoff
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.shared_memory import attempts_of
from leadbridge.domain.trails import HandoffTrail
from leadbridge.errors import ConfigError

__all__ = ["reopened"]


def reopened(
    history: LeadHistory,
    trail: HandoffTrail | None = None,
    *,
    agreement: Agreement,
    now: Callable[[], datetime] | None = None,
) -> Handoff:
    """A hand-off of a lead as it stands.

    Args:
        history: of the lead.
        trail: which of its hand-offs; the latest when not given.
        agreement: whose reasons and stages hold.
        now: tells the time when a method of the hand-off is not given ``at``.

    Raises:
        ConfigError: the lead was never offered.
    """
    trail = trail or history.handoff
    if trail is None or trail.offered_at is None:
        raise ConfigError("this lead was never offered: there is no hand-off to answer")
    story = [fact for fact in history.facts if getattr(fact, "handoff", None) == trail.id]
    opened = Handoff(
        id=trail.id,
        lead=history.lead,
        terms=terms_of(agreement),
        from_function=trail.from_function,
        to_function=trail.to_function,
        agreement=agreement.version,
        package=trail.package,
        missing=trail.missing,
        promised=trail.promised,
        attempts=attempts_of(history, trail),
        offered_at=trail.offered_at,
        expires_at=trail.expires_at,
        passage=trail.passage,
        now=now,
    )
    return opened.after(story)
