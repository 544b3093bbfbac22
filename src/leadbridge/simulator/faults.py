"""What goes wrong on command: faults wait in a queue until a request comes that they are for."""

from __future__ import annotations

import random
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from threading import Lock
from typing import Any, Literal, TypeAlias, get_args

from leadbridge.errors import ConfigError

__all__ = ["Effect", "Fault", "FaultQueue"]

Effect: TypeAlias = Literal["status", "html", "empty", "timeout", "drop_before", "drop_after", "cut"]


_NUMBERS = {"status": (200, 599), "times": (1, 1_000_000_000), "after": (0, 1_000_000_000)}


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
        share: which part of the fitting requests it befalls, by chance; 1 is all of them.
    """

    effect: Effect
    path: str = ""
    method: str = ""
    status: int = 500
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    after: int = 0
    share: float = 1.0

    def __post_init__(self) -> None:
        if self.effect not in get_args(Effect):
            raise ConfigError(f"a fault's effect is one of {', '.join(get_args(Effect))}")
        if not 0 < self.share <= 1:
            raise ConfigError("a fault's share is more than 0 and at most 1")
        try:
            re.compile(self.path)
        except re.error:
            raise ConfigError("a fault's path must be a regular expression") from None

    @classmethod
    def parse(cls, text: str) -> Fault:
        """A fault as it is written on a command line: ``METHOD PATH name=value …``.

        The method may be left out; the path may hold ``*`` and may end with a query; without one the fault befalls any
        request. The names are ``effect`` (``status`` if nothing is said), ``status``, ``times``, ``after``, ``share``,
        ``body`` and ``header``, which may come again: ``"POST /crm/objects* status=503 times=2 header=Retry-After:1"``.

        Raises:
            ConfigError: when it cannot be read so.
        """
        given: dict[str, Any] = {"effect": "status"}
        headers: dict[str, str] = {}
        try:
            words = shlex.split(text)
        except ValueError:
            raise ConfigError(f"the fault {text!r} has a quotation mark too few") from None
        for place, word in enumerate(words):
            name, equals, value = word.partition("=")
            if word.startswith(("/", "*")):
                given["path"] = f"^{translate(word)}"
            elif equals and name == "header":
                header, _, content = value.partition(":")
                headers[header.strip()] = content.strip()
            elif equals and name in _NUMBERS:
                given[name] = _number(name, value)
            elif equals and name == "share":
                given[name] = _share(value)
            elif equals and name in ("effect", "body"):
                given[name] = value
            elif not equals and not place and word.isalpha():
                given["method"] = word
            else:
                raise ConfigError(
                    f"{word!r} is no part of a fault: write METHOD PATH and then effect=, status=, times=, after=, "
                    'share=, body= or header=Name:value, for example "POST /crm/objects* status=503 times=2"'
                )
        return cls(**given, headers=headers)

    def fits(self, method: str, path: str, query: str = "") -> bool:
        """Whether this fault is for such a request."""
        if self.method and self.method.upper() != method.upper():
            return False
        return bool(re.search(self.path, path) or (query and re.search(self.path, f"{path}?{query}")))


def _number(name: str, value: str) -> int:
    low, high = _NUMBERS[name]
    if value.isdecimal() and low <= int(value) <= high:
        return int(value)
    raise ConfigError(f"a fault's {name} is a number from {low} to {high}")


def _share(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise ConfigError("a fault's share is a number such as 0.02, which is two of a hundred") from None


@dataclass(slots=True)
class _Waiting:
    fault: Fault
    spared: int = 0
    done: int = 0


class FaultQueue:
    """Faults in the order in which they were added; the first one that fits a request happens. Thread-safe.

    Args:
        seed: makes repeatable which requests a fault with a ``share`` befalls.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self._waiting: list[_Waiting] = []
        self._chance = random.Random(seed)
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
                if entry.fault.share < 1 and self._chance.random() >= entry.fault.share:
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
