"""Where leads go under an agreement: one by itself, or all offers of a ledger that nobody has yet. Pure reading."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from leadbridge.agreement.reopen import reopened
from leadbridge.agreement.schema import Agreement
from leadbridge.clock import SystemClock, to_us
from leadbridge.domain.company import Company
from leadbridge.domain.criteria.profile import profile
from leadbridge.domain.facts import Fact, HandoffReclaimed
from leadbridge.domain.handoff import Handoff, dealing
from leadbridge.domain.handoff.dealing import Dealt, Held, Route, Tried
from leadbridge.domain.handoff.engagement import company_key, working
from leadbridge.domain.handoff.routing import SAME_COMPANY
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.interaction import Interaction
from leadbridge.domain.lead import Lead
from leadbridge.domain.matching import CompanyIndex

__all__ = ["Router", "route", "routes"]


def route(
    lead: Lead,
    *,
    agreement: Agreement,
    handoff: Handoff | None = None,
    dealt: Dealt | None = None,
    held: Held | None = None,
    companies: CompanyIndex | Iterable[Company] = (),
    company: str | None = None,
    interactions: Sequence[Interaction] | None = None,
    not_to: Collection[str] = (),
    away: Collection[str] = (),
    at: datetime | None = None,
) -> Route:
    """Where a lead goes: by the rules of engagement, else the first rule that is surely true. Nothing is stored.

    The same arguments always give the same route. ``route(...).facts`` are to be recorded when it is taken. For many
    leads make a :class:`Router` once.

    Args:
        lead: with the fields that the rules look at; what is missing makes a rule unknown, and it is passed over.
        agreement: the rules, the queues and the people in them.
        handoff: the offer of the lead; without one the route has no facts.
        dealt: what everybody got so far.
        held: who works with the lead's company, as :func:`leadbridge.domain.handoff.engagement.working` knows it.
        companies: those on record; the owner of the lead's company comes before ``held``.
        company: the id of the lead's company where it is known already; else it is looked for.
        interactions: of this lead; when not given they are unknown, and so is every rule that counts them.
        not_to: owners who had the lead and left it untouched.
        away: who is away, besides those whom the agreement says are.
        at: the present instant; now when not given.
    """
    router = Router(agreement, companies, away=away)
    return router.route(
        lead,
        handoff=handoff,
        dealt=dealt,
        held=held,
        company=company,
        interactions=interactions,
        not_to=not_to,
        at=at,
    )


class Router:
    """The rules of an agreement, compiled, and the companies on record: routes any number of leads.

    Args:
        agreement: the rules, the queues and the people in them.
        companies: those on record.
        away: who is away, besides those whom the agreement says are.
    """

    def __init__(
        self,
        agreement: Agreement,
        companies: CompanyIndex | Iterable[Company] = (),
        *,
        away: Collection[str] = (),
    ) -> None:
        shared = agreement.target_market.shared_domains
        self.agreement = agreement
        self.companies = companies if isinstance(companies, CompanyIndex) else CompanyIndex(companies, shared=shared)
        self.away = frozenset(away)
        self._rules = [(r, None if r.when is None else agreement.rule(r.when)) for r in agreement.routing.rules]
        self._wanted = tuple(dict.fromkeys(name for _, rule in self._rules if rule is not None for name in rule.names))

    @property
    def same_owner(self) -> bool:
        """Whether the leads of one company go to one owner."""
        return self.agreement.routing.engagement.same_company == "same_owner"

    def route(
        self,
        lead: Lead,
        *,
        handoff: Handoff | None = None,
        dealt: Dealt | None = None,
        held: Held | None = None,
        company: str | None = None,
        interactions: Sequence[Interaction] | None = None,
        not_to: Collection[str] = (),
        away: Collection[str] = (),
        function: str | None = None,
        at: datetime | None = None,
    ) -> Route:
        """Where a lead goes, see :func:`route`.

        ``away`` are more people who are away at that instant, and ``function`` is who receives a lead without an offer.
        """
        agreement, now = self.agreement, at if at is not None else SystemClock().now()
        unclear: tuple[Tried, ...] = ()
        if self.same_owner:
            match = self.companies.match(lead)
            mine = match.company if company is None else self.companies.get(company)
            if mine is not None and mine.owner is not None:
                held = Held(mine.owner)
            if held is None and company is None and match.how == "ambiguous":
                unclear = (Tried(SAME_COMPANY, "unknown", f"{match.why}: a person decides"),)
        found = dealing.route(
            agreement.routing,
            self._rules,
            profile(lead.fields(), interactions, wanted=self._wanted, types=agreement.types, at=now),
            dealt=dealt,
            held=held,
            waiting=handoff.queue if handoff is not None and handoff.state == "routed" else None,
            not_to=not_to,
            away=self.away | set(away),
            function=handoff.to_function if handoff is not None else function or agreement.handoff.to,
            at=now,
        )
        found = replace(found, lead=lead.id, tried=(*unclear, *found.tried))
        return found if handoff is None else found.of(handoff, at)


def routes(
    histories: Iterable[LeadHistory],
    *,
    agreement: Agreement,
    leads: Mapping[str, Lead],
    facts: Iterable[Fact],
    companies: CompanyIndex | Iterable[Company] = (),
    away: Collection[str] = (),
    at: datetime,
) -> list[Route]:
    """Where every open offer that nobody has yet would go, the oldest offer first, each as if those before were taken.

    Args:
        histories: of all leads, so that it is known who works with which company.
        agreement: the rules.
        leads: the leads as they stand, by id.
        facts: all of them, in the order of recording: what was dealt so far follows from them.
        companies: those on record.
        away: who is away, besides those whom the agreement says are.
        at: the present instant, and that of the facts of the routes.
    """
    known = list(histories)
    router = Router(agreement, companies, away=away)
    dealt = Dealt.of(facts)
    keys: dict[str, str | None] = {}
    held: dict[str, Held] = {}
    if router.same_owner:
        keys = {
            history.lead: company_key(leads[history.lead], router.companies, history.company)
            for history in known
            if history.lead in leads
        }
        held = working(known, keys)
    waiting = [
        (trail.offered_at, history.lead, history, trail)
        for history in known
        for trail in history.handoffs
        if trail.offered_at is not None and trail.offered_at <= at and trail.state in ("offered", "routed")
    ]
    found: list[Route] = []
    for _, name, history, trail in sorted(waiting, key=lambda each: (to_us(each[0]), each[1], each[3].id)):
        offer = reopened(history, trail, agreement=agreement)
        lead = leads.get(name) or Lead(id=name)
        key = keys.get(name)
        each = router.route(
            lead,
            handoff=offer,
            dealt=dealt,
            held=held.get(key) if key is not None else None,
            company=history.company,
            interactions=[Interaction.of(touch.fact) for touch in history.touches],
            not_to=_had(history, offer.id),
            at=at,
        )
        found.append(each)
        dealt = dealt.after(each)
        if key is not None and each.owner is not None:
            held[key] = Held(each.owner, at)
    return found


def _had(history: LeadHistory, handoff: str) -> frozenset[str]:
    """Who had the offer and left it untouched, or left: a lead that was recalled may go to the same person again."""
    return frozenset(
        fact.owner
        for fact in history.facts
        if isinstance(fact, HandoffReclaimed) and fact.handoff == handoff and fact.why != "recalled"
    )
