"""What a sync did, for people and for programs, and the exit code that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from leadbridge.cli import output
from leadbridge.cli.failures import TRY_LATER, describe, worst

if TYPE_CHECKING:
    from leadbridge.bridge import Bridge
    from leadbridge.sync import SyncResult

__all__ = ["finish"]


def finish(bridge: Bridge, result: SyncResult, *, json: bool) -> None:
    """Shows the result and ends the command.

    Raises:
        typer.Exit: with the code of the connection that failed, or *try later* while answers are missing.
    """
    waiting = len(bridge.quarantine())
    code = worst([error.exit_code for error in result.failed.values()])
    if not code and result.in_doubt:
        code = TRY_LATER
    if json:
        output.emit(
            {
                "quiet": result.quiet,
                "rounds": len(result.rounds),
                "writes": result.writes,
                "refused": result.refused,
                "in_doubt": result.in_doubt,
                "quarantine": waiting,
                "failed": {name: describe(error) for name, error in sorted(result.failed.items())},
                "api_calls": bridge.calls(),
                "exit_code": code,
            }
        )
    else:
        _show(bridge, result, waiting)
    for name, error in sorted(result.failed.items()):
        text = str(error)
        output.complain(text if text.startswith(name) else f"{name}: {text}")
    if result.failed:
        output.say("What was done is kept: run the same command again when this is settled, it carries on from here.")
    if code:
        raise typer.Exit(code)


def _show(bridge: Bridge, result: SyncResult, waiting: int) -> None:
    calls = bridge.calls()
    rows = []
    for name in bridge.connections:
        read = sum(each.pulled.read[name] for each in result.rounds)
        refused = sum(each.delivered.refused[name] for each in result.rounds)
        end = "failed" if name in result.failed else "ok"
        rows.append((name, f"{read:,}", f"{result.writes.get(name, 0):,}", f"{refused:,}", f"{calls[name]:,}", end))
    head = ("connection", "read", "written", "refused", "API calls", "state")
    rounds = f"{len(result.rounds)} round{'s' if len(result.rounds) != 1 else ''}"
    output.show(output.table(f"Sync, {rounds}", head, rows, right=head[1:5]))
    if result.in_doubt:
        output.show(f"{result.in_doubt:,} answers were lost: a later sync looks up what became of these writes.")
    if waiting:
        output.show(f"{waiting:,} things wait for a person: leadbridge quarantine")
    if result.quiet:
        output.show("Both sides are as agreed; nothing is left to do." if len(rows) > 1 else "Nothing is left to do.")
    elif not result.failed and not result.in_doubt:
        output.show("There is more to do: run leadbridge sync.")
