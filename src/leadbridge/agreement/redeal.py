"""Every past hand-off dealt again, by two agreements: who would have got which lead. Pure reading.

What is dealt again is the first receiver of a hand-off, in order of when each began, turns and weights counted from the
first on. Each side looks only at what was known at that instant: earlier interactions, who worked with the company by
then, who was away on that day. The fields of a lead and the owners of companies are those that stand now, because no
history of them is kept.

What people did stays as it was: when a lead was assigned, touched, answered, taken back or passed on to a colleague.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from leadbridge.agreement.route import Router
from leadbridge.agreement.schema import Agreement
from leadbridge.agreement.versions import Agreements
from leadbridge.clock import to_us
from leadbridge.domain.company import Company
from leadbridge.domain.facts import Fact, HandoffAssigned, HandoffReclaimed
from leadbridge.domain.feedback import NO_LEAD
from leadbridge.domain.handoff.dealing import Dealt, Held, Route
from leadbridge.domain.handoff.engagement import company_key, held_by, latest
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.interaction import Interaction
from leadbridge.domain.lead import Lead
from leadbridge.domain.matching import CompanyIndex
from leadbridge.domain.trails import Assignment, HandoffTrail

__all__ = ["Redealt", "deals_alike", "reassigned", "redeal"]

_DECIDES = ("routing", "people", "target_market", "scores", "attributes")
"""The parts of an agreement that decide who gets a lead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redealt:
    """One past hand-off, dealt again.

    Attributes:
        lead: the leadbridge id of the lead.
        handoff: the id of the hand-off.
        at: when it was offered; where no offer is known, when it was first routed or assigned.
        recorded: who had it first, as the record says; empty when nobody did.
        before: where the first agreement sends it.
        after: where the other one sends it.
    """

    lead: str
    handoff: str
    at: datetime
    recorded: str
    before: Route
    after: Route

    @property
    def affected(self) -> bool:
        """Whether it goes to another person or queue."""
        return (self.before.owner, self.before.queue) != (self.after.owner, self.after.queue)

    @property
    def changes_hands(self) -> bool:
        """Whether another person gets it, or nobody does on one of the two sides."""
        return self.before.owner != self.after.owner


def deals_alike(before: Agreement | Agreements, after: Agreement | Agreements) -> bool:
    """Whether nothing that decides who gets a lead differs, so that dealing again would change nothing."""
    sides = [
        [(each.effective, each.until, *(each.to_dict().get(part) for part in _DECIDES)) for each in Agreements.of(side)]
        for side in (before, after)
    ]
    if len(sides[0]) == len(sides[1]) == 1:
        # A single agreement judges every day.
        sides = [[row[2:] for row in side] for side in sides]
    return sides[0] == sides[1]


def redeal(
    histories: Iterable[LeadHistory],
    *,
    before: Agreement | Agreements,
    after: Agreement | Agreements,
    leads: Mapping[str, Lead],
    companies: CompanyIndex | Iterable[Company] = (),
    at: datetime,
) -> tuple[Redealt, ...]:
    """Where every hand-off that began by an instant goes under two agreements, the oldest first.

    Args:
        histories: of all leads.
        before: one agreement, which then deals everything, or versions: the one of the day deals.
        after: the other one, or its versions.
        leads: the leads as they stand, by id; of one that is missing only its history is known.
        companies: those on record.
        at: the instant; what happened later is left out.
    """
    began = sorted(_began(histories, at), key=lambda each: (to_us(each.at), each.history.lead, each.trail.id))
    index = companies if isinstance(companies, CompanyIndex) else list(companies)
    sides = (_Side(before, leads, index), _Side(after, leads, index))
    found: list[Redealt] = []
    for each in began:
        one, other = (side.deal(each) for side in sides)
        first = next((held.owner for held in each.trail.assignments if held.owner), "")
        name = each.trail.id
        found.append(Redealt(lead=each.history.lead, handoff=name, at=each.at, recorded=first, before=one, after=other))
    return tuple(found)


