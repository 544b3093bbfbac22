"""Service-level agreements: what one function promises another, and in what time.

An :class:`SLAPolicy` holds the promises of one function. Each :class:`Target` is a clock that an event starts, another
event stops, and a duration limits. The agreement embeds these models; :mod:`leadbridge.domain.sla` runs them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from leadbridge.clock import from_us, to_us
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.model import UNITS, Frozen, Id

__all__ = ["EVENTS", "Allowance", "Event", "OnTransfer", "SLAPolicy", "Target"]

EVENTS = {
    "captured": "the lead came into being",
    "offered": "the hand-off was offered",
    "routed": "the hand-off reached a queue",
    "assigned": "the hand-off reached a person",
    "touched": "the function that owes the duty had its first person-to-person interaction with the buyer",
    "connected": "buyer and that function spoke: an inbound person-to-person interaction, or the status connected",
    "decided": "the receiving function answered the hand-off",
    "won": "an opportunity of the lead was won",
}
"""What starts and stops clocks, in words; besides these, ``stage:<id>`` is the entry into a lifecycle stage."""

HANDOFF_EVENTS = frozenset({"offered", "routed", "assigned", "decided"})
"""Events that belong to one hand-off: a target that starts with one has a clock for every hand-off."""

_EVENT = r"^(captured|offered|routed|assigned|touched|connected|decided|won|stage:\w[\w.\-]*)$"
_LONGEST = 3660
"""Days that a promise may last at most."""

_DURATION = re.compile(r"(?P<amount>\d+(?:\.\d+)?)\s*(?P<business>business\s+)?(?P<unit>[a-z]+?)s?")

Event = Annotated[str, Field(pattern=_EVENT)]
"""One of the words in :data:`EVENTS`, or ``stage:<id>``."""

OnTransfer = Literal["restart", "continue", "inherit"]
"""What becomes of a running clock when the hand-off goes to another owner.

