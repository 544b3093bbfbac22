"""``leadbridge feedback``: what the functions told each other, and what they owe. No CRM is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import desk
from leadbridge.cli.options import Config, Json, Limit

if TYPE_CHECKING:
    from leadbridge.domain.feedback.due import FeedbackBoard

__all__ = ["feedback"]


def feedback(
    by: Annotated[str | None, typer.Option("--by", metavar="FUNCTION", help="Only what this function owes.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is late.")] = False,
    config: Config = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """Show which feedback is owed by whom, and what became of the feedback that was raised."""
    from leadbridge.agreement.boards import feedback as board_of

    with desk(config) as here:
        board = board_of(here.ledger.histories(unattached=True), here.agreements, here.now)
    if json:
        output.emit(board.to_dict())
        return
    _owed(board, by, overdue, limit)
    _raised(board, limit)


def _owed(board: FeedbackBoard, by: str | None, overdue: bool, limit: int) -> None:
    from leadbridge.domain.explain import moment
    from leadbridge.domain.sla.slaclock import in_words

    owed = [each for each in board.owed if (by is None or each.by == by) and (each.overdue is not None or not overdue)]
    output.show(f"{len(board.threads):,} raised, {len(board.open):,} open, {len(owed):,} owed")
    if not owed:
        output.show("Nobody owes any feedback.")
        return
    found, more = output.cut(owed, limit)
    rows = [
        (
            each.by or "nobody in particular",
            each.to,
            each.what,
            f"{each.subject} {each.about}".strip(),
            each.lead,
            moment(each.due_at),
            in_words(each.overdue) if each.overdue is not None else "",
        )
        for each in found
    ]
    styles = {at: "bold red" for at, each in enumerate(found) if each.overdue is not None}
    head = ("owed by", "to", "what", "about", "lead", "due", "over")
    output.show(output.table("Owed", head, rows, styles=styles), more)


def _raised(board: FeedbackBoard, limit: int) -> None:
    from leadbridge.domain.explain import moment

    if not board.open:
        return
    found, more = output.cut(board.open, limit)
    rows = [
        (
            each.id,
            each.raised_by,
            each.to_function,
            f"{each.subject} {each.about}".strip(),
            each.lead,
            each.state,
            moment(each.raised_at),
        )
        for each in found
    ]
    head = ("feedback", "from", "to", "about", "lead", "state", "raised")
    output.show(output.table("Open feedback", head, rows), more)
