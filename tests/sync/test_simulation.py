"""Random histories of two CRMs: whatever people do and whatever goes wrong, the promises of a sync hold."""

from __future__ import annotations

import os

import pytest

from tests.sync.judge import Judge
from tests.sync.world import Keys, Serial, World, all_done

SEEDS = int(os.environ.get("LEADBRIDGE_SEEDS", "60"))
PARTS = 6


def live_through(seed: int, monkeypatch: pytest.MonkeyPatch) -> World:
    """One history: people work, syncs run in fair and foul weather, and every now and then a judge looks."""
    monkeypatch.setattr("leadbridge.sync.pull.ThreadPoolExecutor", Serial)
    monkeypatch.setattr("leadbridge.sync.pull.wait", all_done)
    monkeypatch.setattr("leadbridge.sync.record.uuid4", Keys(seed))
    world = World(seed)
    judge = Judge(world)
    for _ in range(world.rng.randrange(2, 6)):
        for _ in range(world.rng.randrange(1, 4)):
            for _ in range(world.rng.randrange(0, 12)):
                world.act()
            world.stormy_sync()
        judge.check()
    world.store.close()
    return world


@pytest.mark.parametrize("part", range(PARTS))
def test_every_promise_holds_in_random_histories(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(part, SEEDS, PARTS):
        try:
            live_through(seed, monkeypatch)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
