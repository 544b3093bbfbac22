"""Feedback between the functions: raised → acknowledged → acted → told, so that whoever spoke hears what came of it.

Each function returns the fact of one step, which a bridge records; :func:`threads` folds facts into the feedback as it
stands. Feedback that came up with no lead (about a message, say) has the lead :data:`NO_LEAD`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from leadbridge.clock import to_us
from leadbridge.domain.facts import Fact, FeedbackAcknowledged, FeedbackActed, FeedbackRaised, FeedbackTold
from leadbridge.errors import IllegalMove

if TYPE_CHECKING:
    from leadbridge.domain.feedback.terms import FeedbackTerms

__all__ = ["NO_LEAD", "Subject", "Thread", "acknowledge", "act", "raise_feedback", "tell", "threads"]

NO_LEAD = ""
"""The lead of facts that are about no lead: the ledger keeps them, and no clock and no count of leads includes them."""

Subject = Literal["lead", "message", "asset", "definition", "content_request"]
"""What feedback is about; a content request asks for an asset that does not exist yet."""


@dataclass(frozen=True, slots=True)
class Thread:
    """One piece of feedback as it stands. ``about`` names the message, asset or definition.

    ``to_function`` is whom it is for, ``channel`` the way that it went, ``asset`` what a content request led to.
    """

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
    channel: str = ""
    to_function: str = ""
    asset: str | None = None


def raise_feedback(
    lead: str,
    subject: Subject,
    *,
    at: datetime,
    by: str,
    about: str = "",
    reason: str | None = None,
    to: str = "",
    channel: str = "",
    terms: FeedbackTerms | None = None,
    agreement: int = 0,
) -> FeedbackRaised:
    """Somebody tells the other function something.

    Args:
        lead: the leadbridge id of the lead that it came up with; :data:`NO_LEAD` when with none.
        subject: what it is about.
        at: when it was said.
        by: the function or person who speaks.
        about: which message, asset or definition; for a content request, what is wanted, as a name.
        reason: the code of a reason, for feedback on a lead.
        to: the function that is to hear it.
        channel: one of the agreed ways.
        terms: the contract of feedback, to be held to; anything goes without it.
        agreement: the version in force.

    Raises:
        IllegalMove: for feedback on nothing, or what the contract does not know.
    """
    if terms is not None:
        terms.check(subject, channel)
    if subject == "lead" and lead == NO_LEAD:
        raise IllegalMove("feedback on a lead needs the lead: give its leadbridge id")
    if subject == "content_request" and not about.strip():
        raise IllegalMove("say what is asked for, as a name: give about=...")
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
        channel=channel,
        to_function=to,
    )


def acknowledge(thread: Thread, *, at: datetime, by: str) -> FeedbackAcknowledged:
    """The other function has read it.

    Raises:
        IllegalMove: when it was acknowledged before.
    """
    _expect(thread, "raised", "acknowledge", at)
    return FeedbackAcknowledged(lead=thread.lead, occurred_at=at, recorded_at=at, actor=by, feedback=thread.id)


def act(thread: Thread, action: str, *, at: datetime, by: str, asset: str | None = None) -> FeedbackActed:
    """Something was changed because of it; ``action`` says what.

    Args:
        thread: the feedback, acknowledged.
        action: what was done, in words. Refusing it with a reason is an answer, too.
        at: when.
        by: who did it.
        asset: the asset that a content request led to.

    Raises:
        IllegalMove: before it was acknowledged, or a second time, or without words.
    """
    _expect(thread, "acknowledged", "act on", at)
    if not action.strip():
        raise IllegalMove("say what was done about the feedback: give action=...")
    return FeedbackActed(
        lead=thread.lead, occurred_at=at, recorded_at=at, actor=by, feedback=thread.id, action=action, asset=asset
    )


def tell(thread: Thread, *, at: datetime, by: str) -> FeedbackTold:
    """Whoever raised it was told what came of it.

    Raises:
        IllegalMove: before anything was done, or a second time.
    """
    _expect(thread, "acted", "tell about", at)
    return FeedbackTold(lead=thread.lead, occurred_at=at, recorded_at=at, actor=by, feedback=thread.id)


def _expect(thread: Thread, state: str, step: str, at: datetime) -> None:
    if thread.state != state:
        raise IllegalMove(
            f"cannot {step} feedback that is {thread.state}: the steps are raised, acknowledged, acted, told"
        )
    if at < (thread.acted_at or thread.acknowledged_at or thread.raised_at):
        raise IllegalMove(f"cannot {step} feedback before the step before it: give a later at=...")


_STEPS = (FeedbackRaised, FeedbackAcknowledged, FeedbackActed, FeedbackTold)


def threads(facts: Iterable[Fact]) -> Mapping[str, Thread]:
    """Every piece of feedback in some facts, by its id, in the order in which they were raised."""
    found: dict[str, Thread] = {}
    told = [fact for fact in facts if isinstance(fact, _STEPS)]
    for fact in sorted(told, key=lambda fact: (fact.occurred_at, fact.recorded_at, _STEPS.index(type(fact)))):
        if isinstance(fact, FeedbackRaised):
            raised = Thread(
                fact.feedback,
                fact.lead,
                fact.subject,
                fact.about,
                fact.actor,
                fact.occurred_at,
                reason=fact.reason,
                channel=fact.channel,
                to_function=fact.to_function,
            )
            found.setdefault(fact.feedback, raised)
        elif fact.feedback in found:
            thread = found[fact.feedback]
            if isinstance(fact, FeedbackAcknowledged):
                thread = replace(thread, state="acknowledged", acknowledged_at=fact.occurred_at)
            elif isinstance(fact, FeedbackActed):
                thread = replace(thread, state="acted", acted_at=fact.occurred_at, action=fact.action, asset=fact.asset)
            else:
                thread = replace(thread, state="told", told_at=fact.occurred_at)
            found[fact.feedback] = thread
    return found
