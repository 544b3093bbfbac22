"""The time in which a clock runs: stretches between pauses, each in the calendar of whoever held the lead then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.sla.allowance import Allowance

__all__ = ["Pause", "Stretch", "Stretches"]

Pause = tuple[datetime, datetime | None]
"""From when until when no time passes; ``None``: nobody knows until when."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span in which time passes, in one calendar; the last has no end when no pause is known that ends it."""

    start: datetime
    end: datetime | None
    calendar: BusinessCalendar | None


class Stretches:
    """All stretches from a start on, in order."""

    def __init__(self, found: Sequence[Stretch]) -> None:
        self._found = found

    @classmethod
    def of(
        cls,
        start: datetime,
        holders: Sequence[tuple[datetime, BusinessCalendar | None]],
        pauses: Iterable[Pause],
    ) -> Stretches:
        """What is left of all time from ``start`` on without the pauses.

        Args:
            start: when the clock began.
            holders: from when on which calendar counts, in order; the first from the start on.
            pauses: in any order; they may overlap.
        """
        found: list[Stretch] = []
        cursor = start
        for since, until in sorted(pauses, key=lambda pause: pause[0]):
            if until is not None and until <= cursor:
                continue
            if since > cursor:
                found += _by_calendar(cursor, since, holders)
            if until is None:
                return cls(found)
            cursor = until
        return cls([*found, *_by_calendar(cursor, None, holders)])

    def running(self, at: datetime) -> bool:
        """Whether time passes from an instant on."""
        return any(one.start <= at and (one.end is None or at < one.end) for one in self._found)

    def changes_at(self, at: datetime) -> datetime | None:
        """The first instant after another at which time begins or ceases to pass."""
        edges = (edge for one in self._found for edge in (one.start, one.end))
        return min((edge for edge in edges if edge is not None and edge > at), default=None)

    def after(self, instant: datetime) -> Stretches:
        """What is left of them from an instant on."""
        later = (one for one in self._found if one.end is None or one.end > instant)
        return Stretches([Stretch(max(one.start, instant), one.end, one.calendar) for one in later])

    def before(self, instant: datetime) -> Stretches:
        """What lies before an instant."""
        earlier = (one for one in self._found if one.start < instant)
        return Stretches(
            [Stretch(o.start, instant if o.end is None else min(o.end, instant), o.calendar) for o in earlier]
        )

    def reach(self, allowance: Allowance) -> datetime | None:
        """When so much time has passed in them; ``None`` when a pause without an end comes first."""
        left = allowance
        for one in self._found:
            due = left.due(one.start, one.calendar)
            if one.end is None or due <= one.end:
                return due
            left = left.less(one.start, one.end, one.calendar)
        return None

    def left(self, allowance: Allowance) -> Allowance:
        """What is left of an allowance after all of them; they have an end."""
        for one in self._found:
            if one.end is not None:
                allowance = allowance.less(one.start, one.end, one.calendar)
        return allowance

    def passed(self, allowance: Allowance) -> timedelta:
        """How much time passes in all of them, as an allowance counts it; they have an end."""
        spans = (allowance.passed(one.start, one.end, one.calendar) for one in self._found if one.end is not None)
        return sum(spans, timedelta(0))

    def plain(self) -> timedelta:
        """How long all of them are together; they have an end."""
        return sum((one.end - one.start for one in self._found if one.end is not None), timedelta(0))


def _by_calendar(
    start: datetime, end: datetime | None, holders: Sequence[tuple[datetime, BusinessCalendar | None]]
) -> list[Stretch]:
    found: list[Stretch] = []
    cursor, calendar = start, holders[0][1]
    for since, mine in holders[1:]:
        if end is not None and since >= end:
            break
        if since > cursor and mine is not calendar:
            found.append(Stretch(cursor, since, calendar))
            cursor = since
        calendar = mine
    return [*found, Stretch(cursor, end, calendar)]
