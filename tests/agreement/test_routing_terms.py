"""Routing as it is written in an agreement: what is refused, where leads go, and how they are taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadbridge.agreement import Agreement, offer
from leadbridge.agreement.reclaim import leave, reclaims
from leadbridge.agreement.route import Router, route, routes
from leadbridge.clock import ManualClock
from leadbridge.domain import facts as f
from leadbridge.domain.company import Company
from leadbridge.domain.handoff.dealing import Held
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.interaction import Interaction
from leadbridge.domain.lead import Lead
from leadbridge.domain.sla.clocks import clocks
from leadbridge.errors import AgreementError

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
HEAD = "agreement: Test\nversion: 4\neffective: 2026-01-01\n"
QUEUES = "routing:\n  queues:\n    - {id: q, deal: round_robin, members: [ann, bob]}\n    - pool\n"
TERMS = f"""{HEAD}
target_market:
  shared_domains: [portal.example]
  roles: [{{id: finance, titles: [CFO]}}]
routing:
  queues:
    - {{id: emea, deal: round_robin, members: [ann, bob, {{id: cy, away: true}}]}}
    - {{id: rest, deal: weighted, members: [{{id: dan, weight: 2}}, eve]}}
    - pool
  rules:
    - {{id: acme, when: "company.domain = 'acme.example'", kind: named_account, owner: kay}}
    - {{id: money, when: "target.role = 'finance'", owner: fin}}
    - {{id: emea, when: "lead.country in ('DE', 'GB')", kind: territory, queue: emea}}
    - {{id: keen, when: last_30d.content >= 2, queue: rest}}
    - {{id: others, kind: default, queue: pool}}
  engagement: {{same_company: same_owner, within: 120 days}}
  reclaim: {{after: 7 days, to: pool}}
  owner_leaves:
    - {{stage: marketing_qualified, queue: emea}}
    - {{stage: sales_accepted, recycle: no_response}}
    - {{stage: sales_qualified, queue: pool}}
slas:
  - id: sales
    on_transfer: restart
    targets:
      - {{id: touch, starts: assigned, stops: touched, within: 4 hours}}
