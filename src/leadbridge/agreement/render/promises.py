"""Promises in time as blocks: what each function promises, what stops the clock, who is told when it breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leadbridge.agreement.render.blocks import Block, Heading, Text, table
from leadbridge.domain.model import listing
from leadbridge.domain.sla.policy import OWNER_AWAY, SLAPolicy, Target

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["promises"]


def promises(agreement: Agreement) -> Iterator[Block]:
    """All promises, for whom they hold, and what is known of the people."""
    if not agreement.slas:
        return
    yield Heading("Promises")
    rows = [
        (policy.duty_of, target.id, _what(target), policy.calendar_of(target), _pauses(target), _further(target))
        for policy in agreement.slas
        for target in policy.targets
    ]
    yield table(("who", "promise", "what", "calendar", "pauses", "further"), rows)
    for policy in agreement.slas:
        text = _whom(policy)
        if text:
            yield Text(text)


def _what(target: Target) -> str:
    kept = listing(target.stops) if target.stops else ""
    if target.cadence is not None:
        over = f" over {target.cadence.channels} channels" if target.cadence.channels > 1 else ""
        attempts = f"{target.cadence.touches} touches{over}"
        kept = f"{attempts}, or {kept}," if kept else attempts
    return f"{kept} within {target.within} of {target.starts}"


def _pauses(target: Target) -> str:
    names = ["the owner is away" if name == OWNER_AWAY else name for name in target.paused_while]
    return f"stands still while {listing(names)}" if names else ""


def _further(target: Target) -> str:
    parts = [f"grace of {target.grace}"] if target.grace else []
    parts += [f"warns {target.warn_before} before"] if target.warn_before else []
    parts += [f"begins anew with {listing(target.resets)}"] if target.resets else []
    parts += [f"ends with {listing(target.cancels)}"] if target.cancels else []
    parts += [f"{each.to} is told at {each.at}" for each in target.escalate]
    return "; ".join(parts)


def _whom(policy: SLAPolicy) -> str:
    parts = [f"hold for leads with {policy.when}"] if policy.when else []
    parts += ["hold for all leads for which no policy before it does"] if policy.group and not policy.when else []
    parts += ["count in the time zone of whoever holds the lead"] if policy.zone_of == "assignee" else []
    return f"The promises of {policy.id} {' and '.join(parts)}." if parts else ""
