"""Who is told of a promise that is about to break or broke: facts, so that everybody is told once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from leadbridge.domain.facts import Fact, SLAEscalated
from leadbridge.domain.sla.slaclock import SLAClock

__all__ = ["Identity", "escalations", "identity"]

Identity = tuple[str, ...]
"""What makes two alerts the same one."""


def identity(fact: SLAEscalated) -> Identity:
    """What an alert is known by: who was told of which tier of which clock. When it was told does not matter."""
    which = (fact.lead, fact.handoff, "" if fact.handoff else str(fact.passage), fact.subject)
    return (*which, fact.policy, fact.target, str(fact.turn), str(fact.resets), fact.tier, fact.to)


def escalations(
    clocks: Iterable[SLAClock], known: Iterable[Fact], at: datetime | None = None
) -> tuple[SLAEscalated, ...]:
    """The alerts whose moment has come and that nobody was given yet, the earliest first.

    Only what is still open is escalated: a promise that was kept or cancelled in the meantime needs nobody any more.

    Args:
        clocks: as they stand at one instant.
        known: all facts of these leads.
        at: the instant, no later than that of the clocks; theirs when not given.
    """
    told = {identity(fact) for fact in known if isinstance(fact, SLAEscalated)}
    found: dict[Identity, tuple[datetime, SLAEscalated]] = {}
    for clock in clocks:
        now = clock.now if at is None else at
        for alert in clock.alerts if clock.open else ():
            if alert.at is None or alert.at > now:
                continue
            fact = SLAEscalated(
                lead=clock.lead,
                occurred_at=now,
                recorded_at=now,
                actor="leadbridge",
                cause="slas of the agreement",
                agreement=clock.agreement,
                handoff=clock.handoff or "",
                policy=clock.policy,
                target=clock.target,
                turn=clock.turn,
                tier=alert.tier,
                to=alert.to,
                passage=clock.passage,
                subject=clock.subject,
                resets=clock.resets,
            )
            if identity(fact) not in told:
                found.setdefault(identity(fact), (alert.at, fact))
    return tuple(fact for _, fact in sorted(found.values(), key=lambda pair: (pair[0], identity(pair[1]))))