``restart``: the old owner's clock ends, the new owner gets the whole time. ``continue``: one clock goes on, now the new
owner's.
``inherit``: the old owner's clock ends, the new owner gets what was left of the time.
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A duration in the time that a target counts in.

    ``elapsed``: plain time, ``amount`` microseconds. ``business``: open time of the calendar, ``amount`` microseconds.
    ``business_days``: ``amount`` open days, each counting as one whatever its hours.
    """

    kind: Literal["elapsed", "business", "business_days"]
    amount: Fraction

    @classmethod
    def parse(cls, text: str) -> Allowance:
        """Reads ``30m``, ``2 days``, ``4 business hours`` or ``1 business day``.

        Raises:
            ValueError: for anything else, and for zero.
        """
        match = _DURATION.fullmatch(text.strip().lower())
        unit = match["unit"] if match else ""
        business = bool(match and match["business"])
        if match is None or unit not in UNITS or (business and unit in ("w", "week")):
            raise ValueError(
                f"{text!r} is not a duration: write one like 30m, 2 days, 4 business hours or 1 business day"
            )
        amount = Fraction(match["amount"])
        if not amount:
            raise ValueError(f"{text!r} leaves no time: a promise needs more than zero")
        # Eight business hours are a working day, whatever the calendar.
        a_day = timedelta(hours=8) if business and unit not in ("d", "day") else timedelta(days=1)
        if amount * Fraction(UNITS[unit] / a_day) > _LONGEST:
            raise ValueError(f"{text!r} is longer than ten years: promise what somebody can wait for, such as 2 days")
        if business and unit in ("d", "day"):
            return cls("business_days", amount)
        return cls("business" if business else "elapsed", amount * (UNITS[unit] // timedelta(microseconds=1)))

    def due(self, start: datetime, calendar: BusinessCalendar | None) -> datetime:
        """When this much time has passed since ``start``, rounded up to a microsecond."""
        if self.kind == "business_days":
            return _needed(calendar).due_days(start, self.amount)
        duration = timedelta(microseconds=-(-self.amount.numerator // self.amount.denominator))
        return from_us(to_us(start)) + duration if self.kind == "elapsed" else _needed(calendar).due(start, duration)

    def less(self, start: datetime, end: datetime, calendar: BusinessCalendar | None) -> Allowance:
        """What is left after the time from ``start`` to ``end``; never below zero."""
        if self.kind == "business_days":
            spent = _needed(calendar).business_days(start, end)
        else:
            spent = Fraction(self.passed(start, end, calendar) // timedelta(microseconds=1))
        return Allowance(self.kind, max(self.amount - spent, Fraction(0)))

    def share(self, part: Fraction) -> Allowance:
        """A part of this duration, such as the share after which a warning is due."""
        return Allowance(self.kind, self.amount * part)

    def passed(self, start: datetime, end: datetime, calendar: BusinessCalendar | None) -> timedelta:
        """The time from ``start`` to ``end`` as this duration counts it: open time for business durations."""
        if self.kind == "elapsed":
            return timedelta(microseconds=to_us(end) - to_us(start))
        return _needed(calendar).elapsed(start, end)


def _needed(calendar: BusinessCalendar | None) -> BusinessCalendar:
    if calendar is None:
        raise ValueError("a business duration needs a calendar")
    return calendar


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class Target(Frozen):
    """One promise: after ``starts``, one of ``stops`` happens ``within`` a duration.

    A target that starts with an event of a hand-off has one clock for every hand-off to the function that owes the duty
    (and, after a transfer, for every owner); any other target has one clock for every passage of the lead.
    """

    id: Id
    starts: Event = Field(description="The event that starts the clock, such as assigned or stage:marketing_qualified")
    stops: Annotated[tuple[Event, ...], BeforeValidator(_several)] = Field(
        min_length=1, description="The event that keeps the promise, or several of which the first counts"
    )
    within: str = Field(description="30m, 2 days, 4 business hours, 1 business day")
    calendar: str | None = Field(default=None, description="Name of the calendar, when not that of the policy")
    warn_at: float = Field(default=0.8, gt=0, le=1, description="Share of the time after which the clock warns")
    paused_while: Annotated[tuple[str, ...], BeforeValidator(_several)] = Field(
        default=(), description="Lead statuses in which the clock stands still, such as waiting_for_buyer"
    )

    @field_validator("within")
    @classmethod
    def _readable(cls, within: str) -> str:
        Allowance.parse(within)
        return within

    @model_validator(mode="after")
    def _can_stop(self) -> Target:
        if self.starts in self.stops:
            raise ValueError(f"target {self.id}: {self.starts} both starts and stops it: name another stop")
        return self

    @property
    def allowance(self) -> Allowance:
        """``within``, parsed."""
        return Allowance.parse(self.within)

    @property
    def per_handoff(self) -> bool:
        """True when every hand-off has its own clock; else every passage has."""
        return self.starts in HANDOFF_EVENTS


class SLAPolicy(Frozen):
    """What one function promises to the other: marketing owes information, sales owes action.

    ``duty_of`` is the function that has to act; its targets apply to hand-offs *to* it, and it is the one whose
    interactions count as ``touched``. ``calendar`` names the calendar in which business durations count.
    """

    id: Id
    duty_of: str = Field(default="sales", description="The function that makes this promise")
    targets: tuple[Target, ...] = Field(min_length=1)
    calendar: str | None = Field(default=None, description="Name of the calendar for the business durations")
    on_transfer: OnTransfer = Field(default="restart", description="What a change of owner does to a running clock")

    @model_validator(mode="after")
    def _holds_together(self) -> SLAPolicy:
        ids = [target.id for target in self.targets]
        for repeated in sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"policy {self.id}: two targets are called {repeated}: rename one")
        for target in self.targets:
            if target.allowance.kind != "elapsed" and self.calendar_of(target) is None:
                raise ValueError(
                    f"policy {self.id}: target {target.id} counts business time: name a calendar in the policy"
                )
        return self

    def calendar_of(self, target: Target) -> str | None:
        """The name of the calendar that a target of this policy counts in."""
        return target.calendar or self.calendar

    @property
    def calendars(self) -> frozenset[str]:
        """The names of all calendars that this policy needs."""
        return frozenset(name for target in self.targets if (name := self.calendar_of(target)) is not None)
