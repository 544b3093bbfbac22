"""Routing as data: which queue or person an offer reaches, by named account, territory, turn or weight.

What the rules come to for a lead is worked out in :mod:`leadbridge.domain.handoff.dealing`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from leadbridge.domain.model import Frozen, Id, Span, by_id

__all__ = [
    "IN_QUEUE",
    "SAME_COMPANY",
    "Engagement",
    "Member",
    "OwnerLeaves",
    "Queue",
    "Reclaim",
    "RouteRule",
    "Routing",
]

SAME_COMPANY = "same_company"
"""What a route is called that follows from the rules of engagement."""

IN_QUEUE = "in_queue"
"""What a route is called that deals out a lead from the queue in which it waits already."""


class Member(Frozen):
    """Somebody who takes leads from a queue; of ``weight`` 2, twice as many as others; of weight 0, none.

    The ``id`` is what the CRM of the receiving function calls this owner. Who is ``away`` gets no lead from any queue.
    """

    id: Id
    weight: int = Field(1, ge=0)
    away: bool = False


class Queue(Frozen):
    """A place where offers wait, and how they are dealt out: by turn, by weight, or by nobody (people pick).

    Without ``function`` it belongs to the function that leads are handed to.
    """

    id: Id
    label: str = ""
    function: Id | None = None
    deal: Literal["round_robin", "weighted", "pick"] = "pick"
    members: tuple[Annotated[Member, BeforeValidator(by_id)], ...] = ()


class RouteRule(Frozen):
    """The first rule that is surely true decides: to an ``owner`` or to a ``queue``. Without ``when`` it always is.

    ``kind`` says what sort of rule it is, for people and for figures.
    """

    id: Id
    when: str | None = None
    kind: Literal["named_account", "territory", "segment", "default"] = "segment"
    queue: str | None = None
    owner: str | None = None
    why: str = ""


class Engagement(Frozen):
    """Rules of engagement: a lead of a company that somebody works with already goes to the same owner.

    ``within`` says for how long after their last work with it; without it, for ever.
    """

    same_company: Literal["same_owner", "off"] = "off"
    within: Span | None = None


class Reclaim(Frozen):
    """An assigned lead that nobody touched for so long goes back to a queue."""

    after: Span
    to: str


class OwnerLeaves(Frozen):
    """What becomes of the leads of somebody who leaves, by lifecycle stage: to a queue, or recycled with a reason."""

    stage: str
    queue: str | None = None
    recycle: str | None = None


class Routing(Frozen):
    """All of it."""

    queues: tuple[Annotated[Queue, BeforeValidator(by_id)], ...] = ()
    rules: tuple[RouteRule, ...] = ()
    engagement: Engagement = Engagement()
    reclaim: Reclaim | None = None
    owner_leaves: tuple[OwnerLeaves, ...] = ()

    def queue(self, name: str | None) -> Queue | None:
        """The queue of this name; ``None`` when the agreement has none."""
        return next((queue for queue in self.queues if queue.id == name), None)

    @property
    def teams(self) -> dict[str, frozenset[str]]:
        """Whose leads wait in each queue: the ids of its members, by queue."""
        return {queue.id: frozenset(member.id for member in queue.members) for queue in self.queues}

    @property
    def away(self) -> frozenset[str]:
        """Everybody who is away: who is away from one queue is away from all."""
        return frozenset(member.id for queue in self.queues for member in queue.members if member.away)
