"""What makes a simulated sync repeatable and mortal: no threads, keys from the seed, a process that ends anywhere."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NamedTuple, Self
from uuid import UUID

import pytest

from leadbridge.store import Store, Transaction, Worker


class Killed(BaseException):
    """The process ended here."""


class Serial:
    """A pool that does its work at once: the order of requests follows from the seed alone."""

    def __init__(self, **_: object) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def submit(self, fn: Callable[..., Any], *args: object) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args))
        except BaseException as error:  # noqa: BLE001  # whatever it is, whoever asks for the result gets it
            future.set_exception(error)
        return future


class Waited(NamedTuple):
    """What ``concurrent.futures.wait`` gives back."""

    done: list[Future[Any]]
    not_done: list[Future[Any]]


def all_done(running: Iterable[Future[Any]], return_when: str) -> Waited:
    """What ``concurrent.futures.wait`` says of a serial pool, in the order of asking."""
    return Waited(list(running), [])


class Keys:
    """Op markers that follow from the seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def __call__(self) -> UUID:
        return UUID(int=self._rng.getrandbits(128), version=4)


class MortalStore(Store):
    """A store whose process may end before or after any transaction; a dead process tidies nothing up."""

    deaths: Callable[[], bool] = staticmethod(lambda: False)
    dead = False

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        if self.dead:
            raise Killed
        with super().transaction() as tx:
            yield tx
            self._perhaps_die()
        self._perhaps_die()

    def _perhaps_die(self) -> None:
        if self.deaths():
            self.dead = True
            raise Killed


def deterministic(patch: pytest.MonkeyPatch, seed: int, ended: set[str]) -> None:
    """Makes what a sync does follow from the seed alone.

    Args:
        ended: names of workers whose process has ended, although the process of the test goes on.
    """
    for module in ("pull", "deliver"):
        patch.setattr(f"leadbridge.sync.{module}.ThreadPoolExecutor", Serial)
        patch.setattr(f"leadbridge.sync.{module}.wait", all_done)
    patch.setattr("leadbridge.store.lineage.uuid4", Keys(seed))
    patch.setattr(Worker, "gone", ended.__contains__)
