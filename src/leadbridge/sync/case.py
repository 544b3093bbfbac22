"""What a decision about one lead is made from, and what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from leadbridge.adapter import Fields, Record, Ref, Value
from leadbridge.agreement import Agreement, Agreements
from leadbridge.agreement.policies import Comparison
from leadbridge.domain.facts import Fact
from leadbridge.frozen import quick
from leadbridge.mapping import ConnectionMapping, KindMapping
from leadbridge.store import Conflict, Intent, Link, Quarantined
from leadbridge.sync.merge import Rule

__all__ = ["Case", "Joined", "Outcome", "Related", "Rules", "Side"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What stays the same for all leads of a round: the agreement, the mappings by connection, and the time.

    ``agreement`` is the version that decides now; ``versions`` are all of them, for what happened earlier.
    """

    agreement: Agreement
    mappings: Mapping[str, ConnectionMapping]
    now: datetime
    versions: Agreements | None = None
    _settled: dict[tuple[object, ...], Rule] = field(default_factory=dict, init=False, repr=False, compare=False)

    def ruling(self, name: str, stage: str | None, comparison: Comparison | None) -> Rule:
        """The rule of a field for leads in a stage, worked out once.

        Args:
            name: the canonical field.
            stage: where the lead is.
            comparison: how values are compared unless the agreement says so.
        """
        key = (name, stage, comparison)
        if key not in self._settled:
            policy = self.agreement.field_policy(name)
            ruling = policy.ruling(stage, self.agreement.lifecycle)
            winner = next((name for name, mapping in self.mappings.items() if mapping.function == ruling.winner), "")
            self._settled[key] = Rule(ruling.policy, winner, policy.clear, policy.compare or comparison)
        return self._settled[key]

    @property
    def series(self) -> Agreements:
        """All versions; without any others, the one that decides."""
        return self.versions if self.versions is not None else Agreements.of(self.agreement)

    def version_at(self, when: datetime) -> int:
        """The version of the agreement that was in force when something happened."""
        return self.agreement.version if self.versions is None else self.versions.judging(when).version


@quick
@dataclass(frozen=True, slots=True)
class Side:
    """A lead in one connection.

    Attributes:
        kind: the kind of its record.
        record: its record as last seen.
        values: what the record says in canonical names.
        base: what it said when the sides last agreed; ``None`` when they never did.
        how: how the record was recognised, when that happened in this round.
    """

    mapping: ConnectionMapping
    kind: KindMapping
    record: Record
    values: Mapping[str, Value] = field(repr=False)
    base: Mapping[str, Value] | None = field(repr=False, default=None)
    how: str = ""

    @property
    def connection(self) -> str:
        return self.mapping.connection

    @property
    def function(self) -> str:
        return self.mapping.function

    def says(self, name: str, value: Value) -> bool:
        """Whether the record holds just what would be written into it for a value; a blank says nothing."""
        return value not in (None, "") and self.kind.holds(name, value, self.record.fields)

    def changed(self, name: str) -> bool:
        """Whether this side says something else than when the sides last agreed (or says it for the first time)."""
        if self.base is None or name not in self.base:
            return self.values.get(name) is not None
        return self.values.get(name) != self.base[name]


@quick
@dataclass(frozen=True, slots=True)
class Related:
    """A record that belongs to a lead without standing for it: an opportunity, an interaction, a piece of work."""

    mapping: ConnectionMapping
    kind: KindMapping
    record: Record
    values: Mapping[str, Value] = field(repr=False, default_factory=dict)

    @property
    def connection(self) -> str:
        return self.mapping.connection


@quick
@dataclass(frozen=True, slots=True)
class Joined:
    """Another lead whose record took the place of one of this lead: both are one person.

    Attributes:
        lead: the other one, which goes on.
        record: its record.
        opted_out: whether the person opted out there.
    """

    lead: str
    record: tuple[str, Ref]
    opted_out: bool


@quick
@dataclass(frozen=True, slots=True)
class Case:
    """Everything known about one lead, gathered for a decision.

    Attributes:
        facts: what is known already, in the order of recording.
        sides: its records by connection; a connection without a live record is missing.
        gone: connections in which its record was deleted: it is never made again there.
        related: its opportunities, interactions and pieces of work that changed.
        refused: fingerprints of writes that a CRM refused and that would be refused again.
        written: what was written lately, by (connection, field of the CRM), one value a write.
        said_at: when a side said what it says of a field, by (connection, canonical name), where the CRM was asked.
        links: links that change because of that.
        relations: records that were found to belong to the lead.
        moved: records of the lead that were converted, merged or deleted, by connection.
        joined: leads whose record took the place of one of this lead.
        absorbed: records of nobody that were merged into one of this lead, by connection.
    """

    lead: str
    sides: Mapping[str, Side]
    facts: tuple[Fact, ...] = ()
    gone: frozenset[str] = frozenset()
    related: tuple[Related, ...] = ()
    refused: frozenset[str] = frozenset()
    written: Mapping[tuple[str, str], tuple[Value, ...]] = field(repr=False, default_factory=dict)
    said_at: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    moved: tuple[tuple[str, Record], ...] = ()
    joined: tuple[Joined, ...] = ()
    absorbed: tuple[tuple[str, Record], ...] = ()
    links: tuple[Link, ...] = ()
    relations: tuple[tuple[str, Ref, str], ...] = ()


@dataclass(slots=True)
class Outcome:
    """What was decided about one lead: stored in one transaction, or shown in a plan and forgotten.

    ``intents`` have no keys yet; those of one tuple follow one another. ``left_out`` says why a lead stays where it is.
    ``unsettled`` names what a side says, by connection, that could not be understood yet: it stays news.
    ``partial``: the rest of what was decided was left out on purpose and stays undecided.
    ``elsewhere`` are facts about other leads that follow, each with the record to decide about because of it.
    """

    lead: str
    facts: list[Fact] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    relations: list[tuple[str, Ref, str]] = field(default_factory=list)
    bases: dict[str, Fields] = field(default_factory=dict)
    intents: list[tuple[Intent, ...]] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    quarantine: list[Quarantined] = field(default_factory=list)
    unsettled: dict[str, set[str]] = field(default_factory=dict)
    timer: datetime | None = None
    elsewhere: list[tuple[Fact, tuple[str, Ref]]] = field(default_factory=list)
    partial: bool = False
    left_out: str = ""
