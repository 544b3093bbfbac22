"""Who gets a lead: the rules in their order, then the queue's own way to deal leads out. Pure and replayable.

The first rule that is *surely* true decides; one that cannot be judged because information is missing is passed over
and named. Before the rules come the rules of engagement (same company, same owner). A lead that waits in a queue of the
agreement already is dealt out from there: rules are not asked again.

* ``round_robin``: whoever's last lead of this queue lies longest back. With a team that stays the same this is one
  after the other; who comes back from a holiday is next once, and does not get everything that was missed.
* ``weighted``: looked at over one round (as many leads as the weights add up to), nobody is ever a whole lead above or
  below their share; among those who are not above it, whoever is due first. This is the quota method of apportionment
  (Balinski and Young, 1975). Only the last round counts, so that nobody is flooded after an absence.
* ``pick``: nobody; it stays in the queue for people to pick.

Nobody who is away or of weight 0 is dealt a lead, and nobody a lead that was taken back from them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import gcd
from typing import Literal, NamedTuple

from leadbridge.clock import to_us
from leadbridge.domain.criteria.rules import Rule
from leadbridge.domain.facts import Fact, HandoffAssigned, HandoffReclaimed, HandoffRouted
from leadbridge.domain.handoff.handoff import Facts, Handoff
from leadbridge.domain.handoff.routing import IN_QUEUE, SAME_COMPANY, Member, Queue, RouteRule, Routing
from leadbridge.domain.model import listing

__all__ = ["KEPT", "Dealt", "Held", "Route", "Tried", "next_member", "route"]

KEPT = 1_000
"""So many of the latest leads of each queue are looked at; dealing needs no more of the past."""


@dataclass(frozen=True, slots=True)
class Dealt:
    """What was dealt out from each queue so far: the receivers, the latest last.

    Only leads that the agreement dealt count. What somebody picked, or got from a colleague, is nobody's turn.
    """

    by_queue: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> Dealt:
        """From the facts of any leads, put in order of when they happened; equal instants stay in the order given."""
        waiting: dict[str, tuple[str, str]] = {}
        found: dict[str, list[str]] = {}
        told = [fact for fact in facts if isinstance(fact, HandoffRouted | HandoffAssigned | HandoffReclaimed)]
        for fact in sorted(told, key=lambda fact: (to_us(fact.occurred_at), to_us(fact.recorded_at))):
            if isinstance(fact, HandoffRouted):
                waiting[fact.handoff] = (fact.queue, fact.rule)
            elif isinstance(fact, HandoffReclaimed):
                waiting.pop(fact.handoff, None)
            else:
                queue, rule = waiting.pop(fact.handoff, ("", ""))
                if rule and rule == fact.rule:
                    found.setdefault(queue, []).append(fact.owner)
        return cls({queue: tuple(owners[-KEPT:]) for queue, owners in found.items()})

    def after(self, route: Route) -> Dealt:
        """Once a route is taken."""
        if route.queue is None or route.owner is None:
            return self
        owners = (*self.by_queue.get(route.queue, ()), route.owner)[-KEPT:]
        return Dealt({**self.by_queue, route.queue: owners})

    def count(self, queue: str, owner: str) -> int:
        """How many of the latest leads of a queue somebody got."""
        return self.by_queue.get(queue, ()).count(owner)


class Held(NamedTuple):
    """Who works with a company, and when they last did; ``None`` when it is theirs without a date."""

    owner: str
    since: datetime | None = None


class Tried(NamedTuple):
    """A rule that was passed over. ``missing`` are the names without which it could not be judged."""

    rule: str
    outcome: Literal["false", "unknown", "skipped"]
    why: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a lead goes, and why. It holds ids and codes only.

    Attributes:
        lead: the leadbridge id of the lead.
        handoff: the offer that is routed; empty for a lead that was not offered yet.
        queue: where it waits, or the queue that it was dealt out from; ``None`` for a rule that names a person.
        owner: who gets it; ``None`` when it stays in the queue, or goes nowhere.
        rule: the id of the rule that decided, ``same_company`` or ``in_queue``; empty exactly when it goes nowhere.
        kind: what sort of rule that is.
        why: in words.
        tried: the rules that were passed over, in their order.
    """

    lead: str = ""
    handoff: str = ""
    queue: str | None = None
    owner: str | None = None
    rule: str = ""
    kind: str = ""
    why: str
    tried: tuple[Tried, ...] = ()
    offer: Handoff | None = field(default=None, repr=False, compare=False)
    at: datetime | None = field(default=None, repr=False, compare=False)

    @property
    def missing(self) -> tuple[str, ...]:
        """What has to be known about the lead to judge the rules that were passed over as unknown."""
        return tuple(dict.fromkeys(name for each in self.tried for name in each.missing))

    @property
    def facts(self) -> Facts:
        """What happens when the route is taken: to be recorded. Nothing for a lead without an offer, or that stays.

        Raises:
            IllegalMove: the offer has been answered, or has run out.
        """
        if self.offer is None or not self.rule or (self.owner is None and self.queue == self.offer.queue):
            return ()
        offer = self.offer
        told: Facts = ()
        if self.queue is not None:
            told = offer.route(self.queue, rule=self.rule, at=self.at)
            offer = offer.after(told)
        if self.owner is not None:
            told = (*told, *offer.assign(self.owner, rule=self.rule, at=self.at))
        return told

    def of(self, handoff: Handoff, at: datetime | None = None) -> Route:
        """The same route for an offer, so that it has facts."""
        return replace(self, lead=handoff.lead, handoff=handoff.id, offer=handoff, at=at)

    def __str__(self) -> str:
        where = f"to {self.owner}" if self.owner else f"to queue {self.queue}" if self.queue else "nowhere"
        if self.owner and self.queue:
            where += f" from queue {self.queue}"
        passed = [f"  {each.rule}: {each.why}" for each in self.tried if each.outcome != "false" or not self.rule]
        return "\n".join([f"{where}: {self.why}", *passed])


