"""Comparing agreements in words, targets of a day, and what is due about an agreement."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from leadbridge.agreement import Agreement, diff, grouped
from leadbridge.agreement.presets import agreement_text
from leadbridge.errors import AgreementError

EXAMPLE = Agreement.preset("example")
SIZE = next(line for line in agreement_text("example").splitlines(keepends=True) if "{id: size," in line)
HEAD = "agreement: Test\nversion: 1\neffective: 2026-01-01\n"


def changed(*pairs: tuple[str, str]) -> Agreement:
    text = agreement_text("example")
    for before, after in pairs:
        assert before in text, before
        text = text.replace(before, after, 1)
    return Agreement.loads(text)


def said(before: str, after: str) -> list[str]:
    return [str(change) for change in diff(Agreement.loads(HEAD + before), Agreement.loads(HEAD + after))]


QUARTER = "plan: [{id: q1, starts: 2026-01-01, ends: 2026-03-31, targets: [{metric: funnel, at_least: 0.1%s}]}]"


# -- differences -------------------------------------------------------------------------------------------------------


def test_an_agreement_does_not_differ_from_itself() -> None:
    assert diff(EXAMPLE, EXAMPLE) == []


def test_common_changes_are_said_in_the_words_of_the_people_who_use_it() -> None:
    after = changed(
        ("version: 1", "version: 2"),
        ("effective: 2026-01-01", "effective: 2026-07-01"),
        ("within: 4 business hours", "within: 2 business hours"),
        ("required: [email, company, title, source]", "required: [email, company, title, source, country]"),
        ("phone, country, industry, employees, buying_stage]", "phone, industry, employees, buying_stage]"),
        (SIZE, ""),
        ("lead.score >= 60 or", "lead.score >= 70 or"),
        ("no_response: {cool_off: 60 days,", "no_response: {cool_off: 30 days,"),
        ("expires_after: 10 days", "expires_after: 5 days"),
        ("acceptance_rate, at_least: 0.9, owner", "acceptance_rate, at_least: 0.95, owner"),
        ("  - {role: cro, name: S. Example, on: 2025-12-16}\n", ""),
        ("Wrong industry: {reason: wrong_industry}", "Wrong industry: {reason: wrong_size}"),
        ("  - {id: expansion,", "  - {id: upsell,"),
        ("max_passages: 3,", "max_passages: 4,"),
    )
    lines = [str(change) for change in diff(EXAMPLE, after)]
    assert lines == [
        "version 1 became version 2",
        "it holds from 2026-07-01 on, before from 2026-01-01",
        "the signature of cro is gone",
        "sales_ready no longer asks for size: company.employees between 50 and 5000",
        (
            "sales_ready asks for interest: lead.score >= 70 or last_30d.content >= 2, before: lead.score >= 60 or "
            "last_30d.content >= 2"
        ),
        "the outcome expansion is gone",
        "the outcome upsell is new: More seats",
        "marketing also tells country always",
        "marketing no longer tells country where known",
        "an offer runs out after 5 days, before 10 days",
        "sales promises accept within 2 business hours, before 4 business hours",
        "a lead refused for no_response rests 30 days, before 60 days",
        "a lead goes through the funnel at most 4 times, before 3",
        "the target for acceptance_rate rises to at least 0.95, before 0.9",
        "in salesforce, Lead.Rejection_Reason__c 'Wrong industry' means wrong_size, before wrong_industry",
    ]
    sections = list(grouped(diff(EXAMPLE, after)))
    assert sections[:3] == ["The agreement", "Signatures", "Definitions"]
    assert {"Hand-off", "Promises", "Reasons", "Targets", "Systems"} <= set(sections)


def test_a_new_stage_and_a_new_evidence_are_named() -> None:
    own = (
        "lifecycle: {stages: [{id: a, spine: captured}%s, {id: z, spine: won}], success_path: [a%s, z]}\n"
        "handoff: {at: a}\n"
    )
    lines = said(own % ("", ""), own % (", {id: m, spine: marketing_qualified}", ", m"))
    assert lines == ["the stage m is new", "the way to success is a → m → z, before a → z"]
    rule = "buying_stages: {preset: siriusdecisions, evidence: {making_selection: [{id: %s, channel: phone}]}}\n"
    assert said(rule % "called", rule % "rang") == [
        "the evidence called for the buying stage making_selection is gone",
        "the evidence rang for the buying stage making_selection is new",
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "until: 2027-01-01", "it ends on 2027-01-01"),
        ("until: 2027-01-01", "", "it no longer ends on 2027-01-01"),
        ("", "required_signatures: [cmo]", "cmo has to sign"),
        ("", "signatures: [{role: cmo, name: A, on: 2026-01-01}]", "cmo signed on 2026-01-01"),
        (
            "scores: {fit: {points: [{id: size, when: company.employees > 5, points: 10}]}}",
            "scores: {fit: {points: [{id: size, when: company.employees > 5, points: 20}]}}",
            "the score fit gives +20 for size, before +10",
        ),
        (
            "targets: [{metric: funnel, at_least: 0.1, owner: sales}]",
            "targets: [{metric: funnel, at_least: 0.05, owner: sales}]",
            "the target for funnel falls to at least 0.05, before 0.1",
        ),
        (
            QUARTER % "",
            QUARTER % ", owner: sales",
            "the target for funnel in q1 is looked after by sales, before by both",
        ),
        (
            "assumptions: {cost_per_lead: 10}",
            "assumptions: {cost_per_lead: 12}",
            "cost per lead is assumed to be 12, before 10",
        ),
        ("sync: {include: company.employees > 1}", "", "leads cross when always, before: company.employees > 1"),
        ("", "reasons: {override: {price: {needs_note: true}}}", "price needs a note"),
        ("", "reasons: {remove: [price]}", "the reason price is gone"),
        ("language: en", "language: de", "language: en became de"),
    ],
)  # fmt: skip
def test_each_kind_of_change_has_its_sentence(before: str, after: str, expected: str) -> None:
    assert said(before, after) == [expected]


def test_what_a_preset_says_already_is_no_difference_when_it_is_spelled_out() -> None:
    assert (
        said("", "reasons: {preset: canonical, override: {price: {needs_note: false}}}\nlifecycle: {preset: spine}")
        == []
    )


def test_a_changed_order_is_a_change() -> None:
    first, second = "  - {id: first, text: First}\n", "  - {id: second, text: Second}\n"
    (line,) = said(f"value_propositions:\n{first}{second}", f"value_propositions:\n{second}{first}")
    assert line == "value_propositions: [first, second] became [second, first]"


# -- targets of a day, and what is due ---------------------------------------------------------------------------------

PLANNED = """
targets:
  - {metric: acceptance_rate, at_least: 0.9, owner: marketing}
  - {metric: sla_attainment, at_least: 0.8, owner: sales}
