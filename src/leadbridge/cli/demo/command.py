"""The command ``leadbridge demo``."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from leadbridge.cli.demo.scene import Scene

__all__ = ["demo"]


def demo(
    leads: Annotated[int, typer.Option(min=10, max=20_000, help="How many contacts marketing has.")] = 500,
    seed: Annotated[int, typer.Option(help="The same seed tells the same story.")] = 7,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="A folder with the public Olist funnel: play that instead of invented people."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON document.")] = False,
    keep: Annotated[bool, typer.Option(help="Leave the simulators and the database for exploring.")] = False,
    svg: Annotated[Path | None, typer.Option(help="Also save what was shown as a picture.")] = None,
) -> None:
    """Plays the main job on a simulated HubSpot and a simulated Salesforce over real HTTP."""
    from rich.console import Console

    from leadbridge.cli.demo import public, story
    from leadbridge.cli.demo.stages import Quiet, Told

    console = Console(record=svg is not None, width=118 if svg is not None else None, stderr=as_json)
    stage = Quiet() if as_json else Told(console)
    rows = public.read(source) if source is not None else None
    with tempfile.TemporaryDirectory(prefix="leadbridge-demo-") as folder:
        scene = (public if rows is not None else story).open_scene(seed, Path(folder))
        with scene:
            if rows is not None:
                outcome = public.play(scene, stage, *rows)
            else:
                outcome = story.play(scene, stage, leads=leads, seed=seed)
            if as_json:
                sys.stdout.write(json.dumps(outcome.to_dict(), indent=2, ensure_ascii=False) + "\n")
                sys.stdout.flush()
            if svg is not None:
                console.save_svg(str(svg), title="leadbridge demo")
            if keep:
                _wait(console, scene)


def _wait(console: Console, scene: Scene) -> None:
    console.print()
    console.rule("[bold]Kept for exploring, until Ctrl-C", align="left", style="cyan")
    say = partial(console.print, soft_wrap=True)
    say(f"HubSpot    {scene.hubspot.base_url}   token {scene.hubspot.token}")
    say(f"Salesforce {scene.salesforce.base_url}   access token {scene.salesforce.token}")
    say(f"database   {scene.store}")
    say(
        "\n[dim]from leadbridge_hubspot import HubSpot\n"
        f'hs = HubSpot(token="{scene.hubspot.token}", base_url="{scene.hubspot.base_url}")\n'
        "from leadbridge_salesforce import Salesforce\n"
        f'sf = Salesforce(access_token="{scene.salesforce.token}", instance_url="{scene.salesforce.base_url}")[/]'
    )
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("ended")
