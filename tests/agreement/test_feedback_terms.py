"""The contract of feedback is checked when it is loaded: every mistake with its line and the way out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadbridge.agreement import Agreement, offer
from leadbridge.agreement.boards import due_again, feedback
from leadbridge.clock import ManualClock
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.lead import Lead
from leadbridge.errors import AgreementError, IllegalMove

HEAD = "agreement: Test\nversion: 1\neffective: 2026-01-01\n"
EXAMPLE = Agreement.preset("example")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def entry(**changes: str) -> str:
    given = {"id": "why", "from": "sales", "to": "marketing", "subject": "lead", "after": "[reject]", "within": "1 day"}
    parts = ", ".join(f"{key}: {value}" for key, value in {**given, **changes}.items() if value)
    return f"feedback:\n  channels: [crm]\n  expected:\n    - {{{parts}}}"


BODIES = [
    (entry(channel="crn"), 7, "unknown channel crn", "did you mean crm?"),
    (
        entry(channel="crm").replace("  channels: [crm]\n", ""),
        6,
        "unknown channel crm",
        "list it under feedback.channels",
    ),
    (entry(**{"from": "sale"}), 7, "unknown function sale", "did you mean sales?"),
    (entry(to="legal"), 7, "unknown function legal", "use one of: marketing, sales"),
    (entry(to="sales"), 7, "a function owes feedback to itself", "name the function that is to hear it"),
    (entry(after="", within=""), 7, "nothing says when why is owed", "add after"),
    (entry(within=""), 7, "nothing says how soon why is owed", "within: 1 day"),
    (entry(after="", every="2 weeks"), 7, "within counts from a decision", "add after, or remove it"),
    (entry(every="2 weeks"), 7, "both after and every are given", "write a second entry"),
    (entry(after="[accept]"), 7, "accepting a lead takes no reason", "name refusals"),
    (entry(after="[refuse]"), 7, "refuse", "accept"),
    (entry(subject="price"), 7, "price", "lead"),
    (
        entry(subject="asset") + "\n  welcome: [lead, message]",
        7,
        "feedback on asset is expected, but not welcome",
        "add it to feedback.welcome (lead, message)",
    ),
    (f"{entry()}\n    - {{id: why, from: sales, to: marketing, subject: message, every: 1 week}}", 8, "why", "rename"),
    ("feedback:\n  channels: [crm, crm]", 5, "channel crm is listed twice", "rename or remove"),
    ("feedback:\n  welcome: [lead, lead]", 5, "subject lead is listed twice", "remove"),
    (
        "feedback:\n  acknowledge_within: 5 days\n  act_within: 1 day",
        6,
        "acted on before it has to be read",
        "at least as long",
    ),
]


@pytest.mark.parametrize(("body", "line", "message", "remedy"), BODIES)
def test_a_contract_that_does_not_hold_together_is_refused(body: str, line: int, message: str, remedy: str) -> None:
    with pytest.raises(AgreementError) as caught:
        Agreement.loads(HEAD + body)
    (problem,) = caught.value.problems
    assert (problem.line, message in problem.message, remedy in problem.remedy) == (line, True, True), problem


def test_a_function_that_can_only_fix_causes_may_be_told_things() -> None:
    assert Agreement.loads(HEAD + entry(to="product")).feedback.expected[0].to == "product"


def test_the_example_expects_feedback_and_takes_three_attempts_for_no_response() -> None:
    assert [each.id for each in EXAMPLE.feedback.expected] == ["why_not", "what_lands"]
    assert EXAMPLE.reasons["no_response"].needs_attempts == 3
    assert Agreement.loads(EXAMPLE.to_yaml()).feedback == EXAMPLE.feedback


# -- the agreement at work ---------------------------------------------------------------------------------------------


def lead(**more: Any) -> Lead:
    fields = {"email": "ada@acme.example", "company": "Acme", "title": "Head", "source": "webinar", **more}
    return Lead.from_fields("L1", {"stage": "marketing_qualified", **fields})


def test_a_lead_that_made_all_agreed_passages_is_not_offered_again() -> None:
    assert offer(lead(), agreement=EXAMPLE, passage=3).passage == 3
    with pytest.raises(IllegalMove, match="the lead has made 3 passages, and 3 are agreed on: it is not offered again"):
        offer(lead(), agreement=EXAMPLE, passage=4)


def test_a_recycled_lead_is_due_after_the_rest_that_its_agreement_has_for_the_reason() -> None:
    clock = ManualClock(START)
    history = LeadHistory.fold(offer(lead(), agreement=EXAMPLE, clock=clock).recycle("no_response"))
    (resting,) = due_again([history], EXAMPLE, START + timedelta(days=59))
    (due,) = due_again([history], EXAMPLE, START + timedelta(days=60))
    assert (resting.state, due.state, due.reason) == ("resting", "due", "no_response")


def test_feedback_is_owed_from_the_first_day_of_the_agreement_on() -> None:
    (owed,) = feedback([], EXAMPLE, datetime(2026, 1, 2, tzinfo=UTC)).owed
    assert (owed.expected, owed.due_at) == ("what_lands", datetime(2026, 1, 15, tzinfo=UTC))
