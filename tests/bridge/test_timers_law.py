"""A board from the database is the board of all facts: whatever happened, late or not, and whatever is agreed now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.agreement import Agreement, Agreements
from leadbridge.domain import facts as f
from leadbridge.domain.sla.board import Board
from leadbridge.ledger import Ledger
from leadbridge.store import Folded, Store, Timers
from tests.bridge.test_timers import HOUR, START, STEPS, TERMS, offer, step, tell

ROUTING = "routing: {queues: [{id: emea, members: [ann]}, {id: apac, members: [ann, {id: bob, weight: 0}]}]}\n"


def version(number: int, day: date, within: str = "4 business hours", more: str = "") -> Agreement:
    text = TERMS.replace("version: 1", f"version: {number}").replace("2026-01-01", str(day))
    return Agreement.loads(text.replace("within: 4 business hours", f"within: {within}") + more)


ONE = version(1, date(2026, 1, 1))
SERIES = [
    Agreements([ONE]),
    Agreements([ONE, version(2, date(2026, 3, 3), "1 business hour", ROUTING)]),
    Agreements([ONE, version(2, date(2026, 3, 4), "30m", ROUTING.replace("bob", "cat"))]),
]

Narrowing = Callable[[Any], Any]
NARROWED: dict[str, Narrowing] = {
    "all": lambda found: found,
    "owner": lambda found: found.of("ann"),
    "team emea": lambda found: found.of_team("emea"),
    "team apac": lambda found: found.of_team("apac"),
    "queue": lambda found: found.of_queue("emea"),
    "function": lambda found: found.of_function("sales"),
    "breached": lambda found: found.breached(),
    "due": lambda found: found.due_within("6 hours"),
    "several": lambda found: found.of_team("apac").due_within(timedelta(hours=30)).of("bob"),
}


def counted(boards: dict[str, Board]) -> dict[str, int]:
    return {name: len(board) for name, board in boards.items()}


def same(kept: Timers, folded: Board) -> None:
    """Every question has one answer."""
    for name, narrow in NARROWED.items():
        assert narrow(kept).board().to_dicts() == narrow(folded).to_dicts(), name
    assert kept.by_state() == {state: folded.by_state()[state] for state in ("running", "paused", "breached")}
    assert kept.by_owner() == counted(folded.by_owner())
    assert kept.by_team() == counted(folded.by_team())
    assert kept.by_queue() == counted(folded.by_queue())
    assert kept.by_function() == counted(folded.by_function())
    assert kept.board(2).to_dicts() == folded[:2].to_dicts()
    assert (len(kept), kept.board().agreement) == (len(folded), folded.agreement)


def still_open(board: Board) -> Board:
    return Board((clock for clock in board if clock.open), board.agreement, board.teams)


def recorded(store: Store, facts: Iterable[f.Fact]) -> None:
    with store.transaction() as tx:
        tx.append(facts)


@given(STEPS, st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2)), min_size=13, max_size=13))
@settings(max_examples=15, deadline=None)
def test_a_board_from_the_database_is_the_board_of_all_facts(
    steps: list[tuple[str, str, int, str]], turns: list[tuple[int, int]]
) -> None:
    store = Store("sqlite://")
    ledger, now = Ledger(store), START + HOUR
    recorded(store, [fact for lead in ("L1", "L2", "L3") for fact in offer(lead)])
    for number, ((lead, what, hours, owner), (pause, agreed)) in enumerate(zip(steps, turns, strict=False)):
        recorded(store, [step(number, lead, what, hours, owner)])
        now += pause * HOUR
        series = SERIES[agreed]
        folded = ledger.clocks(series, now)
        same(ledger.timers(series, now), still_open(folded))
        alerts = folded.escalations(ledger.facts(), now)
        assert (ledger.escalate(series, now), ledger.escalate(series, now)) == (alerts, ())
    store.close()


def test_only_what_something_happened_to_is_folded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """And everything, when other words are agreed on."""
    store, asked = Store("sqlite://"), list[list[str]]()
    ledger, facts = Ledger(store), Store.facts

    def listening(self: Store, leads: Any = None, **more: Any) -> Any:
        asked.append(sorted(leads))
        return facts(self, leads, **more)

    recorded(store, [fact for lead in ("L1", "L2", "L3") for fact in offer(lead)])
    monkeypatch.setattr(Store, "facts", listening)
    assert len(ledger.timers(SERIES[0], START)) == 6
    recorded(store, [tell(f.HandoffDecided, 0, "L2", handoff="L2:1", decision="accept")])
    assert len(ledger.timers(SERIES[0], START).board(1)) == 1
    assert len(ledger.timers(SERIES[1], START)) == 5
    assert len(ledger.timers(SERIES[1], START)) == 5
    assert asked == [["L1", "L2", "L3"], ["L2"], ["L1"], ["L1", "L2", "L3"]]
    store.close()


def test_whoever_folds_slowly_does_not_bring_back_what_was_before() -> None:
    store, now = Store("sqlite://"), START + HOUR
    recorded(store, offer())
    Ledger(store).timers(SERIES[0], START)
    recorded(store, [tell(f.StatusChanged, 0, status="open")])
    ((lead, stamp),) = store.to_refold(now)
    before = tuple(Ledger(store).timers(SERIES[0], now))
    recorded(store, [tell(f.HandoffDecided, 1, handoff="L1:1", decision="recycle")])
    assert len(Ledger(store).timers(SERIES[0], now)) == 0
    with store.transaction() as tx:
        tx.keep_clocks([Folded(lead, stamp, before)])
    assert len(Ledger(store).timers(SERIES[0], now)) == 0
    store.close()


def test_what_happens_at_the_very_instant_of_a_board_counts_a_moment_later() -> None:
    store, now = Store("sqlite://"), START + 11 * HOUR
    talk = {"nature": "person_to_person", "function": "sales", "direction": "outbound"}
    recorded(store, [*offer(), tell(f.Interacted, 11, "L1", interaction="i", **talk)])
    for when in (now - HOUR, now, now + timedelta(microseconds=1), now + HOUR):
        same(Ledger(store).timers(SERIES[0], when), still_open(Ledger(store).clocks(SERIES[0], when)))
    store.close()


TWICE = """
agreement: Test
version: 1
effective: 2026-01-01
slas: [{id: sales, targets: [{id: call, starts: captured, stops: [won], within: 30 days}]}]
"""


def test_two_versions_may_each_have_a_promise_of_the_same_name_about_one_lead() -> None:
    later = TWICE.replace("version: 1", "version: 2").replace("captured", "stage:marketing_qualified")
    series = Agreements([Agreement.loads(TWICE), Agreement.loads(later.replace("2026-01-01", "2026-03-05"))])
    store, now = Store("sqlite://"), datetime(2026, 3, 9, tzinfo=UTC)
    recorded(store, [tell(f.LeadCaptured, 0, agreement=1)])
    recorded(store, [tell(f.StageEntered, 90, stage="marketing_qualified", agreement=2)])
    found = Ledger(store).timers(series, now)
    assert [(timer.about, timer.agreement) for timer in found] == [("1", 1), ("1", 2)]
    same(found, still_open(Ledger(store).clocks(series, now)))
    store.close()


def test_a_team_looks_after_its_queue_and_after_what_its_members_hold() -> None:
    store, now = Store("sqlite://"), START + 60 * HOUR
    queued = [
        tell(f.HandoffOffered, 0, "L3", handoff="L3:1"),
        tell(f.HandoffRouted, 0, "L3", handoff="L3:1", queue="us"),
    ]
    nobodys = [tell(f.HandoffOffered, 0, "L4", handoff="L4:1")]
    recorded(store, [*offer("L1", owner="ann"), *offer("L2", owner="bob"), *queued, *nobodys])
    found = Ledger(store).timers(SERIES[1], now)
    leads = {team: {timer.lead for timer in found.of_team(team)} for team in ("emea", "apac", "us", "none")}
    assert leads == {"emea": {"L1", "L2"}, "apac": {"L1", "L2"}, "us": {"L3"}, "none": set()}
    assert found.by_team() == {"": 1, "apac": 4, "emea": 4, "us": 1}
    store.close()


@pytest.mark.parametrize(("span", "problem"), [("2 business hours", "ask for plain time"), ("soon", "not a duration")])
def test_a_span_that_is_no_plain_time_is_refused(span: str, problem: str) -> None:
    store = Store("sqlite://")
    with pytest.raises(ValueError, match=problem):
        Ledger(store).timers(SERIES[0], START).due_within(span)
    store.close()
