"""``leadbridge undo``: a plan that takes an applied plan back, as far as it is still ours."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import desk
from leadbridge.cli.options import Config, DryRun, Json, Rows, Yes, YesReally
from leadbridge.cli.plan import do, really, show_plan
from leadbridge.cli.progress import bars
from leadbridge.clock import iso

__all__ = ["undo"]


def undo(
    plan: Annotated[
        str | None,
        typer.Argument(metavar="[HASH]", help="The hash of the plan to take back; without it, all are listed."),
    ] = None,
    yes_really: YesReally = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    config: Config = None,
    rows: Rows = 20,
    json: Json = False,
) -> None:
    """Show what would put back what a plan wrote and nobody has changed since; ask, and do it. Never an opt-out."""
    from leadbridge.bridge import Bridge
    from leadbridge.settings import Settings

    if plan is None:
        with desk(config) as here:
            _list(here.store.applied_plans(), rows, json=json)
        return
    with Bridge.of(Settings.load(config)) as bridge:
        with bars() as progress:
            found = bridge.undo(plan, progress=progress)
        interactive = output.interactive() and not json
        if dry_run or not (found and (yes or yes_really or interactive)):
            do(bridge, found, yes_really=yes_really, yes=True, dry_run=True, rows=rows, json=json)
            if found:
                output.note(f"To do this: leadbridge undo {plan}{really(found) or ' --yes'}")
            return
        if yes and not json:
            show_plan(found, rows)
        do(bridge, found, yes_really=yes_really, yes=yes, dry_run=False, rows=rows, json=json)


def _list(plans: list[tuple[str, datetime, int]], rows: int, *, json: bool) -> None:
    if json:
        output.emit([{"hash": name, "applied_at": iso(when), "writes": writes} for name, when, writes in plans])
    elif not plans:
        output.show("Nothing has been written yet.")
    else:
        lines = [(name, iso(when), f"{writes:,}") for name, when, writes in plans]
        shown, more = output.cut(lines, rows)
        output.show(output.table("Applied plans", ("hash", "applied at", "writes"), shown, right=("writes",)), more)
