"""What passed between buyer and seller. Marketing or sales is a dimension of an interaction, never a wall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from leadbridge.domain.facts import Interacted
from leadbridge.domain.model import Frozen, Instant

__all__ = ["Interaction"]


class Interaction(Frozen):
    """One touch: reading (``content``) or talking (``person_to_person``), by either function, at any buying stage.

    ``answers`` holds what the buyer said, by question, so that no one asks twice.
    """

    id: str = ""
    lead: str = ""
    at: Instant
    nature: Literal["content", "person_to_person"]
    channel: str = ""
    direction: Literal["inbound", "outbound"] = "inbound"
    function: str = "marketing"
    asset: str | None = None
    message: str | None = None
    campaign: str | None = None
    buying_stage: str | None = None
    answers: Mapping[str, str] = Field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, fact: Interacted) -> Interaction:
        """The interaction that a fact of the ledger tells of."""
        return cls(
            id=fact.interaction,
            lead=fact.lead,
            at=fact.occurred_at,
            nature=fact.nature,
            channel=fact.channel,
            direction=fact.direction,
            function=fact.function,
            asset=fact.asset,
            message=fact.message,
            buying_stage=fact.buying_stage,
        )
