"""``leadbridge sweep``: look through all ids, for what no stream of changes tells of."""

from __future__ import annotations

from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.failures import describe, worst
from leadbridge.cli.options import Config, Json
from leadbridge.cli.progress import bars
from leadbridge.errors import ApprovalNeeded

__all__ = ["sweep"]


def sweep(
    yes_really: Annotated[
        str | None,
        typer.Option(
            "--yes-really", metavar="HASH", help="What a refused sweep said: ask about just those missing records."
        ),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Look through the ids of all records: what is gone without a trace, and what was never read. Writes to no CRM."""
    from leadbridge.bridge import Bridge
    from leadbridge.settings import Settings

    with Bridge.of(Settings.load(config)) as bridge:
        with bars() as progress:
            result = bridge.sweep(approve=yes_really, progress=progress)
        calls = bridge.calls()
    refused = [ApprovalNeeded.exit_code] if result.refused else []
    code = worst([error.exit_code for error in result.failed.values()]) or worst(refused)
    if json:
        output.emit(
            {
                "kinds": [each.to_dict() for each in result.swept],
                "busy": sorted(result.busy),
                "failed": {name: describe(error) for name, error in sorted(result.failed.items())},
                "api_calls": calls,
                "exit_code": code,
            }
        )
    else:
        rows = [
            (
                each.connection,
                each.kind,
                f"{each.met:,}",
                f"{each.unseen:,}",
                f"{each.missing:,}",
                f"{each.gone:,}",
                "refused" if each.refused else "ok" if each.ended else "not at its end",
            )
            for each in result.swept
        ]
        head = ("connection", "kind", "ids", "never read before", "did not come", "gone", "state")
        output.show(output.table("Sweep", head, rows, right=head[2:6]))
        if any(each.unseen or each.gone for each in result.swept):
            output.show("What was found is decided about by the next sync: leadbridge plan")
    for each in result.refused:
        output.complain(f"{each.connection} {each.kind}: {each.refused}")
    for name in sorted(result.busy):
        output.complain(f"{name}: another process is reading or sweeping it; run this again later")
    for name, error in sorted(result.failed.items()):
        text = str(error)
        output.complain(text if text.startswith(name) else f"{name}: {text}")
    if code:
        raise typer.Exit(code)
