"""The people who hold leads: where they work, when they are away, and who is told when a promise breaks.

Owners are ids as the CRMs know them, never names.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator

from leadbridge.clock import from_us, to_us
from leadbridge.domain.model import Frozen, Id

__all__ = ["Away", "Person"]


class Away(Frozen):
    """Days on which a person does not work, both included."""

    from_: date = Field(alias="from", description="The first day away")
    to: date = Field(description="The last day away")

    @model_validator(mode="after")
    def _in_order(self) -> Away:
        if self.to < self.from_:
            raise ValueError(f"away ends on {self.to}, before it begins: write the first day under from")
        return self


class Person(Frozen):
    """What promises need to know of an owner. The key is the owner's id.

    Attributes:
        zone: IANA time zone; opening hours count in it where a policy says ``zone_of: assignee``.
        away: days off; no time passes in them where a target is ``paused_while: owner_away``.
        manager: the id of whoever is told by an escalation to ``manager``.
    """

    zone: str | None = None
    away: tuple[Away, ...] = ()
    manager: Id | None = None

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str | None) -> str | None:
        names = available_timezones() if zone is not None else set()
        if zone is not None and zone not in names:
            near = get_close_matches(zone, names, n=1)
            raise ValueError(
                f"unknown time zone {zone!r}: {f'did you mean {near[0]}?' if near else 'use one such as Europe/London'}"
            )
        return zone

    def absences(self, zone: str) -> Iterator[tuple[datetime, datetime]]:
        """When the person is away, in order, the end not included.

        Args:
            zone: in which the days are, where the person has no own one.
        """
        here = ZoneInfo(self.zone or zone)
        for span in sorted(self.away, key=lambda span: span.from_):
            days = (span.from_, span.to + timedelta(days=1))
            first, last = (from_us(to_us(datetime.combine(day, time(), here))) for day in days)
            yield first, last
