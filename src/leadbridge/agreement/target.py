"""How one lead stands to the target market: whether its company is wanted, and which buying role it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from leadbridge.domain.criteria.profile import profile
from leadbridge.domain.criteria.rules import Rule
from leadbridge.domain.interaction import Interaction

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["InTarget", "Target"]


@dataclass(frozen=True, slots=True)
class InTarget:
    """``company``: whether it is in the target market; ``role``: the buying role. ``None`` where nobody can say."""

    company: bool | None
    role: str | None


class Target:
    """The target market of an agreement, compiled once for any number of leads."""

    def __init__(self, agreement: Agreement) -> None:
        market = agreement.target_market
        self._types = agreement.types
        self._company = agreement.rule("target.company is not null") if market.companies else None
        self._role = agreement.rule("target.role is not null") if market.roles else None

    def of(
        self,
        fields: Mapping[str, object],
        interactions: Iterable[Interaction] | None = None,
        *,
        at: datetime | None = None,
    ) -> InTarget:
        """How a lead stands.

        Args:
            fields: its flat canonical fields.
            interactions: of this lead, for criteria that count them; ``at`` is the instant that they look back from.
        """
        touches = None if interactions is None else list(interactions)
        return InTarget(
            self._seen(self._company, "target.company", fields, touches, at),
            self._seen(self._role, "target.role", fields, touches, at),
        )

    def _seen(
        self,
        rule: Rule | None,
        name: str,
        fields: Mapping[str, object],
        touches: list[Interaction] | None,
        at: datetime | None,
    ) -> Any:
        if rule is None:
            return None
        return rule.seen(profile(fields, touches, wanted=rule.names, types=self._types, at=at))[name]
