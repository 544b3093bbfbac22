"""Reads whole CRM accounts and what they remember, without writing anything.

Every page and every portion of history is a call of its own: repeated by ``leadbridge.retry`` when that can help, and
reported, so that somebody can watch. Several streams are read side by side, in a bounded pool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from leadbridge.adapter import Adapter, History, Record, Ref, Value
from leadbridge.agreement import Agreement
from leadbridge.agreement.crosswalk import AXES
from leadbridge.errors import AdapterError, ConfigError, CursorExpired, named
from leadbridge.mapping import ConnectionMapping, KindMapping, compile_mapping
from leadbridge.retry import Retry, call

__all__ = ["Account", "Connections", "Past", "Progress", "read_accounts"]

Connections: TypeAlias = Mapping[str, Adapter] | Sequence[Adapter]
"""Adapters by the names of their connections, or in a row: they are then called like their systems."""

Progress: TypeAlias = Callable[[str, str, int], None]
"""Is told of long work: the step (``pull`` or ``history``), the connection, and how many more records were read."""

Past: TypeAlias = tuple[tuple[datetime, Value], ...]

_PAGE = 2000
_REFS = 500
"""Records whose history is asked for at once: enough for a CRM to be quick, few enough to see it move."""


@dataclass(slots=True)
class Account:
    """What was read of one connection.

    Attributes:
        mapping: the compiled crosswalk of the connection.
        adapter: the way in.
        records: the latest state of every record, gone ones too.
        pasts: what the CRM remembers of the fields that say where a lead stands, by record and field.
    """

    mapping: ConnectionMapping
    adapter: Adapter = field(repr=False)
    records: dict[Ref, Record] = field(default_factory=dict, repr=False)
    pasts: dict[tuple[Ref, str], Past] = field(default_factory=dict, repr=False)
    _spoken: dict[str, Mapping[str, frozenset[str]]] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The name of the connection."""
        return self.mapping.connection

    def speaks_of(self, kind: str) -> Mapping[str, frozenset[str]]:
        """The fields of a lead's record that say where it stands or whose it is, each with what it speaks of."""
        if kind not in self._spoken:
            self._spoken[kind] = _speaks_of(self.mapping.kinds[kind])
        return self._spoken[kind]

    def of(self, *kinds: str) -> list[tuple[KindMapping, Record]]:
        """The records of those kinds that stand for something (``lead``, ``opportunity`` ...), by id."""
        mapped = self.mapping.kinds
        found = [(mapped[ref.kind], record) for ref, record in sorted(self.records.items())]
        return [(kind, record) for kind, record in found if kind.stands_for in kinds]


def _speaks_of(kind: KindMapping) -> dict[str, frozenset[str]]:
    owner = kind.fields.get("owner")
    found: dict[str, frozenset[str]] = {owner: frozenset({"owner"})} if owner is not None else {}
    for name in kind.counted:
        table = kind.tables.get(name)
        if table is not None:
            axes = frozenset(axis for row in table.values() for axis in row if axis in AXES)
        else:
            axes = frozenset(axis for axis in AXES if kind.crosswalk.fields.get(axis) == name)
        if axes:
            found[name] = found.get(name, frozenset()) | axes
    return found


class _Work(Protocol):
    """One stream of reading: each step is one call, and says how many records it brought."""

    account: Account
    step: str
    more: bool

    def read(self, retry: Retry) -> int: ...


class _Stream:
    """All records of a kind, page by page."""

    step = "pull"

    def __init__(self, account: Account, kind: KindMapping) -> None:
        self.account, self.kind, self.more = account, kind, True
        self._cursor: str | None = None

    def read(self, retry: Retry) -> int:
        def page() -> int:
            found = self.account.adapter.changes(self.kind.kind, self._cursor, fields=self.kind.reads, limit=_PAGE)
            records = [item for item in found.items if isinstance(item, Record)]
            self.account.records.update((record.ref, record) for record in records)
            self._cursor, self.more = found.cursor, found.more
            return len(records)

        try:
            return call(page, policy=retry)
        except CursorExpired:
            self._cursor = None
            return call(page, policy=retry)


class _Memory:
    """What the CRM remembers of one field of some records."""

    step = "history"

    def __init__(self, account: Account, refs: Sequence[Ref], name: str) -> None:
        self.account, self.refs, self.name, self.more = account, refs, name, False

    def read(self, retry: Retry) -> int:
        adapter = self.account.adapter
        assert isinstance(adapter, History)
        pasts = call(lambda: adapter.history(self.refs, field=self.name), policy=retry)
        self.account.pasts.update(((ref, self.name), past) for ref, past in zip(self.refs, pasts, strict=True) if past)
        return len(self.refs)


def read_accounts(
    connections: Connections, agreement: Agreement, *, retry: Retry, progress: Progress, workers: int = 4
) -> list[Account]:
    """Everything that the agreement's crosswalk can read in some CRM accounts, with its history.

    Raises:
        ConfigError: no connection, or a crosswalk under which nothing stands for a lead.
        AdapterError: a CRM did not answer, or does not let us; names the connection.
    """
    accounts = _described(connections, agreement, retry)
    streams = [
        _Stream(account, kind) for account in accounts for kind in account.mapping.kinds.values() if _wanted(kind)
    ]
    _run(streams, retry, progress, workers)
    _run([work for account in accounts for work in _memories(account)], retry, progress, workers)
    return accounts


def _described(connections: Connections, agreement: Agreement, retry: Retry) -> list[Account]:
    given = connections.items() if isinstance(connections, Mapping) else [("", each) for each in connections]
    found: list[Account] = []
    for name, adapter in given:
        try:
            said = call(adapter.describe, policy=retry)
        except AdapterError as error:
            raise named(error, name or "a connection") from None
        called = name or said.system
        if any(account.name == called for account in found):
            raise ConfigError(f"two connections are called {called}: name them, as in {{'eu': ..., 'us': ...}}")
        found.append(Account(compile_mapping(called, said, agreement), adapter))
    if not found:
        raise ConfigError("there is no connection to read: give at least one adapter, see leadbridge.connect")
    return found


def _wanted(kind: KindMapping) -> bool:
    """Leads and companies, and what can be traced to a lead."""
    return kind.stands_for in ("lead", "company", "opportunity", "interaction")


def _memories(account: Account) -> Iterable[_Memory]:
    if not isinstance(account.adapter, History):
        return
    for kind in account.mapping.lead_kinds:
        # A deleted record may not be asked about any more, and belongs to no number.
        refs = sorted(
            ref
            for ref, each in account.records.items()
            if ref.kind == kind.kind and each.state in ("live", "converted")
        )
        for name in account.speaks_of(kind.kind):
            for start in range(0, len(refs), _REFS):
                yield _Memory(account, refs[start : start + _REFS], name)


def _run(works: Sequence[_Work], retry: Retry, progress: Progress, workers: int) -> None:
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="leadbridge-read") as pool:
        running: dict[Future[int], _Work] = {pool.submit(work.read, retry): work for work in works}
        try:
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    work = running.pop(future)
                    try:
                        amount = future.result()
                    except AdapterError as error:
                        raise named(error, work.account.name) from None
                    if amount:
                        progress(work.step, work.account.name, amount)
                    if work.more:
                        running[pool.submit(work.read, retry)] = work
        finally:
            for future in running:
                future.cancel()
