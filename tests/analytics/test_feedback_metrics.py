"""Are reasons earned, and does feedback come back: worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from leadbridge.agreement import Agreement
from leadbridge.analytics import NotComputable, Result, Snapshot
from leadbridge.analytics.metric import lint, metric
from leadbridge.analytics.result import Answer
from leadbridge.domain import facts as f
from leadbridge.domain.feedback import NO_LEAD
from tests.analytics.stories import START, Story, fact, lead

Make = Callable[..., Snapshot]

EXAMPLE = Agreement.preset("example")


def computed(answer: Answer) -> Result:
    assert isinstance(answer, Result), str(answer)
    return answer


def missing(answer: Answer) -> str:
    assert isinstance(answer, NotComputable), repr(answer)
    return answer.reason


def unanswered(name: str, attempts: int | None = None, calls: int = 0, **values: object) -> Story:
    """Offered after 1 h, called so often, recycled after 100 h because nobody answered."""
    call = {"nature": "person_to_person", "direction": "outbound", "function": "sales", **values}
    told = [fact(f.Interacted, name, 2 + n, **{"interaction": f"{name}-{n}", **call}) for n in range(calls)]
    decided = {"handoff": f"{name}-1", "decision": "recycle", "reason": "no_response", "attempts": attempts}
    return [*lead(name, "web", offered=1), *told, fact(f.HandoffDecided, name, 100, **decided)]


def test_no_response_is_valid_after_the_agreed_attempts_named_or_recorded(make: Make) -> None:
    story = [
        *unanswered("named", attempts=3),
        *unanswered("too-few", attempts=2, calls=9),
        *unanswered("called", calls=4),
        *unanswered("called-once", calls=1),
        *unanswered("nobody-counted"),
        *unanswered("by-marketing", calls=5, function="marketing"),
        *lead("other", "web", offered=1, answer=(5, "recycle", "bad_timing")),
    ]
    result = computed(make(story, agreement=EXAMPLE).metrics.no_response_validity())
    assert (result.value, result.n) == (2 / 4, 4)
    assert result.excluded == {"answers whose attempts nobody counted": 2}
    (row,) = result.rows
    assert (row["reason"], row["needs_attempts"], row["answers"], row["counted"], row["valid"]) == (
        "no_response",
        3,
        6,
        4,
        2,
    )


def test_calls_after_the_answer_or_before_the_offer_are_no_attempts(make: Make) -> None:
    call = {"nature": "person_to_person", "direction": "outbound", "function": "sales"}
    outside = [fact(f.Interacted, "a", at, interaction=f"x{at}", **call) for at in (0.5, 101, 102, 103)]
    result = computed(make([*unanswered("a", calls=2), *outside], agreement=EXAMPLE).metrics.no_response_validity())
    assert (result.value, result.n) == (0.0, 1)


def test_no_response_validity_by_owner_and_in_a_window(make: Make) -> None:
    made = make([*unanswered("a", attempts=3), *unanswered("b", attempts=1)], agreement=EXAMPLE)
    assert computed(made.metrics.no_response_validity("owner")).rows[0]["owner"] == "ann"
    assert "0 of 0" in missing(made.metrics.no_response_validity(until=START))


def test_validity_says_what_it_lacks(make: Make) -> None:
    story = unanswered("a", attempts=3)
    assert "needs_attempts" in missing(make(story).metrics.no_response_validity())
    silent = make(unanswered("a"), agreement=EXAMPLE).metrics.no_response_validity()
    assert "answers whose attempts nobody counted (1)" in missing(silent)
    assert "no decisions were recorded" in missing(
        make(lead("a", "web"), agreement=EXAMPLE).metrics.no_response_validity()
    )


def feedback(name: str, subject: str, at: float, *steps: float | None, lead: str = NO_LEAD, **values: str) -> Story:
    """Raised at an hour; acknowledged, acted on and told at hours, as far as it came."""
    story = [fact(f.FeedbackRaised, lead, at, feedback=name, subject=subject, actor="sales", **values)]
    for cls, when in zip((f.FeedbackAcknowledged, f.FeedbackActed, f.FeedbackTold), steps, strict=False):
        if when is not None:
            story.append(fact(cls, lead, when, feedback=name))
    return story


def test_the_loop_counts_each_step_and_its_hours(make: Make) -> None:
    story = [
        *feedback("m1", "message", 0, 2, 10, 20, channel="call"),
        *feedback("m2", "message", 0, 4, 30, channel="crm"),
        *feedback("m3", "message", 0, channel="crm"),
        *feedback("a1", "asset", 5, 6, lead="L1"),
        *lead("L1", "web"),
    ]
    result = computed(make(story).metrics.feedback_loop())
    assert (result.value, result.n, result.censored) == (1 / 4, 4, 3)
    asset, message = result.rows
    assert (message["raised"], message["acknowledged"], message["acted"], message["told"]) == (3, 2, 2, 1)
    assert (message["acknowledged_share"], message["told_share"]) == (2 / 3, 1 / 3)
    assert (message["p50_hours_to_acknowledge"], message["p50_hours_to_act"]) == (3.0, 20.0)
    assert (asset["acted"], asset["p50_hours_to_act"]) == (0, None)


def test_the_loop_by_channel_and_in_a_window(make: Make) -> None:
    made = make([*feedback("a", "asset", 0, channel="call"), *feedback("b", "asset", 48)])
    assert {row["channel"]: row["raised"] for row in computed(made.metrics.feedback_loop("channel")).rows} == {
        None: 1,
        "call": 1,
    }
    assert computed(made.metrics.feedback_loop(since=START + timedelta(days=1))).n == 1
    assert "0 of 0" in missing(made.metrics.feedback_loop(until=START))


def test_without_feedback_there_is_no_loop(make: Make) -> None:
    assert "no feedback was recorded" in missing(make(lead("a", "web")).metrics.feedback_loop())


@pytest.mark.parametrize("name", ["no_response_validity", "feedback_loop"])
def test_the_queries_give_the_same_rows_everywhere(name: str) -> None:
    assert lint(metric(name)) == []
