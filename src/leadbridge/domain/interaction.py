"""What passed between buyer and seller. Marketing or sales is a dimension of an interaction, never a wall."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from leadbridge.domain.facts import Interacted
from leadbridge.domain.model import Frozen, Instant

__all__ = ["Interaction"]

_CODE = re.compile(r"\w[\w.\-]{0,79}")


class Interaction(Frozen):
    """One touch: reading (``content``) or talking (``person_to_person``), by either function, at any buying stage.

    ``asked`` holds the questions of the buyer, and ``answers`` what the buyer said, by agreed question, so that no one
    asks twice.
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
    asked: tuple[str, ...] = ()
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
            campaign=fact.campaign,
            buying_stage=fact.buying_stage,
            asked=fact.asked,
            answers=dict(fact.answers),
        )

    def to_fact(self, *, recorded_at: datetime, agreement: int = 0, actor: str = "", system: str = "") -> Interacted:
        """The fact that a tool records of this interaction: ``bridge.record(interaction.to_fact(...))``.

        An interaction without an id gets one that follows from its content, so that telling it twice records it once.

        Args:
            recorded_at: when it was learned of; never before it happened.
            agreement: the version in force when it happened.
            actor: who took part for us, as an id; the function when not given.
            system: the tool that saw it.

        Raises:
            ValueError: when it does not say of which lead it is, ``recorded_at`` is before it or has no time zone, or a
                question or an answer is no code: facts hold no free words about persons.
        """
        if not self.lead:
            raise ValueError("an interaction is recorded about a lead: give lead=... the lead's id")
        if recorded_at.tzinfo is None:
            raise ValueError("an instant needs a time zone, for example tzinfo=UTC")
        if recorded_at < self.at:
            raise ValueError("an interaction cannot be known before it happens: give a later recorded_at")
        words = [word for word in (*self.asked, *self.answers, *self.answers.values()) if not _CODE.fullmatch(word)]
        if words:
            raise ValueError(
                "questions and answers are recorded as the agreed codes, such as next_step: contract; "
                "what was said in free words belongs into the CRM"
            )
        return Interacted(
            lead=self.lead,
            occurred_at=self.at,
            recorded_at=recorded_at,
            actor=actor or self.function,
            system=system,
            agreement=agreement,
            interaction=self.id or f"interaction-{self._fingerprint()}",
            nature=self.nature,
            channel=self.channel,
            direction=self.direction,
            function=self.function,
            asset=self.asset,
            message=self.message,
            buying_stage=self.buying_stage,
            campaign=self.campaign,
            asked=self.asked,
            answers=tuple(self.answers.items()),
        )

    def _fingerprint(self) -> str:
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]
