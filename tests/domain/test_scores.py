"""Scores: points add up exactly, decay forgets, what is unknown is said, and no name goes round in circles."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from leadbridge.agreement import Agreement
from leadbridge.agreement.sections.market import Role
from leadbridge.domain.criteria import PROFILE_TYPES, CriteriaError, Criterion, profile
from leadbridge.domain.criteria.scores import Point, Score, ScoreCard, evaluate
from leadbridge.domain.criteria.vocabulary import Vocabulary
from leadbridge.domain.interaction import Interaction
from leadbridge.errors import AgreementError, ConfigError

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

AGREEMENT = """
agreement: scored
version: 1
effective: 2026-01-01
attributes: {buying_role: text, vendor_score: number}
target_market:
  companies:
    - {id: size, when: company.employees between 50 and 5000}
    - {id: place, when: "company.country in ('DE', 'AT')"}
  roles:
    - {id: economic_buyer, titles: [CEO, Geschäftsführerin], when: "lead.region = 'board'"}
    - {id: user, titles: [Plant Manager, CEO]}
scores:
  fit:
    label: Fit
    points:
      - {id: company, when: target.company, points: 30, why: our price fits}
      - {id: role, when: target.role is not null, points: 20}
      - {id: student, when: "lower(title) = 'student'", points: -15}
  engagement:
    at_most: 100
    points:
      - {id: reading, each: content, points: 5, halves_every: 30 days, at_most: 40}
      - {id: talking, each: person_to_person, points: 20, within: 90 days}
definitions:
  ready:
    criteria:
      - {id: fits, when: score.fit >= 50}
      - {id: interested, when: "score.engagement >= 20 or lead.vendor_score > 80"}