def route(
    routing: Routing,
    rules: Sequence[tuple[RouteRule, Rule | None]],
    values: Mapping[str, object],
    *,
    dealt: Dealt | None = None,
    held: Held | None = None,
    waiting: str | None = None,
    not_to: Collection[str] = (),
    away: Collection[str] = (),
    function: str | None = None,
    at: datetime | None = None,
) -> Route:
    """Where a lead goes.

    Args:
        routing: the queues and the rules of engagement.
        rules: each with its compiled condition; ``None`` for one that is always true.
        values: the lead's profile, as criteria see it.
        dealt: what everybody got so far.
        held: who works with the lead's company.
        waiting: the queue in which it waits already.
        not_to: owners from whom it was taken back.
        away: who is away, besides those whom the agreement says are.
        function: who receives it; queues of other functions are passed over.
        at: the present instant, for the window of the rules of engagement.
    """
    gone, dealt = routing.away | set(away), dealt or Dealt()
    tried: list[Tried] = []
    if routing.engagement.same_company == "same_owner" and held is not None:
        no = _no_longer(routing, held, gone, not_to, at)
        if no is None:
            return Route(owner=held.owner, rule=SAME_COMPANY, kind=SAME_COMPANY, why="works with this company already")
        tried.append(Tried(SAME_COMPANY, "skipped", no))
    queue = routing.queue(waiting)
    if queue is not None:
        return _from_queue(queue, IN_QUEUE, IN_QUEUE, "waits there", dealt, gone, not_to, tried)
    for rule, condition in rules:
        why = rule.why or rule.when or "always"
        if condition is not None:
            outcome = condition.evaluate(values)
            if outcome is None:
                lacking = condition.lacking(values)
                tried.append(Tried(rule.id, "unknown", f"cannot be said: {listing(lacking)} missing", lacking))
                continue
            if not outcome:
                tried.append(Tried(rule.id, "false", f"not true: {why}"))
                continue
        if rule.owner is not None:
            if rule.owner in gone or rule.owner in not_to:
                how = "is away" if rule.owner in gone else "had it and left it untouched"
                tried.append(Tried(rule.id, "skipped", f"{rule.owner} {how}"))
                continue
            return Route(owner=rule.owner, rule=rule.id, kind=rule.kind, why=why, tried=tuple(tried))
        queue = routing.queue(rule.queue)
        if queue is None or (function is not None and (queue.function or function) != function):
            tried.append(Tried(rule.id, "skipped", f"queue {rule.queue} is none of {function or 'this agreement'}"))
            continue
        return _from_queue(queue, rule.id, rule.kind, why, dealt, gone, not_to, tried)
    return Route(
        why="no rule is surely true" if rules else "the agreement has no rules to route by", tried=tuple(tried)
    )


def _no_longer(
    routing: Routing, held: Held, gone: Collection[str], not_to: Collection[str], at: datetime | None
) -> str | None:
    """Why the one who works with the company does not get the lead."""
    if held.owner in gone:
        return f"{held.owner}, who works with this company, is away"
    if held.owner in not_to:
        return f"{held.owner}, who works with this company, had it and left it untouched"
    within = routing.engagement.within
    if within is not None and held.since is not None and at is not None and at - held.since > within:
        return f"{held.owner} worked with this company, but too long ago"
    return None


def _from_queue(
    queue: Queue,
    rule: str,
    kind: str,
    why: str,
    dealt: Dealt,
    gone: Collection[str],
    not_to: Collection[str],
    tried: Sequence[Tried],
) -> Route:
    owner, how = None, "people pick from this queue"
    if queue.deal != "pick":
        present = [member for member in queue.members if member.weight and member.id not in gone]
        able = [member for member in present if member.id not in not_to]
        owner = next_member(queue, able, dealt)
        if owner is not None:
            how = f"next by {'turn' if queue.deal == 'round_robin' else 'weight'}"
        elif present:
            how = "everybody who is there had it already: it stays in the queue"
        else:
            how = "everybody is away: it stays in the queue" if queue.members else "nobody is in this queue"
    return Route(queue=queue.id, owner=owner, rule=rule, kind=kind, why=f"{why}; {how}", tried=tuple(tried))


def next_member(queue: Queue, able: Sequence[Member], dealt: Dealt) -> str | None:
    """Whose turn it is among those who can take a lead; ``None`` when nobody can."""
    if not able:
        return None
    past = dealt.by_queue.get(queue.id, ())
    if queue.deal == "weighted":
        return _due_first(able, past)
    last = {owner: position for position, owner in enumerate(past)}
    return min(able, key=lambda member: last.get(member.id, -1)).id


def _due_first(able: Sequence[Member], past: Sequence[str]) -> str:
    common = gcd(*(member.weight for member in able))
    weights = {member.id: member.weight // common for member in able}
    round_ = sum(weights.values())
    seen = [owner for owner in past if owner in weights][-(round_ - 1) :] if round_ > 1 else []
    given = {owner: seen.count(owner) for owner in weights}
    step = len(seen) + 1
    below = [owner for owner, weight in weights.items() if given[owner] * round_ < weight * step]
    return min(below, key=lambda owner: ((given[owner] + 1) / weights[owner], given[owner] / weights[owner]))
