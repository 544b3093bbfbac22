"""``leadbridge clocks``: who has to act by when, and who is to be told of what is about to break."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import desk
from leadbridge.cli.options import Config, Json, Limit

if TYPE_CHECKING:
    from leadbridge.domain.facts import SLAEscalated
    from leadbridge.domain.sla.board import Board
    from leadbridge.domain.sla.slaclock import SLAClock

__all__ = ["clocks"]

_STYLES = {"breached": "bold red", "met": "green", "met_late": "yellow", "paused": "dim", "cancelled": "dim"}


def clocks(
    due_within: Annotated[
        str | None, typer.Option("--due-within", metavar="SPAN", help="Running, and due within 30m, 2 hours, 1 day ...")
    ] = None,
    breached: Annotated[bool, typer.Option("--breached", help="Only broken promises.")] = False,
    owner: Annotated[str | None, typer.Option("--owner", metavar="ID", help="Only what this owner holds.")] = None,
    team: Annotated[
        str | None, typer.Option("--team", metavar="QUEUE", help="Only what is in this queue or held by its members.")
    ] = None,
    queue: Annotated[str | None, typer.Option("--queue", metavar="ID", help="Only offers in this queue.")] = None,
    function: Annotated[
        str | None, typer.Option("--function", metavar="NAME", help="Only what this function promised.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Those that have ended, too: takes longer.")] = False,
    escalate: Annotated[
        bool, typer.Option("--escalate", help="List who is to be told now, and note it: nobody is listed twice.")
    ] = False,
    config: Config = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """Show who has to act by when, the most urgent first."""
    from leadbridge.clock import iso
    from leadbridge.store import Timers

    with desk(config) as here:
        if escalate:
            alerts = here.ledger.escalate(here.agreements, here.now)
            if json:
                output.emit({"now": iso(here.now), "escalations": [_alert(each) for each in alerts]})
            else:
                _show_alerts(alerts, limit)
            return
        found: Board | Timers = here.clocks() if every else here.timers()
        counts = found.by_state()
        if due_within is not None:
            try:
                found = found.due_within(due_within)
            except ValueError as error:
                raise typer.BadParameter(str(error), param_hint="--due-within") from None
        found = found.breached() if breached else found
        found = found if owner is None else found.of(owner)
        found = found if team is None else found.of_team(team)
        found = found if queue is None else found.of_queue(queue)
        found = found if function is None else found.of_function(function)
        # What is not shown is not folded either.
        shown = None if json else limit
        board = found.board(shown) if isinstance(found, Timers) else found[:shown]
        if json:
            head = {"now": iso(here.now), "agreement": board.agreement, "counts": counts}
            output.emit({**head, "clocks": board.to_dicts()})
        else:
            output.note(f"under {board.agreement}")
            output.show(", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in counts.items() if count))
            _show(board, output.rest(len(found), limit))


def _show(found: Board, more: str) -> None:
    from leadbridge.domain.explain import moment

    if not found:
        output.show("No such clocks.")
        return
    rows = [
        (
            clock.lead,
            f"{clock.policy}.{clock.target}",
            clock.duty_of,
            clock.owner or (f"nobody (queue {clock.queue})" if clock.queue else "nobody"),
            "in grace" if clock.in_grace else clock.state.replace("_", " "),
            moment(clock.due_at) if clock.due_at else "",
            _rest(clock),
        )
        for clock in found
    ]
    styles = {
        at: "yellow" if clock.warning or clock.in_grace else _STYLES.get(clock.state, "")
        for at, clock in enumerate(found)
    }
    head = ("lead", "promise", "duty of", "held by", "state", "due", "left or over")
    output.show(output.table("SLA clocks", head, rows, styles=styles), more)


def _rest(clock: SLAClock) -> str:
    from leadbridge.domain.sla.slaclock import in_words

    done = "" if clock.cadence is None else f", {clock.attempts} of {clock.cadence.touches} touches"
    if clock.overdue:
        return f"{in_words(clock.overdue)} over{done}"
    if clock.remaining is not None and clock.state in ("running", "paused"):
        return f"{in_words(clock.remaining)} left{done}"
    return ""


def _alert(fact: SLAEscalated) -> dict[str, object]:
    from leadbridge.clock import iso
    from leadbridge.domain.fact_codec import encode

    return {"lead": fact.lead, "at": iso(fact.occurred_at), "agreement": fact.agreement, **encode(fact)}


def _show_alerts(alerts: Sequence[SLAEscalated], limit: int) -> None:
    if not alerts:
        output.show("Nobody is to be told anything new.")
        return
    found, more = output.cut(alerts, limit)
    rows = [(each.to, each.lead, f"{each.policy}.{each.target}", each.tier) for each in found]
    styles = {at: "yellow" if each.tier == "warning" else "bold red" for at, each in enumerate(found)}
    output.show(output.table("To be told now", ("whom", "lead", "promise", "why"), rows, styles=styles), more)
