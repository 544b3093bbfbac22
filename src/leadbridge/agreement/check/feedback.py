"""Does the contract of feedback hold together? Channels and functions that exist, terms for all that is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadbridge.agreement.check.finding import Found, twice, unknown
from leadbridge.agreement.reading import Path
from leadbridge.domain.feedback.terms import ExpectedFeedback, FeedbackTerms
from leadbridge.domain.model import listing
from leadbridge.errors import Problem

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["feedback_problems"]


def feedback_problems(agreement: Agreement) -> Found:
    """What is expected of nobody, over no channel, or by no time."""
    terms = agreement.feedback
    yield from twice([channel.id for channel in terms.channels], ("feedback", "channels"), "channel")
    yield from twice(terms.welcome, ("feedback", "welcome"), "subject")
    yield from twice([each.id for each in terms.expected], ("feedback", "expected"), "expected feedback")
    # A reason may name a function that works in no CRM, such as product: it can be told things, too.
    functions = dict.fromkeys((*agreement.functions, *(each.remedy_owner for each in agreement.reasons.values())))
    for index, each in enumerate(terms.expected):
        here: Path = ("feedback", "expected", index)
        for key, name in (("from", each.from_), ("to", each.to)):
            if name not in functions:
                yield (*here, key), unknown("function", name, functions)
        if each.from_ == each.to:
            yield (*here, "to"), Problem("a function owes feedback to itself", "name the function that is to hear it")
        yield from _terms(each, here)
        yield from _place(each, terms, here)
    if terms.acknowledge_within and terms.act_within and terms.act_within < terms.acknowledge_within:
        yield (
            ("feedback", "act_within"),
            Problem(
                "feedback is to be acted on before it has to be read: both count from when it was raised",
                "make act_within at least as long as acknowledge_within",
            ),
        )


def _terms(each: ExpectedFeedback, here: Path) -> Found:
    if each.after and each.every is not None:
        yield (
            (*here, "every"),
            Problem("both after and every are given", "keep one, and write a second entry for the other"),
        )
    elif not each.after and each.every is None:
        yield (
            here,
            Problem(
                f"nothing says when {each.id} is owed",
                "add after: (decisions) and within, or every: (a length of time)",
            ),
        )
    elif each.after and each.within is None:
        yield here, Problem(f"nothing says how soon {each.id} is owed", "add within, such as within: 1 day")
    elif each.within is not None and not each.after:
        yield (*here, "within"), Problem("within counts from a decision, and none is named", "add after, or remove it")
    if each.after == ("accept",) and each.subject == "lead":
        yield (
            (*here, "after"),
            Problem("accepting a lead takes no reason", "name refusals, or another subject than lead"),
        )


def _place(each: ExpectedFeedback, terms: FeedbackTerms, here: Path) -> Found:
    names = [channel.id for channel in terms.channels]
    if each.channel is not None and each.channel not in names:
        yield (
            (*here, "channel"),
            unknown("channel", each.channel, names)
            if names
            else Problem(f"unknown channel {each.channel}", "list it under feedback.channels"),
        )
    if terms.welcome and each.subject not in terms.welcome:
        yield (
            (*here, "subject"),
            Problem(
                f"feedback on {each.subject} is expected, but not welcome",
                f"add it to feedback.welcome ({listing(terms.welcome)})",
            ),
        )
