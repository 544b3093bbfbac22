"""Published lists of reasons: what they mean in ours is written down, and what they do not say stays unmapped."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from leadbridge.agreement import Agreement
from leadbridge.agreement.picklists import Meaning, ReasonCrosswalk, picklist, picklists
from leadbridge.agreement.presets import reason_preset
from leadbridge.domain.reasons import Reasons
from leadbridge.errors import ConfigError

CANONICAL = Reasons(reason_preset("canonical"))
EXAMPLE = Agreement.preset("example")
HEAD = "agreement: Test\nversion: 1\neffective: 2026-01-01\n"

PUBLISHED = {
    "gitlab_disqualified": (
        "Competitor · Consultant · No Authority · Personal Use · Unsubscribe · No longer at company · "
        "Interested in CE only · Interested in GitLab.com only · Disqualified Account · Bad Data"
    ),
    "gitlab_recycle": (
        "Doesn't see value · Evaluating · In current GL contract · No Budget · No interest · No response · "
        "Product limitation · Staying with subversion option · No data collected · Recalled from Partner · No "
        "Action · Denied from Startups Program"
    ),
    "gitlab_ineligible": (
        "JIHU · Support · Remote Inquiries · Community Contributors · Student · ECCN · Open Source Program · "
        "Employee or Candidate · Customer Success"
    ),
    "gitlab_bad_data": "Bad phone number · Bounced email · Invalid email · Spam",
    "oracle_reject_code": (
        "3rd Party Contact · Do Not Contact Again · Duplicate · Failed to Reach Contact · Inappropriate "
        "Contact · Insufficient Data · Invalid Phone Number · No Business Opportunity · Opportunity in "
        "Progress · Other · Recently Contacted (<30 days) · Data Entry/System Error · Already Owns Product · "
        "Targeting Criteria Not Met"
    ),
    "orchestra_decline": (
        "Insufficient Budget · Industry/Issue Area Knowledge · Outside Capabilities · Capacity/Timing · Poor "
        "Fit Signals · Values Mismatch · Lead Declined · Client Conflict"
    ),
    "forrester_sal": "Unable to reach · Inaccurate data · No interest/need · No budget · No fit",
    "google_local_services": (
        "DUPLICATE · GEO_MISMATCH · JOB_TYPE_MISMATCH · NOT_READY_TO_BOOK · SOLICITATION · SPAM · "
        "OTHER_DISSATISFIED_REASON"
    ),
    "dynamics_disqualified": "Lost · Cannot Contact · No Longer Interested · Canceled",
    "frappe_lost_reason": (
        "Pricing · Competition · Budget Constraints · Missing Features · Long Sales Cycle · No Decision-Maker "
        "· Unresponsive Prospect · Poor Fit · Other"
    ),
    "template_codes": "FIT-01 · FIT-02 · FIT-03 · ENG-01 · ENG-02 · QUAL-01 · QUAL-02 · QUAL-03",
    "posthog_disqualification": "budget · lack of fit · self-serve · non-opportunity · support request",
}
"""The lists as they are published."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_list_is_there_with_all_its_values_in_their_order(name: str) -> None:
    assert list(picklist(name).values) == PUBLISHED[name].split(" · ")
    assert picklist(name).source


def test_no_list_is_there_that_was_not_published() -> None:
    assert set(picklists()) == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_value_has_a_canonical_reason_that_explains_its_decision_or_says_why_not(name: str) -> None:
    crosswalk = picklist(name)
    for value, meaning in crosswalk.values.items():
        if meaning.reason is None:
            assert meaning.unmapped, value
            assert crosswalk.decision_of(value) is None
        else:
            decision = crosswalk.decision_of(value)
            assert decision in CANONICAL[meaning.reason].allowed_decisions, value


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_lists_fit_the_example_agreement_and_can_be_written_into_one(name: str) -> None:
    crosswalk = picklist(name)
    assert crosswalk.check(EXAMPLE) == ()
    for decisions in (False, True):
        table = crosswalk.to_values(decisions=decisions)
        if not table:
            assert name == "template_codes"
            continue
        kind = {"as": "lead", "values": {"Why__c": table}}
        body = EXAMPLE.model_copy(update={"crosswalks": {}}).to_dict() | {"crosswalks": {"salesforce": {"Lead": kind}}}
        agreement = Agreement.loads(yaml.safe_dump(body, sort_keys=False))
        own = ReasonCrosswalk.of(agreement, "salesforce", "Lead", "Why__c")
        assert {value: own.reason_of(value) for value in own.values} == {v: t["reason"] for v, t in table.items()}


def test_only_a_label_that_says_other_means_other() -> None:
    others = {v for one in picklists().values() for v, m in one.values.items() if m.reason == "other"}
    assert others == {"Other", "OTHER_DISSATISFIED_REASON"}


