"""``leadbridge agree-again``: somebody who had opted out has agreed again, and a person has seen the evidence."""

from __future__ import annotations

from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.options import Config, Json, instant

__all__ = ["agree_again"]


def agree_again(
    who: Annotated[str, typer.Argument(metavar="WHO", help="A lead's id, its record's id in a CRM, or its address.")],
    on: Annotated[str, typer.Option("--on", metavar="WHEN", help="When the person agreed, as the evidence says.")],
    evidence: Annotated[str, typer.Option("--evidence", help="Where the evidence is kept, such as a form's number.")],
    by: Annotated[str, typer.Option("--by", help="The id of whoever has looked at it and approves.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Say that somebody who had opted out has agreed again. The evidence has to be newer than the opt-out."""
    from leadbridge.bridge import Bridge
    from leadbridge.settings import Settings

    given_at = instant(on, "--on")
    assert given_at is not None
    with Bridge.of(Settings.load(config)) as bridge:
        given = bridge.agree_again(who, given_at=given_at, evidence=evidence, by=by)
    if json:
        output.emit({"lead": given.lead, "given_at": given.occurred_at, "evidence": given.evidence, "by": given.actor})
    else:
        output.show(
            f"lead {given.lead} agreed again on {given.occurred_at:%Y-%m-%d}. "
            "The next plan takes the opt-out back and asks for approval: leadbridge plan"
        )
