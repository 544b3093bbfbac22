"""Reasons: every one has an action, and explains only what it may."""

from __future__ import annotations

import pytest

from leadbridge.agreement.presets import reason_preset
from leadbridge.domain.facts import DECISIONS
from leadbridge.domain.reasons import Reasons
from leadbridge.errors import IllegalMove

REASONS = Reasons(reason_preset("canonical"))


def test_the_canonical_reasons_are_all_there() -> None:
    categories = {reason.category for reason in REASONS.values()}
    assert categories == {
        "routing", "data", "target", "engagement", "timing", "commercial", "compliance", "process", "other"
    }  # fmt: skip
    assert len(REASONS) == 44
    assert {"wrong_industry", "wrong_product", "no_response", "do_not_contact", "expired", "other"} <= set(REASONS)


def test_every_reason_has_an_action_and_somebody_who_can_fix_its_cause() -> None:
    assert all(reason.default_action and reason.remedy_owner and reason.label for reason in REASONS.values())


def test_every_decision_but_accepting_has_reasons() -> None:
    for decision in DECISIONS:
        assert bool(REASONS.explaining(decision)) == (decision != "accept")


def test_whatever_can_be_recycled_has_a_rest() -> None:
    assert all(reason.cool_off for reason in REASONS.values() if "recycle" in reason.allowed_decisions)


def test_accepting_needs_no_reason_and_everything_else_does() -> None:
    assert REASONS.check("accept", None) is None
    with pytest.raises(IllegalMove, match="to recycle a lead takes a reason: no_response, unreachable"):
        REASONS.check("recycle", None)


def test_a_reason_that_does_not_explain_a_decision_lists_those_that_do() -> None:
    with pytest.raises(IllegalMove, match="do_not_contact does not explain the decision reject, only ineligible"):
        REASONS.check("reject", "do_not_contact")


def test_an_unknown_reason_is_answered_with_the_nearest() -> None:
    with pytest.raises(IllegalMove, match="unknown reason wrong_industri: did you mean wrong_industry"):
        REASONS.check("reject", "wrong_industri")


@pytest.mark.parametrize("note", [None, "", "  "])
def test_other_says_nothing_without_a_note(note: str | None) -> None:
    with pytest.raises(IllegalMove, match="needs a note"):
        REASONS.check("reject", "other", note=note)
    assert REASONS.check("reject", "other", note="wants a demo in Welsh") is REASONS["other"]
