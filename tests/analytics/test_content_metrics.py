"""Content, buying stages and the mix of reading and talking, against numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.agreement import Agreement
from leadbridge.analytics import NotComputable, Result, Snapshot
from leadbridge.analytics.result import Answer
from leadbridge.analytics.scorecard import PARTS
from leadbridge.domain import facts as f
from leadbridge.errors import ConfigError
from tests.analytics.stories import START, Story, fact, take

Make = Callable[..., Snapshot]

AGREEMENT = Agreement.loads("""
agreement: Content
version: 1
effective: 2026-01-01
buying_stages: {stages: [education, solution, selection]}
value_propositions: [{id: faster, text: Faster}]
messages: [{id: one_view, text: One view, value_proposition: faster}, {id: no_waste, text: No waste}]
assets:
  - {id: report, type: report, owner: marketing, message: one_view}
  - {id: guide, type: guide, message: no_waste}
  - {id: webinar, type: webinar, available_until: 2026-03-01}
  - {id: deck, type: presentation, available_from: 2026-04-15}
  - {id: my-slides, type: presentation, made_by: sales}
""")


def computed(answer: Answer) -> Result:
    assert isinstance(answer, Result), str(answer)
    return answer


def missing(answer: Answer) -> str:
    assert isinstance(answer, NotComputable), repr(answer)
    return answer.reason


def touch(lead: str, day: float, asset: str | None = None, **more: Any) -> f.Fact:
    values = {"nature": "content", "function": "marketing", "asset": asset} | more
    return fact(f.Interacted, lead, 24 * day, interaction=f"{lead}-{day}-{asset}", **values)


def stage(lead: str, day: float, name: str) -> f.Fact:
    return fact(f.BuyingStageEntered, lead, 24 * day, buying_stage=name)


def captured(*leads: str) -> Story:
    return [fact(f.LeadCaptured, name, 0) for name in leads]


def test_content_use_is_what_sales_used_of_what_was_available_with_its_own_material_apart(make: Make) -> None:
    story = [
        *captured("a", "b"),
        touch("a", 1, "report", function="sales"),
        touch("b", 2, "report", function="sales"),
        touch("b", 3, "guide"),
        touch("a", 4, "my-slides", function="sales"),
        touch("a", 5, "found-on-my-disk", function="sales"),
        touch("b", 6, "webinar", function="sales"),
        touch("b", 7, "a-blog-post"),
    ]
    answer = computed(make(story, agreement=AGREEMENT).metrics.content_usage(since=START, until=START + timedelta(30)))
    rows = {row["type"]: row for row in answer.rows}
    # In March there are report and guide; the webinar ended on the 1st, the deck comes on 15 April.
    assert (answer.value, answer.n) == (1 / 2, 2)
    assert (rows["report"]["usage_rate"], rows["report"]["touches"], rows["guide"]["usage_rate"]) == (1.0, 2, 0.0)
    assert (rows["webinar"]["available"], rows["webinar"]["usage_rate"], rows["webinar"]["used_outside"]) == (
        0,
        None,
        1,
    )
    assert rows["presentation"]["own_used"] == rows[None]["own_used"] == 1
    assert answer.excluded["assets that sales made for itself"] == 2
    marketing = computed(make(story, agreement=AGREEMENT).metrics.content_usage(function="marketing"))
    assert marketing.n == 1, "only what others made for it: the slides of sales"


def test_an_asset_is_available_to_the_end_of_its_last_day(make: Make) -> None:
    story = [*captured("a"), touch("a", 1, "report", function="sales")]
    metrics = make(story, agreement=AGREEMENT).metrics
    last = START.replace(day=1, hour=23)
    assert computed(metrics.content_usage(since=last)).n == 4
    assert computed(metrics.content_usage(since=last + timedelta(hours=1))).n == 3


def test_what_nobody_wrote_down_is_not_use_of_zero(make: Make) -> None:
    silent = make([*captured("a"), touch("a", 1, "report")], agreement=AGREEMENT)
    assert "no interaction of sales names an asset" in missing(silent.metrics.content_usage())
    assert "lists no assets" in missing(make([*captured("a"), touch("a", 1, "x")]).metrics.content_usage())
    assert "no interactions were recorded" in missing(make(captured("a"), agreement=AGREEMENT).metrics.content_usage())
    gone = Agreement.loads("""
