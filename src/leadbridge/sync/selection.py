"""A part of a plan: some leads, some kinds or fields, or only so many leads at first.

What is left out is not forgotten: nothing is recorded about it, and the next sync decides about it as if it were new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from leadbridge.adapter import Value
from leadbridge.agreement.crosswalk import AXES
from leadbridge.domain.facts import ConflictSettled
from leadbridge.errors import ConfigError
from leadbridge.mapping import KindMapping
from leadbridge.store import Intent
from leadbridge.sync.case import Case, Outcome
from leadbridge.sync.plan import ALL, Plan, Selection, plan_hash

__all__ = ["part", "selected"]


def selected(plan: Plan, selection: Selection) -> Plan:
    """The wanted part of a plan, a plan of its own with its own hash.

    Raises:
        ConfigError: what is asked for is no lead, kind or field of this plan.
    """
    if selection == ALL:
        return plan
    outcomes = _named(plan, selection.only) if selection.only else list(plan.outcomes)
    if selection.limit is not None:
        writing = {outcome.lead for outcome in [each for each in outcomes if each.intents][: selection.limit]}
        outcomes = [outcome for outcome in outcomes if outcome.lead in writing]
    made = replace(plan, outcomes=outcomes, hash=plan_hash(outcomes), selection=selection)
    return replace(made, parts=len(plan) - len(made))


def _named(plan: Plan, only: Sequence[str]) -> list[Outcome]:
    cases = {case.lead: case for case in plan.gathered.cases}
    known = _words(cases.values())
    leads: set[str] = set()
    words: set[str] = set()
    for each in only:
        lead = plan.names.get(each) or plan.names.get(each.strip().lower())
        if lead is not None:
            leads.add(lead)
        elif each in known:
            words.add(each)
        else:
            raise ConfigError(
                "this plan has nothing to do with one of those named by --only: name a lead (its id, a record's id or "
                "its address), a kind of record, or a field, as the plan shows them"
            )
    whole = [outcome for outcome in plan.outcomes if outcome.lead in leads]
    parts = [part(each, cases[each.lead], words) for each in plan.outcomes if each.lead in cases.keys() - leads]
    return sorted([*whole, *(each for each in parts if each.intents)], key=lambda outcome: outcome.lead)


def _words(cases: Iterable[Case]) -> set[str]:
    """The kinds and fields that the records of a plan have."""
    kinds = [kind for case in cases for side in case.sides.values() for kind in side.mapping.kinds.values()]
    words = {word for kind in kinds for word in (kind.kind, *kind.fields, *kind.info.fields)}
    return words | set(AXES) if kinds else words


def part(outcome: Outcome, case: Case, words: AbstractSet[str]) -> Outcome:
    """The wanted writes of one lead, and the conflicts behind them; nothing that would settle what is left out.

    Args:
        words: the kinds and fields that are wanted.
    """
    intents = [steps for each in outcome.intents if (steps := _reduced(each, case, words))]
    if intents == outcome.intents:
        return outcome
    if not case.facts:
        return Outcome(outcome.lead, partial=True)  # a lead is made known to the ledger as a whole or not at all
    updates = [steps for steps in intents if steps[0].action == "update"]
    fields = {name for steps in updates for step in steps for name in step.agreed.get(step.connection, {})}
    return Outcome(
        outcome.lead,
        partial=True,
        intents=updates,
        conflicts=[each for each in outcome.conflicts if each.field in fields],
        facts=[each for each in outcome.facts if isinstance(each, ConflictSettled) and each.field in fields],
    )


def _reduced(steps: tuple[Intent, ...], case: Case, words: AbstractSet[str]) -> tuple[Intent, ...]:
    """The steps with the wanted fields only; none when nothing is wanted."""
    if steps[0].target.kind in words:
        return steps
    side = case.sides.get(steps[0].connection)
    if side is None or steps[0].action != "update":
        return ()
    reduced = [_step(step, side.kind, words) for step in steps]
    return tuple(step for step in reduced if step.fields)


def _step(step: Intent, kind: KindMapping, words: AbstractSet[str]) -> Intent:
    meant = {name: _called(kind, name, step.fields[name]) for name in step.fields}
    wanted = {name: value for name, value in step.fields.items() if name in words or meant[name] & words}
    called = set().union(*(meant[name] for name in wanted))
    return replace(
        step,
        fields=wanted,
        expect={name: value for name, value in step.expect.items() if name in wanted},
        because={name: why for name, why in step.because.items() if name in wanted},
        agreed={side: _cut(values, called) for side, values in step.agreed.items()},
    )


def _called(kind: KindMapping, name: str, value: Value) -> set[str]:
    """What a CRM's field is called here."""
    return {canonical for canonical, field in kind.fields.items() if field == name} | set(kind.read({name: value}))


def _cut(values: Mapping[str, Value], names: AbstractSet[str]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if name in names}
