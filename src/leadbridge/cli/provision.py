"""``leadbridge provision``: adds leadbridge's own fields to the CRMs, after showing which."""

from __future__ import annotations

from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import IN_MEMORY
from leadbridge.cli.options import Config, Connection, Json, Yes

__all__ = ["provision"]

_SAID = {
    "exists": "there already",
    "planned": "would be made",
    "created": "made",
    "manual": "a person has to make it",
}


Named = Annotated[str | None, typer.Argument(metavar="[CONNECTION]", help="Only this connection.")]


def provision(
    only: Named = None, connection: Connection = None, config: Config = None, yes: Yes = False, json: Json = False
) -> None:
    """Show which fields of our own the CRMs lack; with --yes, make them."""
    from leadbridge.bridge import Bridge
    from leadbridge.settings import Settings

    if only and connection and only != connection:
        raise typer.BadParameter(f"name one connection: {only} or {connection}", param_hint="--connection")
    only = only or connection
    with Bridge.of(Settings.load(config), only=only, store=IN_MEMORY) as bridge:
        done = bridge.provision(dry_run=True)
        missing = [each for fields in done.values() for each in fields if each.state == "planned"]
        if yes and missing:
            done = bridge.provision(dry_run=False)
    if json:
        output.emit(
            {
                "made": yes,
                "fields": [
                    {
                        "connection": name,
                        "kind": each.kind,
                        "field": each.field,
                        "state": each.state,
                        "instructions": each.instructions,
                    }
                    for name, fields in done.items()
                    for each in fields
                ],
            }
        )
        return
    rows = [(name, each.kind, each.field, _SAID[each.state]) for name, fields in done.items() for each in fields]
    output.show(output.table("leadbridge's own fields", ("connection", "kind", "field", "state"), rows))
    for name, fields in done.items():
        for text in dict.fromkeys(each.instructions for each in fields if each.instructions):
            output.show(f"by hand in {name}: {text}")
    if missing and not yes:
        command = " ".join(filter(None, ("leadbridge provision", only, "--yes")))
        output.show(f"Nothing was made. To make {len(missing)} fields: {command}")
    elif not missing:
        output.show("There is nothing that leadbridge has to make.")
