"""Lifecycle laws: forward is free, backward takes a reason, nothing is skipped unseen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from leadbridge.domain.lifecycle import CORRECTION, SPINE, Detour, Entry, Lifecycle, Stage, find_faults
from leadbridge.domain.lifecycle.frameworks import FRAMEWORKS
from leadbridge.errors import ConfigError, IllegalMove

SPINE_LIFECYCLE = Lifecycle.preset("spine")

lifecycles = st.sampled_from(sorted(FRAMEWORKS)).map(Lifecycle.preset)


@st.composite
def moves(draw: st.DrawFn) -> tuple[Lifecycle, str | None, str]:
    lifecycle = draw(lifecycles)
    return lifecycle, draw(st.one_of(st.none(), st.sampled_from(lifecycle.ids))), draw(st.sampled_from(lifecycle.ids))


@given(moves())
def test_every_move_is_free_or_takes_a_reason(move: tuple[Lifecycle, str | None, str]) -> None:
    lifecycle, current, to = move
    if current is None or current == to or to in lifecycle.allowed(current):
        lifecycle.check_move(current, to)
    else:
        with pytest.raises(IllegalMove, match="give a reason"):
            lifecycle.check_move(current, to)
    lifecycle.check_move(current, to, reason=CORRECTION)


@given(lifecycles, st.data())
def test_a_backward_move_without_a_reason_is_illegal_and_names_what_is_allowed(
    lifecycle: Lifecycle, data: st.DataObject
) -> None:
    rank = data.draw(st.integers(1, len(lifecycle.success_path) - 1))
    current, to = lifecycle.success_path[rank], lifecycle.success_path[data.draw(st.integers(0, rank - 1))]
    with pytest.raises(IllegalMove) as caught:
        lifecycle.steps(current, to)
    assert all(name in str(caught.value) for name in lifecycle.allowed(current))
    assert [step.stage for step in lifecycle.steps(current, to, reason="budget cut")] == [to]


@given(moves())
def test_a_forward_move_passes_through_every_stage_between(move: tuple[Lifecycle, str | None, str]) -> None:
    lifecycle, current, to = move
    steps = lifecycle.steps(current, to, passage=2, reason="why")
    if current == to:
        assert steps == ()
        return
    assert steps[-1].stage == to
    assert not steps[-1].inferred
    assert all(step.inferred for step in steps[:-1])
    if lifecycle.is_forward(current, to):
        ranks = [lifecycle.rank(step.stage) for step in steps]
        first = 0 if current is None else (lifecycle.rank(current) or 0) + 1
        assert ranks == list(range(first, (lifecycle.rank(to) or 0) + 1))
    else:
        assert len(steps) == 1


@given(moves(), st.integers(1, 5))
def test_a_passage_never_goes_down_and_grows_by_one_at_most(
    move: tuple[Lifecycle, str | None, str], passage: int
) -> None:
    lifecycle, current, to = move
    after = lifecycle.passage_after(passage, current, to)
    assert after in (passage, passage + 1)
    if lifecycle.is_forward(current, to) or lifecycle.is_detour(to):
        assert after == passage
    assert lifecycle.passage_after(passage, current, to, reason=CORRECTION) == passage


def test_coming_back_from_a_detour_starts_a_new_passage() -> None:
    assert SPINE_LIFECYCLE.passage_after(1, "recycled", "marketing_qualified") == 2
    assert SPINE_LIFECYCLE.passage_after(1, "opportunity", "engaged", reason="recycle") == 2
    assert SPINE_LIFECYCLE.passage_after(1, "marketing_qualified", "rejected") == 1


def test_a_backward_move_without_a_reason_lists_what_is_allowed() -> None:
    with pytest.raises(IllegalMove) as caught:
        SPINE_LIFECYCLE.steps("opportunity", "engaged")
    assert "from opportunity a lead moves to won, recycled, disqualified, ineligible, lost" in str(caught.value)
    assert "to move it to engaged, give a reason" in str(caught.value)


def test_a_new_lead_may_enter_anywhere_because_sales_brings_leads_too() -> None:
    steps = SPINE_LIFECYCLE.steps(None, "opportunity")
    assert [step.stage for step in steps] == list(SPINE[:6])
    assert [step.inferred for step in steps] == [True] * 5 + [False]


# -- ways in -----------------------------------------------------------------------------------------------------------


def test_a_lead_that_sales_brought_never_was_a_lead_of_marketing() -> None:
    steps = SPINE_LIFECYCLE.steps(None, "opportunity", function="sales")
    assert [(step.stage, step.inferred) for step in steps] == [
        ("sales_accepted", True),
        ("sales_qualified", True),
        ("opportunity", False),
    ]
    assert [step.stage for step in SPINE_LIFECYCLE.steps(None, "sales_accepted", function="sales")] == [
        "sales_accepted"
    ]


def test_a_lead_that_was_only_captured_so_far_still_takes_the_way_in_of_its_function() -> None:
    steps = SPINE_LIFECYCLE.steps("captured", "sales_qualified", function="sales")
    assert [(step.stage, step.inferred) for step in steps] == [("sales_accepted", True), ("sales_qualified", False)]
    assert SPINE_LIFECYCLE.skipped("engaged", "sales_accepted", function="sales") == ("marketing_qualified",)


def test_a_lead_that_stands_before_the_way_in_of_its_function_has_come_the_common_way() -> None:
    assert SPINE_LIFECYCLE.skipped(None, "marketing_qualified", function="sales") == ("captured", "engaged")
    assert SPINE_LIFECYCLE.skipped(None, "marketing_qualified", function="partner") == ("engaged",)


def test_without_a_way_in_every_earlier_stage_counts_as_jumped_over() -> None:
    for function in (None, "customer_success", "marketing"):
        assert SPINE_LIFECYCLE.skipped(None, "opportunity", function=function) == SPINE[:5]


def test_teleprospecting_and_sales_generate_leads_of_their_own_in_the_waterfall_of_2012() -> None:
    waterfall = Lifecycle.preset("demand_waterfall_2012")
    assert waterfall.entries["tgl"].at == "tql"
    assert waterfall.skipped(None, "sal", function="teleprospecting") == ("tql",)
    assert waterfall.skipped(None, "sql", function="sales") == ("sal",)
    assert waterfall.skipped(None, "sql", function="marketing") == ("inquiry", "aql", "tal", "tql", "sal")


def test_of_several_ways_in_the_last_one_that_is_not_too_far_counts() -> None:
    two = Lifecycle(
        stages=SPINE_LIFECYCLE.stages,
        success_path=SPINE_LIFECYCLE.success_path,
        detours=SPINE_LIFECYCLE.detours,
        entries={
            "fair": Entry(function="sales", at="engaged"),
            "referral": Entry(function="sales", at="sales_qualified"),
        },
    )
    assert two.entry_for("sales", "sales_accepted") == two.entries["fair"]
    assert two.entry_for("sales", "won") == two.entries["referral"]
    assert two.entry_for("sales", "captured") is None
    assert two.entry_for("sales", "lost") is None


@given(moves(), st.sampled_from(["marketing", "sales", "partner", "teleprospecting", "nobody"]))
def test_a_way_in_leaves_stages_out_and_never_adds_one(move: tuple[Lifecycle, str | None, str], function: str) -> None:
    lifecycle, current, to = move
    common, own = lifecycle.skipped(current, to), lifecycle.skipped(current, to, function=function)
    assert common[len(common) - len(own) :] == own
    entry = lifecycle.entry_for(function, to)
    if own != common:
        assert entry is not None
        assert not own or own[0] == entry.at
    steps = lifecycle.steps(current, to, reason="why", function=function)
    assert [step.stage for step in steps[:-1]] == list(own)
    assert all(step.inferred for step in steps[:-1])


@pytest.mark.parametrize(
    ("entries", "message", "remedy"),
    [
        ({"own": Entry(function="sales", at="sale")}, "unknown stage sale", "did you mean sales_accepted"),
        ({"own": Entry(function="sales", at="lost")}, "lost lies off the success path", "enter at a stage of"),
        (
            {"a": Entry(function="sales", at="won"), "b": Entry(function="sales", at="won")},
            "a lets leads of sales in at won already",
            "remove one",
        ),
    ],
)
def test_a_way_in_that_leads_nowhere_is_named(entries: dict[str, Entry], message: str, remedy: str) -> None:
    spine = SPINE_LIFECYCLE
    (fault,) = find_faults(spine.stages, spine.success_path, spine.detours, entries)
    assert message in fault.message
    assert remedy in fault.remedy
    assert fault.path.startswith("entries.")
    with pytest.raises(ValidationError, match=message):
        Lifecycle(stages=spine.stages, success_path=spine.success_path, detours=spine.detours, entries=entries)


# -- places ------------------------------------------------------------------------------------------------------------


def test_the_last_stage_of_the_path_has_no_way_out_without_a_reason() -> None:
    assert SPINE_LIFECYCLE.allowed("won") == ()


def test_how_far_a_lead_has_come_in_a_detour_is_where_the_detour_begins() -> None:
    assert SPINE_LIFECYCLE.reached(None) == -1
    assert SPINE_LIFECYCLE.reached("rejected") == SPINE.index("marketing_qualified")
    assert SPINE_LIFECYCLE.reached("lost") == SPINE.index("opportunity")


@given(lifecycles, st.data())
def test_every_preset_stage_stands_for_something_on_the_spine(lifecycle: Lifecycle, data: st.DataObject) -> None:
    stage = data.draw(st.sampled_from(lifecycle.ids))
    translation = lifecycle.translate(stage, SPINE_LIFECYCLE)
    assert len(translation.stages) == 1
    assert SPINE_LIFECYCLE.stage(translation.stages[0])


def test_a_translation_says_what_it_loses() -> None:
    waterfall, hubspot = Lifecycle.preset("demand_waterfall_2012"), Lifecycle.preset("hubspot")
    assert waterfall.translate("aql", hubspot).stages == ("marketingqualifiedlead",)
    assert waterfall.translate("aql", hubspot).lost == "aql, tal, tql become one"
    back = hubspot.translate("marketingqualifiedlead", waterfall)
    assert back.stages == ("aql", "tal", "tql")
    assert back.lost == "marketingqualifiedlead may be any of aql, tal, tql"
    accepted = SPINE_LIFECYCLE.translate("sales_accepted", hubspot)
    assert accepted.stages == ("marketingqualifiedlead",)
    assert "nearest stage before it" in accepted.lost
    assert SPINE_LIFECYCLE.translate("recycled", hubspot).stages == ()
    own = Lifecycle(stages=(Stage(id="a"), Stage(id="b", spine="won")), success_path=("a", "b"))
    assert own.translate("a", hubspot).lost == "a stands for no stage of the spine"


def test_of_two_stages_that_mean_the_same_the_one_on_the_success_path_comes_first() -> None:
    own = Lifecycle(
        stages=(Stage(id="advocate", spine="won"), Stage(id="asked", spine="engaged"), Stage(id="signed", spine="won")),
        success_path=("asked", "signed"),
        detours={"advocate": Detour(from_=("signed",))},
    )
    assert own.find("won") == "signed"
    assert SPINE_LIFECYCLE.translate("won", own).stages == ("signed", "advocate")


def test_unknown_names_are_answered_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match="did you mean opportunity"):
        SPINE_LIFECYCLE.stage("oportunity")
    with pytest.raises(ConfigError, match="did you mean hubspot"):
        Lifecycle.preset("hubsport")


@pytest.mark.parametrize(
    ("path", "detours", "message"),
    [
        (("a", "b", "a"), {"c": Detour()}, "cyclic: it comes back to a"),
        (("a", "x"), {"b": Detour(), "c": Detour()}, "unknown stage x"),
        (("a",), {"b": Detour(), "c": Detour()}, "at least two stages"),
        (("a", "b"), {}, "no lead can ever reach stage c"),
        (("a", "b", "c"), {"c": Detour()}, "both on the success path and a detour"),
        (("a", "b"), {"c": Detour(from_=("z",))}, "unknown stage z"),
        (("a", "b"), {"c": Detour(returns=("z",))}, "unknown stage z"),
        (("a", "b"), {"c": Detour(), "d": Detour()}, "unknown stage d"),
    ],
)
def test_parts_that_do_not_fit_together_are_named(
    path: tuple[str, ...], detours: dict[str, Detour], message: str
) -> None:
    stages = (Stage(id="a"), Stage(id="b"), Stage(id="c"))
    faults = find_faults(stages, path, detours)
    assert any(message in fault.message and fault.remedy for fault in faults)
    with pytest.raises(ValidationError, match=message.split(":", maxsplit=1)[0]):
        Lifecycle(stages=stages, success_path=path, detours=detours)


def test_a_stage_listed_twice_or_with_an_unknown_spine_is_named() -> None:
    faults = find_faults((Stage(id="a"), Stage(id="a"), Stage(id="b", spine="wonn")), ("a", "b"), {})
    assert [fault.message for fault in faults] == ["stage a is listed twice", "unknown spine stage wonn"]
