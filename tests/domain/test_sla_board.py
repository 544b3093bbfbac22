"""Boards by owner, queue and function, and alerts of which each is given once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from leadbridge.domain import facts as f
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla import Board, Person, SLAPolicy, clocks
from leadbridge.domain.sla.escalations import identity
from tests.domain.told import START, assigned, call, fact, offered

PEOPLE = {"ann": Person(manager="mia")}
TIERS = [
    {"at": "warning", "to": "rep"},
    {"at": "due", "to": "manager"},
    {"at": "breach", "to": "ops"},
    {"at": "+2 hours", "to": "vp"},
]


def board(facts: list[f.Fact], now: float, on_transfer: str = "restart", **target: Any) -> Board:
    usual = {"id": "t", "starts": "assigned", "stops": "touched", "within": "4 hours", "warn_at": 0.5}
    rules = {"id": "p", "on_transfer": on_transfer, "targets": [{**usual, "escalate": TIERS, **target}]}
    found = clocks(
        LeadHistory.fold(facts),
        [SLAPolicy.model_validate(rules)],
        {},
        START + timedelta(hours=now),
        people=PEOPLE,
    )
    return Board(found)


def told(found: Board, known: list[f.Fact]) -> list[tuple[str, str]]:
    return [(fact.tier, fact.to) for fact in found.escalations(known)]


STORY: list[f.Fact] = [offered(0), assigned(0)]


def test_each_tier_is_told_when_its_moment_has_come() -> None:
    assert told(board(STORY, 1), STORY) == []
    assert told(board(STORY, 2), STORY) == [("warning", "ann")]
    assert told(board(STORY, 4), STORY) == [("warning", "ann"), ("breach", "ops"), ("due", "mia")]
    assert told(board(STORY, 6), STORY)[-1] == ("+2 hours", "vp")
    assert told(board(STORY, 4, grace="1 hour"), STORY) == [("warning", "ann"), ("due", "mia")]


def test_nobody_is_told_twice_whatever_the_hour() -> None:
    known: list[f.Fact] = list(STORY)
    seen = []
    for now in (2, 2, 3, 4, 5, 6, 7, 90):
        new = board(known, now).escalations(known)
        seen += [alert.tier for alert in new]
        known += new
    assert sorted(seen) == ["+2 hours", "breach", "due", "warning"]


def test_what_was_kept_or_cancelled_in_the_meantime_alarms_nobody() -> None:
    assert told(board([*STORY, call(5)], 9), STORY) == []
    out = fact(f.HandoffExpired, 5, handoff="h1")
    assert told(board([*STORY, out], 9), STORY) == []


def test_a_new_owner_and_a_new_start_are_alerts_of_their_own() -> None:
    known: list[f.Fact] = [*STORY]
    known += board(known, 3).escalations(known)
    moved = [*known, assigned(3.5, "bob")]
    assert told(board(moved, 5.5), moved) == [("warning", "bob")]
    again = [*known, fact(f.StageEntered, 3.5, stage="sales_accepted")]
    assert told(board(again, 5.5, resets="stage:sales_accepted"), again) == [("warning", "ann")]


def test_without_a_known_manager_or_owner_the_role_is_told() -> None:
    nobody: list[f.Fact] = [offered(0)]
    assert told(board(nobody, 4, starts="offered"), nobody)[0] == ("warning", "rep")
    assert ("due", "manager") in told(board([offered(0), assigned(0, "bob")], 4), nobody)


def test_when_it_was_told_does_not_make_another_alert() -> None:
    early, late = (board(STORY, now).escalations(STORY)[0] for now in (2, 3))
    assert early != late
    assert identity(early) == identity(late)


def test_an_alert_changes_no_hand_off_and_no_clock() -> None:
    alerts = board(STORY, 9).escalations(STORY)
    history = LeadHistory.fold([*STORY, *alerts])
    assert history.handoffs == LeadHistory.fold(STORY).handoffs
    assert board([*STORY, *alerts], 9).to_dicts() == board(STORY, 9).to_dicts()
    lines = history.explain()
    assert "2026-03-02 18:00 UTC  p.t is due: mia told by leadbridge (slas of the agreement)" in lines
    assert any("p.t is due since 2 hours: vp told" in line for line in lines)


def test_a_board_is_cut_by_owner_queue_and_function() -> None:
    routed = fact(f.HandoffRouted, 0, handoff="h1", queue="emea")
    found = Board([*board([*STORY, routed], 1), *board([offered(0)], 1, starts="offered")])
    assert {name: len(part) for name, part in found.by_queue().items()} == {"": 1, "emea": 1}
    assert {name: len(part) for name, part in found.by_function().items()} == {"sales": 2}
    assert [len(part) for part in (found.of_queue("emea"), found.of("ann"), found.of_function("legal"))] == [1, 1, 0]
    row = found.of("ann").to_dicts()[0]
    assert row["chain"] == [{"owner": "ann", "since": "2026-03-02T09:00:00.000Z"}]
    assert row["alerts"][0] == {"tier": "warning", "to": "ann", "at": "2026-03-02T11:00:00.000Z"}
    assert (row["queue"], row["calendar_version"], row["cadence"]) == ("emea", None, None)
