"""``leadbridge clocks``: narrowed by owner, team, queue and function, as a table and as JSON; alerts listed once."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from leadbridge.agreement import Agreements
from leadbridge.clock import SystemClock
from leadbridge.domain import facts as f
from leadbridge.domain.sla.board import Board
from leadbridge.ledger import Ledger
from leadbridge.store import Store
from tests.cli.conftest import Shop

TERMS = """agreement: Desk
version: 1
effective: 2026-01-01
people: {ann: {manager: mia}}
routing: {queues: [{id: emea, members: [ann]}, {id: apac, members: [bob, cat]}]}
slas:
  - id: sales
    targets:
      - id: touch
        starts: assigned
        stops: touched
        within: 4 hours
        grace: 2 hours
        escalate: [{at: warning, to: rep}, {at: due, to: manager}]
      - {id: reach, starts: assigned, within: 2 days, cadence: {touches: 3}}
"""


@pytest.fixture
def desk(shop: Shop) -> Shop:
    """A database with a lead of Ann's in the grace of its promise, and one that nobody of queue apac has."""
    now = SystemClock().now()
    told: list[f.Fact] = []
    for lead, queue, owner, hours in (("L1", "emea", "ann", 5.0), ("L2", "apac", "", 1.0)):
        at: dict[str, Any] = {"lead": lead, "occurred_at": now - timedelta(hours=hours), "recorded_at": now}
        told += [f.LeadCaptured(**at), f.HandoffOffered(handoff=lead, **at)]
        told += [f.HandoffRouted(handoff=lead, queue=queue, **at), f.HandoffAssigned(handoff=lead, owner=owner, **at)]
    (shop.folder / "terms.yaml").write_text(TERMS, encoding="utf-8")
    settings = shop.folder / "leadbridge.toml"
    lines = [line for line in settings.read_text(encoding="utf-8").splitlines() if not line.startswith("agreement")]
    head = 'agreement = "terms.yaml"\nstore = "sqlite:///told.db"\n'
    settings.write_text(head + "\n".join(lines), encoding="utf-8")
    store = Store("sqlite:///told.db")
    with store.transaction() as tx:
        tx.append(told)
    store.close()
    return shop


def test_clocks_are_narrowed_by_owner_queue_and_function(desk: Shop) -> None:
    ran = desk.run("clocks")
    assert (ran.code, "4 running" in ran.out) == (0, True)
    assert ("in grace" in ran.out, "0 of 3 touches" in ran.out, "nobody (queue apac)" in ran.out) == (True, True, True)
    assert {row["lead"] for row in desk.run("clocks", "--owner", "ann", "--json").json["clocks"]} == {"L1"}
    assert {row["lead"] for row in desk.run("clocks", "--queue", "apac", "--json").json["clocks"]} == {"L2"}
    assert {row["lead"] for row in desk.run("clocks", "--team", "emea", "--json").json["clocks"]} == {"L1"}
    assert "No such clocks." in desk.run("clocks", "--function", "legal").out


def test_only_what_is_shown_is_listed_and_the_rest_is_counted(desk: Shop) -> None:
    ran = desk.run("clocks", "--limit", "1")
    assert ("4 running" in ran.out, "... and 3 more" in ran.out, ran.out.count("sales.")) == (True, True, 1)
    refused = desk.run("clocks", "--due-within", "2 business hours")
    assert (refused.code, "plain time" in refused.err) == (2, True)


ASKED: tuple[tuple[str, ...], ...] = (
    (),
    ("--owner", "ann"),
    ("--team", "apac"),
    ("--queue", "emea"),
    ("--function", "sales"),
    ("--breached",),
    ("--due-within", "3 hours"),
    ("--team", "emea", "--breached", "--owner", "bob"),
    ("--all",),
    ("--all", "--breached"),
)


