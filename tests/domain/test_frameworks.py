"""Published frameworks as presets, and translating between any two of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.domain.lifecycle import DETOURS, SPINE, Detour, Entry, Lifecycle, Stage
from leadbridge.domain.lifecycle.crosswalks import Crosswalk, crosswalk
from leadbridge.domain.lifecycle.frameworks import ALL, FRAMEWORKS, framework
from leadbridge.errors import ConfigError

NAMES = sorted(FRAMEWORKS)

HUBSPOT_LEAD_STATUSES = {
    "New",
    "Open",
    "In progress",
    "Open deal",
    "Unqualified",
    "Attempted to contact",
    "Connected",
    "Bad timing",
}

PUBLISHED = {
    "demand_waterfall_2002": ["Inquiry", "Marketing qualified lead", "Sales accepted lead", "Sales qualified lead"],
    "demand_waterfall_2012": [
        "Inquiry",
        "Automation qualified lead",
        "Teleprospecting accepted lead",
        "Teleprospecting qualified lead",
        "Sales accepted lead",
        "Sales qualified lead",
    ],
    "demand_unit_waterfall_2017": ["Target demand", "Active demand"],
    "b2b_revenue_waterfall_2021": ["Target", "Detected", "Engaged", "Prioritized", "Qualified", "Pipeline", "Closed"],
    "hubspot": [
        "Subscriber",
        "Lead",
        "Marketing qualified lead",
        "Sales qualified lead",
        "Opportunity",
        "Customer",
        "Evangelist",
        "Other",
    ],
    "hubspot_leads": ["New", "Attempting", "Connected", "Qualified", "Disqualified"],
    "salesforce": ["Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"],
    "marketo": ["Anonymous", "New Names Review", "Prospect", "Lead", "Sales Lead", "Opportunity", "Customer"],
    "gitlab": ["Raw", "Inquiry", "MQL", "Accepted", "Qualifying", "Qualified"],
    "dynamics_365": ["New", "Contacted", "Qualified", "Lost", "Cannot Contact", "No Longer Interested", "Canceled"],
    "oracle_crm_on_demand": ["Qualifying", "Qualified", "Converted", "Rejected", "Archived"],
    "espocrm": ["New", "Assigned", "In Process", "Converted", "Recycled", "Dead"],
}
"""How each framework begins, in the words of its publisher."""


def walk(a: str, b: str) -> Crosswalk:
    return crosswalk(Lifecycle.preset(a), Lifecycle.preset(b))


def ranks(lifecycle: Lifecycle, stages: tuple[str, ...]) -> list[int]:
    return [rank for stage in stages if (rank := lifecycle.rank(stage)) is not None]


# -- frameworks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_framework_has_the_stages_of_its_publisher_in_their_order(name: str) -> None:
    labels = [stage.label for stage in Lifecycle.preset(name).stages]
    assert labels[: len(PUBLISHED[name])] == PUBLISHED[name]


def test_every_framework_is_a_preset_and_says_where_its_names_come_from() -> None:
    assert [each.id for each in ALL] == list(FRAMEWORKS)
    assert set(FRAMEWORKS) == {"spine", *PUBLISHED}
    for each in ALL:
        assert each.title
        assert each.source
        assert Lifecycle.preset(each.id) is each.lifecycle
        assert framework(each.id) is each


def test_an_unknown_framework_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match="did you mean gitlab"):
        framework("gitlap")


def test_names_that_were_not_seen_in_a_publication_are_marked() -> None:
    assert "target_demand" not in framework("demand_unit_waterfall_2017").unverified
    assert "active_demand" not in framework("demand_unit_waterfall_2017").unverified
    assert len(framework("demand_unit_waterfall_2017").unverified) == 5
    assert framework("b2b_revenue_waterfall_2021").unverified == Lifecycle.preset("b2b_revenue_waterfall_2021").ids
    assert framework("demand_waterfall_2012").unverified == ("recycled", "disqualified", "ineligible", "lost")
    marked = {each.id for each in ALL if each.unverified}
    assert marked == {"demand_unit_waterfall_2017", "b2b_revenue_waterfall_2021", "demand_waterfall_2012"}


@pytest.mark.parametrize("name", NAMES)
def test_a_success_path_goes_up_the_spine_and_detours_stand_off_it(name: str) -> None:
    lifecycle = Lifecycle.preset(name)
    on_path = [str(lifecycle.stage(stage).canonical) for stage in lifecycle.success_path]
    assert [SPINE.index(each) for each in on_path] == sorted(SPINE.index(each) for each in on_path)
    aside = {str(lifecycle.stage(stage).canonical) for stage in lifecycle.detours}
    # An evangelist has won already: HubSpot alone has a stage after the last one.
    assert aside <= {*DETOURS, *(["won"] if name == "hubspot" else [])}


@pytest.mark.parametrize("name", NAMES)
def test_every_detour_can_be_entered_from_the_path_and_returns_to_it(name: str) -> None:
    lifecycle = Lifecycle.preset(name)
    for detour, ways in lifecycle.detours.items():
        assert any(detour in lifecycle.allowed(stage) for stage in lifecycle.success_path)
        assert set(ways.returns) <= set(lifecycle.success_path)


def test_the_decisions_that_a_publisher_names_have_a_stage() -> None:
    recycled = {name for name in NAMES if FRAMEWORKS[name].find("recycled") in ("recycled", "recycle")}
    assert recycled == {"spine", "demand_waterfall_2012", "marketo", "gitlab", "espocrm"}
    rejected = {name for name in NAMES if FRAMEWORKS[name].find("rejected")}
    assert rejected == {"spine", "demand_waterfall_2012", "oracle_crm_on_demand"}
    assert {name for name in NAMES if FRAMEWORKS[name].find("ineligible")} == {
        "spine",
        "demand_waterfall_2012",
        "gitlab",
    }


def test_a_list_of_lead_statuses_is_no_lifecycle() -> None:
    for each in ALL:
        shared = {stage.label for stage in each.lifecycle.stages} & HUBSPOT_LEAD_STATUSES
        assert shared <= {"New", "Connected"}, "labels that two axes happen to share"
        assert len(shared) < len(each.lifecycle.success_path)
    for name in ("spine", "hubspot", "marketo", "gitlab", "demand_waterfall_2012"):
        assert not {stage.label for stage in Lifecycle.preset(name).stages} & HUBSPOT_LEAD_STATUSES


def test_the_three_qualified_leads_before_sales_are_one_mql_of_the_first_waterfall() -> None:
    for stage in ("aql", "tal", "tql"):
        row = walk("demand_waterfall_2012", "demand_waterfall_2002")[stage]
        assert (row.targets, row.how) == (("mql",), "merged")
    assert walk("demand_waterfall_2002", "demand_waterfall_2012")["mql"].targets == ("aql", "tal", "tql")
    assert walk("demand_waterfall_2002", "demand_waterfall_2012")["sql"].how == "exact"


# -- crosswalks: laws over all pairs -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_framework_in_its_own_words_loses_nothing(name: str) -> None:
    same = walk(name, name)
    assert same.lost == ()
    assert same.survives == 1
    assert all(row.how == "exact" for row in (*same.rows, *same.entries))


@pytest.mark.parametrize("a", NAMES)
def test_every_stage_gets_a_row_and_nothing_is_lost_in_silence(a: str) -> None:
    for b in NAMES:
        there = walk(a, b)
        assert tuple(row.stage for row in there.rows) == Lifecycle.preset(a).ids
        for row in (*there.rows, *there.entries):
            assert (row.how == "exact") == (not row.lost)
            assert (row.how == "none") == (not row.targets)
        assert len(there.lost) == sum(row.how != "exact" for row in (*there.rows, *there.entries))


@pytest.mark.parametrize("a", NAMES)
def test_what_is_exact_one_way_comes_back_exact(a: str) -> None:
    for b in NAMES:
        there, back = walk(a, b), walk(b, a)
        for row in there.rows:
            if row.how == "exact":
                (target,) = row.targets
                assert back[target].targets == (row.stage,)
                assert back[target].how == "exact"
                assert row.stage in there.kept


@pytest.mark.parametrize("a", NAMES)
def test_a_success_path_never_turns_around_in_translation(a: str) -> None:
    for b in NAMES:
        target, there = Lifecycle.preset(b), walk(a, b)
        reached = [
            found for stage in Lifecycle.preset(a).success_path if (found := ranks(target, there[stage].targets))
        ]
        assert [min(found) for found in reached] == sorted(min(found) for found in reached)
        assert [max(found) for found in reached] == sorted(max(found) for found in reached)


@pytest.mark.parametrize("a", NAMES)
def test_what_survives_a_round_trip_is_what_can_be_told_apart_there(a: str) -> None:
    for b in NAMES:
        there, back = walk(a, b), walk(b, a)
        for row in there.rows:
            trip = {again for target in row.targets for again in back[target].targets}
            assert (trip == {row.stage}) == (row.stage in there.kept)
        assert there.survives == len(there.kept) / len(there.rows)


# -- crosswalks: examples ----------------------------------------------------------------------------------------------


def test_a_crosswalk_says_how_each_stage_translates() -> None:
    there = walk("gitlab", "salesforce")
    assert there["mql"].how == "exact"
    assert there["accepted"].how == there["qualifying"].how == "merged"
    assert there["accepted"].lost == "accepted, qualifying become one"
    assert there["qualified"].targets == ("working_contacted",)
    assert "working_contacted is the nearest stage before it" in there["qualified"].lost
    assert there["recycle"].lost == "recycled is unknown there"
    assert "nothing" not in there["raw"].targets
    assert there["raw"].lost == "captured is unknown there, and so is all that comes before it"
    assert there.kept == ("mql", "disqualified")
    assert there.survives == pytest.approx(2 / 9)
    with pytest.raises(KeyError):
        there["nowhere"]


def test_the_nearest_stage_is_the_last_of_those_that_stand_before() -> None:
    assert walk("demand_unit_waterfall_2017", "hubspot_leads")["pipeline"].targets == ("qualified",)
    assert walk("spine", "espocrm")["sales_qualified"].targets == ("in_process",)
    assert walk("hubspot", "demand_waterfall_2012")["salesqualifiedlead"].targets == ("sal",)


def test_where_several_stages_stand_for_one_the_first_is_the_one_to_write() -> None:
    row = walk("spine", "hubspot")["won"]
    assert row.targets == ("customer", "evangelist")
    assert row.how == "split"
    assert row.lost == "won may be any of customer, evangelist"
    both = walk("espocrm", "demand_waterfall_2012")["new"]
    assert both.how == "split"
    assert both.lost == "new, assigned become one; it may be any of aql, tal, tql"


def test_ways_in_translate_too() -> None:
    assert [(row.stage, row.targets, row.how) for row in walk("demand_waterfall_2012", "spine").entries] == [
        ("tgl", (), "none"),
        ("sgl", ("sales",), "exact"),
    ]
    lost = walk("spine", "gitlab").lost
    assert "sales: leads of sales have no way in there: the stages before sales_accepted count as jumped over" in lost


def test_ways_in_at_other_stages_are_near_and_several_at_one_stage_cannot_be_told_apart() -> None:
    spine = Lifecycle.preset("spine")
    ours = [Stage(id="asked", spine="engaged"), Stage(id="agreed", spine="sales_accepted"), Stage(id="signed")]
    own = Lifecycle(
        stages=tuple(ours),
        success_path=("asked", "agreed", "signed"),
        entries={"partner": Entry(function="partner", at="agreed"), "visit": Entry(function="sales", at="agreed")},
    )
    partner, visit = crosswalk(own, spine).entries
    assert (partner.how, partner.lost) == ("nearest", "leads of partner enter at engaged there")
    assert (visit.how, visit.targets) == ("exact", ("sales",))


def test_an_agreements_own_stages_translate_as_far_as_they_stand_for_something() -> None:
    own = Lifecycle(
        stages=(Stage(id="見込み", spine="engaged"), Stage(id="Prüfung"), Stage(id="won"), Stage(id="Pause")),
        success_path=("見込み", "Prüfung", "won"),
        detours={"Pause": Detour()},
    )
    there = crosswalk(own, Lifecycle.preset("marketo"))
    assert there.source == "own stages"
    assert there["見込み"].targets == ("prospect",)
    assert there["Prüfung"].lost == "Prüfung stands for no stage of the spine"
    assert there.kept == ("見込み", "won")


def test_a_crosswalk_shows_itself_as_text_as_html_and_as_data() -> None:
    there = walk("hubspot", "salesforce")
    assert str(there).splitlines()[0] == "hubspot in the words of salesforce"
    assert "  salesqualifiedlead -> working_contacted (nearest: sales_qualified is unknown there;" in str(there)
    assert str(there).splitlines()[-1] == there.summary()
    assert there.summary().startswith("8 stages: ")
    assert "<td>marketingqualifiedlead</td><td>open_not_contacted</td><td>exact</td>" in there._repr_html_()
    data = there.to_dict()
    assert data["source"] == "hubspot"
    assert isinstance(data["rows"], list)
    assert len(data["rows"]) == 8


# -- crosswalks: laws over lifecycles that nobody published ------------------------------------------------------------


@st.composite
def own_lifecycles(draw: st.DrawFn) -> Lifecycle:
    """Any success path that goes up the spine, with stages between that stand for nothing, and any detours."""
    spine = sorted(draw(st.lists(st.sampled_from(range(len(SPINE))), min_size=2, max_size=7)))
    path = [Stage(id=f"p{n}", spine=SPINE[step]) for n, step in enumerate(spine)]
    if draw(st.booleans()):
        path.insert(draw(st.integers(0, len(path))), Stage(id="between"))
    aside = [
        Stage(id=f"d{n}", spine=each)
        for n, each in enumerate(draw(st.lists(st.sampled_from((*DETOURS, *SPINE)), max_size=4)))
    ]
    return Lifecycle(
        stages=(*path, *aside),
        success_path=tuple(stage.id for stage in path),
        detours={stage.id: Detour() for stage in aside},
    )


@given(own_lifecycles(), own_lifecycles())
def test_the_laws_hold_for_any_two_lifecycles(a: Lifecycle, b: Lifecycle) -> None:
    there, back = crosswalk(a, b), crosswalk(b, a)
    assert tuple(row.stage for row in there.rows) == a.ids
    for row in there.rows:
        assert (row.how == "exact") == (not row.lost)
        if row.how == "exact":
            (target,) = row.targets
            assert (back[target].targets, back[target].how) == ((row.stage,), "exact")
    reached = [found for stage in a.success_path if (found := ranks(b, there[stage].targets))]
    assert [min(found) for found in reached] == sorted(min(found) for found in reached)
    assert [max(found) for found in reached] == sorted(max(found) for found in reached)
    assert crosswalk(a, a).survives == 1
