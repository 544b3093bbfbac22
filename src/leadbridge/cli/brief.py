"""``leadbridge brief``: what to know about a lead before one speaks with the buyer. No CRM is asked."""

from __future__ import annotations

from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import desk
from leadbridge.cli.options import Config, Json

__all__ = ["brief"]


def brief(
    who: Annotated[str, typer.Argument(metavar="WHO", help="A lead's id, its record's id in a CRM, or its address.")],
    config: Config = None,
    html: Annotated[bool, typer.Option("--html", help="An HTML fragment instead of Markdown.")] = False,
    json: Json = False,
) -> None:
    """Show what to know about a lead before calling: who, why now, what was read, said, asked and promised.

    The page names the person: it is made for whoever is to call.
    """
    if html and json:
        raise typer.BadParameter("give one of --html and --json", param_hint="--html")
    with desk(config) as here:
        page = here.ledger.brief(who, here.agreements, here.now)
    if json:
        output.emit(page.to_dict())
    else:
        output.show(page.html() if html else page.markdown())
