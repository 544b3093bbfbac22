"""The cases of a merge that people ask about, one by one, and what holds for a CRM that cuts what it is given."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leadbridge.adapter import Value
from leadbridge.sync.merge import Rule, Said, equivalent, merge

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FIELDS = ("title", "email", "phone", "employees", "company")

words = st.sampled_from(["CFO", "cfo", " CFO ", "Head of Purchasing", "ada@buyer.example", "ADA@buyer.example", "12"])
phones = st.sampled_from(["+44 20 7946 0000", "+442079460000", "020 7946 0000"])
numbers = st.sampled_from([0, 12, 12.0, 250, -1])
values: st.SearchStrategy[Value] = st.none() | st.just("") | words | phones | numbers
instants = st.sampled_from([NOON, NOON + timedelta(minutes=1), NOON + timedelta(days=1)])
names = st.sampled_from(FIELDS)
said = st.builds(Said, value=values, base=values, based=st.booleans(), modified_at=instants)
rules = st.builds(
    Rule,
    policy=st.sampled_from(["latest", "owner", "non_blank", "manual"]),
    winner=st.sampled_from(["left", "right", ""]),
    clear=st.sampled_from(["propagate", "keep"]),
)
any_name = names | st.just("opted_out")
optouts = st.builds(
    Said,
    value=st.sampled_from([True, False, None]),
    base=st.sampled_from([True, False, None]),
    based=st.booleans(),
    modified_at=instants,
)


def blank(value: Value) -> bool:
    return value is None or value == ""


# -- when two values are the same --------------------------------------------------------------------------------------


@given(names, values, values, values)
def test_what_is_equivalent_to_the_same_is_equivalent(name: str, one: Value, middle: Value, other: Value) -> None:
    # A number and a text that reads as the same number are one value, but two texts are compared as texts.
    assume(not any(isinstance(value, (int, float)) for value in (one, middle, other)))
    if equivalent(name, one, middle) and equivalent(name, middle, other):
        assert equivalent(name, one, other)


@pytest.mark.parametrize(
    ("name", "one", "other", "same"),
    [
        ("title", "CFO", " CFO ", True),
        ("title", "CFO", "cfo", False),
        ("title", None, "", True),
        ("title", None, "CFO", False),
        ("email", "Ada@Buyer.example ", "ada@buyer.example", True),
        ("email", "ada@buyer.example", "ada@other.example", False),
        ("phone", "+44 (20) 7946-0000", "+442079460000", True),
        ("phone", "+44 20 7946 0000", "+44 20 7946 0001", False),
        ("employees", 250, "250", True),
        ("employees", 250, 250.0, True),
        ("employees", "250", "250.0", False),
        ("employees", 250, "about 250", False),
        ("employees", 0, None, False),
        ("score", 71.5, 71.50000000000001, True),
        ("score", 71.5, 71.6, False),
        ("opted_out", None, False, True),
        ("opted_out", None, True, False),
        ("opted_out", False, True, False),
        ("flag", True, "yes", False),
    ],
)
def test_values_are_compared_as_their_field_asks(name: str, one: Value, other: Value, same: bool) -> None:
    assert equivalent(name, one, other) is same


# -- laws that hold for any values ------------------------------------------------------------------------------------


@given(names, said, said, rules)
def test_what_nobody_changed_is_not_written(name: str, left: Said, right: Said, rule: Rule) -> None:
    sides = {side: replace(each, base=each.value, based=True) for side, each in (("left", left), ("right", right))}
    merged = merge(name, sides, rule)
    assert (merged.targets, merged.conflict) == ((), False)


@given(names, said, said.filter(lambda side: not blank(side.value)), st.sampled_from([None, ""]))
def test_before_the_sides_ever_agreed_a_blank_yields_to_a_value(
    name: str, left: Said, right: Said, nothing: Value
) -> None:
    sides = {"left": replace(left, value=nothing, based=False), "right": right}
    for rule in (Rule("latest", "left"), Rule("owner", "left", "propagate"), Rule("non_blank", "left")):
        merged = merge(name, sides, rule)
        assert (merged.value, merged.targets, merged.conflict) == (right.value, ("left",), False)


@given(any_name, said, said, rules, st.sampled_from([0, 3]))
def test_once_applied_a_merge_has_nothing_left_to_do(name: str, left: Said, right: Said, rule: Rule, cut: int) -> None:
    sides = {"left": left, "right": right}
    merged = merge(name, sides, rule)

    def after(side: str) -> Said:
        held = merged.value if side in merged.targets else sides[side].value
        if cut and side in merged.targets and isinstance(held, str):
            held = held[:cut]  # a CRM with short fields keeps the beginning only
        return Said(held, held, based=True, modified_at=NOON + timedelta(days=2))

    again = merge(name, {"left": after("left"), "right": after("right")}, rule)
    assert (again.targets, again.conflict) == ((), False)


# -- consent -----------------------------------------------------------------------------------------------------------


@given(optouts, optouts)
def test_more_opt_outs_never_mean_fewer(left: Said, right: Said) -> None:
    rule = Rule("sticky", "")
    before = merge("opted_out", {"left": left, "right": right}, rule)
    after = merge("opted_out", {"left": replace(left, value=True), "right": right}, rule)
    assert bool(after.value) >= bool(before.value)
    assert after.value is True


# -- cases that people ask about ---------------------------------------------------------------------------------------

EARLY, LATE = NOON, NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("left", "right", "rule", "value", "targets", "conflict"),
    [
        pytest.param(
            ("CFO", "CFO", EARLY), ("CEO", "CFO", LATE), Rule("latest", ""), "CEO", ("left",), False, id="edit"
        ),
        pytest.param(
            ("CTO", "CFO", LATE), ("CEO", "CFO", EARLY), Rule("latest", ""), "CTO", ("right",), True, id="later wins"
        ),
        pytest.param(
            ("CTO", "CFO", EARLY), ("CEO", "CFO", EARLY), Rule("latest", "right"), "CEO", ("left",), True, id="tie"
        ),
        pytest.param(
            ("CTO", "CFO", EARLY), ("CEO", "CFO", EARLY), Rule("latest", ""), "CTO", ("right",), True, id="no owner"
        ),
        pytest.param(
            ("CTO", "CFO", LATE), ("CEO", "CEO", EARLY), Rule("owner", "right"), "CEO", ("left",), True, id="reverted"
        ),
        pytest.param(
            ("CTO", None, LATE), (None, None, EARLY), Rule("owner", "right"), "CTO", ("right",), False, id="fills owner"
        ),
        pytest.param(
            (None, "CFO", LATE), ("CFO", "CFO", EARLY), Rule("latest", ""), "CFO", ("left",), False, id="clear kept out"
        ),
        pytest.param(
            (None, "CFO", LATE),
            ("CFO", "CFO", EARLY),
            Rule("latest", "", "propagate"),
            None,
            ("right",),
            False,
            id="clear passed on",
        ),
        pytest.param(
            (None, "CFO", LATE), ("CEO", "CFO", EARLY), Rule("latest", ""), "CEO", ("left",), True, id="clear and edit"
        ),
        pytest.param(
            (None, "CFO", LATE),
            ("CEO", "CFO", EARLY),
            Rule("latest", "", "propagate"),
            None,
            ("right",),
            True,
            id="later clear passed on",
        ),
        pytest.param(
            (None, "CFO", LATE),
            ("CEO", "CFO", EARLY),
            Rule("non_blank", "", "propagate"),
            "CEO",
            ("left",),
            True,
            id="value beats clear",
        ),
        pytest.param(
            (None, "CFO", LATE),
            ("CFO", "CFO", EARLY),
            Rule("owner", "left", "propagate"),
            None,
            ("right",),
            False,
            id="owner clears",
        ),
        pytest.param(
            (None, "CFO", LATE),
            ("CEO", "CFO", EARLY),
            Rule("owner", "left", "propagate"),
            None,
            ("right",),
            True,
            id="owner clears what somebody edited",
        ),
        pytest.param(
            (None, "CFO", LATE),
            ("CEO", "CFO", EARLY),
            Rule("owner", "left"),
            "CEO",
            ("left",),
            False,
            id="clear yields",
        ),
        pytest.param(
            ("Chief F", "Chief F", LATE),
            ("Chief Financial", "Chief Financial", EARLY),
            Rule("latest", ""),
            "Chief F",
            (),
            False,
            id="one CRM cut it",
        ),
    ],
)
def test_a_field_that_was_agreed_before(
    left: tuple[Value, Value, datetime],
    right: tuple[Value, Value, datetime],
    rule: Rule,
    value: Value,
    targets: tuple[str, ...],
    conflict: bool,
) -> None:
    sides = {
        name: Said(now, base, based=True, modified_at=at)
        for name, (now, base, at) in {"left": left, "right": right}.items()
    }
    merged = merge("title", sides, rule)
    assert (merged.value, merged.targets, merged.conflict) == (value, targets, conflict)


@pytest.mark.parametrize(
    ("rule", "value", "why"),
    [
        (Rule("latest", "left"), "CTO", "first match: left has the word on this field"),
        (Rule("owner", "right"), "CEO", "first match: right has the word on this field"),
        (Rule("latest", ""), "CEO", "first match: right has the word on this field"),
    ],
)
def test_two_values_that_never_agreed_go_to_the_owner_or_the_later_and_both_are_kept(
    rule: Rule, value: Value, why: str
) -> None:
    sides = {
        "left": Said("CTO", None, based=False, modified_at=EARLY),
        "right": Said("CEO", None, based=False, modified_at=LATE),
    }
    merged = merge("title", sides, rule)
    assert (merged.value, merged.conflict, merged.why) == (value, True, why)


@given(names, said, said, rules)
def test_every_write_says_why_and_shows_nothing(name: str, left: Said, right: Said, rule: Rule) -> None:
    merged = merge(name, {"left": left, "right": right}, rule)
    if merged.targets:
        assert merged.why
    for shown in (repr(merged), repr(left), merged.why):
        assert "ada@" not in shown.lower()
        assert "7946" not in shown