"""


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    return Agreement.loads(AGREEMENT)


def touch(days_ago: float, nature: str = "content") -> Interaction:
    return Interaction.model_validate({"at": NOW - timedelta(days=days_ago), "nature": nature})


def scored(
    score: Score, touches: Sequence[Interaction] | None, fields: Mapping[str, object] | None = None
) -> ScoreCard:
    compiled = Vocabulary(PROFILE_TYPES, scores={"s": score}).score("s")
    return evaluate("s", compiled, profile(fields or {}, touches, wanted=compiled.names, at=NOW))


def test_points_of_a_score_add_up_and_say_where_they_come_from(agreement: Agreement) -> None:
    card = agreement.score({"employees": 60, "country": "DE", "title": "ceo"}, "fit")
    assert card.total == 50
    assert str(card) == (
        "fit: 50\n"
        "  +30  company: our price fits (target.company is True)\n"
        "  +20  role: target.role is not null (target.role is economic_buyer)\n"
        "  +0  student: lower(title) = 'student' (lead.title is ceo)"
    )
    assert [entry.outcome for entry in card.points] == ["met", "met", "failed"]
    assert "economic_buyer" in card._repr_html_()


def test_an_interaction_counts_half_for_every_full_period_and_nothing_after_ten() -> None:
    score = Score(points=(Point(id="p", each="content", points=1, halves_every=timedelta(days=30)),))
    for days, expected in ((0, 1.0), (29.999, 1.0), (30, 0.5), (60, 0.25), (299.9, 2.0**-9), (300, 0.0), (-1, 0.0)):
        assert scored(score, [touch(days)]).total == expected, days


@given(st.lists(st.floats(0, 400), max_size=30), st.randoms())
def test_the_order_of_interactions_never_changes_a_score(ages: list[float], random: object) -> None:
    score = Score(points=(Point(id="p", each="any", points=7, halves_every=timedelta(days=3)),))
    touches = [touch(age) for age in ages]
    assert scored(score, touches).total == scored(score, touches[::-1]).total


def test_a_window_forgets_what_is_exactly_as_old_as_it_is_long() -> None:
    score = Score(points=(Point(id="p", each="content", points=3, within=timedelta(days=7)),))
    assert scored(score, [touch(0), touch(6.999), touch(7)]).total == 6
    ever = Score(points=(Point(id="p", each="content", points=3),))
    assert scored(ever, [touch(0), touch(5000)]).total == 6


def test_limits_hold_for_a_point_and_for_the_whole_and_are_said() -> None:
    points = (
        Point(id="read", each="content", points=5, at_most=12),
        Point(id="talked", each="person_to_person", points=-4, at_most=6),
    )
    talked = [touch(1, "person_to_person")] * 2
    card = scored(Score(points=points), [*[touch(1)] * 4, *talked])
    assert [entry.contribution for entry in card.points] == [12, -6]
    assert (card.total, card.limited) == (6, False)
    limited = scored(Score(points=points, at_most=10), [touch(1)] * 4)
    assert (limited.total, limited.limited) == (10, True)
    assert str(limited).startswith("s: 10 (the most it can be)")


def test_a_point_that_is_unknown_counts_nothing_and_says_what_is_missing(agreement: Agreement) -> None:
    card = agreement.score({"employees": 60, "title": "Student"}, "fit")
    assert card.total == -15
    assert card.missing == ("company.country",)
    assert "+0  company: unknown, because company.country is missing" in str(card)
    assert str(card).startswith("fit: -15 (1 unknown)")


def test_a_score_of_which_nothing_is_known_is_no_number(agreement: Agreement) -> None:
    card = agreement.score({}, "engagement")
    assert card.total is None
    assert card.missing == ("halved_30d.content", "last_90d.person_to_person")
    assert str(card).startswith("engagement: cannot be said yet, because halved_30d.content, last_90d.person_to_person")
    assert agreement.score({}, "engagement", [], at=NOW).total == 0


def test_criteria_use_scores_and_say_what_they_came_to(agreement: Agreement) -> None:
    lead = {"employees": 60, "country": "DE", "title": "ceo"}
    touches = [touch(1, "person_to_person"), touch(31)]
    verdict = agreement.readiness(lead, "ready", touches, at=NOW)
    assert verdict.ok is True
    assert "score.engagement is 22.5" in str(verdict)
    without = agreement.readiness(lead, "ready")
    assert without.unknown == ("interested",)
    assert without.missing == ("halved_30d.content", "last_90d.person_to_person", "lead.vendor_score")


def test_a_score_from_outside_is_as_good(agreement: Agreement) -> None:
    lead = {"employees": 60, "country": "DE", "title": "ceo", "vendor_score": "85"}
    assert agreement.readiness(lead, "ready", [], at=NOW).ok is True
    assert agreement.rule("lead.score >= 50").evaluate(profile({"score": 61}, wanted=["lead.score"])) is True


@pytest.mark.parametrize(
    ("fields", "role"),
    [
        ({"title": "CEO"}, "economic_buyer"),
        ({"title": "ceo"}, "economic_buyer"),
        ({"title": "GESCHÄFTSFÜHRERIN"}, "economic_buyer"),
        ({"title": "plant manager"}, "user"),
        ({"title": "Plant Manager", "region": "board"}, "economic_buyer"),
        ({"buying_role": "user"}, "user"),
        ({"buying_role": "User", "title": "clerk"}, None),
        ({}, None),
    ],
)
def test_the_first_role_that_applies_is_the_role(
    agreement: Agreement, fields: dict[str, object], role: str | None
) -> None:
    own = agreement.vocabulary.derived("target.role")
    assert own.closure()(profile(fields, wanted=own.names, types=agreement.types)) == role


def test_a_target_company_is_unknown_while_one_criterion_is_and_none_failed(agreement: Agreement) -> None:
    rule = agreement.rule("target.company")

    def judged(fields: dict[str, object]) -> bool | None:
        return rule.evaluate(profile(fields, wanted=rule.names))

    assert judged({"employees": 60, "country": "DE"}) is True
    assert judged({"employees": 60, "country": "FR"}) is False
    assert judged({"employees": 6}) is False
    assert judged({"employees": 60}) is None


def test_a_role_that_no_one_is_known_to_have_is_what_is_missing(agreement: Agreement) -> None:
    rule = agreement.rule("target.role = 'user'")
    values = profile(
        {"title": "clerk", "region": "south", "buying_role": "x"}, wanted=rule.names, types=agreement.types
    )
    assert rule.evaluate(values) is None
    assert rule.lacking(values) == ("target.role",)


@pytest.mark.parametrize(
    ("text", "layer", "message"),
    [
        ("score.fit > 3", "score", "score.fit cannot be used here"),
        ("score.fit > 3", "market", "score.fit cannot be used here"),
        ("target.role = 'user'", "market", "target.role cannot be used here"),
        ("target.role = 'usr'", "criterion", "target.role is never 'usr'"),
        ("score.fitt > 3", "criterion", "unknown field score.fitt"),
        ("score.fit = 'high'", "criterion", "they cannot be compared"),
    ],
)
def test_names_are_built_in_layers_and_never_in_circles(
    agreement: Agreement, text: str, layer: str, message: str
) -> None:
    with pytest.raises(CriteriaError) as caught:
        agreement.vocabulary.rule(text, layer)  # type: ignore[arg-type]  # given as text on purpose
    assert message in caught.value.message


def test_a_name_that_nothing_describes_says_where_to_describe_it() -> None:
    bare = Vocabulary(PROFILE_TYPES)
    for text, section in (
        ("target.company", "target_market.companies"),
        ("target.role is null", "target_market.roles"),
        ("score.fit > 1", "under scores"),
    ):
        with pytest.raises(CriteriaError, match=section):
            bare.rule(text)


def test_a_broken_market_criterion_is_reported_where_it_stands_and_where_it_is_used() -> None:
    vocabulary = Vocabulary(PROFILE_TYPES, companies=[Criterion(id="x", when="company.employes > 3")])
    with pytest.raises(CriteriaError, match=r"target\.company cannot be computed: unknown field company\.employes"):
        vocabulary.rule("target.company")
    assert vocabulary.rule("lead.score > 3")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "when: target.company, points",
            "when: score.engagement > 3, points",
            ["1 problem\n", "scores.fit.points[0].when", "line"],
        ),
        ("id: role, when", "id: company, when", ["scores.fit.points"]),
        ("lead.region = 'board'", "target.company", ["1 problem\n", "target_market.roles[0].when"]),
        ("each: content, points", "each: contents, points", ["did you mean content?"]),
        ("halves_every: 30 days, at_most", "halves_every: 36 hours, at_most", ["whole days"]),
        ("within: 90 days", "within: 90 days, halves_every: 9 days", ["exclude each other"]),
        ("points: 20}\n      - {id: student", "points: 20, each: any}\n      - {id: student", ["exactly one"]),
        ("points: 30,", "points: 30, within: 3 days,", ["go with each"]),
        ("{buying_role: text,", "{Buying_role: text, buying_role: text,", ["would be one column"]),
    ],
)
def test_a_mistake_in_a_score_or_the_market_names_its_place(old: str, new: str, words: list[str]) -> None:
    assert AGREEMENT.count(old) == 1
    with pytest.raises(AgreementError) as caught:
        Agreement.loads(AGREEMENT.replace(old, new))
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_asking_for_a_score_that_is_not_there_lists_those_that_are(agreement: Agreement) -> None:
    with pytest.raises(ConfigError, match="did you mean fit"):
        agreement.score({}, "fitt")
    with pytest.raises(ConfigError, match="which score"):
        agreement.score({})


def test_rules_with_derived_names_survive_pickling(agreement: Agreement) -> None:
    again = pickle.loads(pickle.dumps(agreement))
    assert again.rules == agreement.rules
    lead = {"employees": 60, "country": "DE", "title": "ceo"}
    assert again.readiness(lead, "ready", [], at=NOW) == agreement.readiness(lead, "ready", [], at=NOW)


def test_two_roles_that_say_the_same_are_equal_and_others_are_not() -> None:
    one, two = (Vocabulary(PROFILE_TYPES, roles=[Role(id="a", titles=(title,))]) for title in ("CEO", "ceo"))
    other = Vocabulary(PROFILE_TYPES, roles=[Role(id="a", titles=("cfo",))])
    text = "target.role = 'a'"
    assert one.rule(text) == two.rule(text)
    assert one.rule(text) != other.rule(text)


def test_a_point_of_two_kinds_is_refused() -> None:
    with pytest.raises(ValidationError, match="exactly one"):
        Point(id="p", points=3)
