"""Random histories of two CRMs: whatever people do and whatever goes wrong, the promises of a sync hold.

Every history follows from its seed, in any process: one that fails names the promise and its seed, and fails again.
``make soak`` lives through many more of them: ``LEADBRIDGE_SEEDS`` says how many, and with a folder in
``LEADBRIDGE_SOAK_STATE`` each soak goes on where the last one ended, so that they add up.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from leadbridge.testing import invariants as must
from tests.sync.conftest import person
from tests.sync.judge import Judge, uphold
from tests.sync.mortal import deterministic
from tests.sync.world import World

SEEDS = 150
MORE = int(os.environ.get("LEADBRIDGE_SEEDS", "5000"))
PARTS = 15
SOAK_PARTS = 20


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


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(263, id="a chain of merges and a refused value at once"),
        pytest.param(560, id="a record is merged away while its making is in doubt"),
        pytest.param(1028, id="a field is edited in one CRM while the other one has lost it"),
        pytest.param(1078, id="a field is taken away after it was edited"),
        pytest.param(585, id="two people merged each the other way round"),
    ],
)
def test_every_promise_holds_in_histories_that_once_broke_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    live_through(seed, monkeypatch)


def test_a_promise_that_runs_out_between_two_quiet_syncs_is_no_restlessness(monkeypatch: pytest.MonkeyPatch) -> None:
    # Seed 102 once ran out of its four hours in just these three minutes.
    world = World(102)
    deterministic(monkeypatch, 102, world.ended)
    judge = Judge(world)
    (ref,) = world.crms["left"].seed("person", [{}])
    world.made.add(("left", ref))
    world.say("left", ref, person(1))
    judge.check()
    (row,) = world.live("left")
    due = datetime.fromisoformat(str(row.fields["leadbridge_sla_due"]))
    world.clock.set(due - world.settle - world.grace - timedelta(minutes=2, seconds=1))
    judge.check()
    assert row.fields["leadbridge_sla_state"] == "breached"
    world.store.close()


class Progress:
    """How far one part of the soak is: seeds lived through so far, and those that failed, kept in a file if asked."""

    def __init__(self, part: int) -> None:
        self.part, self.folder = part, os.environ.get("LEADBRIDGE_SOAK_STATE", "")
        self.file = Path(self.folder) / f"simulation-{part:02d}.json"
        known = json.loads(self.file.read_text("utf-8")) if self.folder and self.file.exists() else {}
        self.lived: int = known.get("lived", 0)
        self.failed: list[int] = known.get("failed", [])

    def seeds(self, number: int) -> list[int]:
        """The next seeds of this part, and before them those that failed."""
        new = [SEEDS + self.part + SOAK_PARTS * step for step in range(self.lived, self.lived + number)]
        return [*self.failed, *new]

    def note(self, seed: int, *, held: bool) -> None:
        """Keeps what came of a seed; a killed soak goes on behind it."""
        self.lived += seed not in self.failed
        self.failed = [each for each in self.failed if each != seed] + ([] if held else [seed])
        if self.folder:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.file.with_suffix(".new")
            fresh.write_text(json.dumps({"lived": self.lived, "failed": self.failed}), "utf-8")
            fresh.replace(self.file)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(SOAK_PARTS))
def test_every_promise_holds_in_thousands_of_histories(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = Progress(part)
    for seed in progress.seeds(MORE // SOAK_PARTS):
        held = False
        try:
            live_through(seed, monkeypatch)
            held = True
        finally:
            progress.note(seed, held=held)


def test_a_soak_goes_on_where_it_ended_and_tries_first_what_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADBRIDGE_SOAK_STATE", str(tmp_path))
    progress = Progress(3)
    first, second = progress.seeds(2)
    progress.note(first, held=True)
    progress.note(second, held=False)
    assert Progress(3).seeds(1) == [second, second + SOAK_PARTS]
    Progress(3).note(second, held=True)
    assert Progress(3).seeds(1) == [second + SOAK_PARTS]


@pytest.mark.parametrize("seed", [7, 31])
def test_the_same_seed_lives_the_same_history(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (live_through(seed, monkeypatch) for _ in range(2))
    uphold(must.same_history(one.trace, other.trace))
    assert (one.digest, one.lives) == (other.digest, other.lives)


@pytest.mark.parametrize("seed", [3, 11])
def test_nothing_in_the_log_of_a_history_says_who_it_is_about(
    seed: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    world = live_through(seed, monkeypatch)
    typed = {value for said in world.typed.values() for values in said.values() for value in values}
    # Words that are also names of stages or countries identify nobody.
    canaries = {value for value in typed if isinstance(value, str) and ("@" in value or value.startswith("+44"))}
    texts = [("log", record.getMessage()) for record in caplog.records]
    texts += [("repr", repr(each)) for each in (world.engine, world.store, world.sent, world.trace)]
    assert canaries
    uphold(must.nothing_personal(texts, canaries))
