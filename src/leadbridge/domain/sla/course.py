"""How the time of one promise passes: in whose calendar, without which spans, and given anew how often."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.sla.allowance import Allowance
from leadbridge.domain.sla.people import Person
from leadbridge.domain.sla.policy import OWNER_AWAY, SLAPolicy, Target
from leadbridge.domain.sla.stretches import Pause, Stretches
from leadbridge.domain.trails import Assignment

__all__ = ["Course", "Timing"]


@dataclass(frozen=True, slots=True)
class Course:
    """The time of one clock: since when it counts (``last``: the start, or the last reset), and how much is allowed."""

    all: Stretches
    last: datetime
    whole: Allowance
    resets: int
    spare: Allowance | None

    @property
    def counted(self) -> Stretches:
        """The time that counts, from the start or the last reset on."""
        return self.all.after(self.last)

    def due(self) -> datetime | None:
        """When it is due; ``None`` while it stands still and nobody knows until when."""
        return self.counted.reach(self.whole)

    def after(self, due: datetime | None, more: Allowance | None) -> datetime | None:
        """A time after it was due, counted as the clock counts."""
        return due if due is None or more is None else self.all.after(due).reach(more)

    def broken_at(self, due: datetime | None) -> datetime | None:
        """When the promise is broken: at the end of the grace."""
        return self.after(due, self.spare)

    def left(self, until: datetime) -> Allowance:
        """What is left of the time at an instant."""
        return self.counted.before(until).left(self.whole)


@dataclass(frozen=True, slots=True)
class Timing:
    """What decides how the time of a target passes, besides what happened."""

    policy: SLAPolicy
    target: Target
    calendar: BusinessCalendar | None
    people: Mapping[str, Person]

    def calendar_of(self, owner: str) -> BusinessCalendar | None:
        """The calendar that counts while somebody holds it: the team's, or that in the owner's own zone."""
        person = self.people.get(owner)
        if self.calendar is None or self.policy.zone_of == "team" or person is None or person.zone is None:
            return self.calendar
        return self.calendar.in_zone(person.zone)

    def course(
        self,
        holders: Sequence[Assignment],
        start: datetime,
        until: datetime,
        allowance: Allowance,
        pauses: Iterable[Pause],
        resets: Iterable[datetime],
    ) -> Course:
        """How the time of a clock passes.

        Args:
            holders: who holds it, each from when on.
            start: when it began.
            until: its end, or the instant that is asked about.
            allowance: the time that its first holder has.
            pauses: of the lead, as known at ``until``.
            resets: the instants that give the whole time again, in order.
        """
        # Before anybody holds it, it counts for the team: an assignment changes nothing about the time before.
        calendars = [(start, self.calendar)] if holders[0].since > start else []
        calendars += [(held.since, self.calendar_of(held.owner)) for held in holders]
        course = Course(
            Stretches.of(start, calendars, [*pauses, *self._away(holders)]), start, allowance, 0, self.target.spare
        )
        for reset in resets:
            if course.last < reset < until:
                broken_at = course.broken_at(course.due())
                if broken_at is not None and broken_at < reset:
                    break
                course = Course(course.all, reset, self.target.allowance, course.resets + 1, course.spare)
        return course

    def _away(self, holders: Sequence[Assignment]) -> Iterator[Pause]:
        if OWNER_AWAY not in self.target.paused_while:
            return
        for number, held in enumerate(holders):
            until = holders[number + 1].since if number + 1 < len(holders) else None
            person = self.people.get(held.owner)
            zone = self.calendar.zone_at(held.since) if self.calendar is not None else "UTC"
            for first, last in person.absences(zone) if person is not None else ():
                begin, end = max(first, held.since), last if until is None else min(last, until)
                if begin < end:
                    yield begin, end
