"""Feedback between the functions: raised → acknowledged → acted → told, so that whoever spoke hears what came of it.

Each function returns the fact of one step; :func:`threads` folds facts into the feedback as it stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from leadbridge.clock import to_us
from leadbridge.domain.facts import Fact, FeedbackAcknowledged, FeedbackActed, FeedbackRaised, FeedbackTold
from leadbridge.errors import IllegalMove

__all__ = ["Subject", "Thread", "acknowledge", "act", "raise_feedback", "tell", "threads"]

Subject = Literal["lead", "message", "asset", "definition", "content_request"]
"""What feedback is about; a content request asks for an asset that does not exist yet."""


@dataclass(frozen=True, slots=True)
class Thread:
    """One piece of feedback as it stands. ``about`` names the message, asset or definition."""

    id: str
    lead: str
    subject: str
    about: str
    raised_by: str
    raised_at: datetime
    state: Literal["raised", "acknowledged", "acted", "told"] = "raised"
    reason: str | None = None
    acknowledged_at: datetime | None = None
    acted_at: datetime | None = None
    told_at: datetime | None = None
    action: str = ""


def raise_feedback(
    lead: str,
    subject: Subject,
    *,
    at: datetime,
    by: str,
    about: str = "",
    reason: str | None = None,
    agreement: int = 0,
) -> FeedbackRaised:
    """Somebody tells the other function something.

    Args:
        lead: the leadbridge id of the lead that it came up with; empty when with none.
        about: which message, asset or definition.
        by: the function or person who speaks.
    """
    seed = f"{lead}\x1f{subject}\x1f{about}\x1f{by}\x1f{to_us(at)}"
    identity = f"feedback-{hashlib.sha256(seed.encode()).hexdigest()[:16]}"
    return FeedbackRaised(
        lead=lead,
        occurred_at=at,
        recorded_at=at,
        actor=by,
        agreement=agreement,
        feedback=identity,
        subject=subject,
        about=about,
        reason=reason,
    )


def acknowledge(thread: Thread, *, at: datetime, by: str) -> FeedbackAcknowledged:
    """The other function has read it.

    Raises:
        IllegalMove: when it was acknowledged before.
    """
    _expect(thread, "raised", "acknowledge")
    return FeedbackAcknowledged(lead=thread.lead, occurred_at=at, recorded_at=at, actor=by, feedback=thread.id)


def act(thread: Thread, action: str, *, at: datetime, by: str) -> FeedbackActed:
    """Something was changed because of it; ``action`` says what.

    Raises:
        IllegalMove: before it was acknowledged, or a second time, or without words.
    """
    _expect(thread, "acknowledged", "act on")
    if not action.strip():
        raise IllegalMove("say what was done about the feedback: give action=...")
    return FeedbackActed(lead=thread.lead, occurred_at=at, recorded_at=at, actor=by, feedback=thread.id, action=action)


def tell(thread: Thread, *, at: datetime, by: str) -> FeedbackTold:
    """Whoever raised it was told what came of it.

    Raises:
        IllegalMove: before anything was done, or a second time.
    """
    _expect(thread, "acted", "tell about")
    return FeedbackTold(lead=thread.lead, occurred_at=at, recorded_at=at, actor=by, feedback=thread.id)


def _expect(thread: Thread, state: str, step: str) -> None:
    if thread.state != state:
        raise IllegalMove(
            f"cannot {step} feedback that is {thread.state}: the steps are raised, acknowledged, acted, told"
        )


def threads(facts: Iterable[Fact]) -> Mapping[str, Thread]:
    """Every piece of feedback in some facts, by its id, in the order in which they were raised."""
    found: dict[str, Thread] = {}
    for fact in sorted(facts, key=lambda fact: (fact.occurred_at, fact.recorded_at)):
        if isinstance(fact, FeedbackRaised):
            found[fact.feedback] = Thread(
                fact.feedback, fact.lead, fact.subject, fact.about, fact.actor, fact.occurred_at, reason=fact.reason
            )
        elif isinstance(fact, FeedbackAcknowledged | FeedbackActed | FeedbackTold) and fact.feedback in found:
            thread = found[fact.feedback]
            if isinstance(fact, FeedbackAcknowledged):
                thread = replace(thread, state="acknowledged", acknowledged_at=fact.occurred_at)
            elif isinstance(fact, FeedbackActed):
                thread = replace(thread, state="acted", acted_at=fact.occurred_at, action=fact.action)
            else:
                thread = replace(thread, state="told", told_at=fact.occurred_at)
            found[fact.feedback] = thread
    return found
