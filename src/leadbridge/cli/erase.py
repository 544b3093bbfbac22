"""``leadbridge erase``: a person has asked to be erased."""

from __future__ import annotations

from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.options import Config, Json, Yes

__all__ = ["erase"]


def erase(
    who: Annotated[str, typer.Argument(metavar="WHO", help="A lead's id, its record's id in a CRM, or its address.")],
    yes: Yes = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Remove a person for good, from both CRMs and from here. Without --yes it only says what it would remove."""
    from leadbridge.bridge import Bridge
    from leadbridge.settings import Settings

    with Bridge.of(Settings.load(config)) as bridge:
        told = bridge.erase(who, yes=yes)
    if json:
        output.emit(told.to_dict())
        return
    output.show(told.summary())
    if not yes and not told.done:
        output.note("Nothing was removed. To do it: the same command with --yes")
