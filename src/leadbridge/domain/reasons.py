"""Why a lead was refused, recycled or closed: few codes, each with somebody who can fix the cause and something to do.

A reason's meaning is never guessed from the text of a picklist: labels mislead. What is not mapped is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from pydantic import Field

from leadbridge.domain.model import Frozen, Id, Span, did_you_mean, listing
from leadbridge.errors import IllegalMove

__all__ = ["Category", "Outcome", "Reason", "Reasons"]

Category = Literal["routing", "data", "target", "engagement", "timing", "commercial", "compliance", "process", "other"]
Outcome = Literal["accept", "reject", "recycle", "disqualify", "ineligible", "lost", "expire"]
"""What a reason can explain: one of the five decisions, a lost opportunity, or an offer that ran out."""


class Reason(Frozen):
    """One code.

    Attributes:
        allowed_decisions: what it may explain; the first one is what a CRM that only says "closed" is taken to mean.
        remedy_owner: the function that can fix the cause: an invitation to talk, not a verdict.
        default_action: what happens next (reroute, enrich, nurture, ...). Every reason has one.
        cool_off: how long a recycled lead rests before it may be offered again.
        needs_attempts: how often somebody has to have tried before this reason may be given.
    """

    code: Id
    category: Category
    allowed_decisions: tuple[Outcome, ...] = Field(min_length=1)
    remedy_owner: Id
    default_action: str = Field(min_length=1)
    cool_off: Span | None = None
    needs_note: bool = False
    needs_attempts: int | None = Field(None, ge=0)
    label: str = ""


class Reasons(Mapping[str, Reason]):
    """The reasons of an agreement by code, in its order."""

    def __init__(self, reasons: Iterable[Reason]) -> None:
        self._by_code = {reason.code: reason for reason in reasons}

    def __getitem__(self, code: str) -> Reason:
        return self._by_code[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    def __repr__(self) -> str:
        return f"Reasons({listing(self._by_code)})"

    def find(self, code: str) -> Reason:
        """The reason of this code.

        Raises:
            IllegalMove: for an unknown code, with the nearest one.
        """
        if code not in self._by_code:
            raise IllegalMove(f"unknown reason {code}: {did_you_mean(code, self._by_code)}")
        return self._by_code[code]

    def explaining(self, outcome: str) -> tuple[str, ...]:
        """The codes that may explain an outcome."""
        return tuple(code for code, reason in self._by_code.items() if outcome in reason.allowed_decisions)

    def check(
        self, outcome: Outcome, code: str | None, *, note: str | None = None, attempts: int | None = None
    ) -> Reason | None:
        """The reason, when it may explain this outcome and has the note and the attempts that it needs.

        Accepting needs no reason; every other decision does.

        Args:
            outcome: what is to be explained.
            code: the reason given.
            note: what was said in words, for a reason that says nothing without them.
            attempts: how often somebody tried to reach the buyer. ``None`` when nobody counted: that passes, because a
                missing count is no proof of too few. The fact of the decision keeps it so, and the metric
                ``no_response_validity`` counts it apart.

        Raises:
            IllegalMove: with a sentence that lists what is allowed.
        """
        if code is None:
            if outcome == "accept":
                return None
            raise IllegalMove(f"to {outcome} a lead takes a reason: {listing(self.explaining(outcome), limit=40)}")
        reason = self.find(code)
        if outcome not in reason.allowed_decisions:
            raise IllegalMove(
                f"{code} does not explain the decision {outcome}, only {listing(reason.allowed_decisions)}; "
                f"reasons to {outcome}: {listing(self.explaining(outcome), limit=40)}"
            )
        if reason.needs_note and not (note and note.strip()):
            raise IllegalMove(f"the reason {code} needs a note that says in words what happened: give note=...")
        if reason.needs_attempts and attempts is not None and attempts < reason.needs_attempts:
            tried = f"{attempts} attempt" if attempts == 1 else f"{attempts} attempts"
            raise IllegalMove(
                f"{code} may be given after {reason.needs_attempts} attempts to reach the buyer, and there "
                f"{'was' if attempts == 1 else 'were'} {tried}: try again, or give another reason"
            )
        return reason
