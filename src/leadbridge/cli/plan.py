"""``leadbridge plan`` and ``leadbridge apply``: what a sync would do and why, and doing just that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadbridge.cli import output
from leadbridge.cli.consent import agree
from leadbridge.cli.options import Config, Json, Limit, Yes
from leadbridge.cli.progress import bars
from leadbridge.cli.results import finish
from leadbridge.errors import StalePlan

if TYPE_CHECKING:
    from leadbridge.store import Intent
    from leadbridge.sync import Plan

__all__ = ["apply", "plan", "show_plan"]


def plan(
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="WHO", help="One lead: its id, its record's id or its address.")
    ] = None,
    config: Config = None,
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """Show what a sync would write, and why. Reads the CRMs, writes to neither."""
    from leadbridge.bridge import Bridge
    from leadbridge.settings import Settings

    with Bridge.of(Settings.load(config)) as bridge:
        with bars() as progress:
            found = bridge.plan(progress=progress)
        if explain is not None:
            text = found.explain(explain)
            if json:
                output.emit({"hash": found.hash, "explanation": text.splitlines()})
            else:
                output.show(text)
        elif json:
            output.emit(_document(found))
        else:
            show_plan(found, limit)
            if found:
                output.note(f"To do this: leadbridge apply {found.hash}")


def apply(
    hash: Annotated[  # noqa: A002  # the name that a person sees
        str | None,
        typer.Argument(metavar="[HASH]", help="The hash of a plan that a person has looked at: it alone is applied."),
    ] = None,
    config: Config = None,
    yes: Yes = False,
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """Make a plan, show it, ask, and do it. With its hash, nobody is asked and no other plan is done."""
    from leadbridge.bridge import Bridge
    from leadbridge.settings import Settings
    from leadbridge.sync import SyncResult

    with Bridge.of(Settings.load(config)) as bridge:
        with bars() as progress:
            found = bridge.plan(progress=progress)
        if hash is not None and hash != found.hash:
            raise StalePlan(
                f"the plan is now {found.hash}, not {hash}: the CRMs or the agreement moved on; "
                "look at leadbridge plan again"
            )
        approve = hash
        if hash is None:
            if not json:
                show_plan(found, limit)
            approve = agree(found, yes=yes or not found, ask=not json, writing=sorted(found.counts))
        with bars() as progress:
            done = bridge.apply(found, approve=approve, progress=progress)
        finish(bridge, SyncResult([done]), json=json)


def show_plan(found: Plan, limit: int) -> None:
    """A plan for people: its summary, the first writes with their reasons, conflicts, and what waits for a person."""
    output.show(found.summary())
    writes = [(step.lead, step.connection, _verb(step), _reasons(step)) for step in found.writes]
    if writes:
        shown, more = output.cut(writes, limit)
        output.show(output.table("Writes", ("lead", "connection", "what", "fields and why"), shown), more)
    conflicts = [
        (outcome.lead, each.field, each.winner, each.rule) for outcome in found.outcomes for each in outcome.conflicts
    ]
    if conflicts:
        shown, more = output.cut(conflicts, limit)
        output.show(output.table("Conflicts", ("lead", "field", "winner", "rule"), shown), more)
    people = [
        (each["connection"], each["record"], each["subject"], each["reason"], each["remedy"]) for each in _people(found)
    ]
    if people:
        waiting, more = output.cut(people, limit)
        head = ("connection", "record", "what", "reason", "what to do")
        output.show(output.table("Needs a person", head, waiting), more)
    if found:
        output.note("One lead field by field: leadbridge plan --explain WHO")


def _verb(step: Intent) -> str:
    return f"create {step.target.kind}" if step.action == "upsert" else f"update {step.target.kind} {step.target.id}"


def _reasons(step: Intent) -> str:
    """The fields of a write by the rule that leads to it; no values."""
    by_rule: dict[str, list[str]] = {}
    for name in step.fields:
        by_rule.setdefault(step.because.get(name, ""), []).append(name)
    return "\n".join(f"{', '.join(names)}{f': {rule}' if rule else ''}" for rule, names in by_rule.items())


def _people(found: Plan) -> list[dict[str, Any]]:
    waiting = [*found.gathered.unclear, *(each for outcome in found.outcomes for each in outcome.quarantine)]
    return [
        {
            "connection": each.connection,
            "record": f"{each.ref.kind} {each.ref.id}",
            "lead": each.lead,
            "subject": each.subject,
            "reason": each.reason,
            "remedy": each.remedy,
        }
        for each in waiting
    ]


def _document(found: Plan) -> dict[str, Any]:
    """The plan as JSON values, with what waits for a person; no values of records."""
    conflicts = [
        {"lead": outcome.lead, "field": each.field, "winner": each.winner, "rule": each.rule}
        for outcome in found.outcomes
        for each in outcome.conflicts
    ]
    return {**found.to_dict(), "conflicts": conflicts, "needs_a_person": _people(found)}