plan:
  - id: q1
    starts: 2026-01-01
    ends: 2026-03-31
    targets: [{metric: acceptance_rate, at_least: 0.8, owner: marketing}]
  - {id: q2, starts: 2026-04-01, ends: 2026-06-30, targets: [{metric: funnel, at_least: 0.1}]}
"""


def test_the_plan_of_a_period_takes_the_place_of_standing_targets() -> None:
    agreement = Agreement.loads(HEAD + PLANNED)

    def on(day: date) -> dict[str, float | None]:
        return {target.metric: target.at_least for target in agreement.targets_on(day)}

    assert on(date(2026, 3, 31)) == {"acceptance_rate": 0.8, "sla_attainment": 0.8}
    assert on(date(2026, 4, 1)) == {"acceptance_rate": 0.9, "sla_attainment": 0.8, "funnel": 0.1}
    assert on(date(2027, 1, 1)) == {"acceptance_rate": 0.9, "sla_attainment": 0.8}


DUE = """
until: 2026-12-31
required_signatures: [cmo, cro]
signatures: [{role: cmo, name: A, on: 2025-12-01}]
reviews: [{id: monthly, every: 28 days, functions: [marketing, sales], agenda: [refusals]}]
campaigns:
  - {id: spring, starts: 2026-03-01, ends: 2026-04-01, needs_sign_off_of: [sales]}
  - {id: autumn, starts: 2026-09-01, needs_sign_off_of: [sales],
     inputs: [{function: sales, on: 2026-01-01, signed_off: true}]}