def answer(board: Board, asked: tuple[str, ...]) -> Board:
    """What folding every lead answers."""
    said = dict(zip(asked, (*asked[1:], ""), strict=False))
    board = board if "--all" in said else Board((c for c in board if c.open), board.agreement, board.teams)
    board = board.due_within(said["--due-within"]) if "--due-within" in said else board
    board = board.breached() if "--breached" in said else board
    board = board.of(said["--owner"]) if "--owner" in said else board
    board = board.of_team(said["--team"]) if "--team" in said else board
    board = board.of_queue(said["--queue"]) if "--queue" in said else board
    return board.of_function(said["--function"]) if "--function" in said else board


def happenings(random: Random, now: datetime, leads: range) -> list[f.Fact]:
    """Random histories of the last two days, some of whose facts arrive late."""
    told: list[f.Fact] = []
    for number in leads:
        lead = f"R{number}"
        start = now - timedelta(minutes=random.randrange(2 * 24 * 60))

        def at(minutes: float, start: datetime = start, lead: str = lead) -> dict[str, Any]:
            return {"lead": lead, "occurred_at": start + timedelta(minutes=minutes), "recorded_at": now}

        told += [f.LeadCaptured(**at(0)), f.HandoffOffered(handoff=lead, **at(0))]
        if random.random() < 0.6:
            told.append(f.HandoffRouted(handoff=lead, queue=random.choice(("emea", "apac", "us")), **at(1)))
        for turn in range(random.randrange(3)):
            told.append(
                f.HandoffAssigned(handoff=lead, owner=random.choice(("ann", "bob", "cat")), **at(5 + 40 * turn))
            )
        if random.random() < 0.3:
            told.append(f.HandoffDecided(handoff=lead, decision=random.choice(("accept", "recycle")), **at(90)))
        if random.random() < 0.3:
            talk: dict[str, Any] = {"nature": "person_to_person", "direction": "outbound", "function": "sales"}
            told.append(f.Interacted(interaction=lead, **talk, **at(random.randrange(400))))
    random.shuffle(told)
    return told


def test_the_command_answers_what_folding_every_lead_answers(desk: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a database that nobody asked before, after late facts, and after other words were agreed on."""
    now = SystemClock().now() + timedelta(hours=1)
    monkeypatch.setattr(SystemClock, "now", lambda _: now)
    told = happenings(Random(11), now, range(25))
    terms = desk.folder / "terms.yaml"
    later = TERMS.replace("version: 1", "version: 2").replace("2026-01-01", str(now.date()))
    steps = [
        (told[:70], TERMS),
        (told[70:], TERMS),
        ([], later.replace("4 hours", "1 hour").replace("bob, cat", "bob")),
    ]
    for new, words in steps:
        terms.write_text(words, encoding="utf-8")
        store = Store("sqlite:///told.db")
        with store.transaction() as tx:
            tx.append(new)
        ledger = Ledger(store)
        series = ledger.agreements(Agreements.load("terms.yaml"))
        for asked in ASKED:
            found = desk.run("clocks", *asked, "--json").json
            expected = answer(ledger.clocks(series, now), asked)
            assert found["clocks"] == expected.to_dicts(), asked
            assert found["agreement"] == expected.agreement
            counts = answer(ledger.clocks(series, now), tuple(set(asked) & {"--all"})).by_state()
            assert found["counts"] == {state: count for state, count in counts.items() if state in found["counts"]}
            assert {state for state, count in counts.items() if count} <= set(found["counts"])
        store.close()


def test_who_is_to_be_told_is_listed_once(desk: Shop) -> None:
    document = desk.run("clocks", "--escalate", "--json").json
    found = [(one["to"], one["lead"], one["tier"], one["target"]) for one in document["escalations"]]
    assert found == [("ann", "L1", "warning", "touch"), ("mia", "L1", "due", "touch")]
    ran = desk.run("clocks", "--escalate")
    assert (ran.code, "Nobody is to be told anything new." in ran.out) == (0, True)


def test_alerts_are_a_table_for_people(desk: Shop) -> None:
    ran = desk.run("clocks", "--escalate")
    assert ("To be told now" in ran.out, "sales.touch" in ran.out, "mia" in ran.out) == (True, True, True)
