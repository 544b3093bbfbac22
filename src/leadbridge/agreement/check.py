"""Does an agreement hold together? Names that must exist, criteria that must compile, paths that lead somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from leadbridge.agreement.checks_content import content_problems
from leadbridge.agreement.checks_crm import crosswalk_problems, sync_problems
from leadbridge.agreement.finding import Found, twice, unknown
from leadbridge.agreement.reading import Path
from leadbridge.domain.buying import BUYING_PRESETS
from leadbridge.domain.criteria import CriteriaError, Criterion
from leadbridge.domain.frameworks import FRAMEWORKS
from leadbridge.domain.lead import LEAD_FIELDS
from leadbridge.domain.lifecycle import find_faults
from leadbridge.domain.model import listing
from leadbridge.errors import Problem

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["find_problems", "lint"]


def find_problems(agreement: Agreement, broken: frozenset[str]) -> list[tuple[Path, Problem]]:
    """Everything that does not fit together, with the place in the document.

    Args:
        broken: top-level keys that were set aside; what depends on them is not checked.
    """
    found: list[tuple[Path, Problem]] = []
    for needs, check in _FOUNDATIONS:
        if not broken & set(needs):
            problems = list(check(agreement))
            found += problems
            if problems:
                broken |= {needs[0]}
    for needs, check in _CHECKS:
        if not broken & set(needs):
            found += check(agreement)
    return found


def _one_of(terms: object, preset: str | None, stages: Sequence[object], presets: Iterable[str], section: str) -> Found:
    if preset is not None and stages:
        yield (section, "stages"), Problem("both a preset and stages are given", "keep one of the two")
    elif preset is None and not stages:
        yield (
            (section,),
            Problem("neither a preset nor stages are given", f"add preset: ({listing(presets)}) or stages"),
        )
    elif preset is not None and preset not in presets:
        yield (section, "preset"), unknown("preset", preset, presets)


def _lifecycle(agreement: Agreement) -> Found:
    terms = agreement.lifecycle_terms
    yield from _one_of(terms, terms.preset, terms.stages, FRAMEWORKS, "lifecycle")
    if terms.preset is None and terms.stages:
        for fault in find_faults(terms.stages, terms.success_path, terms.detours):
            parts = (int(part) if part.isdigit() else part for part in fault.path.split("."))
            yield ("lifecycle", *parts), fault
    elif terms.preset is not None and (terms.success_path or terms.detours):
        yield (
            ("lifecycle",),
            Problem("a preset brings its own path and detours", "remove them, or list stages instead of the preset"),
        )


def _buying(agreement: Agreement) -> Found:
    terms = agreement.buying_terms
    yield from _one_of(terms, terms.preset, terms.stages, BUYING_PRESETS, "buying_stages")
    stages = BUYING_PRESETS.get(terms.preset, ()) if terms.preset is not None else terms.stages
    names = [stage.id for stage in stages]
    yield from twice(names, ("buying_stages", "stages"), "buying stage")
    if not names:
        return
    for name in terms.evidence:
        if name not in names:
            yield ("buying_stages", "evidence", name), unknown("buying stage", name, names)


def _reasons(agreement: Agreement) -> Found:
    from leadbridge.agreement.presets import REASON_PRESETS, reason_preset

    terms = agreement.reason_terms
    if terms.preset is not None and terms.preset not in REASON_PRESETS:
        yield ("reasons", "preset"), unknown("preset", terms.preset, REASON_PRESETS)
        return
    base = [reason.code for reason in reason_preset(terms.preset)] if terms.preset is not None else []
    added = [reason.code for reason in terms.add]
    yield from twice(added, ("reasons", "add"), "reason")
    for index, code in enumerate(added):
        if code in base:
            yield (
                ("reasons", "add", index, "code"),
                Problem(f"the preset has the reason {code} already", "change it under reasons.override"),
            )
    for code in terms.override:
        if code not in base and code not in added:
            yield ("reasons", "override", code), unknown("reason", code, [*base, *added])
    for index, code in enumerate(terms.remove):
        if code not in base:
            yield ("reasons", "remove", index), unknown("reason", code, base)
    added_other: list[tuple[Path, bool | None]] = [
        (("reasons", "add", i), r.needs_note) for i, r in enumerate(terms.add) if r.code == "other"
    ]
    changed_other: list[tuple[Path, bool | None]] = [
        (("reasons", "override", c), o.needs_note) for c, o in terms.override.items() if c == "other"
    ]
    for place, needs_note in (*added_other, *changed_other):
        if needs_note is False:
            remedy = "keep needs_note: true for it"
            yield (*place, "needs_note"), Problem("the reason other says nothing by itself", remedy)


def _definitions(agreement: Agreement) -> Found:
    for name, definition in agreement.definitions.items():
        yield from _criteria(agreement, definition.criteria, ("definitions", name, "criteria"))


def _market(agreement: Agreement) -> Found:
    yield from _criteria(agreement, agreement.target_market.companies, ("target_market", "companies"))
    yield from twice([role.id for role in agreement.target_market.roles], ("target_market", "roles"), "role")


def _criteria(agreement: Agreement, criteria: Sequence[Criterion], path: Path) -> Found:
    yield from twice([criterion.id for criterion in criteria], path, "criterion")
    for index, criterion in enumerate(criteria):
        try:
            agreement.rule(criterion.when)
        except CriteriaError as error:
            yield (*path, index, "when"), Problem(error.message, error.remedy)


def _attributes(agreement: Agreement) -> Found:
    for name in agreement.attributes:
        if name in LEAD_FIELDS:
            yield ("attributes", name), Problem(f"{name} is a field of every lead already", "remove it here")


def _handoff(agreement: Agreement) -> Found:
    terms = agreement.handoff
    if terms.from_ == terms.to:
        yield (
            ("handoff", "to"),
            Problem("a function hands leads over to itself", "name two functions, such as marketing and sales"),
        )
    if terms.at not in agreement.lifecycle.ids:
        yield ("handoff", "at"), unknown("stage", terms.at, agreement.lifecycle.ids)
    fields = [*LEAD_FIELDS, *agreement.attributes]
    for part, names in (("required", terms.package.required), ("optional", terms.package.optional)):
        for index, name in enumerate(names):
            if name not in fields:
                yield ("handoff", "package", part, index), unknown("field", name, fields)


def _handoff_definition(agreement: Agreement) -> Found:
    name = agreement.handoff.definition
    if name is not None and name not in agreement.definitions:
        yield ("handoff", "definition"), unknown("definition", name, agreement.definitions)


def _slas(agreement: Agreement) -> Found:
    yield from twice([policy.id for policy in agreement.slas], ("slas",), "policy")
    for index, policy in enumerate(agreement.slas):
        here: Path = ("slas", index)
        if policy.duty_of not in agreement.functions:
            yield (*here, "duty_of"), unknown("function", policy.duty_of, agreement.functions)
        if policy.calendar is not None and policy.calendar not in agreement.calendars:
            yield (*here, "calendar"), unknown("calendar", policy.calendar, agreement.calendars)
        for number, target in enumerate(policy.targets):
            there: Path = (*here, "targets", number)
            if target.calendar is not None and target.calendar not in agreement.calendars:
                yield (*there, "calendar"), unknown("calendar", target.calendar, agreement.calendars)
            for key, events in (("starts", (target.starts,)), ("stops", target.stops)):
                for event in events:
                    stage = event.removeprefix("stage:")
                    if stage != event and stage not in agreement.lifecycle.ids:
                        yield (*there, key), unknown("stage", stage, agreement.lifecycle.ids)
            for status in target.paused_while:
                if status not in agreement.statuses:
                    yield (*there, "paused_while"), unknown("lead status", status, agreement.statuses)


def _governance(agreement: Agreement) -> Found:
    if agreement.until is not None and agreement.until <= agreement.effective:
        yield ("until",), Problem("the agreement ends before it begins", "write a day after effective, or remove until")
    yield from twice([status.id for status in agreement.lead_statuses], ("lead_statuses",), "lead status")
    yield from twice([campaign.id for campaign in agreement.campaigns], ("campaigns",), "campaign")
    for index, target in enumerate(agreement.targets):
        if target.at_least is None and target.at_most is None:
            yield (
                ("targets", index),
                Problem(f"the target for {target.metric} names no figure", "add at_least or at_most"),
            )


_Check: TypeAlias = "Callable[[Agreement], Found]"

_FOUNDATIONS: tuple[tuple[tuple[str, ...], _Check], ...] = (
    (("lifecycle",), _lifecycle),
    (("buying_stages",), _buying),
    (("reasons",), _reasons),
    (("attributes",), _attributes),
)
"""What everything else refers to; when one of them is broken, what needs it is not checked."""

_NAMES = ("lifecycle", "buying_stages", "reasons", "attributes", "lead_statuses")

_CHECKS: tuple[tuple[tuple[str, ...], _Check], ...] = (
    ((*_NAMES, "definitions"), _definitions),
    ((*_NAMES, "target_market"), _market),
    (("lifecycle", "attributes", "handoff"), _handoff),
    (("handoff", "definitions"), _handoff_definition),
    (("lifecycle", "lead_statuses", "handoff", "sync", "slas", "calendars"), _slas),
    (("buying_stages", "attributes", "target_market", "value_propositions", "messages", "assets"), content_problems),
    ((), _governance),
    ((*_NAMES, "handoff", "sync"), sync_problems),
    ((*_NAMES, "sync", "crosswalks"), crosswalk_problems),
)
"""Each check with the sections that it needs."""


def lint(agreement: Agreement) -> list[Problem]:
    """What holds together but will disappoint: no error, worth a look before signing."""
    found: list[Problem] = []
    if agreement.unsigned:
        found.append(
            Problem(f"not signed by {listing(agreement.unsigned)}", "have it signed, under signatures", "signatures")
        )
    elif not agreement.signatures:
        found.append(Problem("nobody has signed", "add signatures with role, name and day", "signatures"))
    if not agreement.definitions:
        found.append(Problem("nothing is defined", "add definitions.sales_ready with criteria", "definitions"))
    if not agreement.slas:
        found.append(Problem("nobody promised anything in time", "add slas", "slas"))
    if not agreement.handoff.package.required:
        remedy = "list the fields that sales needs under handoff.package.required"
        found.append(Problem("marketing promises no information", remedy, "handoff.package"))
    silent = [stage.id for stage in agreement.buying_stages if not stage.evidence]
    if silent:
        remedy = "agree on evidence for each, under buying_stages.evidence"
        found.append(Problem(f"no evidence marks the entry into {listing(silent)}", remedy, "buying_stages"))
    if agreement.sync.include is None:
        found.append(Problem("every lead crosses", "say which leads may cross, under sync.include", "sync.include"))
    return found
