"""Does an agreement hold together? Names that must exist, criteria that must compile, paths that lead somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from leadbridge.agreement.check.calendars import calendar_problems
from leadbridge.agreement.check.content import content_problems
from leadbridge.agreement.check.crm import crosswalk_problems, sync_problems
from leadbridge.agreement.check.definitions import (
    attribute_problems,
    definition_problems,
    market_problems,
    score_problems,
)
from leadbridge.agreement.check.feedback import feedback_problems
from leadbridge.agreement.check.finding import Found, twice, unknown
from leadbridge.agreement.check.governance import campaign_problems, day_problems, governance_problems
from leadbridge.agreement.check.handoff import package_problems
from leadbridge.agreement.check.plays import play_problems
from leadbridge.agreement.check.reasons import reason_problems
from leadbridge.agreement.check.routing import routing_problems
from leadbridge.agreement.check.slas import sla_condition_problems, sla_problems
from leadbridge.agreement.reading import Path
from leadbridge.domain.buying.presets import BUYING_PRESETS
from leadbridge.domain.lifecycle import find_faults
from leadbridge.domain.lifecycle.frameworks import FRAMEWORKS
from leadbridge.domain.model import listing
from leadbridge.errors import Problem

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["find_problems"]


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
    faults: list[Problem] = []
    if terms.preset is None and terms.stages:
        faults = find_faults(terms.stages, terms.success_path, terms.detours, terms.entries)
    elif terms.preset is not None and terms.preset in FRAMEWORKS and terms.entries:
        given = FRAMEWORKS[terms.preset]
        entries = {**given.entries, **terms.entries}
        faults = find_faults(given.stages, given.success_path, given.detours, entries)
    for fault in faults:
        parts = (int(part) if part.isdigit() else part for part in fault.path.split("."))
        yield ("lifecycle", *parts), fault
    if terms.preset is not None and (terms.success_path or terms.detours):
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


def _handoff(agreement: Agreement) -> Found:
    terms = agreement.handoff
    if terms.from_ == terms.to:
        yield (
            ("handoff", "to"),
            Problem("a function hands leads over to itself", "name two functions, such as marketing and sales"),
        )
    if terms.at not in agreement.lifecycle.ids:
        yield ("handoff", "at"), unknown("stage", terms.at, agreement.lifecycle.ids)


def _handoff_definition(agreement: Agreement) -> Found:
    name = agreement.handoff.definition
    if name is not None and name not in agreement.definitions:
        yield ("handoff", "definition"), unknown("definition", name, agreement.definitions)


_Check: TypeAlias = "Callable[[Agreement], Found]"

_FOUNDATIONS: tuple[tuple[tuple[str, ...], _Check], ...] = (
    (("lifecycle",), _lifecycle),
    (("buying_stages",), _buying),
    (("reasons",), reason_problems),
    (("attributes",), attribute_problems),
)
"""What everything else refers to; when one of them is broken, what needs it is not checked."""

_NAMES = ("lifecycle", "buying_stages", "reasons", "attributes", "lead_statuses")

_CHECKS: tuple[tuple[tuple[str, ...], _Check], ...] = (
    ((*_NAMES, "definitions", "target_market", "scores"), definition_problems),
    ((*_NAMES, "target_market"), market_problems),
    ((*_NAMES, "target_market", "scores"), score_problems),
    (("lifecycle", "handoff"), _handoff),
    ((*_NAMES, "handoff", "sync"), package_problems),
    (("handoff", "definitions"), _handoff_definition),
    (("lifecycle", "lead_statuses", "handoff", "sync", "slas", "calendars"), sla_problems),
    ((*_NAMES, "target_market", "scores", "slas"), sla_condition_problems),
    (("calendars",), calendar_problems),
    (("buying_stages", "attributes", "target_market", "value_propositions", "messages", "assets"), content_problems),
    (("buying_stages", "messages", "assets", "handoff", "sync"), play_problems),
    ((), day_problems),
    (
        (*_NAMES, "handoff", "sync", "signatures", "required_signatures", "targets", "plan", "incentives", "outcomes"),
        governance_problems,
    ),
    ((*_NAMES, "handoff", "sync", "slas", "definitions", "outcomes", "campaigns", "campaign_names"), campaign_problems),
    ((*_NAMES, "handoff", "sync"), sync_problems),
    ((*_NAMES, "sync", "crosswalks"), crosswalk_problems),
    (("reasons", "handoff", "sync", "feedback"), feedback_problems),
    ((*_NAMES, "handoff", "sync", "target_market", "scores", "routing"), routing_problems),
)
"""Each check with the sections that it needs."""
