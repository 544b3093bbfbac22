"""Random histories of two CRMs: whatever people do and whatever goes wrong, the promises of a sync hold.

Every history follows from its seed, in any process: one that fails names the promise and its seed, and fails again.
``make soak`` lives through many more of them; ``LEADBRIDGE_SEEDS`` says how many.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from leadbridge.adapter import Missing, Receipt, Record, Ref, Write
from leadbridge.memory import MemoryAdapter
from leadbridge.store import Intent
from leadbridge.sync.settle import Settlement
from tests.sync.judge import Judge, Violation
from tests.sync.mortal import MortalStore, deterministic
from tests.sync.world import World

SEEDS = 60
MORE = int(os.environ.get("LEADBRIDGE_SEEDS", "5000"))
PARTS = 6


def live_through(seed: int, monkeypatch: pytest.MonkeyPatch) -> World:
    """One history: people work, syncs run in fair and foul weather, and every now and then a judge looks."""
    world = World(seed)
    deterministic(monkeypatch, seed, world.ended)
    judge = Judge(world)
    try:
        for _ in range(world.rng.randrange(2, 6)):
            for _ in range(world.rng.randrange(1, 4)):
                for _ in range(world.rng.randrange(0, 12)):
                    world.act()
                world.stormy_sync()
            judge.check()
    except Exception as error:
        error.add_note(f"seed {seed}")
        raise
    finally:
        world.store.close()
    return world


@pytest.mark.parametrize("part", range(PARTS))
def test_every_promise_holds_in_random_histories(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(part, SEEDS, PARTS):
        live_through(seed, monkeypatch)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(20))
def test_every_promise_holds_in_thousands_of_histories(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(SEEDS + part, SEEDS + MORE, 20):
        live_through(seed, monkeypatch)


def test_the_same_seed_lives_the_same_history(monkeypatch: pytest.MonkeyPatch) -> None:
    def traces() -> list[object]:
        world = live_through(7, monkeypatch)
        return [world.clock.now(), world.lives, *(crm.dump("person") for crm in world.crms.values())]

    assert traces() == traces()


# -- the power of this test: each defence that is taken away is missed -------------------------------------------------

Patch = Callable[[pytest.MonkeyPatch], None]


def without_the_op_marker(patch: pytest.MonkeyPatch) -> None:
    real = Settlement.precondition

    def blind(self: Settlement, intent: Intent, answer: Record | Missing) -> bool:
        return real(self, replace(intent, attempts=0), answer)

    patch.setattr(Settlement, "precondition", blind)


def without_bases(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MortalStore, "bases", lambda *_: {})


def without_looking_before_writing(patch: pytest.MonkeyPatch) -> None:
    real = Settlement.precondition

    def hasty(self: Settlement, intent: Intent, answer: Record | Missing) -> bool:
        return isinstance(answer, Record) or real(self, intent, answer)

    patch.setattr(Settlement, "precondition", hasty)


def without_a_key_of_our_own(patch: pytest.MonkeyPatch) -> None:
    real = MemoryAdapter.apply

    def create(self: MemoryAdapter, writes: list[Write]) -> list[Receipt]:
        return real(self, [replace(w, target=_anew(w.target)) if w.action == "upsert" else w for w in writes])

    patch.setattr(MemoryAdapter, "apply", create)


def _anew(target: Ref) -> Ref:
    return Ref(target.kind, uuid4().hex)


def without_looking_up_a_lost_creation(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Settlement, "made_before", lambda *_: None)


def without_a_memory_of_refusals(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("leadbridge.sync.held.refusal", lambda *_: "")


def without_tombstones(patch: pytest.MonkeyPatch) -> None:
    real: Any = MortalStore.links

    def forgetful(self: MortalStore, *args: object) -> object:
        return [link for link in real(self, *args) if link.status != "gone"]

    patch.setattr(MortalStore, "links", forgetful)


def without_noticing_edits_in_flight(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("leadbridge.sync.settle._as_expected", lambda *_: True)


def without_meeting_who_is_in_the_way(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Settlement, "same_person", lambda *_: None)


DEFENCES: list[tuple[Patch, int]] = [
    (without_the_op_marker, 3),
    (without_bases, 1),
    (without_looking_before_writing, 9),
    (without_a_key_of_our_own, 0),
    (without_looking_up_a_lost_creation, 35),
    (without_a_memory_of_refusals, 1),
    (without_tombstones, 2),
    (without_noticing_edits_in_flight, 7),
    (without_meeting_who_is_in_the_way, 10),
]
"""What protects a sync, and a seed whose history misses it; should histories change, the others are tried."""


@pytest.mark.parametrize(("take_away", "seed"), DEFENCES, ids=[patch.__name__ for patch, _ in DEFENCES])
def test_a_defence_that_is_taken_away_is_missed(take_away: Patch, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    take_away(monkeypatch)
    seeds = (seed, *range(SEEDS))
    with pytest.raises(Violation):
        deque((live_through(each, monkeypatch) for each in seeds), maxlen=0)
