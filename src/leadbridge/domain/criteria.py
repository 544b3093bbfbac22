"""Definitions made computable: criteria judged for one lead, with the evidence for each, and what is missing.

The expressions are described in :mod:`leadbridge.domain.rules`. A criterion that cannot be decided because information
is missing is *unknown*: neither met nor failed, and it says what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import Field

from leadbridge.clock import parse_iso
from leadbridge.domain.company import domain_of
from leadbridge.domain.interaction import Interaction
from leadbridge.domain.lead import COMPANY_FIELDS
from leadbridge.domain.model import Frozen, Id, listing
from leadbridge.domain.rules import PROFILE_TYPES, WINDOW, CriteriaError, FieldType, Rule, compile_rule
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
        seen = {name: values.get(name) for name in rule.names}
        if outcome is None:
            lacking = tuple(name for name, value in seen.items() if value is None)
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


def profile(
    fields: Mapping[str, object],
    interactions: Iterable[Interaction] | None = None,
    *,
    wanted: Iterable[str],
    types: Mapping[str, FieldType] = PROFILE_TYPES,
    at: datetime | None = None,
) -> dict[str, object]:
    """The values that criteria look at, from a lead's flat canonical fields.

    Args:
        fields: flat canonical fields (``company``, ``employees``, ``email`` ...).
        interactions: of this lead; ``None`` when they are not known, so that what counts them stays unknown.
        wanted: the profile names to fill, such as ``Rule.fields``.
        types: the type of each name; what cannot be read as its type is left out.
        at: the instant that ``last_<n>d`` looks back from.
    """
    touches = None if interactions is None else list(interactions)
    values: dict[str, object] = {}
    for name in wanted:
        window = WINDOW.fullmatch(name)
        if window is not None:
            if touches is not None and at is not None:
                values[name] = _count(touches, int(window[1]), window[2], at)
            continue
        value = fields.get(_FLAT.get(name, name.removeprefix("lead.")))
        if name == "company.domain" and value is not None:
            value = domain_of(str(value))
        if value is not None:
            values[name] = _typed(value, types.get(name, "text"))
    return values


_FLAT = {f"company.{part}": name for name, part in COMPANY_FIELDS.items()} | {
    "company.country": "country",
    "company.region": "region",
}


def _count(touches: Sequence[Interaction], days: int, kind: str, at: datetime) -> int:
    since = at - timedelta(days=days)
    return sum(1 for touch in touches if since < touch.at <= at and kind in (touch.nature, touch.direction, "any"))


def _typed(value: object, type_: FieldType) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if type_ == "text":
        return value if text else None
    try:
        if type_ == "number":
            return float(text)
        if type_ == "instant":
            return parse_iso(text)
    except ValueError:
        return None
    return {"true": True, "false": False}.get(text.lower())
