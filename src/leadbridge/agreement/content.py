"""What both functions can say and show to a buyer, by buying stage and role, and what they plan to do in each stage."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from leadbridge.domain.buying.plays import PlannedCoverage, planned_coverage

if TYPE_CHECKING:
    from leadbridge.agreement.document import Document
    from leadbridge.agreement.schema import Agreement
    from leadbridge.agreement.sections.messaging import Asset, Message, ValueProposition

__all__ = ["assets_for", "coverage_of_plays", "messages_for", "value_propositions_for"]


def value_propositions_for(agreement: Document, role: str | None = None) -> tuple[ValueProposition, ...]:
    """The value propositions for a buying role, in the order of the agreement.

    One that names no roles is for everybody. Without a role (nobody knows it) only those are given.
    """
    return tuple(one for one in agreement.value_propositions if _fits(one.roles, role))


def messages_for(agreement: Document, stage: str | None = None, role: str | None = None) -> tuple[Message, ...]:
    """The messages for a buyer in a buying stage and role, in the order of the agreement.

    A message that names no stages fits every stage, one that names no roles every role, unless its value proposition
    names roles. What is not known of the buyer fits only what is for everybody.
    """
    promised = {proposition.id: proposition.roles for proposition in agreement.value_propositions}
    return tuple(
        message
        for message in agreement.messages
        if _fits(message.buying_stages, stage)
        and _fits(message.roles or promised.get(message.value_proposition or "", ()), role)
    )


def assets_for(
    agreement: Document, stage: str | None = None, role: str | None = None, *, on: date | None = None
) -> tuple[Asset, ...]:
    """The assets for a buyer in a buying stage and role, in the order of the agreement.

    ``on`` leaves out what is not available on that day (``available_until`` is the last day).
    """
    return tuple(
        asset
        for asset in agreement.assets
        if _fits(asset.buying_stages, stage) and _fits(asset.roles, role) and (on is None or _available(asset, on))
    )


def coverage_of_plays(agreement: Agreement) -> PlannedCoverage:
    """What each function plans to do in each buying stage; its ``gaps`` are stages in which one has nothing to do."""
    return planned_coverage(agreement.buying_stages, (agreement.handoff.from_, agreement.handoff.to))


def _fits(agreed: tuple[str, ...], given: str | None) -> bool:
    return not agreed or given in agreed


def _available(asset: Asset, day: date) -> bool:
    begun = asset.available_from is None or asset.available_from <= day
    return begun and (asset.available_until is None or day <= asset.available_until)
