"""Routing as data: which queue or person an offer reaches, by named account, territory, turn or weight."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from leadbridge.domain.model import Frozen, Id, Span, by_id

__all__ = ["Engagement", "Member", "OwnerLeaves", "Queue", "Reclaim", "RouteRule", "Routing"]


class Member(Frozen):
    """Somebody who takes leads from a queue; of ``weight`` 2, twice as many as others."""

    id: Id
    weight: int = Field(1, ge=0)
    away: bool = False


class Queue(Frozen):
    """A place where offers wait, and how they are dealt out: by turn, by weight, or by nobody (people pick)."""

    id: Id
    label: str = ""
    function: Id = "sales"
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
    """Rules of engagement: a lead of a company that somebody works with already goes to the same owner."""

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
