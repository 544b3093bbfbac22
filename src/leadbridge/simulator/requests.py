"""The requests that a simulator saw, for tests that count them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

__all__ = ["RequestLog", "SeenRequest"]


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request. ``status`` is 0 when no answer was given; the query is decoded and not shown."""

    method: str
    path: str
    status: int
    at: datetime
    query: str = field(default="", repr=False)


class RequestLog:
    """Every request except those to the control API, in the order of their answers. Thread-safe."""

    def __init__(self) -> None:
        self._entries: list[SeenRequest] = []
        self._lock = Lock()

    def add(self, request: SeenRequest) -> None:
        """Notes a request."""
        with self._lock:
            self._entries.append(request)

    @property
    def entries(self) -> tuple[SeenRequest, ...]:
        """All requests so far."""
        with self._lock:
            return tuple(self._entries)

    @property
    def total(self) -> int:
        """How many requests there were."""
        with self._lock:
            return len(self._entries)

    def count(self, path_regex: str = "", method: str = "") -> int:
        """How many requests had this method, and this expression in their path or their path with its query."""
        pattern = re.compile(path_regex)
        return sum(
            1
            for entry in self.entries
            if (not method or entry.method == method.upper())
            and (pattern.search(entry.path) or (entry.query and pattern.search(f"{entry.path}?{entry.query}")))
        )

    def clear(self) -> None:
        """Forgets all requests."""
        with self._lock:
            self._entries.clear()
