"""``feedback``: which feedback is welcome, which is expected, over which channels, and how soon it is heard."""

from __future__ import annotations

from leadbridge.domain.feedback.terms import Channel, ExpectedFeedback, FeedbackTerms

__all__ = ["Channel", "ExpectedFeedback", "FeedbackTerms"]
