"""Published lists of reasons as crosswalks: what each value of somebody's picklist means in our reasons.

A value is looked up exactly, then by its exact label; never by likeness. In a real list of dispositions a label that
read like a loss converted 171 of 175 times, so what nobody has mapped is reported with its count and stays unmapped.

>>> picklist("gitlab_recycle").reason_of("No Budget")
'no_budget'
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydantic import Field, TypeAdapter, model_validator

from leadbridge.agreement.reading import read_yaml
from leadbridge.domain.facts import DECISIONS
from leadbridge.domain.model import Frozen, Id, did_you_mean, listing
from leadbridge.domain.reasons import Outcome
from leadbridge.domain.show import html_table
from leadbridge.errors import ConfigError, Problem

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["CrosswalkReport", "Meaning", "ReasonCrosswalk", "picklist", "picklists"]


class Meaning(Frozen):
    """What one value means: a reason, or ``unmapped`` and why.

    Attributes:
        reason: the code of a reason; ``None`` when the value has no fair counterpart.
        decision: what the reason explains here, when it is not the decision of the list.
        label: what people see, when that is not the value itself.
        unmapped: why it has no reason.
    """

    reason: Id | None = None
    decision: Outcome | None = None
    label: str = ""
    unmapped: str = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> Meaning:
        if (self.reason is None) != bool(self.unmapped):
            raise ValueError("a value has either a reason, or says under unmapped why it has none")
        return self


class ReasonCrosswalk(Frozen):
    """What the values of one picklist mean.

    Attributes:
        source: where the list is published.
        decision: what its reasons explain; ``None`` when the list does not say.
        values: value as the system stores it → what it means.
    """

    id: Id
    source: str = ""
    decision: Outcome | None = None
    values: dict[str, Meaning] = Field(min_length=1)

    @classmethod
    def of(cls, agreement: Agreement, system: str, kind: str, field: str) -> ReasonCrosswalk:
        """The crosswalk that an agreement itself holds for a field of a CRM.

        Raises:
            ConfigError: when the agreement maps no reasons there.
        """
        crosswalk = agreement.crosswalks.get(system, {}).get(kind)
        table = crosswalk.values.get(field, {}) if crosswalk is not None else {}
        values = {value: Meaning(reason=axes["reason"]) for value, axes in table.items() if "reason" in axes}
        if not values:
            raise ConfigError(
                f"the agreement maps no reasons in {system} {kind}.{field}: "
                f"add them under crosswalks.{system}.{kind}.values.{field}"
            )
        return cls(id=field, source=f"{agreement.name}, {system} {kind}.{field}", values=values)

    def meaning(self, value: str) -> Meaning | None:
        """What is written about a value, looked up by the value itself and then by its label; ``None`` when nothing.

        A label that two values share means neither of them.
        """
        if value in self.values:
            return self.values[value]
        labelled = [meaning for meaning in self.values.values() if meaning.label and meaning.label == value]
        return labelled[0] if len(labelled) == 1 else None

    def reason_of(self, value: str) -> str | None:
        """The code that a value stands for; ``None`` when it has none, or nobody mapped it. Never guessed."""
        found = self.meaning(value)
        return found.reason if found is not None else None

    def decision_of(self, value: str) -> Outcome | None:
        """The decision that a mapped value explains; ``None`` when it is not mapped, or the list does not say."""
        found = self.meaning(value)
        return (found.decision or self.decision) if found is not None and found.reason is not None else None

    @property
    def unmapped(self) -> Mapping[str, str]:
        """The values without a fair counterpart, each with why."""
        return {value: meaning.unmapped for value, meaning in self.values.items() if meaning.reason is None}

    def apply(self, values: Iterable[str | None] | Mapping[str, int]) -> CrosswalkReport:
        """Translates many values and counts what could not be.

        Args:
            values: one a record, blanks included; or counts by value.
        """
        counted = Counter(values) if isinstance(values, Mapping) else Counter(value or "" for value in values)
        blank = counted.pop("", 0)
        mapped: Counter[str] = Counter()
        left: dict[str, int] = {}
        why: dict[str, str] = {}
        for value, count in counted.most_common():
            found = self.meaning(value)
            if found is not None and found.reason is not None:
                mapped[found.reason] += count
            else:
                left[value] = count
                why[value] = found.unmapped if found is not None else "nobody mapped it"
        return CrosswalkReport(self.id, dict(mapped.most_common()), left, why, blank)

    def check(self, agreement: Agreement) -> tuple[Problem, ...]:
        """What does not fit an agreement: codes that it lacks, and decisions that a reason does not explain there."""
        found: list[Problem] = []
        for value, meaning in self.values.items():
            if meaning.reason is None:
                continue
            reason = agreement.reasons.get(meaning.reason)
            decision = self.decision_of(value)
            if reason is None:
                found.append(
                    Problem(
                        f"{value!r} means {meaning.reason}, which the agreement does not have",
                        "add it under reasons.add, or map the value otherwise: "
                        f"{did_you_mean(meaning.reason, agreement.reasons)}",
                        f"{self.id}.{value}",
                    )
                )
            elif decision is not None and decision not in reason.allowed_decisions:
                found.append(
                    Problem(
                        f"{value!r} means {meaning.reason}, which does not explain the decision {decision}",
                        f"map it to one of {listing(agreement.reasons.explaining(decision), limit=40)}, or allow the "
                        f"decision under reasons.override.{meaning.reason}",
                        f"{self.id}.{value}",
                    )
                )
        return tuple(found)

    def to_values(self, *, decisions: bool = False) -> dict[str, dict[str, str]]:
        """The mapped values as they stand in an agreement, under ``crosswalks.<system>.<kind>.values.<field>``.

        Args:
            decisions: name the decision of each value, too, for CRMs whose status does not tell it. A reason for losing
                an opportunity names none.
        """
        table: dict[str, dict[str, str]] = {}
        for value, meaning in self.values.items():
            if meaning.reason is not None:
                decision = self.decision_of(value)
                # A lost opportunity is no answer to an offer, so there is no decision to name.
                told: dict[str, str] = {"decision": decision} if decisions and decision in DECISIONS else {}
                table[value] = {"reason": meaning.reason, **told}
        return table

    def __str__(self) -> str:
        lines = [f"{self.id}: {self.source}" if self.source else self.id]
        for value, meaning in self.values.items():
            lines.append(f"  {value}: {meaning.reason or f'(unmapped: {meaning.unmapped})'}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = ((value, m.reason or "", self.decision_of(value) or "", m.unmapped) for value, m in self.values.items())
        return html_table(f"{self.id}: {self.source}", ("value", "reason", "decision", "why unmapped"), rows)


@dataclass(frozen=True, slots=True)
class CrosswalkReport:
    """What a crosswalk made of many values.

    Attributes:
        mapped: how often each reason came out, the most frequent first.
        unmapped: value → how often it stands there without a reason.
        why: for each unmapped value, why it has none.
        blank: records without any value.
    """

    picklist: str
    mapped: Mapping[str, int]
    unmapped: Mapping[str, int]
    why: Mapping[str, str]
    blank: int = 0

    @property
    def given(self) -> int:
        """Records that carry a value."""
        return sum(self.mapped.values()) + sum(self.unmapped.values())

    @property
    def coverage(self) -> float | None:
        """The share of the given values that have a reason; ``None`` when no value was given."""
        return sum(self.mapped.values()) / self.given if self.given else None

    def __str__(self) -> str:
        if self.coverage is None:
            return f"{self.picklist}: no values were given, so coverage cannot be told"
        known = sum(self.mapped.values())
        lines = [f"{self.picklist}: {known:,} of {self.given:,} values have a reason ({self.coverage:.1%})"]
        lines += [f"  {code}: {count:,}" for code, count in self.mapped.items()]
        lines += [f"  unmapped {value!r}: {count:,} ({self.why[value]})" for value, count in self.unmapped.items()]
        if self.blank:
            lines.append(f"  blank: {self.blank:,}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows: list[tuple[str, str, str]] = [(code, f"{count:,}", "") for code, count in self.mapped.items()]
        rows += [(f"unmapped: {value}", f"{count:,}", self.why[value]) for value, count in self.unmapped.items()]
        share = "no values" if self.coverage is None else f"{self.coverage:.1%} mapped"
        return html_table(f"{self.picklist}: {share}", ("reason or value", "records", "why"), rows)


@lru_cache(maxsize=1)
def picklists() -> Mapping[str, ReasonCrosswalk]:
    """Every published list that comes with leadbridge, by id."""
    text = files("leadbridge.agreement.presets").joinpath("picklists.yaml").read_text(encoding="utf-8")
    value, _, _ = read_yaml(text)
    return MappingProxyType({one.id: one for one in TypeAdapter(tuple[ReasonCrosswalk, ...]).validate_python(value)})


def picklist(name: str) -> ReasonCrosswalk:
    """A published list by its id, such as ``gitlab_recycle``.

    Raises:
        ConfigError: for an unknown id, with the nearest one.
    """
    known = picklists()
    if name not in known:
        raise ConfigError(f"unknown picklist {name}: {did_you_mean(name, known)}")
    return known[name]
