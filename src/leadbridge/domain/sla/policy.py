"""Service-level agreements: what one function promises another, and in what time.

An :class:`SLAPolicy` holds the promises of one function. Each :class:`Target` is a clock that an event starts, another
event stops, and a duration limits. The agreement embeds these models; :mod:`leadbridge.domain.sla` runs them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from leadbridge.domain.model import Frozen, Id
from leadbridge.domain.sla.allowance import Allowance
from leadbridge.domain.sla.events import EVENTS, HANDOFF_EVENTS, KEPT_ALONE, Event, Reach, reach_of

__all__ = ["EVENTS", "HANDOFF_EVENTS", "OWNER_AWAY", "Allowance", "Cadence", "Escalation", "Event", "OnTransfer"]
__all__ += ["SLAPolicy", "Target"]

OWNER_AWAY = "owner_away"
"""In ``paused_while``: the days on which the owner is away, as ``people`` says."""

OnTransfer = Literal["restart", "continue", "inherit"]
"""What becomes of a running clock when the hand-off goes to another owner.

``restart``: the old owner's clock ends, the new owner gets the whole time. ``continue``: one clock goes on, now the new
owner's.
``inherit``: the old owner's clock ends, the new owner gets what was left of the time.
"""


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _readable(text: str | None) -> str | None:
    if text is not None:
        Allowance.parse(text)
    return text


class Cadence(Frozen):
    """So many attempts to reach the buyer: outbound person-to-person interactions of the function that owes them.

    ``within`` may be written here or beside it, in the target; it is kept there.
    """

    touches: int = Field(ge=1, le=1000, description="Attempts at least")
    channels: int = Field(default=1, ge=1, le=100, description="Over so many different channels at least")
    within: str | None = Field(default=None, description="In what time, as the target's own within")

    @model_validator(mode="after")
    def _possible(self) -> Cadence:
        if self.channels > self.touches:
            raise ValueError(f"{self.touches} touches cannot go over {self.channels} channels: ask for fewer channels")
        return self


class Escalation(Frozen):
    """Who is told, and when, while a promise is still open. Each is told once.

    Attributes:
        at: ``warning``, ``due``, ``breach`` (when the grace is over, too), or a time after it was due, such as
            ``+2 business hours``.
        to: ``rep`` (whoever holds the lead), ``manager`` (theirs, where ``people`` names one), or any role or id.
    """

    at: str
    to: Id

    @field_validator("at")
    @classmethod
    def _known(cls, at: str) -> str:
        if at in ("warning", "due", "breach"):
            return at
        if not at.startswith("+"):
            raise ValueError(f"{at!r} is no moment: write warning, due, breach, or a time after it such as +2 hours")
        Allowance.parse(at[1:])
        return at

    @property
    def after(self) -> Allowance | None:
        """How long after the due time; ``None`` for a moment with a name."""
        return Allowance.parse(self.at[1:]) if self.at.startswith("+") else None


class Target(Frozen):
    """One promise: after ``starts``, one of ``stops`` happens ``within`` a duration, or a ``cadence`` is done by then.

    A target that starts with an event of a hand-off has one clock for every hand-off to the function that owes the duty
    (and, after a transfer, for every owner); one that is kept when the receiver is ``informed`` has one for every
    hand-off *from* that function. A target that starts when the buyer ``asked`` has one clock for each such
    interaction, one that starts when feedback was ``raised`` for each piece of it; any other target has one clock for
    every passage of the lead.
    """

    id: Id
    starts: Event = Field(description="The event that starts the clock, such as assigned or stage:marketing_qualified")
    stops: Annotated[tuple[Event, ...], BeforeValidator(_several)] = Field(
        default=(), min_length=1, description="The event that keeps the promise, or several of which the first counts"
    )
    within: str = Field(default="", description="30m, 2 days, 4 business hours, 1 business day")
    cadence: Cadence | None = Field(default=None, description="Attempts that keep the promise, when they are made")
    calendar: str | None = Field(default=None, description="Name of the calendar, when not that of the policy")
    warn_at: float = Field(default=0.8, gt=0, le=1, description="Share of the time after which the clock warns")
    warn_before: str | None = Field(
        default=None, description="How long before it is due the clock warns, instead of warn_at; such as 30m"
    )
    grace: str | None = Field(default=None, description="Time after it was due in which nobody counts it as broken")
    paused_while: Annotated[tuple[str, ...], BeforeValidator(_several)] = Field(
        default=(),
        description="Lead statuses in which the clock stands still, such as waiting_for_buyer or on_hold; also "
        "stage:<id>, and owner_away",
    )
    cancels: Annotated[tuple[Event, ...], BeforeValidator(_several)] = Field(
        default=(), description="Events that end the promise unkept, such as stage:disqualified"
    )
    resets: Annotated[tuple[Event, ...], BeforeValidator(_several)] = Field(
        default=(), description="Events that give the whole time again, such as touched"
    )
    escalate: tuple[Escalation, ...] = Field(default=(), description="Who is told, and when, while it is open")

    @model_validator(mode="before")
    @classmethod
    def _one_within(cls, given: Any) -> Any:
        # The cadence may carry its time; it is kept in one place, so that everything finds it there.
        cadence = given.get("cadence") if isinstance(given, dict) else None
        if not isinstance(cadence, dict) or not isinstance(cadence.get("within"), str):
            return given
        if given.get("within", cadence["within"]) != cadence["within"]:
            raise ValueError("within is given twice, and differs: keep one of the two")
        return {**given, "within": cadence["within"], "cadence": {**cadence, "within": None}}

    _times = field_validator("grace", "warn_before")(_readable)

    @field_validator("within")
    @classmethod
    def _parses(cls, within: str) -> str:
        _readable(within)
        return within

    @model_validator(mode="after")
    def _makes_sense(self) -> Target:
        if not self.within:
            raise ValueError(f"target {self.id} says nothing of time: add within: ...")
        if not self.stops and self.cadence is None:
            raise ValueError(f"nothing keeps target {self.id}: add stops: ..., or a cadence")
        if self.starts in self.stops:
            raise ValueError(f"target {self.id}: {self.starts} both starts and stops it: name another stop")
        for what, events in (("cancels", self.cancels), ("resets", self.resets)):
            for event in events:
                if event in self.stops:
                    raise ValueError(f"target {self.id}: {event} both keeps and {what} it: name it once")
        for event in (*self.stops, *self.cancels, *self.resets):
            if KEPT_ALONE.get(event, self.starts) != self.starts:
                raise ValueError(f"target {self.id}: {event} needs starts: {KEPT_ALONE[event]}")
        before = self.warning
        if before is not None and before.kind == "business_days" and self.allowance.kind != "business_days":
            raise ValueError(f"target {self.id}: warn_before counts days, within does not: write it in hours")
        if before is not None and before.kind == self.allowance.kind and before.amount >= self.allowance.amount:
            raise ValueError(
                f"target {self.id} would warn before it starts: make warn_before shorter than {self.within}"
            )
        return self

    @property
    def allowance(self) -> Allowance:
        """``within``, parsed."""
        return Allowance.parse(self.within)

    @property
    def spare(self) -> Allowance | None:
        """``grace``, parsed."""
        return Allowance.parse(self.grace) if self.grace else None

    @property
    def warning(self) -> Allowance | None:
        """``warn_before``, parsed."""
        return Allowance.parse(self.warn_before) if self.warn_before else None

    @property
    def reach(self) -> Reach:
        """What it has one clock for: every hand-off, question, piece of feedback, or passage."""
        return reach_of(self.starts)

    @property
    def per_handoff(self) -> bool:
        """True when every hand-off has its own clock."""
        return self.reach == "handoff"

    @property
    def business(self) -> bool:
        """True when any of its times counts in a calendar."""
        times = [self.allowance, self.spare, self.warning, *(each.after for each in self.escalate)]
        return any(each is not None and each.kind != "elapsed" for each in times)


class SLAPolicy(Frozen):
    """What one function promises to the other: marketing owes information, sales owes action.

    ``duty_of`` is the function that has to act; its targets apply to hand-offs *to* it, and it is the one whose
    interactions count as ``touched``. ``calendar`` names the calendar in which business durations count.

    With ``when``, a condition on the lead's fields, the policy holds for some leads only: those for which it is surely
    true. Of the policies of one ``group`` the first that fits a lead holds for it, so that the last, without ``when``,
    is for all others.
    """

    id: Id
    duty_of: str = Field(default="sales", description="The function that makes this promise")
    group: Id | None = Field(default=None, description="Policies of one group take each other's place")
    when: str | None = Field(default=None, description="A condition on the lead's fields, by segment or priority")
    targets: tuple[Target, ...] = Field(min_length=1)
    calendar: str | None = Field(default=None, description="Name of the calendar for the business durations")
    zone_of: Literal["team", "assignee"] = Field(
        default="team", description="Whose time zone the calendar's hours are in; that of the owner stands in people"
    )
    on_transfer: OnTransfer = Field(default="restart", description="What a change of owner does to a running clock")

    @model_validator(mode="after")
    def _holds_together(self) -> SLAPolicy:
        ids = [target.id for target in self.targets]
        for repeated in sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"policy {self.id}: two targets are called {repeated}: rename one")
        for target in self.targets:
            if target.business and self.calendar_of(target) is None:
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
