"""``leadbridge due``: the leads that came back, and which of them may be offered again. No CRM is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import desk
from leadbridge.cli.options import Config, Json, Limit, instant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from leadbridge.domain.handoff.recycling import RecycledLead

__all__ = ["due"]


def due(
    every: Annotated[bool, typer.Option("--all", help="Those that rest, are offered again or are spent, too.")] = False,
    ping_pong: Annotated[bool, typer.Option("--ping-pong", help="Only those that go to and fro.")] = False,
    at: Annotated[
        str | None, typer.Option("--at", metavar="WHEN", help="A date or an instant; now when not given.")
    ] = None,
    config: Config = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """Show which recycled leads may be offered again, the longest waiting first."""
    from leadbridge.agreement.boards import due_again

    when = instant(at, "--at")
    with desk(config) as here:
        board = due_again(here.ledger.histories(), here.agreements, when or here.now)
    if json:
        output.emit(board.to_dict())
        return
    output.show(
        f"{len(board.due):,} due again, {len(board.resting):,} resting, {len(board.spent):,} spent, "
        f"{len(board.ping_pong):,} to and fro"
    )
    _show(list(board) if every else board.ping_pong if ping_pong else board.due, board.at, limit)


def _show(leads: Sequence[RecycledLead], at: datetime, limit: int) -> None:
    from leadbridge.domain.explain import moment

    if not leads:
        output.show("No such leads.")
        return
    found, more = output.cut(leads, limit)
    rows = [
        (
            one.lead,
            one.state,
            one.reason or "",
            moment(one.since),
            moment(one.due_at) if one.due_at is not None else "",
            one.passage,
            one.times,
            _remark(one, at),
        )
        for one in found
    ]
    head = ("lead", "state", "reason", "came back", "due", "passage", "recycled", "")
    output.show(output.table("Recycled leads", head, rows, right=("passage", "recycled")), more)


def _remark(one: RecycledLead, at: datetime) -> str:
    from leadbridge.domain.sla.slaclock import in_words

    parts = [f"for {in_words(at - one.due_at)}"] if one.state == "due" and one.due_at is not None else []
    parts += ["to and fro"] if one.ping_pong else []
    parts += ["offered before its rest was over"] if one.early else []
    return ", ".join(parts)