"""
AGREED = Agreement.loads(TERMS)


def lead(id: str = "L1", **fields: Any) -> Lead:
    return Lead.from_fields(id, {"title": "CEO", "website": "buyer.example", **fields})


def read(id: str, days: float) -> Interaction:
    return Interaction(id=id, at=START - days * DAY, nature="content")


# -- checked when it is loaded -----------------------------------------------------------------------------------------

BROKEN = [
    (QUEUES + "    - {id: q}\n", 8, "queue q is listed twice", "rename"),
    ("routing:\n  queues:\n    - {id: a, function: support}\n", 6, "unknown function support", "marketing, sales"),
    ("routing:\n  queues:\n    - {id: a, deal: round_robin}\n", 6, "nobody is in queue a", "add members"),
    ("routing:\n  queues:\n    - {id: a, deal: weighted}\n", 6, "nobody is in queue a", "deal: pick"),
    ("routing:\n  queues:\n    - {id: a, members: [ann, ann]}\n", 6, "member ann is listed twice", "remove one"),
    (
        "routing:\n  queues:\n    - id: a\n      deal: weighted\n      members: [{id: ann, weight: 0}]\n",
        8,
        "every member of queue a has weight 0",
        "a weight of 1",
    ),
    ("routing:\n  queues:\n    - {id: a, members: [{id: ann, weight: -1}]}\n", 6, "weight", ""),
    (QUEUES + "  rules:\n    - {id: r, queue: qq}\n", 9, "unknown queue qq", "did you mean q?"),
    (QUEUES + "  rules:\n    - {id: r}\n", 9, "rule r leads nowhere", "add queue: or owner:"),
    (QUEUES + "  rules:\n    - {id: r, queue: q, owner: ann}\n", 9, "both a queue and an owner", "keep one"),
    (
        QUEUES + "  rules:\n    - {id: r, when: company.employes > 5, queue: q}\n",
        9,
        "unknown field company.employes",
        "did you mean company.employees?",
    ),
    (
        QUEUES + "  rules:\n    - {id: r, when: \"stage = 'engagd'\", queue: q}\n",
        9,
        "never 'engagd'",
        "did you mean engaged?",
    ),
    (QUEUES + "  rules:\n    - {id: same_company, queue: q}\n", 9, "calls a route of its own", "rename"),
    (
        QUEUES + "  rules:\n    - {id: r, when: score > 1, queue: q}\n    - {id: r, queue: pool}\n",
        10,
        "rule r is listed twice",
        "rename",
    ),
    (
        QUEUES + "  rules:\n    - {id: all, queue: q}\n    - {id: late, when: score > 5, owner: ann}\n",
        10,
        "rule late can never decide: all before it always does",
        "move it up",
    ),
    (
        QUEUES + "  rules:\n    - {id: all, when: 'true', queue: q}\n    - {id: late, queue: pool}\n",
        10,
        "rule late can never decide",
        "when",
    ),
    (QUEUES + "  reclaim: {after: 7 days, to: pol}\n", 8, "unknown queue pol", "did you mean pool?"),
    (QUEUES + "  reclaim: {after: soon, to: pool}\n", 8, "no length of time", "90 days"),
    (QUEUES + "  owner_leaves:\n    - {stage: won}\n", 9, "leads in won is not said", "queue: or recycle:"),
    (
        QUEUES + "  owner_leaves:\n    - {stage: won, queue: q, recycle: no_budget}\n",
        9,
        "leads in won is said twice",
        "either",
    ),
    (QUEUES + "  owner_leaves:\n    - {stage: wonn, queue: q}\n", 9, "unknown stage wonn", "did you mean won?"),
    (QUEUES + "  owner_leaves:\n    - {stage: won, queue: qq}\n", 9, "unknown queue qq", "did you mean q?"),
    (
        QUEUES + "  owner_leaves:\n    - {stage: won, recycle: no_reply}\n",
        9,
        "unknown reason no_reply",
        "did you mean no_response?",
    ),
    (
        QUEUES + "  owner_leaves:\n    - {stage: won, recycle: duplicate}\n",
        9,
        "duplicate does not explain recycling",
        "no_response",
    ),
    (QUEUES + "  owner_leaves:\n    - {stage: won, recycle: other}\n", 9, "other needs a note", "no_response"),
    (
        QUEUES + "  owner_leaves:\n    - {stage: won, queue: q}\n    - {stage: won, queue: q}\n",
        10,
        "stage won is listed twice",
        "rename or remove",
    ),
]


@pytest.mark.parametrize(("body", "line", "said", "remedy"), BROKEN, ids=[f"{b[2]}-{n}" for n, b in enumerate(BROKEN)])
def test_what_does_not_fit_together_is_refused_with_its_line_and_the_way_out(
    body: str, line: int, said: str, remedy: str
) -> None:
    with pytest.raises(AgreementError) as caught:
        Agreement.loads(HEAD + body)
    found = [problem for problem in caught.value.problems if said in str(problem)]
    assert found, str(caught.value)
    assert (found[0].line, remedy in found[0].remedy) == (line, True), found


def test_a_rule_after_an_owner_or_for_another_function_can_still_decide() -> None:
    Agreement.loads(f"{HEAD}{QUEUES}  rules:\n    - {{id: ann, owner: ann}}\n    - {{id: others, queue: q}}\n")
    Agreement.loads(
        f"{HEAD}routing:\n  queues:\n    - {{id: m, function: marketing}}\n    - s\n"
        "  rules:\n    - {id: back, queue: m}\n    - {id: on, queue: s}\n"
    )


def test_a_queue_without_function_belongs_to_whoever_receives_leads_in_any_language() -> None:
    text = f"{HEAD}handoff: {{from: Marketing, to: Vertrieb}}\n{QUEUES}  rules:\n    - {{id: alle, queue: q}}\n"
    assert route(lead(), agreement=Agreement.loads(text), at=START).owner == "ann"


# -- where a lead goes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "rule", "goes_to"),
    [
        ({"website": "acme.example"}, "acme", "kay"),
        ({"title": "CFO"}, "money", "fin"),
        ({"country": "DE"}, "emea", "ann"),
        ({"country": "US"}, "others", None),
    ],
)
def test_rules_look_at_the_lead_its_company_and_the_target_market(
    fields: dict[str, str], rule: str, goes_to: str | None
) -> None:
    found = route(lead(**fields), agreement=AGREED, at=START)
    assert (found.rule, found.owner) == (rule, goes_to)


def test_rules_that_count_interactions_are_unknown_until_they_are_known() -> None:
    somebody = lead(country="US")
    assert route(somebody, agreement=AGREED, at=START).missing == ("target.role", "last_30d.content")
    touches = [read("i1", 1), read("i2", 2)]
    found = route(somebody, agreement=AGREED, interactions=touches, at=START)
    assert (found.rule, found.owner, found.missing) == ("keen", "dan", ("target.role",))
    assert Router(AGREED).route(somebody, interactions=touches, at=START) == found


def test_an_offer_is_routed_and_assigned_in_one_step() -> None:
    clock = ManualClock(START)
    handoff = offer(lead(country="DE"), agreement=AGREED, clock=clock)
    found = route(lead(country="DE"), agreement=AGREED, handoff=handoff, at=START)
    assert [type(fact).__name__ for fact in found.facts] == ["HandoffOffered", "HandoffRouted", "HandoffAssigned"]
    assert {fact.agreement for fact in found.facts} == {4}
    after = handoff.after(found.facts)
    assert (after.state, after.queue, after.owner) == ("assigned", "emea", "ann")
    assert str(found).startswith("to ann from queue emea")


def test_the_owner_of_the_company_gets_its_leads_before_any_rule() -> None:
    companies = [Company(id="C1", domain="buyer.example", owner="zoe"), Company(id="C2", name="Twin", country="DE")]
    found = route(lead(), agreement=AGREED, companies=companies, held=Held("bob", START), at=START)
    assert (found.owner, found.rule) == ("zoe", "same_company")
    assert route(lead(), agreement=AGREED, companies=companies, company="C2", at=START).rule == "others"


def test_a_company_that_is_unclear_is_said_and_the_rules_go_on() -> None:
    companies = [Company(id=id, domain="buyer.example", owner=id) for id in ("C1", "C2")]
    found = route(lead(country="DE"), agreement=AGREED, companies=companies, at=START)
    assert (found.owner, found.rule) == ("ann", "emea")
    assert (found.tried[0].rule, found.tried[0].outcome) == ("same_company", "unknown")
    assert "a person decides" in found.tried[0].why


# -- all open offers ---------------------------------------------------------------------------------------------------


def fact(cls: type[f.Fact], days: float, lead: str = "L1", **values: Any) -> f.Fact:
    when = START + days * DAY
    own = {} if cls in (f.StageEntered, f.StatusChanged, f.Interacted, f.CompanyMatched) else {"handoff": f"h-{lead}"}
    return cls(**{"lead": lead, "occurred_at": when, "recorded_at": when, **own, **values})


def world(*stories: list[f.Fact]) -> tuple[list[f.Fact], list[LeadHistory]]:
    return [fact for story in stories for fact in story], [LeadHistory.fold(story) for story in stories]


def offered(lead: str, days: float = 0) -> list[f.Fact]:
    return [fact(f.StageEntered, days, lead, stage="marketing_qualified"), fact(f.HandoffOffered, days, lead)]


def test_open_offers_are_dealt_out_the_oldest_first_as_if_those_before_were_taken() -> None:
    told, histories = world(*(offered(f"L{n}", -n) for n in range(4)))
    leads = {f"L{n}": lead(f"L{n}", country="DE", website=f"buyer{n}.example") for n in range(4)}
    found = routes(histories, agreement=AGREED, leads=leads, facts=told, at=START)
    assert [(each.lead, each.owner) for each in found] == [("L3", "ann"), ("L2", "bob"), ("L1", "ann"), ("L0", "bob")]
    told += [new for each in found for new in each.facts]
    again = [LeadHistory.fold([one for one in told if one.lead == id]) for id in leads]
    assert routes(again, agreement=AGREED, leads=leads, facts=told, at=START) == []
    assert routes(histories, agreement=AGREED, leads=leads, facts=told, at=START - 2.5 * DAY)[-1].lead == "L3"


def test_leads_of_one_company_stay_together_even_within_one_batch_and_without_a_company_on_record() -> None:
    told, histories = world(*(offered(f"L{n}", -n) for n in range(4)))
    leads = {f"L{n}": lead(f"L{n}", country="DE", website=f"buyer{n % 2}.example") for n in range(4)}
    found = routes(histories, agreement=AGREED, leads=leads, facts=told, at=START)
    assert [(each.owner, each.rule) for each in found] == [
        ("ann", "emea"),
        ("bob", "emea"),
        ("ann", "same_company"),
        ("bob", "same_company"),
    ]


def test_a_lead_that_comes_back_goes_to_its_old_owner_within_the_agreed_time() -> None:
    recycled = fact(f.HandoffDecided, 2, decision="recycle", reason="bad_timing")
    second = fact(f.HandoffOffered, 100, handoff="h-again")
    told, histories = world([*offered("L1"), fact(f.HandoffAssigned, 1, owner="bob"), recycled, second])
    leads = {"L1": lead(country="DE")}
    (soon,) = routes(histories, agreement=AGREED, leads=leads, facts=told, at=START + 101 * DAY)
    assert (soon.owner, soon.rule, soon.handoff) == ("bob", "same_company", "h-again")
    (late,) = routes(histories, agreement=AGREED, leads=leads, facts=told, at=START + 130 * DAY)
    assert (late.owner, late.rule) == ("ann", "emea")


def test_what_a_person_said_about_the_company_keeps_its_leads_together() -> None:
    same = [fact(f.CompanyMatched, 0, id, company="C1", how="person") for id in ("L1", "L2")]
    told, histories = world(
        [*offered("L1"), same[0], fact(f.HandoffAssigned, 1, owner="eve")], [*offered("L2"), same[1]]
    )
    leads = {"L1": lead("L1", website="one.example"), "L2": lead("L2", website="two.example")}
    (found,) = routes(histories, agreement=AGREED, leads=leads, facts=told, at=START + 2 * DAY)
    assert (found.owner, found.rule) == ("eve", "same_company")


# -- taking back -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "taken"),
    [
        ([], True),
        ([fact(f.StatusChanged, 2, status="attempting")], False),
        ([fact(f.StatusChanged, 0.5, status="new")], True),
        ([fact(f.Interacted, 2, interaction="i", nature="person_to_person", function="sales")], False),
        ([fact(f.Interacted, 2, interaction="i", nature="person_to_person", function="marketing")], True),
        ([fact(f.Interacted, 2, interaction="i", nature="content", function="sales")], True),
        ([fact(f.HandoffDecided, 2, decision="accept")], False),
        ([fact(f.HandoffAssigned, 2, owner="bob")], False),
        ([fact(f.HandoffReclaimed, 2, owner="ann", why="recalled", queue="pool")], False),
    ],
)
def test_an_offer_that_nobody_touched_goes_back_to_the_agreed_queue(more: list[f.Fact], taken: bool) -> None:
    _, histories = world([*offered("L1"), fact(f.HandoffAssigned, 1, owner="ann"), *more])
    assert reclaims(histories, agreement=AGREED, at=START + 7.9 * DAY) == ()
    found = reclaims(histories, agreement=AGREED, at=START + 8 * DAY)
    assert bool(found) is taken
    if found:
        (told,) = found
        assert isinstance(told, f.HandoffReclaimed)
        assert (told.owner, told.why, told.queue, told.agreement) == ("ann", "untouched", "pool", 4)


def test_an_agreement_without_reclaiming_takes_nothing_back() -> None:
    _, histories = world([*offered("L1"), fact(f.HandoffAssigned, 1, owner="ann")])
    assert reclaims(histories, agreement=Agreement.loads(HEAD + QUEUES), at=START + 99 * DAY) == ()


def test_what_was_taken_back_waits_in_its_queue_and_goes_to_somebody_else() -> None:
    story = [*offered("L1"), fact(f.HandoffAssigned, 1, owner="ann")]
    to_emea = Agreement.loads(TERMS.replace("to: pool", "to: emea"))
    story += reclaims([LeadHistory.fold(story)], agreement=to_emea, at=START + 8 * DAY)
    told, histories = world(story)
    trail = histories[0].handoffs[0]
    assert (trail.state, trail.owner, trail.queue) == ("routed", "", "emea")
    assert reclaims(histories, agreement=to_emea, at=START + 30 * DAY) == ()
    (found,) = routes(histories, agreement=to_emea, leads={"L1": lead()}, facts=told, at=START + 9 * DAY)
    assert (found.owner, found.queue, found.rule) == ("bob", "emea", "in_queue")
    (away,) = routes(histories, agreement=to_emea, leads={"L1": lead()}, facts=told, away={"bob"}, at=START + 9 * DAY)
    assert (away.owner, away.facts) == (None, ())


def test_after_a_reclaim_nobody_holds_the_promise_and_it_starts_anew_with_the_next_owner() -> None:
    story = [*offered("L1"), fact(f.HandoffAssigned, 1, owner="ann")]
    story += reclaims([LeadHistory.fold(story)], agreement=AGREED, at=START + 8 * DAY)
    now = START + 8.1 * DAY
    ann, nobody = clocks(LeadHistory.fold(story), AGREED.slas, {}, now)
    assert (ann.owner, ann.state, ann.stopped_at) == ("ann", "breached", START + 8 * DAY)
    assert (nobody.owner, nobody.state, nobody.started_at) == ("", "running", START + 8 * DAY)
    assert "held by" not in nobody.explain()
    later = [*story, fact(f.HandoffAssigned, 9, owner="bob")]
    *_, bob = clocks(LeadHistory.fold(later), AGREED.slas, {}, START + 9.1 * DAY)
    assert (bob.owner, bob.state, bob.started_at, bob.turn) == ("bob", "running", START + 9 * DAY, 3)


# -- somebody leaves ---------------------------------------------------------------------------------------------------


def test_the_leads_of_somebody_who_leaves_go_where_their_stage_says() -> None:
    accepted = fact(f.HandoffDecided, 2, "L2", decision="accept")
    entered = fact(f.StageEntered, 2, "L2", stage="sales_accepted")
    refused = fact(f.HandoffDecided, 2, "L3", decision="reject", reason="wrong_owner")
    won = fact(f.StageEntered, 5, "L4", stage="won")
    told, histories = world(
        [*offered("L1"), fact(f.HandoffAssigned, 1, "L1", owner="ann")],
        [*offered("L2"), fact(f.HandoffAssigned, 1, "L2", owner="ann"), accepted, entered],
        [*offered("L3"), fact(f.HandoffAssigned, 1, "L3", owner="ann"), refused],
        [*offered("L4"), fact(f.HandoffAssigned, 1, "L4", owner="ann"), won],
        [*offered("L5"), fact(f.HandoffAssigned, 1, "L5", owner="bob")],
    )
    left = leave("ann", histories, agreement=AGREED, at=START + 10 * DAY)
    assert (left.back, left.recycled, left.stay) == (("L1",), ("L2",), ("L4",))
    assert str(left) == "ann leaves. To a queue: 1, recycled: 1, without an agreed way: 1"
    told += left.facts
    after = {id: LeadHistory.fold([one for one in told if one.lead == id]) for id in ("L1", "L2")}
    assert after["L1"].handoffs[0].state == "routed"
    assert after["L1"].handoffs[0].queue == "emea"
    recycled = after["L2"].handoffs[0].answer
    assert recycled is not None
    assert (recycled.decision, recycled.reason) == ("recycle", "no_response")
    assert recycled.due_at == START + 10 * DAY + timedelta(days=90)
    assert (after["L2"].stage, after["L2"].handoffs[0].owner) == ("recycled", "")
    assert leave("ann", after.values(), agreement=AGREED, at=START + 11 * DAY).facts == ()


def test_an_accepted_lead_that_goes_to_a_queue_stays_accepted() -> None:
    accepted = fact(f.HandoffDecided, 2, decision="accept")
    qualified = fact(f.StageEntered, 3, stage="sales_qualified")
    story = [*offered("L1"), fact(f.HandoffAssigned, 1, owner="ann"), accepted, qualified]
    left = leave("ann", [LeadHistory.fold(story)], agreement=AGREED, at=START + 10 * DAY)
    trail = LeadHistory.fold([*story, *left.facts]).handoffs[0]
    assert (trail.state, trail.owner, trail.queue) == ("decided", "", "pool")
    assert left.back == ("L1",)
