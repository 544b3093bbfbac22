"""What if, with another roster or other rules: hand-offs dealt again, and the clocks of who would have had them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.agreement import Agreement, Agreements
from leadbridge.agreement.redeal import deals_alike, redeal
from leadbridge.agreement.route import routes
from leadbridge.analytics import Comparison, Redeal, what_if
from leadbridge.analytics.flatten import histories
from leadbridge.domain import facts as f
from leadbridge.domain.lead import Lead
from leadbridge.errors import AgreementError, ConfigError
from tests.analytics import stories
from tests.analytics.stories import NOW, START, Story, fact

TERMS = """
agreement: Desk
version: 1
effective: 2026-01-01
calendars: {office: {hours: {mon-fri: ["09:00-17:00"]}}}
people: {ann: {zone: Europe/London}, bob: {zone: America/New_York}}
routing:
  queues:
    - {id: emea, deal: round_robin, members: [ann, bob]}
    - {id: pool, label: Whoever picks}
  rules:
    - {id: germany, when: "lead.country = 'DE'", queue: emea}
    - {id: acme, when: "company.domain = 'acme.example'", owner: kay}
slas:
  - id: sales
    calendar: office
    zone_of: assignee
    targets:
      - {id: touch, starts: assigned, stops: touched, within: 2 business hours}
