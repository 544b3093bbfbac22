"""What one clock is about: a hand-off, a question, a piece of feedback or a passage, and what happened in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from leadbridge.domain.facts import Interacted, LeadEnriched
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.lifecycle.lifecycle import DETOURS
from leadbridge.domain.sla.policy import OWNER_AWAY, SLAPolicy, Target
from leadbridge.domain.sla.stretches import Pause
from leadbridge.domain.trails import Assignment, FeedbackTrail, HandoffTrail, Passage

__all__ = ["End", "Scope", "held_by", "informed_at", "scopes"]

End = tuple[datetime, str]
"""When something ended, and by what."""


def scopes(history: LeadHistory, policy: SLAPolicy, target: Target, now: datetime) -> Iterator[Scope]:
    """Everything that a target has a clock for, in order of time."""
    match target.reach:
        case "handoff":
            # To inform is the duty of who hands over; every other duty of a hand-off is the receiver's.
            informs = "informed" in target.stops
            for trail in history.handoffs:
                owes = trail.from_function if informs else trail.to_function
                counted = trail.promised is not None or trail.missing or not informs
                if owes == policy.duty_of and counted and (trail.offered_at is None or trail.offered_at <= now):
                    yield Scope(history, policy, target, now, trail.passage, handoff=trail)
        case "question":
            for touch in history.touches:
                if touch.fact.asked and touch.fact.occurred_at <= now:
                    yield Scope(history, policy, target, now, touch.passage, question=touch.fact)
        case "feedback":
            for said in history.feedback:
                if said.to_function == policy.duty_of and said.raised_at is not None and said.raised_at <= now:
                    number = _passage_at(history, said.raised_at)
                    yield Scope(history, policy, target, now, number, feedback=said)
        case _:
            for trip in history.passages:
                yield Scope(history, policy, target, now, trip.number)


def _passage_at(history: LeadHistory, instant: datetime) -> int:
    begun = [trip.number for trip in history.passages if trip.entries[0].entered_at <= instant]
    return begun[-1] if begun else 1


@dataclass(frozen=True, slots=True)
class Scope:
    """One target over one hand-off, question, piece of feedback or passage, as known at ``now``."""

    history: LeadHistory
    policy: SLAPolicy
    target: Target
    now: datetime
    number: int
    handoff: HandoffTrail | None = None
    question: Interacted | None = None
    feedback: FeedbackTrail | None = None

    @property
    def subject(self) -> str:
        """The interaction of the question, or the piece of feedback; empty for the others."""
        if self.question is not None:
            return self.question.interaction
        return self.feedback.id if self.feedback is not None else ""

    @property
    def opened(self) -> datetime | None:
        """When the hand-off was offered: what happened since then counts as done."""
        return self.handoff.offered_at if self.handoff is not None else None

    def start(self) -> datetime | None:
        """When the clock starts; ``None`` when it has not."""
        return min(self.instants(self.target.starts), default=None)

    def stop(self, since: datetime | None) -> End | None:
        """What kept the promise first, since an instant."""
        found = [
            (instant, event)
            for event in self.target.stops
            for instant in self.instants(event)
            if since is None or instant >= since
        ]
        done = self._cadence(since)
        return min([*found, (done, "cadence")] if done is not None else found, default=None)

    def cancelled(self) -> End | None:
        """What ended it unkept first."""
        ends = [(instant, event) for event in self.target.cancels for instant in self.instants(event)]
        if self.handoff is not None:
            answers = self.handoff.answers
            ends += [(answer.given_at, answer.decision) for answer in answers if answer.decision != "accept"]
            ends += [(self.handoff.expired_at, "expiry")] if self.handoff.expired_at else []
        elif self.target.reach == "passage":
            following = self._passage(self.number + 1)
            ends += [(entered, "detour") for entered in self._entries(*DETOURS)]
            ends += [(following.entries[0].entered_at, "recycle")] if following else []
        return min((end for end in ends if end[0] <= self.now), default=None)

    def resets(self) -> list[datetime]:
        """Every instant that gives the whole time again, in order."""
        return sorted(instant for event in self.target.resets for instant in self.instants(event))

    def attempts(self, since: datetime | None, until: datetime | None = None) -> list[Interacted]:
        """The attempts of the function that owes the duty to reach the buyer, in order of time."""
        return [
            touch.fact
            for touch in self.history.touches
            if touch.fact.nature == "person_to_person"
            and touch.fact.direction == "outbound"
            and touch.fact.channel != "note"
            and touch.fact.function == self.policy.duty_of
            and (since is None or touch.fact.occurred_at >= since)
            and touch.fact.occurred_at <= min(until or self.now, self.now)
        ]

    def _cadence(self, since: datetime | None) -> datetime | None:
        wanted = self.target.cadence
        if wanted is None:
            return None
        channels: set[str] = set()
        for number, touch in enumerate(self.attempts(since), start=1):
            channels.add(touch.channel)
            if number >= wanted.touches and len(channels - {""}) >= (wanted.channels if wanted.channels > 1 else 0):
                return touch.occurred_at
        return None

    def holders(self, start: datetime, until: datetime) -> list[Assignment]:
        """Who held the promise, each from an instant on; the first assignment after the start is no transfer.

        What is no hand-off is held by whoever held the lead then, one after the other.
        """
        trails = self.history.handoffs if self.handoff is None else (self.handoff,)
        mine = [trail for trail in trails if trail.passage == self.number and trail.to_function == self.policy.duty_of]
        chain = [held for trail in mine for held in trail.assignments]
        return held_by(chain, start, until, handoff=self.handoff is not None)

    def pauses(self, until: datetime) -> Iterator[Pause]:
        """The spans up to an instant in which the lead's status or stage stops the clock; one that lasts has no end."""
        paused = set(self.target.paused_while) - {OWNER_AWAY}
        if not paused:
            return
        statuses = [entry for entry in self.history.statuses if entry.since <= until]
        for number, entry in enumerate(statuses):
            if entry.status in paused:
                yield entry.since, statuses[number + 1].since if number + 1 < len(statuses) else None
        for trip in self.history.passages:
            for stay in trip.entries:
                if f"stage:{stay.stage}" in paused and stay.entered_at <= until:
                    left = stay.left_at
                    yield stay.entered_at, left if left is not None and left <= until else None

    def instants(self, event: str) -> Iterator[datetime]:
        """When an event happened in this scope, up to ``now``."""
        return (instant for instant in self._instants(event) if instant is not None and instant <= self.now)

    def _instants(self, event: str) -> Iterator[datetime | None]:
        history, duty = self.history, self.policy.duty_of
        talks = [touch.fact for touch in history.touches if touch.fact.nature == "person_to_person"]
        trails = history.handoffs if self.handoff is None else (self.handoff,)
        mine = [trail for trail in trails if trail.passage == self.number]
        match event:
            case "captured":
                yield history.captured_at if self.number == 1 else None
            case "touched":
                yield from self._of_now(talk.occurred_at for talk in talks if talk.function == duty)
            case "connected":
                inbound = (talk for talk in talks if talk.direction == "inbound" and talk.function == duty)
                yield from self._of_now(talk.occurred_at for talk in inbound)
                yield from self._of_now(entry.since for entry in history.statuses if entry.status == "connected")
            case "won":
                yield from (deal.closed_at for deal in history.opportunities if deal.outcome == "won")
                yield from self._entries("won")
            case "offered":
                yield from (trail.offered_at for trail in mine)
            case "informed":
                yield from (informed_at(history, trail) for trail in mine)
            case "routed":
                yield from (trail.routed_at for trail in mine)
            case "assigned":
                yield from (trail.assignments[0].since for trail in mine if trail.assignments)
            case "decided":
                yield from (trail.decided_at for trail in mine)
            case "asked":
                asked = [self.question] if self.question is not None else [touch.fact for touch in history.touches]
                yield from (touch.occurred_at for touch in asked if touch.asked)
            case "answered":
                yield from self._answers()
            case "raised" | "acknowledged":
                said = history.feedback if self.feedback is None else (self.feedback,)
                yield from (each.raised_at if event == "raised" else each.acknowledged_at for each in said)
            case _:
                yield from self._entries(event.removeprefix("stage:"))

    def _of_now(self, instants: Iterable[datetime]) -> Iterator[datetime]:
        """Without those of an earlier passage, for a promise that each passage has of its own."""
        trip = self._passage(self.number) if self.target.reach == "passage" and self.number > 1 else None
        return (instant for instant in instants if trip is None or instant >= trip.entries[0].entered_at)

    def _answers(self) -> Iterator[datetime]:
        asked = self.question
        for touch in self.history.touches:
            said = touch.fact
            if said is not asked and said.function == self.policy.duty_of and said.direction == "outbound":
                yield said.occurred_at

    def _entries(self, *stages: str) -> Iterator[datetime]:
        trip = self._passage(self.number)
        return (entry.entered_at for entry in (trip.entries if trip else ()) if entry.stage in stages)

    def _passage(self, number: int) -> Passage | None:
        return next((trip for trip in self.history.passages if trip.number == number), None)


def held_by(chain: Iterable[Assignment], start: datetime, until: datetime, *, handoff: bool) -> list[Assignment]:
    """Who of those who were assigned held a promise from ``start`` to ``until``: see :meth:`Scope.holders`."""
    known = [held for held in chain if held.since <= until]
    earlier = [held for held in known if held.since <= start]
    later = [held for held in known if start < held.since]
    nobody = Assignment("", start)
    first = Assignment(earlier[-1].owner, start) if earlier else later.pop(0) if later else nobody
    # Whoever gets a hand-off at its very end has no clock of it any more.
    return [first, *(held for held in later if held.since < until or not handoff)]


def informed_at(history: LeadHistory, trail: HandoffTrail) -> datetime | None:
    """When nothing of what was promised was missing any more; ``None`` when something still is."""
    if trail.offered_at is None:
        return None
    if not trail.missing:
        return trail.offered_at if trail.promised is not None else None
    lacking = {item: set(item.split(" or ")) for item in trail.missing}
    for fact in history.facts:
        if isinstance(fact, LeadEnriched):
            lacking = {item: names for item, names in lacking.items() if names.isdisjoint(fact.enriched)}
            if not lacking:
                return max(fact.occurred_at, trail.offered_at)
    return None
