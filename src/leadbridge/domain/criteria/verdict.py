"""Definitions made computable: criteria judged for one lead, with the evidence for each, and what is missing.

The expressions are described in :mod:`leadbridge.domain.criteria.rules`. A criterion that cannot be decided because
information is missing is *unknown*: neither met nor failed, and it says what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pydantic import Field

from leadbridge.domain.criteria.names import PROFILE_TYPES, CriteriaError
from leadbridge.domain.criteria.profile import profile
from leadbridge.domain.criteria.rules import FieldType, Rule, compile_rule
from leadbridge.domain.model import Frozen, Id, listing
from leadbridge.domain.show import html_table, mask

__all__ = [
    "PROFILE_TYPES",
    "CriteriaError",
    "Criterion",
    "Evidence",
    "FieldType",
    "Rule",
    "Verdict",
    "compile_rule",
    "judge",
    "profile",
]


class Criterion(Frozen):
    """One condition of a definition: ``when`` is the expression, ``why`` says in words what it is for."""

    id: Id
    when: str = Field(min_length=1)
    why: str = ""


class Evidence(NamedTuple):
    """What one criterion came to, and the values that it looked at."""

    criterion: str
    outcome: Literal["met", "failed", "unknown"]
    when: str
    why: str
    values: Mapping[str, object]
    missing: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Evidence({self.criterion!r}, {self.outcome!r}, missing={self.missing!r})"

    def __str__(self) -> str:
        seen = ", ".join(f"{name} is {mask(name, value)}" for name, value in self.values.items() if value is not None)
        said = f"{self.criterion}: {self.why or self.when}"
        if self.outcome == "unknown":
            return (
                f"unknown, because {listing(self.missing)} {'is' if len(self.missing) == 1 else 'are'} missing: {said}"
            )
        return f"{self.outcome}: {said}{f' ({seen})' if seen else ''}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a lead meets a definition.

    Attributes:
        ok: true when all criteria are met, false when one failed, ``None`` when it depends on what is missing.
        met, failed, unknown: criteria by outcome.
        evidence: one entry a criterion, in the order of the agreement.
        missing: the fields that would settle the unknown criteria.
    """

    definition: str
    ok: bool | None
    met: tuple[str, ...]
    failed: tuple[str, ...]
    unknown: tuple[str, ...]
    evidence: tuple[Evidence, ...] = field(repr=False)
    missing: tuple[str, ...]

    def __str__(self) -> str:
        word = {True: "yes", False: "no", None: "cannot be said yet"}[self.ok]
        return "\n".join([f"{self.definition}: {word}", *(f"  {entry}" for entry in self.evidence)])

    def _repr_html_(self) -> str:
        rows = [
            (
                entry.criterion,
                entry.outcome,
                entry.why or entry.when,
                ", ".join(f"{name} = {mask(name, value)}" for name, value in entry.values.items() if value is not None)
                or f"missing: {listing(entry.missing)}",
            )
            for entry in self.evidence
        ]
        word = {True: "yes", False: "no", None: "cannot be said yet"}[self.ok]
        return html_table(f"{self.definition}: {word}", ("criterion", "outcome", "what", "evidence"), rows)


def judge(definition: str, criteria: Sequence[tuple[Criterion, Rule]], values: Mapping[str, object]) -> Verdict:
    """Judges one lead.

    Args:
        definition: the name of what is judged.
        criteria: each with its compiled rule.
        values: the lead's profile, see :func:`profile`.
    """
    met: list[str] = []
    failed: list[str] = []
    unknown: list[str] = []
    missing: dict[str, None] = {}
    evidence: list[Evidence] = []
    for criterion, rule in criteria:
        outcome = rule.evaluate(values)
        seen = rule.seen(values) if rule.derived else {name: values.get(name) for name in rule.shown}
        if outcome is None:
            lacking = rule.lacking(values)
            missing.update(dict.fromkeys(lacking))
            unknown.append(criterion.id)
            evidence.append(Evidence(criterion.id, "unknown", criterion.when, criterion.why, seen, lacking))
        elif outcome:
            met.append(criterion.id)
            evidence.append(Evidence(criterion.id, "met", criterion.when, criterion.why, seen))
        else:
            failed.append(criterion.id)
            evidence.append(Evidence(criterion.id, "failed", criterion.when, criterion.why, seen))
    ok = False if failed else None if unknown else True
    return Verdict(definition, ok, tuple(met), tuple(failed), tuple(unknown), tuple(evidence), tuple(missing))
