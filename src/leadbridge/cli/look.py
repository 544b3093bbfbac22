"""``leadbridge explain``: what is known here about a lead. No CRM is asked, no credentials needed."""

from __future__ import annotations

from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import desk
from leadbridge.cli.options import Config, Json

__all__ = ["explain"]


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
