"""What is owed by whom and by when: reasons after decisions, feedback every so often, the steps of what was raised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadbridge.domain.facts import Decision, Fact, HandoffDecided, HandoffOffered, LeadCaptured
from leadbridge.domain.feedback import NO_LEAD, Subject, acknowledge, act, raise_feedback, tell, threads
from leadbridge.domain.feedback.due import Owed, feedback_board, feedback_due
from leadbridge.domain.feedback.terms import FeedbackTerms
from leadbridge.domain.history import LeadHistory

START = datetime(2026, 3, 2, 9, tzinfo=UTC)

TERMS = FeedbackTerms.model_validate(
    {
        "channels": ["crm", "weekly_call"],
        "expected": [
            {
                "id": "why_not",
                "from": "sales",
                "to": "marketing",
                "subject": "lead",
                "after": ["reject", "recycle"],
                "within": "1 day",
                "channel": "crm",
            },
        ],
        "acknowledge_within": "2 days",
        "act_within": "14 days",
        "tell_within": "7 days",
    }
)
OFTEN = FeedbackTerms.model_validate(
    {"expected": [{"id": "lands", "from": "sales", "to": "marketing", "subject": "message", "every": "14 days"}]}
)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def decided(lead: str, on: float, decision: Decision, reason: str | None, *more: Fact, **offer: Any) -> LeadHistory:
    when: dict[str, Any] = {"lead": lead, "occurred_at": day(on), "recorded_at": day(on)}
    first: dict[str, Any] = {"lead": lead, "occurred_at": day(0), "recorded_at": day(0)}
    facts: list[Fact] = [
        LeadCaptured(**first),
        HandoffOffered(handoff=f"{lead}-1", **{**first, **offer}),
        HandoffDecided(handoff=f"{lead}-1", decision=decision, reason=reason, **when),
        *more,
    ]
    return LeadHistory.fold(facts)


def said(on: float, subject: Subject = "message", lead: str = NO_LEAD, **values: Any) -> Fact:
    given = {"by": "ann", "to": "marketing", "about": "one_view", **values}
    return raise_feedback(lead, subject, at=day(on), **given)


def loose(*facts: Fact) -> LeadHistory:
    return LeadHistory.fold(facts)


def due(*histories: LeadHistory, at: float, terms: FeedbackTerms = TERMS, since: float = -10) -> tuple[Owed, ...]:
    return feedback_due(histories, terms, day(at), since=day(since))


# -- after a decision --------------------------------------------------------------------------------------------------


def test_the_reason_of_a_refusal_is_owed_within_the_agreed_time() -> None:
    (owed,) = due(decided("L1", 1, "reject", None), at=1.5)
    assert (owed.what, owed.by, owed.to, owed.lead, owed.handoff, owed.expected, owed.channel) == (
        "reason",
        "sales",
        "marketing",
        "L1",
        "L1-1",
        "why_not",
        "crm",
    )
    assert (owed.due_at, owed.overdue) == (day(2), None)
    (late,) = due(decided("L1", 1, "reject", None), at=5)
    assert late.overdue == timedelta(days=3)
    assert str(late) == ("sales owes marketing: the reason of a decision, lead L1, due 2026-03-04 09:00 UTC (3 d over)")


@pytest.mark.parametrize(
    ("decision", "reason", "at"), [("reject", "wrong_role", 5), ("accept", None, 5), ("reject", None, 0.5)]
)
def test_a_reason_that_was_given_is_not_owed_nor_one_that_nobody_expects(
    decision: Decision, reason: str | None, at: float
) -> None:
    assert due(decided("L1", 1, decision, reason), at=at) == ()


def test_a_reason_that_comes_later_or_as_feedback_settles_it() -> None:
    later = HandoffDecided(
        lead="L1", occurred_at=day(3), recorded_at=day(3), handoff="L1-1", decision="reject", reason="wrong_role"
    )
    assert len(due(decided("L1", 1, "reject", None, later), at=2.9)) == 1
    assert due(decided("L1", 1, "reject", None, later), at=3) == ()
    told = said(4, "lead", "L1", about="")
    found = due(decided("L1", 1, "reject", None, told), at=4)
    assert [owed.what for owed in found] == ["acknowledge"]
    before = said(0.5, "lead", "L1", about="")
    assert [owed.what for owed in due(decided("L1", 1, "reject", None, before), at=1.1)] == ["reason", "acknowledge"]


def test_only_the_function_that_decided_owes_and_only_since_the_contract_began() -> None:
    assert due(decided("L1", 1, "reject", None, to_function="partner"), at=5) == ()
    assert due(decided("L1", 1, "reject", None), at=5, since=2) == ()


def test_feedback_on_another_subject_can_be_owed_after_a_decision() -> None:
    terms = FeedbackTerms.model_validate(
        {
            "expected": [
                {
                    "id": "m",
                    "from": "sales",
                    "to": "marketing",
                    "subject": "message",
                    "after": ["accept"],
                    "within": "1 day",
                }
            ]
        }
    )
    (owed,) = due(decided("L1", 1, "accept", None), at=3, terms=terms)
    assert (owed.what, owed.subject) == ("feedback", "message")
    assert due(decided("L1", 1, "accept", None, said(2, lead="L1")), at=3, terms=terms) == ()


# -- every so often ----------------------------------------------------------------------------------------------------


def test_feedback_is_owed_every_so_often_counted_from_the_last_or_the_beginning() -> None:
    (never,) = due(at=5, terms=OFTEN, since=0)
    assert (never.due_at, never.overdue, never.lead) == (day(14), None, NO_LEAD)
    (late,) = due(at=20, terms=OFTEN, since=0)
    assert late.overdue == timedelta(days=6)
    (again,) = due(loose(said(10)), at=20, terms=OFTEN, since=0)
    assert again.due_at == day(24)


@pytest.mark.parametrize("values", [{"to": "sales"}, {"to": "", "by": "marketing"}])
def test_feedback_for_somebody_else_does_not_settle_it(values: dict[str, Any]) -> None:
    (owed,) = due(loose(said(10, **values)), at=20, terms=OFTEN, since=0)
    assert owed.due_at == day(14)


def test_feedback_that_names_nobody_counts_when_the_function_itself_gave_it() -> None:
    (owed,) = due(loose(said(10, to="", by="sales")), at=20, terms=OFTEN, since=0)
    assert owed.due_at == day(24)


# -- what was raised ---------------------------------------------------------------------------------------------------


def test_each_step_is_owed_in_its_turn() -> None:
    facts: list[Fact] = [said(0)]
    (name,) = threads(facts)
    (owed,) = due(loose(*facts), at=1)
    assert (owed.what, owed.by, owed.to, owed.due_at, owed.feedback) == (
        "acknowledge",
        "marketing",
        "ann",
        day(2),
        name,
    )
    facts.append(acknowledge(threads(facts)[name], at=day(1), by="marketing"))
    (owed,) = due(loose(*facts), at=1)
    assert (owed.what, owed.due_at) == ("act", day(14))
    facts.append(act(threads(facts)[name], "new words", at=day(20), by="marketing"))
    (owed,) = due(loose(*facts), at=30)
    assert (owed.what, owed.due_at, owed.overdue) == ("tell", day(27), timedelta(days=3))
    facts.append(tell(threads(facts)[name], at=day(31), by="marketing"))
    assert due(loose(*facts), at=40) == ()
    assert [owed.what for owed in due(loose(*facts), at=19)] == ["act"], "what happened later does not count"


def test_a_step_without_a_span_is_owed_by_no_time() -> None:
    only_act = FeedbackTerms.model_validate({"act_within": "3 days"})
    assert [owed.what for owed in due(loose(said(0)), at=1, terms=only_act)] == ["act"]
    assert due(loose(said(0)), at=1, terms=FeedbackTerms()) == ()


# -- the board ---------------------------------------------------------------------------------------------------------


def test_the_board_shows_what_is_open_owed_late_and_asked_for() -> None:
    facts = loose(said(0), said(1, "content_request", about="price-sheet", to=""))
    board = feedback_board([decided("L1", 1, "reject", None), facts], TERMS, day(5), since=day(-10))
    assert (len(board.threads), len(board.open), len(board.owed), len(board.overdue)) == (2, 2, 3, 3)
    assert [each.what for each in board.owed_by("marketing")] == ["acknowledge"]
    assert [each.about for each in board.content_requests] == ["price-sheet"]
    assert [each.due_at for each in board.owed] == sorted(each.due_at for each in board.owed)
    text = str(board)
    assert text.startswith("2 raised, 2 open, 3 owed, 3 overdue, 1 asset asked for")
    assert "nobody in particular owes ann: to read feedback on content request price-sheet" in text
    assert "price-sheet" in board._repr_html_()
    assert "3 overdue" in repr(board)
    shown = board.to_dict()
    assert (shown["open"], len(shown["feedback"]), shown["owed"][0]["overdue"]) == (2, 2, 3 * 86400.0)


def test_a_board_without_feedback_is_empty() -> None:
    board = feedback_board([], TERMS, START, since=START)
    assert (board.owed, board.overdue, board.open, board.content_requests) == ((), (), (), ())
