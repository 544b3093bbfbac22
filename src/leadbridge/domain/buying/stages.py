"""The buyer's axis: buying stages, the evidence that marks entry, and who is present in which stage.

Marketing and sales describe the stages together. A stage is entered when the agreed evidence is seen: an interaction,
the value of a field, or something the buyer said. Both functions belong in every stage: see the coverage matrix.
Stages to start from are in :mod:`leadbridge.domain.buying.presets`.

What a person wrote into a CRM's field is observed; what a rule concludes from interactions or answers is inferred. Of
both at one instant the observed one holds. Buyers go back: the stage that was entered last is where they stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from leadbridge.domain.interaction import Interaction
from leadbridge.domain.model import Frozen, Id, Span
from leadbridge.domain.show import html_table

__all__ = [
    "UNKNOWN_STAGE",
    "BuyingStage",
    "Coverage",
    "EvidenceRule",
    "Play",
    "StageEntry",
    "coverage",
    "current",
    "infer",
]

UNKNOWN_STAGE = "(not known)"
"""The row of the coverage matrix for interactions whose buying stage nobody knows."""


class EvidenceRule(Frozen):
    """One thing that marks the entry into a buying stage.

    Exactly one of three kinds: an *interaction* (any of nature, channel, direction, function, asset, asset_type;
    ``at_least`` of them, optionally ``within`` a span), a value of a *field*, or the *answer* to a question.
    """

    id: Id
    nature: Literal["content", "person_to_person"] | None = None
    channel: str | None = None
    direction: Literal["inbound", "outbound"] | None = None
    function: str | None = None
    asset: str | None = None
    asset_type: str | None = None
    at_least: int = Field(1, ge=1)
    within: Span | None = None
    field: str | None = None
    answer: str | None = None
    is_: tuple[str, ...] = Field((), alias="is", description="Values that count; none listed: any value")

    @property
    def about_interactions(self) -> bool:
        """Whether the rule looks at interactions, rather than at a field or an answer."""
        parts = (self.nature, self.channel, self.direction, self.function, self.asset, self.asset_type)
        return any(part is not None for part in parts)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = (self.about_interactions, self.field is not None, self.answer is not None)
        if sum(kinds) != 1:
            raise ValueError(
                "evidence is either an interaction (nature, channel, direction, function, asset, asset_type), "
                "or a field, or an answer: give exactly one kind"
            )
        return self

    def matches(self, touch: Interaction, asset_types: Mapping[str, str]) -> bool:
        """Whether an interaction counts for this rule."""
        if self.answer is not None:
            said = touch.answers.get(self.answer)
            return said is not None and (not self.is_ or said in self.is_)
        if not self.about_interactions:
            return False
        return (
            self.nature in (None, touch.nature)
            and self.channel in (None, touch.channel)
            and self.direction in (None, touch.direction)
            and self.function in (None, touch.function)
            and self.asset in (None, touch.asset)
            and (self.asset_type is None or asset_types.get(touch.asset or "") == self.asset_type)
        )

    def first_seen(self, touches: Sequence[Interaction], asset_types: Mapping[str, str]) -> datetime | None:
        """When enough interactions had come together; ``touches`` in order of time."""
        times = [touch.at for touch in touches if self.matches(touch, asset_types)]
        for last in range(self.at_least - 1, len(times)):
            if self.within is None or times[last] - times[last - self.at_least + 1] <= self.within:
                return times[last]
        return None


class Play(Frozen):
    """What one function does in a buying stage, and what it offers the buyer there: assets and messages by id."""

    function: Id
    does: str = ""
    nature: Literal["content", "person_to_person"] | None = None
    assets: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()


class BuyingStage(Frozen):
    """One stage of the buyer. Any one of the ``evidence`` rules marks its entry; ``plays`` are what functions do."""

    id: Id
    label: str = ""
    phase: str = ""
    evidence: tuple[EvidenceRule, ...] = ()
    plays: tuple[Play, ...] = ()


@dataclass(frozen=True, slots=True)
class StageEntry:
    """The buyer was seen in a stage. ``inferred``: from interactions or answers, not from a CRM's own field."""

    stage: str
    at: datetime
    evidence: str
    inferred: bool = True


