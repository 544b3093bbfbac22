"""Each invariant names what is broken, and says nothing about what is not."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from leadbridge.adapter import Ref, Value
from leadbridge.testing import invariants as must
from leadbridge.testing.invariants import Breach, Held, Sent, Settled


def same(_: str, one: Value, other: Value) -> bool:
    return one == other


def held(side: str, id: str, state: str = "live", by_people: bool = False, **fields: Value) -> Held:
    return Held((side, Ref("person", id)), "lead", state, fields, by_people)  # type: ignore[arg-type]  # as the test says


LEFT, RIGHT = held("left", "1", by_people=True, title="CTO"), held("right", "2", title="CTO")
PLACE = ("left", Ref("person", "1"))
KEPT: list[Iterable[Breach]] = [
    must.one_record_each([LEFT, RIGHT, held("right", "3", "deleted", by_people=True)]),
    must.nothing_missed({PLACE: "2"}, {PLACE: {"1", "2"}}),
    must.the_same_on_both_sides([(LEFT, RIGHT)], ["title"], same),
    must.the_same_on_both_sides([(LEFT, held("right", "2"))], ["title"], same, lambda *_: True),
    must.still({"left": 0}, 1),
    must.writes_follow_edits(12, 3, each=4),
    must.edits_survive({("lead", "title"): {"CTO", "CFO"}}, {("lead", "title"): "CTO"}, same),
    must.nothing_invented([LEFT], {("lead", "title"): {"cto"}}, lambda _, value: str(value).lower()),
    must.consent_only_grows([held("left", "1", opted_out=True), held("right", "2", "deleted")], {"lead"}),
    must.stages_fall_with_a_reason([("lead", 3, 2, True), ("lead", 2, 3, False), ("lead", None, 1, False)]),
    must.nobody_comes_back([held("left", "1", "deleted"), RIGHT]),
    must.clears_come_from_people([held("left", "1", title=None)], {("lead", "title"): "CTO"}, {("lead", "title")}),
    must.intended_before_sent([Sent("op", True, True)]),
    must.same_after_a_crash([1, 2], [1, 2], "C4"),
    must.same_history(["a"], ["a"]),
    must.nobody_waits_for_another({"lead": 1.0, "new": 9.0}, {"lead": 1.0}),
    must.nothing_beyond_the_limits(9, 5, approved=True),
    must.nothing_by_the_replaced([Settled("op", 2, 2)]),
    must.nothing_personal([("log", "3 writes")], {"ada@buyer.example", ""}),
]
BROKEN: list[tuple[str, Iterable[Breach]]] = [
    ("I1", must.one_record_each([held("left", "1", by_people=True), held("left", "2")])),
    ("I1", must.one_record_each([held("left", "1", "merged"), held("left", "2", "converted")])),
    ("I2", must.nothing_missed({PLACE: "2"}, {PLACE: {"1"}})),
    ("I3", must.the_same_on_both_sides([(LEFT, held("right", "2", title="CFO"))], ["title"], same)),
    ("I4", must.still({"left": 1}, 1)),
    ("I4", must.still({}, 2)),
    ("I5", must.writes_follow_edits(13, 3, each=4)),
    ("I6", must.edits_survive({("lead", "title"): {"CFO"}}, {("lead", "title"): "CTO"}, same)),
    ("I7", must.nothing_invented([LEFT], {("lead", "title"): {"CFO"}})),
    ("I8", must.consent_only_grows([held("left", "1", opted_out=False)], {"lead"})),
    ("I9", must.stages_fall_with_a_reason([("lead", 3, 2, False)])),
    ("I10", must.nobody_comes_back([held("left", "1", "deleted"), held("left", "2")])),
    ("I10", must.nobody_comes_back([RIGHT], {"lead"})),
    ("I11", must.clears_come_from_people([held("left", "1", title=None)], {("lead", "title"): "CTO"}, set())),
    ("I12", must.intended_before_sent([Sent("op", False, True)])),
    ("I12", must.intended_before_sent([Sent("op", True, False)])),
    ("I13", must.same_after_a_crash([1], [1, 2], "C4")),
    ("I14", must.same_history(["a"], ["b"])),
    ("I15", must.nobody_waits_for_another({"lead": 2.0}, {"lead": 1.0})),
    ("I16", must.nothing_beyond_the_limits(9, 5, approved=False)),
    ("I17", must.nothing_by_the_replaced([Settled("op", 1, 2)])),
    ("I18", must.nothing_personal([("log", "wrote ada@buyer.example")], {"ada@buyer.example"})),
]


@pytest.mark.parametrize("breaches", KEPT)
def test_a_promise_that_is_kept_is_not_said_to_be_broken(breaches: Iterable[Breach]) -> None:
    assert list(breaches) == []


@pytest.mark.parametrize(("name", "breaches"), BROKEN)
def test_a_broken_promise_is_named_without_what_a_record_holds(name: str, breaches: Iterable[Breach]) -> None:
    found = list(breaches)
    assert [breach.invariant for breach in found] == [name]
    assert not any(word in str(found) for word in ("CTO", "CFO", "ada@"))
