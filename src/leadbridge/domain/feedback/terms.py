"""The contract of feedback: which is welcome, which is expected, over which channels, and how soon it is heard."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from leadbridge.domain.facts import Decision
from leadbridge.domain.feedback.threads import Subject
from leadbridge.domain.model import Frozen, Id, Span, by_id, did_you_mean, listing
from leadbridge.errors import IllegalMove

__all__ = ["Channel", "ExpectedFeedback", "FeedbackTerms"]


class Channel(Frozen):
    """An established way to give feedback, such as a weekly call or a field of the CRM."""

    id: Id
    label: str = ""
    owner: Id | None = None


class ExpectedFeedback(Frozen):
    """Feedback that one function owes the other.

    After each decision of ``after`` that ``from`` makes, feedback is owed ``within`` some time: on the subject ``lead``
    it is the reason; or feedback on the ``subject`` is owed ``every`` so often.
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
        welcome: subjects on which feedback is welcome at any time; all of them when none is named.
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

    def check(self, subject: str, channel: str = "") -> None:
        """Passes when feedback on a subject is welcome or expected, over a channel that is agreed on.

        Raises:
            IllegalMove: with what is welcome, or the channels that there are.
        """
        hoped = dict.fromkeys((*self.welcome, *(each.subject for each in self.expected)))
        if self.welcome and subject not in hoped:
            raise IllegalMove(f"feedback on {subject} is not agreed on; welcome is feedback on {listing(hoped)}")
        names = [each.id for each in self.channels]
        if channel and names and channel not in names:
            raise IllegalMove(f"unknown channel {channel}: {did_you_mean(channel, names)}")
