"""What an agreement holds and a ledger shows no trace of: criteria nobody met, reasons nobody gave, promises broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from leadbridge.agreement.promises import promises
from leadbridge.agreement.schema import Agreement
from leadbridge.agreement.versions import Agreements
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.interaction import Interaction
from leadbridge.domain.model import listing
from leadbridge.errors import Problem

__all__ = ["unused"]


class _Seen:
    """What a ledger holds, counted."""

    def __init__(self, agreement: Agreement) -> None:
        self.agreement = agreement
        self.leads = 0
        self.stages: Counter[str] = Counter()
        self.decisions: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.queues: Counter[str] = Counter()
        self.offers = 0
        self.kept: Counter[tuple[str, str]] = Counter()
        self.due: Counter[tuple[str, str]] = Counter()
        self.judged = 0
        self.met: Counter[tuple[str, str]] = Counter()

    def add(self, history: LeadHistory, fields: Mapping[str, object] | None, now: datetime) -> None:
        """Counts one lead."""
        self.leads += 1
        self.stages.update({entry.stage for passage in history.passages for entry in passage.entries})
        for trail in history.handoffs:
            self.offers += 1
            self.queues.update([trail.queue] if trail.queue else [])
            for answer in trail.answers:
                self.decisions[answer.decision] += 1
                self.reasons.update([answer.reason] if answer.reason else [])
        for clock in promises(history, Agreements.of(self.agreement), now):
            if clock.counted:
                self.due[clock.policy, clock.target] += 1
                self.kept[clock.policy, clock.target] += clock.state == "met"
        if fields is not None:
            self._judge(history, fields, now)

    def _judge(self, history: LeadHistory, fields: Mapping[str, object], now: datetime) -> None:
        self.judged += 1
        touches = [Interaction.of(touch.fact) for touch in history.touches]
        for name in self.agreement.definitions:
            self.met.update((name, met) for met in self.agreement.readiness(fields, name, touches, at=now).met)


def unused(
    agreement: Agreement,
    histories: Iterable[LeadHistory],
    fields: Mapping[str, Mapping[str, object]],
    now: datetime,
) -> Iterator[Problem]:
    """Remarks on what the ledger shows no trace of; nothing is said about what it cannot show."""
    seen = _Seen(agreement)
    for history in histories:
        seen.add(history, fields.get(history.lead), now)
    if not seen.leads:
        yield Problem("the ledger is empty: nobody knows yet what is used", "sync or record facts, then ask again", "")
        return
    yield from _people(agreement, seen)
    yield from _work(agreement, seen)


def _people(agreement: Agreement, seen: _Seen) -> Iterator[Problem]:
    many = _leads(seen.leads)
    never = [stage for stage in agreement.lifecycle.ids if not seen.stages[stage]]
    if never:
        remedy = "map it to a value of a CRM under crosswalks, use it, or remove it from the lifecycle"
        yield Problem(f"none of {many} ever entered {listing(never, limit=40)}", remedy, "lifecycle")
    if not seen.judged:
        return
    for name, rules in agreement.rules.items():
        for criterion, _ in rules:
            if not seen.met[name, criterion.id]:
                yield Problem(
                    f"none of {_leads(seen.judged)} ever met the criterion {criterion.id}",
                    "loosen it, or see that the CRMs hold what it asks for",
                    f"definitions.{name}.criteria.{criterion.id}",
                )


def _work(agreement: Agreement, seen: _Seen) -> Iterator[Problem]:
    if not seen.offers:
        yield Problem("no lead was ever offered", "see that leads reach the stage of the hand-off", "handoff.at")
        return
    answers = ("accept", "reject", "recycle", "disqualify", "ineligible")
    never = [answer for answer in answers if not seen.decisions[answer]]
    if never:
        remedy = "see that a status of the CRM means it, under crosswalks, or agree to do without"
        yield Problem(f"nobody ever gave the decision {listing(never)}", remedy, "crosswalks")
    if seen.decisions.total() > seen.decisions["accept"]:
        silent = [code for code in agreement.reasons if not seen.reasons[code]]
        if silent:
            remedy = "show fewer reasons to choose from: list what nobody needs under reasons.remove"
            yield Problem(f"nobody ever gave {listing(silent)} as a reason", remedy, "reasons")
    for queue in agreement.routing.queues:
        if not seen.queues[queue.id]:
            remedy = "see that a routing rule leads to it, or remove it"
            yield Problem(f"no offer ever reached the queue {queue.id}", remedy, f"routing.queues.{queue.id}")
    for policy in agreement.slas:
        for target in policy.targets:
            key = (policy.id, target.id)
            if seen.due[key] and not seen.kept[key]:
                yield Problem(
                    f"the promise {policy.id}.{target.id} was never kept in time, {seen.due[key]} times of "
                    f"{seen.due[key]}",
                    f"talk with {policy.duty_of} about what keeps it, or promise what can be kept",
                    f"slas.{policy.id}.targets.{target.id}",
                )


def _leads(number: int) -> str:
    return "1 lead" if number == 1 else f"{number:,} leads"
