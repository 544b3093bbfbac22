"""``reasons`` and ``recycling``: why leads are refused, and how they come back."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from leadbridge.domain.handoff.recycle import Recycling
from leadbridge.domain.model import Frozen, Id, Span
from leadbridge.domain.reasons import Category, Outcome, Reason

__all__ = ["ReasonOverride", "ReasonTerms", "Recycling"]


class ReasonOverride(Frozen):
    """What is different for one reason of the preset; what is not named stays.

    ``null`` takes away a ``cool_off`` (then that of the agreement counts) and the ``needs_attempts``, and nothing else.
    """

    category: Category | None = None
    allowed_decisions: tuple[Outcome, ...] | None = Field(None, min_length=1)
    remedy_owner: Id | None = None
    default_action: str | None = Field(None, min_length=1)
    cool_off: Span | None = None
    needs_note: bool | None = None
    needs_attempts: int | None = Field(None, ge=0)
    label: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        for name in sorted(self.model_fields_set - {"cool_off", "needs_attempts"}):
            if getattr(self, name) is None:
                raise ValueError(f"{name}: the value is missing; write one, or remove the key")
        return self

    def applied_to(self, reason: Reason) -> Reason:
        """The reason with what is named here."""
        changes: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        return reason.model_copy(update=changes)


class ReasonTerms(Frozen):
    """The reasons: a preset (or none), more of them, changed ones, and ones that are not used."""

    preset: str | None = "canonical"
    add: tuple[Reason, ...] = ()
    override: dict[str, ReasonOverride] = Field(default_factory=dict)
    remove: tuple[str, ...] = ()
