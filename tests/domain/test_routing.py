"""Who gets a lead: rules in their order, turns and weights that come out even, and nobody who is away."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.agreement.presets import reason_preset
from leadbridge.domain import facts as f
from leadbridge.domain.criteria.rules import Rule, compile_rule
from leadbridge.domain.handoff import Handoff, Terms
from leadbridge.domain.handoff.dealing import Dealt, Held, Route, Tried, route
from leadbridge.domain.handoff.engagement import working
from leadbridge.domain.handoff.routing import Engagement, Member, Queue, RouteRule, Routing
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.reasons import Reasons
from leadbridge.errors import IllegalMove

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
TERMS = Terms(Reasons(reason_preset("canonical")), {})


def queue(deal: Any = "round_robin", **members: Any) -> Queue:
    return Queue(id="q", deal=deal, members=tuple(Member(id=name, weight=weight) for name, weight in members.items()))


def rules(*written: RouteRule) -> list[tuple[RouteRule, Rule | None]]:
    return [(rule, None if rule.when is None else compile_rule(rule.when)) for rule in written]


EVERYTHING = RouteRule(id="everything", kind="default", queue="q")


def deal(team: Queue, count: int, away: Sequence[frozenset[str]] = ()) -> list[str | None]:
    """Who gets each of so many leads, one after the other; ``away`` says who is, lead by lead."""
    dealt, got = Dealt(), list[str | None]()
    for number in range(count):
        gone = away[number] if number < len(away) else frozenset[str]()
        found = route(Routing(queues=(team,)), rules(EVERYTHING), {}, dealt=dealt, away=gone)
        dealt = dealt.after(found)
        got.append(found.owner)
    return got


def offer(lead: str = "L1", **more: Any) -> Handoff:
    return Handoff(**{"id": f"h-{lead}", "lead": lead, "terms": TERMS, "offered_at": START, **more})


# -- rules -------------------------------------------------------------------------------------------------------------

BY_RULE = rules(
    RouteRule(id="key_account", when="company.domain = 'acme.example'", kind="named_account", owner="ann"),
    RouteRule(id="dach", when="lead.country in ('DE', 'AT', 'CH')", kind="territory", queue="q", why="our neighbours"),
    EVERYTHING,
)
TEAM = Routing(queues=(queue(ann=1, bob=1),))


def test_the_first_rule_that_is_surely_true_decides_and_is_named() -> None:
    found = route(TEAM, BY_RULE, {"company.domain": "acme.example", "lead.country": "DE"})
    assert (found.owner, found.queue, found.rule, found.kind) == ("ann", None, "key_account", "named_account")
    found = route(TEAM, BY_RULE, {"company.domain": "other.example", "lead.country": "AT"})
    assert (found.owner, found.queue, found.rule) == ("ann", "q", "dach")
    assert found.why == "our neighbours; next by turn"
    assert [each.outcome for each in found.tried] == ["false"]


def test_a_rule_that_cannot_be_judged_is_passed_over_and_says_what_is_missing() -> None:
    found = route(TEAM, BY_RULE, {"company.domain": "other.example"})
    assert found.rule == "everything"
    assert found.missing == ("lead.country",)
    assert found.tried[1] == Tried("dach", "unknown", "cannot be said: lead.country missing", ("lead.country",))
    assert "dach: cannot be said" in str(found)


def test_a_lead_that_no_rule_fits_goes_nowhere_and_has_no_facts() -> None:
    found = route(TEAM, BY_RULE[:2], {"company.domain": "other.example", "lead.country": "FR"}).of(offer(), START)
    assert (found.owner, found.queue, found.rule, found.facts) == (None, None, "", ())
    assert str(found).startswith("nowhere: no rule is surely true")
    assert route(Routing(), (), {}).why == "the agreement has no rules to route by"


def test_a_person_who_is_away_is_passed_over_even_when_a_rule_names_them() -> None:
    found = route(TEAM, BY_RULE, {"company.domain": "acme.example"}, away={"ann"})
    assert (found.owner, found.rule) == ("bob", "everything")
    assert found.tried[0] == Tried("key_account", "skipped", "ann is away")


def test_who_is_away_in_one_queue_is_away_from_all() -> None:
    holiday = Queue(id="other", members=(Member(id="ann", away=True),))
    found = route(Routing(queues=(TEAM.queues[0], holiday)), rules(EVERYTHING), {})
    assert found.owner == "bob"


def test_queues_of_other_functions_are_passed_over() -> None:
    partners = Queue(id="partners", function="partner")
    both = rules(RouteRule(id="first", queue="partners"), EVERYTHING)
    found = route(Routing(queues=(partners, TEAM.queues[0])), both, {}, function="sales")
    assert (found.rule, found.tried[0].rule) == ("everything", "first")


def test_people_pick_from_a_queue_that_nobody_deals_out() -> None:
    found = route(Routing(queues=(queue("pick", ann=1),)), rules(EVERYTHING), {})
    assert (found.owner, found.queue, found.why) == (None, "q", "always; people pick from this queue")


@pytest.mark.parametrize(
    ("team", "why"),
    [
        (queue(ann=0), "everybody is away"),
        (Queue(id="q", deal="round_robin", members=(Member(id="ann", away=True),)), "everybody is away"),
        (Queue(id="q", deal="weighted"), "nobody is in this queue"),
    ],
)
def test_with_nobody_there_a_lead_stays_in_the_queue_and_it_is_said(team: Queue, why: str) -> None:
    found = route(Routing(queues=(team,)), rules(EVERYTHING), {})
    assert (found.owner, found.queue, found.rule) == (None, "q", "everything")
    assert why in found.why


def test_a_lead_that_waits_in_a_queue_is_dealt_out_from_there_and_no_rule_is_asked_again() -> None:
    found = route(TEAM, BY_RULE, {"company.domain": "acme.example"}, waiting="q", dealt=Dealt({"q": ("ann",)}))
    assert (found.owner, found.queue, found.rule, found.tried) == ("bob", "q", "in_queue", ())
    unknown = route(TEAM, BY_RULE, {"company.domain": "acme.example"}, waiting="a queue of the CRM")
    assert unknown.rule == "key_account"


def test_nobody_gets_a_lead_back_that_was_taken_from_them() -> None:
    assert route(TEAM, rules(EVERYTHING), {}, not_to={"ann"}).owner == "bob"
    assert route(TEAM, BY_RULE, {"company.domain": "acme.example"}, not_to={"ann"}).owner == "bob"
    stays = route(TEAM, rules(EVERYTHING), {}, not_to={"ann", "bob"})
    assert (stays.owner, "had it already" in stays.why) == (None, True)


# -- rules of engagement -----------------------------------------------------------------------------------------------

ENGAGED = Routing(queues=TEAM.queues, engagement=Engagement(same_company="same_owner", within=120 * DAY))


def test_a_lead_of_a_company_that_somebody_works_with_goes_to_them() -> None:
    found = route(ENGAGED, BY_RULE, {}, held=Held("bob", START), at=START + 120 * DAY)
    assert (found.owner, found.queue, found.rule) == ("bob", None, "same_company")
    assert route(TEAM, BY_RULE, {}, held=Held("bob", START), at=START).rule == "everything"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"at": START + 121 * DAY}, "too long ago"),
        ({"away": {"bob"}}, "is away"),
        ({"not_to": {"bob"}}, "left it untouched"),
    ],
)
def test_who_worked_with_the_company_is_passed_over_with_a_reason(more: dict[str, Any], why: str) -> None:
    found = route(ENGAGED, rules(EVERYTHING), {}, held=Held("bob", START), **{"at": START, **more})
    assert (found.owner, found.rule) == ("ann", "everything")
    assert (found.tried[0].rule, why in found.tried[0].why) == ("same_company", True)


def fact(cls: type[f.Fact], days: float, lead: str = "L1", **values: Any) -> f.Fact:
    when = START + days * DAY
    return cls(**{"lead": lead, "occurred_at": when, "recorded_at": when, "handoff": f"h-{lead}", **values})


def held_after(*more: f.Fact) -> Held | None:
    facts = (fact(f.HandoffOffered, 0), fact(f.HandoffAssigned, 1, owner="ann"), *more)
    return working([LeadHistory.fold(facts)], {"L1": "company C1"}).get("company C1")


def test_who_works_with_a_company_follows_from_what_became_of_its_leads() -> None:
    talk = {"interaction": "i1", "nature": "person_to_person", "function": "sales"}
    called = f.Interacted(lead="L1", occurred_at=START + 5 * DAY, recorded_at=START + 5 * DAY, **talk)  # type: ignore[arg-type]  # texts
    assert held_after() == Held("ann", START + DAY)
    assert held_after(called) == Held("ann", START + 5 * DAY)
    assert held_after(fact(f.HandoffDecided, 2, decision="accept")) == Held("ann", START + 2 * DAY)
    assert held_after(fact(f.HandoffDecided, 2, decision="recycle")) == Held("ann", START + 2 * DAY)
    assert held_after(fact(f.HandoffDecided, 2, decision="reject")) is None
    assert held_after(fact(f.HandoffExpired, 2)) is None
    assert held_after(fact(f.HandoffReclaimed, 2, owner="ann", why="untouched")) is None


@given(st.permutations(["ann", "bob", "cy"]), st.lists(st.integers(0, 2), min_size=3, max_size=3))
def test_of_several_owners_the_one_who_worked_last_counts_in_any_order(order: list[str], days: list[int]) -> None:
    histories = [
        LeadHistory.fold([fact(f.HandoffOffered, 0, lead), fact(f.HandoffAssigned, day, lead, owner=lead)])
        for lead, day in zip(("ann", "bob", "cy"), days, strict=True)
    ]
    keys: dict[str, str | None] = dict.fromkeys(order, "company C1")
    shuffled = sorted(histories, key=lambda history: order.index(history.lead))
    assert working(shuffled, keys) == working(histories, keys)
    assert working(histories, {}) == {}


# -- turns and weights -------------------------------------------------------------------------------------------------

NAMES = ("ann", "bob", "cy", "dan", "eve")
AWAY = st.lists(st.frozensets(st.sampled_from(NAMES)), max_size=40)


def test_by_turn_it_is_one_after_the_other() -> None:
    assert deal(queue(ann=1, bob=1, cy=1), 7) == ["ann", "bob", "cy", "ann", "bob", "cy", "ann"]


def test_by_weight_the_bigger_share_is_spread_and_not_given_in_one_piece() -> None:
    assert deal(queue("weighted", ann=2, bob=1), 6) == ["ann", "bob", "ann"] * 2
    assert deal(queue("weighted", ann=200, bob=100), 6) == ["ann", "bob", "ann"] * 2
    assert deal(queue("weighted", ann=1, bob=0), 2) == ["ann", "ann"]


@given(AWAY)
def test_by_turn_nobody_who_is_always_there_gets_two_leads_more_than_another(away: list[frozenset[str]]) -> None:
    got = deal(queue(**dict.fromkeys(NAMES, 1)), len(away), away)
    always = [name for name in NAMES if not any(name in gone for gone in away)]
    for until in range(len(got) + 1):
        counts = [got[:until].count(name) for name in always]
        assert not counts or max(counts) - min(counts) <= 1


@given(st.sampled_from(["round_robin", "weighted"]), AWAY)
def test_nobody_who_is_away_ever_gets_a_lead(how: str, away: list[frozenset[str]]) -> None:
    got = deal(queue(how, **dict.fromkeys(NAMES, 2)), len(away), away)
    assert not any(owner in gone for owner, gone in zip(got, away, strict=True))
    assert [owner is None for owner in got] == [gone == set(NAMES) for gone in away]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.integers(0, 150))
def test_by_weight_nobody_is_ever_a_whole_lead_from_their_exact_share(weights: list[int], count: int) -> None:
    members = dict(zip(NAMES, weights, strict=False))
    got = deal(queue("weighted", **members), count)
    for until in range(count + 1):
        given_so_far = Counter(got[:until])
        for name, weight in members.items():
            assert abs(given_so_far[name] - Fraction(weight * until, sum(weights))) < 1


def test_who_comes_back_from_a_long_absence_is_not_flooded() -> None:
    gone = [frozenset({"cy"})] * 30
    for how in ("round_robin", "weighted"):
        got = deal(queue(how, ann=1, bob=1, cy=1), 36, gone)
        assert Counter(got[30:])["cy"] == 2


# -- facts and replay --------------------------------------------------------------------------------------------------


def test_taking_a_route_is_told_as_facts_that_name_the_rule() -> None:
    found = route(TEAM, rules(EVERYTHING), {}).of(offer(), START)
    routed, assigned = found.facts
    assert isinstance(routed, f.HandoffRouted)
    assert isinstance(assigned, f.HandoffAssigned)
    assert (routed.queue, routed.rule, assigned.owner, assigned.rule) == ("q", "everything", "ann", "everything")
    assert {each.actor for each in found.facts} == {"leadbridge"}
    assert offer().after(found.facts).state == "assigned"
    with pytest.raises(IllegalMove, match="answered already"):
        _ = found.of(offer(state="decided", decision="accept"), START).facts


def test_a_lead_that_stays_where_it_is_brings_no_facts() -> None:
    waits = route(Routing(queues=(queue("pick"),)), rules(EVERYTHING), {}, waiting="q")
    assert waits.of(offer(queue="q", state="routed"), START).facts == ()
    assert len(waits.of(offer(), START).facts) == 1
    assert waits.facts == ()


def test_what_was_picked_or_passed_on_is_nobodys_turn() -> None:
    dealt_to_ann = route(TEAM, rules(EVERYTHING), {}).of(offer(), START).facts
    passed_on = offer().after(dealt_to_ann).assign("bob", at=START + DAY)
    picked = offer("L2").assign("cy", at=START)
    named = offer("L3").assign("ann", rule="key_account", at=START)
    assert Dealt.of([*dealt_to_ann, *passed_on, *picked, *named]) == Dealt({"q": ("ann",)})
    assert Dealt.of(dealt_to_ann).count("q", "ann") == 1


@given(st.integers(0, 12), st.integers(0, 3), AWAY)
def test_the_same_facts_give_the_same_route_and_replay_what_was_dealt(
    count: int, batch: int, away: list[frozenset[str]]
) -> None:
    team = Routing(queues=(queue("weighted", ann=3, bob=2, cy=1),))
    told: list[f.Fact] = []
    dealt, found = Dealt(), list[Route]()
    for number in range(count):
        at = START + (number // (batch + 1)) * DAY
        gone = away[number] if number < len(away) else frozenset[str]()
        each = route(team, rules(EVERYTHING), {}, dealt=Dealt.of(told), away=gone).of(offer(f"L{99 - number}"), at)
        told += each.facts
        dealt = dealt.after(each)
        found.append(each)
        assert each.rule
        assert each.why
    assert Dealt.of(told) == dealt
    for number, each in enumerate(found):
        before = Dealt.of([fact for earlier in found[:number] for fact in earlier.facts])
        gone = away[number] if number < len(away) else frozenset[str]()
        assert route(team, rules(EVERYTHING), {}, dealt=before, away=gone).owner == each.owner


def test_facts_that_come_in_another_order_tell_the_same_when_their_times_differ() -> None:
    found = [
        route(TEAM, rules(EVERYTHING), {}, dealt=Dealt({"q": ("ann",) * (n % 2)})).of(offer(f"L{n}"), START + n * DAY)
        for n in range(6)
    ]
    told = [fact for each in found for fact in each.facts]
    # The two facts of one route happen at the same instant: routed, then assigned.
    pairs = [told[n : n + 2] for n in range(0, len(told), 2)]
    random.Random(7).shuffle(pairs)
    assert Dealt.of([fact for pair in pairs for fact in pair]) == Dealt.of(told)


def test_a_route_shows_ids_and_codes_only() -> None:
    values = {"company.domain": "secret-buyer.example", "lead.email": "ada@secret-buyer.example", "lead.country": "DE"}
    found = route(TEAM, BY_RULE, values).of(offer(), START)
    assert "secret-buyer" not in f"{found!r} {found} {found.facts!r}"


# -- taking back -------------------------------------------------------------------------------------------------------


def test_a_lead_that_is_recalled_waits_in_its_queue_without_an_owner() -> None:
    assigned = offer(state="assigned", owner="ann", queue="q")
    (taken,) = assigned.recall(at=START)
    assert isinstance(taken, f.HandoffReclaimed)
    assert (taken.owner, taken.why, taken.queue) == ("ann", "recalled", "q")
    after = assigned.after([taken])
    assert (after.state, after.owner, after.queue) == ("routed", None, "q")
    assert assigned.after(assigned.recall("pool", at=START)).queue == "pool"
    with pytest.raises(IllegalMove, match="nobody has this offer"):
        after.recall(at=START)
    with pytest.raises(IllegalMove, match="answered already"):
        offer(state="decided", decision="accept", owner="ann").recall(at=START)


def test_taking_back_an_accepted_lead_leaves_the_answer_given() -> None:
    accepted = offer(state="decided", decision="accept", owner="ann")
    after = accepted.after([fact(f.HandoffReclaimed, 3, owner="ann", why="owner_left", queue="q")])
    assert (after.state, after.decision, after.owner, after.queue) == ("decided", "accept", None, "q")
