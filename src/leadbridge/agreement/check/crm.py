"""The checks of what an agreement says about CRMs: systems, precedence, crosswalks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, TypeAlias

from leadbridge.agreement.crosswalk import AXES, BY_REASON, CANONICAL_FIELDS, KindCrosswalk
from leadbridge.agreement.reading import Path
from leadbridge.domain.criteria import CriteriaError
from leadbridge.domain.facts import DECISIONS
from leadbridge.domain.lead import LEAD_FIELDS
from leadbridge.domain.model import did_you_mean
from leadbridge.errors import Problem

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["crosswalk_problems", "sync_problems"]

_Found: TypeAlias = Iterator[tuple[Path, Problem]]


def sync_problems(agreement: Agreement) -> _Found:
    """The inclusion rule, the systems, and who wins."""
    rules = agreement.sync
    if rules.include is not None:
        try:
            agreement.rule(rules.include)
        except CriteriaError as error:
            yield ("sync", "include"), Problem(error.message, error.remedy)
    systems = list(rules.systems.values())
    if len(systems) > 2:
        yield ("sync", "systems"), Problem("a bridge joins at most two systems", "keep two of them")
    for function, system in rules.systems.items():
        if systems.count(system) > 1 and list(rules.systems).index(function) != systems.index(system):
            yield (
                ("sync", "systems", function),
                Problem(f"{system} is the system of two functions", "name another system, or remove one line"),
            )
    fields = [*LEAD_FIELDS, *agreement.attributes, *CANONICAL_FIELDS["opportunity"]]
    for name, policy in rules.fields.items():
        here: Path = ("sync", "fields", name)
        if name not in fields:
            yield here, Problem(f"unknown field {name}", did_you_mean(name, dict.fromkeys(fields)))
        if policy.policy == "owner" and policy.owner is None:
            yield here, Problem("the policy owner names no owner", f"add owner: {agreement.functions[0]}")
        if policy.owner is not None and policy.owner not in agreement.functions:
            yield (
                (*here, "owner"),
                Problem(f"unknown function {policy.owner}", did_you_mean(policy.owner, agreement.functions)),
            )
        for stage, function in policy.from_stage.items():
            there: Path = (*here, "from_stage", stage)
            if stage not in agreement.lifecycle.ids:
                yield there, Problem(f"unknown stage {stage}", did_you_mean(stage, agreement.lifecycle.ids))
            if function not in agreement.functions:
                yield there, Problem(f"unknown function {function}", did_you_mean(function, agreement.functions))


def crosswalk_problems(agreement: Agreement) -> _Found:
    """Every name on our side of a crosswalk exists; no field of a CRM stands for two things."""
    known = list(agreement.sync.systems.values())
    for system, kinds in agreement.crosswalks.items():
        if known and system not in known:
            yield ("crosswalks", system), Problem(f"{system} is the system of no function", did_you_mean(system, known))
        creating = [kind for kind, spec in kinds.items() if spec.create]
        for kind in creating[1:]:
            yield (
                ("crosswalks", system, kind, "create"),
                Problem(f"new leads are created as {creating[0]} already", "keep create: true in one kind"),
            )
        for kind, spec in kinds.items():
            yield from _kind(agreement, ("crosswalks", system, kind), spec)


def _kind(agreement: Agreement, here: Path, spec: KindCrosswalk) -> _Found:
    # Without `as`, the adapter's default says what the kind is: then any canonical name may be right.
    kinds = [spec.as_] if spec.as_ is not None else list(CANONICAL_FIELDS)
    names = list(dict.fromkeys(name for kind in kinds for name in CANONICAL_FIELDS[kind]))
    if spec.as_ in (None, "lead"):
        names += list(agreement.attributes)
    used: dict[str, str] = {}
    for section, pairs in (("fields", spec.fields), ("constants", spec.constants)):
        for name, crm in pairs.items():
            if name not in names:
                remedy = did_you_mean(name, names)
                if spec.as_ in (None, "lead"):
                    remedy += "; or declare it under attributes"
                yield (*here, section, name), Problem(f"unknown field {name}", remedy)
            if section == "fields":
                if crm in used:
                    yield (
                        (*here, section, name),
                        Problem(f"{crm} already stands for {used[crm]}", "map each field of the CRM once"),
                    )
                used.setdefault(crm, name)
    for name in spec.requires:
        yield from _unknown((*here, "requires"), name, names)
    for stage in spec.stage_dates:
        yield from _unknown((*here, "stage_dates", stage), stage, agreement.lifecycle.ids, "stage")
    yield from _detours(agreement, (*here, "detours"), spec)
    if spec.create and spec.as_ not in (None, "lead"):
        yield (*here, "create"), Problem(f"a {spec.as_} is no lead", "create leads in a kind with as: lead")
    closed = {
        "stage": agreement.lifecycle.ids,
        "status": agreement.statuses,
        "decision": (*DECISIONS, BY_REASON),
        "reason": tuple(agreement.reasons),
        "buying_stage": tuple(stage.id for stage in agreement.buying_stages),
    }
    for field, table in spec.values.items():
        for value, meaning in table.items():
            for axis, name in meaning.items():
                place: Path = (*here, "values", field, value, axis)
                if axis in closed and name not in closed[axis]:
                    yield place, Problem(f"unknown {axis.replace('_', ' ')} {name}", did_you_mean(name, closed[axis]))
                elif axis not in closed and axis not in names:
                    yield place, Problem(f"unknown axis {axis}", did_you_mean(axis, [*AXES, *names]))


def _unknown(here: Path, name: str, known: Collection[str], what: str = "field") -> _Found:
    if name not in known:
        yield here, Problem(f"unknown {what} {name}", did_you_mean(name, known))


def _detours(agreement: Agreement, here: Path, spec: KindCrosswalk) -> _Found:
    lifecycle = agreement.lifecycle
    for detour, stage in spec.detours.items():
        if detour not in lifecycle.detours:
            yield (*here, detour), Problem(f"{detour} is no detour", did_you_mean(detour, tuple(lifecycle.detours)))
        if stage not in lifecycle.ids:
            yield (*here, detour), Problem(f"unknown stage {stage}", did_you_mean(stage, lifecycle.ids))
