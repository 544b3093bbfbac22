"""``leadbridge explain`` and ``quarantine``: what is known here. No CRM is asked, no credentials needed."""

from __future__ import annotations

from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import desk
from leadbridge.cli.options import Config, Json, Limit

__all__ = ["explain", "quarantine"]


def explain(
    who: Annotated[str, typer.Argument(metavar="WHO", help="A lead's id, its record's id in a CRM, or its address.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Tell what happened to a lead, in order and in plain words."""
    with desk(config) as here:
        text = here.ledger.explain(who)
        if json:
            output.emit({"lead": here.ledger.find(who), "lines": [line.strip() for line in text.splitlines()[1:]]})
        else:
            output.show(text)


def quarantine(config: Config = None, limit: Limit = 50, json: Json = False) -> None:
    """List what was refused or is unclear and waits for a person, with the way out."""
    with desk(config) as here:
        waiting = here.store.quarantined()
    if json:
        output.emit(
            [
                {
                    "connection": each.connection,
                    "kind": each.ref.kind,
                    "record": each.ref.id,
                    "lead": each.lead,
                    "subject": each.subject,
                    "reason": each.reason,
                    "remedy": each.remedy,
                }
                for each in waiting
            ]
        )
    elif not waiting:
        output.show("Nothing waits for a person.")
    else:
        rows = [(e.connection, f"{e.ref.kind} {e.ref.id}", e.subject, e.reason, e.remedy) for e in waiting]
        shown, more = output.cut(rows, limit)
        head = ("connection", "record", "what", "reason", "what to do")
        output.show(output.table("Waits for a person", head, shown), more)
