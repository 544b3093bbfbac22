"""The buying group: the people who decide about one opportunity together, each with a role and a place of their own.

Leads and opportunities are many-to-many. A company buys as a group, so the group has a buying stage, too: the furthest
of its members' present ones, with the spread beside it, because a group in which one person is far ahead of the others
has its consensus still to come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leadbridge.domain.buying.stages import BuyingStage, Coverage, coverage
from leadbridge.domain.facts import Interacted
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.interaction import Interaction
from leadbridge.domain.show import html_table
from leadbridge.errors import ConfigError

__all__ = ["BuyingGroup", "GroupEntry", "Member"]


@dataclass(frozen=True, slots=True)
class Member:
    """One lead of the group: its buying role and present buying stage, ``None`` where nobody knows."""

    lead: str
    role: str | None
    buying_stage: str | None


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """From ``since`` on the group stood in ``buying_stage``, as ``lead`` did; ``inferred`` as that lead's entry."""

    buying_stage: str
    since: datetime
    lead: str
    inferred: bool


@dataclass(frozen=True, slots=True)
class BuyingGroup:
    """Who decides about an opportunity, where they stand, and who of both functions was with them.

    Attributes:
        opportunity: its id in the ledger.
        stages: the ids of the buying stages, in the order of the agreement.
        wanted: the buying roles of the target market.
        entries: the group's buying stage over time, the latest last.
        coverage: interactions of all members by buying stage and function.
    """

    opportunity: str
    members: tuple[Member, ...]
    stages: tuple[str, ...]
    wanted: tuple[str, ...]
    entries: tuple[GroupEntry, ...]
    coverage: Coverage

    @classmethod
    def of(
        cls,
        opportunity: str,
        histories: Iterable[LeadHistory],
        stages: Sequence[BuyingStage],
        *,
        roles: Mapping[str, str | None] | None = None,
        wanted: Sequence[str] = (),
        functions: Sequence[str] = ("marketing", "sales"),
    ) -> BuyingGroup:
        """The group of an opportunity.

        Args:
            opportunity: its id in the ledger.
            histories: of any leads; those without this opportunity are left out.
            stages: the buying stages of the agreement, in order.
            roles: lead id to its buying role, where it is known.
            wanted: the buying roles that a complete group has.
            functions: those that belong in every stage.

        Raises:
            ConfigError: when no lead takes part in the opportunity.
        """
        mine = [one for one in histories if any(trail.id == opportunity for trail in one.opportunities)]
        if not mine:
            raise ConfigError(f"no lead takes part in the opportunity {opportunity}: give the id that the ledger has")
        known = roles or {}
        touches = [_placed(touch.fact, touch.buying_stage) for one in mine for touch in one.touches]
        return cls(
            opportunity=opportunity,
            members=tuple(Member(one.lead, known.get(one.lead), one.buying_stage) for one in mine),
            stages=tuple(stage.id for stage in stages),
            wanted=tuple(wanted),
            entries=_entries(mine, [stage.id for stage in stages]),
            coverage=coverage(touches, stages, functions),
        )

    @property
    def buying_stage(self) -> str | None:
        """Where the group stands: the furthest present stage of any member; ``None`` when nobody's is known."""
        known = [member.buying_stage for member in self.members if member.buying_stage in self.stages]
        return max(known, key=lambda stage: self.stages.index(stage or ""), default=None)

    @property
    def spread(self) -> int | None:
        """How many stages lie between the furthest and the least far member; ``None`` when fewer than two are known."""
        places = [self.stages.index(m.buying_stage) for m in self.members if m.buying_stage in self.stages]
        return max(places) - min(places) if len(places) > 1 else None

    @property
    def missing_roles(self) -> tuple[str, ...]:
        """The wanted buying roles that no member is known to have."""
        there = {member.role for member in self.members}
        return tuple(role for role in self.wanted if role not in there)

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that were in touch with the group."""
        met = self.coverage
        return tuple(name for name in met.functions if any(met.count(stage, name) for stage in met.stages))

    def mix(self, stage: str) -> float | None:
        """The person-to-person share of the interactions in a buying stage; ``None`` when there are none."""
        return self.coverage.mix(stage)

    def _repr_html_(self) -> str:
        rows = [(member.lead, member.role, member.buying_stage) for member in self.members]
        return html_table(f"Buying group of {self.opportunity}", ("lead", "buying role", "buying stage"), rows)


def _placed(fact: Interacted, stage: str | None) -> Interaction:
    """The interaction in the stage in which its lead stood at that moment."""
    return Interaction.of(fact).model_copy(update={"buying_stage": stage})


def _entries(histories: Sequence[LeadHistory], stages: Sequence[str]) -> tuple[GroupEntry, ...]:
    """The group's stage after every move of a member, where it changed."""
    moves = sorted(
        ((entry.since, one.lead, entry) for one in histories for entry in one.buying_stages),
        key=lambda move: (move[0], move[1]),
    )
    standing: dict[str, str] = {}
    inferred: dict[str, bool] = {}
    found: list[GroupEntry] = []
    for since, lead, entry in moves:
        if entry.buying_stage not in stages:
            continue
        standing[lead], inferred[lead] = entry.buying_stage, entry.inferred
        leader = max(standing, key=lambda name: (stages.index(standing[name]), name == lead))
        if not found or found[-1].buying_stage != standing[leader]:
            found.append(GroupEntry(standing[leader], since, leader, inferred[leader]))
    return tuple(found)