"""


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 12, 20), ["cro has not signed version 1, it begins on 2026-01-01"]),
        (date(2026, 1, 23), ["cro has not signed version 1, in force unsigned for 22 days",
                             "review monthly is due on 2026-01-29"]),
        (date(2026, 1, 29), ["review monthly is due today: marketing, sales about refusals"]),
        (date(2026, 2, 10), ["campaign spring starts on 2026-03-01 and needs the sign-off of sales"]),
        (date(2026, 3, 5), ["campaign spring runs since 2026-03-01 without the sign-off of sales"]),
        (date(2026, 12, 11), ["version 1 ends on 2026-12-31, in 20 days: agree on the next version"]),
        (date(2026, 12, 31), ["version 1 expired on 2026-12-31: agree on a new version"]),
    ],
)  # fmt: skip
def test_what_is_due_about_an_agreement_is_said_on_the_day(day: date, expected: list[str]) -> None:
    found = Agreement.loads(HEAD + DUE).reminders(day)
    for each in expected:
        assert each in found
    assert not any("autumn" in each for each in found)


def test_nothing_is_due_about_a_signed_agreement_in_quiet_weeks() -> None:
    assert EXAMPLE.reminders(EXAMPLE.effective) == ()
    assert EXAMPLE.reminders(EXAMPLE.effective + timedelta(days=3)) == ()


# -- what does not fit together ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("until: 2025-12-31", "line 4: until: the agreement ends before it begins"),
        ("required_signatures: [cmo, cmo]", "role cmo is listed twice"),
        ("targets: [{metric: funnel}]", "the target for funnel names no figure"),
        ("targets: [{metric: funnel, at_least: 2, at_most: 1}]", "no figure is at least 2 and at most 1"),
        ("targets: [{metric: funnel, at_least: 2, owner: suport}]", "unknown function suport"),
        ("targets: [{metric: funnel, at_least: 2}, {metric: funnel, at_most: 3}]", "funnel has two targets of both"),
        ("targets: [{metric: the funnel, at_least: 2}]", r"line 4: targets\[0\]\.metric"),
        (
            (
                "plan:\n  - {id: a, starts: 2026-01-01, ends: 2026-03-31, targets: [{metric: funnel, at_least: 1}]}\n"
                "  - {id: b, starts: 2026-03-31, ends: 2026-06-30, targets: [{metric: funnel, at_least: 1}]}"
            ),
            r"line 6: plan\[1\]\.starts: the periods a .* and b .* overlap → let each day belong to one period",
        ),
        (
            "plan: [{id: a, starts: 2026-02-01, ends: 2026-01-01, targets: [{metric: m, at_least: 1}]}]",
            "ends before it",
        ),
        ("incentives: [{id: a, functions: [sells], metrics: [funnel]}]", "unknown function sells → did you mean sales"),
        ("reviews: [{id: a, every: 2 hours, functions: [sales]}]", "a review has a rhythm of days"),
        ("outcomes: [{id: a}]", "the outcome a says nothing about the sale"),
        ("outcomes: [{id: a, revenue: monthly}]", r"outcomes\[0\]\.revenue"),
    ],
)
def test_governance_that_does_not_fit_together_is_refused_with_its_place(body: str, message: str) -> None:
    with pytest.raises(AgreementError, match=message):
        Agreement.loads(HEAD + body)


def test_a_role_that_signs_may_look_after_a_target() -> None:
    text = "required_signatures: [cmo]\ntargets: [{metric: funnel, at_least: 0.1, owner: cmo}]"
    assert Agreement.loads(HEAD + text).targets[0].owner == "cmo"
