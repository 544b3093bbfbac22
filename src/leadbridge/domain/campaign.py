"""Campaigns: planned efforts that both functions agree on, named by one pattern, with sign-off before they begin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from leadbridge.domain.model import Frozen, Id, did_you_mean, listing

__all__ = ["Campaign", "CampaignInput", "CampaignTarget", "Naming"]


class CampaignTarget(Frozen):
    """A figure that the campaign aims at; ``stage`` counts leads that enter it, ``metric`` names a metric."""

    stage: str | None = None
    metric: Id | None = None
    at_least: float
    owner: Id | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.stage is None) == (self.metric is None):
            raise ValueError("a target of a campaign counts entries into a stage, or is a metric; give exactly one")
        return self


class CampaignInput(Frozen):
    """What another function brought in when the campaign was planned, and whether it signed it off."""

    function: Id
    by: str = Field("", repr=False)
    on: date
    said: str = ""
    signed_off: bool = False


class Campaign(Frozen):
    """One campaign: who owns it, when it runs, what a lead of it is, and what success looks like.

    Attributes:
        name: what it is called in the CRMs, by the agreed pattern.
        owners: function to the person or team that answers for it.
        definition: what counts as a qualified lead of this campaign.
        sla: the policy that holds for its leads.
        outcome: the kind of sale that it drives towards.
        inputs: what other functions brought in at inception.
        needs_sign_off_of: functions that have to sign it off before it begins.
    """

    id: Id
    label: str = ""
    name: str = ""
    owner: str | None = None
    owners: dict[Id, str] = Field(default_factory=dict)
    starts: date | None = None
    ends: date | None = None
    success: str = ""
    definition: str | None = None
    sla: str | None = None
    outcome: str | None = None
    targets: tuple[CampaignTarget, ...] = ()
    inputs: tuple[CampaignInput, ...] = ()
    needs_sign_off_of: tuple[Id, ...] = ()

    @property
    def open_sign_offs(self) -> tuple[str, ...]:
        """The functions that have to sign it off and have not."""
        signed = {each.function for each in self.inputs if each.signed_off}
        return tuple(function for function in self.needs_sign_off_of if function not in signed)

    def runs_on(self, day: date) -> bool:
        """Whether it has begun and not ended; without days it always runs."""
        return (self.starts is None or self.starts <= day) and (self.ends is None or day <= self.ends)


_PART = re.compile(r"\{([^{}]*)\}")
_ID = re.compile(r"\w[\w.\-]*")
_FREE = r"[^\W_]+"


class Naming(Frozen):
    """How campaigns are named, so that everybody reads a name alike.

    >>> Naming(pattern="{year}-{region}-{topic}").parse("2026-emea-launch")
    {'year': '2026', 'region': 'emea', 'topic': 'launch'}

    Attributes:
        pattern: parts in braces with anything between them, such as ``{year}-{region}-{topic}``.
        parts: the allowed values of a part; a part that is not listed takes any letters and digits.
    """

    pattern: str
    parts: dict[Id, tuple[str, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        names = _PART.findall(self.pattern)
        rest = _PART.sub("\0", self.pattern)
        if not names or "{" in rest or "}" in rest or not all(_ID.fullmatch(name) for name in names):
            raise ValueError("a pattern of names needs parts in braces; write one such as {year}-{region}-{topic}")
        if "\0\0" in rest:
            raise ValueError("nothing stands between two parts of the pattern; put a sign between them, such as -")
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the pattern has {listing(repeated)} twice; name each part once")
        if stray := [name for name in self.parts if name not in names]:
            raise ValueError(f"values are listed for {listing(stray)}; {did_you_mean(stray[0], names)}")
        if empty := [name for name, values in self.parts.items() if not values or not all(values)]:
            raise ValueError(f"no values are listed for {listing(empty)}; list those that are allowed")
        return self

    @cached_property
    def _compiled(self) -> tuple[re.Pattern[str], tuple[str, ...]]:
        names: list[str] = []
        text, at = "", 0
        for part in _PART.finditer(self.pattern):
            text += re.escape(self.pattern[at : part.start()])
            values = self.parts.get(part[1])
            # The longest value first, so that one that begins with another is not read as that one.
            allowed = "|".join(re.escape(value) for value in sorted(values, key=len, reverse=True)) if values else ""
            text += f"({allowed})" if allowed else r"([^\W_]+)"
            names.append(part[1])
            at = part.end()
        return re.compile(text + re.escape(self.pattern[at:])), tuple(names)

    def parse(self, name: str) -> dict[str, str] | None:
        """The parts of a name; ``None`` when it does not follow the pattern. Case counts."""
        pattern, names = self._compiled
        match = pattern.fullmatch(name)
        return dict(zip(names, match.groups(), strict=True)) if match else None

    def build(self, parts: Mapping[str, str]) -> str:
        """The name of a campaign from its parts.

        Raises:
            ValueError: a part is missing, not in the pattern, or not one of the allowed values.
        """
        names = self._compiled[1]
        if set(parts) != set(names):
            raise ValueError(f"a name has the parts {listing(names)}; give exactly these")
        name = _PART.sub(lambda part: parts[part[1]], self.pattern)
        if self.parse(name) != dict(parts):
            wrong = [part for part, allowed in self.parts.items() if parts[part] not in allowed]
            raise ValueError(f"this is no name by the pattern {self.pattern}: look at {listing(wrong or names)}")
        return name

    def in_words(self) -> str:
        """The pattern and the values of its parts, for people."""
        values = "; ".join(f"{part}: {listing(allowed, limit=40)}" for part, allowed in self.parts.items())
        return f"{self.pattern}{f' ({values})' if values else ''}"
