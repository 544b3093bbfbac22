"""``target_market``: which companies make the best prospects, and which people in them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from leadbridge.domain.criteria import Criterion
from leadbridge.domain.model import Frozen, Id, by_id

__all__ = ["Role", "TargetMarket"]


class Role(Frozen):
    """Somebody who makes or influences the decision to buy.

    A lead has this role when its title is one of ``titles`` (case does not matter), or when the criterion ``when`` is
    true.
    """

    id: Id
    label: str = ""
    titles: tuple[str, ...] = ()
    when: str | None = None


class TargetMarket(Frozen):
    """The organisations (``companies``: all criteria are met) and the individuals that are wanted.

    Criteria, routing and metrics share this one definition, as ``target.company`` and ``target.role``.
    ``shared_domains`` are mail domains that say nothing about a company, added to the well-known ones.
    """

    companies: tuple[Criterion, ...] = ()
    roles: tuple[Annotated[Role, BeforeValidator(by_id)], ...] = ()
    shared_domains: tuple[str, ...] = ()
