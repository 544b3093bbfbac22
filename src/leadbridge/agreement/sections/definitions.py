"""``definitions``: what words such as "sales ready" mean."""

from __future__ import annotations

from pydantic import Field

from leadbridge.domain.criteria import Criterion
from leadbridge.domain.model import Frozen, Id

__all__ = ["Definition"]


class Definition(Frozen):
    """What a word such as "sales ready" means: all criteria are met."""

    label: str = ""
    owner: Id | None = None
    criteria: tuple[Criterion, ...] = Field(min_length=1)
