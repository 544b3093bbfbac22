"""SLA clocks: how each promise about a lead stands at an instant, folded from the lead's history.

The rules, in the order in which they are asked:

* A clock starts with its start event and stops with the first of its stop events, or when its cadence is done. What
  already happened between the offer and the start counts as done at the start.
* What the target ``cancels``, an answer other than ``accept``, an expired offer, and for a passage a detour or the next
  passage, cancel what is still open, unless that is the stop event. A promise that was broken by then stays broken:
  cancelling does not forgive.
* A change of owner ends the clock of the old owner (``restart``, ``inherit``) or hands it on (``continue``). Under
  ``restart`` a promise that was broken by then stays broken; under ``inherit`` the new owner has what was left of it.
* What the target ``resets`` gives the whole time again, unless the promise was broken by then.
* While the lead has a status or a stage in ``paused_while`` no time passes, and with ``owner_away`` on days off.
* Kept at the very instant at which it is due, or in its grace, a promise is met.

Time passing never mends a broken promise, and a pause never makes one due earlier.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla.allowance import Allowance
from leadbridge.domain.sla.course import Course, Timing
from leadbridge.domain.sla.people import Person
from leadbridge.domain.sla.policy import SLAPolicy
from leadbridge.domain.sla.scope import End, Scope, scopes
from leadbridge.domain.sla.slaclock import Alert, ClockState, SLAClock
from leadbridge.domain.sla.stretches import Stretches
from leadbridge.domain.trails import Assignment
from leadbridge.errors import ConfigError

__all__ = ["RULES", "clocks"]

RULES = 1
"""Counts up when clocks are folded by other rules than before, so that what was kept of them is folded anew."""


def clocks(
    history: LeadHistory,
    policies: Iterable[SLAPolicy],
    calendars: Mapping[str, BusinessCalendar],
    now: datetime,
    *,
    people: Mapping[str, Person] | None = None,
) -> tuple[SLAClock, ...]:
    """Every clock of a lead at ``now``, by policy, target and what it is about.

    Args:
        history: of one lead.
        policies: those that hold for this lead.
        calendars: by name.
        now: the instant; what happened later is not known yet.
        people: what is known of owners, by id: their zones, days off and managers.

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
            for scope in scopes(history, policy, target, now):
                found.extend(_Run(scope, name or "", calendar, people or {}).clocks())
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Run:
    """The clocks of one scope."""

    scope: Scope
    name: str
    calendar: BusinessCalendar | None
    people: Mapping[str, Person]

    def clocks(self) -> Iterator[SLAClock]:
        """None when the start is not to be expected here, one an owner after transfers."""
        scope = self.scope
        opened, start, cancelled = scope.opened, scope.start(), scope.cancelled()
        if start is None or (cancelled is not None and cancelled[0] < start):
            if scope.handoff is not None:
                ended = cancelled or scope.stop(opened)
                yield self._blank("cancelled" if ended else "not_started", ended[1] if ended else "")
            return
        stop = scope.stop(start if opened is None else min(opened, start))
        if stop is not None and cancelled is not None and cancelled[0] < stop[0]:
            stop = None
        if stop is not None:
            stop = (max(start, stop[0]), stop[1])
        yield from self._turns(start, stop or cancelled, kept=stop is not None)

    def _turns(self, start: datetime, end: End | None, *, kept: bool) -> Iterator[SLAClock]:
        chain = self.scope.holders(start, end[0] if end else self.scope.now)
        left = self.scope.target.allowance
        if self._goes_on:
            yield self._run(chain, start, end, left, turn=1, kept=kept)
            return
        for turn, held in enumerate(chain, start=1):
            so_far, since = chain[:turn], start if turn == 1 else held.since
            if turn == len(chain):
                yield self._run(so_far, since, end, left, turn=turn, kept=kept)
            else:
                handed_on = chain[turn].since
                yield self._run(so_far, since, (handed_on, "transfer"), left, turn=turn, kept=False)
                if self.scope.policy.on_transfer == "inherit":
                    left = self._course(so_far[-1:], since, handed_on, left).left(handed_on)

    @property
    def _goes_on(self) -> bool:
        """Whether one clock goes on when the owner changes: always for what is no hand-off."""
        return self.scope.handoff is None or self.scope.policy.on_transfer == "continue"

    def _run(
        self,
        chain: Sequence[Assignment],
        start: datetime,
        end: End | None,
        allowance: Allowance,
        *,
        turn: int,
        kept: bool,
    ) -> SLAClock:
        scope, target = self.scope, self.scope.target
        until = end[0] if end else scope.now
        holders = chain if self._goes_on else chain[-1:]
        running = self._course(holders, start, until, allowance)
        course, whole = running.all, running.whole
        due = running.due()
        broken_at = running.broken_at(due)
        warns_at = self._warns(running.counted, whole, due, running.last)
        state = self._state(course, due, broken_at, until, end, kept=kept)
        counted = running.counted.before(until)
        late = due is not None and due < until and state in ("met_late", "breached")
        owner = chain[-1].owner
        attempts = None if target.cadence is None else len(scope.attempts(min(scope.opened or start, start), until))
        calendar = self._timing.calendar_of(owner)
        return SLAClock(
            **self._about(),
            turn=turn,
            owner=owner,
            queue=scope.handoff.queue if scope.handoff is not None else "",
            state=state,
            started_at=start,
            reset_at=running.last if running.resets else None,
            resets=running.resets,
            due_at=due,
            broken_at=broken_at,
            warns_at=warns_at,
            stopped_at=end[0] if end else None,
            ended_by=end[1] if end else "",
            elapsed=counted.passed(whole),
            remaining=None if end else self._remaining(course, counted, whole, due),
            overdue=course.after(due).before(until).passed(whole) if late and due is not None else None,
            paused=(until - start) - course.before(until).plain(),
            chain=tuple(chain),
            attempts=attempts,
            zone=calendar.zone_at(start) if calendar is not None else "",
            calendar_version=calendar.version_at(start) if calendar is not None else None,
            alerts=self._alerts(running, due, broken_at, warns_at, owner) if target.escalate else (),
            changes_at=None if end else course.changes_at(until),
        )

    @property
    def _timing(self) -> Timing:
        return Timing(self.scope.policy, self.scope.target, self.calendar, self.people)

    def _course(self, holders: Sequence[Assignment], start: datetime, until: datetime, allowance: Allowance) -> Course:
        scope = self.scope
        return self._timing.course(holders, start, until, allowance, scope.pauses(until), scope.resets())

    def _warns(self, course: Stretches, whole: Allowance, due: datetime | None, start: datetime) -> datetime | None:
        before = self.scope.target.warning
        if before is None:
            return course.reach(whole.share(Fraction(str(self.scope.target.warn_at))))
        if before.kind == whole.kind:
            return course.reach(Allowance(whole.kind, max(whole.amount - before.amount, Fraction(0))))
        if due is None:
            return None
        if before.kind == "elapsed":
            return max(due - before.plain, start)
        open_until = Fraction(course.before(due).passed(before) // timedelta(microseconds=1))
        return course.reach(Allowance(before.kind, max(open_until - before.amount, Fraction(0))))

    def _remaining(self, course: Stretches, counted: Stretches, whole: Allowance, due: datetime | None) -> timedelta:
        now = self.scope.now
        if due is not None:
            return course.after(now).before(max(due, now)).passed(whole)
        resumed = counted.left(whole).due(now, self.calendar)
        return whole.passed(now, resumed, self.calendar)

    def _state(
        self,
        course: Stretches,
        due: datetime | None,
        broken_at: datetime | None,
        until: datetime,
        end: End | None,
        *,
        kept: bool,
    ) -> ClockState:
        broken = broken_at is not None and broken_at < until
        if kept:
            return "met_late" if broken else "met"
        if end is None:
            return "breached" if broken else "running" if course.running(until) else "paused"
        handed_on = end[1] == "transfer" and self.scope.policy.on_transfer == "inherit"
        return "breached" if broken and not handed_on else "cancelled"

    def _alerts(
        self,
        course: Course,
        due: datetime | None,
        broken_at: datetime | None,
        warns_at: datetime | None,
        owner: str,
    ) -> tuple[Alert, ...]:
        moments = {"warning": warns_at, "due": due, "breach": broken_at}
        person = self.people.get(owner)
        names = {"rep": owner, "manager": person.manager if person is not None else None}
        return tuple(
            Alert(
                tier=each.at,
                to=names.get(each.to) or each.to,
                at=moments[each.at] if each.after is None else course.after(due, each.after),
            )
            for each in self.scope.target.escalate
        )

    def _blank(self, state: ClockState, ended_by: str) -> SLAClock:
        """A clock that has not started, or never will."""
        handoff = self.scope.handoff
        return SLAClock(
            **self._about(),
            turn=1,
            owner="",
            queue=handoff.queue if handoff is not None else "",
            state=state,
            ended_by=ended_by,
        )

    def _about(self) -> dict[str, Any]:
        scope = self.scope
        return {
            "lead": scope.history.lead,
            "policy": scope.policy.id,
            "target": scope.target.id,
            "duty_of": scope.policy.duty_of,
            "within": scope.target.within,
            "handoff": scope.handoff.id if scope.handoff is not None else None,
            "passage": scope.number,
            "subject": scope.subject,
            "calendar": self.name,
            "cadence": scope.target.cadence,
            "now": scope.now,
        }