def infer(
    stages: Sequence[BuyingStage],
    interactions: Iterable[Interaction],
    *,
    asset_types: Mapping[str, str] | None = None,
    fields: Mapping[str, object] | None = None,
    at: datetime | None = None,
) -> tuple[StageEntry, ...]:
    """When the evidence for each stage was first complete, in order of time.

    Args:
        stages: in the order of the agreement.
        interactions: of one lead; any order.
        asset_types: asset id → its type, for rules about types.
        fields: the lead's flat canonical fields, for rules about fields.
        at: when ``fields`` were seen; without it, rules about fields are not used.
    """
    touches = sorted(interactions, key=lambda touch: touch.at)
    types = asset_types or {}
    entries: list[StageEntry] = []
    for stage in stages:
        found: list[StageEntry] = []
        for rule in stage.evidence:
            if rule.field is not None:
                value = (fields or {}).get(rule.field)
                if at is not None and value not in (None, "") and (not rule.is_ or str(value) in rule.is_):
                    found.append(StageEntry(stage.id, at, rule.id, inferred=False))
            elif (seen := rule.first_seen(touches, types)) is not None:
                found.append(StageEntry(stage.id, seen, rule.id))
        if found:
            entries.append(min(found, key=lambda entry: (entry.at, entry.inferred)))
    return tuple(sorted(entries, key=lambda entry: entry.at))


def current(stages: Sequence[BuyingStage], entries: Iterable[StageEntry]) -> str | None:
    """Where the buyer stands: the latest entry. Of simultaneous ones an observed one, else the furthest."""
    order = {stage.id: index for index, stage in enumerate(stages)}
    latest = max(entries, key=lambda entry: (entry.at, not entry.inferred, order.get(entry.stage, -1)), default=None)
    return latest.stage if latest else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Stage × function: how many interactions each function had in each buying stage, and of which nature."""

    stages: tuple[str, ...]
    functions: tuple[str, ...]
    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    natures: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def count(self, stage: str, function: str) -> int:
        """Interactions of one function in one stage."""
        return self.counts.get((stage, function), 0)

    @property
    def gaps(self) -> tuple[tuple[str, str], ...]:
        """The (stage, function) pairs without a single interaction; unknown stages are no gap."""
        known = [stage for stage in self.stages if stage != UNKNOWN_STAGE]
        return tuple(
            (stage, function) for stage in known for function in self.functions if not self.count(stage, function)
        )

    def mix(self, stage: str) -> float | None:
        """The person-to-person share of the interactions in a stage; ``None`` when there are none, never 0."""
        talks = self.natures.get((stage, "person_to_person"), 0)
        total = talks + self.natures.get((stage, "content"), 0)
        return talks / total if total else None

    def rows(self) -> list[tuple[str | int, ...]]:
        """One row a stage: its name, then the count for each function."""
        return [(stage, *(self.count(stage, function) for function in self.functions)) for stage in self.stages]

    def _repr_html_(self) -> str:
        return html_table("Interactions by buying stage and function", ("buying stage", *self.functions), self.rows())


def coverage(
    interactions: Iterable[Interaction],
    stages: Sequence[BuyingStage],
    functions: Sequence[str] = ("marketing", "sales"),
) -> Coverage:
    """Counts interactions by buying stage and function. An unknown stage gets a row of its own: nothing is hidden."""
    known = {stage.id for stage in stages}
    counts: Counter[tuple[str, str]] = Counter()
    natures: Counter[tuple[str, str]] = Counter()
    names = list(functions)
    for touch in interactions:
        row = touch.buying_stage if touch.buying_stage in known and touch.buying_stage else UNKNOWN_STAGE
        counts[row, touch.function] += 1
        natures[row, touch.nature] += 1
        if touch.function not in names:
            names.append(touch.function)
    rows = [stage.id for stage in stages]
    if any(row == UNKNOWN_STAGE for row, _ in counts):
        rows.append(UNKNOWN_STAGE)
    return Coverage(tuple(rows), tuple(names), dict(counts), dict(natures))
