"""Sweeping, recovering, pruning and erasing, killed anywhere and called again, end as if nothing had happened."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from leadbridge.adapter import Ref
from leadbridge.ledger import Ledger
from leadbridge.settings import RetentionSettings
from leadbridge.sync.upkeep import Upkeep
from leadbridge.testing import invariants as must
from tests.sync.conftest import person
from tests.sync.crash_points import Killer
from tests.sync.judge import uphold
from tests.sync.mortal import deterministic
from tests.sync.test_crash_points import Life, state

ADA = str(person(0)["email"])
KEEP = RetentionSettings.model_validate({"records": "90 days", "writes": "30 days", "audit": "30 days"})
TABLES = ("fact", "link", "base", "observation", "relation", "timer", "conflict", "quarantine", "suppressed")


class Caretaker(Life):
    """People whom both CRMs know, and one chore at a time that may be killed."""

    refs: list[Ref]
    left_behind: dict[str, int]

    def take_care(self, chore: str) -> None:
        """Both CRMs get to know four people; then the chore is done."""
        self.killer.over()
        self.refs = self.left.crm.seed("person", [person(number) for number in range(4)])
        self.made = {("left", ref) for ref in self.refs}
        self.sync()
        CHORES[chore](self)

    def on_the_right(self, number: int) -> Ref:
        """Where somebody stands in the other CRM."""
        address = person(number)["email"]
        return next(row.ref for row in self.right.crm.rows("person") if row.fields["email"] == address)

    def sweep(self) -> None:
        """Two records went for good and one came, and no change told of it: all ids are looked through."""
        self.clock.advance(timedelta(hours=1))
        self.left.crm.remove(self.refs[0])
        self.right.crm.remove(self.on_the_right(1))
        (stranger,) = self.left.crm.seed("person", [person(9)])
        self.made.add(("left", stranger))
        self.left.hidden = frozenset({stranger})
        self.sync()
        self.left.hidden = frozenset()
        self.clock.advance(timedelta(hours=1))
        self.killer.begin()
        self.through(self._whole_sweep)
        self.sync()
        self.killer.over()
        assert not any(each.missing or each.unseen for each in Upkeep(self.engine).sweep().swept)

    def _whole_sweep(self) -> None:
        found = Upkeep(self.engine).sweep()
        assert all(each.ended and not each.refused for each in found.swept)
        assert not found.failed
        assert not found.busy

    def recover(self) -> None:
        """The database is put back to where it was before the latest work, and catches up."""
        with closing(sqlite3.connect(":memory:")) as saved:
            self._copy(lambda now: now.backup(saved))
            self.left.crm.edit(self.refs[0], {"title": "CTO", "opted_out": True})
            self.left.crm.edit(self.refs[1], {"title": "CFO"})
            (new,) = self.left.crm.seed("person", [person(7)])
            self.made.add(("left", new))
            self.sync()
            self.clock.advance(timedelta(minutes=3))
            self.right.crm.edit(self.on_the_right(1), {"title": "COO"})
            self.left.crm.edit(self.refs[2], {"phone": "+1 555 0100"})
            self._copy(saved.backup)
        self.killer.begin()
        self.through(lambda: Upkeep(self.engine).recover(yes=True))
        self.through(self._approved)
        self.sync()
        self.killer.over()
        assert not Upkeep(self.engine).recover(yes=True), "nothing is left to recover"

    def _approved(self) -> None:
        plan = self.engine.plan()
        self.engine.apply(plan, approve=plan.hash)

    def _copy(self, work: Callable[[Any], object]) -> None:
        with closing(self.store._engine.raw_connection()) as connection:
            work(connection.driver_connection)

    def prune(self) -> None:
        """What has been kept for long enough is removed."""
        self.left.crm.delete(self.refs[0])
        self.right.crm.delete(self.on_the_right(0))
        self.sync()
        self.clock.advance(timedelta(days=120))
        self.engine.sync()
        self.killer.begin()
        self.through(lambda: Upkeep(self.engine).prune(KEEP, yes=True))
        self.killer.over()
        assert not any(Upkeep(self.engine).prune(KEEP).values())

    def erase(self) -> None:
        """Somebody is erased from both CRMs and from here."""
        self.killer.begin()
        self.through(self._erased)
        self.killer.over()
        assert ADA not in {row.fields["email"] for side in (self.left, self.right) for row in side.crm.rows("person")}
        assert self.store.suppression().holds("email", ADA)
        self.left.crm.seed("person", [person(0)])
        assert self.engine.sync().writes == {}, "and does not come back by a sync"

    def _erased(self) -> None:
        assert self.engine.erase(ADA, Ledger(self.store).find, yes=True).done


CHORES: dict[str, Callable[[Caretaker], None]] = {
    "sweep": Caretaker.sweep,
    "recover": Caretaker.recover,
    "prune": Caretaker.prune,
    "erase": Caretaker.erase,
}
OWN: dict[str, tuple[str, ...]] = {
    "sweep": ("request ids", "sweep._met", "sweep._end", "asking.hinted", "upkeep.sweep leased", "upkeep.ask leased"),
    "recover": ("recover.recover", "engine._record"),
    "prune": ("upkeep.prune",),
    "erase": ("request erase", "erase._erased", "erase.carry_out"),
}
"""Places that only these chores go through, before and after each; the others are killed at by all syncs."""


def told(patch: pytest.MonkeyPatch, chore: str, *at: int) -> Caretaker:
    life = Caretaker(Killer(frozenset(at)))
    patch.setattr("leadbridge.sync.sweep.PAGE", 2)
    try:
        deterministic(patch, 1, life.ended)
        life.take_care(chore)
        again = life.engine.sync()
        uphold(must.still(again.writes, len(again.rounds)))
        life.left_behind = {name: life.store.count(name) for name in TABLES}
    finally:
        life.store.close()
    return life


def survives(patch: pytest.MonkeyPatch, chore: str, undisturbed: Caretaker, *at: int) -> None:
    life = told(patch, chore, *at)
    where = f"{chore}: " + ", ".join(life.killer.places[number] for number in at if number < len(life.killer.places))
    records = life.held()
    uphold(must.one_record_each(records))
    uphold(must.nobody_comes_back(records))
    uphold(must.same_after_a_crash(state(life), state(undisturbed), where))
    assert life.left_behind == undisturbed.left_behind, where


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, Caretaker]:
    with pytest.MonkeyPatch.context() as patch:
        return {chore: told(patch, chore) for chore in CHORES}


@pytest.mark.parametrize("chore", CHORES)
def test_a_chore_killed_at_each_kind_of_place_ends_as_if_nothing_had_happened(
    chore: str, undisturbed: dict[str, Caretaker], monkeypatch: pytest.MonkeyPatch
) -> None:
    places = undisturbed[chore].killer.places
    for place in OWN[chore]:
        own = {number for number, each in enumerate(places) if each.rpartition(" ")[0] == place}
        assert {places[number] for number in own} >= {f"{place} {after}" for after in _around(place)}
        # Early and late: there are two CRMs, and pages.
        for number in {min(own), max(own)}:
            survives(monkeypatch, chore, undisturbed[chore], number)


def _around(place: str) -> tuple[str, str]:
    return ("before", "after") if place.startswith("request") else ("open", "committed")


@pytest.mark.parametrize("chore", CHORES)
def test_a_chore_killed_while_it_is_done_again_ends_as_if_nothing_had_happened(
    chore: str, undisturbed: dict[str, Caretaker], monkeypatch: pytest.MonkeyPatch
) -> None:
    places = undisturbed[chore].killer.places
    first = next(number for number, each in enumerate(places) if each.startswith(OWN[chore][-1]))
    for second in (1, 2):
        survives(monkeypatch, chore, undisturbed[chore], first, first + second)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("chore", CHORES)
def test_a_chore_killed_anywhere_ends_as_if_nothing_had_happened(
    chore: str, undisturbed: dict[str, Caretaker], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(len(undisturbed[chore].killer.places)):
        survives(monkeypatch, chore, undisturbed[chore], number)
        survives(monkeypatch, chore, undisturbed[chore], number, number + 1 + number % 7)
