"""SLA clocks: how each promise about a lead stands at an instant, folded from the lead's history.

The rules, in the order in which they are asked:

* A clock starts with its start event and stops with the first of its stop events. What already happened between the
  offer and the start counts as done at the start.
* An answer other than ``accept``, an expired offer, and for a target without hand-off a detour or the next passage,
  cancel what is still open, unless that is the stop event. A promise that was overdue by then stays broken:
  cancelling does not forgive.
* A change of owner ends the clock of the old owner (``restart``, ``inherit``) or hands it on (``continue``). Under
  ``restart`` a promise that was overdue by then stays broken; under ``inherit`` the new owner has what was left of it.
* While the lead has a status in ``paused_while`` no time passes.
* Kept at the very instant at which it is due, a promise is met.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.lifecycle.lifecycle import DETOURS
from leadbridge.domain.sla.policy import Allowance, SLAPolicy, Target
from leadbridge.domain.sla.slaclock import ClockState, SLAClock
from leadbridge.domain.trails import HandoffTrail, Passage
from leadbridge.errors import ConfigError

__all__ = ["clocks"]

_End = tuple[datetime, str]
"""When something ended, and by what."""


def clocks(
    history: LeadHistory,
    policies: Iterable[SLAPolicy],
    calendars: Mapping[str, BusinessCalendar],
    now: datetime,
) -> tuple[SLAClock, ...]:
    """Every clock of a lead at ``now``, by policy, target and hand-off or passage.

    Raises:
        ConfigError: when a policy names a calendar that ``calendars`` does not have.
    """
    found: list[SLAClock] = []
    for policy in policies:
        for target in policy.targets:
            name = policy.calendar_of(target)
            if name is not None and name not in calendars:
                known = ", ".join(sorted(calendars)) or "none"
                raise ConfigError(f"policy {policy.id} needs the calendar {name!r}: define it (defined: {known})")
            calendar = calendars[name] if name is not None else None
            if target.per_handoff:
                for handoff in history.handoffs:
                    found.extend(_Scope(history, policy, target, calendar, now, handoff, handoff.passage).clocks())
            else:
                for trip in history.passages:
                    found.extend(_Scope(history, policy, target, calendar, now, None, trip.number).clocks())
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Scope:
    """One target over one hand-off, or over one passage."""

    history: LeadHistory
    policy: SLAPolicy
    target: Target
    calendar: BusinessCalendar | None
    now: datetime
    handoff: HandoffTrail | None
    number: int

    def clocks(self) -> Iterator[SLAClock]:
        """The clocks of this scope: none when the start is not to be expected here, one an owner after transfers."""
        if self.handoff is not None and self.handoff.to_function != self.policy.duty_of:
            return
        opened = self.handoff.offered_at if self.handoff is not None else None
        if opened is not None and opened > self.now:
            return
        start = min(self._instants(self.target.starts), default=None)
        cancelled = self._cancelled()
        if start is None or (cancelled is not None and cancelled[0] < start):
            if self.handoff is not None:
                ended = cancelled or self._stop(opened)
                yield self._clock(state="cancelled" if ended else "not_started", ended_by=ended[1] if ended else "")
            return
        stop = self._stop(start if opened is None else min(opened, start))
        if stop is not None and cancelled is not None and cancelled[0] < stop[0]:
            stop = None
        if stop is not None:
            stop = (max(start, stop[0]), stop[1])
        yield from self._turns(start, stop or cancelled, kept=stop is not None)

    def _turns(self, start: datetime, end: _End | None, *, kept: bool) -> Iterator[SLAClock]:
        holders = self._holders(start, end[0] if end else self.now)
        if self.policy.on_transfer == "continue":
            holders = [(holders[-1][0], start)]
        left = self.target.allowance
        for turn, (owner, since) in enumerate(holders, start=1):
            if turn == len(holders):
                yield self._run(since, end, left, turn=turn, owner=owner, kept=kept)
            else:
                handed_on = holders[turn][1]
                yield self._run(since, (handed_on, "transfer"), left, turn=turn, owner=owner, kept=False)
                if self.policy.on_transfer == "inherit":
                    left = self._left(self._segments(since, handed_on), left)

    def _run(
        self, start: datetime, end: _End | None, allowance: Allowance, *, turn: int, owner: str, kept: bool
    ) -> SLAClock:
        until = end[0] if end else self.now
        segments = self._segments(start, until)
        due = self._due(segments, until, allowance)
        state = self._state(due, end, kept=kept)
        late = due is not None and due < until and state in ("met_late", "breached")
        resumed = due or self._left(segments, allowance).due(until, self.calendar)
        warning = allowance.share(Fraction(str(self.target.warn_at)))
        return self._clock(
            state=state,
            turn=turn,
            owner=owner,
            started_at=start,
            due_at=due,
            warns_at=self._due(segments, until, warning),
            stopped_at=end[0] if end else None,
            ended_by=end[1] if end else "",
            elapsed=sum((allowance.passed(*span, self.calendar) for span in segments), timedelta(0)),
            remaining=None if end else allowance.passed(until, max(until, resumed), self.calendar),
            overdue=allowance.passed(due, until, self.calendar) if late and due is not None else None,
        )

    def _state(self, due: datetime | None, end: _End | None, *, kept: bool) -> ClockState:
        until = end[0] if end else self.now
        overdue = due is not None and due < until
        if kept:
            return "met_late" if overdue else "met"
        if end is None:
            return "breached" if overdue else "paused" if due is None else "running"
        handed_on = end[1] == "transfer" and self.policy.on_transfer == "inherit"
        return "breached" if overdue and not handed_on else "cancelled"

    def _clock(
        self,
        *,
        state: ClockState,
        turn: int = 1,
        owner: str = "",
        started_at: datetime | None = None,
        due_at: datetime | None = None,
        warns_at: datetime | None = None,
        stopped_at: datetime | None = None,
        ended_by: str = "",
        elapsed: timedelta | None = None,
        remaining: timedelta | None = None,
        overdue: timedelta | None = None,
    ) -> SLAClock:
        return SLAClock(
            lead=self.history.lead,
            policy=self.policy.id,
            target=self.target.id,
            duty_of=self.policy.duty_of,
            within=self.target.within,
            handoff=self.handoff.id if self.handoff is not None else None,
            passage=self.number,
            turn=turn,
            owner=owner,
            state=state,
            now=self.now,
            started_at=started_at,
            due_at=due_at,
            warns_at=warns_at,
            stopped_at=stopped_at,
            ended_by=ended_by,
            elapsed=elapsed,
            remaining=remaining,
            overdue=overdue,
        )

    def _instants(self, event: str) -> Iterator[datetime]:
        """When an event happened in this scope, up to ``now``."""
        return (instant for instant in self._all_instants(event) if instant is not None and instant <= self.now)

    def _all_instants(self, event: str) -> Iterator[datetime | None]:
        history, duty = self.history, self.policy.duty_of
        talks = [touch.fact for touch in history.touches if touch.fact.nature == "person_to_person"]
        match event:
            case "captured":
                yield history.captured_at if self.number == 1 else None
            case "touched":
                yield from (talk.occurred_at for talk in talks if talk.function == duty)
            case "connected":
                inbound = (talk for talk in talks if talk.direction == "inbound" and talk.function == duty)
                yield from (talk.occurred_at for talk in inbound)
                yield from (entry.since for entry in history.statuses if entry.status == "connected")
            case "won":
                yield from (deal.closed_at for deal in history.opportunities if deal.outcome == "won")
                yield from self._entries("won")
            case "offered" | "routed" | "assigned" | "decided":
                trails = history.handoffs if self.handoff is None else (self.handoff,)
                yield from (_step(trail, event) for trail in trails if trail.passage == self.number)
            case _:
                yield from self._entries(event.removeprefix("stage:"))

    def _entries(self, *stages: str) -> Iterator[datetime]:
        trip = self._passage(self.number)
        return (entry.entered_at for entry in (trip.entries if trip else ()) if entry.stage in stages)

    def _passage(self, number: int) -> Passage | None:
        return next((trip for trip in self.history.passages if trip.number == number), None)

    def _stop(self, since: datetime | None) -> _End | None:
        found = (
            (instant, event)
            for event in self.target.stops
            for instant in self._instants(event)
            if since is None or instant >= since
        )
        return min(found, default=None)

    def _cancelled(self) -> _End | None:
        if self.handoff is None:
            following = self._passage(self.number + 1)
            ends = [(entered, "detour") for entered in self._entries(*DETOURS)]
            ends += [(following.entries[0].entered_at, "recycle")] if following else []
        else:
            answers = self.handoff.answers
            ends = [(answer.given_at, answer.decision) for answer in answers if answer.decision != "accept"]
            ends += [(self.handoff.expired_at, "expiry")] if self.handoff.expired_at else []
        return min((end for end in ends if end[0] <= self.now), default=None)

    def _holders(self, start: datetime, until: datetime) -> list[tuple[str, datetime]]:
        """Who held the promise, each from an instant on; the first assignment after the start is no transfer."""
        trails = self.history.handoffs if self.handoff is None else (self.handoff,)
        mine = [trail for trail in trails if trail.passage == self.number and trail.to_function == self.policy.duty_of]
        chain = [held for trail in mine for held in trail.assignments if held.since <= until]
        if self.handoff is None:
            return [(chain[-1].owner if chain else "", start)]
        earlier = [held for held in chain if held.since <= start]
        later = [held for held in chain if start < held.since]
        first = earlier[-1] if earlier else later.pop(0) if later else None
        moves = [(held.owner, held.since) for held in later if held.since < until]
        return [(first.owner if first else "", start), *moves]

    def _pauses(self) -> Iterator[tuple[datetime, datetime | None]]:
        entries = [entry for entry in self.history.statuses if entry.since <= self.now]
        for number, entry in enumerate(entries):
            if entry.status in self.target.paused_while:
                yield entry.since, entries[number + 1].since if number + 1 < len(entries) else None

    def _segments(self, start: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """The spans in which time counts. The last one ends at ``until`` unless the clock is paused then."""
        found: list[tuple[datetime, datetime]] = []
        cursor = start
        for since, resumed in self._pauses():
            if resumed is not None and resumed <= cursor:
                continue
            if since > until:
                break
            if since > cursor:
                found.append((cursor, since))
            if resumed is None or resumed > until:
                return found
            cursor = resumed
        return [*found, (cursor, until)]

    def _due(self, segments: list[tuple[datetime, datetime]], until: datetime, allowance: Allowance) -> datetime | None:
        left = allowance
        for start, end in segments:
            due = left.due(start, self.calendar)
            if due <= end or end == until:
                return due
            left = left.less(start, end, self.calendar)
        return None

    def _left(self, segments: list[tuple[datetime, datetime]], allowance: Allowance) -> Allowance:
        for start, end in segments:
            allowance = allowance.less(start, end, self.calendar)
        return allowance


def _step(trail: HandoffTrail, event: str) -> datetime | None:
    if event == "assigned":
        return trail.assignments[0].since if trail.assignments else None
    return {"offered": trail.offered_at, "routed": trail.routed_at, "decided": trail.decided_at}[event]
