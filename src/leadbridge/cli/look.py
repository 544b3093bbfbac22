"""``leadbridge clocks``, ``explain``, ``quarantine``: what is known here. No CRM is asked, no credentials needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import desk
from leadbridge.cli.options import Config, Json, Limit

if TYPE_CHECKING:
    from leadbridge.domain.sla.board import Board
    from leadbridge.domain.sla.slaclock import SLAClock

__all__ = ["clocks", "explain", "quarantine", "show_clocks"]

_STYLES = {"breached": "bold red", "met": "green", "met_late": "yellow", "paused": "dim", "cancelled": "dim"}


def clocks(
    due_within: Annotated[
        str | None, typer.Option("--due-within", metavar="SPAN", help="Running, and due within 30m, 2 hours, 1 day ...")
    ] = None,
    breached: Annotated[bool, typer.Option("--breached", help="Only broken promises.")] = False,
    owner: Annotated[str | None, typer.Option("--owner", metavar="ID", help="Only what this owner holds.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Those that have ended, too.")] = False,
    config: Config = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """Show who has to act by when, the most urgent first."""
    from leadbridge.clock import iso

    with desk(config) as here:
        board = here.clocks()
        counts = board.by_state()
        if due_within is not None:
            try:
                board = board.due_within(due_within)
            except ValueError as error:
                raise typer.BadParameter(str(error), param_hint="--due-within") from None
        if breached:
            board = board.breached()
        elif due_within is None and not every:
            board = board.in_state("running", "paused", "breached")
        if owner is not None:
            board = board.of(owner)
        if json:
            head = {"now": iso(here.now), "agreement": board.agreement, "counts": counts}
            output.emit({**head, "clocks": board.to_dicts()})
        else:
            output.note(f"under {board.agreement}")
            output.show(", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in counts.items() if count))
            show_clocks(board, limit)


def show_clocks(board: Board, limit: int) -> None:
    """A board of clocks for people."""
    from leadbridge.domain.explain import moment

    if not board:
        output.show("No such clocks.")
        return
    found, more = output.cut(list(board), limit)
    rows = [
        (
            clock.lead,
            f"{clock.policy}.{clock.target}",
            clock.duty_of,
            clock.owner or "nobody",
            clock.state.replace("_", " "),
            moment(clock.due_at) if clock.due_at else "",
            _rest(clock),
        )
        for clock in found
    ]
    styles = {at: "yellow" if clock.warning else _STYLES.get(clock.state, "") for at, clock in enumerate(found)}
    head = ("lead", "promise", "duty of", "held by", "state", "due", "left or over")
    output.show(output.table("SLA clocks", head, rows, styles=styles), more)


def _rest(clock: SLAClock) -> str:
    from leadbridge.domain.sla.slaclock import in_words

    if clock.overdue:
        return f"{in_words(clock.overdue)} over"
    if clock.remaining is not None and clock.state in ("running", "paused"):
        return f"{in_words(clock.remaining)} left"
    return ""


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
