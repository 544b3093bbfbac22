"""Pull: walks the changes of every mapped kind and stores what it saw, page by page.

A page's records and the cursor behind it are stored in one transaction, so that a killed pull goes on where it was.
Reading happens in a bounded pool of threads, one stream each; storing happens here, in the caller's thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime

from leadbridge.adapter import Adapter, Page, Record
from leadbridge.errors import AdapterError, CursorExpired, StoreConflict, named
from leadbridge.mapping import ConnectionMapping, KindMapping
from leadbridge.retry import Retry, call
from leadbridge.store import Store, Transaction
from leadbridge.store.codec import fingerprint

__all__ = ["PAGE", "Pulled", "pull"]

PAGE = 2000
"""Most records asked for at once; an adapter gives what its CRM gives."""

_MOST_PAGES = 100_000


@dataclass(slots=True)
class Pulled:
    """What a pull saw: records read and records whose content was new, by connection, and connections that failed.

    ``busy``: connections that another worker is reading. ``covered``: until when everything was seen, by connection
    and kind.
    """

    read: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    failed: dict[str, AdapterError] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    covered: dict[tuple[str, str], datetime] = field(default_factory=dict)


@dataclass(slots=True)
class _Stream:
    """One kind of one connection, being read."""

    connection: str
    adapter: Adapter
    kind: KindMapping
    cursor: str | None
    fields_hash: str
    pages: int = 0

    def read(self, retry: Retry) -> Page:
        try:
            return call(self._page, policy=retry)
        except CursorExpired:
            # The CRM no longer knows the place: begin again. Known records are recognised by their content.
            self.cursor = None
            return call(self._page, policy=retry)

    def _page(self) -> Page:
        return self.adapter.changes(self.kind.kind, self.cursor, fields=self.kind.reads, limit=PAGE)


def _streams(
    store: Store, mappings: Mapping[str, ConnectionMapping], adapters: Mapping[str, Adapter]
) -> Iterator[_Stream]:
    for name, mapping in mappings.items():
        for kind in mapping.pulled:
            digest = fingerprint(*kind.reads)
            yield _Stream(name, adapters[name], kind, store.cursor(name, kind.kind, digest), digest)


def pull(
    store: Store,
    mappings: Mapping[str, ConnectionMapping],
    adapters: Mapping[str, Adapter],
    *,
    retry: Retry,
    workers: int = 4,
    beat: Callable[[Transaction, str], None] | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> Pulled:
    """Reads everything that changed since the last time.

    Args:
        workers: most pages that are read at once.
        beat: called in each transaction that stores a page of a connection; a ``StoreConflict`` from it means that
            another worker goes on with that connection.
        progress: called with the connection and the number of records of each page.

    A connection that fails is left for the next round; the others go on, and what was read stays.
    """
    result, suppression = Pulled(), store.suppression()
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="leadbridge-pull") as pool:
        running: dict[Future[Page], _Stream] = {
            pool.submit(stream.read, retry): stream for stream in _streams(store, mappings, adapters)
        }
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                stream = running.pop(future)
                if stream.connection in result.failed or stream.connection in result.busy:
                    continue
                try:
                    page = future.result()
                except AdapterError as error:
                    result.failed[stream.connection] = named(error, stream.connection)
                    continue
                of_lead = stream.kind.stands_for == "lead"
                records = [
                    item
                    for item in page.items
                    if isinstance(item, Record) and suppression.keeps(stream.connection, item, of_lead=of_lead)
                ]
                try:
                    with store.transaction() as tx:
                        if beat is not None:
                            beat(tx, stream.connection)
                        result.changed[stream.connection] += tx.observe(stream.connection, records)
                        tx.save_cursor(stream.connection, stream.kind.kind, page.cursor, stream.fields_hash)
                except StoreConflict:
                    result.busy.add(stream.connection)
                    continue
                if page.covered_until is not None:
                    result.covered[stream.connection, stream.kind.kind] = page.covered_until
                result.read[stream.connection] += len(records)
                if progress is not None and records:
                    progress(stream.connection, len(records))
                stream.cursor, stream.pages = page.cursor, stream.pages + 1
                if page.more and stream.pages < _MOST_PAGES:
                    running[pool.submit(stream.read, retry)] = stream
    return result
