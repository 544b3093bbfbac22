"""Every place where a sync can be killed, by name: before and after each transaction, before and after each request.

A :class:`Killer` counts the places that a run goes through and ends the process at one of them. The names C1 to C27 are
those of the list of crash points that every sync has; :data:`POINTS` says which place of ours each of them is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from leadbridge.adapter import Description, Missing, Page, Receipt, Record, Ref, Write
from leadbridge.memory import MemoryAdapter
from leadbridge.store import Store, Transaction
from tests.sync.mortal import Killed

__all__ = ["POINTS", "UNREACHED", "KillableCrm", "KillableStore", "Killer"]

T = TypeVar("T")

_SYNC = Path("leadbridge") / "sync"

POINTS: dict[str, str] = {
    "C1": "request describe after",
    "C3": "request changes after",
    "C4": "pull.pull committed",
    "C5": "pull.pull open",
    "C6": "pull.pull committed",
    "C7": "engine.round leased committed",
    "C8": "record.record open",
    "C9": "record.record committed",
    "C11": "deliver._batch committed",
    "C12": "request fetch after",
    "C13": "deliver.run committed",
    "C14": "request apply before",
    "C15": "request apply after",
    "C17": "settle.settle open",
    "C18": "settle.settle committed",
    "C19": "settle.settle committed",
    "C20": "settle.settle committed",
    "C21": "pull.pull committed",
    "C22": "record.record open",
    "C23": "settle.settle open",
}
"""Crash point → the place in our engine.

Several share one: the cursor holds window and place of a scan, and is stored with each page (C4 to C6); who is who and
what to do is found out in memory under a lease and stored at once (C7, C8, C22); clear and set, and the writes to the
two sides, are intents that are settled one by one (C18 to C20); a conversion is an observation that the next decision
follows (C21). A step that shares its transaction with the one before can only be killed before it commits.
"""

UNREACHED: dict[str, str] = {
    "C2": "no scan row: the cursor is stored with each page",
    "C10": "an approval is an argument of the call, not a state: after a crash it is asked for again",
    "C16": "a write that lands after our time-out is not a place of ours; the simulation lets writes land late",
    "C24": "tokens: tests of the store (one refresh under a lease) and of the adapters' sign-in",
    "C25": "webhooks: an inbox of hints only; the sender repeats what was not answered, the scan is the truth",
    "C26": "migrations: tests of the store kill each of them",
}
"""Crash points that are not a place of this sweep, and why. C27, a crash while recovering, is a double kill here."""


@dataclass
class Killer:
    """Ends the process at the n-th place; without ``at`` it only counts.

    Attributes:
        at: numbers of the places, counted over all lives, at which a life ends.
        places: the places that were gone through, in order.
        ended: whether this life is over: from then on nothing goes through any more.
    """

    at: frozenset[int] = frozenset()
    places: list[str] = field(default_factory=list)
    ended: bool = False
    told: bool = False

    def over(self) -> None:
        """The story is told: from now on nobody is killed, and nothing is counted."""
        self.told = True

    def begin(self) -> None:
        """What came before was no part of the story."""
        self.told = False

    def __call__(self, place: str) -> None:
        if self.ended:
            raise Killed
        if self.told:
            return
        self.places.append(place)
        if len(self.places) - 1 in self.at:
            self.ended = True
            raise Killed


class KillableStore(Store):
    """A store around whose transactions the process may end."""

    killer: Killer = Killer()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        if self.killer.ended:
            raise Killed
        name = _caller()
        with super().transaction() as tx:
            yield tx
            self.killer(f"{name} open")
        self.killer(f"{name} committed")

    @contextmanager
    def trial(self, *, keep: bool) -> Iterator[Transaction]:
        name = _caller()
        with super().trial(keep=keep) as tx:
            yield tx
            self.killer(f"{name} open")
        self.killer(f"{name} committed")


class KillableCrm(MemoryAdapter):
    """A CRM around whose requests the process may end.

    Attributes:
        hidden: records that the stream of changes does not tell of.
    """

    killer: Killer = Killer()
    hidden: frozenset[Ref] = frozenset()

    def describe(self) -> Description:
        return self._around("describe", super().describe)

    def changes(self, kind: str, since: str | None, *, fields: Sequence[str], limit: int) -> Page:
        ask = super().changes
        page = self._around("changes", lambda: ask(kind, since, fields=fields, limit=min(limit, 2)))
        told = [item for item in page.items if isinstance(item, Record) and item.ref not in self.hidden]
        return replace(page, items=tuple(told))

    def ids(self, kind: str, cursor: str | None, *, archived: bool, limit: int) -> Page:
        ask = super().ids
        return self._around("ids", lambda: ask(kind, cursor, archived=archived, limit=min(limit, 2)))

    def find(self, kind: str, field: str, values: Sequence[str], *, fields: Sequence[str]) -> list[tuple[Record, ...]]:
        ask = super().find
        return self._around("find", lambda: ask(kind, field, values, fields=fields))

    def fetch(self, refs: Sequence[Ref], *, fields: Sequence[str]) -> list[Record | Missing]:
        ask = super().fetch
        return self._around("fetch", lambda: ask(refs, fields=fields))

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        send = super().apply
        return self._around("apply", lambda: send(writes))

    def erase(self, refs: Sequence[Ref]) -> list[Receipt]:
        remove = super().erase
        return self._around("erase", lambda: remove(refs))

    def _around(self, operation: str, work: Callable[[], T]) -> T:
        self.killer(f"request {operation} before")
        answer = work()
        self.killer(f"request {operation} after")
        return answer


def _caller() -> str:
    """Which step of the sync opens a transaction: module and function."""
    frame = inspect.currentframe()
    leased = False
    while frame is not None and str(_SYNC) not in frame.f_code.co_filename:
        leased |= frame.f_code.co_name == "leased"
        frame = frame.f_back
    if frame is None:
        return "elsewhere"
    step = f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}"
    return f"{step} leased" if leased else step
