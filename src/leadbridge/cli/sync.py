"""``leadbridge sync``: rounds of reading, deciding and writing until nothing is left to do."""

from __future__ import annotations

from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.consent import agree
from leadbridge.cli.options import Config, DryRun, Json, Yes
from leadbridge.cli.plan import do, show_plan
from leadbridge.cli.progress import bars
from leadbridge.cli.results import finish
from leadbridge.errors import WritesOff

__all__ = ["sync"]


def sync(
    config: Config = None,
    yes: Yes = False,
    approve: Annotated[
        str | None,
        typer.Option(
            "--yes-really", "--approve", metavar="HASH", help="Do the plan of this hash, though it is over the limits."
        ),
    ] = None,
    dry_run: DryRun = False,
    rounds: Annotated[int, typer.Option("--rounds", min=1, metavar="N", help="Rounds at most.")] = 8,
    json: Json = False,
) -> None:
    """Bring the CRMs in step. Connections set to ask need a yes: --yes, or an answer here."""
    from leadbridge.bridge import Bridge
    from leadbridge.settings import Settings

    settings = Settings.load(config)
    if dry_run:
        with Bridge.of(settings) as bridge:
            with bars() as progress:
                found = bridge.plan(progress=progress)
            do(bridge, found, yes_really=None, yes=False, dry_run=True, rows=20, json=json)
        return
    asking = sorted(name for name, each in settings.chosen().items() if each.writes == "ask")
    may_ask = output.interactive() and not json
    if asking and not yes and not may_ask:
        raise WritesOff(
            f"{', '.join(asking)} may only be written after a person has agreed (writes = ask): "
            "look at leadbridge plan, then leadbridge apply HASH; or leadbridge sync --yes"
        )
    with Bridge.of(settings) as bridge:
        if asking and not yes:
            with bars() as progress:
                plan = bridge.plan(progress=progress)
            if plan:
                show_plan(plan, 20)
                approve = agree(plan, yes=plan.hash == approve, ask=True, writing=asking) or approve
            yes = True
        with bars() as progress:
            result = bridge.sync(yes=yes, approve=approve, rounds=rounds, progress=progress)
        finish(bridge, result, json=json)
