"""Feedback between the functions: what is welcome and expected, its steps, and what is owed by when."""

from __future__ import annotations

from leadbridge.domain.feedback.threads import NO_LEAD, Subject, Thread, acknowledge, act, raise_feedback, tell, threads

__all__ = [
    "NO_LEAD",
    "Subject",
    "Thread",
    "acknowledge",
    "act",
    "raise_feedback",
    "tell",
    "threads",
]
