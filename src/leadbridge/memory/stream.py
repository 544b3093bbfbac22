"""How a stream of changes is read by time without losing any: windows, ties, and looking back.

Time alone is not a position: many records can share one stamp, so a place inside a window is (stamp, id). And time
runs ahead of what can be seen: a change may show late, so every new window begins ``settle`` before the end of the
last one. What was shown already is remembered by id and version, within bounds, so that looking back does not repeat
it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from leadbridge.clock import from_us, to_us
from leadbridge.errors import CursorExpired
from leadbridge.memory.crm import Row

__all__ = ["Place", "next_rows"]

_MOST_REMEMBERED = 2000
"""Above this, records within the look-back are rather repeated than remembered: a cursor must not grow without end."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the stream: a window of stamps in microseconds, how far it was walked, and what was shown near its
    end."""

    kind: str
    begin: int = 0
    end: int | None = None
    after: tuple[int, str] = (-1, "")
    shown: frozenset[str] = field(default=frozenset(), repr=False)

    def dumps(self) -> str:
        """The cursor: text that means the same next month, and is the same text for the same place."""
        return json.dumps([self.kind, self.begin, self.end, self.after, sorted(self.shown)], separators=(",", ":"))

    @classmethod
    def loads(cls, text: str | None, kind: str) -> Self:
        """The place of a cursor; ``None`` is the beginning of all time."""
        if text is None:
            return cls(kind)
        try:
            name, begin, end, (stamp, id), shown = json.loads(text)
            place = cls(str(name), int(begin), end, (int(stamp), str(id)), frozenset(shown))
        except (ValueError, TypeError):
            place = None
        if place is None or place.kind != kind:
            raise CursorExpired("this cursor does not belong to this stream: read again from the beginning")
        return place


def _mark(row: Row) -> str:
    return f"{row.ref.id}:{row.version}"


def next_rows(
    rows: Sequence[Row], place: Place, *, now: datetime, settle: timedelta, limit: int
) -> tuple[list[Row], Place, bool]:
    """The next rows of the stream, the place behind them, and whether more of this window is to come."""
    end = place.end if place.end is not None else to_us(now)
    ahead = sorted(
        (
            (position, row)
            for row in rows
            if row.visible_at <= now
            and place.begin <= (stamp := to_us(row.modified_at)) <= end
            and (position := (stamp, row.ref.id)) > place.after
            and _mark(row) not in place.shown
        ),
        key=lambda pair: pair[0],
    )
    page = ahead[:limit]
    look_back = max(0, end - to_us(from_us(0) + settle))
    near = {_mark(row) for (stamp, _), row in page if stamp >= look_back}
    if len(ahead) > limit:
        return [row for _, row in page], Place(place.kind, place.begin, end, page[-1][0], place.shown | near), True
    still = {_mark(row) for row in rows if to_us(row.modified_at) >= look_back}
    shown = frozenset((place.shown | near) & still)
    behind = Place(place.kind, look_back, shown=shown if len(shown) <= _MOST_REMEMBERED else frozenset())
    return [row for _, row in page], behind, False
