"""Does sales refuse leads that are in the target market, and does it believe in the criteria: by hand and by loop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.agreement import Agreement
from leadbridge.analytics import NotComputable, Result, Snapshot
from leadbridge.analytics.agreed import LeadStanding
from leadbridge.analytics.result import Answer
from tests.analytics.stories import NOW, Story, lead, take

Make = Callable[..., Snapshot]

AGREEMENT = Agreement.loads("""
agreement: Target
version: 1
effective: 2026-01-01
target_market:
  companies: [{id: size, when: company.employees >= 50}]
  roles: [{id: buyer, titles: [Head of Purchasing]}]
definitions:
  sales_ready:
    criteria: [{id: read, when: last_30d.content >= 1}, {id: size, when: company.employees >= 50}]
handoff: {definition: sales_ready}
""")

ANSWERS = {
    "a": ("accept", None),
    "b": ("reject", "wrong_industry"),
    "c": ("reject", "duplicate"),
    "d": ("disqualify", "wrong_role"),
    "e": ("accept", None),
    "f": ("recycle", "no_budget"),
    "g": ("reject", None),
    "h": ("accept", None),
}
PROFILES = {
    **{name: {"employees": 100, "title": "head of purchasing"} for name in "abcf"},
    **{name: {"employees": 10} for name in "deg"},
}
"""``h`` has no profile: nobody knows anything about it."""


def story() -> Story:
    return [
        one
        for name, (decision, reason) in ANSWERS.items()
        for one in lead(name, "web", offered=1, answer=(2, decision, reason))
    ]


def computed(answer: Answer) -> Result:
    assert isinstance(answer, Result), str(answer)
    return answer


def missing(answer: Answer) -> str:
    assert isinstance(answer, NotComputable), repr(answer)
    return answer.reason


def test_leads_are_refused_as_not_wanted_less_often_in_the_target_market(make: Make) -> None:
    answer = computed(make(story(), agreement=AGREEMENT, profiles=PROFILES).metrics.definitional_rejection())
    rows = {row["target"]: (row["definitional"], row["decided"], row["rejection_rate"]) for row in answer.rows}
    assert rows == {"in": (1, 4, 1 / 4), "out": (1, 3, 1 / 3), "unknown": (0, 1, 0.0)}
    assert (answer.value, answer.n) == (2 / 7, 7)
    assert sum(row["no_reason"] for row in answer.rows) == 1
    assert list(answer.excluded.values()) == [1]


def test_the_belief_gap_is_refused_though_met_and_accepted_though_failed(make: Make) -> None:
    answer = computed(make(story(), agreement=AGREEMENT, profiles=PROFILES).metrics.belief_gap())
    rows = {row["criteria"]: row for row in answer.rows}
    assert (rows["met"]["decided"], rows["met"]["rejection_rate"]) == (4, 1 / 4)
    assert (rows["failed"]["decided"], rows["failed"]["acceptance_rate"]) == (3, 1 / 3)
    assert (rows["unknown"]["decided"], answer.value, answer.n) == (1, 1 / 4, 4)


def test_interest_is_judged_at_the_offer_and_not_when_it_has_faded(make: Make) -> None:
    later = take(story(), agreement=AGREEMENT, profiles=PROFILES, now=NOW + timedelta(days=300))
    with later as snapshot:
        assert computed(snapshot.metrics.belief_gap()).n == 4
    early = lead("a", None, offered=31 * 24, answer=(32 * 24, "accept", None))
    with take(early, agreement=AGREEMENT, profiles=PROFILES, now=NOW + timedelta(days=9)) as snapshot:
        assert "0 of 0" in missing(snapshot.metrics.belief_gap()), "it had read nothing for 31 days when it was offered"


def test_the_target_market_and_the_role_break_acceptance_and_reasons_down(make: Make) -> None:
    metrics = make(story(), agreement=AGREEMENT, profiles=PROFILES).metrics
    rates = {row["in_target"]: row["rate"] for row in computed(metrics.acceptance_rate(by="in_target")).rows}
    assert rates == {"in the target market": 1 / 3, "out of it": 1 / 2, None: 1.0}
    assert {row["role"] for row in computed(metrics.acceptance_rate(by="role")).rows} == {"buyer", None}
    assert {row["in_target"] for row in computed(metrics.reason_mix(by="in_target")).rows} == {
        "in the target market",
        "out of it",
    }


def test_without_the_leads_fields_the_agreement_or_any_reason_nothing_is_made_up(make: Make) -> None:
    assert "target_market.companies" in missing(make(story(), agreement=AGREEMENT).metrics.definitional_rejection())
    assert "handoff.definition" in missing(make(story(), agreement=AGREEMENT).metrics.belief_gap())
    assert "the category of a reason" in missing(make(story()).metrics.belief_gap())
    silent = make(lead("a", None, offered=1, answer=(2, "reject", None)), agreement=AGREEMENT, profiles=PROFILES)
    assert "no reasons were recorded" in missing(silent.metrics.definitional_rejection())
    assert "no reasons were recorded" in missing(silent.metrics.belief_gap())
    failed = make(lead("d", None, offered=1, answer=(2, "accept", None)), agreement=AGREEMENT, profiles=PROFILES)
    assert "0 of 0" in missing(failed.metrics.belief_gap())
    young = make(lead("d", None, offered=1), agreement=AGREEMENT, profiles=PROFILES)
    assert "no decisions were recorded" in missing(young.metrics.belief_gap())


def test_where_everything_was_accepted_the_share_refused_is_a_true_zero(make: Make) -> None:
    made = make(lead("a", None, offered=1, answer=(2, "accept", None)), agreement=AGREEMENT, profiles=PROFILES)
    assert (computed(made.metrics.belief_gap()).value, computed(made.metrics.definitional_rejection()).value) == (0, 0)


ANY = st.lists(
    st.tuples(
        st.sampled_from(["accept", "reject", "recycle", "disqualify"]),
        st.sampled_from(["wrong_industry", "wrong_role", "duplicate", "no_budget"]),
        st.sampled_from([None, True, False]),
        st.sampled_from([None, True, False]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ANY)
def test_the_queries_count_what_a_loop_counts(found: list[tuple[str, str, bool | None, bool | None]]) -> None:
    facts: Story = []
    standings: dict[str, LeadStanding] = {}
    for number, (decision, reason, in_target, ready) in enumerate(found):
        name = f"L{number}"
        facts += lead(name, "web", offered=1, answer=(2, decision, None if decision == "accept" else reason))
        standings[name] = LeadStanding(in_target=in_target, ready=ready)

    def share(of: list[tuple[str, str, bool | None, bool | None]]) -> float:
        return sum(d in ("reject", "disqualify") and r in ("wrong_industry", "wrong_role") for d, r, _, _ in of) / len(
            of
        )

    known = [one for one in found if one[2] is not None]
    met = [one for one in found if one[3] is True]
    with take(facts, agreement=AGREEMENT, standings=standings) as snapshot:
        rejection, gap = snapshot.metrics.definitional_rejection(), snapshot.metrics.belief_gap()
        assert (rejection.computable, gap.computable) == (bool(known), bool(met))
        if isinstance(rejection, Result):
            assert rejection.value == share(known)
        if isinstance(gap, Result):
            assert gap.value == share(met)
