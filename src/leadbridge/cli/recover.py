"""``leadbridge recover``: after a database was restored from a backup."""

from __future__ import annotations

from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.options import Config, Json, Rows, Yes
from leadbridge.cli.plan import really, show_plan
from leadbridge.cli.progress import bars

__all__ = ["recover"]


def recover(
    yes: Yes = False,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Treat every lead as written to since the backup: for accounts without our fields."),
    ] = False,
    config: Config = None,
    rows: Rows = 20,
    json: Json = False,
) -> None:
    """Say what a restored database does not know; with --yes, catch up with the CRMs. Writes to no CRM.

    The first plan afterwards has to be approved by its hash, whatever the settings say.
    """
    from leadbridge.bridge import Bridge
    from leadbridge.settings import Settings

    with Bridge.of(Settings.load(config)) as bridge, bars() as progress:
        found = bridge.recover(yes=yes, everything=everything, progress=progress)
        plan = bridge.plan(progress=progress) if found.done else None
    if json:
        output.emit({**found.to_dict(), "plan": plan.to_dict() if plan is not None else None})
        return
    output.show(found.summary())
    if plan is not None:
        show_plan(plan, rows)
        output.note(f"To do this: leadbridge apply {plan.hash}{really(plan)}")
    elif found:
        output.note("Nothing was changed. To catch up: leadbridge recover --yes")
