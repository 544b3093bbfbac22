"""What is expected from whom by when: the feedback that is owed, and the board that shows all of it.

Feedback is owed in three ways. After a decision, the function that decided owes the reason (or feedback on another
subject) ``within`` some time. ``Every`` so often, a function owes feedback on a subject. And whoever is given feedback
owes that it is read, acted on and answered in the three spans of the agreement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from leadbridge.clock import iso
from leadbridge.domain.explain import moment
from leadbridge.domain.feedback.terms import ExpectedFeedback, FeedbackTerms
from leadbridge.domain.feedback.threads import NO_LEAD, Thread, threads
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.show import html_table
from leadbridge.domain.sla.slaclock import in_words
from leadbridge.domain.trails import HandoffTrail

__all__ = ["FeedbackBoard", "Owed", "feedback_board", "feedback_due"]

What = Literal["reason", "feedback", "acknowledge", "act", "tell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """Something that a function owes another, and by when.

    Attributes:
        what: the ``reason`` of a decision, ``feedback`` on a subject, or to ``acknowledge``, ``act`` on or ``tell``.
        by: the function that owes it; empty when nobody said whom the feedback is for.
        to: the function, or person, that is to hear it.
        lead: the leadbridge id of the lead; empty when it is about none.
        expected: which entry of ``feedback.expected`` asks for it; empty for the steps of feedback that was raised.
        feedback: the id of the feedback whose next step is owed.
        overdue: how long it is late; ``None`` when it is not.
    """

    what: What
    by: str
    to: str
    subject: str
    due_at: datetime
    lead: str = NO_LEAD
    handoff: str = ""
    about: str = ""
    channel: str = ""
    expected: str = ""
    feedback: str = ""
    overdue: timedelta | None = None

    def __str__(self) -> str:
        subject = self.subject.replace("_", " ")
        named = f"{subject} {self.about}" if self.about else subject
        words = {
            "reason": "the reason of a decision",
            "feedback": f"feedback on {named}",
            "acknowledge": f"to read feedback on {named}",
            "act": f"to act on feedback on {named}",
            "tell": f"to say what came of feedback on {named}",
        }[self.what]
        lead = f", lead {self.lead}" if self.lead else ""
        late = f" ({in_words(self.overdue)} over)" if self.overdue is not None else ""
        return f"{self.by or 'nobody in particular'} owes {self.to}: {words}{lead}, due {moment(self.due_at)}{late}"

    def to_dict(self) -> dict[str, Any]:
        """What is owed as JSON values: instants as ISO text in UTC, durations in seconds."""
        return {
            "what": self.what,
            "by": self.by,
            "to": self.to,
            "subject": self.subject,
            "about": self.about,
            "lead": self.lead,
            "handoff": self.handoff,
            "channel": self.channel,
            "expected": self.expected,
            "feedback": self.feedback,
            "due_at": iso(self.due_at),
            "overdue": self.overdue.total_seconds() if self.overdue is not None else None,
        }


def feedback_due(
    histories: Iterable[LeadHistory], terms: FeedbackTerms, at: datetime, *, since: datetime
) -> tuple[Owed, ...]:
    """What is owed at an instant, the most urgent first. What is given is no longer owed, however late it came.

    Args:
        histories: of all leads; that of :data:`~leadbridge.domain.feedback.NO_LEAD` holds feedback about none.
        terms: the contract of feedback.
        at: the instant; what happened later does not count.
        since: when the contract began: before it, nothing was owed.
    """
    many = list(histories)
    return _due(many, _threads(many, at), terms, at, since)


def _due(
    many: Sequence[LeadHistory], raised: Sequence[Thread], terms: FeedbackTerms, at: datetime, since: datetime
) -> tuple[Owed, ...]:
    found = [owed for each in terms.expected if each.after for owed in _after_decisions(many, raised, each, at, since)]
    found += [_every(raised, each, at, since) for each in terms.expected if each.every is not None]
    found += [owed for thread in raised for owed in _next_step(thread, terms, at)]
    return tuple(sorted(found, key=lambda owed: (owed.due_at, owed.by, owed.lead, owed.expected, owed.feedback)))


def _threads(many: Iterable[LeadHistory], at: datetime) -> tuple[Thread, ...]:
    facts = (fact for history in many if history.feedback for fact in history.facts if fact.occurred_at <= at)
    return tuple(threads(facts).values())


def _late(due: datetime, at: datetime) -> timedelta | None:
    return at - due if at > due else None


def _after_decisions(
    many: Iterable[LeadHistory], raised: Sequence[Thread], each: ExpectedFeedback, at: datetime, since: datetime
) -> Iterator[Owed]:
    given: dict[str, list[datetime]] = {}
    for thread in raised:
        if _counts(thread, each):
            given.setdefault(thread.lead, []).append(thread.raised_at)
    for history in many:
        for trail in history.handoffs:
            answers = [answer for answer in trail.answers if answer.given_at <= at]
            if trail.to_function != each.from_ or not answers or answers[-1].decision not in each.after:
                continue
            decided = answers[-1].given_at
            told = each.subject == "lead" and any(answer.reason for answer in answers)
            if decided < since or told or any(when >= decided for when in given.get(history.lead, ())):
                continue
            yield _owed_after(history.lead, trail, each, decided, at)


def _owed_after(lead: str, trail: HandoffTrail, each: ExpectedFeedback, decided: datetime, at: datetime) -> Owed:
    due = decided + (each.within or timedelta())
    return Owed(
        what="reason" if each.subject == "lead" else "feedback",
        by=each.from_,
        to=each.to,
        subject=each.subject,
        due_at=due,
        lead=lead,
        handoff=trail.id,
        channel=each.channel or "",
        expected=each.id,
        overdue=_late(due, at),
    )


def _every(raised: Iterable[Thread], each: ExpectedFeedback, at: datetime, since: datetime) -> Owed:
    last = max((thread.raised_at for thread in raised if _counts(thread, each)), default=since)
    due = max(last, since) + (each.every or timedelta())
    return Owed(
        what="feedback",
        by=each.from_,
        to=each.to,
        subject=each.subject,
        due_at=due,
        channel=each.channel or "",
        expected=each.id,
        overdue=_late(due, at),
    )


def _counts(thread: Thread, each: ExpectedFeedback) -> bool:
    """Whether a piece of feedback is what was expected: on the subject, for that function or from the other one."""
    heard = thread.to_function == each.to or (not thread.to_function and thread.raised_by == each.from_)
    return thread.subject == each.subject and heard


def _next_step(thread: Thread, terms: FeedbackTerms, at: datetime) -> Iterator[Owed]:
    """The next step that is due by the agreement; a step without a span is owed by no time."""
    steps: list[tuple[What, timedelta | None, datetime | None]] = []
    if thread.state == "raised":
        steps.append(("acknowledge", terms.acknowledge_within, thread.raised_at))
    if thread.state in ("raised", "acknowledged"):
        steps.append(("act", terms.act_within, thread.raised_at))
    if thread.state == "acted":
        steps.append(("tell", terms.tell_within, thread.acted_at))
    for what, span, begin in steps:
        if span is not None and begin is not None:
            due = begin + span
            yield Owed(
                what=what,
                by=thread.to_function,
                to=thread.raised_by,
                subject=thread.subject,
                due_at=due,
                lead=thread.lead,
                about=thread.about,
                channel=thread.channel,
                feedback=thread.id,
                overdue=_late(due, at),
            )
            return


class FeedbackBoard:
    """All feedback at one instant, and what is owed.

    Attributes:
        at: the instant.
        threads: every piece of feedback, the oldest first.
        owed: what is owed, the most urgent first.
    """

    def __init__(self, threads: Iterable[Thread], owed: Iterable[Owed], at: datetime) -> None:
        self.threads = tuple(threads)
        self.owed = tuple(owed)
        self.at = at

    @property
    def open(self) -> tuple[Thread, ...]:
        """Feedback whose author has not been told yet what came of it."""
        return tuple(thread for thread in self.threads if thread.state != "told")

    @property
    def overdue(self) -> tuple[Owed, ...]:
        """What is owed and late."""
        return tuple(each for each in self.owed if each.overdue is not None)

    @property
    def content_requests(self) -> tuple[Thread, ...]:
        """Assets that were asked for and do not exist yet."""
        return tuple(each for each in self.threads if each.subject == "content_request" and each.acted_at is None)

    def owed_by(self, function: str) -> tuple[Owed, ...]:
        """What one function owes."""
        return tuple(each for each in self.owed if each.by == function)

    def to_dict(self) -> dict[str, Any]:
        """The board as JSON values."""
        return {
            "at": iso(self.at),
            "feedback": [_as_dict(thread) for thread in self.threads],
            "owed": [each.to_dict() for each in self.owed],
            "open": len(self.open),
            "overdue": len(self.overdue),
        }

    def __str__(self) -> str:
        return "\n".join([self._head(), *(f"  {each}" for each in self.owed)])

    def __repr__(self) -> str:
        return f"<FeedbackBoard: {self._head()}>"

    def _repr_html_(self) -> str:
        head = ("owed by", "to", "what", "lead", "due", "over")
        rows = [
            (
                each.by,
                each.to,
                f"{each.what}: {each.subject} {each.about}".strip(),
                each.lead,
                moment(each.due_at),
                in_words(each.overdue) if each.overdue is not None else "",
            )
            for each in self.owed[:100]
        ]
        more = f", the first 100 of {len(self.owed)} owed" if len(self.owed) > 100 else ""
        return html_table(f"Feedback: {self._head()}{more}", head, rows)

    def _head(self) -> str:
        asked = len(self.content_requests)
        return (
            f"{len(self.threads)} raised, {len(self.open)} open, {len(self.owed)} owed, {len(self.overdue)} overdue, "
            f"{asked} asset{'s' if asked != 1 else ''} asked for"
        )


def feedback_board(
    histories: Iterable[LeadHistory], terms: FeedbackTerms, at: datetime, *, since: datetime
) -> FeedbackBoard:
    """All feedback as it stands at an instant, with what is owed; see :func:`feedback_due`."""
    many = list(histories)
    raised = _threads(many, at)
    return FeedbackBoard(raised, _due(many, raised, terms, at, since), at)


def _as_dict(thread: Thread) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in Thread.__dataclass_fields__:
        value = getattr(thread, name)
        row[name] = iso(value) if isinstance(value, datetime) else value
    return row
