"""``feedback``: which feedback is welcome, which is expected, over which channels, and how soon it is heard."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from leadbridge.domain.facts import Decision
from leadbridge.domain.feedback import Subject
from leadbridge.domain.model import Frozen, Id, Span, by_id

__all__ = ["Channel", "ExpectedFeedback", "FeedbackTerms"]


class Channel(Frozen):
    """An established way to give feedback, such as a weekly call or a field of the CRM."""

    id: Id
    label: str = ""
    owner: Id | None = None


class ExpectedFeedback(Frozen):
    """Feedback that one function owes the other.

    After each decision of ``after`` the reason is owed ``within`` some time; or feedback on the ``subject`` is owed
    ``every`` so often.
    """

    id: Id
    from_: Id = Field(alias="from")
    to: Id
    subject: Subject
    after: tuple[Decision, ...] = ()
    within: Span | None = None
    every: Span | None = None
    channel: str | None = None
    why: str = ""


class FeedbackTerms(Frozen):
    """The contract of feedback.

    Attributes:
        welcome: subjects on which feedback is welcome at any time.
        expected: feedback that is owed.
        acknowledge_within: how soon whoever is addressed says that they have read it.
        act_within: how soon something is done about it, counted from when it was raised.
        tell_within: how soon whoever raised it hears what was done, counted from the act.
    """

    channels: tuple[Annotated[Channel, BeforeValidator(by_id)], ...] = ()
    welcome: tuple[Subject, ...] = ()
    expected: tuple[ExpectedFeedback, ...] = ()
    acknowledge_within: Span | None = None
    act_within: Span | None = None
    tell_within: Span | None = None
