"""Boards under an agreement: which leads are due again, and what feedback is owed. No CRM and no database needed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time

from leadbridge.agreement.schema import Agreement
from leadbridge.agreement.versions import Agreements
from leadbridge.domain.feedback.due import FeedbackBoard, feedback_board
from leadbridge.domain.handoff.recycling import RecyclingBoard, recycling
from leadbridge.domain.history import LeadHistory

__all__ = ["due_again", "feedback"]


def due_again(histories: Iterable[LeadHistory], agreement: Agreement | Agreements, at: datetime) -> RecyclingBoard:
    """The leads that came back, under the version in force at an instant.

    A rest that a decision named when it was made stays; see :mod:`leadbridge.domain.handoff.recycling`.
    """
    terms = Agreements.of(agreement).judging(at)
    return recycling(histories, terms.recycling, at, reasons=terms.reasons)


def feedback(histories: Iterable[LeadHistory], agreement: Agreement | Agreements, at: datetime) -> FeedbackBoard:
    """All feedback, and what is owed under the version in force at an instant.

    Nothing is owed for what happened before the first version took effect.

    Args:
        histories: of all leads, and that of no lead: ``ledger.histories(unattached=True)``.
        agreement: one, or several versions of it.
        at: the instant; what happened later does not count.
    """
    series = Agreements.of(agreement)
    since = datetime.combine(min(each.effective for each in series), time(), UTC)
    return feedback_board(histories, series.judging(at).feedback, at, since=since)
