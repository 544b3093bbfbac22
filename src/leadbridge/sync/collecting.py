"""The search for cyclic garbage, made rare while a round is under way.

A round makes some dozens of objects for each lead and keeps them until it is over. Python looks through what was made
lately after every 700 objects: with thousands of leads that took a fifth of all the time, and found nothing, because
what a round is done with goes at once.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

__all__ = ["EVERY", "collected_rarely"]

EVERY = 100_000
"""After so many new objects garbage is looked for while a round is under way."""


class _Rounds:
    """The rounds of this process that are under way, and how often garbage was looked for before the first of them."""

    def __init__(self) -> None:
        self.turn, self.number, self.before = Lock(), 0, 0

    def begin(self) -> None:
        with self.turn:
            self.number += 1
            often, *older = gc.get_threshold()
            # Whoever has it done more rarely, or never (0), knows why.
            if self.number == 1 and 0 < often < EVERY:
                self.before = often
                gc.set_threshold(EVERY, *older)

    def end(self) -> None:
        with self.turn:
            self.number -= 1
            if not self.number and self.before:
                gc.set_threshold(self.before, *gc.get_threshold()[1:])
                self.before = 0


_ROUNDS = _Rounds()


@contextmanager
def collected_rarely() -> Iterator[None]:
    """While this lasts, garbage is looked for rarely in the whole process; afterwards as often as before."""
    _ROUNDS.begin()
    try:
        yield
    finally:
        _ROUNDS.end()
