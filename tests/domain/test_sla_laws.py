"""Laws of clocks, over random stories: time mends nothing, pauses and grace only help, and arrival never shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leadbridge.domain import facts as f
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla import Away, Person, SLAClock, SLAPolicy, clocks
from tests.domain.told import START, assigned, call, decided, fact, offered

CALENDARS = {
    "office": BusinessCalendar(zone="Europe/London", hours={"mon-fri": ("09:00-12:00", "13:00-17:00")}),
}
PEOPLE = {
    "ann": Person(zone="Asia/Kolkata", away=(Away.model_validate({"from": "2026-03-03", "to": "2026-03-03"}),)),
    "bob": Person(zone="America/New_York"),
}
HOURS = st.integers(0, 4 * 90).map(lambda quarters: quarters / 4)

TARGETS = st.fixed_dictionaries(
    {
        "id": st.just("t"),
        "starts": st.sampled_from(["offered", "assigned", "captured", "stage:marketing_qualified"]),
        "stops": st.sampled_from([["touched"], ["decided"], ["connected", "won"]]),
        "within": st.sampled_from(["3 hours", "4 business hours", "1 business day", "1 day"]),
    },
    optional={
        "grace": st.sampled_from(["1 hour", "2 business hours"]),
        "resets": st.just(["stage:sales_accepted"]),
        "cancels": st.just(["stage:disqualified"]),
        "paused_while": st.sampled_from([["on_hold"], ["owner_away"], ["on_hold", "stage:nurture", "owner_away"]]),
        "cadence": st.just({"touches": 2}),
    },
)
POLICIES = st.fixed_dictionaries(
    {
        "id": st.just("p"),
        "calendar": st.just("office"),
        "targets": TARGETS.map(lambda target: [target]),
        "on_transfer": st.sampled_from(["restart", "continue", "inherit"]),
        "zone_of": st.sampled_from(["team", "assignee"]),
    }
)

EVENTS = st.one_of(
    st.builds(assigned, HOURS, st.sampled_from(["ann", "bob", "cy"])),
    st.builds(call, HOURS, direction=st.sampled_from(["inbound", "outbound"])),
    st.builds(decided, HOURS, st.sampled_from(["accept", "recycle"])),
    st.builds(lambda at, status: fact(f.StatusChanged, at, status=status), HOURS, st.sampled_from(["on_hold", "open"])),
    st.builds(
        lambda at, stage: fact(f.StageEntered, at, stage=stage),
        HOURS,
        st.sampled_from(["marketing_qualified", "sales_accepted", "nurture", "disqualified"]),
    ),
)


@st.composite
def stories(draw: st.DrawFn) -> list[f.Fact]:
    """A lead that was captured and offered, and what happened then; no two things at the same instant."""
    told: list[f.Fact] = [fact(f.LeadCaptured, 0), offered(draw(HOURS)), *draw(st.lists(EVENTS, max_size=8))]
    assume(len({each.occurred_at for each in told}) == len(told))
    return told


def run(facts: list[f.Fact], rules: dict[str, Any], now: float) -> list[SLAClock]:
    policy = SLAPolicy.model_validate(rules)
    moment = START + timedelta(hours=now)
    return list(clocks(LeadHistory.fold(facts), [policy], CALENDARS, moment, people=PEOPLE))


def key(clock: SLAClock) -> tuple[str | None, int, int]:
    return clock.handoff, clock.passage, clock.turn


@given(stories(), POLICIES, HOURS, HOURS)
@settings(max_examples=300, deadline=None)
def test_time_passing_never_mends_a_broken_promise(
    facts: list[f.Fact], rules: dict[str, Any], one: float, other: float
) -> None:
    # Under inherit the old owner is let off, and the new owner has the broken promise.
    assume(rules["on_transfer"] != "inherit")
    before, after = run(facts, rules, min(one, other)), {key(c): c for c in run(facts, rules, max(one, other))}
    for clock in before:
        if clock.state in ("breached", "met_late"):
            assert after[key(clock)].state in ("breached", "met_late"), clock.explain()
        if clock.state in ("met", "met_late", "cancelled"):
            now = after[key(clock)]
            assert (now.state, now.due_at, now.elapsed) == (clock.state, clock.due_at, clock.elapsed)


@given(stories(), POLICIES, HOURS, HOURS)
@settings(max_examples=150, deadline=None)
def test_an_inherited_promise_that_is_broken_stays_broken_in_somebodys_hands(
    facts: list[f.Fact], rules: dict[str, Any], one: float, other: float
) -> None:
    inherited = {**rules, "on_transfer": "inherit"}
    if any(clock.state == "breached" for clock in run(facts, inherited, min(one, other))):
        states = {clock.state for clock in run(facts, inherited, max(one, other))}
        assert states & {"breached", "met_late"}


@given(stories(), POLICIES, HOURS)
@settings(max_examples=200, deadline=None)
def test_a_pause_never_makes_a_promise_due_earlier(facts: list[f.Fact], rules: dict[str, Any], now: float) -> None:
    (target,) = rules["targets"]
    free = {**rules, "targets": [{**target, "paused_while": []}]}
    paused = {**rules, "targets": [{**target, "paused_while": ["on_hold", "stage:nurture", "owner_away"]}]}
    for one, other in zip(run(facts, free, now), run(facts, paused, now), strict=True):
        assert one.due_at is None or other.due_at is None or one.due_at <= other.due_at
        assert one.elapsed is None or other.elapsed is None or "resets" in target or other.elapsed <= one.elapsed


@given(stories(), POLICIES, HOURS)
@settings(max_examples=200, deadline=None)
def test_grace_never_makes_anything_worse(facts: list[f.Fact], rules: dict[str, Any], now: float) -> None:
    (target,) = rules["targets"]
    strict = {**rules, "targets": [{name: value for name, value in target.items() if name != "grace"}]}
    mild = {**rules, "targets": [{**target, "grace": "2 business hours"}]}
    bad = {"breached", "met_late"}
    for one, other in zip(run(facts, strict, now), run(facts, mild, now), strict=True):
        assert other.state not in bad or one.state in bad
        assert "resets" in target or one.due_at == other.due_at


@given(stories(), POLICIES, HOURS)
@settings(max_examples=200, deadline=None)
def test_the_chain_of_owners_has_no_gap(facts: list[f.Fact], rules: dict[str, Any], now: float) -> None:
    found = run(facts, rules, now)
    for before, after in pairwise(found):
        if before.handoff == after.handoff and before.passage == after.passage:
            assert before.stopped_at == after.started_at
            assert (after.turn, after.chain[:-1]) == (before.turn + 1, before.chain)
    for clock in found:
        if clock.started_at is not None:
            assert clock.chain[-1].owner == clock.owner
            assert clock.turn == (1 if rules["on_transfer"] == "continue" else clock.turn)


@given(stories(), POLICIES, HOURS, st.randoms(use_true_random=False), st.integers(0, 7))
@settings(max_examples=200, deadline=None)
def test_neither_the_order_nor_the_lateness_of_facts_shows(
    facts: list[f.Fact], rules: dict[str, Any], now: float, order: Any, late: int
) -> None:
    expected = run(facts, rules, now)
    told = [
        replace(each, recorded_at=each.recorded_at + timedelta(days=30)) if number % 8 == late else each
        for number, each in enumerate(facts)
    ]
    order.shuffle(told)
    assert run(told, rules, now) == expected
