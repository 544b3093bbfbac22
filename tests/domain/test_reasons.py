"""Reasons: every one has an action, and explains only what it may."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from leadbridge.agreement.presets import reason_preset
from leadbridge.domain.facts import DECISIONS
from leadbridge.domain.reasons import Reason, Reasons
from leadbridge.errors import IllegalMove

REASONS = Reasons(reason_preset("canonical"))


def test_the_canonical_reasons_are_all_there() -> None:
    categories = {reason.category for reason in REASONS.values()}
    assert categories == {
        "routing", "data", "target", "engagement", "timing", "commercial", "compliance", "process", "other"
    }  # fmt: skip
    assert len(REASONS) == 44 == sum(len(codes.split()) for codes, _ in SPECIFIED.values()) + 5
    assert {"wrong_industry", "wrong_product", "no_response", "do_not_contact", "expired", "other"} <= set(REASONS)


SPECIFIED = {
    "routing": (
        "wrong_owner wrong_territory duplicate already_in_opportunity partner_owned recently_contacted",
        {"reject"},
    ),
    "data": ("invalid_email invalid_phone insufficient_data entry_error spam", {"reject", "disqualify"}),
    "target": (
        (
            "wrong_industry wrong_size wrong_geo wrong_role wrong_product below_threshold "
            "competitor consultant student personal_use"
        ),
        {"reject", "disqualify"},
    ),
    "engagement": ("no_response unreachable no_interest not_following_up", {"recycle"}),
    "timing": ("bad_timing in_contract evaluating next_budget", {"recycle"}),
    "commercial": (
        "no_budget no_authority no_need price chose_competitor product_gap",
        {"recycle", "disqualify", "lost"},
    ),
    "compliance": ("do_not_contact unsubscribe export_restricted conflict_of_interest", {"ineligible"}),
}
"""The canonical taxonomy: category → codes, and the decisions that they explain."""

ACTIONS = {
    "routing": {"reroute", "merge"},
    "data": {"fix", "enrich", "suppress"},
    "target": {"review_definition", "suppress"},
    "engagement": {"nurture"},
    "timing": {"reoffer"},
    "commercial": {"feed_back"},
    "compliance": {"suppress"},
    "process": {"reroute"},
    "other": {"read_note"},
}


@pytest.mark.parametrize("category", SPECIFIED)
def test_the_codes_of_a_category_explain_its_decisions(category: str) -> None:
    codes, decisions = SPECIFIED[category]
    found = {code: set(reason.allowed_decisions) for code, reason in REASONS.items() if reason.category == category}
    assert found == dict.fromkeys(codes.split(), decisions)


def test_the_codes_of_the_process_are_about_us_and_not_about_the_lead() -> None:
    process = [code for code, reason in REASONS.items() if reason.category == "process"]
    assert process == ["expired", "no_action", "owner_offboarded", "recalled"]
    assert all(REASONS[code].remedy_owner in ("sales", "operations") for code in process)


def test_the_action_of_a_reason_fits_its_category() -> None:
    for reason in REASONS.values():
        assert reason.default_action in ACTIONS[reason.category], reason.code


def test_other_alone_needs_a_note() -> None:
    assert [code for code, reason in REASONS.items() if reason.needs_note] == ["other"]
    assert [code for code, reason in REASONS.items() if reason.category == "other"] == ["other"]


def test_a_category_is_written_down_and_not_guessed_from_the_text() -> None:
    fields = {"code": "no_budget_left", "allowed_decisions": ["recycle"], "remedy_owner": "sales"}
    with pytest.raises(ValidationError, match="category"):
        Reason.model_validate({**fields, "default_action": "nurture"})


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


TRIED = Reasons([REASONS["no_response"].model_copy(update={"needs_attempts": 3}), REASONS["unreachable"]])


@pytest.mark.parametrize(
    ("attempts", "said"), [(0, "there were 0 attempts"), (1, "there was 1 attempt"), (2, "were 2")]
)
def test_no_response_takes_as_many_attempts_as_were_agreed_on(attempts: int, said: str) -> None:
    with pytest.raises(IllegalMove, match=f"no_response may be given after 3 attempts .*{said}"):
        TRIED.check("recycle", "no_response", attempts=attempts)


@pytest.mark.parametrize("attempts", [3, 7, None])
def test_enough_attempts_or_none_counted_pass(attempts: int | None) -> None:
    assert TRIED.check("recycle", "no_response", attempts=attempts) is TRIED["no_response"]


def test_a_reason_for_which_nothing_was_agreed_takes_no_attempts() -> None:
    assert TRIED.check("recycle", "unreachable", attempts=0) is TRIED["unreachable"]
