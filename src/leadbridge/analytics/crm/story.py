"""The facts about one lead, told from what CRMs remember of it: as a bridge would have told them, had it been there.

The same rules as in a sync: stages move forward by themselves, into a detour where the agreement allows it, and
backward only with a reason; what a CRM merely repeats, or shows late, is no move.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from leadbridge.adapter import Owner
from leadbridge.agreement import Agreement
from leadbridge.agreement.crosswalk import BY_REASON
from leadbridge.agreement.offer import STAGE_OF_DECISION, decision_meant
from leadbridge.analytics.crm.around import Deal, Related, deals, interactions, touches
from leadbridge.analytics.crm.past import State, states
from leadbridge.analytics.crm.people import Person, Seen
from leadbridge.analytics.crm.read import Account
from leadbridge.clock import parse_iso
from leadbridge.domain import facts as f
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.shared_memory import attempts_of
from leadbridge.errors import IllegalMove

__all__ = ["Story", "tell"]


@dataclass(slots=True)
class Story:
    """The facts about one lead, and what in its records could not be told as facts, by kind of finding."""

    facts: list[f.Fact] = field(default_factory=list)
    doubts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Event:
    """Something that a CRM shows: when, in which order among simultaneous things, where, and what to tell of it."""

    at: datetime
    order: int
    account: Account
    tell: Callable[[], None]


def tell(person: Person, related: Sequence[Related], agreement: Agreement, now: datetime) -> Story:
    """The facts about a person up to ``now``, from the records and their past in all CRMs."""
    return _Telling(person, agreement, now).run(related)


class _Telling:
    def __init__(self, person: Person, agreement: Agreement, now: datetime) -> None:
        self.person, self.agreement, self.lifecycle, self.now = person, agreement, agreement.lifecycle, now
        self.story = Story()
        self.stage: str | None = None
        self.passage, self.brought_by = 1, ""
        self.handoff, self.handoffs, self.handoff_passage = "", 0, 0
        self.status: str | None = None
        self.buying: str | None = None
        self.held: str | None = None
        self.answer: tuple[str, str | None] | None = None
        self.touched = False

    def run(self, related: Sequence[Related]) -> Story:
        seen = self.person.live
        if not seen:
            return self.story
        # A record that is gone was there before, and what belonged to it still does.
        gone = [each for each in self.person.seen if each not in seen and each.values.get("captured_at")]
        self._captured([*seen, *gone])
        events = [event for each in seen for event in self._events(each)]
        events += [self._touch(*each) for one in seen for each in touches(one)]
        events += [self._touch(*each) for each in interactions(related)]
        events += [event for deal in deals(related) for event in self._deal(deal)]
        for event in sorted(events, key=lambda one: (one.at, one.order, one.account.name)):
            if event.at <= self.now:
                event.tell()
        return self.story

    def _tell(self, make: Callable[..., f.Fact], at: datetime, account: Account, **body: Any) -> None:
        self.story.facts.append(
            make(
                lead=self.person.id,
                occurred_at=at,
                recorded_at=self.now,
                actor=account.mapping.function,
                system=account.name,
                agreement=self.agreement.version,
                **body,
            )
        )

    # -- where it came from ----------------------------------------------------------------------------------------

    def _captured(self, seen: Sequence[Seen]) -> None:
        def when(each: Seen) -> tuple[datetime, str]:
            raw = each.values.get("captured_at")
            if not isinstance(raw, str) or not raw:
                return each.record.modified_at, "instant"
            return parse_iso(raw), "day" if len(raw) == 10 else "instant"

        origin = min(seen, key=lambda each: when(each)[0])
        at, precision = when(origin)
        source = origin.values.get("source")
        self.brought_by = origin.account.mapping.function
        self._tell(
            f.LeadCaptured,
            at,
            origin.account,
            source=source if isinstance(source, str) and source else None,
            function=self.brought_by,
            precision=precision,
        )
        first = self.lifecycle.find("captured")
        if first is not None:
            self._move(first, at, origin.account, precision=precision)

    # -- what a record said in turn --------------------------------------------------------------------------------

    def _events(self, seen: Seen) -> Iterator[_Event]:
        before: dict[str, str] = {}
        owner: Owner | None = None
        for state in states(seen, self.lifecycle.ids):
            # What is undated became true at some time before the record last changed.
            at = state.at or seen.record.modified_at
            changed = {axis: value for axis, value in state.said.items() if before.get(axis) != value}
            yield from self._changes(seen.account, state, at, changed, before.get("stage"))
            if state.owner is not None and state.owner != owner and state.at is not None:
                owner = state.owner
                yield _Event(at, 2, seen.account, lambda a=at, o=owner: self._owned(a, seen.account, o))  # type: ignore[misc]  # bound early
            before = {**before, **state.said}

    def _changes(
        self, account: Account, state: State, at: datetime, changed: dict[str, str], previous: str | None
    ) -> Iterator[_Event]:
        dated = state.at is not None
        if not dated and changed:
            self.story.doubts["undated"] += 1
        if "stage" in changed:
            stage, precision = changed["stage"], state.precision
            yield _Event(
                at, 1, account, lambda: self._staged(stage, at, account, precision, previous=previous, dated=dated)
            )
        if "status" in changed and dated:
            yield _Event(at, 3, account, lambda: self._status(changed["status"], at, account))
        if "buying_stage" in changed and dated:
            yield _Event(at, 3, account, lambda: self._bought(changed["buying_stage"], at, account))
        if "decision" in changed or ("reason" in changed and "decision" in state.said):
            said = state.said["decision"], state.said.get("reason")
            yield _Event(at, 5, account, lambda: self._decided(*said, at, account, dated=dated))

    def _staged(
        self, stage: str, at: datetime, account: Account, precision: str, *, previous: str | None, dated: bool
    ) -> None:
        lifecycle, current = self.lifecycle, self.stage
        rank = lifecycle.rank(stage)
        if current is not None and current != stage and rank is not None:
            if lifecycle.is_detour(current):
                if not lifecycle.comes_back(current, stage, handoff=self.agreement.handoff.at):
                    return
            elif not lifecycle.is_forward(current, stage):
                before = lifecycle.rank(previous) if previous is not None else None
                if before is not None and before > rank:
                    self.story.doubts["backward"] += 1
                return
        self._move(stage, at, account, precision=precision, dated=dated)

    def _move(
        self,
        stage: str,
        at: datetime,
        account: Account,
        *,
        precision: str = "instant",
        reason: str | None = None,
        dated: bool = True,
    ) -> None:
        """Enters a stage and those that were jumped over; one of which nobody knows the time counts as inferred."""
        try:
            steps = self.lifecycle.steps(
                self.stage, stage, passage=self.passage, reason=reason, function=self.brought_by
            )
        except IllegalMove:
            self.story.doubts["backward"] += 1
            return
        for step in steps:
            self._tell(
                f.StageEntered,
                at,
                account,
                stage=step.stage,
                passage=step.passage,
                inferred=step.inferred or not dated,
                reason=step.reason,
                precision=precision,
            )
            self.stage, self.passage = step.stage, step.passage
        contract = self.agreement.handoff
        if steps and dated and self.stage == contract.at and self.handoff_passage != self.passage:
            self._begin()
            expires = at + contract.expires_after if contract.expires_after else None
            self._tell(
                f.HandoffOffered,
                at,
                account,
                handoff=self.handoff,
                from_function=contract.from_,
                to_function=contract.to,
                expires_at=expires,
                precision=precision,
            )

    # -- the hand-off ----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.handoffs += 1
        self.handoff, self.handoff_passage = f"{self.person.id}:{self.handoffs}", self.passage
        self.held = self.answer = None

    def _owned(self, at: datetime, account: Account, owner: Owner) -> None:
        if not self.handoff or account.mapping.function != self.agreement.handoff.to or self.held == owner.id:
            return
        self.held = owner.id
        if owner.kind == "queue":
            self._tell(f.HandoffRouted, at, account, handoff=self.handoff, queue=owner.id)
        else:
            self._tell(f.HandoffAssigned, at, account, handoff=self.handoff, owner=owner.id)

    def _status(self, status: str, at: datetime, account: Account) -> None:
        if status != self.status:
            self.status = status
            self._tell(f.StatusChanged, at, account, status=status)

    def _bought(self, stage: str, at: datetime, account: Account) -> None:
        if stage != self.buying:
            self.buying = stage
            self._tell(f.BuyingStageEntered, at, account, buying_stage=stage, evidence="crm field")

    def _decided(self, decision: str, code: str | None, at: datetime, account: Account, *, dated: bool) -> None:
        if decision == BY_REASON:
            if code is None:
                self.story.doubts["unexplained"] += 1
                return
            followed_up = self.touched or (self.answer is not None and self.answer[0] == "accept")
            decision = decision_meant(self.agreement, code, followed_up=followed_up)
        if (decision, code) == self.answer:
            return
        if self.answer == (decision, None):
            self._explained(code)
            return
        if not self.handoff:
            # Nobody saw the offer, but where there is an answer, there was one.
            self._begin()
        self.answer = decision, code
        reason = self.agreement.reasons.get(code) if code else None
        due = at + reason.cool_off if decision == "recycle" and reason and reason.cool_off else None
        self._tell(
            f.HandoffDecided,
            at,
            account,
            handoff=self.handoff,
            decision=decision,
            reason=code,
            due_at=due,
            attempts=self._attempts(at),
        )
        stage = self.lifecycle.find(next(s for d, s in STAGE_OF_DECISION.items() if d == decision))
        if stage is None or stage == self.stage:
            return
        if decision == "accept" and not self.lifecycle.is_forward(self.stage, stage):
            return
        self._move(stage, at, account, reason=code, dated=dated)

    def _explained(self, code: str | None) -> None:
        """The reason of an answer that was given without one."""
        assert self.answer is not None
        self.answer = self.answer[0], code
        for position in range(len(self.story.facts) - 1, -1, -1):
            fact = self.story.facts[position]
            if isinstance(fact, f.HandoffDecided) and fact.handoff == self.handoff:
                self.story.facts[position] = replace(fact, reason=code)
                return

    def _attempts(self, at: datetime) -> int | None:
        history = LeadHistory.fold(fact for fact in self.story.facts if fact.occurred_at <= at)
        return attempts_of(history, history.handoff) if history.handoff is not None else None

    # -- around it -------------------------------------------------------------------------------------------------

    def _touch(self, account: Account, at: datetime, body: dict[str, object]) -> _Event:
        def told() -> None:
            self.touched |= body["nature"] == "person_to_person"
            self._tell(f.Interacted, at, account, **body)

        return _Event(at, 4, account, told)

    def _deal(self, deal: Deal) -> Iterator[_Event]:
        def opened() -> None:
            self._tell(f.OpportunityOpened, deal.opened_at, deal.account, opportunity=deal.id, amount=deal.amount)
            stage = self.lifecycle.find("opportunity")
            if stage is not None and self.lifecycle.is_forward(self.stage, stage):
                self._move(stage, deal.opened_at, deal.account)

        def closed() -> None:
            ended = deal.closed_at or deal.opened_at
            precision = "day" if deal.by_day else "instant"
            if deal.won:
                body = {"opportunity": deal.id, "amount": deal.amount, "precision": precision}
                self._tell(f.OpportunityWon, ended, deal.account, **body)
            else:
                body = {"opportunity": deal.id, "reason": deal.reason, "precision": precision}
                self._tell(f.OpportunityLost, ended, deal.account, **body)
            stage = self.lifecycle.find("won" if deal.won else "lost")
            if stage is not None and stage != self.stage:
                self._move(stage, ended, deal.account, precision=precision)

        yield _Event(deal.opened_at, 6, deal.account, opened)
        if deal.closed_at is not None:
            yield _Event(deal.closed_at, 7, deal.account, closed)
