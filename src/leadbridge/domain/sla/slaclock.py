"""One running promise: the value that :mod:`leadbridge.domain.sla.clocks` folds and everything else shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from leadbridge.domain.explain import moment
from leadbridge.domain.model import listing
from leadbridge.domain.sla.policy import Cadence
from leadbridge.domain.trails import Assignment

__all__ = ["STATES", "Alert", "ClockState", "SLAClock", "in_words"]

ClockState = Literal["not_started", "running", "paused", "met", "met_late", "breached", "cancelled"]
STATES: tuple[ClockState, ...] = ("not_started", "running", "paused", "met", "met_late", "breached", "cancelled")


def in_words(span: timedelta) -> str:
    """A length of time for people: its two largest units, such as ``1 d 4 h`` or ``35 min``."""
    seconds = int(abs(span).total_seconds())
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    found: list[str] = []
    for name, size in units:
        amount, seconds = divmod(seconds, size)
        if amount:
            found.append(f"{amount} {name}")
    return " ".join(found[:2]) or "0 s"


@dataclass(frozen=True, slots=True)
class Alert:
    """Somebody who is to be told: at which tier of the escalation, who, and from when on.

    ``at`` is ``None`` while nobody knows when, because the clock stands still.
    """

    tier: str
    to: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SLAClock:
    """One promise at one instant (``now``).

    ``elapsed``, ``remaining`` and ``overdue`` are in the time that the target counts in (open time for business
    durations), since the start or the last reset; ``paused`` is plain time. ``due_at`` is ``None`` before the start and
    while it is not known how long a pause lasts; ``broken_at`` is the end of the grace (``due_at`` without one).

    ``subject`` is the question or the piece of feedback that it is about. ``chain`` is who held it, each from when on,
    up to ``owner``, whose number is ``turn``. ``ended_by`` says what stopped or cancelled it. ``agreement`` is the
    version of the agreement in which the promise was made, ``calendar_version`` the day from which the version of the
    calendar holds in which it started. ``attempts`` are counted where a ``cadence`` was promised.
    ``changes_at`` is when it will next stand still or go on, as far as that is known.
    """

    lead: str
    policy: str
    target: str
    duty_of: str
    within: str
    handoff: str | None
    passage: int
    turn: int
    owner: str
    state: ClockState
    now: datetime
    started_at: datetime | None = None
    due_at: datetime | None = None
    warns_at: datetime | None = None
    stopped_at: datetime | None = None
    ended_by: str = ""
    elapsed: timedelta | None = None
    remaining: timedelta | None = None
    overdue: timedelta | None = None
    agreement: int = 0
    subject: str = ""
    queue: str = ""
    broken_at: datetime | None = None
    paused: timedelta | None = None
    reset_at: datetime | None = None
    resets: int = 0
    attempts: int | None = None
    cadence: Cadence | None = None
    calendar: str = ""
    calendar_version: date | None = None
    zone: str = ""
    chain: tuple[Assignment, ...] = ()
    alerts: tuple[Alert, ...] = ()
    changes_at: datetime | None = None

    @property
    def warning(self) -> bool:
        """True when it runs and the warning share of its time is used up."""
        return self.state == "running" and self.warns_at is not None and self.warns_at <= self.now

    @property
    def in_grace(self) -> bool:
        """True when it was due and is not counted as broken yet."""
        return self.state in ("running", "paused") and self.due_at is not None and self.due_at < self.now

    @property
    def open(self) -> bool:
        """True when it has started and somebody can still act."""
        return self.started_at is not None and self.stopped_at is None

    @property
    def transfers(self) -> int:
        """How often it went from one owner to another."""
        return max(len(self.chain) - 1, 0)

    @property
    def counted(self) -> bool:
        """True when attainment counts it: the promise was kept, kept late, or broken."""
        return self.state in ("met", "met_late", "breached")

    def explain(self) -> str:
        """How it stands, in one sentence."""
        promise = f"{self.policy}.{self.target} ({self.duty_of}, within {self.within})"
        holder = f", held by {self.owner}" if self.owner else ""
        if self.started_at is None:
            return f"{promise}: {'cancelled before it started' if self.ended_by else 'not started'}{holder}"
        text = f"{promise}: started {moment(self.started_at)}"
        if self.reset_at is not None:
            text += f", given anew {moment(self.reset_at)}"
        if self.due_at is not None:
            text += f", due {moment(self.due_at)}"
        if self.state in ("met", "met_late"):
            text += f", {self.state.replace('_', ' ')} by {self.ended_by}"
        else:
            text += f", {self.state}{f' by {self.ended_by}' if self.ended_by else ''}"
        if self.stopped_at is not None:
            text += f" {moment(self.stopped_at)}"
        if self.in_grace and self.broken_at is not None:
            text += f", in grace until {moment(self.broken_at)}"
        elif self.overdue:
            text += f", {in_words(self.overdue)} over"
        elif self.remaining is not None and self.state in ("running", "paused"):
            text += f", {in_words(self.remaining)} left"
        return text + self._aside() + holder

    def _aside(self) -> str:
        text = f", stood still for {in_words(self.paused)}" if self.paused else ""
        if self.cadence is not None:
            over = f" over {self.cadence.channels} channels" if self.cadence.channels > 1 else ""
            text += f", {self.attempts} of {self.cadence.touches} touches{over}"
        if self.transfers:
            text += f", handed on by {listing(held.owner or 'nobody' for held in self.chain[:-1])}"
        return text

    def lines(self) -> list[tuple[datetime, str]]:
        """Dated texts for :meth:`LeadHistory.explain`: when it was due, and what came of it."""
        name = f"SLA {self.policy}.{self.target}"
        found: list[tuple[datetime, str]] = []
        if self.started_at is not None:
            due = f", due {moment(self.due_at)}" if self.due_at else ""
            found.append((self.started_at, f"{name} started{due}"))
        if self.stopped_at is not None:
            found.append((self.stopped_at, f"{name} {self.state.replace('_', ' ')}"))
        elif self.state == "breached" and self.due_at is not None:
            found.append((self.due_at, f"{name} breached"))
        return found
