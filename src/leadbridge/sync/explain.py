"""What is decided about one lead, or about one field of it, in words. Shows values: only for whoever asks for them."""

from __future__ import annotations

from collections.abc import Iterator

from leadbridge.adapter import Ref, Value
from leadbridge.errors import ConfigError
from leadbridge.store import Intent
from leadbridge.sync.case import Case, Outcome, Side

__all__ = ["explained", "explained_field"]


def explained(outcome: Outcome) -> str:
    """Every write, conflict and question of one lead."""
    if outcome.left_out:
        return f"lead {outcome.lead}: {outcome.left_out}"
    lines = [f"lead {outcome.lead}:"]
    for steps in outcome.intents:
        for step in steps:
            lines.append(f"  in {step.connection}: {_verb(step)}")
            lines += [f"    {_change(step, name)}" for name in step.fields]
            lines += [f"    {why}" for why in step.because.values() if step.action == "archive"]
    lines += _conflicts(outcome)
    lines += [f"  needs a person: {item.subject}: {item.reason}; {item.remedy}" for item in outcome.quarantine]
    return "\n".join(lines if len(lines) > 1 else [*lines, "  nothing to write"])


def explained_field(outcome: Outcome, case: Case | None, field: str) -> str:
    """One field of a lead: what each side says and said, what is written, and by which rule.

    Args:
        outcome: what was decided about the lead.
        case: what it was decided from, when the plan knows.
        field: the canonical name, or a CRM's.

    Raises:
        ConfigError: the lead has no such field.
    """
    sides = list(case.sides.values()) if case is not None else []
    canonical = {name for side in sides for name, crm in side.kind.fields.items() if crm == field} or {field}
    lines = [f"{field} of lead {outcome.lead}:"]
    for side in sides:
        lines += [f"  {side.connection} {_stands(side, name)}" for name in sorted(canonical) if name in side.values]
    crm = {field, *(side.kind.fields[name] for side in sides for name in canonical if name in side.kind.fields)}
    written = [
        f"  in {step.connection}: {_change(step, name)}"
        for steps in outcome.intents
        for step in steps
        for name in step.fields
        if name in crm or canonical & _means(step, name, case)
    ]
    if len(lines) == 1 and not written:
        raise ConfigError("this lead has no such field: name it as a CRM does, or as the agreement does")
    lines += written or ["  nothing to write"]
    lines += _conflicts(outcome, canonical)
    lines += [
        f"  needs a person: {item.reason}; {item.remedy}"
        for item in outcome.quarantine
        if crm & {name.strip() for name in item.subject.split(",")}
    ]
    return "\n".join(lines)


def _verb(step: Intent) -> str:
    if step.action == "upsert":
        return f"create a {step.target.kind}"
    return f"{step.action} {step.target.kind} {step.target.id}"


def _change(step: Intent, name: str) -> str:
    return f"{name}: {_shown(step.expect.get(name))} → {_shown(step.fields[name])}  ({step.because.get(name, '')})"


def _conflicts(outcome: Outcome, names: set[str] | None = None) -> Iterator[str]:
    for conflict in outcome.conflicts:
        if names is None or conflict.field in names:
            said = ", ".join(f"{side} said {_shown(value)}" for side, value in conflict.values.items())
            yield f"  conflict on {conflict.field}: {said}; {conflict.winner} wins: {conflict.rule}"


def _stands(side: Side, name: str) -> str:
    """What a side says of a field, and what it said when the sides last agreed."""
    now = f"says {_shown(side.values[name])}"
    if side.base is None or name not in side.base:
        return f"{now}; the sides have not agreed on it yet"
    changed = f", a change from {_shown(side.base[name])}" if side.changed(name) else ", as when the sides last agreed"
    return f"{now}{changed}"


def _means(step: Intent, name: str, case: Case | None) -> set[str]:
    """What a CRM's field is called here, by the value that is written to it."""
    side = case.sides.get(step.connection) if case is not None else None
    return set(side.kind.read({name: step.fields[name]})) if side is not None else set()


def _shown(value: Value) -> str:
    if value is None or value == "":
        return "(blank)"
    return f"{value.kind} {value.id}" if isinstance(value, Ref) else f"{value!r}"
