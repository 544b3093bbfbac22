"""Where adapters keep what they get when they sign in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

__all__ = ["MemoryTokenStore", "TokenStore"]


class TokenStore(Protocol):
    """Where an adapter keeps what it got when it signed in, so that several processes can share one session."""

    def load(self, key: str) -> str | None:
        """What was saved under a key, or ``None``."""
        ...

    def save(self, key: str, value: str) -> None:
        """Keeps a secret under a key."""
        ...

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Holds a key while one process refreshes its token; the others wait, then load what was saved."""
        ...


class MemoryTokenStore:
    """A token store that forgets everything when the process ends: the default of every adapter."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._locks: dict[str, threading.RLock] = {}
        self._guard = threading.Lock()

    def load(self, key: str) -> str | None:
        with self._guard:
            return self._values.get(key)

    def save(self, key: str, value: str) -> None:
        with self._guard:
            self._values[key] = value

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        with self._guard:
            lock = self._locks.setdefault(key, threading.RLock())
        with lock:
            yield
