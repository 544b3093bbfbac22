"""Scores: additive points for fit and for interest, with decay, as data."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from leadbridge.domain.model import Frozen, Id, Span

__all__ = ["Point", "Score"]


class Point(Frozen):
    """One entry of a score: ``points`` once when the criterion ``when`` is true, or for ``each`` interaction of a kind.

    ``within`` counts only interactions of the last days, ``halves_every`` halves one for every full period of its age.
    """

    id: Id
    when: str | None = None
    each: str | None = None
    points: int
    within: Span | None = None
    halves_every: Span | None = None
    at_most: int | None = Field(None, ge=0)
    why: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.when is None) == (self.each is None):
            raise ValueError("a point is given for a criterion or for interactions; give exactly one of when and each")
        return self


class Score(Frozen):
    """A sum of points."""

    label: str = ""
    owner: Id | None = None
    points: tuple[Point, ...] = Field(min_length=1)
    at_most: int | None = Field(None, ge=0)
