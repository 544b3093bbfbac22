"""The laws of merging one field over two CRMs, whatever the values, the policies and the order of sides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.adapter import Value
from leadbridge.sync.merge import Merged, Rule, Said, equivalent, merge

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PLAIN: tuple[Literal["latest", "owner", "non_blank", "manual"], ...] = ("latest", "owner", "non_blank", "manual")

# Few values, so that equal ones, equivalent ones and blanks meet often.
values: st.SearchStrategy[Value] = st.sampled_from(
    [None, "", "a", " a ", "A", "b", "7", 7, 7.0, 8, True, False, "+44 20 79", "+442079", "nan", "1e999999999"]
)
names = st.sampled_from(["title", "email", "phone", "employees"])
rules = st.builds(
    Rule,
    policy=st.sampled_from(PLAIN),
    winner=st.sampled_from(["left", "right", ""]),
    clear=st.sampled_from(["propagate", "keep"]),
)


def said(value: Value, base: Value = None, *, based: bool = True, minutes: int = 0) -> Said:
    return Said(value, base, based, NOON + timedelta(minutes=minutes))


saids = st.builds(said, values, values, based=st.booleans(), minutes=st.integers(0, 2))
pairs = st.fixed_dictionaries({"left": saids, "right": saids})
based_pairs = st.fixed_dictionaries(
    {side: st.builds(said, values, values, minutes=st.integers(0, 2)) for side in ("left", "right")}
)


def blank(value: Value) -> bool:
    return value in (None, "")


def after(sides: dict[str, Said], merged: Merged) -> dict[str, Said]:
    """The sides once what was decided has been written: what was sent and planned from are the new bases."""
    now = {side: merged.value if side in merged.targets else each.value for side, each in sides.items()}
    return {side: Said(value, value, True, sides[side].modified_at) for side, value in now.items()}


# -- equivalence -------------------------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(names, values, values)
def test_equivalence_does_not_depend_on_the_order_and_holds_for_equal_values(name: str, one: Value, two: Value) -> None:
    assert equivalent(name, one, one)
    assert equivalent(name, one, two) == equivalent(name, two, one)


@given(st.text(), st.one_of(st.integers(), st.floats(allow_nan=False)))
def test_no_text_that_somebody_types_into_a_number_stops_a_sync(text: str, number: float) -> None:
    assert equivalent("employees", text, number) in (True, False)


@pytest.mark.parametrize("text", ["nan", "sNaN", "Infinity", "-inf", "1e999999999"])
def test_text_that_only_looks_like_a_number_equals_no_number(text: str) -> None:
    assert not equivalent("employees", text, 5)
    assert equivalent("employees", text, text)


@pytest.mark.parametrize(
    ("name", "one", "two"),
    [
        ("email", "Ada@Buyer.example", " ada@buyer.example"),
        ("phone", "+44 (20) 7946 0000", "+442079460000"),
        ("employees", 250, "250.0"),
        ("title", "CFO", " CFO "),
        ("title", None, ""),
        ("opted_out", None, False),
    ],
)
def test_what_means_the_same_is_no_difference(name: str, one: Value, two: Value) -> None:
    assert equivalent(name, one, two)


@pytest.mark.parametrize(
    ("name", "one", "two"),
    [
        ("title", "CFO", "cfo"),
        ("phone", "ask at the desk", "number unknown"),
        ("phone", "+44 20 7946 0000", "+44 20 7946 0001"),
        ("employees", True, 1.5),
        ("opted_out", True, None),
    ],
)
def test_what_means_something_else_is_a_difference(name: str, one: Value, two: Value) -> None:
    assert not equivalent(name, one, two)


# -- laws of every policy ----------------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(names, pairs, rules)
def test_equal_values_are_never_written_again(name: str, sides: dict[str, Said], rule: Rule) -> None:
    if equivalent(name, sides["left"].value, sides["right"].value):
        assert merge(name, sides, rule).targets == ()


@settings(max_examples=300)
@given(names, pairs, rules)
def test_nobody_gets_a_value_that_nobody_said(name: str, sides: dict[str, Said], rule: Rule) -> None:
    merged = merge(name, sides, rule)
    assert any(merged.value is each.value or blank(merged.value) for each in sides.values())
    if merged.targets:
        assert merged.value in [each.value for each in sides.values()] or blank(merged.value)


@settings(max_examples=300)
@given(names, pairs, rules)
def test_a_write_always_changes_something_and_never_both_sides(name: str, sides: dict[str, Said], rule: Rule) -> None:
    merged = merge(name, sides, rule)
    assert len(merged.targets) <= 1
    for side in merged.targets:
        assert not equivalent(name, sides[side].value, merged.value)
        assert merged.why


@settings(max_examples=300)
@given(names, pairs, rules)
def test_once_it_is_written_there_is_nothing_left_to_write(name: str, sides: dict[str, Said], rule: Rule) -> None:
    written = after(sides, merge(name, sides, rule))
    assert merge(name, written, rule).targets == ()


@settings(max_examples=300)
@given(names, pairs, rules)
def test_the_order_of_the_sides_does_not_matter(name: str, sides: dict[str, Said], rule: Rule) -> None:
    swapped = {"right": sides["right"], "left": sides["left"]}
    one, two = merge(name, sides, rule), merge(name, swapped, rule)
    tie = sides["left"].modified_at == sides["right"].modified_at and rule.winner == ""
    if not tie:
        assert (one.targets, one.winner, one.conflict) == (two.targets, two.winner, two.conflict)
        assert one.frozen == two.frozen


@settings(max_examples=300)
@given(names, pairs, rules)
def test_mirrored_sides_give_the_mirrored_outcome(name: str, sides: dict[str, Said], rule: Rule) -> None:
    mirror = {"left": "right", "right": "left", "": ""}
    mirrored = {"left": sides["right"], "right": sides["left"]}
    other = Rule(rule.policy, mirror[rule.winner], rule.clear)
    one, two = merge(name, sides, rule), merge(name, mirrored, other)
    if sides["left"].modified_at != sides["right"].modified_at or rule.winner:
        assert tuple(mirror[side] for side in one.targets) == two.targets
        assert (mirror[one.winner], one.conflict, one.frozen) == (two.winner, two.conflict, two.frozen)


# -- who wins ----------------------------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(names, based_pairs, st.sampled_from(["latest", "non_blank"]), st.sampled_from(["propagate", "keep"]))
def test_what_one_side_changed_goes_over(
    name: str, sides: dict[str, Said], policy: Literal["latest", "non_blank"], clear: Literal["propagate", "keep"]
) -> None:
    changed = [side for side, each in sides.items() if not equivalent(name, each.value, each.base)]
    if len(changed) != 1 or equivalent(name, sides["left"].value, sides["right"].value):
        return
    (side,) = changed
    (other,) = {"left", "right"} - {side}
    merged = merge(name, sides, Rule(policy, other, clear))
    if not blank(sides[side].value):
        assert (merged.value, merged.targets) == (sides[side].value, (other,))
    elif clear == "propagate":
        assert blank(merged.value)
        assert merged.targets == (other,)
    else:
        assert (merged.value, merged.targets) == (sides[other].value, (side,))
    assert not merged.conflict


@settings(max_examples=300)
@given(names, pairs, rules)
def test_a_value_is_cleared_only_where_clears_are_passed_on(name: str, sides: dict[str, Said], rule: Rule) -> None:
    merged = merge(name, sides, rule)
    if merged.targets and blank(merged.value):
        assert rule.clear == "propagate"
        assert all(each.based for each in sides.values())
        assert any(blank(each.value) and not equivalent(name, each.value, each.base) for each in sides.values())


@settings(max_examples=300)
@given(names, pairs, rules)
def test_a_loser_that_somebody_typed_is_never_lost_without_a_trace(
    name: str, sides: dict[str, Said], rule: Rule
) -> None:
    merged = merge(name, sides, rule)
    for side in merged.targets:
        each = sides[side]
        typed = not blank(each.value) and (not each.based or not equivalent(name, each.value, each.base))
        other = next(sides[key] for key in sides if key != side)
        both_based = each.based and other.based
        if typed and (both_based or not blank(other.value)):
            assert merged.conflict


@settings(max_examples=300)
@given(names, based_pairs, st.sampled_from(["left", "right"]))
def test_the_owner_has_the_word(name: str, sides: dict[str, Said], owner: str) -> None:
    merged = merge(name, sides, Rule("owner", owner))
    if merged.targets and not blank(sides[owner].value):
        assert merged.value == sides[owner].value
        assert owner not in merged.targets


@given(names, pairs)
def test_a_field_for_a_person_to_decide_is_never_written(name: str, sides: dict[str, Said]) -> None:
    merged = merge(name, sides, Rule("manual", "left"))
    assert merged.targets == ()
    assert merged.frozen or equivalent(name, sides["left"].value, sides["right"].value)


@given(names, based_pairs)
def test_of_two_changes_the_later_record_wins(name: str, sides: dict[str, Said]) -> None:
    both = all(not equivalent(name, each.value, each.base) and not blank(each.value) for each in sides.values())
    left, right = sides["left"], sides["right"]
    if not both or left.modified_at == right.modified_at or equivalent(name, left.value, right.value):
        return
    later = "left" if left.modified_at > right.modified_at else "right"
    merged = merge(name, sides, Rule("latest", "left" if later == "right" else "right"))
    assert (merged.winner, merged.conflict) == (later, True)


def test_at_the_same_instant_the_agreed_side_wins() -> None:
    sides = {"left": said("a", "z"), "right": said("b", "z")}
    assert merge("title", sides, Rule("latest", "left")).winner == "left"
    assert merge("title", sides, Rule("latest", "right")).winner == "right"


# -- consent -----------------------------------------------------------------------------------------------------------

consents = st.sampled_from([None, False, True])


@given(consents, consents, consents, consents, st.booleans())
def test_an_opt_out_on_any_side_wins_and_is_never_taken_back(
    left: Value, right: Value, base: Value, other: Value, based: bool
) -> None:
    sides = {"left": said(left, base, based=based), "right": said(right, other, based=based)}
    merged = merge("opted_out", sides, Rule("sticky", ""))
    assert merged.value is (left is True or right is True)
    assert all(merged.value is True and sides[side].value is not True for side in merged.targets)
    assert merge("opted_out", after(sides, merged), Rule("sticky", "")).targets == ()


@given(names, saids, rules)
def test_a_lead_in_one_crm_only_is_left_as_it_is(name: str, one: Said, rule: Rule) -> None:
    assert merge(name, {"left": one}, rule).targets == ()
