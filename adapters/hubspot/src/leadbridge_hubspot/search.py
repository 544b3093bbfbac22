"""The stream of changes: a full list first, then windows of time through the search endpoint, and the recycle bin.

How nothing gets lost although the search index lags, many records share one stamp and a query ends at 10,000 hits:

* A window is walked by id and not by time: ``modified between lo and hi and id > last``, sorted by id. Every page is a
  query of its own, so that a record that leaves the window meanwhile shifts nobody out of the next page.
* ``hi`` is HubSpot's own time (header ``Date``) when the window was opened; ``lo`` lies ``settle`` before the end of
  the window before. What was already handed out from that overlap is remembered in the cursor by its stamp, so that
  a quiet stream stays quiet.
* Search says only *which* records changed; their values are read from the live store. An empty page is no end: the
  index may still know records that are gone. Only ``paging`` ends a window.
* Search never shows archived records. The list of the recycle bin is walked after a window, at a pace that costs at
  most a call in six seconds; its own stamps say what is new in it.
* A merge shows in the survivor, which names the records that went into it; each of them is handed out as ``merged``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from leadbridge.adapter import FieldInfo, Page, Record, Ref
from leadbridge.clock import from_us
from leadbridge.errors import Unavailable
from leadbridge_hubspot.cursor import Cursor
from leadbridge_hubspot.mappers import MERGED_IDS, merged_ids
from leadbridge_hubspot.paths import object_type
from leadbridge_hubspot.reads import Reads
from leadbridge_hubspot.rows import Decoder, Row, archived_ms, stamp_ms
from leadbridge_hubspot.wire import LIST_LIMIT, SEARCH_LIMIT, Listing, Wire, listing, server_ms

__all__ = ["ChangeStream"]

MAX_QUERY = 10_000
"""HubSpot refuses to page further into one query."""

_REST_OF_SECOND = 999
"""``Date`` is cut to the second; what was stamped within that second belongs to the window."""

_LONG_QUERY = 2_000
"""Longer lists of properties do not fit into an address (status 414); values are then read by POST."""

_BIN_MS_PER_PAGE = 6_000


class ChangeStream:
    """One call of ``changes``: takes a cursor, makes at most a handful of requests, gives a page.

    Args:
        wire, reads: the connection.
        kind: which records.
        known: their fields, for reading values.
        fields: which fields; none gives refs only.
        settle: how far windows overlap.
    """

    def __init__(
        self,
        wire: Wire,
        reads: Reads,
        kind: str,
        *,
        known: Mapping[str, FieldInfo],
        fields: Sequence[str],
        settle: timedelta,
    ) -> None:
        self._wire = wire
        self._reads = reads
        self._kind = kind
        self._decoder = Decoder(kind, known, fields)
        self._fields = tuple(fields)
        self._modified = object_type(kind, "changes").modified
        self._found = Decoder(kind, known, ()).row
        self._settle_ms = int(settle.total_seconds() * 1000)

    def page(self, since: str | None, limit: int) -> Page:
        """The next page of the stream."""
        cursor = Cursor.load(since)
        if cursor.pending:
            items = self._merged(cursor, limit)
        elif cursor.phase == "list":
            items = self._list(cursor, limit)
        elif cursor.phase == "bin":
            items = self._bin(cursor, limit)
        else:
            items = self._window(cursor, limit)
        done = cursor.phase == "idle" and not cursor.pending
        covered = from_us((cursor.mark - self._settle_ms) * 1000) if done else None
        return Page(tuple(items), cursor.dump(), more=not done, covered_until=covered)

    # -- the first load --------------------------------------------------------------------------------------------

    def _list(self, cursor: Cursor, limit: int) -> list[Record | Ref]:
        properties = ",".join(self._decoder.asked)
        by_post = len(properties) > _LONG_QUERY
        listed = f"{self._modified},{MERGED_IDS}" if by_post else properties
        part = self._listing(cursor, min(limit, LIST_LIMIT), listed, archived=False)
        rows = part.rows
        stamps = _stamps(rows)
        items = self._items(self._bodies([row.id for row in rows]) if by_post else rows, cursor)
        cursor.remember(stamps, cursor.began - self._settle_ms)
        cursor.after = part.after
        if not part.after:
            cursor.end_walk(self._settle_ms)
            cursor.phase = "bin"
        return items

    def _listing(self, cursor: Cursor, limit: int, properties: str, *, archived: bool) -> Listing[Row[Any]]:
        params: dict[str, str | list[str]] = {"limit": str(limit), "properties": properties}
        if archived:
            params["archived"] = "true"
        if cursor.after:
            params["after"] = cursor.after
        reply = self._wire.get(self._wire.objects(self._kind, "changes"), "changes", params)
        cursor.began = cursor.began or server_ms(reply)
        return listing(reply, self._decoder.row)

    # -- windows ---------------------------------------------------------------------------------------------------

    def _window(self, cursor: Cursor, limit: int) -> list[Record | Ref]:
        if cursor.phase == "idle":
            cursor.phase = "window"
        reply = self._wire.search(self._kind, "changes", self._query(cursor))
        if not cursor.hi:
            cursor.began = server_ms(reply)
            cursor.hi = cursor.began + _REST_OF_SECOND
        part = listing(reply, self._found)
        rows = sorted(part.rows, key=_number)
        seen = cursor.seen
        fresh = [row for row in rows if row.id not in seen or seen[row.id] != stamp_ms(row)]
        unread = len(fresh) > limit
        fresh = fresh[:limit]
        if rows:
            cursor.last = _number(fresh[-1] if unread else rows[-1])
        if self._fields:
            fresh = self._bodies([row.id for row in fresh])
        stamps = {id: stamp for id, stamp in _stamps(fresh).items() if seen.get(id) != stamp}
        cursor.remember(stamps, cursor.began - self._settle_ms)
        self._turn(cursor, after=part.after, unread=unread, empty=not rows)
        return self._items([row for row in fresh if row.id in stamps], cursor)

    def _query(self, cursor: Cursor) -> dict[str, object]:
        lo = str(max(cursor.mark - self._settle_ms, 0))
        window: dict[str, object] = {"propertyName": self._modified, "operator": "GTE", "value": lo}
        if cursor.hi:
            window = {"propertyName": self._modified, "operator": "BETWEEN", "value": lo, "highValue": str(cursor.hi)}
        filters = [window]
        if cursor.last:
            filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": str(cursor.last)})
        query: dict[str, object] = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": [self._modified, MERGED_IDS],
            "limit": SEARCH_LIMIT,
        }
        if cursor.after:
            query["after"] = cursor.after
        return query

    def _turn(self, cursor: Cursor, *, after: str, unread: bool, empty: bool) -> None:
        """Where the next request goes on: behind the last id, or further into a query that only names the dead."""
        cursor.after = ""
        if unread:
            return
        if after:
            if empty:
                if int(after) + SEARCH_LIMIT > MAX_QUERY:
                    raise Unavailable(
                        "HubSpot's search index has not caught up with a large deletion: ask again later",
                        operation="changes",
                    )
                cursor.after = after
            return
        cursor.end_walk(self._settle_ms)
        cursor.phase = "bin" if cursor.mark >= cursor.bin_due else "idle"

    def _bodies(self, ids: Sequence[str]) -> list[Row[Any]]:
        """What these records are now, in the order asked for; those that are gone meanwhile come another way."""
        decoder = self._decoder
        rows = self._reads.batch(self._kind, ids, decoder.row, operation="changes", properties=decoder.asked)
        found = {row.id: row for row in rows}
        return [found[id] for id in ids if id in found]

    # -- what is gone ----------------------------------------------------------------------------------------------

    def _bin(self, cursor: Cursor, limit: int) -> list[Record | Ref]:
        properties = ",".join(self._decoder.asked)
        listed = properties if len(properties) <= _LONG_QUERY else self._modified
        part = self._listing(cursor, LIST_LIMIT, listed, archived=True)
        oldest = cursor.bin_mark - self._settle_ms
        fresh = [
            (row, archived_ms(row))
            for row in part.rows
            if archived_ms(row) >= oldest and cursor.gone.get(row.id) != archived_ms(row)
        ]
        taken = fresh[:limit]
        cursor.gone.update({row.id: at for row, at in taken})
        if len(fresh) <= limit:
            cursor.after, cursor.bin_pages = part.after, cursor.bin_pages + 1
            cursor.forget_gone(self._settle_ms)
            if not part.after:
                cursor.end_bin(pace_ms=_BIN_MS_PER_PAGE, settle_ms=self._settle_ms)
        return self._shown([row for row, _ in taken])

    def _merged(self, cursor: Cursor, limit: int) -> list[Record | Ref]:
        taken, cursor.pending = cursor.pending[:limit], cursor.pending[limit:]
        if not self._fields:
            return [Ref(self._kind, old) for old, _, _ in taken]
        return [
            Record(
                ref=Ref(self._kind, old),
                version=f"merged-{survivor}",
                modified_at=from_us(at * 1000),
                fields={},
                state="merged",
                successor=Ref(self._kind, survivor),
            )
            for old, survivor, at in taken
        ]

    def _items(self, rows: Sequence[Row[Any]], cursor: Cursor) -> list[Record | Ref]:
        for row in rows:
            if row.properties.merged:
                merged, at = merged_ids(row.properties.merged, row.id), stamp_ms(row)
                cursor.pending.extend((old, row.id, at) for old in merged)
        return self._shown(rows)

    def _shown(self, rows: Sequence[Row[Any]]) -> list[Record | Ref]:
        if not self._fields:
            return [Ref(self._kind, row.id) for row in rows]
        return [*self._reads.records(self._decoder, rows, operation="changes")]


def _number(row: Row[Any]) -> int:
    return int(row.id)


def _stamps(rows: Sequence[Row[Any]]) -> dict[str, int]:
    return {row.id: stamp_ms(row) for row in rows}
