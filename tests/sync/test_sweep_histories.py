"""Random histories in which records vanish without a word: with sweeps in foul weather, every promise still holds."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from leadbridge.domain import facts as f
from leadbridge.errors import RateLimited, Unavailable
from leadbridge.memory.crm import Row
from leadbridge.sync.upkeep import Upkeep
from tests.sync.judge import Judge, demand
from tests.sync.mortal import Killed, deterministic
from tests.sync.world import SIDES, World

SEEDS = 10
PARTS = 5


class SilentWorld(World):
    """A world in which some records are deleted and no change tells of it.

    Attributes:
        vanished: those records, by side; they stay in the CRM's own books, for the judge.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.fate = random.Random(f"silent {seed}")
        self.vanished: list[tuple[str, Row]] = []

    def vanish(self) -> None:
        """A record goes, unless nobody could have read it yet: the CRM stamps nothing and tells nobody."""
        side = self.fate.choice(SIDES)
        rows = [row for row in self.live(side) if isinstance(row.fields.get("leadbridge_id"), str)]
        if rows:
            row = self.fate.choice(rows)
            self._land(self.clock.now())
            row.state = "deleted"
            self.vanished.append((side, row))

    def stormy_sweep(self) -> None:
        """A part of a sweep in which connections fail, people go on working, and the process may end."""
        self.chaos = True
        for _ in range(self.fate.choice([0, 1, 2])):
            self._trouble()
        try:
            Upkeep(self.engine).sweep(pages=self.fate.choice([1, 2, None]))
        except Killed:
            self.ended.add(self.engine.worker.name)
            self.engine = self._start()
        except (Unavailable, RateLimited):
            pass
        finally:
            self.chaos = False

    def calm_sweep(self) -> None:
        """A whole sweep in peace; a person approves lists that lack many records, because they really are gone."""
        self.calm_sync()
        self.pass_time(timedelta(minutes=5))
        upkeep = Upkeep(self.engine)
        while True:
            found = upkeep.sweep()
            demand(not found.failed and not found.busy, "a sweep in peace goes through")
            if all(each.ended for each in found.swept):
                break
        for each in found.refused:
            again = upkeep.sweep(approve=each.approval)
            (told,) = (one for one in again.swept if (one.connection, one.kind) == (each.connection, each.kind))
            demand(not told.refused, "exactly what a person approved is done")


def live_through(seed: int, monkeypatch: pytest.MonkeyPatch) -> SilentWorld:
    world = SilentWorld(seed)
    deterministic(monkeypatch, seed, world.ended)
    monkeypatch.setattr("leadbridge.sync.sweep.PAGE", 3)
    judge = Judge(world)
    try:
        for _ in range(world.fate.randrange(2, 5)):
            for _ in range(world.fate.randrange(1, 4)):
                for _ in range(world.fate.randrange(2, 12)):
                    world.act()
                world.stormy_sync()
                if world.fate.random() < 0.6:
                    world.vanish()
                world.stormy_sweep()
            world.calm_sweep()
            judge.check()
            noticed = {fact.record for _, fact in world.store.facts() if isinstance(fact, f.RecordMoved)}
            missed = [row.ref.id for _, row in world.vanished if row.ref.id not in noticed]
            demand(not missed, f"what vanished is noticed by the next whole sweep: {missed}")
    except Exception as error:
        error.add_note(f"seed {seed}")
        raise
    finally:
        world.store.close()
    return world


@pytest.mark.parametrize("part", range(PARTS))
def test_every_promise_holds_where_records_vanish_without_a_word(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    vanished = sum(len(live_through(seed, monkeypatch).vanished) for seed in range(part, SEEDS, PARTS))
    assert vanished
