"""``leadbridge plan`` and ``leadbridge apply``: what a sync would do and why, and doing just that."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadbridge.cli import output
from leadbridge.cli.consent import agree
from leadbridge.cli.options import Config, DryRun, Json, Leads, Only, Rows, Yes, YesReally
from leadbridge.cli.progress import bars
from leadbridge.cli.results import finish
from leadbridge.errors import ConfigError, StalePlan

if TYPE_CHECKING:
    from leadbridge.bridge import Bridge
    from leadbridge.store import Intent
    from leadbridge.sync import Plan, Selection

__all__ = ["apply", "do", "plan", "really", "selection", "show_plan"]


def plan(
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="WHO", help="One lead: its id, its record's id or its address.")
    ] = None,
    field: Annotated[
        str | None, typer.Option("--field", metavar="NAME", help="With --explain: this field of it, side by side.")
    ] = None,
    only: Only = None,
    limit: Leads = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the plan as a page.")] = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", metavar="FILE", help="Write it as Markdown.")] = None,
    values: Annotated[
        bool, typer.Option("--values", help="With values of records in files and JSON: personal data.")
    ] = False,
    config: Config = None,
    rows: Rows = 20,
    json: Json = False,
) -> None:
    """Show what a sync would write, and why. Reads the CRMs, writes to neither."""
    from leadbridge.bridge import Bridge
    from leadbridge.settings import Settings
    from leadbridge.sync.plan_page import html as as_html
    from leadbridge.sync.plan_page import markdown as as_markdown

    if field is not None and explain is None:
        raise typer.BadParameter("say whose: --explain WHO", param_hint="--field")
    with Bridge.of(Settings.load(config)) as bridge:
        with bars() as progress:
            found = bridge.plan(selection(only, limit), progress=progress)
        for path, text in ((html, as_html), (markdown, as_markdown)):
            if path is not None:
                _write(path, text(found, values=values))
        if explain is not None:
            told = found.explain(explain, field)
            if json:
                output.emit({"hash": found.hash, "explanation": told.splitlines()})
            else:
                output.show(told)
        elif json:
            output.emit(_document(found, values=values))
        else:
            show_plan(found, rows)
            if found:
                output.note(f"To do this: leadbridge apply {found.hash}{really(found)}{_again(only, limit)}")


def apply(
    hash: Annotated[  # noqa: A002  # the name that a person sees
        str | None,
        typer.Argument(metavar="[HASH]", help="The hash of a plan that a person has looked at: it alone is applied."),
    ] = None,
    yes_really: YesReally = None,
    only: Only = None,
    limit: Leads = None,
    dry_run: DryRun = False,
    config: Config = None,
    yes: Yes = False,
    rows: Rows = 20,
    json: Json = False,
) -> None:
    """Make a plan, show it, ask, and do it. With its hash, nobody is asked and no other plan is done."""
    from leadbridge.bridge import Bridge
    from leadbridge.settings import Settings

    with Bridge.of(Settings.load(config)) as bridge:
        with bars() as progress:
            found = bridge.plan(selection(only, limit), progress=progress)
        if hash is not None and hash != found.hash:
            raise StalePlan(
                f"the plan is now {found.hash}, not {hash}: the CRMs or the agreement moved on, or --only and --limit "
                "are others; look at leadbridge plan again"
            )
        do(bridge, found, yes_really=yes_really, yes=yes or hash is not None, dry_run=dry_run, rows=rows, json=json)


def do(bridge: Bridge, found: Plan, *, yes_really: str | None, yes: bool, dry_run: bool, rows: int, json: bool) -> None:
    """Shows a plan, asks if nobody has said yes, and does it.

    Args:
        bridge: what does it.
        found: the plan.
        yes_really: its hash, when a person approved it beforehand although it is over the limits.
        yes: agreed beforehand; it does not cover a plan over the limits.
        dry_run: only show it.
        rows: of a table at most.
        json: for a program; nobody is asked.
    """
    from leadbridge.sync import SyncResult

    if yes_really is not None and yes_really != found.hash:
        raise StalePlan(f"the plan is now {found.hash}, not {yes_really}: look at it again before you approve it")
    if dry_run:
        if json:
            output.emit(_document(found, values=False))
        else:
            show_plan(found, rows)
        return
    agreed = yes or not found or yes_really is not None
    if not agreed and not json:
        show_plan(found, rows)
    approve = agree(found, yes=agreed, ask=not json, writing=sorted(found.counts)) or yes_really
    with bars() as progress:
        done = bridge.apply(found, approve=approve, progress=progress)
    finish(bridge, SyncResult([done]), json=json)


def selection(only: list[str] | None, limit: int | None) -> Selection:
    """What of a plan a command line asks for."""
    from leadbridge.sync import Selection

    return Selection(tuple(only or ()), limit)


def really(found: Plan) -> str:
    """The end of a command line that does a plan although it is over the limits."""
    return f" --yes-really={found.hash}" if found.over else ""


def _again(only: list[str] | None, limit: int | None) -> str:
    return "".join([*(f" --only {shlex.quote(each)}" for each in only or ()), f" --limit {limit}" if limit else ""])


def _write(path: Path, text: str) -> None:
    """Writes a page that only we can read: it may hold what is nobody else's business."""
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror}): choose another path") from None
    output.note(f"Written to {path}.")


def show_plan(found: Plan, rows: int) -> None:
    """A plan for people: its summary, the first writes with their reasons, conflicts, and what waits for a person."""
    output.show(found.summary())
    writes = [(step.lead, step.connection, _verb(step), _reasons(step)) for step in found.writes]
    if writes:
        shown, more = output.cut(writes, rows)
        output.show(output.table("Writes", ("lead", "connection", "what", "fields and why"), shown), more)
    conflicts = [
        (outcome.lead, each.field, each.winner, each.rule) for outcome in found.outcomes for each in outcome.conflicts
    ]
    if conflicts:
        shown, more = output.cut(conflicts, rows)
        output.show(output.table("Conflicts", ("lead", "field", "winner", "rule"), shown), more)
    people = [
        (each["connection"], each["record"], each["subject"], each["reason"], each["remedy"]) for each in _people(found)
    ]
    if people:
        waiting, more = output.cut(people, rows)
        head = ("connection", "record", "what", "reason", "what to do")
        output.show(output.table("Needs a person", head, waiting), more)
    if found:
        output.note("One lead field by field: leadbridge plan --explain WHO")


def _verb(step: Intent) -> str:
    return (
        f"create {step.target.kind}"
        if step.action == "upsert"
        else f"{step.action} {step.target.kind} {step.target.id}"
    )


def _reasons(step: Intent) -> str:
    """The fields of a write by the rule that leads to it; no values."""
    by_rule: dict[str, list[str]] = {}
    for name in step.fields or step.because:
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


def _document(found: Plan, *, values: bool) -> dict[str, Any]:
    """The plan as JSON values, with what waits for a person."""
    conflicts = [
        {"lead": outcome.lead, "field": each.field, "winner": each.winner, "rule": each.rule}
        for outcome in found.outcomes
        for each in outcome.conflicts
    ]
    return {**found.to_dict(values=values), "conflicts": conflicts, "needs_a_person": _people(found)}
