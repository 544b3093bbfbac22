"""Open promises from the database: always what folding the facts gives; alerts that one caller gets, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge import Bridge
from leadbridge.agreement import Agreement, Agreements
from leadbridge.clock import ManualClock, from_us
from leadbridge.domain import facts as f
from leadbridge.ledger import Ledger
from leadbridge.memory import MemoryAdapter
from leadbridge.store import Store

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
TERMS = """
agreement: Test
version: 1
effective: 2026-01-01
lead_statuses: [open, on_hold]
calendars: {office: {zone: UTC, hours: {mon-fri: ["09:00-17:00"]}}}
people: {ann: {away: [{from: 2026-03-03, to: 2026-03-04}], manager: mia}}
slas:
  - id: large
    group: g
    when: company.employees >= 1000
    targets: [{id: touch, starts: assigned, stops: touched, within: 1 hour}]
  - id: sales
    group: g
    calendar: office
    targets:
      - id: touch
        starts: assigned
        stops: touched
        within: 4 business hours
        grace: 1 hour
        paused_while: [on_hold, owner_away]
        escalate: [{at: warning, to: rep}, {at: breach, to: manager}]
      - {id: accept, starts: offered, stops: decided, within: 1 day, resets: touched}
"""
AGREEMENT = Agreement.loads(TERMS)


def tell(cls: type[f.Fact], hours: float, lead: str = "L1", **values: object) -> f.Fact:
    moment = START + hours * HOUR
    return cls(**{"lead": lead, "occurred_at": moment, "recorded_at": moment, **values})  # type: ignore[arg-type]  # any


def offer(lead: str = "L1", hours: float = 0, owner: str = "ann") -> list[f.Fact]:
    return [
        tell(f.LeadCaptured, hours, lead),
        tell(f.HandoffOffered, hours, lead, handoff=f"{lead}:1"),
        tell(f.HandoffRouted, hours, lead, handoff=f"{lead}:1", queue="emea"),
        tell(f.HandoffAssigned, hours, lead, handoff=f"{lead}:1", owner=owner),
    ]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def bridge(clock: ManualClock) -> Iterator[Bridge]:
    with Bridge(AGREEMENT, {"hubspot": MemoryAdapter("left", clock=clock)}, Store("sqlite://"), clock=clock) as made:
        yield made


def test_a_board_from_the_database_says_who_has_to_act(bridge: Bridge, clock: ManualClock) -> None:
    bridge.record([*offer("L1"), *offer("L2", 0.5, owner="bob")])
    clock.advance(HOUR)
    board = bridge.timers()
    assert (len(board), board.by_state(), board.by_owner()) == (
        4, {"running": 4, "paused": 0, "breached": 0}, {"ann": 2, "bob": 2}
    )  # fmt: skip
    assert (board.by_queue(), board.by_function()) == ({"emea": 4}, {"sales": 4})
    first = board.first(1)[0]
    assert (first.lead, first.target, first.about, first.due_at) == ("L1", "touch", "L1:1", START + 4 * HOUR)
    assert [timer.lead for timer in board.due_within(3 * HOUR)] == ["L1"]
    assert [len(part) for part in (board.of("bob"), board.of_queue("apac"), board.of_function("sales"))] == [2, 0, 4]
    assert repr(board) == "<Timers: 4 running>"
    assert repr(board.of("nobody")) == "<Timers: no open promises>"


def test_time_alone_breaks_promises_and_news_ends_them(bridge: Bridge, clock: ManualClock) -> None:
    bridge.record(offer())
    assert bridge.timers().breached().first() == []
    clock.advance(5 * HOUR)
    assert len(bridge.timers().breached()) == 0, "the last instant of the grace"
    clock.advance(timedelta(seconds=1))
    assert [(timer.target, timer.state) for timer in bridge.timers().breached()] == [("touch", "breached")]
    talk = tell(f.Interacted, 5, interaction="i", nature="person_to_person", function="sales", direction="outbound")
    bridge.record(talk)
    assert [timer.target for timer in bridge.timers()] == ["accept"], "a late fact is folded in"
    bridge.record(tell(f.HandoffDecided, 5, handoff="L1:1", decision="accept"))
    assert len(bridge.timers()) == 0


def test_days_off_begin_and_end_without_any_news(bridge: Bridge, clock: ManualClock) -> None:
    bridge.record(offer("L1", 6))
    for hours, state in ((7, "running"), (24, "paused"), (62, "paused"), (72, "running"), (80, "breached")):
        clock.advance(START + hours * HOUR - clock.now())
        (timer,) = (timer for timer in bridge.timers() if timer.target == "touch")
        assert timer.state == state


def test_other_words_and_other_fields_fold_everything_anew(bridge: Bridge, clock: ManualClock) -> None:
    bridge.record(offer())
    assert {timer.policy for timer in bridge.timers()} == {"sales"}
    with bridge.store.transaction() as tx:
        tx.save_bases({("L1", "hubspot"): {"employees": 5000.0}})
    assert {timer.policy for timer in bridge.timers()} == {"large"}
    other = Agreement.loads(TERMS.replace("within: 1 hour", "within: 2 hours"))
    (timer,) = bridge.ledger.timers(other, clock.now())
    assert timer.due_at == START + 2 * HOUR


def test_what_is_recorded_while_somebody_folds_is_not_lost() -> None:
    store, series = Store("sqlite://"), Agreements.of(AGREEMENT)
    with store.transaction() as tx:
        tx.append(offer())
    Ledger(store).timers(series, START)
    with store.transaction() as tx:
        tx.append([tell(f.StatusChanged, 0, status="open")])
    ((lead, stamp),) = store.to_refold(START)
    with store.transaction() as tx:
        tx.append([tell(f.HandoffDecided, 1, handoff="L1:1", decision="recycle")])
    from leadbridge.store import Folded

    with store.transaction() as tx:
        tx.keep_clocks([Folded(lead, stamp, (), START + HOUR)])
    assert [lead for lead, _ in store.to_refold(START)] == ["L1"]
    assert len(Ledger(store).timers(series, START + 2 * HOUR)) == 0
    store.close()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["L1", "L2", "L3"]),
        st.sampled_from(["assign", "hold", "open", "talk", "accept", "recycle", "future"]),
        st.integers(0, 40),
        st.sampled_from(["ann", "bob"]),
    ),
    max_size=12,
)


def step(number: int, lead: str, what: str, hours: int, owner: str) -> f.Fact:
    """What happens next in a random story."""
    handoff = f"{lead}:1"
    match what:
        case "assign":
            return tell(f.HandoffAssigned, hours, lead, handoff=handoff, owner=owner)
        case "hold" | "open":
            return tell(f.StatusChanged, hours, lead, status="on_hold" if what == "hold" else "open")
        case "talk":
            talk = {"nature": "person_to_person", "function": "sales", "direction": "outbound"}
            return tell(f.Interacted, hours, lead, interaction=str(number), **talk)
        case "future":
            return tell(f.StatusChanged, hours + 60, lead, status="on_hold")
    return tell(f.HandoffDecided, hours, lead, handoff=handoff, decision=what)


@given(STEPS, st.lists(st.integers(0, 30), min_size=13, max_size=13))
@settings(max_examples=60, deadline=None)
def test_the_database_says_what_the_facts_say(steps: list[tuple[str, str, int, str]], pauses: list[int]) -> None:
    store, series = Store("sqlite://"), Agreements.of(AGREEMENT)
    ledger, now = Ledger(store), START + HOUR
    with store.transaction() as tx:
        tx.append([fact for lead in ("L1", "L2", "L3") for fact in offer(lead)])
    for number, ((lead, what, hours, owner), pause) in enumerate(zip(steps, pauses, strict=False)):
        fact = step(number, lead, what, hours, owner)
        with store.transaction() as tx:
            tx.append([fact])
        now += pause * HOUR
        kept = {
            (t.lead, t.policy, t.target, t.about, t.turn): (t.state, t.owner, t.due_at)
            for t in ledger.timers(series, now)
        }
        folded = {
            (c.lead, c.policy, c.target, c.handoff, c.turn): (c.state, c.owner, c.due_at)
            for c in ledger.clocks(series, now)
            if c.open
        }
        assert kept == folded
    store.close()


def test_each_alert_is_given_to_one_caller_once(bridge: Bridge, clock: ManualClock) -> None:
    bridge.record(offer("L1", owner="ann"))
    assert bridge.escalations() == bridge.escalate() == ()
    clock.advance(4 * HOUR)
    (warned,) = bridge.escalations()
    assert (warned.to, warned.tier, warned.agreement) == ("ann", "warning", 1)
    assert bridge.escalate() == (warned,)
    assert bridge.escalate() == bridge.escalations() == ()
    clock.advance(2 * HOUR)
    assert [(alert.to, alert.tier) for alert in bridge.escalate()] == [("mia", "breach")]
    assert "sales.touch is broken: mia told" in bridge.ledger.explain("L1")


def test_an_alert_that_was_told_cannot_be_recorded_again_at_another_hour(bridge: Bridge, clock: ManualClock) -> None:
    bridge.record(offer())
    clock.advance(4 * HOUR)
    (alert,) = bridge.escalations()
    again = replace(alert, occurred_at=alert.occurred_at + HOUR, recorded_at=alert.recorded_at + HOUR)
    assert (bridge.record(alert), bridge.record(again), bridge.record([again, alert])) == (1, 0, 0)
    assert bridge.record([*offer("L2"), again]) == 4


def test_an_instant_of_a_timer_is_exact_to_the_microsecond(bridge: Bridge, clock: ManualClock) -> None:
    odd = START + timedelta(microseconds=1)
    clock.advance(HOUR)
    bridge.record([replace(fact, occurred_at=odd) for fact in offer()])
    assert {from_us(timer.started_us) for timer in bridge.timers()} == {odd}
