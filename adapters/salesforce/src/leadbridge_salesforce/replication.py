"""A second opinion on what has changed: Salesforce's own ``getUpdated`` and ``getDeleted``.

Windows of SystemModstamp see what can be queried. They cannot see what was removed from the recycle bin, or what was
deleted along with its parent without a new stamp; nor that a transaction has been open for longer than we look back.
Salesforce's record of changes knows all three. It is asked at the end of a scan that fitted into one page, for the
window of that scan, and not more often than every five minutes, as its makers advise.

``latestDateCovered`` is held back while a transaction is open anywhere on the instance, for hours at times. As long as
it lies below what we look back over, nothing behind it counts as covered; when it has caught up, or gone on by an hour,
one scan reads again from there.

Sources: REST API Developer Guide, "Get a List of Updated Records Within a Given Timeframe", "Get a List of Deleted
Records Within a Given Timeframe"; SOAP API Developer Guide, "Polling for Changes". Reaches back 15 days for deleted
records and 30 for changed ones; where its record was cut short it has no opinion, and only a sweep over the ids
(``ids``) finds what was purged meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from leadbridge.adapter import Record, Ref
from leadbridge.clock import iso
from leadbridge.errors import BadRequest, CursorExpired, Forbidden, SchemaDrift
from leadbridge_salesforce.cursor import Place
from leadbridge_salesforce.mappers import id18, instant
from leadbridge_salesforce.rows import Rows, digest
from leadbridge_salesforce.soql import chunks, one_of, select
from leadbridge_salesforce.soql import name as checked
from leadbridge_salesforce.wire import Wire

__all__ = ["EVERY", "SecondOpinion"]

EVERY = timedelta(minutes=5)
"""How long to leave the record of changes alone after it was asked."""

_MOST_IDS = 500
_STEP = timedelta(hours=1)
_SHORTEST = timedelta(minutes=2)
_FARTHEST = timedelta(days=15) - timedelta(minutes=10)
_SILENT = (BadRequest, CursorExpired, Forbidden)


@dataclass(frozen=True, slots=True)
class _Opinion:
    """What Salesforce recorded for a window.

    Attributes:
        updated: ids of records that were made or changed.
        deleted: ids of records that were deleted, with the moment.
        covered: until when the record is complete; later than that a transaction is still open.
    """

    updated: frozenset[str]
    deleted: Mapping[str, datetime]
    covered: datetime


class SecondOpinion:
    """Completes the scans of one connection."""

    def __init__(self, wire: Wire, look_back: timedelta) -> None:
        self._wire = wire
        self._look_back = look_back

    def on(
        self, rows: Rows, place: Place, floor: datetime, seen: Set[str], *, refs: bool, room: int
    ) -> tuple[list[Record | Ref], Place]:
        """What a finished scan did not show, and the place with what is to be remembered of it.

        Args:
            rows: how records are read.
            place: where the scan has ended.
            floor: where its window began.
            seen: the ids that it has read.
            refs: whether addresses only are wanted.
            room: how many more items its page holds; when that is not enough, the next scan asks again.
        """
        end = place.mark
        if end is None or (place.asked is not None and end - place.asked < EVERY):
            return [], place
        opinion = _ask(self._wire, place.kind, floor, end)
        if opinion is None:
            return [], replace(place, asked=end)
        gone = {key: digest((key, iso(at))) for key, at in opinion.deleted.items()}
        still = place.told & frozenset(gone.values())
        missing = {key for key in opinion.updated | gone.keys() if key not in seen and gone.get(key) not in still}
        reported = self._reported(rows, opinion, gone, sorted(missing), refs=refs)
        new = [mine for mine in reported if mine not in place.told]
        told = still | (frozenset(reported) - frozenset(new[room:]))
        place = self._covered(replace(place, told=told), opinion.covered, end)
        return [reported[mine] for mine in new[:room]], place if len(new) > room else replace(place, asked=end)

    def _reported(
        self, rows: Rows, opinion: _Opinion, gone: Mapping[str, bytes], missing: Sequence[str], *, refs: bool
    ) -> dict[bytes, Record | Ref]:
        """Items by their digests: of records that still exist, what they are; of the others, that they are gone."""
        reported: dict[bytes, Record | Ref] = {}
        there: set[str] = set()
        for part in chunks(missing, most=_MOST_IDS):
            soql = select(rows.columns, rows.kind, where=[one_of("Id", part)])
            found = list(rows.of_dicts(self._wire.rows(soql, operation="changes", everything=True)))
            there.update(map(rows.id, found))
            reported.update((mine, item) for _, mine, item in rows.told(found, refs=refs) if item is not None)
        for key in missing:
            if key in gone and key not in there:
                ref, at, mine = Ref(rows.kind, key), opinion.deleted[key], gone[key]
                reported[mine] = ref if refs else Record(ref, f"{iso(at)}~{mine.hex()}", at, {}, "deleted")
        return reported

    def _covered(self, place: Place, covered: datetime, end: datetime) -> Place:
        held, behind = place.held, covered < end - max(self._look_back, EVERY)
        if held is None:
            return replace(place, held=covered) if behind else place
        if not behind:
            return replace(place, held=None, again=held)
        # Where some transaction is always open, those that have ended are read all the same.
        return replace(place, held=covered, again=held) if covered - held >= _STEP else place


def _ask(wire: Wire, kind: str, start: datetime, end: datetime) -> _Opinion | None:
    """The opinion on a window, at the cost of two calls; ``None`` when there is none for this kind or this far back."""
    start = max(start, end - _FARTHEST).replace(second=0, microsecond=0)
    if end - start < _SHORTEST:
        return None
    window = {"start": _moment(start), "end": _moment(end)}
    try:
        updated = wire.get(f"/sobjects/{checked(kind)}/updated/", operation="changes", params=window)
        deleted = wire.get(f"/sobjects/{checked(kind)}/deleted/", operation="changes", params=window)
        return _opinion(updated, deleted, start)
    except SchemaDrift:
        raise
    except _SILENT:
        return None


def _opinion(updated: Any, deleted: Any, start: datetime) -> _Opinion | None:
    try:
        if instant(deleted["earliestDateAvailable"]) > start:
            return None
        return _Opinion(
            frozenset(id18(key) for key in updated["ids"]),
            {id18(row["id"]): instant(row["deletedDate"]) for row in deleted["deletedRecords"]},
            min(instant(updated["latestDateCovered"]), instant(deleted["latestDateCovered"])),
        )
    except (KeyError, TypeError):
        return None


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
