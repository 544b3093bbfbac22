"""What goes wrong on command: faults wait in a queue until a request comes that they are for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal, TypeAlias, get_args

from leadbridge.errors import ConfigError

__all__ = ["Effect", "Fault", "FaultQueue"]

Effect: TypeAlias = Literal["status", "html", "empty", "timeout", "drop_before", "drop_after", "cut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong.

    ``status`` answers with ``status``, ``body`` (JSON, or text) and ``headers`` · ``html`` answers with a web page ·
    ``empty`` with no body · ``timeout`` does nothing and holds the answer back · ``drop_before`` does nothing and
    closes the connection · ``drop_after`` does what was asked and closes the connection: the answer is lost · ``cut``
    does what was asked and sends half of the answer.

    Attributes:
        effect: what happens.
        path: a regular expression to be found in the path, or in the path with its decoded query; empty is any.
        method: the HTTP method; empty is any.
        times: how many requests it befalls.
        after: how many fitting requests are spared first.
    """

    effect: Effect
    path: str = ""
    method: str = ""
    status: int = 500
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    after: int = 0

    def __post_init__(self) -> None:
        if self.effect not in get_args(Effect):
            raise ConfigError(f"a fault's effect is one of {', '.join(get_args(Effect))}")
        try:
            re.compile(self.path)
        except re.error:
            raise ConfigError("a fault's path must be a regular expression") from None

    def fits(self, method: str, path: str, query: str = "") -> bool:
        """Whether this fault is for such a request."""
        if self.method and self.method.upper() != method.upper():
            return False
        return bool(re.search(self.path, path) or (query and re.search(self.path, f"{path}?{query}")))


@dataclass(slots=True)
class _Waiting:
    fault: Fault
    spared: int = 0
    done: int = 0


class FaultQueue:
    """Faults in the order in which they were added; the first one that fits a request happens. Thread-safe."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._lock = Lock()

    def add(self, fault: Fault) -> None:
        """Lets something go wrong from now on."""
        with self._lock:
            self._waiting.append(_Waiting(fault))

    def take(self, method: str, path: str, query: str = "") -> Fault | None:
        """The fault for this request, used up by one; ``None`` when all goes well."""
        with self._lock:
            for entry in self._waiting:
                if not entry.fault.fits(method, path, query):
                    continue
                if entry.spared < entry.fault.after:
                    entry.spared += 1
                    continue
                entry.done += 1
                if entry.done >= entry.fault.times:
                    self._waiting.remove(entry)
                return entry.fault
            return None

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._waiting.clear()

    @property
    def pending(self) -> int:
        """How many times something will still go wrong."""
        with self._lock:
            return sum(entry.fault.times - entry.done for entry in self._waiting)
