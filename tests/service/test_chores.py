"""What the service does between rounds: it looks through all ids now and then, and removes what is old."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leadbridge.errors import Unavailable
from leadbridge.service import Chores, Service
from leadbridge.service import chores as module
from leadbridge.settings import RetentionSettings
from tests.service.conftest import EVERY, Works, nothing
from tests.sync.conftest import person

WEEK = timedelta(days=7)


@pytest.fixture
def tidy(works: Works) -> Works:
    keep = RetentionSettings.model_validate({"writes": "30 days", "audit": "30 days"})
    works.service = Service(
        works.bridge, every=EVERY, bell=works.bell, chores=Chores(works.bridge, sweep=WEEK, keep=keep)
    )
    works.service.watch(works.turns.append)
    return works


def broken(works: Works) -> None:
    """A week later the promises are broken and that is written: from then on nothing is written by itself."""
    works.run()
    works.clock.advance(WEEK)
    works.run()


def ids(works: Works) -> int:
    return works.left.crm.requests["ids"]


def test_a_record_that_vanished_is_noticed_within_a_week_and_its_lead_left_alone(tidy: Works) -> None:
    gone, *_ = tidy.left.crm.seed("person", [person(number) for number in range(6)])
    broken(tidy)
    tidy.left.crm.remove(gone)
    tidy.run(nothing)
    assert {link.status for link in tidy.bridge.links()} == {"live"}
    tidy.clock.advance(WEEK)
    tidy.run(nothing)
    assert [link.status for link in tidy.bridge.links() if link.ref == gone] == ["gone"]
    assert any(each.gone == 1 for turn in tidy.turns for each in turn.swept.swept)
    assert tidy.turns[-1].problems == {}


def test_all_ids_are_not_asked_for_in_every_turn(tidy: Works) -> None:
    tidy.left.crm.seed("person", [person(1)])
    tidy.run()
    after = ids(tidy)
    assert after > 0
    tidy.run(nothing, nothing, lambda: tidy.clock.advance(timedelta(days=6)), nothing)
    assert ids(tidy) == after


def test_a_long_sweep_is_spread_over_turns(tidy: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGES", 1)
    monkeypatch.setattr("leadbridge.sync.sweep.PAGE", 2)
    tidy.left.crm.seed("person", [person(number) for number in range(5)])
    tidy.run(nothing, nothing, nothing)
    found = [
        (each.met, each.ended)
        for turn in tidy.turns
        for each in turn.swept.swept
        if (each.connection, each.kind) == ("left", "person")
    ]
    assert found == [(2, False), (4, False), (5, True)]


def test_a_sweep_that_fails_is_a_problem_of_its_connection_and_is_tried_again(tidy: Works) -> None:
    tidy.left.crm.seed("person", [person(1)])
    tidy.left.crm.fail(Unavailable("down"), operation="ids")
    tidy.run(nothing)
    assert [set(turn.problems) for turn in tidy.turns] == [{"left"}, set()]
    assert tidy.turns[-1].swept.swept


def test_a_list_that_is_not_believed_waits_for_a_person(tidy: Works) -> None:
    refs = tidy.left.crm.seed("person", [person(number) for number in range(6)])
    broken(tidy)
    for ref in refs[:3]:
        tidy.left.crm.remove(ref)
    tidy.clock.advance(WEEK)
    tidy.run()
    assert tidy.turns[-1].waiting == 1
    assert {link.status for link in tidy.bridge.links()} == {"live"}
    assert tidy.turns[-1].swept.refused


def test_what_is_old_is_removed_once_a_day(tidy: Works) -> None:
    tidy.left.crm.seed("person", [person(1)])
    tidy.run()
    (first, *_), *_ = tidy.bridge.store.applied_plans()
    tidy.clock.advance(timedelta(days=40))
    tidy.run(nothing)
    assert [bool(turn.pruned) for turn in tidy.turns] == [False, True, False]
    assert tidy.turns[1].pruned["intent"] > 0
    assert first not in [name for name, *_ in tidy.bridge.store.applied_plans()]


def test_without_chores_nothing_but_rounds_is_done(works: Works) -> None:
    works.left.crm.seed("person", [person(1)])
    works.run(nothing)
    assert ids(works) == 0
