"""Campaigns: their names, their owners and targets, sales' word before they begin, the kind of sale they aim at."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.agreement import Agreement
from leadbridge.domain.campaign import Campaign, CampaignTarget, Naming
from leadbridge.errors import AgreementError

HEAD = "agreement: Test\nversion: 1\neffective: 2026-01-01\n"
NAMES = Naming(pattern="{year}-{region}-{topic}", parts={"region": ("us", "us-east", "emea")})


def loads(campaign: str, more: str = "") -> Agreement:
    return Agreement.loads(f"{HEAD}{more}campaigns:\n  - {campaign}\n")


# -- nomenclature ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("2026-emea-launch", {"year": "2026", "region": "emea", "topic": "launch"}),
        ("2026-us-east-launch", {"year": "2026", "region": "us-east", "topic": "launch"}),
        ("2026-us-発表", {"year": "2026", "region": "us", "topic": "発表"}),
        ("2026-latam-launch", None),
        ("2026-EMEA-launch", None),
        ("2026-emea", None),
        ("2026-emea-launch-2", None),
        (" 2026-emea-launch", None),
        ("", None),
    ],
)
def test_a_name_is_taken_apart_or_does_not_follow_the_pattern(name: str, parts: dict[str, str] | None) -> None:
    assert NAMES.parse(name) == parts


@given(st.from_regex(r"[A-Za-z0-9é漢]{1,8}", fullmatch=True), st.sampled_from(NAMES.parts["region"]))
def test_what_was_built_is_taken_apart_again(topic: str, region: str) -> None:
    parts = {"year": "2026", "region": region, "topic": topic}
    assert NAMES.parse(NAMES.build(parts)) == parts


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"year": "2026", "region": "mars", "topic": "x"}, "look at region"),
        ({"year": "2026", "region": "us"}, "has the parts year, region, topic"),
        ({"year": "2026", "region": "us", "topic": "a-b"}, "look at"),
    ],
)
def test_a_name_with_wrong_parts_is_not_built(parts: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NAMES.build(parts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{pattern: campaign}", "parts in braces"),
        ("{pattern: '{a}{b}'}", "nothing stands between"),
        ("{pattern: '{a}-{a}'}", "has a twice"),
        ("{pattern: '{a b}'}", "parts in braces"),
        ("{pattern: '{a}-{'}", "parts in braces"),
        ("{pattern: '{a}', parts: {b: [x]}}", "values are listed for b"),
        ("{pattern: '{a}', parts: {a: []}}", "no values are listed for a"),
    ],
)
def test_a_pattern_that_names_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(AgreementError, match=f"line 4: campaign_names.*{message}"):
        Agreement.loads(f"{HEAD}campaign_names: {text}")


# -- sign-off, targets, outcomes ---------------------------------------------------------------------------------------


def test_a_sign_off_is_open_until_that_function_gives_it() -> None:
    campaign = Campaign.model_validate(
        {
            "id": "spring",
            "needs_sign_off_of": ["sales", "product"],
            "inputs": [
                {"function": "sales", "by": "Somebody", "on": "2026-02-01", "said": "fewer webinars"},
                {"function": "product", "on": "2026-02-02", "signed_off": True},
            ],
        }
    )
    assert campaign.open_sign_offs == ("sales",)
    assert "Somebody" not in repr(campaign)


def test_a_campaign_runs_from_its_first_day_to_its_last() -> None:
    campaign = Campaign(id="a", starts=date(2026, 3, 1), ends=date(2026, 3, 31))
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)]
    assert [campaign.runs_on(day) for day in days] == [False, True, True, False]
    assert Campaign(id="always").runs_on(days[0])


def test_a_target_of_a_campaign_counts_a_stage_or_is_a_metric() -> None:
    assert CampaignTarget(stage="won", at_least=3).stage == "won"
    with pytest.raises(ValueError, match="give exactly one"):
        CampaignTarget(at_least=3)
    with pytest.raises(ValueError, match="give exactly one"):
        CampaignTarget(stage="won", metric="funnel", at_least=3)


@pytest.mark.parametrize(
    ("campaign", "message"),
    [
        ("{id: a, outcome: upsell}", r"line 8: campaigns\[0\]\.outcome: unknown outcome upsell.*expansion"),
        ("{id: a, definition: redy}", "unknown definition redy → did you mean ready"),
        ("{id: a, sla: fast}", "unknown policy fast"),
        ("{id: a, starts: 2026-05-01, ends: 2026-04-01}", "the campaign a ends before it begins"),
        ("{id: a, name: spring 2026}", r"→ name it as \{year\}-\{region\} \(region: emea, us\)"),
        ("{id: a, targets: [{stage: won1, at_least: 1}]}", "unknown stage won1 → did you mean won"),
        ("{id: a, targets: [{at_least: 1}]}", "give exactly one"),
        ("{id: a, owners: {sells: B}}", r"campaigns\[0\]\.owners\.sells: unknown function sells"),
        ("{id: a, needs_sign_off_of: [sells]}", "unknown function sells"),
        ("{id: a, inputs: [{function: sells, on: 2026-01-01}]}", "unknown function sells"),
        ("{id: a, name: 2026-us}\n  - {id: b, name: 2026-us}", "two campaigns are named 2026-us"),
        ("{id: a}\n  - {id: a}", "campaign a is listed twice"),
    ],
)  # fmt: skip
def test_a_campaign_that_does_not_fit_the_agreement_is_refused_with_its_place(campaign: str, message: str) -> None:
    more = (
        "campaign_names: {pattern: '{year}-{region}', parts: {region: [emea, us]}}\n"
        "definitions: {ready: {criteria: [{id: a, when: email is not null}]}}\n"
        "outcomes: [{id: expansion, motion: development}]\n"
    )
    with pytest.raises(AgreementError, match=message):
        loads(campaign, more)


def test_the_example_campaign_says_what_it_aims_at_and_who_agreed() -> None:
    agreement = Agreement.preset("example")
    (campaign,) = agreement.campaigns
    assert agreement.campaign_names is not None
    assert agreement.campaign_names.parse(campaign.name) == {"year": "2026", "region": "emea", "topic": "launch"}
    assert campaign.open_sign_offs == ()
    outcome = next(each for each in agreement.outcomes if each.id == campaign.outcome)
    assert (outcome.offering, outcome.revenue, outcome.motion) == ("solution", "recurring", "acquisition")
