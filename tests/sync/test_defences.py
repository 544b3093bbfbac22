"""The power of the simulation: each defence of a sync that is taken away is missed by some history.

The defences are A to L of the algorithm that this engine follows, and those that are its own. A test takes one away by
replacing the function that it lives in; nothing in the product can.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from leadbridge.adapter import Receipt, Ref, Write
from leadbridge.memory import MemoryAdapter, stream
from leadbridge.sync.settle import Settlement
from tests.sync.judge import Violation
from tests.sync.mortal import MortalStore
from tests.sync.test_simulation import live_through
from tests.sync.test_told_defences import TOLD

Patch = Callable[[pytest.MonkeyPatch], None]
TRIED = 60

ELSEWHERE = {
    "B": "the vendor's word on long transactions is the business of an adapter; late commits are simulated, see A",
    "D": "an order by id is the business of an adapter: of HubSpot's stream, 25,000 records that share three stamps",
}
"""Defences that no history here misses, and why."""


def without_an_overlap(patch: pytest.MonkeyPatch) -> None:
    real = stream.next_rows

    def hasty(*args: Any, settle: timedelta, **more: Any) -> Any:
        return real(*args, settle=timedelta(0), **more)

    patch.setattr("leadbridge.memory.adapter.next_rows", hasty)


def without_a_place_among_ties(patch: pytest.MonkeyPatch) -> None:
    real = stream.next_rows

    def by_time_only(*args: Any, **more: Any) -> Any:
        rows, place, further = real(*args, **more)
        return rows, replace(place, after=(place.after[0], "\uffff")), further

    patch.setattr("leadbridge.memory.adapter.next_rows", by_time_only)


def without_bases(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MortalStore, "bases", lambda *_: {})


def without_a_key_of_our_own(patch: pytest.MonkeyPatch) -> None:
    real = MemoryAdapter.apply

    def create(self: MemoryAdapter, writes: list[Write]) -> list[Receipt]:
        return real(self, [replace(w, target=_anew(w.target)) if w.action == "upsert" else w for w in writes])

    patch.setattr(MemoryAdapter, "apply", create)


def _anew(target: Ref) -> Ref:
    return Ref(target.kind, uuid4().hex)


def without_a_memory_of_refusals(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("leadbridge.sync.held.refusal", lambda *_: "")


def without_tombstones(patch: pytest.MonkeyPatch) -> None:
    real: Any = MortalStore.links

    def forgetful(self: MortalStore, *args: object) -> object:
        return [link for link in real(self, *args) if link.status != "gone"]

    patch.setattr(MortalStore, "links", forgetful)


def without_meeting_who_is_in_the_way(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Settlement, "same_person", lambda *_: None)


DEFENCES: list[tuple[str, Patch, int]] = [
    ("A", without_an_overlap, 6),
    ("C", without_a_place_among_ties, 0),
    ("E", without_bases, 1),
    ("G", without_a_key_of_our_own, 0),
    ("own", without_a_memory_of_refusals, 2),
    ("own", without_tombstones, 1),
    ("own", without_meeting_who_is_in_the_way, 3),
]
"""What protects a sync, and a seed whose history misses it; should histories change, the others are tried."""


def test_each_defence_is_taken_away_or_lives_elsewhere() -> None:
    assert {name for name, _, _ in DEFENCES} - {"own"} | ELSEWHERE.keys() | TOLD.keys() == set("ABCDEFGHIJKL")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("take_away", "seed"), [each[1:] for each in DEFENCES], ids=[f"{n}-{p.__name__}" for n, p, _ in DEFENCES]
)
def test_a_defence_that_is_taken_away_is_missed(take_away: Patch, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    take_away(monkeypatch)
    seeds = (seed, *range(TRIED))
    with pytest.raises(Violation):
        deque((live_through(each, monkeypatch) for each in seeds), maxlen=0)