# -- never guessed -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["no budget", "No  Budget", "No Budget ", "NO BUDGET", "Nobudget", "Budget", ""])
def test_a_value_that_is_nearly_one_of_the_list_is_not_it(label: str) -> None:
    assert picklist("gitlab_recycle").reason_of(label) is None
    assert picklist("gitlab_recycle").reason_of("No Budget") == "no_budget"


@given(st.text(max_size=30))
def test_no_text_gets_a_reason_that_nobody_wrote_down(text: str) -> None:
    for crosswalk in picklists().values():
        written = {name for value, m in crosswalk.values.items() for name in (value, m.label) if m.reason and name}
        assert (crosswalk.reason_of(text) is not None) == (text in written)


def test_a_label_that_reads_like_a_loss_and_converts_stays_unmapped_with_its_count() -> None:
    """In a real list 171 of 175 leads with such a label converted: its text says the contrary of what it means."""
    report = picklist("gitlab_recycle").apply(["Closed lost - no fit"] * 175 + ["No interest"] * 25)
    assert report.mapped == {"no_interest": 25}
    assert report.unmapped == {"Closed lost - no fit": 175}
    assert report.coverage == 25 / 200
    assert "unmapped 'Closed lost - no fit': 175 (nobody mapped it)" in str(report)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dynamics_disqualified", "Lost"),
        ("orchestra_decline", "Lead Declined"),
        ("orchestra_decline", "Capacity/Timing"),
        ("forrester_sal", "No interest/need"),
        ("gitlab_recycle", "Doesn't see value"),
        ("oracle_reject_code", "Already Owns Product"),
        ("template_codes", "FIT-01"),
    ],
)
def test_a_label_that_can_be_read_in_two_ways_says_so_instead(name: str, value: str) -> None:
    assert picklist(name).reason_of(value) is None
    assert picklist(name).unmapped[value]


def test_the_value_comes_before_the_label_and_a_label_of_two_values_means_neither() -> None:
    google = picklist("google_local_services")
    assert (google.reason_of("GEO_MISMATCH"), google.reason_of("Geo mismatch")) == ("wrong_geo", "wrong_geo")
    tricky = ReasonCrosswalk(
        id="tricky",
        values={
            "a": Meaning(reason="price", label="b"),
            "b": Meaning(reason="no_need", label="c"),
            "d": Meaning(reason="no_budget", label="c"),
        },
    )
    assert (tricky.reason_of("b"), tricky.reason_of("c")) == ("no_need", None)


# -- reports and checks ------------------------------------------------------------------------------------------------


def test_a_report_counts_by_reason_and_keeps_blank_apart() -> None:
    counts = {"Bounced email": 4, "Invalid email": 3, "Spam": 2, "Wrong planet": 1, "": 5}
    report = picklist("gitlab_bad_data").apply(counts)
    assert report.mapped == {"invalid_email": 7, "spam": 2}
    assert (report.unmapped, report.blank, report.given) == ({"Wrong planet": 1}, 5, 10)
    assert "9 of 10 values have a reason (90.0%)" in str(report)
    assert "Wrong planet" in report._repr_html_()
    assert picklist("gitlab_bad_data").apply([*(["Spam"] * 2), None]).blank == 1


def test_the_coverage_of_nothing_is_not_a_number() -> None:
    report = picklist("gitlab_bad_data").apply([None, ""])
    assert report.coverage is None
    assert "coverage cannot be told" in str(report)
    assert "no values" in report._repr_html_()


def test_what_an_agreement_lacks_or_does_not_allow_is_named() -> None:
    text = f"{HEAD}reasons:\n  remove: [spam]\n  override:\n    invalid_phone: {{allowed_decisions: [reject]}}\n"
    problems = picklist("gitlab_bad_data").check(Agreement.loads(text))
    assert [problem.path for problem in problems] == ["gitlab_bad_data.Bad phone number", "gitlab_bad_data.Spam"]
    assert "does not explain the decision disqualify" in problems[0].message
    assert "which the agreement does not have" in problems[1].message
    assert all(problem.remedy for problem in problems)


def test_a_list_shows_itself() -> None:
    assert "Lost: (unmapped: says that it was lost, and not why)" in str(picklist("dynamics_disqualified"))
    assert "No Longer Interested" in picklist("dynamics_disqualified")._repr_html_()


def test_an_unknown_list_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="unknown picklist gitlab_recycled: did you mean gitlab_recycle"):
        picklist("gitlab_recycled")


def test_a_field_without_reasons_is_no_crosswalk() -> None:
    with pytest.raises(ConfigError, match=r"maps no reasons in hubspot contact\.hs_lead_status"):
        ReasonCrosswalk.of(EXAMPLE, "hubspot", "contact", "hs_lead_status")
    with pytest.raises(ConfigError, match="maps no reasons in zoho"):
        ReasonCrosswalk.of(EXAMPLE, "zoho", "Lead", "Why")


@pytest.mark.parametrize("meaning", [{}, {"reason": "price", "unmapped": "or not"}])
def test_a_value_has_a_reason_or_says_why_it_has_none(meaning: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="either a reason"):
        Meaning.model_validate(meaning)
