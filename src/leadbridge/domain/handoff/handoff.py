"""The offer of a lead from one function to another: routed, assigned, and decided or timed out.

A hand-off never changes: its methods return the facts of what happened, and :meth:`Handoff.after` gives the hand-off as
it is once they are true. The five decisions are different things: *accept*; *reject* before any follow-up (wrong route,
wrong data, outside the definition); *recycle* after follow-up began, to be offered again later; *disqualify* for good;
*mark ineligible* when we may not sell to this person at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from leadbridge.domain.facts import (
    Decision,
    Fact,
    HandoffAssigned,
    HandoffDecided,
    HandoffExpired,
    HandoffOffered,
    HandoffReclaimed,
    HandoffRouted,
    StageEntered,
)
from leadbridge.domain.handoff.recycle import due_at
from leadbridge.domain.package import Completeness
from leadbridge.domain.reasons import Reasons
from leadbridge.errors import IllegalMove

__all__ = ["Facts", "Handoff", "State", "Terms", "offered"]

Facts = tuple[Fact, ...]

State = Literal["offered", "routed", "assigned", "decided", "expired"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the agreement says about answering an offer.

    Attributes:
        reasons: the reasons in force.
        stages: decision → the lifecycle stage that it leads to.
        default_cool_off: how long a recycled lead rests when its reason does not say.
    """

    reasons: Reasons
    stages: Mapping[Decision, str]
    default_cool_off: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """One offer of one lead.

    Attributes:
        lead: the leadbridge id of the lead.
        package: the promised fields that are present.
        missing: the promised pieces of information that are not, in words such as ``phone or email``.
        promised: how many pieces were promised; ``None`` when nobody counted.
        attempts: how often the receiving function has tried to reach the buyer since the lead was assigned; ``None``
            when nobody counted. A decision that needs attempts is checked against it and keeps the count.
        expires_at: when the offer runs out, if it does.
        passage: which trip through the funnel it belongs to.
        facts: what happened and is not yet recorded; methods return it together with the new facts, so that what they
            return is always the whole story.
        now: tells the time when a method is not given ``at``.
    """

    id: str
    lead: str
    terms: Terms = field(repr=False)
    from_function: str = "marketing"
    to_function: str = "sales"
    agreement: int = 0
    package: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    promised: int | None = None
    attempts: int | None = None
    offered_at: datetime
    expires_at: datetime | None = None
    passage: int = 1
    state: State = "offered"
    queue: str | None = None
    owner: str | None = None
    decision: Decision | None = None
    reason: str | None = None
    facts: Facts = field(default=(), repr=False)
    now: Callable[[], datetime] | None = field(default=None, repr=False, compare=False)

    @property
    def completeness(self) -> Completeness | None:
        """How well the duty to inform was done; ``None`` when nothing was promised, or nobody counted."""
        return Completeness(self.promised, self.missing) if self.promised else None

    def route(self, queue: str, *, rule: str = "", at: datetime | None = None) -> Facts:
        """The offer reaches a queue; ``rule`` names the agreed rule that sends it there, if one does.

        Raises:
            IllegalMove: when it has been answered or has run out.
        """
        self._open("route")
        return self._told(HandoffRouted(handoff=self.id, queue=queue, rule=rule, **self._envelope(at, rule)))

    def assign(self, owner: str, *, rule: str = "", at: datetime | None = None) -> Facts:
        """The offer reaches a person; a second time, it is transferred. ``rule`` names the rule that chooses them.

        Raises:
            IllegalMove: when it has been answered or has run out.
        """
        self._open("assign")
        return self._told(HandoffAssigned(handoff=self.id, owner=owner, rule=rule, **self._envelope(at, rule)))

    def recall(self, queue: str = "", *, at: datetime | None = None) -> Facts:
        """The offer is taken back from the person who has it, and waits in a queue again: by default where it was.

        Raises:
            IllegalMove: when it has been answered or has run out, or when nobody has it.
        """
        self._open("recall")
        if self.owner is None:
            raise IllegalMove("nobody has this offer: there is nobody to take it back from")
        envelope = {**self._envelope(at), "actor": self.to_function}
        taken = HandoffReclaimed(
            handoff=self.id, owner=self.owner, why="recalled", queue=queue or self.queue or "", **envelope
        )
        return self._told(taken)

    def accept(self, *, at: datetime | None = None) -> Facts:
        """The receiving function takes the lead."""
        return self._decide("accept", None, None, at)

    def reject(self, reason: str, note: str | None = None, *, at: datetime | None = None) -> Facts:
        """The receiving function sends the lead back before any follow-up.

        Raises:
            IllegalMove: for a reason that does not explain a rejection, a missing note, or an offer that is closed; the
                sentence lists what is allowed.
        """
        return self._decide("reject", reason, note, at)

    def recycle(
        self, reason: str, note: str | None = None, *, due: date | datetime | None = None, at: datetime | None = None
    ) -> Facts:
        """Follow-up began and led nowhere for now; the lead may be offered again from ``due`` on.

        Without ``due`` the reason's cool-off counts, else that of the agreement.
        """
        return self._decide("recycle", reason, note, at, due)

    def disqualify(self, reason: str, note: str | None = None, *, at: datetime | None = None) -> Facts:
        """The lead is out for good."""
        return self._decide("disqualify", reason, note, at)

    def mark_ineligible(self, reason: str, note: str | None = None, *, at: datetime | None = None) -> Facts:
        """We may not sell to this person."""
        return self._decide("ineligible", reason, note, at)

    def expire(self, *, at: datetime | None = None) -> Facts:
        """Nobody answered in time.

        Raises:
            IllegalMove: when the offer does not run out, or not yet.
        """
        self._open("expire")
        envelope = self._envelope(at)
        if self.expires_at is None:
            raise IllegalMove("this offer does not run out: set handoff.expires_after in the agreement")
        if envelope["occurred_at"] < self.expires_at:
            raise IllegalMove("this offer has not run out yet: wait, or decide it")
        return self._told(HandoffExpired(handoff=self.id, **envelope))

    def after(self, facts: Iterable[Fact]) -> Handoff:
        """The hand-off once these facts are true and recorded. Facts about other hand-offs change nothing."""
        changed = replace(self, facts=())
        for fact in facts:
            match fact:
                case HandoffRouted(handoff=self.id):
                    changed = replace(changed, state="routed", queue=fact.queue)
                case HandoffAssigned(handoff=self.id):
                    changed = replace(changed, state="assigned", owner=fact.owner)
                case HandoffReclaimed(handoff=self.id):
                    # An answer stays given: a lead that was accepted waits for another owner, not for another answer.
                    state: State = changed.state if changed.state in ("decided", "expired") else "routed"
                    changed = replace(changed, state=state, owner=None, queue=fact.queue or changed.queue)
                case HandoffDecided(handoff=self.id):
                    changed = replace(changed, state="decided", decision=fact.decision, reason=fact.reason)
                case HandoffExpired(handoff=self.id):
                    changed = replace(changed, state="expired")
                case _:
                    pass
        return changed

    def _open(self, step: str) -> None:
        if self.state in ("decided", "expired"):
            how = f"has been answered already ({self.decision})" if self.decision else "has run out"
            raise IllegalMove(f"cannot {step}: this offer {how}; offer the lead again for a new answer")

    def _decide(
        self,
        decision: Decision,
        code: str | None,
        note: str | None,
        at: datetime | None,
        due: date | datetime | None = None,
    ) -> Facts:
        self._open(decision)
        reason = self.terms.reasons.check(decision, code, note=note, attempts=self.attempts)
        envelope = self._envelope(at)
        rests_until = None
        if decision == "recycle":
            rests_until = (
                _instant(due)
                if due is not None
                else due_at(reason, envelope["occurred_at"], self.terms.default_cool_off)
            )
            if rests_until < envelope["occurred_at"]:
                raise IllegalMove("a lead is recycled to a day that is still to come: give a later due date")
        decided = HandoffDecided(
            handoff=self.id,
            decision=decision,
            reason=code,
            has_note=bool(note),
            due_at=rests_until,
            attempts=self.attempts,
            **envelope,
        )
        stage = self.terms.stages.get(decision)
        if stage is None:
            return self._told(decided)
        return self._told(decided, StageEntered(stage=stage, passage=self.passage, reason=code, **envelope))

    def _told(self, *facts: Fact) -> Facts:
        return (*self.facts, *facts)

    def _envelope(self, at: datetime | None, rule: str = "") -> dict[str, Any]:
        when = at if at is not None else self.now() if self.now is not None else None
        if when is None:
            raise IllegalMove("when did this happen? give at=..., or offer the lead with a clock")
        if when.tzinfo is None:
            raise ValueError("an instant needs a time zone, for example tzinfo=UTC")
        if when < self.offered_at:
            raise IllegalMove("this would have happened before the offer: give a later at=...")
        recorded = max(when, self.now()) if self.now is not None else when
        return {
            "lead": self.lead,
            "occurred_at": when,
            "recorded_at": recorded,
            "actor": "leadbridge" if rule else self.owner or self.to_function,
            "cause": f"handoff {self.id}",
            "agreement": self.agreement,
        }


def offered(handoff: Handoff, *, recorded_at: datetime) -> HandoffOffered:
    """The fact of the offer itself."""
    return HandoffOffered(
        lead=handoff.lead,
        occurred_at=handoff.offered_at,
        recorded_at=recorded_at,
        actor=handoff.from_function,
        agreement=handoff.agreement,
        handoff=handoff.id,
        from_function=handoff.from_function,
        to_function=handoff.to_function,
        package=handoff.package,
        missing=handoff.missing,
        expires_at=handoff.expires_at,
        promised=handoff.promised,
    )


def _instant(due: date | datetime) -> datetime:
    if not isinstance(due, datetime):
        return datetime.combine(due, time(), tzinfo=UTC)
    if due.tzinfo is None:
        raise ValueError("an instant needs a time zone, for example tzinfo=UTC")
    return due.astimezone(UTC)