"""
AGREED = Agreement.loads(TERMS)
ONLY_BOB = AGREED.with_roster({"emea": ["bob"]})
ONLY_ANN = AGREED.with_roster({"emea": ["ann"]})

quick = settings(max_examples=60, deadline=None)


def one(name: str, owner: str = "", *, at: float = 1, touched: float | None = 6) -> Story:
    """A lead that was offered and assigned at once, and touched five hours later."""
    story = [fact(f.LeadCaptured, name, 0, source="web"), fact(f.HandoffOffered, name, at, handoff=f"{name}-1")]
    if owner:
        story.append(fact(f.HandoffAssigned, name, at, handoff=f"{name}-1", owner=owner))
    if touched is not None:
        call = {"interaction": f"{name}-call", "nature": "person_to_person", "function": "sales"}
        story.append(fact(f.Interacted, name, touched, **call))
    return story


def leads(*names: str, **fields: object) -> dict[str, Lead]:
    return {name: Lead.from_fields(name, {"country": "DE"} | fields) for name in names}


FOUR = ("L1", "L2", "L3", "L4")
STORY = [told for name, owner in zip(FOUR, ("ann", "bob", "ann", "bob"), strict=True) for told in one(name, owner)]
"""Offered at 10:00 in London, where ann has until 12:00; bob in New York begins at 14:00 and has until 16:00. All four
were touched at 15:00: too late for ann, in time for bob."""


def compare(
    after: Agreement | Agreements,
    story: Story = STORY,
    *,
    before: Agreement | Agreements = AGREED,
    of: Mapping[str, Lead] | None = None,
    **more: Any,
) -> Comparison:
    known = leads(*FOUR) if of is None else of
    return what_if(histories(story, NOW), before=before, after=after, at=NOW, leads=known, **more)


def dealt(compared: Comparison) -> Redeal:
    assert compared.dealt is not None
    return compared.dealt


def owners(compared: Comparison) -> list[str | None]:
    return [each.after.owner for each in dealt(compared).items]


def test_another_roster_gives_the_leads_to_others_and_counts_in_their_zones() -> None:
    compared = compare(ONLY_BOB)
    (touch,) = compared.rows
    assert (touch["before"], touch["after"], touch["difference"]) == (0.5, 1.0, 0.5)
    assert (touch["gained"], touch["lost"], touch["at_least"]) == (2, 0, 1.0)
    assert compared.leads == ("L1", "L3")
    assert compared.owners() == {"bob": {"affected": 2, "gained": 2, "lost": 0}}
    found = dealt(compared)
    assert (len(found), found.changed_hands, found.reproduced) == (4, 2, 1.0)
    assert found.owners() == {
        "bob": {"recorded": 2, "before": 2, "after": 4, "gained": 2, "lost": 0},
        "ann": {"recorded": 2, "before": 2, "after": 0, "gained": 0, "lost": 2},
    }
    assert found.queues() == {"emea": {"before": 4, "after": 4}}
    assert found.rules() == {"germany": {"before": 4, "after": 4}}
    assert found.left_alone == frozenset()
    late = compare(ONLY_ANN)
    assert [(row["after"], row["lost"]) for row in late.rows] == [(0.0, 2)]


def test_weights_turns_and_people_who_are_away_decide_who_gets_how_many() -> None:
    queues = [{"id": "emea", "deal": "weighted", "members": [{"id": "ann", "weight": 3}, "bob"]}]
    weighted = compare(AGREED.with_routing(queues=queues, rules=[{"id": "all", "queue": "emea"}]))
    assert dealt(weighted).owners()["ann"]["after"] == 3
    monday = {"from": "2026-03-02", "to": "2026-03-02"}
    bob_off = AGREED.with_roster(people={"bob": {"zone": "America/New_York", "away": [monday]}})
    assert owners(compare(bob_off)) == ["ann"] * 4
    story = [*one("L1", "ann"), *one("L2", "bob", at=25)]
    assert owners(compare(bob_off, story)) == ["ann", "bob"], "on Tuesday he is back, and his turn comes first"


def test_a_day_off_where_the_promise_stands_still_is_that_of_whoever_would_have_had_the_lead() -> None:
    paused = AGREED.with_target("sales.touch", paused_while="owner_away")
    tuesday = {"from": "2026-03-03", "to": "2026-03-03"}
    roster = {"cy": {"zone": "Europe/London", "away": [tuesday]}}
    # Assigned on Monday at 16:00: ann has until Tuesday 10:00, cy until Wednesday 10:00. Touched on Tuesday at 12:00.
    story = one("L1", "ann", at=7, touched=27)
    compared = compare(paused.with_roster({"emea": ["cy"]}, people=roster), story, before=paused)
    assert [(row["before"], row["after"]) for row in compared.rows] == [(0.0, 1.0)]


def test_hand_offs_that_nobody_would_get_are_named_and_bound_the_attainment_from_below() -> None:
    picked = AGREED.with_routing(rules=[{"id": "all", "queue": "pool"}])
    compared = compare(picked)
    (touch,) = compared.rows
    assert (touch["before"], touch["after"], touch["at_least"]) == (0.5, 0.5, 0.0)
    found = dealt(compared)
    assert found.left_alone == {f"{name}-1" for name in FOUR}
    assert found.nobody == {"waiting": (0, 4), "nowhere": (0, 0)}
    assert found.owners()[""] == {"recorded": 0, "before": 0, "after": 4, "gained": 4, "lost": 0}
    assert "at least 0.0%" in str(compared)
    none = dealt(compare(AGREED.with_routing(rules=[{"id": "fr", "when": "lead.country = 'FR'", "queue": "emea"}])))
    assert none.nobody == {"waiting": (0, 0), "nowhere": (0, 4)}
    assert none.rules() == {"": {"before": 0, "after": 4}, "germany": {"before": 4, "after": 0}}
    assert none.queues()[""] == {"before": 0, "after": 4}


def test_another_order_of_rules_sends_a_lead_elsewhere() -> None:
    first, second = AGREED.routing.rules
    known = {**leads("L1", "L2", "L3"), **leads("L4", website="acme.example")}
    compared = compare(AGREED.with_routing(rules=[second, first]), of=known)
    assert owners(compared) == ["ann", "bob", "ann", "kay"]
    assert compared.leads == ("L4",)
    assert dealt(compared).rules()["acme"] == {"before": 0, "after": 1}


def test_rules_of_engagement_follow_who_would_have_had_the_leads_of_a_company_by_then() -> None:
    together = AGREED.with_routing(engagement={"same_company": "same_owner"})
    known = {**leads("L1", "L2", email="ada@buyer.example"), **leads("L3", "L4")}
    story = [told for hour, name in enumerate(FOUR, start=1) for told in one(name, "ann", at=hour, touched=None)]
    assert owners(compare(together, story, of=known)) == ["ann", "ann", "bob", "ann"]
    refused = fact(f.HandoffDecided, "L1", 1.5, handoff="L1-1", decision="reject", reason="wrong_industry")
    assert owners(compare(together, [*story, refused], of=known))[:2] == ["ann", "bob"]
    later = fact(f.HandoffDecided, "L1", 2.5, handoff="L1-1", decision="reject", reason="wrong_industry")
    assert owners(compare(together, [*story, later], of=known))[:2] == ["ann", "ann"], "nobody knew it yet"
    gone = fact(f.HandoffReclaimed, "L1", 1.5, handoff="L1-1", owner="ann", why="untouched", queue="pool")
    assert owners(compare(together, [*story, gone], of=known))[:2] == ["ann", "bob"]
    bobs = together.with_roster({"emea": ["bob", "ann"]})
    assert owners(compare(bobs, story, of=known)) == ["bob", "bob", "ann", "bob"]


def test_what_was_picked_passed_on_or_taken_back_stays_as_recorded() -> None:
    passed = [*one("L1", "ann"), fact(f.HandoffAssigned, "L1", 2, handoff="L1-1", owner="cy")]
    compared = compare(ONLY_BOB, passed)
    assert (dealt(compared).changed_hands, compared.leads) == (1, ("L1",))
    taken = fact(f.HandoffReclaimed, "L1", 2, handoff="L1-1", owner="ann", why="untouched", queue="emea")
    back = fact(f.HandoffAssigned, "L1", 3, handoff="L1-1", owner="ann")
    for story in ([*one("L1", "ann"), taken, back], passed):
        with_bob = compare(ONLY_BOB, story)
        recorded = story[-1]
        assert isinstance(recorded, f.HandoffAssigned)
        assert with_bob.to_dict()["dealt"]["owners"]["bob"]["after"] == 1
        holders = {row["owner"] for row in with_bob.affected()}
        assert "ann" not in holders or recorded.owner == "ann"
    by_hand = compare(ONLY_BOB, [*one("L1", "dan"), *one("L2", "dan")])
    assert dealt(by_hand).reproduced == 0.0
    assert dealt(by_hand).owners()["dan"] == {"recorded": 2, "before": 0, "after": 0, "gained": 0, "lost": 0}
    to_bob = [*one("L1", "ann"), fact(f.HandoffAssigned, "L1", 2, handoff="L1-1", owner="bob")]
    (touch,) = compare(ONLY_BOB, to_bob).rows
    assert (touch["counted_before"], touch["counted_after"]) == (1, 1), "the transfer falls away"


def test_a_lead_that_nobody_ever_had_is_dealt_and_its_clock_never_starts() -> None:
    compared = compare(ONLY_BOB, one("L1", touched=None))
    assert dealt(compared).reproduced is None
    assert [row["recorded"] for row in dealt(compared).rows] == [None]
    assert [(row["counted_before"], row["counted_after"]) for row in compared.rows] == [(0, 0)]


def test_versions_deal_each_hand_off_by_the_one_of_its_day() -> None:
    text = TERMS.replace("version: 1", "version: 2").replace("2026-01-01", "2026-03-03")
    both = Agreements(
        [ONLY_ANN.model_copy(update={"version": 1}), Agreement.loads(text.replace("[ann, bob]", "[bob]"))]
    )
    story = [*one("L1", "ann"), *one("L2", "bob", at=25)]
    compared = compare(ONLY_ANN, story, before=both)
    assert [each.before.owner for each in dealt(compared).items] == ["ann", "bob"]
    assert compared.leads == ("L2",)
    assert not deals_alike(both, ONLY_ANN)
    assert deals_alike(both, both)


def test_where_nothing_deals_otherwise_nothing_is_dealt_again() -> None:
    assert compare(AGREED).dealt is None
    sooner = compare(AGREED.with_target("sales.touch", within="1h"))
    assert (sooner.dealt, sooner.notes, sooner.to_dict()["dealt"]) == (None, (), None)


def test_a_policy_may_have_other_rules() -> None:
    team = AGREED.with_policy("sales", zone_of="team")
    (touch,) = compare(team).rows
    assert (touch["before"], touch["after"], touch["lost"]) == (0.5, 0.0, 2), "in UTC bob has until 12:00, too"
    compared = compare(team.with_roster({"emea": ["bob"]}), before=team)
    assert [row["difference"] for row in compared.rows] == [0.0]
    assert "No promise counts in the zone or the days off" in compared.notes[0]
    of = {**leads(*FOUR), **leads("L4", country="FR")}
    abroad = compare(AGREED.with_policy("sales", when="lead.country = 'FR'"), of=of)
    assert [(row["counted_before"], row["counted_after"], row["leads"]) for row in abroad.rows] == [(4, 1, 3)]
    graced = compare(AGREED.with_target("sales.touch", grace="3 business hours"))
    assert [row["gained"] for row in graced.rows] == [2]


def test_a_snapshot_compares_any_two_agreements_and_says_that_it_deals_nothing_again() -> None:
    plain = AGREED.with_policy("sales", zone_of="team")
    with stories.take(STORY) as snapshot:
        other = snapshot.what_if(plain, plain.with_target("sales.touch", within="5h"))
        assert [row["gained"] for row in other.rows] == [4]
        assert other.notes == ()
        roster = snapshot.what_if(plain, plain.with_roster({"emea": ["bob"]}))
        assert "tables cannot deal leads again" in roster.notes[0]


def test_a_comparison_is_shown_and_handed_on() -> None:
    compared = compare(ONLY_BOB)
    page = compared._repr_html_()
    assert "By person" in page
    assert "2 of 4 hand-offs change hands" in page
    assert "2 of 4 hand-offs change hands" in str(compared)
    frame = compared.to_pandas()
    assert list(frame["after"]) == [1.0]
    assert compared.to_polars()["gained"].to_list() == [2]
    assert list(dealt(compared).to_pandas()["owner_after"]) == ["bob"] * 4
    assert dealt(compared).to_polars()["affected"].to_list() == [True, False, True, False]
    assert repr(dealt(compared)) == "<Redeal of 4 hand-offs: 2 change hands>"
    document = compared.to_dict()
    assert [row["lead_id"] for row in document["dealt"]["affected"]] == ["L1", "L3"]
    nothing = compare(ONLY_BOB, [])
    assert (len(dealt(nothing)), nothing.rows) == (0, ())
    assert "By person" in nothing._repr_html_()


def test_a_draft_roster_is_checked_and_leaves_the_agreement_as_it_is() -> None:
    assert (ONLY_BOB.version, ONLY_BOB.signed) == (2, False)
    assert [member.id for member in AGREED.routing.queues[0].members] == ["ann", "bob"]
    assert [member.id for member in ONLY_BOB.routing.queues[0].members] == ["bob"]
    assert AGREED.with_roster(people={"cy": {"zone": "Asia/Tokyo"}}).people.keys() == {"ann", "bob", "cy"}
    with pytest.raises(ConfigError, match="no queue is called 'emae'"):
        AGREED.with_roster({"emae": ["bob"]})
    with pytest.raises(ConfigError, match="no policy is called"):
        AGREED.with_policy("sale", zone_of="team")
    with pytest.raises(AgreementError, match="unknown time zone"):
        AGREED.with_roster(people={"cy": {"zone": "Mars/Olympus"}})
    with pytest.raises(AgreementError):
        AGREED.with_routing(rules=[{"id": "all", "queue": "nowhere"}])
    with pytest.raises(AgreementError):
        AGREED.with_roster({"emea": [{"id": "ann", "weight": -1}]})


moments = st.lists(st.integers(0, 400), min_size=1, max_size=25)
countries = st.sampled_from(["DE", "FR", None])
rosters = st.lists(st.sampled_from(["ann", "bob", "cy", "dan"]), min_size=1, unique=True)


@st.composite
def histories_of_offers(draw: st.DrawFn) -> tuple[Story, dict[str, Lead]]:
    story: Story = []
    known: dict[str, Lead] = {}
    for number, hour in enumerate(draw(moments)):
        name = f"L{number:02}"
        story += one(name, draw(st.sampled_from(["", "ann", "bob"])), at=hour, touched=None)
        country = draw(countries)
        known[name] = Lead.from_fields(name, {} if country is None else {"country": country})
    return story, known


@quick
@given(histories_of_offers(), rosters)
def test_every_hand_off_stands_once_on_each_side_and_the_same_roster_changes_nothing(
    told: tuple[Story, dict[str, Lead]], roster: list[str]
) -> None:
    story, known = told
    other = AGREED.with_roster({"emea": roster})
    items = redeal(histories(story, NOW), before=AGREED, after=other, leads=known, at=NOW)
    found = Redeal(items)
    offers = sum(isinstance(fact, f.HandoffOffered) for fact in story)
    for counted in (found.owners(), found.queues(), found.rules()):
        assert sum(line["before"] for line in counted.values()) == offers
        assert sum(line["after"] for line in counted.values()) == offers
    assert sum(line["gained"] - line["lost"] for line in found.owners().values()) == 0
    assert {each.after.owner for each in items} <= {*roster, None}
    same = redeal(histories(story, NOW), before=other, after=other, leads=known, at=NOW)
    assert not Redeal(same).affected


@quick
@given(histories_of_offers(), st.sampled_from(["ann", "bob", "cy"]))
def test_a_roster_of_one_person_gives_that_person_everything_that_reaches_the_queue(
    told: tuple[Story, dict[str, Lead]], alone: str
) -> None:
    story, known = told
    after = AGREED.with_roster({"emea": [alone]})
    found = Redeal(redeal(histories(story, NOW), before=AGREED, after=after, leads=known, at=NOW))
    german = sum(lead.country == "DE" for lead in known.values())
    assert found.owners().get(alone, {"after": 0})["after"] == german
    assert found.nobody["nowhere"] == (len(known) - german,) * 2


@quick
@given(histories_of_offers(), st.integers(0, 400))
def test_what_comes_later_changes_nothing_about_what_was_dealt_before(
    told: tuple[Story, dict[str, Lead]], hour: int
) -> None:
    story, known = told
    then = START + timedelta(hours=hour)
    whole = redeal(histories(story, NOW), before=AGREED, after=ONLY_BOB, leads=known, at=NOW)
    part = redeal(histories(story, NOW), before=AGREED, after=ONLY_BOB, leads=known, at=then)
    assert part == whole[: len(part)]
    assert all(each.at > then for each in whole[len(part) :])


@quick
@given(histories_of_offers())
def test_offers_that_nobody_had_are_dealt_as_they_would_be_today(told: tuple[Story, dict[str, Lead]]) -> None:
    story = [fact for fact in told[0] if not isinstance(fact, f.HandoffAssigned)]
    known = list(histories(story, NOW))
    today = routes(known, agreement=AGREED, leads=told[1], facts=story, at=NOW)
    again = redeal(known, before=AGREED, after=AGREED, leads=told[1], at=NOW)
    assert [(each.handoff, each.owner, each.queue, each.rule) for each in today] == [
        (each.handoff, each.before.owner, each.before.queue, each.before.rule) for each in again
    ]