agreement: Old
version: 1
effective: 2026-01-01
assets: [{id: report, type: report, available_until: 2025-12-31}]
""")
    old = make([*captured("a"), touch("a", 1, "report", function="sales")], agreement=gone)
    reason = missing(old.metrics.content_usage(since=START))
    assert "no agreed asset was available in this window: 0 of 0" in reason
    assert "used outside the days of their availability (1)" in reason


def resonating() -> Story:
    """Five leads in education: two met the report and both went on, three did not and one of them went on."""
    return [
        *captured("a", "b", "c", "d", "e", "young"),
        *[stage(name, 0, "education") for name in "abcde"],
        touch("a", 1, "report"),
        stage("a", 5, "solution"),
        touch("b", 2, "report"),
        stage("b", 6, "selection"),
        touch("c", 5, "guide"),
        stage("c", 5, "solution"),
        stage("young", 25, "education"),
    ]


def test_resonance_sets_those_who_met_an_asset_beside_those_who_did_not(make: Make) -> None:
    answer = computed(make(resonating(), agreement=AGREEMENT).metrics.resonance(horizon="10 days"))
    rows = {(row["item"], row["stage"]): row for row in answer.rows}
    report = rows["report", "education"]
    assert (report["with_n"], report["with_moved"], report["without_n"], report["without_moved"]) == (2, 2, 3, 1)
    assert (report["with_rate"], report["without_rate"], report["immature"]) == (1.0, 1 / 3, 1)
    # The guide was met at the very instant that marks the next stage: it belongs to that one.
    assert ("guide", "education") not in rows
    guide = rows["guide", "solution"]
    assert (guide["with_n"], guide["with_moved"], guide["without_n"], guide["without_moved"]) == (1, 0, 1, 0)
    assert (answer.value, answer.n, answer.immature) == (2 / 3, 3, 1)
    assert "association only" in answer.definition


def test_an_asset_carries_its_message(make: Make) -> None:
    metrics = make(resonating(), agreement=AGREEMENT).metrics
    answer = computed(metrics.resonance(subject="message", horizon="10 days"))
    assert {(row["item"], row["stage"]): row["with_n"] for row in answer.rows} == {
        ("(any)", "education"): 2,
        ("(any)", "solution"): 1,
        ("no_waste", "solution"): 1,
        ("one_view", "education"): 2,
    }


def test_resonance_along_the_lifecycle_needs_no_buying_stages(make: Make) -> None:
    story = [
        *captured("a", "b"),
        touch("a", 1, "report"),
        fact(f.StageEntered, "a", 48, stage="engaged"),
    ]
    answer = computed(make(story, agreement=AGREEMENT).metrics.resonance(axis="stage", horizon="10 days"))
    row = next(row for row in answer.rows if (row["item"], row["stage"]) == ("report", "captured"))
    assert (row["with_rate"], row["without_rate"]) == (1.0, 0.0)
    assert "no buying stages" in missing(make(story, agreement=AGREEMENT).metrics.resonance())
    assert "nobody met any message" in missing(
        make([*captured("a"), stage("a", 1, "education"), touch("a", 2)], agreement=AGREEMENT).metrics.resonance(
            subject="message"
        )
    )
    with pytest.raises(ConfigError, match="plain time"):
        make(story, agreement=AGREEMENT).metrics.resonance(horizon="3 business days")


def mixed() -> Story:
    return [
        *captured("a", "b"),
        touch("a", 0.5),
        stage("a", 1, "education"),
        touch("a", 2),
        touch("a", 3, nature="person_to_person", function="sales"),
        stage("a", 4, "solution"),
        touch("a", 5, nature="person_to_person", function="sales"),
        touch("b", 1, nature="person_to_person", function="sales", buying_stage="education"),
        fact(f.CompanyMatched, "a", 1, company="C1", how="domain"),
    ]


def test_the_mix_of_reading_and_talking_by_buying_stage_by_company_and_by_lead(make: Make) -> None:
    metrics = make(mixed(), agreement=AGREEMENT).metrics
    answer = computed(metrics.interaction_mix())
    assert [(row["buying_stage"], row["content"], row["person_to_person"]) for row in answer.rows] == [
        (None, 1, 0), ("education", 1, 2), ("solution", 0, 1)
    ]  # fmt: skip
    assert (answer.value, answer.n) == (3 / 5, 5)
    by_lead = computed(metrics.interaction_mix(by="lead"))
    shares = {(row["lead"], row["buying_stage"]): row["person_share"] for row in by_lead.rows}
    assert shares == {("a", None): 0.0, ("a", "education"): 0.5, ("a", "solution"): 1.0, ("b", "education"): 1.0}
    by_company = computed(metrics.interaction_mix(by="company"))
    assert {row["company"] for row in by_company.rows} == {"C1", None}
    assert {row["company"] for row in computed(metrics.coverage(by="company")).rows} == {"C1", None}
    assert "no interactions" in missing(make(captured("a")).metrics.interaction_mix())


interactions = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 20),
        st.sampled_from(["content", "person_to_person"]),
        st.sampled_from(["marketing", "sales"]),
        st.sampled_from([None, "report", "guide", "else"]),
        st.sampled_from([None, "education", "solution"]),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(interactions)
def test_the_query_counts_what_a_loop_counts(found: list[tuple[str, int, str, str, str | None, str | None]]) -> None:
    story = captured("a", "b", "c")
    for number, (lead, day, nature, function, asset, buying) in enumerate(found):
        more = {"interaction": f"i{number}", "nature": nature, "function": function, "buying_stage": buying}
        story.append(fact(f.Interacted, lead, 24 * day, asset=asset, **more))
    with take(story, agreement=AGREEMENT) as snapshot:
        mix = computed(snapshot.metrics.interaction_mix())
        for row in mix.rows:
            there = [one for one in found if one[5] == row["buying_stage"]]
            assert (row["interactions"], row["leads"]) == (len(there), len({one[0] for one in there}))
            assert row["person_to_person"] == sum(one[2] == "person_to_person" for one in there)
        used = {one[4] for one in found if one[3] == "sales" and one[4]}
        answer = snapshot.metrics.content_usage()
        assert answer.computable == bool(used)
        if isinstance(answer, Result):
            assert round(answer.value * answer.n) == len(used & {"report", "guide"})
            assert sum(row["own_used"] for row in answer.rows) == len(used & {"else"})


def test_a_value_proposition_reaches_buyers_when_one_of_its_assets_does() -> None:
    with take([*captured("a"), touch("a", 1, "guide")], agreement=AGREEMENT) as snapshot:
        answer = computed(snapshot.metrics.proposition_reach())
        assert (answer.value, answer.n) == (0, 1)
    with take([*captured("a"), touch("a", 1, "report")], agreement=AGREEMENT) as snapshot:
        answer = computed(snapshot.metrics.proposition_reach())
        assert (answer.value, answer.n) == (1, 1)
        assert computed(snapshot.metrics.proposition_reach(until=START)).value == 0
    bare = Agreement.loads("agreement: Bare\nversion: 1\neffective: 2026-01-01\nassets: [{id: report, type: report}]\n")
    with take([*captured("a"), touch("a", 1, "report")], agreement=bare) as snapshot:
        assert "no asset carries a value proposition" in missing(snapshot.metrics.proposition_reach())


def test_the_scorecard_speaks_of_all_four_parts_of_alignment() -> None:
    with take([*captured("a"), touch("a", 1, "report")], agreement=AGREEMENT) as snapshot:
        card = snapshot.scorecard()
    assert list(dict.fromkeys(line.part for line in card)) == list(PARTS)
    reach = next(line for line in card if line.part == "value propositions")
    assert reach.text == "100.0% of 1"
    assert all(isinstance(line.answer, Result) or line.answer.reason for line in card)
