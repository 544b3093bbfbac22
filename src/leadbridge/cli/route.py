"""``leadbridge route``: where open offers would go, and why. Nothing is written, no CRM is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import desk
from leadbridge.cli.options import Config, Json, Limit

if TYPE_CHECKING:
    from leadbridge.domain.handoff.dealing import Route

__all__ = ["route"]


def route(
    who: Annotated[
        str | None,
        typer.Argument(metavar="[WHO]", help="Only this lead: its id, its record's id in a CRM, or its address."),
    ] = None,
    away: Annotated[
        list[str] | None, typer.Option("--away", metavar="ID", help="Somebody who is away today; may be repeated.")
    ] = None,
    config: Config = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """Show where each open offer that nobody has yet would go, and why."""
    with desk(config) as here:
        found = here.ledger.routes(here.agreement, here.now, away=away or ())
        only = here.ledger.find(who) if who is not None else None
    shown = [each for each in found if only is None or each.lead == only]
    if json:
        output.emit([_plain(each) for each in shown])
    elif not shown:
        output.show("No offer waits for somebody." if only is None else "No offer of this lead waits for somebody.")
    else:
        rows, more = output.cut([_row(each) for each in shown], limit)
        head = ("lead", "to", "queue", "rule", "why", "not known")
        output.show(output.table("Where open offers would go", head, rows), more)
        if only is not None:
            output.show("\n".join(f"  {each.rule}: {each.why}" for route in shown for each in route.tried))


def _row(found: Route) -> tuple[str, ...]:
    to = found.owner or ("stays in the queue" if found.queue else "nowhere")
    return found.lead, to, found.queue or "", found.rule, found.why, ", ".join(found.missing)


def _plain(found: Route) -> dict[str, object]:
    return {
        "lead": found.lead,
        "handoff": found.handoff,
        "queue": found.queue,
        "owner": found.owner,
        "rule": found.rule or None,
        "kind": found.kind or None,
        "why": found.why,
        "tried": [each._asdict() for each in found.tried],
    }