def reassigned(history: LeadHistory, owners: Mapping[str, str]) -> LeadHistory:
    """A history in which the first receiver of some hand-offs was somebody else, at the same instants.

    Args:
        history: of one lead.
        owners: hand-off → who has it in place of its first owner, until it was taken back or passed on.
    """
    mine = {trail.id for trail in history.handoffs} & set(owners)
    if not mine:
        return history
    first: dict[str, str] = {}
    told: list[Fact] = []
    for fact in history.facts:
        if isinstance(fact, HandoffReclaimed) and fact.handoff in mine:
            mine.discard(fact.handoff)
        if isinstance(fact, HandoffAssigned) and fact.handoff in mine:
            if fact.owner == first.setdefault(fact.handoff, fact.owner):
                told.append(replace(fact, owner=owners[fact.handoff]))
                continue
            mine.discard(fact.handoff)
        told.append(fact)
    return LeadHistory.fold(told)


@dataclass(frozen=True, slots=True)
class _Began:
    history: LeadHistory
    trail: HandoffTrail
    at: datetime


def _began(histories: Iterable[LeadHistory], at: datetime) -> Iterator[_Began]:
    for history in histories:
        for trail in history.handoffs if history.lead != NO_LEAD else ():
            known = [trail.offered_at, trail.routed_at, *(held.since for held in trail.assignments[:1])]
            begun = next((instant for instant in known if instant is not None), None)
            if begun is not None and begun <= at:
                yield _Began(history, trail, begun)


class _Side:
    """One of the two agreements at work: what it dealt so far, and who works with which company because of it."""

    def __init__(
        self,
        agreement: Agreement | Agreements,
        leads: Mapping[str, Lead],
        companies: CompanyIndex | Iterable[Company],
    ) -> None:
        self._series = Agreements.of(agreement)
        self._routers = {each.version: Router(each, companies) for each in self._series}
        self._leads = leads
        self._dealt = Dealt()
        self._with: dict[str, list[tuple[LeadHistory, HandoffTrail]]] = defaultdict(list)
        # Days off are no part of a promise or a rule: those of the latest version count for all of them.
        self._away = [
            (owner, first, last)
            for owner, person in self._series.latest.people.items()
            for first, last in person.absences("UTC")
        ]

    def deal(self, each: _Began) -> Route:
        router = self._routers[self._series.judging(each.at).version]
        history, trail = each.history, each.trail
        lead = self._leads.get(history.lead) or Lead(id=history.lead)
        key = company_key(lead, router.companies, history.company) if router.same_owner else None
        found = router.route(
            lead,
            dealt=self._dealt,
            held=self._holder(key, each.at) if key is not None else None,
            company=history.company,
            interactions=[Interaction.of(one.fact) for one in history.touches if one.fact.occurred_at <= each.at],
            away={owner for owner, first, last in self._away if first <= each.at < last},
            function=trail.to_function,
            at=each.at,
        )
        found = replace(found, handoff=trail.id)
        self._dealt = self._dealt.after(found)
        if key is not None:
            self._with[key].append((history, _as_dealt(each, found.owner)))
        return found

    def _holder(self, key: str, at: datetime) -> Held | None:
        found: Held | None = None
        for history, trail in self._with[key]:
            known = replace(
                trail,
                assignments=tuple(held for held in trail.assignments if held.since <= at),
                answers=tuple(answer for answer in trail.answers if answer.given_at <= at),
                expired_at=trail.expired_at if trail.expired_at is not None and trail.expired_at <= at else None,
            )
            held = held_by(history, known, at)
            found = latest(held, found) if held is not None else found
        return found


def _as_dealt(each: _Began, owner: str | None) -> HandoffTrail:
    """The hand-off as it went on from whom it was dealt to; one that stays in a queue went on as recorded."""
    if owner is None:
        return each.trail
    return replace(each.trail, assignments=(Assignment(owner, each.at), *each.trail.assignments[1:]))
