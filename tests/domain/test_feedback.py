"""Feedback is raised, acknowledged, acted on and told back, one by one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadbridge.domain.facts import Fact
from leadbridge.domain.feedback import Thread, acknowledge, act, raise_feedback, tell, threads
from leadbridge.errors import IllegalMove

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def raised() -> tuple[list[Fact], Thread]:
    fact = raise_feedback("L1", "message", at=START, by="sales", about="one_view", reason="wrong_product")
    return [fact], next(iter(threads([fact]).values()))


def test_feedback_goes_its_four_steps() -> None:
    facts, thread = raised()
    assert (thread.state, thread.about, thread.raised_by) == ("raised", "one_view", "sales")
    steps: tuple[Callable[[Any, datetime], Any], ...] = (
        lambda it, at: acknowledge(it, at=at, by="marketing"),
        lambda it, at: act(it, "new wording is out", at=at, by="marketing"),
        lambda it, at: tell(it, at=at, by="marketing"),
    )
    for hours, step in enumerate(steps, start=1):
        facts.append(step(thread, START + timedelta(hours=hours)))
        thread = threads(facts)[thread.id]
    assert (thread.state, thread.action, thread.told_at) == ("told", "new wording is out", START + timedelta(hours=3))


def test_no_step_is_left_out_or_taken_twice() -> None:
    facts, thread = raised()
    with pytest.raises(IllegalMove, match="cannot tell about feedback that is raised"):
        tell(thread, at=START, by="marketing")
    with pytest.raises(IllegalMove, match="raised, acknowledged, acted, told"):
        act(thread, "done", at=START, by="marketing")
    facts.append(acknowledge(thread, at=START, by="marketing"))
    thread = threads(facts)[thread.id]
    with pytest.raises(IllegalMove):
        acknowledge(thread, at=START, by="marketing")
    with pytest.raises(IllegalMove, match="say what was done"):
        act(thread, " ", at=START, by="marketing")


def test_the_same_words_at_the_same_time_are_the_same_feedback() -> None:
    assert raised()[1].id == raised()[1].id
    (other,) = threads([raise_feedback("L2", "message", at=START, by="sales")])
    assert raised()[1].id != other
